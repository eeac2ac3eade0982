//! How many pixels a size stands for, and which of them a model draws.

/// Width and height.
pub(super) type Size = (u32, u32);

/// The longest side that these servers draw.
const LONGEST_SIDE: u32 = 16_384;

/// `WIDTHxHEIGHT` in plain digits, and nothing else.
pub(super) fn pixels(size: &str) -> Option<Size> {
    let parse = |digits: &str| {
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        digits.parse().ok().filter(|side| is_plain && *side <= LONGEST_SIDE)
    };
    let (width, height) = size.split_once('x')?;
    Some((parse(width)?, parse(height)?))
}

/// `16:9` as a number.
pub(super) fn ratio(text: &str) -> f64 {
    let (width, height) = text.split_once(':').expect("a ratio is WIDTH:HEIGHT");
    let side = |side: &str| side.parse::<f64>().expect("a ratio is made of numbers");
    side(width) / side(height)
}

pub(super) fn ratio_of((width, height): Size) -> f64 {
    f64::from(width) / f64::from(height)
}

/// The one of these ratios that comes nearest.
pub(super) fn nearest<'known>(wanted: f64, known: &[&'known str]) -> &'known str {
    let distance = |text: &str| (ratio(text) / wanted).ln().abs();
    known.iter().copied().min_by(|a, b| distance(a).total_cmp(&distance(b))).expect("a model draws some ratio")
}

/// The side of a tier's square.
pub(super) fn side(tier: &str) -> u32 {
    match tier {
        "512" => 512,
        "1K" => 1024,
        "2K" => 2048,
        "3K" => 3072,
        "4K" => 4096,
        other => unreachable!("{other} is no tier"),
    }
}

/// The tier whose square comes nearest to so many pixels.
pub(super) fn tier_of((width, height): Size) -> &'static str {
    let area = f64::from(width) * f64::from(height);
    let distance = |tier: &str| (f64::from(side(tier)).powi(2) / area).ln().abs();
    let tiers = ["512", "1K", "2K", "4K"];
    tiers.into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).expect("there are four")
}

/// What a model draws, in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) least: u64,
    pub(super) most: u64,
    /// The longer side is at most so many times the shorter one.
    pub(super) stretch: u32,
    /// Both sides are multiples of this.
    pub(super) step: u32,
    pub(super) longest: u32,
}

impl Bounds {
    pub(super) fn check(&self, (width, height): Size) -> Result<(), String> {
        let Bounds { least, most, stretch, step, longest } = *self;
        let area = u64::from(width) * u64::from(height);
        let (long, short) = (width.max(height), width.min(height));
        if area < least {
            return Err(format!("image size must be at least {least} pixels"));
        }
        if area > most {
            return Err(format!("image size must be at most {most} pixels"));
        }
        if long > short.saturating_mul(stretch) {
            return Err(format!("the aspect ratio must lie between 1:{stretch} and {stretch}:1"));
        }
        if width % step != 0 || height % step != 0 || long > longest {
            return Err(format!("sides must be multiples of {step} and at most {longest}"));
        }
        Ok(())
    }
}

const SEEDREAM: Bounds = Bounds { least: 3_686_400, most: 16_777_216, stretch: 16, step: 1, longest: LONGEST_SIDE };

pub(super) const SEEDREAM_4_5: Bounds = SEEDREAM;
pub(super) const SEEDREAM_5: Bounds = Bounds { most: 10_404_496, ..SEEDREAM };
pub(super) const SEEDREAM_4: Bounds = Bounds { least: 921_600, ..SEEDREAM };

/// OpenAI docs: free sizes from gpt-image-2 on.
pub(super) const GPT_IMAGE_2: Bounds = Bounds { least: 655_360, most: 8_294_400, stretch: 3, step: 16, longest: 3840 };

/// Alibaba Model Studio's docs for Wan 2.7.
pub(super) const WAN: Bounds = Bounds { least: 589_824, most: 4_194_304, stretch: 8, step: 1, longest: LONGEST_SIDE };
pub(super) const WAN_PRO: Bounds = Bounds { most: 16_777_216, ..WAN };

/// Google docs: what Gemini draws at 1K. Other tiers are multiples.
const GEMINI_1K: [(&str, u32, u32); 14] = [
    ("1:1", 1024, 1024),
    ("2:3", 848, 1264),
    ("3:2", 1264, 848),
    ("3:4", 896, 1200),
    ("4:3", 1200, 896),
    ("4:5", 928, 1152),
    ("5:4", 1152, 928),
    ("9:16", 768, 1376),
    ("16:9", 1376, 768),
    ("21:9", 1584, 672),
    ("1:4", 512, 2048),
    ("4:1", 2048, 512),
    ("1:8", 384, 3072),
    ("8:1", 3072, 384),
];

/// ModelArk docs: what Seedream draws at 2K.
const SEEDREAM_2K: [(&str, u32, u32); 8] = [
    ("1:1", 2048, 2048),
    ("3:4", 1728, 2304),
    ("4:3", 2304, 1728),
    ("16:9", 2848, 1600),
    ("9:16", 1600, 2848),
    ("3:2", 2496, 1664),
    ("2:3", 1664, 2496),
    ("21:9", 3136, 1344),
];

const SEEDREAM_4K: [(&str, u32, u32); 8] = [
    ("1:1", 4096, 4096),
    ("3:4", 3520, 4704),
    ("4:3", 4704, 3520),
    ("16:9", 5504, 3040),
    ("9:16", 3040, 5504),
    ("3:2", 4992, 3328),
    ("2:3", 3328, 4992),
    ("21:9", 6240, 2656),
];

pub(super) fn gemini(tier: &str, ratio: &str) -> Size {
    match find(&GEMINI_1K, ratio) {
        Some((width, height)) => (width * side(tier) / 1024, height * side(tier) / 1024),
        None => plain(tier, ratio),
    }
}

pub(super) fn seedream(tier: &str, ratio: &str) -> Size {
    let drawn = match tier {
        "2K" => find(&SEEDREAM_2K, ratio),
        "4K" => find(&SEEDREAM_4K, ratio),
        _ => None,
    };
    drawn.unwrap_or_else(|| plain(tier, ratio))
}

/// GPT Image has no tiers: a square of 1024, else a long side of 1536.
pub(super) fn gpt_image(ratio_text: &str) -> Size {
    let wanted = ratio(ratio_text);
    let short = rounded(1536.0 / wanted.max(1.0 / wanted));
    match ratio_text {
        "1:1" => (1024, 1024),
        _ if wanted > 1.0 => (1536, short),
        _ => (short, 1536),
    }
}

/// About the area of a tier's square, in multiples of 16.
pub(super) fn plain(tier: &str, ratio_text: &str) -> Size {
    let (side, root) = (f64::from(side(tier)), ratio(ratio_text).sqrt());
    (rounded(side * root), rounded(side / root))
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a side is a small positive number")]
fn rounded(side: f64) -> u32 {
    ((side / 16.0).round() as u32).max(1) * 16
}

fn find(table: &[(&str, u32, u32)], ratio: &str) -> Option<Size> {
    table.iter().find(|(known, ..)| *known == ratio).map(|(_, width, height)| (*width, *height))
}
