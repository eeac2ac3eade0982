//! `tintype cache`: where it is, what is in it, is it whole, what of it may go.

use serde::Serialize;

use crate::cache::{Amount, Piece, Stock, Waste};
use crate::cli::Context;
use crate::cli::args::{CacheCommand, Format, GcArguments};
use crate::cli::environment::has_home;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::human::Human;
use crate::cli::interrupt::Begun;
use crate::cli::json::{Json, VERSION, render};
use crate::cli::talk::{BOLD, DIM, GREEN, RED, Screen};
use crate::cli::words::{counted, size};
use crate::event::Report;
use crate::project::{CacheVerified, Care, DamagedOriginal, GcOptions};

pub(super) fn run(context: &Context, command: &CacheCommand) -> Result<Exit, Failure> {
    let project = context.environment.open_if_any(context.manifest_path.as_deref())?;
    let surroundings = context.environment.surroundings()?;
    let care = project.as_ref().map_or_else(|| Care::without_project(&surroundings), Care::of);
    has_home(care.folder())?;
    match command {
        CacheCommand::Dir => folder(context, &care),
        CacheCommand::Stats => stats(context, &care),
        CacheCommand::Verify => verify(context, &care),
        CacheCommand::Gc(arguments) => gc(context, &care, arguments),
    }
}

/// Who hears that another run is waited for.
fn report(context: &Context) -> Box<dyn Report + '_> {
    match context.talk.format {
        Format::Json => Box::new(Json::new(Begun::default())),
        _ => Box::new(Human::new(&context.talk, Begun::default())),
    }
}

fn answer(context: &Context, document: &impl Serialize, text: impl FnOnce(Screen) -> String) -> Result<(), Failure> {
    let talk = &context.talk;
    talk.answer(&if talk.format == Format::Json { render(document) } else { text(talk.out) })
}

#[derive(Serialize)]
struct FolderDocument<'a> {
    version: u32,
    folder: &'a str,
}

fn folder(context: &Context, care: &Care<'_>) -> Result<Exit, Failure> {
    let folder = care.folder().to_string_lossy();
    answer(context, &FolderDocument { version: VERSION, folder: &folder }, |_| format!("{folder}\n"))?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct StatsDocument<'a> {
    version: u32,
    folder: &'a str,
    originals: AmountRow,
    takes: AmountRow,
    derived: AmountRow,
    references: AmountRow,
    quarantine: AmountRow,
    unfinished: AmountRow,
    open_requests: usize,
    all: AmountRow,
}

#[derive(Serialize)]
struct AmountRow {
    count: usize,
    bytes: u64,
}

impl From<Amount> for AmountRow {
    fn from(amount: Amount) -> Self {
        Self { count: amount.count, bytes: amount.bytes }
    }
}

fn stats(context: &Context, care: &Care<'_>) -> Result<Exit, Failure> {
    let (folder, stock) = (care.folder().to_string_lossy(), care.stock());
    let document = StatsDocument {
        version: VERSION,
        folder: &folder,
        originals: stock.originals.into(),
        takes: stock.takes.into(),
        derived: stock.derived.into(),
        references: stock.references.into(),
        quarantine: stock.quarantine.into(),
        unfinished: stock.unfinished.into(),
        open_requests: stock.open_requests,
        all: stock.all.into(),
    };
    answer(context, &document, |screen| {
        format!("{}\n{}", screen.paint(BOLD, &screen.plain(&folder)), lines(&stock, screen))
    })?;
    Ok(Exit::Done)
}

fn lines(stock: &Stock, screen: Screen) -> String {
    let line = |(label, amount): (&str, Amount)| {
        let label = screen.paint(DIM, &format!("{label:<13}"));
        format!("{label}  {:>7}  {}\n", amount.count, size(amount.bytes))
    };
    let amounts = [
        ("originals", stock.originals),
        ("takes", stock.takes),
        ("made of them", stock.derived),
        ("references", stock.references),
        ("set aside", stock.quarantine),
        ("unfinished", stock.unfinished),
        ("all files", stock.all),
    ];
    let requests = screen.paint(DIM, "open requests");
    format!("{}{requests}  {:>7}\n", amounts.map(line).concat(), stock.open_requests)
}

#[derive(Serialize)]
struct VerifyDocument<'a> {
    version: u32,
    sound: bool,
    originals: usize,
    damaged: Vec<DamagedRow<'a>>,
    unreadable_takes: Vec<std::borrow::Cow<'a, str>>,
}

#[derive(Serialize)]
struct DamagedRow<'a> {
    hash: String,
    healed_from: Option<&'a str>,
}

