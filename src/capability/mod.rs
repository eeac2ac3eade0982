//! What a route can do, as facts: the fields of its request, the sizes that it draws, its price.
//!
//! Values only, as models.toml and manifests state them; which route to take is for [`crate::route`], what to ask it for is for
//! [`crate::size`]. Nothing here enters a fingerprint.

mod facts;
mod price;
mod sizes;

pub use crate::capability::facts::Facts;
pub use crate::capability::price::{Price, Rate};
pub use crate::capability::sizes::{NamedRatio, PixelTable, Sizes};

/// An optional field of a request, by what it does; its name and form on the wire are the wire format's affair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// Several images in one request, under whatever name.
    N,
    /// A size in pixels.
    Size,
    /// A tier: `1K`, `2K`, …
    Tier,
    /// An aspect ratio.
    Ratio,
    /// Reference pictures.
    References,
    /// A sampling seed.
    Seed,
    /// How much work the model is to put in.
    Quality,
    /// A background that is transparent, or certainly isn't.
    Background,
    /// What not to draw.
    NegativePrompt,
    /// The format of the returned bytes.
    OutputFormat,
    /// Whether a mark is drawn into the picture: always sent as false.
    Watermark,
}

impl Field {
    /// All fields, in the order in which tables list them.
    pub const ALL: [Self; 11] = [
        Self::N,
        Self::Size,
        Self::Tier,
        Self::Ratio,
        Self::References,
        Self::Seed,
        Self::Quality,
        Self::Background,
        Self::NegativePrompt,
        Self::OutputFormat,
        Self::Watermark,
    ];

    /// The name in models.toml, in manifests and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::N => "n",
            Self::Size => "size",
            Self::Tier => "tier",
            Self::Ratio => "aspect_ratio",
            Self::References => "references",
            Self::Seed => "seed",
            Self::Quality => "quality",
            Self::Background => "background",
            Self::NegativePrompt => "negative_prompt",
            Self::OutputFormat => "output_format",
            Self::Watermark => "watermark",
        }
    }

    /// Reads a name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == text)
    }
}

/// Whether a route honours a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Support {
    /// The documented request doesn't have it, or the model is known not to heed it.
    #[default]
    No,
    /// The request has it, and nothing says whether this model heeds it: it is sent, and the plan warns.
    Untold,
    /// Documented.
    Yes,
}

/// The optional fields of a route's documented request. One that it doesn't have is never sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fields([Support; Field::ALL.len()]);

impl Fields {
    /// Fields that are all documented.
    pub const fn of(fields: &[Field]) -> Self {
        let mut all = Self([Support::No; Field::ALL.len()]);
        let mut index = 0;
        while index < fields.len() {
            all.0[fields[index] as usize] = Support::Yes;
            index += 1;
        }
        all
    }

    /// Whether a field is honoured.
    pub const fn get(&self, field: Field) -> Support {
        self.0[field as usize]
    }

    /// Whether the request has a field at all.
    pub fn has(&self, field: Field) -> bool {
        self.get(field) != Support::No
    }

    /// The same with one field changed.
    #[must_use]
    pub const fn with(mut self, field: Field, support: Support) -> Self {
        self.0[field as usize] = support;
        self
    }

    /// Reads a list's entry: `seed`, or `seed?` where nothing says whether the model heeds it.
    pub fn parse(text: &str) -> Option<(Field, Support)> {
        match text.strip_suffix('?') {
            Some(name) => Some((Field::parse(name)?, Support::Untold)),
            None => Some((Field::parse(text)?, Support::Yes)),
        }
    }

    /// The fields that the request has, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Field, Support)> + '_ {
        Field::ALL.into_iter().map(|field| (field, self.get(field))).filter(|(_, support)| *support != Support::No)
    }
}

impl FromIterator<(Field, Support)> for Fields {
    fn from_iter<I: IntoIterator<Item = (Field, Support)>>(fields: I) -> Self {
        fields.into_iter().fold(Self::default(), |all, (field, support)| all.with(field, support))
    }
}

/// How references travel in the `openai-images` format, which has a second request for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Edits {
    /// `multipart/form-data`, which every server with edits takes.
    #[default]
    Multipart,
    /// JSON with data URLs, which OpenAI's specification has as well.
    Json,
}

impl Edits {
    /// The name in models.toml and in manifests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Multipart => "multipart",
            Self::Json => "json",
        }
    }

    /// Reads a name back.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Multipart, Self::Json].into_iter().find(|edits| edits.name() == text)
    }
}

#[cfg(test)]
mod tests {
    use crate::capability::{Field, Fields, Support};

    #[test]
    fn a_field_keeps_its_own_place_and_name() {
        for (index, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!(field as usize, index, "the order of ALL is that of the enum");
            assert_eq!(Field::parse(field.name()), Some(field));
            assert_eq!(Fields::of(&[field]).iter().collect::<Vec<_>>(), [(field, Support::Yes)]);
        }
        assert_eq!(Fields::parse("seed?"), Some((Field::Seed, Support::Untold)));
        assert_eq!(Fields::parse("speed"), None);
    }
}
