//! `tintype show NAME`: all that is known of one asset, or of an atlas.

mod atlas;
mod origin;
mod picture;
mod text;

use serde::Serialize;

use crate::atlas::Atlas;
use crate::cli::Context;
use crate::cli::args::{Format, ShowArguments};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::json::render;
use crate::cli::show::atlas::Packed;
pub(super) use crate::cli::show::picture::{Picture, TakeRow, take_rows};
pub(super) use crate::cli::show::text::take_lines;
use crate::cli::talk::{Screen, Talk};
use crate::project::{Allowed, Project, Selection};
use crate::resolve::Asset;

pub(super) fn run(context: &Context, arguments: &ShowArguments) -> Result<Exit, Failure> {
    let project = context.open()?;
    if let Some(atlas) = atlas(project, &arguments.name) {
        let survey = project.survey(&Selection::default(), &Allowed::default())?;
        return answer(&context.talk, &Packed::of(atlas, &survey), Packed::text);
    }
    let asset = find(project, &arguments.name)?;
    let selection = Selection { names: vec![arguments.name.clone()], ..Selection::default() };
    let survey = project.survey(&selection, &Allowed::default())?;
    let explanation = project.explain(&asset.name);
    answer(&context.talk, &Picture::of(project, asset, &survey, &explanation), text::text)
}

fn answer<T: Serialize>(talk: &Talk, shown: &T, text: impl Fn(&T, Screen) -> String) -> Result<Exit, Failure> {
    talk.answer(&match talk.format {
        Format::Json => render(shown),
        _ => text(shown, talk.out),
    })?;
    Ok(Exit::Done)
}

/// The atlas of this name, if no asset has it.
fn atlas<'a>(project: &'a Project, name: &str) -> Option<&'a Atlas> {
    let is_asset = project.assets().by_name.contains_key(name);
    project.atlases.iter().find(|atlas| atlas.name.as_str() == name).filter(|_| !is_asset)
}

pub(super) fn find<'a>(project: &'a Project, name: &str) -> Result<&'a Asset, Failure> {
    if let Some(asset) = project.assets().by_name.get(name) {
        return Ok(asset);
    }
    // The library knows which name was meant.
    project.select(&Selection { names: vec![name.to_string()], ..Selection::default() })?;
    Err(Failure::usage(&format!("`{name}` is more than one asset"), "name one: `tintype list` shows them all"))
}
