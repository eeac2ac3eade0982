//! Stand-ins for sheets: of what lies in the places of their pictures, while some of those can't be made. A game loads the
//! sheet or nothing.

use crate::atlas::{Atlas, AtlasState, Sheets, Sprite, laid_out, sheets};
use crate::digest::Digest;
use crate::lock::{LockedAtlas, LockedPage, Lockfile, published};
use crate::mark::marked;
use crate::name::ProjectPath;
use crate::project::Project;
use crate::project::code::{Rewrite, sheet_texts};
use crate::project::pack::Packed;
use crate::resolve::{Figure, Output};
use crate::transform::pixels_of;

/// Sheets that one atlas is thought to have at most, when it is asked whether a file may be one of them.
const PAGES: usize = 64;

impl Project {
    /// Draws sheets where there are none, of atlases that couldn't be packed: in the places that are locked, which code
    /// knows; else as they would be packed.
    pub(crate) fn stand_in_sheets(&self, lock: &Lockfile, done: &mut Packed) {
        let mut known = self.files.read_stand_ins();
        for atlas in &self.atlases {
            let is_open = self.atlas_state(atlas, lock).is_some_and(|state| !matches!(state, AtlasState::Blocked(_)));
            // What can't be drawn either has failed, and that was said.
            let drawn = if is_open { self.stand_in_for(atlas, lock) } else { None };
            let Some(paths) = drawn.filter(|paths| !paths.is_empty()) else { continue };
            done.failed.retain(|(name, _)| *name != atlas.name);
            known.extend(paths.iter().cloned());
            done.filled.push((atlas.name.clone(), paths));
        }
        self.files.write_stand_ins(&known);
    }

    /// Whether a file may be a sheet of an atlas that is declared.
    pub(crate) fn may_be_sheet(&self, path: &ProjectPath) -> bool {
        self.atlases.iter().any(|atlas| (0..PAGES).any(|number| atlas.page(number) == *path))
    }

    fn stand_in_for(&self, atlas: &Atlas, lock: &Lockfile) -> Option<Vec<ProjectPath>> {
        let figures = atlas.figures(&self.manifest, &self.assets, |asset| published(asset, lock.get(&asset.name)));
        let sprite = |(figure, output): (Figure<'_>, &Output)| {
            let bytes = self.files.read_picture(&output.path(figure.take)).ok()?;
            Some(Sprite { name: figure.name, pixels: pixels_of(&bytes).ok()? })
        };
        let mut sprites = figures.into_iter().map(sprite).collect::<Option<Vec<_>>>()?;
        sprites.sort_by(|one, other| one.name.cmp(&other.name));
        let locked = lock.atlases.get(&atlas.name);
        let (layout, files) = match locked {
            Some(locked) => (locked.clone(), laid_out(atlas, locked, &sprites).ok()?),
            None => unlocked(atlas, sheets(atlas, sprites).ok()?),
        };
        let mut drawn = Vec::new();
        for (page, file) in layout.pages.iter().zip(files) {
            // An older sheet is better than none.
            if self.lacks_sheet(page) {
                let file = marked(file);
                self.files.write(&page.path, &file, Digest::of(&file)).ok()?;
                drawn.push(page.path.clone());
            }
        }
        // What says where things are in a locked one is written with the rest of the code.
        if locked.is_none() && !drawn.is_empty() {
            self.write_texts(sheet_texts(atlas, &layout), Rewrite::Own).ok()?;
        }
        Some(drawn)
    }
}

/// An atlas as it would be locked, and its files.
fn unlocked(atlas: &Atlas, sheets: Sheets) -> (LockedAtlas, Vec<Vec<u8>>) {
    let Sheets { frames, pages } = sheets;
    let locked = pages.iter().enumerate().map(|(number, sheet)| LockedPage {
        path: atlas.page(number),
        hash: Digest::of(&sheet.bytes),
        bytes: sheet.bytes.len() as u64,
        width: sheet.width,
        height: sheet.height,
    });
    let layout = LockedAtlas { recipe: Digest::of(b"stand-in"), frames, pages: locked.collect() };
    (layout, pages.into_iter().map(|sheet| sheet.bytes).collect())
}
