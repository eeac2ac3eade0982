//! The command line: arguments in, a library call, an answer out.
//!
//! Sees the library only through its public API, as any user does. One command a file; `human` and `json` are each a
//! way to hear of a run. Nothing but this module prints, and nothing but `environment` and `talk` reads the
//! environment.

mod accept;
mod adopt;
mod args;
mod bars;
mod cache;
mod check;
mod completions;
mod cost;
mod describe;
mod difference;
mod doctor;
mod environment;
mod exit;
mod failure;
mod gallery;
mod human;
mod init;
mod interrupt;
mod json;
mod list;
mod man;
mod markdown;
mod merge_lock;
mod mistakes;
mod models;
mod panic;
mod pick;
mod plan;
mod report;
mod reroll;
mod schema;
mod show;
mod sync;
mod takes;
mod talk;
mod verify;
mod watch;
mod words;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

use crate::cli::args::{Arguments, Color, Command, Format, value_of};
use crate::cli::environment::{Environment, locate};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::talk::{Talk, Volume};
use crate::plan::Plan;
use crate::project::{Allowed, Project, Selection, SyncOptions, settled};
use crate::snapshot::Snapshot;

/// What every command has.
struct Context {
    environment: Environment,
    manifest_path: Option<PathBuf>,
    talk: Arc<Talk>,
}

impl Context {
    /// The project. It is never given back: that would take a tenth of the time of a large one, and the process ends anyway.
    fn open(&self) -> Result<&'static Project, Failure> {
        Ok(Box::leak(Box::new(self.environment.open(self.manifest_path.as_deref())?)))
    }

    /// What the last run concluded of the project, as far as it still holds.
    fn snapshot(&self) -> Result<Option<Snapshot>, Failure> {
        let Some(manifest) = locate(self.manifest_path.as_deref())? else { return Ok(None) };
        Ok(Snapshot::find(&manifest, &self.environment.surroundings()?.world()))
    }

    /// The same, if a sync with these options has nothing to do.
    fn settled(&self, options: &SyncOptions) -> Result<Option<Snapshot>, Failure> {
        let Some(manifest) = locate(self.manifest_path.as_deref())? else { return Ok(None) };
        Ok(settled(&manifest, &self.environment.surroundings()?, options))
    }

    /// The project for a sync with these options: as much of it as an edit touches, or all.
    fn open_to_sync(&self, options: &SyncOptions) -> Result<&'static Project, Failure> {
        let edited = match locate(self.manifest_path.as_deref())? {
            Some(manifest) => Project::edited(&manifest, &self.environment.surroundings()?, options),
            None => None,
        };
        edited.map_or_else(|| self.open(), |project| Ok(Box::leak(Box::new(project))))
    }

    /// What a sync would do, as it is declared.
    fn plan(&self, selection: &Selection) -> Result<&'static Plan, Failure> {
        let plan = match self.plan_shortly(selection)? {
            Some(plan) => plan,
            None => self.open()?.plan(selection, &Allowed::default())?,
        };
        Ok(Box::leak(Box::new(plan)))
    }

    /// The same by what the last run concluded, as far as that still holds.
    fn plan_shortly(&self, selection: &Selection) -> Result<Option<Plan>, Failure> {
        let manifest = if selection.is_everything() { locate(self.manifest_path.as_deref())? } else { None };
        let Some(manifest) = manifest else { return Ok(None) };
        let surroundings = self.environment.surroundings()?;
        let settled = || Snapshot::find(&manifest, &surroundings.world())?.plan();
        let edited = || Project::edited_to_plan(&manifest, &surroundings)?.plan(selection, &Allowed::default()).ok();
        Ok(settled().or_else(edited))
    }
}

/// Does what the arguments of this process say, and gives its exit code.
pub fn run() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let format = value_of(&words, "--format").unwrap_or(Format::Human);
    let color = value_of(&words, "--color").unwrap_or(Color::Auto);
    let talk = Talk::new(format, color, Volume::Normal);
    let arguments = match parse(&words, color) {
        Ok(arguments) => arguments,
        Err(error) => return refuse(&error, &talk).into(),
    };
    let (context, command) = prepare(arguments);
    // Threads of a session have it as long as the process lives.
    let context: &'static Context = Box::leak(Box::new(context));
    panic::listen(&context.environment, &context.talk);
    let ended = dispatch(context, &command).unwrap_or_else(|failure| {
        failure.show(&context.talk);
        failure.exit
    });
    ended.into()
}

