//! `tintype adopt NAME [FILE]`: a picture made by hand becomes a take, and the chosen one.

use serde::Serialize;

use crate::cli::Context;
use crate::cli::args::{AdoptArguments, Format};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::json::{NoteRow, VERSION, render};
use crate::cli::talk::Screen;
use crate::cli::words::at_most;
use crate::event::{Silent, Verdict};
use crate::files::read_outside;
use crate::name::AssetName;
use crate::project::{Adopted, ProjectError};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    name: &'a str,
    take: usize,
    hash: String,
    error: Option<NoteRow<'a>>,
    /// Assets that will be made anew for it.
    followers: Vec<Follower<'a>>,
}

#[derive(Serialize)]
pub(super) struct Follower<'a> {
    name: &'a str,
    cost_usd: Option<f64>,
}

pub(super) fn run(context: &Context, arguments: &AdoptArguments) -> Result<Exit, Failure> {
    let project = context.open()?;
    let bytes = arguments.file.as_deref().map(read_outside).transpose().map_err(ProjectError::File)?;
    let adopted = project.adopt(&arguments.name, bytes.as_deref(), &Silent)?;
    let talk = &context.talk;
    match talk.format {
        Format::Json => talk.answer(&render(&document(&arguments.name, &adopted)))?,
        _ => talk.remark(&words(&arguments.name, &adopted, talk.out))?,
    }
    Ok(if adopted.result.verdict == Verdict::Done { Exit::Done } else { Exit::Failed })
}

fn words(name: &str, adopted: &Adopted, screen: Screen) -> String {
    let mut lines = vec![format!("take {} of {name} is {}, and chosen", adopted.number, adopted.hash.short())];
    if let Some(error) = &adopted.result.error {
        lines.push(format!("its files aren't made: {}", error.message));
        lines.extend(error.help.clone());
    }
    let follower =
        |(name, cost): &(_, Option<f64>)| format!("{name} follows it: the next sync makes it anew, {}", at_most(*cost));
    lines.extend(adopted.followers.iter().map(follower));
    let lines: Vec<String> = lines.iter().map(|line| screen.plain(line)).collect();
    lines.join("\n")
}

fn document<'a>(name: &'a str, adopted: &'a Adopted) -> Document<'a> {
    Document {
        version: VERSION,
        name,
        take: adopted.number,
        hash: adopted.hash.to_string(),
        error: adopted.result.error.as_ref().map(NoteRow::of),
        followers: followers(&adopted.followers),
    }
}

/// Assets that will be made anew, each with its price.
pub(super) fn followers(followers: &[(AssetName, Option<f64>)]) -> Vec<Follower<'_>> {
    followers.iter().map(|(name, cost_usd)| Follower { name: name.as_str(), cost_usd: *cost_usd }).collect()
}
