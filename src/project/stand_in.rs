//! Stand-ins: pictures in the place of those that can't be made now, of their size and format, so that work can go on.
//!
//! A stand-in is never locked and never counts as the picture: plans go on saying that it is missing. It stands only where
//! nothing else does, bears a mark, and may be replaced at any time.

use std::collections::{BTreeMap, BTreeSet};

use crate::digest::Digest;
use crate::event::{Event, Report, Verdict};
use crate::execute::Outcome;
use crate::files::FileState;
use crate::mark::marked;
use crate::name::{AssetName, ProjectPath};
use crate::plan::{Action, Note, Plan};
use crate::project::Project;
use crate::provider::placeholder::{Placeholder, draw};
use crate::resolve::{Asset, AssetOrigin, Output};
use crate::transform::{Settings, transform};

/// The side of a picture for which no size is asked.
const SIDE: u32 = 1024;

impl Project {
    /// Draws stand-ins for everything that isn't done, where there is no file, and takes away those that nobody declares any
    /// longer.
    pub(crate) fn stand_in(&self, plan: &Plan, outcomes: &mut BTreeMap<AssetName, Outcome>, report: &dyn Report) {
        let all = self.assets.by_name.values().flat_map(|asset| places(asset).map(|(path, ..)| path));
        let declared: BTreeSet<ProjectPath> = all.collect();
        let (mut known, gone): (BTreeSet<_>, BTreeSet<_>) = self
            .files
            .read_stand_ins()
            .into_iter()
            .partition(|path| declared.contains(path) || self.may_be_sheet(path));
        for path in gone.iter().filter(|path| self.files.is_stand_in(path)) {
            // One that can't be removed now is nobody's any longer: its mark says what it is.
            let _ = self.files.remove(path);
        }
        for one in plan.iter().filter(|one| !matches!(one.action, Action::Blocked | Action::Prune)) {
            let Some(asset) = self.assets.by_name.get(&one.name) else { continue };
            let Some(outcome) = outcomes.get_mut(&one.name) else { continue };
            if outcome.result.verdict == Verdict::Done {
                continue;
            }
            match self.draw_stand_ins(asset) {
                Ok(paths) if paths.is_empty() => {
                    // Older files stay. That serves whom nobody tried to make a new one for; what failed has failed.
                    outcome.result.filled = outcome.result.verdict == Verdict::Skipped;
                }
                Ok(paths) => {
                    outcome.result.filled = true;
                    report.event(&Event::StoodIn { asset: one, paths: &paths });
                    known.extend(paths);
                }
                Err(note) => outcome.result.warnings.push(note),
            }
        }
        known.retain(|path| self.files.is_stand_in(path));
        self.files.write_stand_ins(&known);
    }

    /// The files of an asset that are stand-ins now.
    fn draw_stand_ins(&self, asset: &Asset) -> Result<Vec<ProjectPath>, Note> {
        let failed = |path: &ProjectPath, why: &dyn std::fmt::Display| {
            Note::new("stand-in", format!("no stand-in can be drawn for `{path}`: {why}"), "")
        };
        let mut drawn = Vec::new();
        let mut originals: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
        for (path, output, take) in places(asset) {
            // An older picture, or one made by hand, is better than none.
            if self.files.look(&path) != FileState::Missing && !self.files.is_stand_in(&path) {
                continue;
            }
            let original = originals.entry(take).or_insert_with(|| self.stand_in_original(asset, take));
            let made =
                transform(original, &plain(&output.settings)).or_else(|_| transform(original, &bare(&output.settings)));
            let bytes = marked(made.map_err(|error| failed(&path, &error))?.bytes.into_owned());
            self.files.write(&path, &bytes, Digest::of(&bytes)).map_err(|error| failed(&path, &error))?;
            drawn.push(path);
        }
        Ok(drawn)
    }

    /// What would be the original: as large as it would be asked for. Whose picture is another asset's shows that one's.
    fn stand_in_original(&self, asset: &Asset, take: u32) -> Vec<u8> {
        let owner = self.assets.owner(asset);
        let routing = self.routing(&owner.name);
        let asked = routing.and_then(|routing| routing.candidates.first()?.asked.as_ref()?.pixels());
        let sides = owner.largest_sides();
        let usual = (sides.0.or(sides.1).unwrap_or(SIDE), sides.1.or(sides.0).unwrap_or(SIDE));
        let (width, height) = asked.unwrap_or(usual);
        let prompt = match &owner.origin {
            AssetOrigin::Generated(open) => open.recipe.prompt.clone(),
            AssetOrigin::Shared(_) | AssetOrigin::Source { .. } => owner.name.to_string(),
        };
        let seed = *Digest::of(format!("{}\n{prompt}", owner.name).as_bytes()).as_bytes();
        draw(&Placeholder {
            name: owner.name.as_str(),
            prompt: &format!("Stand-in: {prompt}"),
            width,
            height,
            take,
            seed,
        })
    }
}

/// Every file that an asset is to have, with the take that it would be made of.
fn places(asset: &Asset) -> impl Iterator<Item = (ProjectPath, &Output, u32)> {
    let takes = if asset.files() > asset.outputs.len() { asset.takes() } else { 1 };
    (1..=takes).flat_map(move |take| asset.outputs.iter().map(move |output| (output.path(take as usize), output, take)))
}

/// The settings but for what is made of the picture's own colours.
fn plain(settings: &Settings) -> Settings {
    Settings { chroma_key: None, trim: false, max_bytes: None, ..settings.clone() }
}

/// Size and format alone.
fn bare(settings: &Settings) -> Settings {
    let Settings { format, quality, width, height, fit, .. } = *settings;
    Settings { quality, width, height, fit, ..Settings::of(format) }
}
