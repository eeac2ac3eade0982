//! Outputs as a manifest would have them: one entry for each that was declared, with its cells and widths.

use crate::manifest::quote::quote;
use crate::resolve::render::{escaped, list, text};
use crate::resolve::{Output, OutputPath};
use crate::transform::{Cell, ChromaKey, Colors, Crop, Flip, Pad, Settings, Turn};

/// Stands for the take's number in a path; no path has it.
const TAKE: char = '\0';

/// What `output` has for each output of an asset that was declared.
pub(super) fn outputs(outputs: &[Output], dir: &str) -> Vec<String> {
    outputs.chunk_by(|one, next| one.part.declared == next.part.declared).map(|made| declared(made, dir)).collect()
}

/// What was declared as one output, from all the files that it makes.
fn declared(made: &[Output], dir: &str) -> String {
    let cells: Vec<&Output> = made.iter().filter(|one| one.part.width.is_none()).collect();
    let main = &made[0];
    let widths = made.iter().filter(|one| one.part.cell == main.part.cell).filter_map(|one| one.part.width);
    let widths: Vec<String> = widths.map(|width| width.to_string()).collect();

    let mut fields = vec![("path", path(&cells, dir))];
    fields.extend(keys(&main.settings, main.palette.as_deref()));
    fields.extend((!widths.is_empty()).then(|| ("widths", list(widths.into_iter()))));
    fields.extend(main.settings.cell.map(|sheet| ("grid", grid(sheet, &cells))));
    let fields: Vec<String> = fields.into_iter().map(|(key, value)| format!("{key} = {value}")).collect();
    format!("{{ {} }}", fields.join(", "))
}

/// The keys that say how a file is made, where they say something.
fn keys(settings: &Settings, palette: Option<&str>) -> impl Iterator<Item = (&'static str, String)> {
    let usual = Settings::of(settings.format);
    let Pad { top, right, bottom, left } = settings.pad;
    let yes = |key, is: bool| is.then(|| (key, "true".to_string()));
    let named = |key, is_said: bool, name: &str| is_said.then(|| (key, quote(name)));
    let colors = |colors: &Colors| match (colors, palette) {
        (Colors::Count(count), _) => count.to_string(),
        (Colors::Palette(_), path) => text(path.unwrap_or_default()),
    };
    [
        named("format", true, settings.format.name()),
        settings.quality.map(|quality| ("quality", quality.to_string())),
        yes("lossless", settings.lossless),
        settings.max_bytes.map(|bytes| ("max_bytes", bytes.to_string())),
        settings.width.map(|width| ("width", width.to_string())),
        settings.height.map(|height| ("height", height.to_string())),
        named("fit", settings.width.is_some() && settings.height.is_some(), settings.fit.name()),
        named("filter", settings.filter != usual.filter, settings.filter.name()),
        settings.crop.map(|part| ("crop", crop(part))),
        settings.chroma_key.as_ref().map(|key| ("chroma_key", chroma_key(key))),
        yes("trim", settings.trim),
        (settings.rotate != Turn::None).then(|| ("rotate", settings.rotate.degrees().to_string())),
        named("flip", settings.flip != Flip::None, settings.flip.name()),
        (settings.pad != usual.pad).then(|| ("pad", format!("[{top}, {right}, {bottom}, {left}]"))),
        settings.background.map(|ground| ("background", quote(&ground.to_string()))),
        settings.colors.as_ref().map(|few| ("colors", colors(few))),
    ]
    .into_iter()
    .flatten()
}

fn crop(crop: Crop) -> String {
    match crop {
        Crop::Focus { x, y } => {
            let share = |thousandths: u16| format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
            list([x, y].map(share).into_iter())
        }
        Crop::Rectangle { x, y, width, height } => {
            format!("{{ x = {x}, y = {y}, width = {width}, height = {height} }}")
        }
    }
}

fn chroma_key(key: &ChromaKey) -> String {
    let ChromaKey { color, tolerance, softness, despill } = key;
    let color = color.map_or_else(|| "auto".to_string(), |color| color.to_string());
    format!("{{ color = \"{color}\", tolerance = {tolerance}, softness = {softness}, despill = {despill} }}")
}

/// The cells' names, as `3x2` where they are no more than numbers.
fn grid(sheet: Cell, cells: &[&Output]) -> String {
    let Cell { columns, rows, .. } = sheet;
    let name = |column: u32, row: u32| {
        let is_here = |one: &&&Output| one.settings.cell.is_some_and(|cell| (cell.column, cell.row) == (column, row));
        cells.iter().find(is_here).and_then(|one| one.part.cell.as_deref()).unwrap_or_default()
    };
    let number = |column: u32, row: u32| (row * columns + column + 1).to_string();
    let is_numbered = (0..rows).all(|row| (0..columns).all(|column| name(column, row) == number(column, row)));
    if is_numbered {
        return quote(&format!("{columns}x{rows}"));
    }
    let named = |row: u32| list((0..columns).map(|column| quote(name(column, row))));
    list((0..rows).map(named))
}

/// The path below the folder of all outputs, as the template that gives each cell's.
fn path(cells: &[&Output], dir: &str) -> String {
    let paths: Vec<(String, &str)> =
        cells.iter().map(|one| (below(one, dir), one.part.cell.as_deref().unwrap_or_default())).collect();
    let (first, name) = &paths[0];
    if name.is_empty() {
        return quote(&template(first));
    }
    let around = first.match_indices(name).map(|(at, _)| (&first[..at], &first[at + name.len()..]));
    let is_of_all =
        |(before, after): &(&str, &str)| paths.iter().all(|(path, cell)| *path == format!("{before}{cell}{after}"));
    quote(&match around.into_iter().find(is_of_all) {
        Some((before, after)) => format!("{}{{{{ cell }}}}{}", template(before), template(after)),
        None => {
            // The name isn't in the path as it is: the template asked it something.
            let cases: Vec<String> =
                paths.iter().map(|(path, cell)| format!("'{cell}': {}", expression(path))).collect();
            format!("{{{{ {{{}}}[cell] }}}}", cases.join(", "))
        }
    })
}

fn below(output: &Output, dir: &str) -> String {
    let path = match &output.path {
        OutputPath::Fixed(path) => path.to_string(),
        OutputPath::PerTake(parts) => parts.join(&TAKE.to_string()),
    };
    path.strip_prefix(dir).map_or(path.clone(), str::to_string)
}

fn template(path: &str) -> String {
    path.split(TAKE).map(escaped).collect::<Vec<_>>().join("{{ take }}")
}

fn expression(path: &str) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
    path.split(TAKE).map(quoted).collect::<Vec<_>>().join(" ~ take ~ ")
}
