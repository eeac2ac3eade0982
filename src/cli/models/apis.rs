//! `tintype models --apis`: the wire formats that a provider of one's own can speak.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::Context;
use crate::cli::args::Format;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::json::{VERSION, render};
use crate::cli::models::catalogue::support;
use crate::cli::models::table::fields;
use crate::cli::talk::{BOLD, Screen};
use crate::cli::words::wrap;
use crate::model::Api;

#[derive(Serialize)]
struct Document {
    version: u32,
    apis: Vec<ApiRow>,
}

#[derive(Serialize)]
struct ApiRow {
    name: &'static str,
    path: &'static str,
    fields: BTreeMap<&'static str, &'static str>,
    max_references: Option<u32>,
    max_prompt: Option<u32>,
}

pub(super) fn run(context: &Context) -> Result<Exit, Failure> {
    let talk = &context.talk;
    talk.answer(&match talk.format {
        Format::Json => render(&Document { version: VERSION, apis: Api::WIRE.into_iter().map(row).collect() }),
        _ => text(talk.out),
    })?;
    talk.say(
        "a provider of your own is declared as [providers.NAME] api = \"openai-images\", base_url = \"https://…\"",
    );
    Ok(Exit::Done)
}

fn row(api: Api) -> ApiRow {
    let facts = api.facts();
    ApiRow {
        name: api.name(),
        path: api.path(),
        fields: support(facts.fields.unwrap_or_default()),
        max_references: facts.max_references,
        max_prompt: facts.max_prompt,
    }
}

fn text(screen: Screen) -> String {
    let width = Api::WIRE.iter().map(|api| api.name().len()).max().unwrap_or(0);
    let lines = Api::WIRE.iter().map(|api| {
        let name = screen.paint(BOLD, &format!("{:<width$}", api.name()));
        let fields = wrap(&fields(api.facts().fields.unwrap_or_default(), true), width + 2, width + 2, screen.width);
        format!("{name}  POST {}\n{}{fields}\n", api.path(), " ".repeat(width + 2))
    });
    lines.collect()
}
