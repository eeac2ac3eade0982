//! The manifest as written: every key and value with its place, nothing filled in, nothing looked up.
//!
//! [`parse`] is the one way in. Knows the keys and their types; what they mean together is for [`crate::resolve`].

pub(crate) mod asset;
mod atlas;
#[cfg(feature = "generate")]
mod excerpt;
pub(crate) mod include;
pub(crate) mod output;
pub(crate) mod parse;
pub(crate) mod table;
pub(crate) mod quote;
pub mod tree;
pub(crate) mod vendors;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crate::capability::{Facts, Price};
use crate::diagnostic::{Diagnostic, Source};
use crate::manifest::tree::{Entry, Node, is_template};
use crate::name::TakeId;
use crate::picture::Format;
use crate::recipe::{Background, Quality, Ratio, Size, Value};
use crate::transform::{ChromaKey, Crop, Disclose, Filter, Fit, Flip, Pad, Rgb, Turn};

pub use crate::manifest::atlas::AtlasKeys;
#[cfg(feature = "generate")]
pub(crate) use crate::manifest::excerpt::{Excerpt, excerpt};
pub use crate::manifest::include::gather;
pub use crate::manifest::parse::{Parsed, parse};

/// Where in which file something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub source: Arc<Source>,
    /// Byte offsets in its text.
    pub span: Range<usize>,
}

impl Place {
    /// A diagnostic that points here.
    pub fn error(&self, code: &'static str, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, message).label(&self.source, self.span.clone(), label)
    }

    /// Whether what is written there holds a template.
    pub(crate) fn is_template(&self) -> bool {
        self.source.text().get(self.span.clone()).is_some_and(is_template)
    }
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

impl<T> Spanned<T> {
    /// A diagnostic that points at this value.
    pub fn error(&self, code: &'static str, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        self.place.error(code, message, label)
    }
}

/// images.toml, read.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The file itself.
    pub source: Arc<Source>,
    /// `include`: more files with vars, styles and assets.
    pub include: Vec<Spanned<String>>,
    /// The files that are included.
    pub included: BTreeSet<String>,
    /// Where a table stands that an included file may not have, if there is one.
    pub(crate) others: Option<Place>,
    /// `[vars]`, for every template.
    pub vars: Vec<Entry>,
    /// `[data]`: files for every template, by name.
    pub data: Vec<(String, Spanned<String>)>,
    /// `[defaults]`: keys that every asset inherits.
    pub defaults: Node,
    /// `[draft]`: keys that go over every asset while its picture is only tried out.
    pub draft: Option<AssetKeys>,
    /// `[styles.NAME]`.
    pub styles: BTreeMap<String, Entry>,
    /// `[output] dir`: where outputs go.
    pub output_dir: Option<Spanned<String>>,
    /// `[output] path`: the template of an output's path.
    pub output_path: Option<Spanned<String>>,
    /// `[atlases.NAME]`: sheets that pictures are packed into.
    pub atlases: Vec<AtlasKeys>,
    /// `[output] disclose`: whether files say that they were generated.
    pub disclose: Option<Disclose>,
    /// `[codegen]`: code that names the pictures.
    pub codegen: Option<CodegenKeys>,
    /// `[cache] dir`.
    pub cache_dir: Option<Spanned<String>>,
    /// `[budget]`.
    pub budget: Budget,
    /// `[providers.NAME]`.
    pub providers: BTreeMap<String, ProviderKeys>,
    /// `[models.NAME]`.
    pub models: BTreeMap<String, ModelKeys>,
    /// `[assets.NAME]`: one asset each or, with a matrix or rows, many.
    pub assets: Vec<Entry>,
}

/// `[codegen]`: which files of code a sync writes, from which a program names its pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct CodegenKeys {
    /// A Rust module.
    pub rust: Option<Spanned<String>>,
    /// A TypeScript module.
    pub typescript: Option<Spanned<String>>,
    /// The same as data.
    pub json: Option<Spanned<String>>,
    /// The folder that a site serves as its root; `public` and `static` need no word.
    pub public_dir: Option<Spanned<String>>,
    /// What URLs begin with; `/` where absent.
    pub base: Option<Spanned<String>>,
}

