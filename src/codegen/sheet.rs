//! What is where in a sheet, in the JSON that game engines load: TexturePacker's hash form, which PixiJS, Phaser and loaders
//! for Bevy read.
//!
//! Several sheets have a file each; the first one names the others, and PixiJS loads them with it. An animation stands in
//! the file of the sheet that has all of its frames, as a loader looks for them there.

use std::fmt::Write;

use crate::atlas::{Atlas, animations, data_path};
use crate::codegen::NOTE;
use crate::lock::{Frame, LockedAtlas};
use crate::manifest::quote::json_quote;
use crate::name::ProjectPath;

/// The texts beside an atlas's sheets, in their order, each with its path.
pub(crate) fn sheet_data(atlas: &Atlas, locked: &LockedAtlas) -> Vec<(ProjectPath, String)> {
    let page = |number: usize| (data_path(&locked.pages[number].path), text(atlas, locked, number));
    (0..locked.pages.len()).map(page).collect()
}

fn text(atlas: &Atlas, locked: &LockedAtlas, number: usize) -> String {
    let page = &locked.pages[number];
    let mut text = String::from("{\n  \"meta\": {\n");
    let (width, height) = (page.width, page.height);
    for (key, value) in [("app", "tintype"), ("note", NOTE), ("version", "1.0"), ("image", file_name(&page.path))] {
        let _ = writeln!(text, "    {}: {},", json_quote(key), json_quote(value));
    }
    let _ = writeln!(text, "    \"format\": \"RGBA8888\",\n    \"size\": {{ \"w\": {width}, \"h\": {height} }},");
    let others = locked.pages.iter().skip(1).filter(|_| number == 0);
    let others: Vec<String> = others.map(|page| json_quote(file_name(&data_path(&page.path)))).collect();
    if !others.is_empty() {
        let _ = writeln!(text, "    \"related_multi_packs\": [{}],", others.join(", "));
    }
    let _ = writeln!(text, "    \"scale\": \"{}\"\n  }},", atlas.scale);
    let frames: Vec<String> = locked.frames_of(number).map(frame).collect();
    let _ = write!(text, "  \"frames\": {{\n{}\n  }}", frames.join(",\n"));
    let whole = animations(locked.frames.iter());
    let whole = whole.iter().filter(|(_, frames)| frames.iter().all(|frame| frame.page as usize == number));
    let rows: Vec<String> = whole.map(|(name, frames)| animation(name, frames)).collect();
    if !rows.is_empty() {
        let _ = write!(text, ",\n  \"animations\": {{\n{}\n  }}", rows.join(",\n"));
    }
    text.push_str("\n}\n");
    text
}

fn frame(frame: &Frame) -> String {
    let Frame { x, y, width, height, left, top, full_width, full_height, .. } = frame;
    format!(
        "    {}: {{\n      \"frame\": {{ \"x\": {x}, \"y\": {y}, \"w\": {width}, \"h\": {height} }},\n      \"rotated\": false,\n      \
         \"trimmed\": {},\n      \"spriteSourceSize\": {{ \"x\": {left}, \"y\": {top}, \"w\": {width}, \"h\": {height} }},\n      \
         \"sourceSize\": {{ \"w\": {full_width}, \"h\": {full_height} }}\n    }}",
        json_quote(&frame.name),
        frame.is_trimmed(),
    )
}

fn animation(name: &str, frames: &[&Frame]) -> String {
    let frames: Vec<String> = frames.iter().map(|frame| json_quote(&frame.name)).collect();
    format!("    {}: [{}]", json_quote(name), frames.join(", "))
}

/// The last part of a path: what stands beside the file finds it so.
fn file_name(path: &ProjectPath) -> &str {
    path.as_str().rsplit('/').next().unwrap_or_default()
}
