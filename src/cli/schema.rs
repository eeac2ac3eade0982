//! `tintype schema`: images.toml as a JSON Schema, for editors.

use crate::cli::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// Written by hand, to be read; a test holds it and the reader of manifests together.
const TEXT: &str = include_str!("schema.json");

pub(super) fn run(context: &Context) -> Result<Exit, Failure> {
    context.talk.answer(TEXT)?;
    Ok(Exit::Done)
}
