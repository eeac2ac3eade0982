//! `tintype takes NAME`: what there is to choose from.

use serde::Serialize;

use crate::cli::Context;
use crate::cli::args::{Format, TakesArguments};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::json::{VERSION, render};
use crate::cli::show::{TakeRow, find, take_lines, take_rows};
use crate::lock::Entry;
use crate::project::{Allowed, Selection};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    name: &'a str,
    takes: Vec<TakeRow<'a>>,
}

pub(super) fn run(context: &Context, arguments: &TakesArguments) -> Result<Exit, Failure> {
    let project = context.open()?;
    let asset = find(project, &arguments.name)?;
    let survey = project
        .survey(&Selection { names: vec![arguments.name.clone()], ..Selection::default() }, &Allowed::default())?;
    let entry = survey.lock.get(&asset.name);
    let takes = take_rows(entry.map(Entry::takes).unwrap_or_default(), entry);
    let talk = &context.talk;
    if talk.format == Format::Json {
        talk.answer(&render(&Document { version: VERSION, name: asset.name.as_str(), takes }))?;
    } else if takes.is_empty() {
        talk.remark(&format!("{} has no takes yet: `tintype sync` makes what it is to have", asset.name))?;
    } else {
        talk.answer(&format!("{}\n", take_lines(&takes, talk.out).join("\n")))?;
    }
    Ok(Exit::Done)
}
