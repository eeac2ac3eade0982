//! Code that names the pictures, so that a name that doesn't exist doesn't compile: a Rust module, a TypeScript module, and
//! the same as JSON.
//!
//! Pure text from assets and lockfile. Knows no disk: who writes it, and whether what is written there is still so, is for
//! [`crate::project`] and [`crate::build`] to say.

mod catalogue;
mod frames;
mod identifier;
mod layout;
mod rust;
mod sheet;
mod web;

use std::collections::BTreeMap;

use crate::atlas::Atlas;
use crate::diagnostic::Diagnostic;
use crate::manifest::{CodegenKeys, Manifest, Spanned};
use crate::name::ProjectPath;
use crate::resolve::{Asset, Assets, Roles};

pub(crate) use crate::codegen::catalogue::{Catalogue, File, Home, Preview, atlas_clashes, clashes, published_files};
pub(crate) use crate::codegen::layout::is_same_but_for_layout;
pub(crate) use crate::codegen::rust::{Reach, rust};
pub(crate) use crate::codegen::sheet::sheet_data;
pub(crate) use crate::codegen::web::{Web, json, typescript};

/// What every generated file says first, as a comment or a value. A file that says so may be written anew.
const NOTE: &str = "Made by tintype from images.toml and images.lock. Edits are lost: the next sync writes it anew.";
/// As much of it as no other version will say otherwise.
const MARK: &str = "Made by tintype from";
/// The mark stands within so many bytes.
const HEAD: usize = 400;

/// What code is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// A Rust module.
    Rust,
    /// A TypeScript module.
    TypeScript,
    /// Data for any language.
    Json,
}

/// A file of code that the manifest asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What it is written in.
    pub language: Language,
    /// Where it goes.
    pub path: ProjectPath,
}

/// A file of code that isn't as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeFile {
    /// Where it is.
    pub path: ProjectPath,
    /// What is wrong with it.
    pub state: CodeState,
}

/// What is wrong with a file of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeState {
    /// It isn't there.
    Missing,
    /// It says something else than what is locked.
    Stale,
    /// It isn't tintype's to write, for this reason.
    Foreign(String),
}

impl Language {
    const fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Rust => &["rs"],
            Self::TypeScript => &["ts", "mts"],
            Self::Json => &["json"],
        }
    }
}

/// The files of code that the manifest asks for, and what is wrong with them.
pub(crate) fn targets(manifest: &Manifest, assets: &Assets, atlases: &[Atlas]) -> (Vec<Target>, Vec<Diagnostic>) {
    let (mut targets, mut found) = (Vec::new(), Vec::new());
    let Some(keys) = &manifest.codegen else { return (targets, found) };
    let mut roles = Roles::new(manifest);
    assets.by_name.values().flat_map(Asset::reads).for_each(|path| roles.add_read(path.as_str()));
    let mut own: BTreeMap<String, Language> = BTreeMap::new();
    for (language, written) in written(keys) {
        match target(language, written, &roles) {
            Ok(target) if own.insert(target.path.folded(), language).is_some() => {
                let message = format!("`{}` can't hold two kinds of code", target.path);
                found.push(written.error("bad-path", message, "named twice").help("name another file"));
            }
            Ok(target) => targets.push(target),
            Err(mistake) => found.push(mistake),
        }
    }
    let is_rust = targets.iter().any(|target| target.language == Language::Rust);
    found.extend(clashes(manifest, assets, is_rust));
    if is_rust {
        found.extend(atlas_clashes(assets, atlases));
    }
    (targets, found)
}

fn written(keys: &CodegenKeys) -> impl Iterator<Item = (Language, &Spanned<String>)> {
    let all = [(Language::Rust, &keys.rust), (Language::TypeScript, &keys.typescript), (Language::Json, &keys.json)];
    all.into_iter().filter_map(|(language, written)| Some((language, written.as_ref()?)))
}

fn target(language: Language, written: &Spanned<String>, roles: &Roles) -> Result<Target, Diagnostic> {
    let wrong = |reason: &str| {
        let message = format!("code can't be written to `{}`: {reason}", written.value.escape_debug());
        let extension = language.extensions()[0];
        written.error("bad-path", message, "this path").help(format!("write a path like \"src/images.{extension}\""))
    };
    let path = ProjectPath::new(&written.value).map_err(|reason| wrong(&reason))?;
    if !path.extension().is_some_and(|extension| language.extensions().contains(&extension)) {
        return Err(wrong(&format!("its name must end in .{}", language.extensions().join(" or ."))));
    }
    if let Some(role) = roles.of(&path.folded()) {
        return Err(wrong(&format!("it {role}")));
    }
    Ok(Target { language, path })
}

/// Whether a file was generated, and may be written anew.
pub fn is_generated(text: &[u8]) -> bool {
    let head = &text[..text.len().min(HEAD)];
    head.windows(MARK.len()).any(|window| window == MARK.as_bytes())
}

#[cfg(test)]
mod tests;
