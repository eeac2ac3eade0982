//! The command line as clap reads it, and nothing else.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::capability::Field;
use crate::cli::exit::HELP;
use crate::diagnostic::nearest;

/// Declares a project's generated pictures in images.toml and makes only what changed
#[derive(Debug, Parser)]
#[command(name = "tintype", version, after_help = HELP, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What stands before or after any command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The manifest; by default the nearest images.toml, here or above
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) manifest_path: Option<PathBuf>,
    /// When to use colour: auto, always, never
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub(crate) color: Color,
    /// Only errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Also what is unchanged, and each request
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// How to answer: human, json; a plan and a report also as markdown, a report as csv
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t = Format::Human)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub(crate) format: Format,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// How to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Human,
    Json,
    Markdown,
    Csv,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a working images.toml that needs no key; never overwrites
    Init(InitArguments),
    /// Make what is missing or has changed, and lock it in images.lock
    #[command(after_help = HELP)]
    Sync(SyncArguments),
    /// Show what sync would do, why, and for how much
    #[command(after_help = HELP)]
    Plan(PlanArguments),
    /// Is the manifest sound? Looks at references and routes too; needs no key and no network
    Check(CheckArguments),
    /// Are the bytes of outputs and cached originals the locked ones?
    Verify,
    /// List what is declared and where it stands
    List,
    /// Show one asset: prompt, recipe, route, takes, files, cost
    Show(ShowArguments),
    /// Make one more take of the same recipe, and choose it; the others stay
    #[command(after_help = HELP)]
    Reroll(RerollArguments),
    /// List an asset's takes
    Takes(TakesArguments),
    /// Choose one of an asset's takes: free; says first what follows it, and for how much
    Pick(PickArguments),
    /// Sync, and again at each change of the manifest and of what it reads; --gallery shows it in the browser
    #[command(after_help = HELP)]
    Watch(WatchArguments),
    /// Serve a page on this machine that shows all assets, takes, prompts, costs; pick and reroll there
    Gallery(GalleryArguments),
    /// A picture made by hand becomes a take of an asset, and the chosen one: an edited output, or any file
    Adopt(AdoptArguments),
    /// The present picture stands for the changed recipe: the lockfile follows, nothing is paid
    Accept(AcceptArguments),
    /// Merge lockfiles: as git's merge driver, or one that git left conflict marks in
    #[command(after_help = MERGING)]
    MergeLock(MergeLockArguments),
    /// Show what was spent, and what the cache saved; by asset, model, provider or day
    Cost(CostArguments),
    /// Say which pictures were generated, by which model and when, and which were made or edited by hand
    Report,
    /// List models: who serves them, for how much, in which sizes, and what they can do
    Models(ModelsArguments),
    /// Is everything here that this project needs? Manifest, cache, keys; no network but with --online
    Doctor(DoctorArguments),
    /// Look after the cache: where it is, what is in it, is it whole, what may go
    #[command(subcommand)]
    Cache(CacheCommand),
    /// Write the JSON Schema of images.toml, for editors
    Schema,
    /// Write a shell's completions, asset names included: bash, zsh, fish, powershell
    Completions(CompletionsArguments),
    /// Write the manual page; into DIR, one page a command
    Man(ManArguments),
    /// Write the assets' names: what completions ask for
    #[command(name = "__assets", hide = true)]
    Assets,
}

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// The folder; made if it isn't there
    #[arg(value_name = "DIR", default_value = ".", hide_default_value = true)]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// Read the project's sources, too, and warn: of assets that none names, and of pictures that no asset makes
    #[arg(long)]
    pub(crate) code: bool,
}

