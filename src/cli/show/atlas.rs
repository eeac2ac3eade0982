//! What `show` shows of an atlas: its sheets, what is in them, and how it is packed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::atlas::{Atlas, Packing, PlannedAtlas, animations, data_path};
use crate::cli::describe::{atlas_action, reason};
use crate::cli::json::VERSION;
use crate::cli::show::text::{Page, length};
use crate::cli::talk::Screen;
use crate::cli::words::counted;
use crate::lock::{Frame, LockedAtlas, LockedPage};
use crate::name::AssetName;
use crate::project::Survey;

#[derive(Serialize)]
pub(super) struct Packed<'a> {
    version: u32,
    atlas: &'a str,
    action: &'static str,
    reason: Option<&'a str>,
    sheets: Vec<Sheet<'a>>,
    packing: Rules,
    /// The names of each animation's frames, in order.
    animations: BTreeMap<&'a str, Vec<&'a str>>,
    assets: Vec<&'a str>,
}

#[derive(Serialize)]
struct Sheet<'a> {
    path: &'a str,
    data: String,
    width: u32,
    height: u32,
    bytes: u64,
    frames: usize,
    /// How much of it is pictures, in per cent.
    used: u64,
}

#[derive(Serialize)]
struct Rules {
    max_size: u32,
    padding: u32,
    extrude: u32,
    trim: bool,
    power_of_two: bool,
}

impl<'a> Packed<'a> {
    pub(super) fn of(atlas: &'a Atlas, survey: &'a Survey) -> Self {
        let planned: Option<&PlannedAtlas> = survey.plan.atlases.iter().find(|one| one.name == atlas.name);
        let locked = survey.lock.atlases.get(&atlas.name);
        let sheets = locked
            .into_iter()
            .flat_map(|locked| locked.pages.iter().enumerate().map(|(number, page)| Sheet::of(locked, number, page)));
        let found = locked.map(|locked| animations(locked.frames.iter())).unwrap_or_default();
        let named = |frames: Vec<&'a Frame>| frames.into_iter().map(|frame| frame.name.as_str()).collect();
        let Packing { max_size, padding, extrude, trim, power_of_two } = atlas.packing;
        Self {
            version: VERSION,
            atlas: atlas.name.as_str(),
            action: planned.map_or("keep", |planned| atlas_action(&planned.state)),
            reason: planned.map(|planned| reason(&planned.state)),
            sheets: sheets.collect(),
            packing: Rules { max_size, padding, extrude, trim, power_of_two },
            animations: found.into_iter().map(|(name, frames)| (name, named(frames))).collect(),
            assets: atlas.members.iter().map(AssetName::as_str).collect(),
        }
    }

    /// The same for people.
    pub(super) fn text(&self, screen: Screen) -> String {
        let mut page = Page::new(self.atlas, &format!("atlas, {}", self.action), screen);
        page.fact("why", self.reason);
        page.rows("sheets", self.sheets.iter().map(|sheet| sheet.line(screen)));
        page.fact("packing", Some(&self.packing.text()));
        let animations = self.animations.iter().map(|(name, frames)| format!("{name}  {} frames", frames.len()));
        page.rows("animations", animations.map(|line| screen.plain(&line)));
        page.rows("assets", self.assets.iter().map(|name| screen.plain(name)));
        page.text()
    }
}

impl<'a> Sheet<'a> {
    fn of(locked: &LockedAtlas, number: usize, page: &'a LockedPage) -> Self {
        let LockedPage { path, bytes, width, height, .. } = page;
        // Pictures with the same pixels share a place.
        let places: BTreeSet<[u32; 4]> =
            locked.frames_of(number).map(|frame| [frame.x, frame.y, frame.width, frame.height]).collect();
        let area = |width: u32, height: u32| u64::from(width) * u64::from(height);
        let drawn: u64 = places.into_iter().map(|[.., width, height]| area(width, height)).sum();
        Self {
            path: path.as_str(),
            data: data_path(path).to_string(),
            width: *width,
            height: *height,
            bytes: *bytes,
            frames: locked.frames_of(number).count(),
            used: drawn * 100 / area(*width, *height).max(1),
        }
    }

    fn line(&self, screen: Screen) -> String {
        let Self { path, width, height, bytes, frames, used, .. } = self;
        let (path, frames) = (screen.plain(path), counted(*frames, "frame"));
        format!("{path}  {width}x{height}  {frames}, {used} % filled  {}", length(*bytes))
    }
}

impl Rules {
    fn text(&self) -> String {
        let Self { max_size, padding, extrude, trim, power_of_two } = self;
        let mut words = vec![format!("sides up to {max_size}"), format!("padding {padding}")];
        words.extend((*extrude > 0).then(|| format!("extrude {extrude}")));
        words.extend(trim.then(|| "trimmed".to_string()));
        words.extend(power_of_two.then(|| "powers of two".to_string()));
        words.join(", ")
    }
}
