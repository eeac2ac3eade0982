//! What an output is made with, key by key, and the digest that tells whether it would be made the same.
//!
//! Pure values. Must not know of pixels or image codecs, so that a plan can be made without them.

use crate::digest::{Digest, Encoder};
use crate::picture::{Format, Picture};
use crate::transform::colour::{ChromaKey, Colors, Rgb};
use crate::transform::geometry::{Cell, Crop, Flip, Pad, Turn, follow};

/// The digest's context. Its version goes up whenever the same settings begin to give another file.
const CONTEXT: &str = "tintype 2026-11 output v1";

/// How a picture is brought to a width and a height that both are given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Fit {
    /// Scaled to fill both sides; what is too much is cropped evenly around the centre.
    #[default]
    Cover,
    /// The whole picture, centred; the rest is transparent, or white in a format without transparency.
    Contain,
    /// The whole picture and nothing else: one side may come out smaller than was asked for.
    Inside,
    /// Stretched to both sides, whatever its own ratio.
    Fill,
}

impl Fit {
    /// All fits, in the order in which messages list them.
    pub const ALL: [Self; 4] = [Self::Cover, Self::Contain, Self::Inside, Self::Fill];

    /// The name in manifests and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cover => "cover",
            Self::Contain => "contain",
            Self::Inside => "inside",
            Self::Fill => "fill",
        }
    }

    /// The fit of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fit| fit.name() == name)
    }
}

/// Between which pixels a scaled one lies, and how much each of them counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Filter {
    /// Sharp, for pictures of all kinds.
    #[default]
    Lanczos3,
    /// A little softer, without halos at hard edges.
    Mitchell,
    /// Between the two.
    CatmullRom,
    /// Straight lines between neighbours.
    Bilinear,
    /// The mean of what a pixel covers.
    Box,
    /// The pixel that lies there, unmixed; enlarged and made smaller by whole factors, for pixel art.
    Nearest,
}

impl Filter {
    /// All filters, in the order in which messages list them.
    pub const ALL: [Self; 6] =
        [Self::Lanczos3, Self::Mitchell, Self::CatmullRom, Self::Bilinear, Self::Box, Self::Nearest];

    /// The name in manifests and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lanczos3 => "lanczos3",
            Self::Mitchell => "mitchell",
            Self::CatmullRom => "catmull-rom",
            Self::Bilinear => "bilinear",
            Self::Box => "box",
            Self::Nearest => "nearest",
        }
    }

    /// The filter of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|filter| filter.name() == name)
    }
}

/// How an output is made from an original; two settings that take the same effect are equal.
///
/// In this order: the key colour goes, the part is cropped, the cell cut out, borders are trimmed, it is turned and
/// mirrored, scaled, padded, laid on its background, brought down to its colours, and written.
///
/// Only pixels are carried over: an output that is no untouched copy has no metadata and no colour profile, is upright
/// as its EXIF orientation says, in sRGB, and has eight bits a channel. Of an animation, it is the first frame; a drawing (SVG) is
/// drawn at the output's size.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The output's file format.
    pub format: Format,
    /// 1 to 100, for formats that have it; without it, 85 for JPEG, 80 for WebP and 70 for AVIF.
    pub quality: Option<u8>,
    /// Every pixel is kept, in a format that has both ways.
    pub lossless: bool,
    /// The file is no longer than this, in bytes: at the best quality up to `quality` at which it isn't.
    pub max_bytes: Option<u64>,
    /// The width in pixels; without it, it follows from the height.
    pub width: Option<u32>,
    /// The height in pixels; without it, it follows from the width.
    pub height: Option<u32>,
    /// Takes effect when both sides are given.
    pub fit: Fit,
    /// Takes effect when a side is given.
    pub filter: Filter,
    /// Which part of the original is shown.
    pub crop: Option<Crop>,
    /// Which cell of the sheet that the original is.
    pub cell: Option<Cell>,
    /// A colour that becomes transparent.
    pub chroma_key: Option<ChromaKey>,
    /// Whether transparent borders are cut off.
    pub trim: bool,
    /// The turn.
    pub rotate: Turn,
    /// The mirroring.
    pub flip: Flip,
    /// Room around the picture.
    pub pad: Pad,
    /// What shows through where the picture is transparent.
    pub background: Option<Rgb>,
    /// The colours that it is brought down to.
    pub colors: Option<Colors>,
    /// What the file says of how the picture came about.
    pub disclose: Option<Disclose>,
}

/// What a generated picture's file says of how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disclose {
    /// That a model made it, and which one.
    Model,
    /// The prompt, too.
    Prompt,
    /// This very packet of XMP.
    Packet(String),
}

