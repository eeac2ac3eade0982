//! Includes: more files with vars, styles and assets, gathered below the one root.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, sort};
use crate::files::{FileError, Files};
use crate::manifest::parse::{Parsed, parse};
use crate::manifest::tree::Entry;
use crate::manifest::{Manifest, Place, Spanned};

/// Reads the manifest and all that it includes. What has mistakes is left out.
pub fn gather(files: &Files) -> Result<Parsed, FileError> {
    let mut parsed = parse(files.manifest_name(), &files.read_manifest()?);
    let Some(manifest) = &mut parsed.manifest else { return Ok(parsed) };
    let mut found = Vec::new();
    for pattern in std::mem::take(&mut manifest.include) {
        include(manifest, &pattern, files, &mut found);
    }
    parsed.mistakes.append(&mut found);
    sort(&mut parsed.mistakes);
    Ok(parsed)
}

fn include(manifest: &mut Manifest, pattern: &Spanned<String>, files: &Files, found: &mut Vec<Diagnostic>) {
    let paths = match files.find(&pattern.value) {
        Ok(paths) => paths,
        Err(reason) => {
            let error = pattern.error("bad-path", format!("this can't be included: {reason}"), "this path");
            found.push(error.help("write a path inside the project, with `/` and `*`, like \"art/*.toml\""));
            return;
        }
    };
    if paths.is_empty() {
        let error = pattern.error("missing-file", format!("no file is called `{}`", pattern.value), "this path");
        found.push(error.help(format!("paths start at the folder of {}", files.manifest_name())));
    }
    for path in paths {
        // A file that two patterns name, or the root itself.
        if path == files.manifest_name() || !manifest.included.insert(path.clone()) {
            continue;
        }
        match files.read_project_text(&path) {
            Ok(text) => {
                let Parsed { manifest: read, mistakes } = parse(&path, &text);
                found.extend(mistakes);
                if let Some(read) = read {
                    add(manifest, read, found);
                }
            }
            Err(error) => found.push(unreadable(&pattern.place, "the included file ", &error, files)),
        }
    }
}

/// That a file can't be read which is named in a place; `what` it is, if that isn't plain.
pub(crate) fn unreadable(place: &Place, what: &str, error: &FileError, files: &Files) -> Diagnostic {
    let message = format!("{what}`{}` can't be read: {}", error.path, error.reason);
    let code = if error.missing { "missing-file" } else { "bad-file" };
    let help =
        error.help.map_or_else(|| format!("paths start at the folder of {}", files.manifest_name()), str::to_string);
    place.error(code, message, "this file").help(help)
}

/// Adds what an included file may declare; a name that is declared twice is an error at both places.
fn add(manifest: &mut Manifest, read: Manifest, found: &mut Vec<Diagnostic>) {
    if let Some(place) = &read.others {
        let error = place.error("misplaced-key", "an included file has only [vars], [styles] and [assets]", "not here");
        found.push(error.help("move it into the manifest that includes this file"));
    }
    join(&mut manifest.vars, read.vars, "variable", found);
    join(&mut manifest.assets, read.assets, "asset", found);
    for (name, style) in read.styles {
        match manifest.styles.get(&name) {
            Some(other) => found.push(twice("style", &style, &other.key_place)),
            None => {
                manifest.styles.insert(name, style);
            }
        }
    }
}

fn join(all: &mut Vec<Entry>, more: Vec<Entry>, what: &str, found: &mut Vec<Diagnostic>) {
    let known: std::collections::HashMap<String, Place> =
        all.iter().map(|entry| (entry.key.clone(), entry.key_place.clone())).collect();
    for entry in more {
        match known.get(&entry.key) {
            Some(place) => found.push(twice(what, &entry, place)),
            None => all.push(entry),
        }
    }
}

fn twice(what: &str, entry: &Entry, other: &Place) -> Diagnostic {
    let message = format!("two {what}s are called `{}`", entry.key);
    let error = entry.key_place.error("same-name", message, "the second one");
    let error = error.label(&Arc::clone(&other.source), other.span.clone(), "the first one");
    error.help("give one of them another name")
}