fn verify(context: &Context, care: &Care<'_>) -> Result<Exit, Failure> {
    let verified = care.verify(report(context).as_ref())?;
    let row = |damaged: &'_ DamagedOriginal| damaged.hash.to_string();
    let document = VerifyDocument {
        version: VERSION,
        sound: verified.is_sound(),
        originals: verified.originals,
        damaged: verified
            .damaged
            .iter()
            .map(|damaged| DamagedRow { hash: row(damaged), healed_from: damaged.healed.as_deref() })
            .collect(),
        unreadable_takes: verified.records.iter().map(|path| path.to_string_lossy()).collect(),
    };
    let is_news = verified.damaged.len() + verified.records.len() > 0;
    if context.talk.format == Format::Json || is_news {
        answer(context, &document, |screen| differences(&verified, screen))?;
    } else {
        context.talk.remark(&format!("{}: whole", counted(verified.originals, "original")))?;
    }
    Ok(if verified.is_sound() { Exit::Done } else { Exit::Failed })
}

fn differences(verified: &CacheVerified, screen: Screen) -> String {
    let original = |damaged: &DamagedOriginal| match &damaged.healed {
        Some(path) => {
            let healed = screen.paint(GREEN, "healed ");
            format!("{healed}  original {}, from {}\n", damaged.hash.short(), screen.plain(path))
        }
        None => format!("{}  original {}: set aside\n", screen.paint(RED, "damaged"), damaged.hash.short()),
    };
    let record = |path: &std::path::PathBuf| {
        format!("{}  record {}\n", screen.paint(RED, "damaged"), screen.plain(&path.to_string_lossy()))
    };
    let lines: String = verified.damaged.iter().map(original).chain(verified.records.iter().map(record)).collect();
    format!("{lines}\n{}, {} damaged\n", counted(verified.originals, "original"), verified.damaged.len())
}

#[derive(Serialize)]
struct GcDocument {
    version: u32,
    removed: bool,
    derived: AmountRow,
    references: AmountRow,
    placeholders: AmountRow,
    unfinished: AmountRow,
    originals: AmountRow,
    quarantine: AmountRow,
}

fn amount(pieces: &[Piece], waste: Waste) -> Amount {
    let chosen = || pieces.iter().filter(|piece| piece.waste == waste);
    Amount { count: chosen().count(), bytes: chosen().map(|piece| piece.bytes).sum() }
}

fn gc(context: &Context, care: &Care<'_>, arguments: &GcArguments) -> Result<Exit, Failure> {
    let options = GcOptions {
        originals: arguments.originals,
        quarantine: arguments.quarantine,
        dry_run: arguments.dry_run,
        yes: arguments.yes,
        unattended: context.environment.is_on("CI"),
    };
    let agree = |pieces: &[Piece]| {
        let question = format!("{}Remove them for good?", summary(pieces, context.talk.err));
        context.talk.ask(&question)
    };
    let pieces = care.collect(options, &agree, report(context).as_ref())?;
    let of = |waste| AmountRow::from(amount(&pieces, waste));
    let document = GcDocument {
        version: VERSION,
        removed: !options.dry_run,
        derived: of(Waste::Derived),
        references: of(Waste::Reference),
        placeholders: of(Waste::Drawing),
        unfinished: of(Waste::Unfinished),
        originals: of(Waste::Original),
        quarantine: of(Waste::Quarantine),
    };
    if context.talk.format == Format::Json {
        context.talk.answer(&render(&document))?;
    } else if pieces.is_empty() {
        context.talk.remark("nothing to remove")?;
    } else {
        let verdict = if options.dry_run { "would go" } else { "removed" };
        context.talk.remark(&format!("{}{verdict}", summary(&pieces, context.talk.out)))?;
    }
    Ok(Exit::Done)
}

/// What goes, a line a kind; what was paid for in red.
fn summary(pieces: &[Piece], screen: Screen) -> String {
    let kinds = [
        (Waste::Derived, "file made of an original"),
        (Waste::Reference, "fetched reference"),
        (Waste::Drawing, "placeholder"),
        (Waste::Unfinished, "unfinished file"),
        (Waste::Original, "paid original"),
        (Waste::Quarantine, "file set aside"),
    ];
    let line = |(waste, what): (Waste, &str)| {
        let found = amount(pieces, waste);
        let what = if waste == Waste::Quarantine && found.count != 1 {
            format!("{} files set aside", found.count)
        } else {
            counted(found.count, what)
        };
        let what = if waste >= Waste::Original { screen.paint(RED, &what) } else { what };
        if found.count == 0 { String::new() } else { format!("{what}, {}\n", size(found.bytes)) }
    };
    kinds.map(line).concat()
}
