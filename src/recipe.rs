//! The recipe: everything that decides what a model draws, and nothing else. Its digest is the fingerprint.
//!
//! Knows no provider, no price, no limit, no output: none of them may change what is paid for again.

use std::collections::BTreeMap;
use std::fmt;

use crate::digest::{Digest, Encoder};

/// The derive-key context of fingerprints. A new version makes every picture new: never change it lightly.
const CONTEXT: &str = "tintype 2026-11 recipe v1";

/// The fingerprint of a recipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub Digest);

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// All ingredients of a picture. Each field is one; each has a test that it counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// The vendor-neutral name of the model.
    pub model: String,
    /// The wording, with runs of white space folded ([`fold_white_space`]).
    pub prompt: String,
    /// What was written, not what a vendor is asked for. `None`: the model's own default.
    pub size: Option<Size>,
    /// Width to height in lowest terms.
    pub aspect_ratio: Option<Ratio>,
    /// The pictures shown to the model, in order.
    pub references: Vec<Reference>,
    /// The sampling seed.
    pub seed: Option<u64>,
    /// How much work the model is to put in.
    pub quality: Option<Quality>,
    /// Whether the ground behind the picture is to be transparent.
    pub background: Option<Background>,
    /// What not to draw, with runs of white space folded.
    pub negative_prompt: Option<String>,
    /// Never sent: tells two pictures of one wording apart.
    pub variant: Option<u64>,
    /// Vendor fields by provider.
    pub options: BTreeMap<String, BTreeMap<String, Value>>,
}

/// A reference picture, by content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Where it came from, for people: not part of the fingerprint.
    pub origin: Origin,
    /// The digest of its bytes.
    pub hash: Digest,
    /// What the model is told that it shows.
    pub hint: Option<String>,
}

/// Where a reference's bytes come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A file of the project, with `/` and relative to the manifest.
    Path(String),
    /// Another asset's original.
    Asset(String),
    /// A picture on the web.
    Url(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => formatter.write_str(path),
            Self::Asset(name) => write!(formatter, "asset:{name}"),
            Self::Url(url) => formatter.write_str(url),
        }
    }
}

/// A size as written in the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Size {
    /// `WIDTHxHEIGHT` in pixels.
    Pixels {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// A tier that some models know: `512`, `1K`, `2K`, `3K`, `4K`.
    Tier(String),
    /// Derived from the output's shape.
    Auto,
}

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pixels { width, height } => write!(formatter, "{width}x{height}"),
            Self::Tier(tier) => formatter.write_str(tier),
            Self::Auto => formatter.write_str("auto"),
        }
    }
}

/// The names of the tiers, smallest first, with the side of the square that each stands for.
pub const TIERS: [(&str, u32); 5] = [("512", 512), ("1K", 1024), ("2K", 2048), ("3K", 3072), ("4K", 4096)];

impl Size {
    /// Reads `1024x768`, a tier or `auto`; `None` if it is none of them.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "auto" {
            return Some(Self::Auto);
        }
        if let Some((tier, _)) = TIERS.iter().find(|(tier, _)| tier.eq_ignore_ascii_case(text)) {
            return Some(Self::Tier((*tier).to_string()));
        }
        let (width, height) = text.split_once('x')?;
        let side = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse::<u32>().ok()).flatten().filter(|side| *side > 0)
        };
        Some(Self::Pixels { width: side(width)?, height: side(height)? })
    }
}

/// A ratio of width to height, in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    /// The width's share.
    pub width: u32,
    /// The height's share.
    pub height: u32,
}

impl Ratio {
    /// The ratio of two sides, reduced.
    pub fn of(width: u32, height: u32) -> Self {
        let divisor = greatest_common_divisor(width, height).max(1);
        Self { width: width / divisor, height: height / divisor }
    }

    /// Reads `16:9`, or `9:19.5`; `None` if it isn't two positive numbers with at most one decimal.
    pub fn parse(text: &str) -> Option<Self> {
        let (width, height) = text.split_once(':')?;
        let tenths = |number: &str| {
            let (whole, decimal) = number.split_once('.').unwrap_or((number, "0"));
            let is_plain = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            let tenth =
                decimal.parse::<u32>().ok().filter(|_| is_plain(whole) && is_plain(decimal) && decimal.len() == 1)?;
            whole.parse::<u32>().ok()?.checked_mul(10)?.checked_add(tenth).filter(|share| *share > 0)
        };
        Some(Self::of(tenths(width.trim())?, tenths(height.trim())?))
    }

