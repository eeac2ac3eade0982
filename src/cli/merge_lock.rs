//! `tintype merge-lock`: three lockfiles become one, for git; or one that git left conflict marks in is mended.

use std::path::Path;
use std::process::{Command, Stdio};

use serde::Serialize;

use crate::cli::Context;
use crate::cli::args::{Format, MergeLockArguments};
use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, error};
use crate::cli::json::{VERSION, render};
use crate::cli::words::counted;
use crate::diagnostic::Diagnostic;
use crate::files::{LOCKFILE, MANIFEST, read_text_outside, write_outside};
use crate::lock::{Conflict, Lockfile, Merged, Quarrel, Side, Sides, common, merge, sides};
use crate::name::AssetName;
use crate::plan::Note;
use crate::project::ProjectError;

/// Who is merged into whom, where a file can't be read.
const OURS: &str = "ours";
const THEIRS: &str = "theirs";
const BASE: &str = "the base";

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    file: &'a str,
    /// Whether anything was merged: not where there were no marks.
    merged: bool,
    assets: usize,
    decided: Vec<DecidedRow<'a>>,
    conflicts: Vec<ConflictRow<'a>>,
}

#[derive(Serialize)]
struct DecidedRow<'a> {
    name: &'a str,
    side: &'static str,
}

#[derive(Serialize)]
struct ConflictRow<'a> {
    name: &'a str,
    about: &'static str,
}

/// What has become of a merge, and what is to be said of it.
struct Outcome<'a> {
    /// As people know it.
    file: &'a str,
    merged: Merged,
    decided: Vec<(AssetName, Side)>,
    /// Whose word that was.
    by: &'static str,
}

pub(super) fn run(context: &Context, arguments: &MergeLockArguments) -> Result<Exit, Failure> {
    match (&arguments.ours, &arguments.theirs) {
        (Some(ours), Some(theirs)) => drive(context, arguments, ours, theirs),
        _ => mend(context, arguments),
    }
}

/// As git's merge driver. The manifest has no say: git may not have merged it yet.
fn drive(context: &Context, arguments: &MergeLockArguments, ours: &Path, theirs: &Path) -> Result<Exit, Failure> {
    let base = read_base(&read_text(&arguments.file)?)?;
    let text = read_text(ours)?;
    let merged = merge(&base, &read(&text, OURS)?, &read(&read_text(theirs)?, THEIRS)?);
    let file = arguments.path.as_deref().unwrap_or(LOCKFILE);
    let mut outcome = Outcome { file, merged, decided: Vec::new(), by: "" };
    outcome.decide_by_option(arguments);
    outcome.write(ours, &text)?;
    outcome.tell(context, false)
}

/// By itself, on a file that a merge of lines has left.
fn mend(context: &Context, arguments: &MergeLockArguments) -> Result<Exit, Failure> {
    let (file, talk) = (&arguments.file, &context.talk);
    let (shown, text) = (file.display().to_string(), read_text(file)?);
    let Some(sides) = sides(&text).map_err(ProjectError::Invalid)? else {
        talk.say(&talk.err.plain(&format!("{shown} has no conflict marks: there is nothing to mend")));
        if talk.format == Format::Json {
            let (decided, conflicts) = (Vec::new(), Vec::new());
            let document = Document { version: VERSION, file: &shown, merged: false, assets: 0, decided, conflicts };
            talk.answer(&render(&document))?;
        }
        return Ok(Exit::Done);
    };
    let merged = merge_marked(file, &sides)?;
    let mut outcome = Outcome { file: &shown, merged, decided: Vec::new(), by: "" };
    outcome.decide_by_option(arguments);
    outcome.decide_by_manifest(context, file);
    outcome.write(file, &text)?;
    outcome.tell(context, true)
}

/// Git's index has both sides whole. Without it, what the marks tell apart has to do, which is less: what git has put
/// together by itself can't be told apart.
fn merge_marked(file: &Path, told: &Sides) -> Result<Merged, Failure> {
    let [base, ours, theirs] = [1, 2, 3].map(|number| stage(file, number));
    let whole = |text: Option<String>| text.and_then(|text| Lockfile::read(&text).ok());
    let base = base.as_ref().or(told.base.as_ref()).and_then(|text| read_base(text).ok()).unwrap_or_default();
    let said = (Lockfile::read(&told.ours), Lockfile::read(&told.theirs));
    match (whole(ours), whole(theirs), said) {
        (Some(ours), Some(theirs), said) => {
            let mut merged = merge(&base, &ours, &theirs);
            if let (Ok(one), Ok(other)) = &said {
                merged.keep([one, other], [&ours, &theirs]);
            }
            Ok(merged)
        }
        (_, _, (ours, theirs)) => {
            Ok(merge(&base, &ours.map_err(|why| unread(why, OURS))?, &theirs.map_err(|why| unread(why, THEIRS))?))
        }
    }
}

