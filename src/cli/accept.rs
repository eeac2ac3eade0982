//! `tintype accept NAME…`: the present picture stands for the changed recipe.

use serde::Serialize;

use crate::cli::Context;
use crate::cli::args::{AcceptArguments, Format};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::json::{VERSION, render};
use crate::event::Silent;
use crate::name::AssetName;

#[derive(Serialize)]
struct Document {
    version: u32,
    accepted: Vec<String>,
    unchanged: Vec<String>,
}

pub(super) fn run(context: &Context, arguments: &AcceptArguments) -> Result<Exit, Failure> {
    let done = context.open()?.accept(&arguments.names, &Silent)?;
    let names = |names: &'_ [AssetName]| names.iter().map(AssetName::to_string).collect::<Vec<_>>();
    let (accepted, unchanged) = (names(&done.accepted), names(&done.unchanged));
    if context.talk.format == Format::Json {
        context.talk.answer(&render(&Document { version: VERSION, accepted, unchanged }))?;
        return Ok(Exit::Done);
    }
    let said = [("accepted", accepted), ("as locked already", unchanged)];
    for (what, names) in said.into_iter().filter(|(_, names)| !names.is_empty()) {
        context.talk.remark(&format!("{what}: {}", names.join(", ")))?;
    }
    Ok(Exit::Done)
}
