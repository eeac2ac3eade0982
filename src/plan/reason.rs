//! Why an asset is acted on.

use std::collections::BTreeSet;
use std::fmt::Display;

use crate::recipe::{Background, Quality, Recipe, Reference};

/// The kinds of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReasonCode {
    /// Not locked yet.
    New,
    /// Another wording.
    Prompt,
    /// Another model.
    Model,
    /// Another size.
    Size,
    /// Another shape.
    AspectRatio,
    /// Another reference, or one whose bytes changed or will.
    Reference,
    /// Another seed.
    Seed,
    /// Another quality.
    Quality,
    /// Another background.
    Background,
    /// Something else that isn't to be drawn.
    NegativePrompt,
    /// Another variant.
    Variant,
    /// Another vendor field.
    Option,
    /// More takes.
    N,
    /// Other output settings.
    Output,
    /// Another file made by hand.
    Source,
    /// A file or an original that isn't there.
    Missing,
    /// A file that was edited by hand.
    Edited,
    /// A file that tintype didn't make.
    Foreign,
    /// No longer in the manifest.
    Undeclared,
    /// The cache has it.
    Cached,
    /// Kept although it changed.
    Held,
    /// Only tried out so far.
    Draft,
    /// The vendor refused it.
    Refused,
    /// It may have been paid for.
    MaybeBilled,
}

impl ReasonCode {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Prompt => "prompt",
            Self::Model => "model",
            Self::Size => "size",
            Self::AspectRatio => "aspect_ratio",
            Self::Reference => "reference",
            Self::Seed => "seed",
            Self::Quality => "quality",
            Self::Background => "background",
            Self::NegativePrompt => "negative_prompt",
            Self::Variant => "variant",
            Self::Option => "option",
            Self::N => "n",
            Self::Output => "output",
            Self::Source => "source",
            Self::Missing => "missing",
            Self::Edited => "edited",
            Self::Foreign => "foreign",
            Self::Undeclared => "undeclared",
            Self::Cached => "cached",
            Self::Held => "held",
            Self::Draft => "draft",
            Self::Refused => "refused",
            Self::MaybeBilled => "maybe-billed",
        }
    }
}

/// One reason, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Its kind.
    pub code: ReasonCode,
    /// In words.
    pub detail: String,
    /// For a wording: before and after.
    pub change: Option<(String, String)>,
}

impl Reason {
    /// A reason in words.
    pub fn new(code: ReasonCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), change: None }
    }
}

/// What differs between two recipes. `waits`: the references of `now` aren't known yet.
pub(crate) fn compare(before: &Recipe, now: &Recipe, waits: bool) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if before.prompt != now.prompt {
        let change = Some((before.prompt.clone(), now.prompt.clone()));
        reasons.push(Reason {
            code: ReasonCode::Prompt,
            detail: format!("{} → {}", before.prompt, now.prompt),
            change,
        });
    }
    let mut field = |code, before: Option<String>, now: Option<String>| {
        if before != now {
            let written = |value: Option<String>| value.unwrap_or_else(|| "none".to_string());
            reasons.push(Reason::new(code, format!("{} → {}", written(before), written(now))));
        }
    };
    field(ReasonCode::Model, Some(before.model.clone()), Some(now.model.clone()));
    field(ReasonCode::Size, text(before.size.as_ref()), text(now.size.as_ref()));
    field(ReasonCode::AspectRatio, text(before.aspect_ratio), text(now.aspect_ratio));
    field(ReasonCode::Seed, text(before.seed), text(now.seed));
    field(ReasonCode::Quality, text(before.quality.map(Quality::name)), text(now.quality.map(Quality::name)));
    let background = |recipe: &Recipe| text(recipe.background.map(Background::name));
    field(ReasonCode::Background, background(before), background(now));
    field(ReasonCode::NegativePrompt, before.negative_prompt.clone(), now.negative_prompt.clone());
    field(ReasonCode::Variant, text(before.variant), text(now.variant));
    if before.options != now.options {
        let keys: BTreeSet<&String> = before.options.keys().chain(now.options.keys()).collect();
        let changed: Vec<String> = keys
            .into_iter()
            .filter(|key| before.options.get(*key) != now.options.get(*key))
            .map(|key| format!("options.{key}"))
            .collect();
        reasons.push(Reason::new(ReasonCode::Option, changed.join(", ")));
    }
    let hashes = |recipe: &Recipe| {
        let told = |reference: &Reference| (reference.hash, reference.hint.clone());
        recipe.references.iter().map(told).collect::<Vec<_>>()
    };
    if !waits && hashes(before) != hashes(now) {
        reasons.push(Reason::new(ReasonCode::Reference, changed_references(&before.references, &now.references)));
    }
    reasons
}

fn text(value: Option<impl Display>) -> Option<String> {
    value.map(|value| value.to_string())
}

fn changed_references(before: &[Reference], now: &[Reference]) -> String {
    let name = |reference: &Reference| reference.origin.to_string();
    let mut changed = Vec::new();
    for reference in now.iter().filter(|reference| before.iter().all(|other| other.hash != reference.hash)) {
        let known = before.iter().any(|other| other.origin == reference.origin);
        changed.push(format!("{} {}", name(reference), if known { "changed" } else { "added" }));
    }
    for reference in before.iter().filter(|reference| now.iter().all(|other| other.origin != reference.origin)) {
        changed.push(format!("{} removed", name(reference)));
    }
    let hints = |references: &[Reference]| references.iter().map(|one| one.hint.clone()).collect::<Vec<_>>();
    if changed.is_empty() && hints(before) != hints(now) {
        return "another hint".to_string();
    }
    if changed.is_empty() { "in another order".to_string() } else { changed.join(", ") }
}