/// One of the three texts that git keeps of a file whose merge isn't done; none where there is no git, or no merge.
fn stage(file: &Path, number: u8) -> Option<String> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = file.file_name()?.to_str()?;
    let mut git = Command::new("git");
    git.args(["cat-file", "blob", &format!(":{number}:./{name}")]).current_dir(folder);
    let output = git.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok().filter(|_| output.status.success())
}

fn read_text(path: &Path) -> Result<String, Failure> {
    Ok(read_text_outside(path).map_err(ProjectError::File)?)
}

fn read(text: &str, whose: &str) -> Result<Lockfile, Failure> {
    Lockfile::read(text).map_err(|why| unread(why, whose))
}

/// An empty file is no lockfile, but where both sides have added theirs. And where git has merged several bases into one,
/// that may hold conflicts.
fn read_base(text: &str) -> Result<Lockfile, Failure> {
    if text.trim().is_empty() {
        return Ok(Lockfile::default());
    }
    match sides(text).map_err(|why| unread(why, BASE))? {
        Some(sides) => Ok(common(&read(&sides.ours, BASE)?, &read(&sides.theirs, BASE)?)),
        None => read(text, BASE),
    }
}

fn unread(mut why: Vec<Diagnostic>, whose: &str) -> Failure {
    for mistake in &mut why {
        mistake.message = format!("{whose}: {}", mistake.message);
    }
    ProjectError::Invalid(why).into()
}

impl Outcome<'_> {
    fn decide_by_option(&mut self, arguments: &MergeLockArguments) {
        let (side, by) = match (arguments.prefer_ours, arguments.prefer_theirs) {
            (true, _) => (Side::Ours, "as --ours says"),
            (_, true) => (Side::Theirs, "as --theirs says"),
            _ => return,
        };
        self.by = by;
        self.decided = self.merged.conflicts.keys().map(|name| (name.clone(), side)).collect();
        for (name, side) in &self.decided {
            self.merged.decide(name, *side);
        }
    }

    /// A manifest that can't be opened, as it may have conflict marks of its own, decides nothing.
    fn decide_by_manifest(&mut self, context: &Context, file: &Path) {
        if self.merged.conflicts.is_empty() {
            return;
        }
        let beside = file.with_file_name(MANIFEST);
        let manifest = context.manifest_path.as_deref().unwrap_or(&beside);
        if let Ok(project) = context.environment.open(Some(manifest)) {
            self.by = "as the manifest declares it now";
            self.decided = project.decide(&mut self.merged);
        }
    }

    fn write(&self, file: &Path, before: &str) -> Result<(), Failure> {
        let text = self.merged.render();
        if text != before {
            write_outside(file, &text).map_err(ProjectError::File)?;
        }
        Ok(())
    }

    /// Git says by itself that it merges; whoever mends wants to know what was done.
    fn tell(&self, context: &Context, mended: bool) -> Result<Exit, Failure> {
        let (talk, conflicts) = (&context.talk, &self.merged.conflicts);
        let exit = if conflicts.is_empty() { Exit::Done } else { Exit::Failed };
        if talk.format == Format::Json {
            talk.answer(&render(&self.document()))?;
            return Ok(exit);
        }
        for (name, side) in &self.decided {
            talk.say(&format!("{name}: {}, {}", side.name(), self.by));
        }
        for (name, conflict) in conflicts {
            talk.complain(&error(&self.note(name, conflict), talk.err));
        }
        let (file, left) = (talk.err.plain(self.file), conflicts.len());
        if left > 0 {
            talk.say(&format!("{file}: all is merged but {}, which stand between marks", counted(left, "asset")));
        } else if mended {
            let assets = counted(self.merged.lockfile.entries.len(), "asset");
            talk.say(&format!("{file}: mended, {assets}; `git add` it, and `tintype plan` says what is left to do"));
        }
        Ok(exit)
    }

    fn note(&self, name: &AssetName, conflict: &Conflict) -> Note {
        let file = self.file;
        let [ours, theirs] = [&conflict.ours, &conflict.theirs].map(|entry| entry.original().short());
        let message = match conflict.quarrel {
            Quarrel::Choices => {
                format!("{file}: two takes of `{name}` are chosen: {ours} in ours, {theirs} in theirs")
            }
            Quarrel::Recipes => format!("{file}: `{name}` has another recipe on each side"),
        };
        let help = format!(
            "keep one of the two entries between the marks, or run `tintype merge-lock --ours {file}` or --theirs: the \
             takes of the other one stay where they are, locked or in the cache"
        );
        Note::new("lock-conflict", message, help)
    }

    fn document(&self) -> Document<'_> {
        let decided = self.decided.iter().map(|(name, side)| DecidedRow { name: name.as_str(), side: side.name() });
        let conflicts = self.merged.conflicts.iter();
        let conflicts =
            conflicts.map(|(name, conflict)| ConflictRow { name: name.as_str(), about: conflict.quarrel.name() });
        Document {
            version: VERSION,
            file: self.file,
            merged: true,
            assets: self.merged.lockfile.entries.len(),
            decided: decided.collect(),
            conflicts: conflicts.collect(),
        }
    }
}