/// Which assets are meant.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Only these assets and what they refer to; globs like 'icons/*' too
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Only assets with this tag; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(crate) struct SyncArguments {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Show the plan and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Fail if images.lock would change [env: TINTYPE_LOCKED]
    #[arg(long)]
    pub(crate) locked: bool,
    /// Ask nobody: no network [env: TINTYPE_OFFLINE]
    #[arg(long)]
    pub(crate) offline: bool,
    /// Both --locked and --offline [env: TINTYPE_FROZEN]
    #[arg(long)]
    pub(crate) frozen: bool,
    #[command(flatten)]
    pub(crate) spending: Spending,
    /// Replace files at outputs' paths that tintype didn't make
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Draw stand-ins for what can't be made now: no key, no network, no consent, a failure
    #[arg(long)]
    pub(crate) placeholders: bool,
    /// Only try out what isn't finished, as cheaply as [draft] says
    #[arg(long, conflicts_with_all = ["locked", "frozen"])]
    pub(crate) draft: bool,
    /// Keep the files of what is no longer declared
    #[arg(long)]
    pub(crate) no_prune: bool,
    /// Fetch references on the web again, and pin them as they are now
    #[arg(long)]
    pub(crate) refresh: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Exit with 4 when there is anything to do
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// What `sync --draft` would do
    #[arg(long)]
    pub(crate) draft: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RerollArguments {
    /// The assets; globs like 'icons/*' too
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,
    /// Show the plan and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Another draft, as cheap as [draft] says
    #[arg(long)]
    pub(crate) draft: bool,
    /// Take what the cache has, and ask nobody [env: TINTYPE_OFFLINE]
    #[arg(long)]
    pub(crate) offline: bool,
    #[command(flatten)]
    pub(crate) spending: Spending,
}

/// What may be spent, and on what again.
#[derive(Debug, Args)]
pub(crate) struct Spending {
    /// Work on at most N assets at once
    #[arg(long, value_name = "N", value_parser = parse_jobs)]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Refuse to spend more in this run [env: TINTYPE_MAX_COST]
    #[arg(long, value_name = "USD", value_parser = parse_dollars, allow_negative_numbers = true)]
    pub(crate) max_cost: Option<f64>,
    /// Refuse to buy more images in this run
    #[arg(long, value_name = "N")]
    pub(crate) max_images: Option<u32>,
    /// Agree to the spending
    #[arg(long)]
    pub(crate) yes: bool,
    /// Send again what may have been billed and brought nothing
    #[arg(long)]
    pub(crate) resend_unknown: bool,
    /// Send again what the vendor refused
    #[arg(long)]
    pub(crate) retry_refused: bool,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(crate) struct WatchArguments {
    /// Only try out what isn't finished, as cheaply as [draft] says
    #[arg(long)]
    pub(crate) draft: bool,
    /// Serve the gallery, too
    #[arg(long)]
    pub(crate) gallery: bool,
    /// The gallery's port on 127.0.0.1; by default any that is free
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true, requires = "gallery")]
    pub(crate) port: u16,
    /// Don't open the gallery in the browser
    #[arg(long, requires = "gallery")]
    pub(crate) no_open: bool,
    /// Look twice a second, where the file system doesn't tell of changes
    #[arg(long)]
    pub(crate) poll: bool,
    /// Ask nobody: no network [env: TINTYPE_OFFLINE]
    #[arg(long)]
    pub(crate) offline: bool,
    /// Draw stand-ins for what can't be made now: no key, no network, no consent, a failure
    #[arg(long)]
    pub(crate) placeholders: bool,
    /// Keep the files of what is no longer declared
    #[arg(long)]
    pub(crate) no_prune: bool,
    #[command(flatten)]
    pub(crate) spending: Spending,
}

#[derive(Debug, Args)]
pub(crate) struct GalleryArguments {
    /// Write the page into this folder, without anything that acts, and serve nothing
    #[arg(long, value_name = "DIR")]
    pub(crate) export: Option<PathBuf>,
    /// The port on 127.0.0.1; by default any that is free
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    pub(crate) port: u16,
    /// Don't open it in the browser
    #[arg(long)]
    pub(crate) no_open: bool,
    /// Look twice a second, where the file system doesn't tell of changes
    #[arg(long)]
    pub(crate) poll: bool,
    /// Ask nobody: no network [env: TINTYPE_OFFLINE]
    #[arg(long)]
    pub(crate) offline: bool,
    #[command(flatten)]
    pub(crate) spending: Spending,
}

#[derive(Debug, Args)]
pub(crate) struct TakesArguments {
    /// The asset
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct PickArguments {
    /// The asset
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The take: its number, or its hash or the beginning of it
    #[arg(value_name = "TAKE")]
    pub(crate) take: String,
    /// Say what follows, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AdoptArguments {
    /// The asset
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The picture; by default the asset's own output, as it was edited
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct AcceptArguments {
    /// The assets; globs like 'icons/*' too
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,
}

/// How git is told, as `merge-lock --help` shows it.
const MERGING: &str = "\
As git's merge driver, once a clone and once a repository:
  git config merge.tintype.driver \"tintype merge-lock %O %A %B %P\"
  echo \"images.lock merge=tintype\" >> .gitattributes

Exit codes:
  0  everything is merged
  1  conflicts are left, between marks
  2  a file is no lockfile: nothing was written";

#[derive(Debug, Args)]
#[command(override_usage = "tintype merge-lock [OPTIONS] FILE\n       \
                            tintype merge-lock [OPTIONS] BASE OURS THEIRS [PATH]")]
pub(crate) struct MergeLockArguments {
    /// The lockfile with conflict marks, to be mended; or what both sides have grown out of, which may be empty (%O)
    #[arg(value_name = "FILE|BASE")]
    pub(crate) file: PathBuf,
    /// The lockfile that is merged into, and written (%A)
    #[arg(value_name = "OURS", requires = "theirs")]
    pub(crate) ours: Option<PathBuf>,
    /// The lockfile that is merged (%B)
    #[arg(value_name = "THEIRS")]
    pub(crate) theirs: Option<PathBuf>,
    /// What the lockfile is called in messages (%P)
    #[arg(value_name = "PATH")]
    pub(crate) path: Option<String>,
    /// What two people decided differently is as ours has it
    #[arg(long = "ours", conflicts_with = "prefer_theirs")]
    pub(crate) prefer_ours: bool,
    /// What two people decided differently is as theirs has it
    #[arg(long = "theirs")]
    pub(crate) prefer_theirs: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// The asset
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct CostArguments {
    /// A line for each asset, model, provider or day (UTC)
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = By::Model)]
    pub(crate) by: By,
    /// Of all projects that share the cache, not only of this one: a project goes by the name of its folder
    #[arg(long)]
    pub(crate) all: bool,
}

/// What a line of the costs is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    Asset,
    Model,
    Provider,
    Day,
}