impl CodegenKeys {
    /// The files.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Spanned<String>> {
        [&self.rust, &self.typescript, &self.json].into_iter().flatten()
    }
}

/// `[budget]`: what a run may spend, in US dollars and paid images.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Budget {
    /// A run that would cost more is refused.
    pub max_cost_usd: Option<f64>,
    /// A run that would buy more images is refused.
    pub max_images: Option<u32>,
    /// A run that would cost more is asked about first.
    pub confirm_above_usd: Option<f64>,
}

/// `[providers.NAME]`: overrides of a built-in provider, or one of the user's own.
#[derive(Debug, Clone)]
pub struct ProviderKeys {
    /// Where the table stands.
    pub place: Place,
    /// The wire format that it speaks.
    pub api: Option<Spanned<String>>,
    /// Where it is, without the route.
    pub base_url: Option<Spanned<String>>,
    /// The name of the variable that holds its key.
    pub api_key_env: Option<Spanned<String>>,
    /// Requests in flight.
    pub concurrency: Option<u32>,
    /// Requests begun in a minute.
    pub requests_per_minute: Option<u32>,
    /// The longest wait for an answer.
    pub timeout: Option<Duration>,
    /// Tries after the first.
    pub max_retries: Option<u32>,
    /// Whose habits it has; only tintype itself says it.
    pub(crate) vendor: Option<Spanned<String>>,
    /// Whether it bills what fails; only tintype itself says it.
    pub(crate) bills_failures: Option<bool>,
    /// Price of one image, where its routes say nothing.
    pub price: Option<Price>,
    /// What is stated of all its routes.
    pub facts: Facts,
}

/// `[models.NAME]`: a model of the user's own, or other facts of a built-in one.
#[derive(Debug, Clone)]
pub struct ModelKeys {
    /// Where the table stands.
    pub place: Place,
    /// What is stated of all its routes.
    pub facts: Facts,
    /// Prices of one image, by provider.
    pub prices: BTreeMap<String, Spanned<Price>>,
    /// Who serves it, in place of the built-in routes.
    pub routes: Option<Vec<RouteKeys>>,
}

/// One of `[models.NAME] routes`.
#[derive(Debug, Clone)]
pub struct RouteKeys {
    /// The provider's name.
    pub provider: Spanned<String>,
    /// The model's id there.
    pub id: Spanned<String>,
    /// The wire format, if it isn't the provider's own.
    pub api: Option<Spanned<String>>,
    /// The path below the base URL, if it isn't the wire format's own.
    pub path: Option<Spanned<String>>,
    /// Price of one image.
    pub price: Option<Price>,
    /// What is stated of this route alone.
    pub facts: Facts,
}

/// The keys of an asset, or of `[defaults]`, as far as they are written.
#[derive(Debug, Clone)]
pub struct AssetKeys {
    /// Where the asset's name, or the table, stands.
    pub place: Place,
    /// What to draw.
    pub prompt: Option<Spanned<String>>,
    /// By which model.
    pub model: Option<Spanned<String>>,
    /// Through whom, in order of preference.
    pub provider: Option<Vec<Spanned<String>>>,
    /// How large.
    pub size: Option<Spanned<Size>>,
    /// In which shape.
    pub aspect_ratio: Option<Spanned<Ratio>>,
    /// Which pictures to show to the model.
    pub references: Vec<Spanned<ReferenceKey>>,
    /// The sampling seed.
    pub seed: Option<Spanned<u64>>,
    /// How many takes to have.
    pub n: Option<Spanned<u32>>,
    /// Which takes make outputs.
    pub publish: Option<Spanned<Publish>>,
    /// How much work the model is to put in.
    pub quality: Option<Spanned<Quality>>,
    /// Whether the ground behind the picture is to be transparent.
    pub background: Option<Spanned<Background>>,
    /// What not to draw.
    pub negative_prompt: Option<Spanned<String>>,
    /// Tells pictures of one wording apart.
    pub variant: Option<Spanned<u64>>,
    /// Vendor fields, by provider.
    pub options: BTreeMap<String, Spanned<BTreeMap<String, Value>>>,
    /// For `--tag`.
    pub tags: Vec<Spanned<String>>,
    /// A text for people who don't see the picture.
    pub alt: Option<Spanned<String>>,
    /// Never regenerate.
    pub hold: Option<Spanned<bool>>,
    /// A picture made by hand.
    pub source: Option<Spanned<String>>,
    /// Which files to make.
    pub output: OutputKey,
    /// What the templates of its output paths may name.
    pub(crate) variables: minijinja::Value,
}

