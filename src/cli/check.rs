//! `tintype check`: is the manifest sound?

use serde::Serialize;

use crate::cli::Context;
use crate::cli::args::Format;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::json::{VERSION, render};
use crate::cli::words::counted;
use crate::manifest::Publish;
use crate::resolve::Asset;

#[derive(Serialize)]
struct Document {
    version: u32,
    assets: usize,
    outputs: usize,
}

pub(super) fn run(context: &Context) -> Result<Exit, Failure> {
    let project = context.open()?;
    let assets = &project.assets().by_name;
    let document = Document { version: VERSION, assets: assets.len(), outputs: assets.values().map(outputs).sum() };
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

fn outputs(asset: &Asset) -> usize {
    let published = match asset.publish {
        Publish::All => asset.takes() as usize,
        Publish::Chosen => 1,
    };
    published * asset.outputs.len()
}
