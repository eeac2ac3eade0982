//! The Rust module: a constant for each picture, in modules that mirror the names; a lookup by name; all of them.
//!
//! It needs nothing but std, and is the same text for the same pictures, laid out as rustfmt leaves it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use crate::codegen::NOTE;
use crate::codegen::catalogue::{Catalogue, File, Home, Packed, Picture};
use crate::codegen::frames;
use crate::codegen::identifier::{atlas_module, identifiers};
use crate::diagnostic::grouped;
use crate::lock::Frame;
use crate::picture::Format;
use crate::transform::Rgb;

/// The types and functions, which are the same in every module.
const TYPES: &str = include_str!("image.rs.in");
/// The same for atlases, where there are any.
const ATLAS_TYPES: &str = include_str!("atlas.rs.in");
/// The constant of an atlas, beside its frames.
pub(super) const ATLAS: &str = "ATLAS";

/// How code finds the project's files while it is compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reach {
    /// From the package's folder to the manifest's: empty, or with a `/` at its end.
    pub(crate) folder: String,
}

impl Reach {
    /// From a package to a project of which one lies in the other; none where the way can't be written as text.
    pub(crate) fn between(package: &Path, project: &Path) -> Option<Self> {
        let slashes = |path: &Path| {
            let parts = path.components().map(|part| part.as_os_str().to_str());
            let parts = parts.collect::<Option<Vec<_>>>()?;
            Some(if parts.is_empty() { String::new() } else { parts.join("/") + "/" })
        };
        let mut up = String::new();
        for folder in package.ancestors() {
            if let Ok(down) = project.strip_prefix(folder) {
                return Some(Self { folder: format!("{up}{}", slashes(down)?) });
            }
            up.push_str("../");
        }
        None
    }
}

/// A module and what is in it.
#[derive(Default)]
pub(super) struct Module<'a> {
    items: BTreeMap<String, Item<'a>>,
    modules: BTreeMap<String, Module<'a>>,
}

