//! `tintype reroll NAME…`: one more take of the same recipe, and that chosen.

use crate::cli::args::RerollArguments;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::{Context, plan, sync};

pub(super) fn run(context: &Context, arguments: &RerollArguments) -> Result<Exit, Failure> {
    let mut options = sync::spending(context, &arguments.spending, arguments.offline)?;
    options.allowed.draft = arguments.draft;
    let project = context.open()?;
    if arguments.draft {
        plan::has_draft(project)?;
    }
    let options = project.more_takes(&arguments.names, &options)?;
    if arguments.dry_run {
        return plan::preview(context, project, &options);
    }
    sync::carry_out(context, project, &options)
}