    /// Width divided by height.
    pub fn value(self) -> f64 {
        f64::from(self.width) / f64::from(self.height)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.width, self.height)
    }
}

const fn greatest_common_divisor(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// How much work the model is to put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quality {
    /// As the model sees fit.
    Auto,
    /// Quick.
    Low,
    /// In between.
    Medium,
    /// Careful.
    High,
}

impl Quality {
    /// All qualities, in the order in which messages list them.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Low, Self::Medium, Self::High];

    /// The name in manifests and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// Reads a name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quality| quality.name() == text)
    }
}

/// The ground behind the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Background {
    /// As the model sees fit.
    Auto,
    /// With an alpha channel.
    Transparent,
    /// Without.
    Opaque,
}

impl Background {
    /// All backgrounds, in the order in which messages list them.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Transparent, Self::Opaque];

    /// The name in manifests and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Transparent => "transparent",
            Self::Opaque => "opaque",
        }
    }

    /// Reads a name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|background| background.name() == text)
    }
}

/// A value of a vendor's field, as written under `options`.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text.
    String(String),
    /// A whole number.
    Integer(i64),
    /// A finite number.
    Float(f64),
    /// True or false.
    Boolean(bool),
    /// A list.
    Array(Vec<Value>),
    /// A table.
    Table(BTreeMap<String, Value>),
}

impl Value {
    fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::new();
        match self {
            Self::String(text) => encoder.field(b's', text.as_bytes()),
            Self::Integer(number) => encoder.field(b'i', &number.to_le_bytes()),
            // One zero, so that -0.0 and 0.0 are one number.
            Self::Float(number) => encoder.field(b'f', &(number + 0.0).to_bits().to_le_bytes()),
            Self::Boolean(truth) => encoder.field(b'b', &[u8::from(*truth)]),
            Self::Array(items) => {
                let mut list = Encoder::new();
                for item in items {
                    list.field(b'v', &item.encode());
                }
                encoder.field(b'a', &list.finish())
            }
            Self::Table(entries) => encoder.field(b't', &encode_table(entries)),
        };
        encoder.finish()
    }
}

fn encode_table(entries: &BTreeMap<String, Value>) -> Vec<u8> {
    let mut encoder = Encoder::new();
    for (key, value) in entries {
        encoder.field(b'k', key.as_bytes()).field(b'v', &value.encode());
    }
    encoder.finish()
}

/// What is said of references with these hints, in their order.
pub(crate) fn hints<'a>(hints: impl Iterator<Item = Option<&'a str>>) -> String {
    let said =
        |(index, hint): (usize, Option<&str>)| Some(format!("Image {} is {}.", index + 1, hint?.trim_end_matches('.')));
    hints.enumerate().filter_map(said).collect::<Vec<_>>().join(" ")
}

impl Recipe {
    /// What is said of the references before the wording: `Image 1 is the helmet.` Nothing where none has a hint.
    pub fn hints(&self) -> String {
        hints(self.references.iter().map(|reference| reference.hint.as_deref()))
    }