impl Disclose {
    fn encoded(&self) -> Vec<u8> {
        match self {
            Self::Model => b"model".to_vec(),
            Self::Prompt => b"prompt".to_vec(),
            Self::Packet(packet) => packet.clone().into_bytes(),
        }
    }
}

impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        self.effective() == other.effective()
    }
}

impl Eq for Settings {}

impl Settings {
    /// A format, and nothing else.
    pub const fn of(format: Format) -> Self {
        Self {
            format,
            quality: None,
            lossless: false,
            max_bytes: None,
            width: None,
            height: None,
            fit: Fit::Cover,
            filter: Filter::Lanczos3,
            crop: None,
            cell: None,
            chroma_key: None,
            trim: false,
            rotate: Turn::None,
            flip: Flip::None,
            pad: Pad { top: 0, right: 0, bottom: 0, left: 0 },
            background: None,
            colors: None,
            disclose: None,
        }
    }

    /// The digest that identifies these settings; equal settings have equal digests.
    pub fn digest(&self) -> Digest {
        let mut encoder = Encoder::new();
        for (number, (_, value)) in (1..).zip(self.effective()) {
            encoder.optional(number, value.as_deref());
        }
        encoder.digest(CONTEXT)
    }

    /// Whether the output is the original's bytes as they are: nothing is asked for but the format it already has.
    pub fn is_untouched(&self, original: &Picture) -> bool {
        self.format == original.format && self.effective().iter().skip(1).all(|(_, value)| value.is_none())
    }

    /// Whether the output may show less of the picture, or show it smaller or otherwise than the original does.
    #[cfg(feature = "generate")]
    pub(crate) fn changes_geometry(&self) -> bool {
        let rest = Self {
            quality: None,
            lossless: false,
            max_bytes: None,
            background: None,
            colors: None,
            disclose: None,
            ..self.clone()
        };
        rest != Self::of(self.format)
    }

    /// The width and height that the original is shown at, as far as they are given: turned back, and of the whole sheet where
    /// this is a cell of one.
    pub fn shown_sides(&self) -> (Option<u32>, Option<u32>) {
        let (width, height) = self.inner_sides();
        let (width, height) = if self.rotate.lays() { (height, width) } else { (width, height) };
        let (columns, rows) = self.cell.map_or((1, 1), |cell| (cell.columns, cell.rows));
        (width.map(|width| width.saturating_mul(columns)), height.map(|height| height.saturating_mul(rows)))
    }

    /// The width and height without the room around, as far as they are given; never 0.
    pub(crate) fn inner_sides(&self) -> (Option<u32>, Option<u32>) {
        let without = |side: u32, pad: u32| side.saturating_sub(pad).max(1);
        (
            self.width.map(|width| without(width, self.pad.across())),
            self.height.map(|height| without(height, self.pad.down())),
        )
    }

    /// These settings for another width: a height that is given with the width keeps its proportion to it, and so does the
    /// room around; without a width, the height follows from the picture.
    #[must_use]
    pub fn narrowed(&self, width: u32) -> Self {
        let Some(of) = self.width else { return Self { width: Some(width), height: None, ..self.clone() } };
        let scaled = |side: u32| if side == 0 { 0 } else { follow(side, width, of) };
        let Pad { top, right, bottom, left } = self.pad;
        let pad = Pad { top: scaled(top), right: scaled(right), bottom: scaled(bottom), left: scaled(left) };
        Self { width: Some(width), height: self.height.map(scaled), pad, ..self.clone() }
    }

