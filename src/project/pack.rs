//! Packing atlases once the pictures in them are made.

use std::collections::BTreeSet;
use std::fmt::Display;

use crate::atlas::{Atlas, AtlasState, Member, NoSheet, Sheets, Sprite, data_path, sheets};
use crate::codegen::is_generated;
use crate::cores;
use crate::digest::Digest;
use crate::disclosure::{DigitalSource, Disclosure, embed};
use crate::files::FileState;
use crate::lock::{LockedAtlas, LockedPage, Lockfile};
use crate::name::{AssetName, ProjectPath};
use crate::plan::Note;
use crate::project::atlas::sheet_settings;
use crate::project::provenance::chosen;
use crate::project::{Project, ProjectError, SyncOptions};
use crate::publish::cache_error;
use crate::resolve::Asset;
use crate::transform::pixels_of;

/// What came of the atlases.
#[derive(Debug, Clone, Default)]
pub struct Packed {
    /// Those that were packed, with their sheets.
    pub packed: Vec<(AssetName, Vec<ProjectPath>)>,
    /// Those that nobody declares any longer, and are gone.
    pub pruned: Vec<AssetName>,
    /// Those that something stands in for, with those sheets: some of their pictures can't be made.
    pub filled: Vec<(AssetName, Vec<ProjectPath>)>,
    /// Those that weren't packed, and why.
    pub failed: Vec<(AssetName, Note)>,
}

impl Packed {
    /// Whether nothing went wrong.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty()
    }
}

impl Project {
    /// Packs what isn't as it is declared, and locks it: of a part of the project, the atlases that have something of it. Where
    /// what is locked may not change, a sheet is restored at most.
    pub(crate) fn pack(&self, lock: &mut Lockfile, options: &SyncOptions) -> Result<Packed, ProjectError> {
        let (allowed, locked) = (&options.allowed, options.locked);
        let selected = self.select(&options.selection)?;
        let is_meant = |atlas: &&Atlas| {
            selected.as_ref().is_none_or(|selected| atlas.members.iter().any(|name| selected.contains(name)))
        };
        let mut done = Packed::default();
        for atlas in self.atlases.iter().filter(is_meant) {
            let state = self.atlas_state(atlas, lock);
            let Some(contents) = atlas.contents(&self.manifest, &self.assets, lock) else { continue };
            let note = match state {
                None | Some(AtlasState::Follows | AtlasState::Undeclared) => continue,
                Some(AtlasState::New | AtlasState::Changed) if locked => continue,
                Some(AtlasState::Blocked(why)) if !allowed.overwrite => Err(blocked(atlas, &why)),
                Some(_) => self.pack_one(atlas, &contents, lock, locked),
            };
            match note {
                Ok(paths) => done.packed.push((atlas.name.clone(), paths)),
                Err(note) => done.failed.push((atlas.name.clone(), note)),
            }
        }
        if !locked && !allowed.no_prune && selected.is_none() {
            self.prune_atlases(lock, &mut done);
        }
        Ok(done)
    }

    fn pack_one(
        &self,
        atlas: &Atlas,
        contents: &[Member],
        lock: &mut Lockfile,
        is_locked: bool,
    ) -> Result<Vec<ProjectPath>, Note> {
        let recipe = atlas.recipe(contents);
        let sprites = cores::each(contents, |member| self.sprite(atlas, member));
        let Sheets { frames, pages } =
            sheets(atlas, sprites.into_iter().collect::<Result<_, _>>()?).map_err(|error| no_sheet(atlas, error))?;
        let packet = self.disclosure(atlas, lock).map(|disclosure| disclosure.packet());
        let before = lock.atlases.get(&atlas.name).cloned();
        let mut locked = LockedAtlas { recipe, frames, pages: Vec::new() };
        for (number, sheet) in pages.iter().enumerate() {
            let marked = packet.as_ref().map(|packet| embed(&sheet.bytes, atlas.format, packet));
            let file = marked.transpose().map_err(|error| {
                let message = format!("the atlas `{}` can't say how it was made: {error}", atlas.name);
                Note::new("transform", message, "")
            })?;
            let file = file.as_ref().unwrap_or(&sheet.bytes);
            let (path, hash) = (atlas.page(number), Digest::of(file));
            self.cache.record_made(hash, recipe, sheet_settings()).map_err(|error| cache_error(&error))?;
            if self.files.look(&path) != (FileState::File { digest: hash }) {
                self.files.write(&path, file, hash).map_err(|error| {
                    Note::new("files", format!("can't be written: {error}"), "mend it, then run `tintype sync` again")
                })?;
            }
            let (bytes, width, height) = (file.len() as u64, sheet.width, sheet.height);
            locked.pages.push(LockedPage { path, hash, bytes, width, height });
        }
        let paths: Vec<ProjectPath> = locked.pages.iter().map(|page| page.path.clone()).collect();
        if !is_locked {
            if let Some(before) = before {
                self.remove_sheets(before.pages.iter().filter(|page| !paths.contains(&page.path)))?;
            }
            lock.atlases.insert(atlas.name.clone(), locked);
        }
        Ok(paths)
    }

