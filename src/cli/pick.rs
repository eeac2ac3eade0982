//! `tintype pick NAME TAKE`: another of an asset's takes makes its files from now on.

use serde::Serialize;

use crate::cli::Context;
use crate::cli::adopt::{Follower, followers};
use crate::cli::args::{Format, PickArguments};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::json::{VERSION, render};
use crate::cli::words::at_most;
use crate::event::Silent;
use crate::project::Pick;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    name: &'a str,
    take: usize,
    hash: String,
    /// The take that was chosen before.
    before: usize,
    /// Assets that will be made anew for it.
    followers: Vec<Follower<'a>>,
}

pub(super) fn run(context: &Context, arguments: &PickArguments) -> Result<Exit, Failure> {
    let (project, talk) = (context.open()?, &context.talk);
    let is_json = talk.format == Format::Json;
    if !is_json || arguments.dry_run {
        let pick = project.foresee_pick(&arguments.name, &arguments.take)?;
        if is_json {
            talk.answer(&render(&document(&pick)))?;
        } else {
            // Before anything is done.
            for line in follow(&pick) {
                talk.say(&talk.err.plain(&line));
            }
            if arguments.dry_run || pick.is_chosen() {
                talk.remark(&talk.out.plain(&done(&pick, arguments.dry_run)))?;
            }
        }
        if arguments.dry_run || (!is_json && pick.is_chosen()) {
            return Ok(Exit::Done);
        }
    }
    let pick = project.pick(&arguments.name, &arguments.take, &Silent)?;
    if is_json {
        talk.answer(&render(&document(&pick)))?;
    } else {
        talk.remark(&talk.out.plain(&done(&pick, false)))?;
    }
    Ok(Exit::Done)
}

fn follow(pick: &Pick) -> impl Iterator<Item = String> {
    pick.followers
        .iter()
        .map(|(name, cost)| format!("{name} follows {}: the next sync makes it anew, {}", pick.name, at_most(*cost)))
}

fn done(pick: &Pick, is_dry: bool) -> String {
    let Pick { name, number, hash, before, .. } = pick;
    if pick.is_chosen() {
        return format!("take {number} of {name} is chosen already");
    }
    let verb = if is_dry { "would be" } else { "is" };
    format!("take {number} of {name} ({}) {verb} chosen; it was take {before}", hash.short())
}

fn document(pick: &Pick) -> Document<'_> {
    Document {
        version: VERSION,
        name: pick.name.as_str(),
        take: pick.number,
        hash: pick.hash.to_string(),
        before: pick.before,
        followers: followers(&pick.followers),
    }
}
