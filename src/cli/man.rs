//! `tintype man`: the manual's pages, for packagers.

use std::fs;
use std::io;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use serde::Serialize;

use crate::cli::Context;
use crate::cli::args::{Arguments, Format, ManArguments};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::json::{VERSION, render};
use crate::cli::words::counted;
use crate::files::describe;

#[derive(Serialize)]
struct Page {
    version: u32,
    page: String,
}

#[derive(Serialize)]
struct Pages {
    version: u32,
    pages: Vec<String>,
}

pub(super) fn run(context: &Context, arguments: &ManArguments) -> Result<Exit, Failure> {
    let talk = &context.talk;
    let is_json = talk.format == Format::Json;
    let Some(folder) = &arguments.folder else {
        let page = text(manual());
        talk.answer(&if is_json { render(&Page { version: VERSION, page }) } else { page })?;
        return Ok(Exit::Done);
    };
    let pages = write(folder).map_err(|error| {
        let message = format!("the pages can't be written to {}: {}", folder.display(), describe(&error));
        Failure::new(Exit::Invalid, "file", message, "name a folder that can be written to")
    })?;
    if is_json {
        talk.answer(&render(&Pages { version: VERSION, pages }))?;
    } else {
        let shown = talk.out.plain(&folder.display().to_string());
        talk.remark(&format!("wrote {} to {shown}", counted(pages.len(), "page")))?;
    }
    Ok(Exit::Done)
}

/// One page a command, and one of all.
fn write(folder: &Path) -> io::Result<Vec<String>> {
    fs::create_dir_all(folder)?;
    let manual = manual();
    let commands: Vec<Command> = manual.get_subcommands().filter(|command| !command.is_hide_set()).cloned().collect();
    let mut pages = Vec::new();
    for command in std::iter::once(manual).chain(commands) {
        let name = format!("{}.1", command.get_display_name().unwrap_or_else(|| command.get_name()));
        fs::write(folder.join(&name), text(command))?;
        pages.push(name);
    }
    Ok(pages)
}

fn manual() -> Command {
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    command
}

fn text(command: Command) -> String {
    let mut page = Vec::new();
    let manual = Man::new(command).source(concat!("tintype ", env!("CARGO_PKG_VERSION"))).manual("tintype");
    manual.render(&mut page).expect("there is room in memory");
    // What clap calls extra are the exit codes; a line that begins at the edge would run into the one before.
    let page = String::from_utf8(page).expect("clap writes text");
    page.replacen(".SH EXTRA\nExit codes:\n", ".SH \"EXIT STATUS\"\n", 1).replacen("\nWith 2,", "\n.PP\nWith 2,", 1)
}