    /// What a sheet says of the pictures in it, if files are to say so.
    fn disclosure(&self, atlas: &Atlas, lock: &Lockfile) -> Option<Disclosure> {
        self.manifest.disclose.as_ref()?;
        let models = || atlas.members.iter().map(|name| chosen(name, lock).map(|(_, take)| take.model_id.as_str()));
        let system = models().flatten().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ");
        let source = if models().all(|model| model.is_some()) {
            DigitalSource::TrainedAlgorithmicMedia
        } else {
            DigitalSource::CompositeWithTrainedAlgorithmicMedia
        };
        (!system.is_empty()).then_some(Disclosure { source, system: Some(system), prompt: None })
    }

    /// A picture's pixels, if its file is the one that is locked.
    fn sprite(&self, atlas: &Atlas, member: &Member) -> Result<Sprite, Note> {
        let (name, path) = (member.name.clone(), &member.path);
        let refuse = |code, why: &dyn Display| {
            let message = format!("the atlas `{}` can't be packed: {why}", atlas.name);
            Note::new(code, message, "mend that first; then run `tintype sync` again")
        };
        let bytes = self.files.read_picture(path).map_err(|error| refuse("files", &error))?;
        let digest = Digest::of(&bytes);
        if digest != member.hash && !self.cache.made(digest).contains(&member.made_of) {
            return Err(refuse("not-as-locked", &format!("`{path}` isn't as it is locked")));
        }
        let pixels = pixels_of(&bytes).map_err(|error| refuse("transform", &format!("`{path}`: {error}")))?;
        Ok(Sprite { name, pixels })
    }

    fn prune_atlases(&self, lock: &mut Lockfile, done: &mut Packed) {
        let is_declared = |name: &AssetName| self.atlases.iter().any(|atlas| atlas.name == *name);
        let undeclared: Vec<AssetName> = lock.atlases.keys().filter(|name| !is_declared(name)).cloned().collect();
        for name in undeclared {
            match self.remove_sheets(lock.atlases[&name].pages.iter()) {
                Ok(()) => {
                    lock.atlases.remove(&name);
                    done.pruned.push(name);
                }
                Err(note) => done.failed.push((name, note)),
            }
        }
    }

    /// Removes sheets and what says what is in them; what somebody has edited, or uses otherwise by now, stays.
    fn remove_sheets<'a>(&self, pages: impl Iterator<Item = &'a LockedPage>) -> Result<(), Note> {
        for page in pages.filter(|page| !self.is_declared(&page.path)) {
            let data = data_path(&page.path);
            let is_sheet = matches!(self.files.look(&page.path), FileState::File { digest } if digest == page.hash);
            let is_data = self.files.read_picture(&data).is_ok_and(|bytes| is_generated(&bytes));
            for path in [is_sheet.then_some(&page.path), is_data.then_some(&data)].into_iter().flatten() {
                self.files.remove(path).map_err(|error| {
                    let help = "mend the permissions, then run `tintype sync` again";
                    Note::new("files", format!("can't be removed: {error}"), help)
                })?;
            }
        }
        Ok(())
    }

    /// Whether something else that is declared has this path now.
    fn is_declared(&self, path: &ProjectPath) -> bool {
        let folded = path.folded();
        let is_same = |path: &ProjectPath| path.folded() == folded;
        let paths = |asset: &Asset| {
            let made = (1..=asset.takes() as usize).flat_map(|take| asset.paths(take));
            made.chain(asset.reads().into_iter().cloned()).any(|path| is_same(&path))
        };
        self.assets.by_name.values().any(paths) || self.atlases.iter().any(|atlas| is_same(&atlas.path))
    }
}

fn blocked(atlas: &Atlas, why: &str) -> Note {
    let message = format!("the atlas `{}` can't be packed: {why}", atlas.name);
    Note::new("blocked", message, "move the file away, give the atlas another path, or replace it with --overwrite")
}

fn no_sheet(atlas: &Atlas, why: NoSheet) -> Note {
    match why {
        NoSheet::TooLarge(name, width, height) => {
            let most = atlas.packing.longest();
            let message = format!(
                "`{name}` is {width}x{height} pixels, too large for the atlas `{}`, whose sheets are at most {most}x{most}",
                atlas.name
            );
            let (line, _) = atlas.place.source.position(atlas.place.span.start);
            let place = format!("{}:{line}", atlas.place.source.name());
            Note::new("too-large", message, format!("make it smaller, or the sheets larger: max_size = 4096 ({place})"))
        }
        NoSheet::Encode(error) => {
            Note::new("transform", format!("the atlas `{}` can't be packed: {error}", atlas.name), "")
        }
    }
}
