//! `tintype show NAME`: all that is known of one asset.

mod origin;
mod picture;
mod text;

use crate::cli::Context;
use crate::cli::args::{Format, ShowArguments};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::json::render;
pub(super) use crate::cli::show::picture::{Picture, TakeRow, take_rows};
pub(super) use crate::cli::show::text::take_lines;
use crate::project::{Allowed, Project, Selection};
use crate::resolve::Asset;

pub(super) fn run(context: &Context, arguments: &ShowArguments) -> Result<Exit, Failure> {
    let project = context.open()?;
    let asset = find(project, &arguments.name)?;
    let selection = Selection { names: vec![arguments.name.clone()], ..Selection::default() };
    let survey = project.survey(&selection, &Allowed::default())?;
    let explanation = project.explain(&asset.name);
    let picture = Picture::of(project, asset, &survey, &explanation);
    let talk = &context.talk;
    talk.answer(&match talk.format {
        Format::Json => render(&picture),
        _ => text::text(&picture, talk.out),
    })?;
    Ok(Exit::Done)
}

pub(super) fn find<'a>(project: &'a Project, name: &str) -> Result<&'a Asset, Failure> {
    if let Some(asset) = project.assets().by_name.get(name) {
        return Ok(asset);
    }
    // The library knows which name was meant.
    project.select(&Selection { names: vec![name.to_string()], ..Selection::default() })?;
    Err(Failure::usage(&format!("`{name}` is more than one asset"), "name one: `tintype list` shows them all"))
}