    /// Each key that takes effect as bytes. A new one comes at the end, so that digests without it stay what they are.
    fn effective(&self) -> [(&'static str, Option<Vec<u8>>); 19] {
        let number = |value: Option<u32>| value.map(|value| value.to_le_bytes().to_vec());
        let text = |value: String| Some(value.into_bytes());
        let both = self.width.and(self.height).is_some();
        let is_scaled = self.width.is_some() || self.height.is_some();
        let is_lossless = self.lossless && self.format.has_lossless();
        let has_quality = self.format.has_quality() && !is_lossless;
        let crop = match self.crop {
            Some(Crop::Focus { x, y }) if both && self.fit == Fit::Cover && (x, y) != Crop::CENTRE => {
                text(format!("{x} {y}"))
            }
            Some(Crop::Rectangle { x, y, width, height }) => text(format!("{x} {y} {width} {height}")),
            Some(Crop::Focus { .. }) | None => None,
        };
        let key = self.chroma_key.as_ref().and_then(|key| {
            let color = key.color.map_or_else(|| "auto".to_string(), |color| color.to_string());
            text(format!("{color} {} {} {}", key.tolerance, key.softness, key.despill))
        });
        let colors = self.colors.as_ref().map(|colors| match colors {
            Colors::Count(count) => count.to_string().into_bytes(),
            Colors::Palette(colors) => colors.iter().map(ToString::to_string).collect::<String>().into_bytes(),
        });
        let cell = self.cell.map(|Cell { columns, rows, column, row }| format!("{columns} {rows} {column} {row}"));
        let Pad { top, right, bottom, left } = self.pad;
        [
            ("format", text(self.format.name().to_string())),
            ("quality", self.quality.filter(|_| has_quality).map(|quality| vec![quality])),
            ("width", number(self.width)),
            ("height", number(self.height)),
            ("fit", both.then(|| self.fit.name().into())),
            ("filter", is_scaled.then(|| self.filter.name().into())),
            ("lossless", is_lossless.then(|| vec![1])),
            ("max_bytes", self.max_bytes.filter(|_| has_quality).map(|bytes| bytes.to_le_bytes().to_vec())),
            ("crop", crop),
            ("cell", cell.map(String::into_bytes)),
            ("chroma_key", key),
            ("trim", self.trim.then(|| vec![1])),
            ("rotate", (self.rotate != Turn::None).then(|| self.rotate.degrees().to_le_bytes().to_vec())),
            ("flip", (self.flip != Flip::None).then(|| self.flip.name().into())),
            ("pad", (!self.pad.is_none()).then(|| format!("{top} {right} {bottom} {left}").into_bytes())),
            ("background", self.background.and_then(|color| text(color.to_string()))),
            ("colors", colors),
            // What scales in the light's own terms gives other pixels than what didn't.
            ("light", (is_scaled && self.filter != Filter::Nearest).then(|| vec![1])),
            ("disclose", self.disclose.as_ref().map(Disclose::encoded)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use crate::picture::{Format, Picture};
    use crate::transform::colour::{ChromaKey, Colors, Rgb};
    use crate::transform::geometry::{Cell, Crop, Flip, Pad, Turn};
    use crate::transform::settings::{Filter, Fit, Settings};

    fn sized(width: Option<u32>, height: Option<u32>, fit: Fit) -> Settings {
        Settings { width, height, fit, ..Settings::of(Format::Png) }
    }

    #[test]
    fn digests_stay_what_they_are() {
        let plain = sized(None, None, Fit::Cover);
        let full = Settings {
            quality: Some(80),
            width: Some(1200),
            height: Some(630),
            fit: Fit::Contain,
            ..Settings::of(Format::Webp)
        };
        let narrow = Settings { format: Format::Jpeg, height: None, ..full.clone() };
        for (settings, expected) in [
            (plain, "b3:4b7c14c43904abfb330503e05b663fa3d9698852c99d7193fde179239aa2d6b6"),
            (full, "b3:2262d88e6221b0c32971eb21bd66e9e1f30a119a918bdc2ffb2d1b7c1b63d13d"),
            (narrow, "b3:13423e497c80bc7f84fc95d514a855877dae1cfd61a668190083a9b25845b4f8"),
        ] {
            assert_eq!(settings.digest().to_string(), expected, "{settings:?}");
        }
    }

    #[test]
    fn settings_are_equal_exactly_when_their_digests_are() {
        let mut all = Vec::new();
        for format in Format::WRITTEN {
            for quality in [None, Some(1), Some(80)] {
                for (width, height) in [(None, None), (Some(8), None), (None, Some(8)), (Some(8), Some(8))] {
                    all.extend(Fit::ALL.map(|fit| Settings { quality, width, height, fit, ..Settings::of(format) }));
                }
            }
        }
        for (index, first) in all.iter().enumerate() {
            for second in &all[index..] {
                assert_eq!(first == second, first.digest() == second.digest(), "{first:?} {second:?}");
            }
        }
    }

    #[test]
    fn what_takes_no_effect_makes_no_difference() {
        let png = sized(Some(8), None, Fit::Cover);
        assert_eq!(png, sized(Some(8), None, Fit::Fill), "the fit needs both sides");
        assert_eq!(png, Settings { quality: Some(3), ..png.clone() }, "png has no quality");
        assert_ne!(sized(Some(8), Some(8), Fit::Cover), sized(Some(8), Some(8), Fit::Fill));
    }

    #[test]
    fn only_a_copy_of_the_same_format_is_untouched() {
        let original = Picture { format: Format::Webp, width: 8, height: 8 };
        let copy = Settings { format: Format::Webp, ..sized(None, None, Fit::Contain) };
        assert!(copy.is_untouched(&original));
        assert!(!Settings { format: Format::Png, ..copy.clone() }.is_untouched(&original));
        assert!(!Settings { quality: Some(80), ..copy.clone() }.is_untouched(&original));
        assert!(!Settings { width: Some(8), ..copy.clone() }.is_untouched(&original));
        assert!(!Settings { height: Some(8), ..copy }.is_untouched(&original));
        let png = Picture { format: Format::Png, ..original };
        assert!(Settings { quality: Some(80), ..sized(None, None, Fit::Cover) }.is_untouched(&png));
    }

    #[test]
    fn fits_are_read_by_their_names() {
        for fit in Fit::ALL {
            assert_eq!(Fit::parse(fit.name()), Some(fit));
        }
        assert_eq!(Fit::parse("Cover"), None);
    }

    /// Settings of which each has one key more than the first one.
    fn each_key() -> Vec<Settings> {
        let plain = Settings { width: Some(64), height: Some(64), ..Settings::of(Format::Webp) };
        let with = |change: &dyn Fn(&mut Settings)| {
            let mut settings = plain.clone();
            change(&mut settings);
            settings
        };
        vec![
            plain.clone(),
            with(&|one| one.quality = Some(7)),
            with(&|one| one.lossless = true),
            with(&|one| one.max_bytes = Some(7)),
            with(&|one| one.width = Some(7)),
            with(&|one| one.height = Some(7)),
            with(&|one| one.fit = Fit::Fill),
            with(&|one| one.filter = Filter::Nearest),
            with(&|one| one.crop = Crop::named("top")),
            with(&|one| one.crop = Some(Crop::Rectangle { x: 0, y: 0, width: 7, height: 7 })),
            with(&|one| one.cell = Some(Cell { columns: 2, rows: 1, column: 0, row: 0 })),
            with(&|one| one.cell = Some(Cell { columns: 2, rows: 1, column: 1, row: 0 })),
            with(&|one| one.chroma_key = Some(ChromaKey::of(None))),
            with(&|one| one.chroma_key = Some(ChromaKey::of(Some(Rgb([0, 255, 0]))))),
            with(&|one| one.chroma_key = Some(ChromaKey { tolerance: 1, ..ChromaKey::of(None) })),
            with(&|one| one.chroma_key = Some(ChromaKey { softness: 1, ..ChromaKey::of(None) })),
            with(&|one| one.chroma_key = Some(ChromaKey { despill: false, ..ChromaKey::of(None) })),
            with(&|one| one.trim = true),
            with(&|one| one.rotate = Turn::Quarter),
            with(&|one| one.flip = Flip::Horizontal),
            with(&|one| one.pad = Pad { top: 1, ..Pad::default() }),
            with(&|one| one.pad = Pad { left: 1, ..Pad::default() }),
            with(&|one| one.background = Some(Rgb([0; 3]))),
            with(&|one| one.colors = Some(Colors::Count(7))),
            with(&|one| one.colors = Some(Colors::Palette(vec![Rgb([0; 3])]))),
            with(&|one| one.format = Format::Avif),
        ]
    }

    #[test]
    fn each_key_makes_a_difference() {
        let all = each_key();
        for (index, first) in all.iter().enumerate() {
            for second in &all[index + 1..] {
                assert_ne!(first.digest(), second.digest(), "{first:?} {second:?}");
                assert_ne!(first, second);
            }
        }
    }

    #[test]
    fn another_width_keeps_proportions() {
        let pad = Pad { top: 10, right: 20, bottom: 0, left: 40 };
        let main = Settings { width: Some(400), height: Some(300), pad, ..Settings::of(Format::Png) };
        let narrow = main.narrowed(100);
        assert_eq!((narrow.width, narrow.height), (Some(100), Some(75)));
        assert_eq!(narrow.pad, Pad { top: 3, right: 5, bottom: 0, left: 10 });
        let open = Settings { width: None, height: Some(300), ..main }.narrowed(100);
        assert_eq!((open.width, open.height), (Some(100), None));
    }

    #[test]
    fn the_shape_that_is_asked_for_is_that_of_the_whole_sheet_upright() {
        let cell = Settings {
            width: Some(64),
            height: Some(32),
            pad: Pad { left: 4, ..Pad::default() },
            cell: Some(Cell { columns: 4, rows: 2, column: 0, row: 0 }),
            ..Settings::of(Format::Png)
        };
        assert_eq!(cell.shown_sides(), (Some(240), Some(64)));
        let laid = Settings { rotate: Turn::Quarter, cell: None, ..cell };
        assert_eq!(laid.shown_sides(), (Some(32), Some(60)));
    }
}
