//! What an output is made with: format, quality and size, and the arithmetic of sizes.
//!
//! Pure values. Must not know of pixels or image codecs, so that a plan can be made without them.

use crate::digest::{Digest, Encoder};
use crate::picture::{Format, Picture};

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

/// How an output is made from an original; two settings that take the same effect are equal.
///
/// Only pixels are carried over: an output that is no untouched copy has no metadata and no colour profile, is upright
/// as its EXIF orientation says, and has eight bits a channel. Of an animation, it is the first frame.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The output's file format.
    pub format: Format,
    /// 1 to 100, for formats that have it; without it, 85 for JPEG and 80 for WebP, which is always written lossy.
    pub quality: Option<u8>,
    /// The width in pixels; without it, it follows from the height.
    pub width: Option<u32>,
    /// The height in pixels; without it, it follows from the width.
    pub height: Option<u32>,
    /// Takes effect when both sides are given.
    pub fit: Fit,
}

/// Settings without what takes no effect.
#[derive(PartialEq, Eq)]
struct Effective {
    format: Format,
    quality: Option<u8>,
    width: Option<u32>,
    height: Option<u32>,
    fit: Option<Fit>,
}

impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        self.effective() == other.effective()
    }
}

impl Eq for Settings {}

impl Settings {
    /// The digest that identifies these settings; equal settings have equal digests.
    pub fn digest(&self) -> Digest {
        let effective = self.effective();
        let mut encoder = Encoder::new();
        encoder
            .field(1, effective.format.name().as_bytes())
            .optional(2, effective.quality.map(|quality| [quality]).as_ref().map(<[u8; 1]>::as_slice))
            .optional(3, effective.width.map(u32::to_le_bytes).as_ref().map(<[u8; 4]>::as_slice))
            .optional(4, effective.height.map(u32::to_le_bytes).as_ref().map(<[u8; 4]>::as_slice))
            .optional(5, effective.fit.map(|fit| fit.name().as_bytes()));
        encoder.digest(CONTEXT)
    }

    /// Whether the output is the original's bytes as they are: nothing is asked for but the format it already has.
    pub fn is_untouched(&self, original: &Picture) -> bool {
        let effective = self.effective();
        effective.format == original.format
            && effective.quality.is_none()
            && effective.width.is_none()
            && effective.height.is_none()
    }

    /// Whether the output may show less of the picture, or show it smaller, than the original does.
    #[cfg(feature = "generate")]
    pub(crate) fn changes_geometry(&self) -> bool {
        self.width.is_some() || self.height.is_some()
    }

    /// The output's width and height in pixels, from those of the original once it is upright; never 0.
    pub fn dimensions(&self, original: (u32, u32)) -> (u32, u32) {
        match (self.width, self.height, self.fit) {
            (Some(width), Some(height), Fit::Inside) => within(original, (width, height)),
            (Some(width), Some(height), Fit::Cover | Fit::Contain | Fit::Fill) => (width.max(1), height.max(1)),
            (Some(width), None, _) => (width.max(1), follow(original.1, width, original.0)),
            (None, Some(height), _) => (follow(original.0, height, original.1), height.max(1)),
            (None, None, _) => (original.0.max(1), original.1.max(1)),
        }
    }

    /// The width and height to which the picture itself is scaled: less than [`Self::dimensions`] where it is padded.
    #[cfg(feature = "generate")]
    pub(crate) fn scaled_dimensions(&self, original: (u32, u32)) -> (u32, u32) {
        match (self.width, self.height, self.fit) {
            (Some(width), Some(height), Fit::Contain) => within(original, (width, height)),
            _ => self.dimensions(original),
        }
    }

    /// The fit, if it takes effect.
    #[cfg(feature = "generate")]
    pub(crate) fn effective_fit(&self) -> Option<Fit> {
        self.effective().fit
    }

    fn effective(&self) -> Effective {
        Effective {
            format: self.format,
            quality: self.quality.filter(|_| self.format.has_quality()),
            width: self.width,
            height: self.height,
            fit: self.width.and(self.height).map(|_| self.fit),
        }
    }
}