/// A constant.
pub(super) enum Item<'a> {
    Picture(&'a Picture),
    Atlas(&'a Packed),
    Frame(&'a Frame),
}

/// The module's text.
pub(crate) fn rust(catalogue: &Catalogue, reach: &Reach) -> String {
    let mut root = Module::default();
    for picture in &catalogue.pictures {
        root.insert(identifiers(&picture.name), Item::Picture(picture));
    }
    for atlas in &catalogue.atlases {
        let module = atlas_module(&atlas.name);
        let inside = |name: Vec<String>| [module.clone(), name].concat();
        root.insert(inside(vec![ATLAS.to_string()]), Item::Atlas(atlas));
        for frame in &atlas.frames {
            root.insert(inside(identifiers(&frame.name)), Item::Frame(frame));
        }
    }
    let types = if catalogue.atlases.is_empty() { TYPES.to_string() } else { format!("{TYPES}\n{ATLAS_TYPES}") };
    let mut text = format!("// {NOTE}\n\n{types}\n");
    let all = catalogue.pictures.iter().map(|picture| format!("    &{},", identifiers(&picture.name).join("::")));
    let all: Vec<String> = all.collect();
    let count = all.len();
    let all = if all.is_empty() { "[]".to_string() } else { format!("[\n{}\n]", all.join("\n")) };
    let _ = writeln!(text, "#[allow(dead_code)]\nstatic ALL: [&Image; {count}] = {all};");
    let types = if catalogue.atlases.is_empty() { "File, Format, Image" } else { "Atlas, File, Format, Frame, Image" };
    root.render(&mut text, &Style { reach, types }, 0);
    text
}

/// What is the same throughout a text.
struct Style<'a> {
    reach: &'a Reach,
    /// What each module takes over from the one around it.
    types: &'a str,
}

impl<'a> Module<'a> {
    fn insert(&mut self, mut path: Vec<String>, item: Item<'a>) {
        let constant = path.pop().unwrap_or_default();
        let module = path.into_iter().fold(self, |module, name| module.modules.entry(name).or_default());
        module.items.insert(constant, item);
    }

    fn render(&self, text: &mut String, style: &Style<'_>, depth: usize) {
        let indent = "    ".repeat(depth);
        for (constant, item) in &self.items {
            let (facts, kind, lines) = match item {
                Item::Picture(picture) => (facts(picture), "Image = image!", image(picture, style.reach)),
                Item::Atlas(atlas) => (frames::atlas_facts(atlas), "Atlas = atlas!", frames::atlas(atlas, style.reach)),
                Item::Frame(frame) => (frames::frame_facts(frame), "Frame = Frame", frames::frame(frame)),
            };
            text.push('\n');
            for line in facts {
                let line = if line.is_empty() { String::new() } else { format!(" {line}") };
                let _ = writeln!(text, "{indent}///{line}");
            }
            let allow = if depth == 0 { "#[allow(dead_code)]\n" } else { "" };
            let _ = writeln!(text, "{allow}{indent}pub static {constant}: {kind} {{");
            for line in lines {
                let _ = writeln!(text, "{indent}    {line}");
            }
            let _ = writeln!(text, "{indent}}};");
        }
        for (name, module) in &self.modules {
            let allow = if depth == 0 { "#[allow(dead_code, unused_imports)]\n" } else { "" };
            let _ = writeln!(text, "\n{indent}/// Pictures in `{}/`.", name.trim_start_matches("r#"));
            let _ = writeln!(text, "{allow}{indent}pub mod {name} {{");
            let _ = writeln!(text, "{indent}    use super::{{{}}};", style.types);
            module.render(text, style, depth + 1);
            let _ = writeln!(text, "{indent}}}");
        }
    }
}

fn image(picture: &Picture, reach: &Reach) -> Vec<String> {
    let alt = picture.alt.as_ref().map_or("None".to_string(), |alt| format!("Some({alt:?})"));
    let preview = &picture.files[0].preview;
    let color =
        preview.color.map_or("None".to_string(), |Rgb([red, green, blue])| format!("Some([{red}, {green}, {blue}])"));
    let hash = preview.thumbhash.as_ref().map_or("None".to_string(), |hash| format!("Some({hash:?})"));
    let head = [format!("{:?}, {alt},", picture.name), format!("{color}, {hash},")];
    head.into_iter().chain(picture.files.iter().map(|file| format!("{},", entry(file, reach)))).collect()
}

/// A file, as the macros take it.
pub(super) fn entry(file: &File, reach: &Reach) -> String {
    let (path, width, height) = (file.path.as_str(), file.width, file.height);
    let at = match &file.home {
        Home::Project => {
            format!("concat!(env!(\"CARGO_MANIFEST_DIR\"), {:?})", format!("/{}{path}", reach.folder))
        }
        Home::BesideCode(name) => format!("concat!(env!(\"OUT_DIR\"), {:?})", format!("/{name}")),
    };
    format!("[{path:?} at {at}, {width}, {height}, {}, {}]", variant(file.format), file.bytes)
}

const fn variant(format: Format) -> &'static str {
    match format {
        Format::Jpeg => "Jpeg",
        Format::Webp => "Webp",
        Format::Avif => "Avif",
        // No other format is written.
        Format::Png | Format::Gif | Format::Svg => "Png",
    }
}

/// What rustdoc shows.
fn facts(picture: &Picture) -> Vec<String> {
    let text = picture.alt.as_deref().unwrap_or(&picture.name);
    let mut lines = vec![escaped(text), String::new()];
    let fact = |file: &File| {
        let (width, height, format, path) = (file.width, file.height, file.format.name(), &file.path);
        match &file.home {
            Home::Project => {
                format!("- `{path}`: {width} × {height} pixels, {format}, {} bytes", grouped(file.bytes))
            }
            Home::BesideCode(_) => format!("- `{path}`: not made yet; a stand-in of {width} × {height} pixels"),
        }
    };
    lines.extend(picture.files.iter().map(fact));
    lines
}

/// In one line, with nothing that rustdoc would take for a link, markup or code.
pub(super) fn escaped(text: &str) -> String {
    let mut line = String::new();
    for character in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        if "\\`*_[]<>#~|&".contains(character) {
            line.push('\\');
        }
        line.push(character);
    }
    line
}