    /// A recipe of nothing but a model and a wording.
    pub fn new(model: impl Into<String>, prompt: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            prompt: prompt.into(),
            size: None,
            aspect_ratio: None,
            references: Vec::new(),
            seed: None,
            quality: None,
            background: None,
            negative_prompt: None,
            variant: None,
            options: BTreeMap::new(),
        }
    }

    /// The fingerprint: the digest of the canonical encoding, in which an absent ingredient is absent.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut encoder = Encoder::new();
        encoder.field(1, self.model.as_bytes());
        encoder.field(2, self.prompt.as_bytes());
        encoder.optional(3, self.size.as_ref().map(Size::to_string).as_deref().map(str::as_bytes));
        encoder.optional(4, self.aspect_ratio.map(|ratio| ratio.to_string()).as_deref().map(str::as_bytes));
        for reference in &self.references {
            let mut nested = Encoder::new();
            nested.field(1, reference.hash.as_bytes());
            nested.optional(2, reference.hint.as_deref().map(str::as_bytes));
            encoder.field(5, &nested.finish());
        }
        encoder.optional(6, self.seed.map(u64::to_le_bytes).as_ref().map(<[u8; 8]>::as_slice));
        encoder.optional(7, self.quality.map(|quality| quality.name().as_bytes()));
        encoder.optional(8, self.variant.map(u64::to_le_bytes).as_ref().map(<[u8; 8]>::as_slice));
        for (provider, fields) in &self.options {
            if !fields.is_empty() {
                let mut nested = Encoder::new();
                nested.field(1, provider.as_bytes()).field(2, &encode_table(fields));
                encoder.field(9, &nested.finish());
            }
        }
        encoder.optional(10, self.background.map(|background| background.name().as_bytes()));
        encoder.optional(11, self.negative_prompt.as_deref().map(str::as_bytes));
        Fingerprint(encoder.digest(CONTEXT))
    }
}