/// The largest size of the original's ratio within the box.
fn within(original: (u32, u32), (width, height): (u32, u32)) -> (u32, u32) {
    let width_decides = u64::from(width) * u64::from(original.1) <= u64::from(height) * u64::from(original.0);
    if width_decides {
        (width.max(1), follow(original.1, width, original.0))
    } else {
        (follow(original.0, height, original.1), height.max(1))
    }
}

/// `side` times `given / of`, rounded, at least 1.
fn follow(side: u32, given: u32, of: u32) -> u32 {
    let of = u64::from(of.max(1));
    let rounded = (u64::from(side) * u64::from(given) + of / 2) / of;
    u32::try_from(rounded).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use crate::picture::{Format, Picture};
    use crate::transform::settings::{Fit, Settings};

    fn sized(width: Option<u32>, height: Option<u32>, fit: Fit) -> Settings {
        Settings { format: Format::Png, quality: None, width, height, fit }
    }

    #[test]
    fn dimensions_follow_the_fit() {
        let wide = (2000, 1000);
        for (fit, expected) in
            [(Fit::Cover, (300, 300)), (Fit::Contain, (300, 300)), (Fit::Inside, (300, 150)), (Fit::Fill, (300, 300))]
        {
            assert_eq!(sized(Some(300), Some(300), fit).dimensions(wide), expected, "{fit:?}");
        }
    }

    #[test]
    fn a_missing_side_follows_by_ratio_whatever_the_fit() {
        for fit in Fit::ALL {
            for (width, height, original, expected) in [
                (None, None, (640, 480), (640, 480)),
                (Some(320), None, (640, 480), (320, 240)),
                (None, Some(960), (640, 480), (1280, 960)),
                (Some(100), None, (3, 2), (100, 67)),
                (Some(1), None, (16_384, 3), (1, 1)),
                (None, Some(1), (3, 16_384), (1, 1)),
                (Some(u32::MAX), None, (1, 16_384), (u32::MAX, u32::MAX)),
                (Some(0), None, (10, 10), (1, 1)),
            ] {
                assert_eq!(sized(width, height, fit).dimensions(original), expected, "{width:?} {height:?} {fit:?}");
            }
        }
    }

    #[test]
    fn inside_never_leaves_its_box_and_touches_one_side() {
        for original in [(1, 1), (7, 3), (3, 7), (1000, 999), (16_384, 1), (1, 16_384), (640, 480)] {
            for target in [(1, 1), (10, 10), (33, 7), (7, 33), (4000, 3), (999, 1000)] {
                let (width, height) = sized(Some(target.0), Some(target.1), Fit::Inside).dimensions(original);
                assert!(width <= target.0 && height <= target.1, "{original:?} in {target:?}: {width}x{height}");
                assert!(width == target.0 || height == target.1, "{original:?} in {target:?}: {width}x{height}");
                assert!(width >= 1 && height >= 1);
            }
        }
    }

    #[test]
    fn digests_stay_what_they_are() {
        let plain = sized(None, None, Fit::Cover);
        let full = Settings {
            format: Format::Webp,
            quality: Some(80),
            width: Some(1200),
            height: Some(630),
            fit: Fit::Contain,
        };
        let narrow = Settings { format: Format::Jpeg, height: None, ..full.clone() };
        for (settings, expected) in [
            (plain, "b3:4b7c14c43904abfb330503e05b663fa3d9698852c99d7193fde179239aa2d6b6"),
            (full, "b3:db42617d40bf29054bc161bd67bc2bb9af8d6e5bb0c7d016f20739c62ce5150e"),
            (narrow, "b3:19e085b8a199f1f0bbde6cd5c89731f699617b7018c195b0f923ca5c8df66f44"),
        ] {
            assert_eq!(settings.digest().to_string(), expected, "{settings:?}");
        }
    }

    #[test]
    fn settings_are_equal_exactly_when_their_digests_are() {
        let mut all = Vec::new();
        for format in Format::ALL {
            for quality in [None, Some(1), Some(80)] {
                for (width, height) in [(None, None), (Some(8), None), (None, Some(8)), (Some(8), Some(8))] {
                    all.extend(Fit::ALL.map(|fit| Settings { format, quality, width, height, fit }));
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
}
