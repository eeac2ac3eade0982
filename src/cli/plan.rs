//! `tintype plan`, and `sync --dry-run`: what a sync would do.

use crate::cli::args::{Format, PlanArguments, Which};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::json::document;
use crate::cli::talk::Volume;
use crate::cli::{Context, describe, markdown};
use crate::plan::Plan;
use crate::project::{Allowed, Project, Selection, SyncOptions};

pub(super) fn run(context: &Context, arguments: &PlanArguments) -> Result<Exit, Failure> {
    let selection = selection(&arguments.which);
    let plan = if arguments.draft {
        let project = context.open()?;
        has_draft(project)?;
        &project.plan(&selection, &Allowed { draft: true, ..Allowed::default() })?
    } else {
        context.plan(&selection)?
    };
    answer(context, plan)?;
    Ok(if arguments.exit_code && !plan.is_settled() { Exit::OutOfDate } else { Exit::Done })
}

/// The plan of a sync with these options. That the lockfile may not change is judged, too.
pub(super) fn preview(context: &Context, project: &Project, options: &SyncOptions) -> Result<Exit, Failure> {
    let survey = project.survey(&options.selection, &options.allowed)?;
    answer(context, &survey.plan)?;
    let message = match &survey.lock_text {
        None => "there is no images.lock, and --locked may not write one",
        Some(_) if survey.plan.changes_lock() => "images.lock is out of date, and --locked may not change it",
        Some(_) => return Ok(Exit::Done),
    };
    if options.locked {
        return Err(Failure::new(Exit::OutOfDate, "out-of-date", message, "run `tintype sync` and commit images.lock"));
    }
    Ok(Exit::Done)
}

/// A draft is what the manifest says it is.
pub(super) fn has_draft(project: &Project) -> Result<(), Failure> {
    if project.can_draft() {
        return Ok(());
    }
    let message = "images.toml has no [draft]: there is no cheaper way to try pictures out";
    Err(Failure::usage(
        message,
        "write [draft] and below it model = \"placeholder\", or a smaller size, or quality = \"low\"",
    ))
}

pub(super) fn selection(which: &Which) -> Selection {
    Selection { names: which.names.clone(), tags: which.tags.clone(), alone: false }
}

fn answer(context: &Context, plan: &Plan) -> Result<(), Failure> {
    let talk = &context.talk;
    match talk.format {
        Format::Json => talk.answer(&document(plan, None)),
        Format::Markdown => talk.answer(&markdown::plan(plan)),
        Format::Human | Format::Csv => talk.remark(&describe::plan(plan, talk.out, talk.volume == Volume::Verbose)),
    }
}