/// The wording without what doesn't count: runs of white space become one space, none at the ends.
pub fn fold_white_space(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use crate::digest::Digest;
    use crate::recipe::{Background, Origin, Quality, Ratio, Recipe, Reference, Size, Value, fold_white_space};

    fn plain() -> Recipe {
        Recipe::new("seedream-4.5", "a red panda on a mossy moon")
    }

    fn reference(bytes: &[u8], path: &str) -> Reference {
        Reference { origin: Origin::Path(path.to_string()), hash: Digest::of(bytes), hint: None }
    }

    fn hinted(hint: &str) -> Vec<Reference> {
        let mut references = rich().references;
        references[0].hint = Some(hint.to_string());
        references
    }

    fn rich() -> Recipe {
        let fields = BTreeMap::from([
            ("style".to_string(), Value::String("bold".to_string())),
            ("steps".to_string(), Value::Integer(30)),
            ("guidance".to_string(), Value::Float(2.5)),
            ("raw".to_string(), Value::Boolean(true)),
            ("list".to_string(), Value::Array(vec![Value::Integer(1), Value::Table(BTreeMap::new())])),
        ]);
        Recipe {
            size: Size::parse("2560x1440"),
            aspect_ratio: Ratio::parse("16:9"),
            references: vec![reference(b"one", "art/one.png"), reference(b"two", "art/two.png")],
            seed: Some(7),
            quality: Some(Quality::High),
            variant: Some(2),
            options: BTreeMap::from([("studio".to_string(), fields)]),
            ..plain()
        }
    }

    /// These digests stand in lockfiles everywhere: a change here buys every picture again.
    #[test]
    fn fingerprints_stay_what_they_are_for_ever() {
        for (recipe, golden) in [
            (plain(), "b3:71c3e33ba4b123f7e26df7291dc421a5171a5cbbda3020236e8591365d66727e"),
            (rich(), "b3:03436db7209d90e39b03bdf4667d69d31f1876e44795e807f4bbc98207f1ee75"),
            (
                Recipe { size: Some(Size::Auto), aspect_ratio: Ratio::parse("1280:720"), ..plain() },
                "b3:2fd7a0b0e9539468800a5b979ee638c0bbb10d1b8fa378633d706b56e94de6c9",
            ),
        ] {
            assert_eq!(recipe.fingerprint().to_string(), golden);
        }
    }

    #[test]
    fn every_ingredient_counts() {
        let other_options =
            |value| BTreeMap::from([("studio".to_string(), BTreeMap::from([("steps".to_string(), value)]))]);
        let changed = [
            ("model", Recipe { model: "seedream-4.0".to_string(), ..rich() }),
            ("prompt", Recipe { prompt: "a red panda on a dusty moon".to_string(), ..rich() }),
            ("size", Recipe { size: Size::parse("2560x1441"), ..rich() }),
            ("no size", Recipe { size: None, ..rich() }),
            ("tier", Recipe { size: Size::parse("2K"), ..rich() }),
            ("aspect ratio", Recipe { aspect_ratio: Ratio::parse("4:3"), ..rich() }),
            (
                "reference bytes",
                Recipe { references: vec![reference(b"one", "a"), reference(b"three", "b")], ..rich() },
            ),
            ("reference order", Recipe { references: vec![reference(b"two", "a"), reference(b"one", "b")], ..rich() }),
            ("fewer references", Recipe { references: vec![reference(b"one", "a")], ..rich() }),
            ("seed", Recipe { seed: Some(8), ..rich() }),
            ("no seed", Recipe { seed: None, ..rich() }),
            ("quality", Recipe { quality: Some(Quality::Low), ..rich() }),
            ("a hint", Recipe { references: hinted("the helmet"), ..rich() }),
            ("another hint", Recipe { references: hinted("the boots"), ..rich() }),
            ("negative prompt", Recipe { negative_prompt: Some("text".to_string()), ..rich() }),
            ("background", Recipe { background: Some(Background::Transparent), ..rich() }),
            ("another background", Recipe { background: Some(Background::Opaque), ..rich() }),
            ("variant", Recipe { variant: Some(3), ..rich() }),
            ("option value", Recipe { options: other_options(Value::Integer(31)), ..rich() }),
            ("option type", Recipe { options: other_options(Value::Float(30.0)), ..rich() }),
            ("no options", Recipe { options: BTreeMap::new(), ..rich() }),
        ];
        let mut seen = vec![("nothing", rich().fingerprint())];
        for (what, recipe) in changed {
            let fingerprint = recipe.fingerprint();
            for (other, known) in &seen {
                assert_ne!(fingerprint, *known, "{what} and {other} give one fingerprint");
            }
            seen.push((what, fingerprint));
        }
    }

    #[test]
    fn what_doesnt_decide_the_picture_doesnt_count() {
        let moved = vec![reference(b"one", "elsewhere/x.png"), reference(b"two", "art/two.png")];
        assert_eq!(Recipe { references: moved, ..rich() }.fingerprint(), rich().fingerprint(), "a reference's path");
        let empty = BTreeMap::from([("aisa".to_string(), BTreeMap::new())]);
        assert_eq!(Recipe { options: empty, ..plain() }.fingerprint(), plain().fingerprint(), "an empty table");
        assert_eq!(Ratio::parse("1280:720"), Ratio::parse("16:9"), "an unreduced ratio");
        assert_eq!(fold_white_space("  a\n  red\u{a0}panda\t"), "a red panda", "white space");
        let zero = |number| Recipe {
            options: BTreeMap::from([("x".to_string(), BTreeMap::from([("f".to_string(), Value::Float(number))]))]),
            ..plain()
        };
        assert_eq!(zero(0.0).fingerprint(), zero(-0.0).fingerprint(), "the sign of zero");
    }

    #[test]
    fn sizes_are_read_strictly() {
        for text in ["", "x", "1024", "1024x", "x1024", "0x5", "1024X768", "+1x1", "1024x768x3", "5K", " 1x1"] {
            assert_eq!(Size::parse(text), None, "{text}");
        }
        for text in ["", ":", "16", "0:9", "16:9:1", "1.55:1", "1.:1", ".5:1", "-1:2", "+1:2", "99999999999:1"] {
            assert_eq!(Ratio::parse(text), None, "{text}");
        }
        assert_eq!(Ratio::parse("9:19.5"), Some(Ratio { width: 6, height: 13 }));
        assert_eq!(Size::parse("2k"), Some(Size::Tier("2K".to_string())));
        assert_eq!(Size::parse("1x1"), Some(Size::Pixels { width: 1, height: 1 }));
    }

    fn any_recipe() -> impl Strategy<Value = Recipe> {
        let words = "[a-c ]{0,4}";
        (
            words,
            words,
            proptest::option::of(0..3_u64),
            proptest::option::of(0..3_u64),
            proptest::collection::vec("[ab]", 0..3),
        )
            .prop_map(|(model, prompt, seed, variant, references)| Recipe {
                model,
                prompt,
                seed,
                variant,
                references: references.iter().map(|bytes| reference(bytes.as_bytes(), "same")).collect(),
                ..plain()
            })
    }

    proptest! {
        #[test]
        fn two_recipes_have_one_fingerprint_only_if_they_are_one(one in any_recipe(), other in any_recipe()) {
            prop_assert_eq!(one == other, one.fingerprint() == other.fingerprint());
        }
    }
}