/// A reference as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceKey {
    /// What it refers to.
    pub origin: ReferenceOrigin,
    /// What the model is told that it shows.
    pub hint: Option<String>,
}

/// What a reference refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReferenceOrigin {
    /// A file of the project.
    Path(String),
    /// Another asset.
    Asset {
        /// Its name.
        name: String,
        /// Which of its takes; the chosen one where absent.
        take: Option<TakeId>,
    },
    /// A picture on the web.
    Url(String),
}

/// Which takes of an asset make outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publish {
    /// The chosen one.
    Chosen,
    /// Each.
    All,
}

/// `output` as written.
#[derive(Debug, Clone, Default)]
pub enum OutputKey {
    /// Not at all.
    #[default]
    Absent,
    /// As a path or a table: one output, which merges with what it inherits.
    One(Box<OutputKeys>),
    /// As a list, each item an output of its own; none where it is empty.
    List(Vec<OutputKeys>),
}

/// The keys of an output, as far as they are written.
#[derive(Debug, Clone, Default)]
pub struct OutputKeys {
    /// Where it stands, if it is one of a list.
    pub place: Option<Place>,
    /// The path, or its template.
    pub path: Option<Spanned<String>>,
    /// The file format.
    pub format: Option<Spanned<Format>>,
    /// Width in pixels.
    pub width: Option<Spanned<u32>>,
    /// Height in pixels.
    pub height: Option<Spanned<u32>>,
    /// How the picture fills width and height.
    pub fit: Option<Spanned<Fit>>,
    /// 1 to 100, for lossy formats.
    pub quality: Option<Spanned<u8>>,
    /// Further widths, one file each.
    pub widths: Option<Vec<Spanned<u32>>>,
    /// How a scaled pixel is made.
    pub filter: Option<Spanned<Filter>>,
    /// Whether every pixel is kept.
    pub lossless: Option<Spanned<bool>>,
    /// The longest that the file may be, in bytes.
    pub max_bytes: Option<Spanned<u64>>,
    /// Which part is shown.
    pub crop: Option<Spanned<Crop>>,
    /// Room around the picture.
    pub pad: Option<Spanned<Pad>>,
    /// The turn.
    pub rotate: Option<Spanned<Turn>>,
    /// The mirroring.
    pub flip: Option<Spanned<Flip>>,
    /// Whether transparent borders are cut off.
    pub trim: Option<Spanned<bool>>,
    /// The colour that becomes transparent; none where what is inherited is taken back.
    pub chroma_key: Option<Spanned<Option<ChromaKey>>>,
    /// What shows through where the picture is transparent.
    pub background: Option<Spanned<Rgb>>,
    /// The colours that it is brought down to.
    pub colors: Option<Spanned<ColorsKey>>,
    /// The cells that it is cut into, one file each.
    pub grid: Option<Spanned<GridKey>>,
}

/// `colors` as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColorsKey {
    /// So many, 2 to 256.
    Count(u16),
    /// Those of a palette's file.
    File(String),
}

/// `grid` as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridKey {
    /// Cells in a row.
    pub columns: u32,
    /// Cells in a column.
    pub rows: u32,
    /// The name, the column and the row of each cell that becomes a file, from 0.
    pub cells: Vec<(String, u32, u32)>,
}
