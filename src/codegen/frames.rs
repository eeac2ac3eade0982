//! Atlases and their frames in code: in Rust a constant for each, in TypeScript and JSON a table.

use crate::atlas::{animations, data_path};
use crate::codegen::catalogue::{File, Packed};
use crate::codegen::identifier::identifiers;
use crate::codegen::rust::{Reach, entry, escaped};
use crate::codegen::web::Web;
use crate::lock::Frame;
use crate::manifest::quote::json_quote;

/// What rustdoc shows of an atlas.
pub(super) fn atlas_facts(atlas: &Packed) -> Vec<String> {
    let fact = |file: &File| format!("- `{}`: {} × {} pixels", file.path, file.width, file.height);
    let head = [format!("The atlas {}: {} pictures.", escaped(&atlas.name), atlas.frames.len()), String::new()];
    head.into_iter().chain(atlas.pages.iter().map(fact)).collect()
}

/// What rustdoc shows of a frame.
pub(super) fn frame_facts(frame: &Frame) -> Vec<String> {
    vec![format!("{}: {} × {} pixels.", escaped(&frame.name), frame.full_width, frame.full_height)]
}

/// The lines of an atlas's constant.
pub(super) fn atlas(atlas: &Packed, reach: &Reach) -> Vec<String> {
    let path = |frame: &Frame| format!("&{},", identifiers(&frame.name).join("::"));
    let mut lines = vec![format!("{:?},", atlas.name), "[".to_string()];
    lines.extend(atlas.pages.iter().map(|page| format!("    {},", entry(page, reach))));
    lines.extend(["],".to_string(), "[".to_string()]);
    lines.extend(atlas.frames.iter().map(|frame| format!("    {}", path(frame))));
    lines.extend(["],".to_string(), "[".to_string()]);
    for (name, frames) in animations(atlas.frames.iter()) {
        lines.push(format!("    ({name:?}, &["));
        lines.extend(frames.into_iter().map(|frame| format!("        {}", path(frame))));
        lines.push("    ]),".to_string());
    }
    lines.push("],".to_string());
    lines
}

/// The lines of a frame's constant.
pub(super) fn frame(frame: &Frame) -> Vec<String> {
    let Frame { name, page, x, y, width, height, left, top, full_width, full_height } = frame;
    let fields = [
        ("page", page),
        ("x", x),
        ("y", y),
        ("width", width),
        ("height", height),
        ("left", left),
        ("top", top),
        ("full_width", full_width),
        ("full_height", full_height),
    ];
    let name = format!("name: {name:?},");
    std::iter::once(name).chain(fields.into_iter().map(|(field, value)| format!("{field}: {value},"))).collect()
}

/// An atlas in a table of the web's languages; `key` writes a key as the language does.
pub(super) fn web(atlas: &Packed, web: &Web, depth: usize, key: impl Fn(&str) -> String) -> String {
    let indent = "  ".repeat(depth);
    let fields = |fields: &[(&str, String)]| {
        let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{}: {value}", key(name))).collect();
        format!("{{ {} }}", fields.join(", "))
    };
    let page = |page: &File| {
        let (src, data) = (json_quote(&web.url(&page.path)), json_quote(&web.url(&data_path(&page.path))));
        let (width, height) = (page.width.to_string(), page.height.to_string());
        fields(&[("src", src), ("data", data), ("width", width), ("height", height)])
    };
    let frame = |frame: &Frame| {
        let names = ["page", "x", "y", "width", "height", "left", "top", "fullWidth", "fullHeight"];
        let values: Vec<(&str, String)> =
            names.into_iter().zip(frame.numbers().map(|number| number.to_string())).collect();
        format!("{indent}    {}: {}", json_quote(&frame.name), fields(&values))
    };
    let pages: Vec<String> = atlas.pages.iter().map(page).collect();
    let frames: Vec<String> = atlas.frames.iter().map(frame).collect();
    let animation = |(name, frames): (&str, Vec<&Frame>)| {
        let frames: Vec<String> = frames.iter().map(|frame| json_quote(&frame.name)).collect();
        format!("{indent}    {}: [{}]", json_quote(name), frames.join(", "))
    };
    let animations: Vec<String> = animations(atlas.frames.iter()).into_iter().map(animation).collect();
    let table = |rows: &[String]| {
        if rows.is_empty() { "{}".to_string() } else { format!("{{\n{}\n{indent}  }}", rows.join(",\n")) }
    };
    format!(
        "{}: {{\n{indent}  {}: [{}],\n{indent}  {}: {},\n{indent}  {}: {}\n{indent}}}",
        json_quote(&atlas.name),
        key("pages"),
        pages.join(", "),
        key("frames"),
        table(&frames),
        key("animations"),
        table(&animations),
    )
}
