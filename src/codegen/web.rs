//! For pages: a TypeScript module whose names autocomplete, and the same as JSON. Both are the same text for the same
//! pictures.

use std::fmt::Write;

use crate::codegen::NOTE;
use crate::codegen::catalogue::{Catalogue, File, Picture};
use crate::codegen::frames;
use crate::manifest::CodegenKeys;
use crate::manifest::quote::json_quote as quoted;
use crate::name::ProjectPath;
use crate::picture::Format;

/// The types and functions, which are the same in every module.
const TYPES: &str = include_str!("image.ts.in");
/// The same for atlases, where there are any.
const ATLAS_TYPES: &str = include_str!("atlas.ts.in");
/// Folders that the common site builders serve as the root.
const PUBLIC: [&str; 2] = ["public/", "static/"];

/// Where pages find the files.
#[derive(Debug, Clone, Default)]
pub(crate) struct Web {
    /// The folder that is served as the root, with a `/` at its end; one of the common ones where none is named.
    public_dir: Option<String>,
    /// What URLs begin with.
    base: String,
}

/// What a page needs to show a picture.
struct Shown<'a> {
    /// The file for browsers that know nothing better.
    main: &'a File,
    srcset: String,
    sizes: String,
    /// For browsers that know a better format: media type and srcset, the best first.
    sources: Vec<(&'static str, String)>,
}

impl Web {
    pub(crate) fn of(keys: &CodegenKeys) -> Self {
        let with_slash = |text: &str| format!("{}/", text.trim_end_matches('/'));
        let public_dir = keys.public_dir.as_ref().map(|dir| match dir.value.trim_matches('/') {
            "" | "." => String::new(),
            dir => format!("{}/", dir.trim_start_matches("./")),
        });
        Self { public_dir, base: keys.base.as_ref().map_or("/".to_string(), |base| with_slash(&base.value)) }
    }

    pub(super) fn url(&self, path: &ProjectPath) -> String {
        let path = path.as_str();
        let served = match &self.public_dir {
            Some(dir) => path.strip_prefix(dir.as_str()),
            None => PUBLIC.iter().find_map(|dir| path.strip_prefix(dir)),
        };
        format!("{}{}", self.base, encoded(served.unwrap_or(path)))
    }

    fn shown<'a>(&self, picture: &'a Picture) -> Shown<'a> {
        let rank = |format: Format| match format {
            Format::Avif => 0,
            Format::Webp => 1,
            _ => 2,
        };
        let mut formats: Vec<Format> = picture.files.iter().map(|file| file.format).collect();
        formats.sort_by_key(|format| rank(*format));
        formats.dedup();
        let last = formats.pop().unwrap_or(Format::Png);
        let of = |format: Format| {
            let mut files: Vec<&File> = picture.files.iter().filter(|file| file.format == format).collect();
            files.sort_by_key(|file| file.width);
            files
        };
        let srcset = |files: &[&File]| {
            let candidates = files.iter().map(|file| format!("{} {}w", self.url(&file.path), file.width));
            candidates.collect::<Vec<_>>().join(", ")
        };
        let files = of(last);
        let main = files.iter().rev().max_by_key(|file| file.width).copied().unwrap_or(&picture.files[0]);
        Shown {
            main,
            srcset: srcset(&files),
            sizes: format!("(max-width: {0}px) 100vw, {0}px", main.width),
            sources: formats.into_iter().map(|format| (format.media_type(), srcset(&of(format)))).collect(),
        }
    }
}

