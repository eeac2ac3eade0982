//! `tintype init`: a manifest that works at once, and teaches the next steps.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::cli::Context;
use crate::cli::args::{Format, InitArguments};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::json::{VERSION, render};
use crate::files::{MANIFEST, describe};

/// What is written.
const TEXT: &str = include_str!("init.toml");

#[derive(Serialize)]
struct Document {
    version: u32,
    manifest: String,
}

pub(super) fn run(context: &Context, arguments: &InitArguments) -> Result<Exit, Failure> {
    if context.manifest_path.is_some() {
        return Err(Failure::usage("`init` writes images.toml into a folder", "name the folder: tintype init DIR"));
    }
    let folder = &arguments.folder;
    let manifest = folder.join(MANIFEST);
    let shown = if folder == Path::new(".") { MANIFEST.to_string() } else { manifest.display().to_string() };
    write(folder, &manifest).map_err(|error| failure(&shown, &error))?;
    let talk = &context.talk;
    if talk.format == Format::Json {
        talk.answer(&render(&Document { version: VERSION, manifest: shown }))?;
    } else {
        let sync = if folder == Path::new(".") { String::new() } else { format!("cd {} && ", folder.display()) };
        talk.remark(&format!("wrote {}", talk.out.plain(&shown)))?;
        talk.remark(&format!(
            "next: `{}tintype sync` draws its 3 pictures, with no key and at no cost",
            talk.out.plain(&sync)
        ))?;
    }
    Ok(Exit::Done)
}

fn write(folder: &Path, manifest: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut file = OpenOptions::new().write(true).create_new(true).open(manifest)?;
    file.write_all(TEXT.as_bytes()).inspect_err(|_| {
        // Half a manifest would stand in the way of the next try.
        let _ = fs::remove_file(manifest);
    })
}

fn failure(shown: &str, error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::AlreadyExists {
        let message = format!("{shown} is there already, and is not overwritten");
        return Failure::new(Exit::Invalid, "exists", message, "`tintype check` says whether it is sound");
    }
    Failure::new(Exit::Invalid, "file", format!("{shown} can't be written: {}", describe(error)), "")
}
