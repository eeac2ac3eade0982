//! The files that a pattern names.

use std::fs;

use crate::files::Files;
use crate::name::ProjectPath;

impl Files {
    /// The files of the project that a pattern names, in order: `*` within a folder's or file's name, `**` for folders of any
    /// depth.
    pub fn find(&self, pattern: &str) -> Result<Vec<String>, String> {
        let parts: Vec<&str> = pattern.split('/').collect();
        // A pattern is a path but for its stars.
        ProjectPath::new(&pattern.replace('*', "x"))?;
        let mut found = Vec::new();
        find(self, "", &parts, &mut found);
        found.sort();
        found.dedup();
        Ok(found)
    }
}

/// Walks down as far as the parts of a pattern lead. Links to folders aren't followed.
fn find(files: &Files, prefix: &str, parts: &[&str], found: &mut Vec<String>) {
    let Some((part, rest)) = parts.split_first() else { return };
    let beneath = |name: &str| if prefix.is_empty() { name.to_string() } else { format!("{prefix}/{name}") };
    if !part.contains('*') {
        let path = beneath(part);
        match fs::symlink_metadata(files.root.join(&path)).map(|metadata| metadata.is_dir()) {
            Ok(true) => find(files, &path, rest, found),
            Ok(false) if rest.is_empty() => found.push(path),
            Ok(false) => {}
            Err(_) => files.note(&path, None),
        }
        return;
    }
    if *part == "**" {
        find(files, prefix, rest, found);
    }
    let folder = files.root.join(prefix);
    files.note_folder(prefix, &folder);
    let glob = wildmatch::WildMatch::new(part);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = beneath(&name);
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if *part == "**" {
            if is_folder && !name.starts_with('.') {
                find(files, &path, parts, found);
            }
        } else if glob.matches(&name) && rest.is_empty() && !is_folder {
            found.push(path);
        } else if glob.matches(&name) && is_folder {
            find(files, &path, rest, found);
        }
    }
}
