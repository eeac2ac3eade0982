//! The house's order, held by a test: which module may use which, and what may be done only at the edges.
//!
//! Reads the sources as text; no dependency. Tests inside the sources (from `#[cfg(test)]` on) are free.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules, lowest first: a file imports only from its own module and from those above it in this list.
const ORDER: [&str; 38] = [
    "failpoint",
    "cores",
    "mark",
    "secret",
    "digest",
    "diagnostic",
    "name",
    "picture",
    "disclosure",
    "recipe",
    "capability",
    "transform",
    "files",
    "jinja",
    "rows",
    "manifest",
    "model",
    "resolve",
    "size",
    "ground",
    "route",
    "lock",
    "atlas",
    "codegen",
    "cache",
    "observe",
    "plan",
    "snapshot",
    "event",
    "provider",
    "publish",
    "execute",
    "project",
    "environment",
    "build",
    "watch",
    "cli",
    "lib",
];

/// A file has at most so many lines of code, without its tests and comments.
const LONGEST: usize = 400;

struct File {
    path: String,
    module: String,
    code: Vec<(usize, String)>,
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is readable").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every source file, as its lines of code with their numbers: no comments, no tests.
fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    paths.sort();
    let is_test = |path: &Path| {
        path.with_extension("").iter().any(|part| ["tests", "samples", "loopback"].iter().any(|test| part == *test))
    };
    paths
        .into_iter()
        .filter(|path| !is_test(path) && !path.ends_with("main.rs"))
        .map(|path| read(&root, &path))
        .collect()
}

fn read(root: &Path, path: &Path) -> File {
    let relative = path.strip_prefix(root).expect("below src").to_string_lossy().replace('\\', "/");
    let module = relative.split('/').next().expect("a name").trim_end_matches(".rs").to_string();
    let text = fs::read_to_string(path).expect("a source is text");
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim().to_string()));
    let before_tests: Vec<_> = {
        let all: Vec<_> = lines.collect();
        let tests = all.windows(2).position(|pair| {
            pair[0].1.starts_with("#[cfg(") && pair[0].1.contains("test") && pair[1].1.starts_with("mod tests")
        });
        let tests = tests.or_else(|| {
            all.windows(3).position(|lines| {
                lines[0].1.starts_with("#[cfg(") && lines[0].1.contains("test") && lines[2].1.starts_with("mod tests")
            })
        });
        all.into_iter().take(tests.unwrap_or(usize::MAX)).collect()
    };
    let code = before_tests.into_iter().filter(|(_, line)| !line.is_empty() && !line.starts_with("//")).collect();
    File { path: relative, module, code }
}

fn rank(module: &str) -> Option<usize> {
    ORDER.iter().position(|known| *known == module)
}

/// Fails with every finding, a line each.
fn none(findings: &[String], rule: &str) {
    assert!(findings.is_empty(), "{rule}:\n{}", findings.join("\n"));
}

fn find(rule: &str, is_wrong: impl Fn(&File, &str) -> bool) {
    let files = files();
    assert!(files.len() > 30, "the sources were found");
    let findings = files
        .iter()
        .flat_map(|file| file.code.iter().map(move |(number, line)| (file, number, line)))
        .filter(|(file, _, line)| is_wrong(file, line))
        .map(|(file, number, line)| format!("src/{}:{number}: {line}", file.path))
        .collect::<Vec<_>>();
    none(&findings, rule);
}

#[test]
fn every_module_has_its_place_in_the_order() {
    let findings: Vec<_> =
        files().iter().filter(|file| rank(&file.module).is_none()).map(|file| file.path.clone()).collect();
    none(&findings, "these files are on no list: give them a place in ORDER");
}

#[test]
fn lib_rs_lists_the_modules_in_that_order() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).expect("lib.rs");
    let declared: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod "))
        .map(|line| line.trim_end_matches(';'))
        .collect();
    assert_eq!(declared, ORDER[..ORDER.len() - 1], "lib.rs reads from the lowest module to the highest");
}

#[test]
fn imports_point_up_the_list() {
    find("a module may only use modules above it in ORDER", |file, line| {
        line.match_indices("crate::").any(|(at, _)| {
            let used: String = line[at + 7..]
                .chars()
                .take_while(|character| character.is_alphanumeric() || *character == '_')
                .collect();
            rank(&used).is_some_and(|used| rank(&file.module).is_some_and(|own| used > own))
        })
    });
}

#[test]
fn imports_are_explicit() {
    // But for the code that is written.
    find("no globs and no `super`: write the path from `crate`", |_, line| {
        line.starts_with("use super")
            || (line.contains("use super::") && !line.contains("use super::{{"))
            || (line.starts_with("use ") && line.ends_with("::*;"))
    });
}

#[test]
fn the_file_system_is_touched_only_at_the_edges() {
    find("std::fs belongs into files, cache, project, environment, build and cli", |file, line| {
        (line.contains("std::fs") || line.contains("fs::read"))
            && !["files", "cache", "project", "environment", "build", "cli"].contains(&file.module.as_str())
    });
}

#[test]
fn the_network_is_touched_only_by_the_provider() {
    find("reqwest belongs into provider/", |file, line| line.contains("reqwest") && file.module != "provider");
}

#[test]
fn the_environment_is_read_and_words_are_printed_only_at_the_doors() {
    find("env belongs into environment, build and cli, print into build and cli, exit into cli", |file, line| {
        let reads = ["std::env", "env::var"];
        let prints = ["println!", "eprintln!", "print!("];
        let ends = ["process::exit", "dbg!"];
        let does = |words: &[&str]| words.iter().any(|word| line.contains(word)) && !line.contains("env!(");
        let may = |doors: &[&str]| doors.contains(&file.module.as_str());
        (does(&reads) && !may(&["cli", "build", "environment"]))
            || (does(&prints) && !may(&["cli", "build"]))
            || (does(&ends) && !may(&["cli"]))
    });
}

#[test]
fn no_file_is_longer_than_a_room() {
    let long: BTreeMap<String, usize> =
        files().into_iter().map(|file| (file.path, file.code.len())).filter(|(_, lines)| *lines > LONGEST).collect();
    let findings: Vec<_> = long.iter().map(|(path, lines)| format!("src/{path}: {lines} lines of code")).collect();
    none(&findings, "split these into a folder of their name");
}
