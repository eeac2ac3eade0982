//! OpenRouter docs, `GET /api/v1/images/models`, 2026: what each model takes of the common request.

use crate::vendor::sizes::{self, Bounds, Size};

use super::gemini;

/// What a model's endpoint supports.
#[derive(Clone, Copy, Debug)]
pub(super) struct Model {
    /// Other ratios are clamped to these; none where the model draws any.
    pub(super) ratios: &'static [&'static str],
    pub(super) tiers: &'static [&'static str],
    pub(super) usual_tier: &'static str,
    /// What explicit pixels must keep to.
    pub(super) bounds: Option<Bounds>,
    pub(super) most_images: i64,
    pub(super) most_references: usize,
    knobs: &'static [Knob],
    pub(super) cost_usd: f64,
    family: Family,
}

/// What one model takes and another doesn't.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Knob {
    Seed,
    Transparency,
    OutputFormat,
    Quality,
}

/// How a tier and a ratio become pixels.
#[derive(Clone, Copy, Debug)]
enum Family {
    Gemini,
    GptImage,
    Seedream,
    Other,
}

const ALL_TIERS: [&str; 4] = ["512", "1K", "2K", "4K"];

/// A model of which nothing is said: whatever the schema takes, one picture at a time.
const UNSPECIFIED: Model = Model {
    ratios: &[],
    tiers: &ALL_TIERS,
    usual_tier: "1K",
    bounds: None,
    most_images: 1,
    most_references: 16,
    knobs: &[Knob::Seed, Knob::OutputFormat],
    cost_usd: 0.04,
    family: Family::Other,
};

const SEEDREAM: Model = Model {
    tiers: &["2K", "4K"],
    usual_tier: "2K",
    bounds: Some(sizes::SEEDREAM_4_5),
    most_references: 14,
    family: Family::Seedream,
    ..UNSPECIFIED
};

/// OpenAI's models have no tiers and no seed.
const GPT_IMAGE: Model = Model {
    ratios: &["1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "21:9"],
    tiers: &[],
    most_images: 10,
    knobs: &[Knob::Transparency, Knob::OutputFormat, Knob::Quality],
    cost_usd: 0.053,
    family: Family::GptImage,
    ..UNSPECIFIED
};

const GEMINI: Model = Model {
    ratios: &gemini::RATIOS,
    tiers: &gemini::TIERS,
    most_references: gemini::MOST_REFERENCES,
    knobs: &[Knob::Seed],
    cost_usd: 0.134,
    family: Family::Gemini,
    ..UNSPECIFIED
};

/// The ratios of Gemini's newer models.
const WIDE: [&str; 14] =
    ["1:1", "1:4", "4:1", "1:8", "8:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"];

const GROK: Model = Model {
    ratios: &["1:1", "3:4", "4:3", "9:16", "16:9", "2:3", "3:2", "9:19.5", "19.5:9", "9:20", "20:9", "1:2", "2:1"],
    tiers: &["1K", "2K"],
    knobs: &[Knob::OutputFormat],
    cost_usd: 0.05,
    ..UNSPECIFIED
};

impl Model {
    /// The model of a name; nothing where there is none.
    pub(super) fn named(name: &str) -> Option<Model> {
        let model = match name {
            "bytedance-seed/seedream-4.5" => SEEDREAM,
            "bytedance-seed/seedream-5-0-pro" => {
                Model { tiers: &["1K", "2K"], bounds: None, cost_usd: 0.045, ..SEEDREAM }
            }
            "bytedance-seed/seedream-5-0-lite" => Model { cost_usd: 0.035, ..SEEDREAM },
            "openai/gpt-image-1" => GPT_IMAGE,
            "openai/gpt-image-2" | "openai/gpt-image-2.5-sunburst" | "openai/gpt-image-2.5-flare" => {
                Model { bounds: Some(sizes::GPT_IMAGE_2), ..GPT_IMAGE }
            }
            "google/gemini-2.5-flash-image" => Model { tiers: &["1K"], most_references: 16, cost_usd: 0.039, ..GEMINI },
            "google/gemini-3-pro-image" | "google/gemini-3-pro-image-preview" => GEMINI,
            "google/gemini-3.1-flash-image" => Model { ratios: &WIDE, tiers: &ALL_TIERS, cost_usd: 0.0672, ..GEMINI },
            "google/gemini-nano-banana-2.1" => Model { ratios: &WIDE, cost_usd: 0.0336, ..GEMINI },
            "x-ai/grok-imagine-image-quality" => GROK,
            "black-forest-labs/flux.2-pro" => Model { cost_usd: 0.03, ..UNSPECIFIED },
            "black-forest-labs/flux.2-klein-4b" => Model { cost_usd: 0.014, ..UNSPECIFIED },
            "black-forest-labs/flux-3-image" => Model { cost_usd: 0.048, ..UNSPECIFIED },
            "qwen/qwen-image-3-pro" => UNSPECIFIED,
            "sourceful/riverflow-v2.5-pro" => Model { cost_usd: 0.13, ..UNSPECIFIED },
            _ => return None,
        };
        Some(model)
    }

    /// A model that a test has added.
    pub(super) fn unspecified() -> Model {
        UNSPECIFIED
    }

    pub(super) fn takes(&self, knob: Knob) -> bool {
        self.knobs.contains(&knob)
    }

    /// The pixels of a tier and a ratio.
    pub(super) fn pixels(&self, tier: &str, ratio: &str) -> Size {
        match self.family {
            Family::Gemini => sizes::gemini(tier, ratio),
            Family::GptImage => sizes::gpt_image(ratio),
            Family::Seedream => sizes::seedream(tier, ratio),
            Family::Other => sizes::plain(tier, ratio),
        }
    }

    /// Whether previews would come as events; elsewhere `stream` is passed over.
    pub(super) fn streams(&self) -> bool {
        matches!(self.family, Family::GptImage)
    }

    /// Whether the model draws tiers and ratios only, whatever pixels are asked for.
    pub(super) fn snaps(&self) -> bool {
        matches!(self.family, Family::Gemini)
    }
}
