//! `tintype sync`: carry the plan out.

use crate::cli::args::{Format, Spending, SyncArguments};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::human::Human;
use crate::cli::interrupt::{Begun, listen};
use crate::cli::json::{Json, document};
use crate::cli::talk::Volume;
use crate::cli::{Context, describe, plan};
use crate::event::{Event, Report, Stop};
use crate::project::{Allowed, Project, SyncOptions, Synced};
use crate::snapshot::Snapshot;

pub(super) fn run(context: &Context, arguments: &SyncArguments) -> Result<Exit, Failure> {
    let options = options(context, arguments)?;
    if arguments.dry_run || arguments.draft {
        let project = context.open()?;
        if arguments.draft {
            plan::has_draft(project)?;
        }
        if arguments.dry_run {
            return plan::preview(context, project, &options);
        }
        return carry_out(context, project, &options);
    }
    if let Some(answer) = context.settled(&options)?.and_then(|snapshot| settled(context, &snapshot)) {
        return answer.map(|()| Exit::Done);
    }
    carry_out(context, context.open_to_sync(&options)?, &options)
}

/// A sync with these options, and what came of it.
pub(super) fn carry_out(context: &Context, project: &Project, options: &SyncOptions) -> Result<Exit, Failure> {
    let (stop, begun) = (Stop::default(), Begun::default());
    listen(&stop, &begun, &context.talk);
    let talk = &context.talk;
    let synced = if talk.format == Format::Json {
        let synced = project.sync(options, &Json::new(begun), &stop)?;
        talk.answer(&document(&synced.plan, Some(&synced)))?;
        synced
    } else {
        let human = Human::new(talk, begun);
        let synced = project.sync(options, &human as &dyn Report, &stop);
        human.end();
        let synced = synced?;
        talk.remark(&describe::made(&synced, talk.out))?;
        synced
    };
    Ok(exit(&synced))
}

fn options(context: &Context, arguments: &SyncArguments) -> Result<SyncOptions, Failure> {
    let environment = &context.environment;
    let frozen = arguments.frozen || environment.is_on("TINTYPE_FROZEN");
    let locked = frozen || arguments.locked || environment.is_on("TINTYPE_LOCKED");
    let offline = frozen || arguments.offline;
    let spending = spending(context, &arguments.spending, offline)?;
    Ok(SyncOptions {
        selection: plan::selection(&arguments.which),
        allowed: Allowed {
            overwrite: arguments.overwrite,
            no_prune: arguments.no_prune,
            refresh: arguments.refresh,
            draft: arguments.draft && !locked,
            ..spending.allowed
        },
        locked,
        placeholders: arguments.placeholders,
        ..spending
    })
}

/// What may be spent.
pub(super) fn spending(context: &Context, arguments: &Spending, offline: bool) -> Result<SyncOptions, Failure> {
    let environment = &context.environment;
    let max_cost_usd = match arguments.max_cost {
        Some(amount) => Some(amount),
        None => environment.max_cost()?,
    };
    Ok(SyncOptions {
        allowed: Allowed {
            offline: offline || environment.is_on("TINTYPE_OFFLINE"),
            resend_unknown: arguments.resend_unknown,
            retry_refused: arguments.retry_refused,
            ..Allowed::default()
        },
        jobs: arguments.jobs.map(std::num::NonZeroUsize::get),
        max_cost_usd,
        max_images: arguments.max_images,
        yes: arguments.yes,
        unattended: environment.is_on("CI"),
        ..SyncOptions::default()
    })
}

/// There is nothing to do, and nothing was read to find that out. `None` where the snapshot can't say what a document
/// has to.
fn settled(context: &Context, snapshot: &Snapshot) -> Option<Result<(), Failure>> {
    let talk = &context.talk;
    if talk.format != Format::Json {
        if talk.volume == Volume::Verbose {
            Human::new(talk, Begun::default()).event(&Event::Planned(&snapshot.plan()?));
        }
        return Some(talk.remark(&describe::nothing(snapshot.assets())));
    }
    let synced = Synced::settled(snapshot.plan()?);
    Some(talk.answer(&document(&synced.plan, Some(&synced))))
}

fn exit(synced: &Synced) -> Exit {
    let failed = if synced.is_complete() { Exit::Done } else { Exit::Failed };
    let interrupted = if synced.interrupted { Exit::Interrupted } else { Exit::Done };
    failed.max(interrupted)
}