#[derive(Debug, Args)]
pub(crate) struct ModelsArguments {
    /// Only this model, in full; a vendor's id of it will do
    #[arg(value_name = "NAME", conflicts_with_all = ["capabilities", "apis"])]
    pub(crate) name: Option<String>,
    /// Only what this provider serves
    #[arg(long, value_name = "NAME", conflicts_with = "apis")]
    pub(crate) provider: Option<String>,
    /// Only routes whose request has this: references, seed, quality, background, aspect_ratio, size, tier, n; may be
    /// given several times
    #[arg(long = "capability", value_name = "CAP", value_parser = parse_capability, conflicts_with = "apis")]
    pub(crate) capabilities: Vec<Field>,
    /// The wire formats instead: what a provider of one's own can speak
    #[arg(long)]
    pub(crate) apis: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// Also ask each provider's address whether anybody answers; no key is sent
    #[arg(long)]
    pub(crate) online: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Write the cache's folder
    Dir,
    /// Count originals, takes, references, what was set aside, open requests, bytes
    Stats,
    /// Read every original; set damaged ones aside, and heal them from untouched outputs of this project
    Verify,
    /// Remove what is free to make or to fetch again, and what killed runs left; no paid original but with --originals
    Gc(GcArguments),
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(crate) struct GcArguments {
    /// Also paid originals that this project neither has locked nor could use: all other projects' too
    #[arg(long)]
    pub(crate) originals: bool,
    /// Also what was set aside as damaged or as no picture
    #[arg(long)]
    pub(crate) quarantine: bool,
    /// Show what would go and remove nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Agree to lose what was paid for
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell: bash, zsh, fish, powershell
    #[arg(value_name = "SHELL", value_enum, hide_possible_values = true)]
    pub(crate) shell: Shell,
}

/// A shell that completes words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// The folder for all pages; made if it isn't there
    #[arg(value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

/// The fields that are worth choosing a model by.
pub(crate) const CAPABILITIES: [Field; 8] = [
    Field::References,
    Field::Seed,
    Field::Quality,
    Field::Background,
    Field::Ratio,
    Field::Size,
    Field::Tier,
    Field::N,
];

fn parse_capability(text: &str) -> Result<Field, String> {
    let names = CAPABILITIES.map(Field::name);
    let known = Field::parse(text).filter(|field| CAPABILITIES.contains(field));
    known.ok_or_else(|| match nearest(text, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", names.join(", ")),
    })
}

fn parse_jobs(text: &str) -> Result<NonZeroUsize, &'static str> {
    text.parse().map_err(|_| "write a whole number from 1")
}

/// US dollars: finite, and not less than nothing.
pub(crate) fn parse_dollars(text: &str) -> Result<f64, String> {
    let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "write an amount of US dollars, like 2.50".to_string())
}

/// What is known of the arguments before clap has read them: usage errors, too, must come in the right format and colour.
pub(crate) fn value_of<T: ValueEnum>(arguments: &[OsString], option: &str) -> Option<T> {
    let mut words = arguments.iter().map(|argument| argument.to_string_lossy()).take_while(|word| *word != "--");
    let mut found = None;
    while let Some(word) = words.next() {
        let value = match word.strip_prefix(option) {
            Some("") => words.next().map(|next| next.to_string()),
            Some(rest) => rest.strip_prefix('=').map(str::to_string),
            None => None,
        };
        found = value.and_then(|value| T::from_str(&value, false).ok()).or(found);
    }
    found
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use clap::{CommandFactory, Parser};

    use crate::cli::args::{Arguments, Format, parse_dollars, value_of};

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn global_options_stand_before_or_after_the_command() {
        for words in [["tintype", "--format", "json", "plan"], ["tintype", "plan", "--format", "json"]] {
            assert_eq!(Arguments::try_parse_from(words).unwrap().global.format, Format::Json);
        }
    }

    #[test]
    fn the_format_is_found_in_arguments_that_clap_refuses() {
        let format =
            |line: &str| value_of::<Format>(&line.split(' ').map(OsString::from).collect::<Vec<_>>(), "--format");
        assert_eq!(format("tintype plan --nonsense --format json"), Some(Format::Json));
        assert_eq!(format("tintype --format=json plam"), Some(Format::Json));
        assert_eq!(format("tintype plan --format yaml"), None);
        assert_eq!(format("tintype plan -- --format json"), None);
    }

    #[test]
    fn an_amount_is_finite_and_not_negative() {
        assert_eq!(parse_dollars("2.50"), Ok(2.5));
        for bad in ["-1", "nan", "inf", "", "1,5", "$1"] {
            assert!(parse_dollars(bad).is_err(), "{bad}");
        }
    }
}
