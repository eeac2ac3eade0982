//! `tintype check`: is the manifest sound?

use serde::Serialize;

use crate::cli::Context;
use crate::cli::args::Format;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::json::{VERSION, render};
use crate::cli::words::counted;
use crate::resolve::Asset;
use crate::snapshot::Snapshot;

#[derive(Serialize)]
struct Document {
    version: u32,
    assets: usize,
    outputs: usize,
}

pub(super) fn run(context: &Context) -> Result<Exit, Failure> {
    let (assets, outputs) = match context.snapshot()?.filter(Snapshot::is_sound) {
        Some(snapshot) => (snapshot.assets(), snapshot.outputs()),
        None => {
            let project = context.open()?;
            let assets = &project.assets().by_name;
            (assets.len(), assets.values().map(Asset::files).sum())
        }
    };
    let document = Document { version: VERSION, assets, outputs };
    match context.talk.format {
        Format::Json => context.talk.answer(&render(&document))?,
        _ => context.talk.remark(&format!(
            "{}, {}: sound",
            counted(document.assets, "asset"),
            counted(document.outputs, "output")
        ))?,
    }
    Ok(Exit::Done)
}