fn parse(words: &[OsString], color: Color) -> Result<Arguments, clap::Error> {
    let choice = match color {
        Color::Auto => clap::ColorChoice::Auto,
        Color::Always => clap::ColorChoice::Always,
        Color::Never => clap::ColorChoice::Never,
    };
    let matches = Arguments::command().color(choice).try_get_matches_from(words)?;
    Arguments::from_arg_matches(&matches)
}

/// Help and version are answers; anything else is a usage error.
fn refuse(error: &clap::Error, talk: &Talk) -> Exit {
    let is_answer = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let text = error.render();
    let said = match (is_answer, talk.format) {
        (true, _) => talk.answer(&text.ansi().to_string()),
        (false, Format::Json) => Err(usage(&text.to_string())),
        (false, _) => {
            talk.complain(text.ansi().to_string().trim_end());
            return Exit::Invalid;
        }
    };
    said.map_or_else(
        |failure| {
            failure.show(talk);
            failure.exit
        },
        |()| Exit::Done,
    )
}

/// clap's paragraphs: the mistake, tips, the usage, where to find more.
fn usage(text: &str) -> Failure {
    let paragraphs: Vec<String> =
        text.split("\n\n").map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let mistake = paragraphs.iter().find_map(|paragraph| paragraph.strip_prefix("error: "));
    let tip = paragraphs.iter().find_map(|paragraph| paragraph.strip_prefix("tip: "));
    Failure::usage(mistake.unwrap_or("no command is given"), tip.unwrap_or("`tintype --help` shows what there is"))
}

fn prepare(arguments: Arguments) -> (Context, Command) {
    let global = arguments.global;
    let volume = match (global.quiet, global.verbose) {
        (true, _) => Volume::Quiet,
        (_, true) => Volume::Verbose,
        _ => Volume::Normal,
    };
    let talk = Arc::new(Talk::new(global.format, global.color, volume));
    (Context { environment: Environment::read(), manifest_path: global.manifest_path, talk }, arguments.command)
}

fn dispatch(context: &'static Context, command: &Command) -> Result<Exit, Failure> {
    let is_plan = match command {
        Command::Plan(_) => true,
        Command::Sync(sync) => sync.dry_run,
        Command::Reroll(reroll) => reroll.dry_run,
        _ => false,
    };
    let is_report = matches!(command, Command::Report);
    if context.talk.format == Format::Markdown && !is_plan && !is_report {
        let message = "only a plan and a report can be written as markdown";
        return Err(Failure::usage(message, "use --format human or json"));
    }
    if context.talk.format == Format::Csv && !is_report {
        return Err(Failure::usage("only a report can be written as csv", "use --format human or json"));
    }
    match command {
        Command::Init(arguments) => init::run(context, arguments),
        Command::Sync(arguments) => sync::run(context, arguments),
        Command::Plan(arguments) => plan::run(context, arguments),
        Command::Check(arguments) => check::run(context, arguments),
        Command::Verify => verify::run(context),
        Command::List => list::run(context),
        Command::Show(arguments) => show::run(context, arguments),
        Command::Watch(arguments) => watch::run(context, arguments),
        Command::Gallery(arguments) => gallery::run(context, arguments),
        Command::Reroll(arguments) => reroll::run(context, arguments),
        Command::Takes(arguments) => takes::run(context, arguments),
        Command::Pick(arguments) => pick::run(context, arguments),
        Command::Adopt(arguments) => adopt::run(context, arguments),
        Command::Accept(arguments) => accept::run(context, arguments),
        Command::MergeLock(arguments) => merge_lock::run(context, arguments),
        Command::Cost(arguments) => cost::run(context, arguments),
        Command::Report => report::run(context),
        Command::Models(arguments) => models::run(context, arguments),
        Command::Doctor(arguments) => doctor::run(context, arguments),
        Command::Cache(command) => cache::run(context, command),
        Command::Schema => schema::run(context),
        Command::Completions(arguments) => completions::run(context, arguments),
        Command::Man(arguments) => man::run(context, arguments),
        Command::Assets => completions::names(context),
    }
}
