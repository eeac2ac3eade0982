//! `tintype check`: is the manifest sound? And, with `--code`, is every asset named somewhere?

mod code;
mod sources;

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use crate::cli::Context;
use crate::cli::args::{CheckArguments, Format};
use crate::cli::check::code::{Code, Missing, Wanted};
use crate::cli::check::sources::{Aside, each_source};
use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, help};
use crate::cli::json::{VERSION, render};
use crate::cli::talk::{Talk, YELLOW};
use crate::cli::words::{counted, wrap};
use crate::plan::Note;
use crate::project::Project;
use crate::resolve::Asset;
use crate::snapshot::Snapshot;

#[derive(Serialize)]
struct Document {
    version: u32,
    assets: usize,
    outputs: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Found>,
}

/// What the sources say, or don't.
#[derive(Serialize)]
struct Found {
    /// Declared assets that no source names.
    unused: Vec<String>,
    /// Pictures that a source names and no asset makes.
    missing: Vec<Missing>,
}

pub(super) fn run(context: &Context, arguments: &CheckArguments) -> Result<Exit, Failure> {
    let snapshot = if arguments.code { None } else { context.snapshot()?.filter(Snapshot::is_sound) };
    let (assets, outputs, code) = match snapshot {
        Some(snapshot) => (snapshot.assets(), snapshot.outputs(), None),
        None => {
            let project = context.open()?;
            let assets = &project.assets().by_name;
            let code = arguments.code.then(|| look(project)).transpose()?;
            (assets.len(), assets.values().map(Asset::files).sum(), code)
        }
    };
    let document = Document { version: VERSION, assets, outputs, code };
    if context.talk.format == Format::Json {
        context.talk.answer(&render(&document))?;
        return Ok(Exit::Done);
    }
    document.code.iter().for_each(|found| found.warn(&context.talk));
    context.talk.remark(&format!(
        "{}, {}: sound",
        counted(document.assets, "asset"),
        counted(document.outputs, "output")
    ))?;
    Ok(Exit::Done)
}

/// Reads all sources.
fn look(project: &Project) -> Result<Found, Failure> {
    let (assets, folder, files) = (&project.assets().by_name, project.output_folder(), project.files_of_assets());
    let referred: BTreeSet<_> = assets.values().flat_map(Asset::refers_to).collect();
    // What has no files, or is another asset's ingredient, is of use without being named.
    let wanted = assets.values().filter(|asset| !asset.outputs.is_empty() && !referred.contains(&asset.name));
    let wanted = wanted.map(|asset| Wanted {
        name: asset.name.to_string(),
        files: files.get(&asset.name).into_iter().flatten().map(ToString::to_string).collect(),
    });
    let inputs = project.inputs();
    let made = files.values().flatten().map(ToString::to_string);
    let known: BTreeSet<String> = made.chain(inputs).collect();
    let mut code = Code::new(wanted.collect(), &folder, known.clone()).map_err(|error| {
        let message = format!("these are too many names to look for: {error}");
        Failure::new(Exit::Failed, "internal", message, "run `tintype check` without --code")
    })?;
    let cache = project.cache_folder().strip_prefix(project.root()).ok().and_then(Path::to_str);
    let folders = [folder.trim_end_matches('/'), cache.unwrap_or_default()];
    let folders = folders.into_iter().filter(|folder| !folder.is_empty()).map(str::to_string).collect();
    each_source(project.root(), Aside { files: known, folders }, |file, text| code.read(file, text));
    let (unused, missing) = code.found();
    Ok(Found { unused, missing })
}

impl Found {
    /// What to do about them is said once a kind.
    fn warn(&self, talk: &Talk) {
        let unused = self.unused.iter().map(|name| format!("`{name}` is declared, and no source names it"));
        warn(talk, unused.collect(), "name it where it belongs, or take it out of the manifest");
        let missing = self
            .missing
            .iter()
            .map(|Missing { path, file, line }| format!("{file}:{line} names `{path}`, which no asset makes"));
        warn(talk, missing.collect(), "declare it as an asset, or mend the path");
    }
}

fn warn(talk: &Talk, messages: Vec<String>, cure: &str) {
    let (screen, last) = (talk.err, messages.len());
    for (number, message) in messages.into_iter().enumerate() {
        let note = Note::new("code", message, if number + 1 == last { cure } else { "" });
        let words = wrap(&screen.plain(&note.message), 9, 9, screen.width);
        talk.say(&format!("{}: {words}{}", screen.paint(YELLOW, "warning"), help(&note, 2, screen)));
    }
}