/// The TypeScript module's text.
pub(crate) fn typescript(catalogue: &Catalogue, web: &Web) -> String {
    let mut text = format!("// {NOTE}\n\n");
    text.push_str("/** Every picture, by name. */\nexport const images = {\n");
    for picture in &catalogue.pictures {
        let _ = writeln!(text, "  {}: {{", quoted(&picture.name));
        for (key, value) in fields(picture, web, str::to_string) {
            let _ = writeln!(text, "    {key}: {value},");
        }
        let _ = writeln!(text, "  }},");
    }
    text.push_str("} as const satisfies Record<string, Image>;\n\n");
    if !catalogue.atlases.is_empty() {
        let atlases =
            catalogue.atlases.iter().map(|atlas| format!("  {},\n", frames::web(atlas, web, 1, str::to_string)));
        let atlases: String = atlases.collect();
        let _ = write!(
            text,
            "/** Every atlas, by name. */\nexport const atlases = {{\n{atlases}}} as const satisfies Record<string, Atlas>;\n\n"
        );
    }
    text.push_str(TYPES);
    if !catalogue.atlases.is_empty() {
        let _ = write!(text, "\n{ATLAS_TYPES}");
    }
    text
}

/// The same as data, with each file of a picture: a loader wants to know what it is about to fetch.
pub(crate) fn json(catalogue: &Catalogue, web: &Web) -> String {
    let picture = |picture: &Picture| {
        let files: Vec<String> = picture.files.iter().map(|file| format!("        {}", facts(file, web))).collect();
        let files = (quoted("files"), format!("[\n{}\n      ]", files.join(",\n")));
        let fields = fields(picture, web, quoted).into_iter().chain([files]);
        let fields: Vec<String> = fields.map(|(key, value)| format!("      {key}: {value}")).collect();
        format!("    {}: {{\n{}\n    }}", quoted(&picture.name), fields.join(",\n"))
    };
    let pictures: Vec<String> = catalogue.pictures.iter().map(picture).collect();
    let pictures = if pictures.is_empty() { "{}".to_string() } else { format!("{{\n{}\n  }}", pictures.join(",\n")) };
    let atlases: Vec<String> =
        catalogue.atlases.iter().map(|atlas| format!("    {}", frames::web(atlas, web, 2, quoted))).collect();
    let atlases =
        if atlases.is_empty() { String::new() } else { format!(",\n  \"atlases\": {{\n{}\n  }}", atlases.join(",\n")) };
    format!("{{\n  \"version\": 1,\n  \"note\": {},\n  \"images\": {pictures}{atlases}\n}}\n", quoted(NOTE))
}

/// Keys, as the language writes them, and values of a picture.
fn fields(picture: &Picture, web: &Web, key: impl Fn(&str) -> String) -> Vec<(String, String)> {
    let shown = web.shown(picture);
    let (the_type, the_srcset) = (key("type"), key("srcset"));
    let source = |(media_type, srcset): &(&str, String)| {
        format!("{{ {the_type}: {}, {the_srcset}: {} }}", quoted(media_type), quoted(srcset))
    };
    let sources = shown.sources.iter().map(source).collect::<Vec<_>>().join(", ");
    let fields = [
        ("src", quoted(&web.url(&shown.main.path))),
        ("srcset", quoted(&shown.srcset)),
        ("sizes", quoted(&shown.sizes)),
        ("width", shown.main.width.to_string()),
        ("height", shown.main.height.to_string()),
        ("type", quoted(shown.main.format.media_type())),
        ("bytes", shown.main.bytes.to_string()),
        ("alt", quoted(picture.alt.as_deref().unwrap_or_default())),
        ("sources", format!("[{sources}]")),
    ];
    let preview = &picture.files[0].preview;
    let color = preview.color.map(|color| ("color", quoted(&color.to_string())));
    let hash = preview.thumbhash.as_ref().map(|hash| ("thumbhash", quoted(hash)));
    fields.into_iter().chain(color).chain(hash).map(|(name, value)| (key(name), value)).collect()
}

/// One file, as JSON.
fn facts(file: &File, web: &Web) -> String {
    let File { path, format, width, height, bytes, .. } = file;
    let (src, media_type) = (quoted(&web.url(path)), quoted(format.media_type()));
    format!(r#"{{ "src": {src}, "type": {media_type}, "width": {width}, "height": {height}, "bytes": {bytes} }}"#)
}

/// What can stand in a URL's path as it is, with commas and spaces kept away from a srcset.
fn encoded(path: &str) -> String {
    let mut url = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/@+!$*:=".contains(&byte) {
            url.push(char::from(byte));
        } else {
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url
}
