//! The code that names the project's pictures: whether it says what is locked, and writing it where it doesn't.

use std::path::Path;

use crate::atlas::Atlas;
#[cfg(feature = "generate")]
use crate::atlas::data_path;
use crate::codegen::{Catalogue, CodeFile, CodeState, Language, Reach, Target, Web};
use crate::codegen::{is_generated, is_same_but_for_layout, json, rust, sheet_data, targets, typescript};
use crate::diagnostic::Diagnostic;
use crate::digest::Digest;
use crate::files::{FileState, Files, holds_file};
use crate::lock::{LockedAtlas, Lockfile};
use crate::manifest::Manifest;
#[cfg(feature = "generate")]
use crate::name::ProjectPath;
use crate::project::Project;
#[cfg(feature = "generate")]
use crate::project::ProjectError;
use crate::resolve::Assets;

/// The file that tells a package's folder.
const PACKAGE: &str = "Cargo.toml";

/// The code that the manifest asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Code {
    pub(crate) targets: Vec<Target>,
    reach: Option<Reach>,
    web: Web,
}

impl Code {
    /// What the manifest asks for, and what is wrong with it.
    pub(crate) fn of(
        manifest: &Manifest,
        assets: &Assets,
        atlases: &[Atlas],
        files: &Files,
    ) -> (Self, Vec<Diagnostic>) {
        let Some(keys) = &manifest.codegen else { return (Self::default(), Vec::new()) };
        let (targets, mut found) = targets(manifest, assets, atlases);
        let mut reach = None;
        if let Some(rust) = targets.iter().find(|target| target.language == Language::Rust) {
            reach = way_from_package(files.root(), &files.locate(&rust.path));
            if let (None, Some(written)) = (&reach, &keys.rust) {
                let message = format!("`{}` belongs to no package: there is no {PACKAGE} above it", rust.path);
                let help = "write the module into a package: it finds the pictures from that package's folder";
                found.push(written.error("no-package", message, "this path").help(help));
            }
        }
        (Self { targets, reach, web: Web::of(keys) }, found)
    }
}

/// How a module finds the project's files from its package's folder.
fn way_from_package(root: &Path, module: &Path) -> Option<Reach> {
    let package = module.ancestors().skip(1).find(|folder| holds_file(folder, PACKAGE))?;
    Reach::between(package, root)
}

impl Project {
    /// The files of code that aren't as they should be while this is locked.
    pub(crate) fn code_to_write(&self, lock: &Lockfile) -> Vec<CodeFile> {
        self.amiss(self.code_texts(lock)).map(|(file, _)| file).collect()
    }

    /// Those of these files that don't say what they should, each with that.
    fn amiss(&self, texts: impl Iterator<Item = (Target, String)>) -> impl Iterator<Item = (CodeFile, String)> {
        texts.filter_map(|(target, text)| {
            let state = self.code_state(&target, &text)?;
            Some((CodeFile { path: target.path, state }, text))
        })
    }

    /// Every file of code while this is locked.
    #[cfg(feature = "generate")]
    pub(crate) fn code_paths(&self, lock: &Lockfile) -> Vec<ProjectPath> {
        let targets = self.code.targets.iter().map(|target| target.path.clone());
        targets.chain(self.sheets(lock).iter().map(data_path)).collect()
    }

    /// What is wrong with a file of code that should hold this text.
    fn code_state(&self, target: &Target, text: &str) -> Option<CodeState> {
        match self.files.look(&target.path) {
            FileState::File { digest } if digest == Digest::of(text.as_bytes()) => None,
            FileState::File { .. } => match self.files.read_picture(&target.path) {
                Ok(bytes) if !is_generated(&bytes) => Some(CodeState::Foreign("it wasn't made by tintype".to_string())),
                Ok(bytes) => {
                    let is_same =
                        std::str::from_utf8(&bytes).is_ok_and(|now| is_same_but_for_layout(now, text, target.language));
                    (!is_same).then_some(CodeState::Stale)
                }
                Err(error) => Some(CodeState::Foreign(error.to_string())),
            },
            FileState::Missing => Some(CodeState::Missing),
            FileState::Other(what) => Some(CodeState::Foreign(format!("it is {what}"))),
            FileState::Unreadable(reason) => Some(CodeState::Foreign(format!("it can't be read: {reason}"))),
        }
    }

    /// Each file of code, and what it should say: those that are asked for, and those beside sheets.
    fn code_texts(&self, lock: &Lockfile) -> impl Iterator<Item = (Target, String)> {
        let catalogue = if self.code.targets.is_empty() {
            Catalogue::default()
        } else {
            Catalogue::new(&self.manifest, &self.assets, &self.atlases, lock, |_, _, _| None)
        };
        let locked = self.atlases.iter().filter_map(|atlas| Some((atlas, lock.atlases.get(&atlas.name)?)));
        let sheets = locked.flat_map(|(atlas, locked)| sheet_texts(atlas, locked));
        let code = self.code.targets.iter().map(move |target| {
            let text = match (target.language, &self.code.reach) {
                (Language::Rust, Some(reach)) => rust(&catalogue, reach),
                (Language::Rust, None) => unreachable!("a project whose code finds no package isn't opened"),
                (Language::TypeScript, _) => typescript(&catalogue, &self.code.web),
                (Language::Json, _) => json(&catalogue, &self.code.web),
            };
            (target.clone(), text)
        });
        code.chain(sheets.collect::<Vec<_>>())
    }

    /// Writes each file of code that doesn't say what is locked now, as far as it may be written; the others stay.
    #[cfg(feature = "generate")]
    pub(crate) fn write_code(&self, lock: &Lockfile, may: Rewrite) -> Result<CodeWritten, ProjectError> {
        self.write_texts(self.code_texts(lock), may)
    }

    /// The same of these files alone.
    #[cfg(feature = "generate")]
    pub(crate) fn write_texts(
        &self,
        texts: impl Iterator<Item = (Target, String)>,
        may: Rewrite,
    ) -> Result<CodeWritten, ProjectError> {
        let mut done = CodeWritten::default();
        for (file, text) in self.amiss(texts) {
            if may.rewrite(&file.state) {
                self.files.write(&file.path, text.as_bytes(), Digest::of(text.as_bytes()))?;
                done.written.push(file.path);
            } else if matches!(file.state, CodeState::Foreign(_)) {
                done.blocked.push(file);
            }
        }
        Ok(done)
    }
}

/// The files beside an atlas's sheets, and what each should say.
pub(crate) fn sheet_texts(atlas: &Atlas, locked: &LockedAtlas) -> impl Iterator<Item = (Target, String)> + use<> {
    let texts = sheet_data(atlas, locked).into_iter();
    texts.map(|(path, text)| (Target { language: Language::Json, path }, text))
}

/// Which files of code may be written.
#[cfg(feature = "generate")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rewrite {
    /// Those that aren't there.
    Missing,
    /// All that were generated.
    Own,
    /// Somebody else's, too.
    All,
}

#[cfg(feature = "generate")]
impl Rewrite {
    fn rewrite(self, state: &CodeState) -> bool {
        match state {
            CodeState::Missing => true,
            CodeState::Stale => self != Self::Missing,
            CodeState::Foreign(_) => self == Self::All,
        }
    }
}

/// What came of the code.
#[cfg(feature = "generate")]
#[derive(Debug, Clone, Default)]
pub struct CodeWritten {
    /// Files that were written.
    pub written: Vec<crate::name::ProjectPath>,
    /// Files that are in the way.
    pub blocked: Vec<CodeFile>,
}
