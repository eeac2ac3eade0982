//! The keys of an output: types and bounds only. What they come to together is for [`crate::resolve`].

use crate::diagnostic::Diagnostic;
use crate::manifest::table::{Field, Problems, Table};
use crate::manifest::tree::Tree;
use crate::manifest::{ColorsKey, GridKey, OutputKey, OutputKeys, Spanned};
use crate::picture::{Format, MAX_SIDE};
use crate::transform::{ChromaKey, Colors, Crop, Filter, Fit, Flip, Pad, Rgb, Turn};

const FILTERS: &str = "`lanczos3`, `mitchell`, `catmull-rom`, `bilinear`, `box` or `nearest`";
const CROPS: &str =
    "a place like `top`, `bottom-left` or `center`, a point like [0.5, 0.2], or a rectangle { x, y, width, height }";
const PADS: &str = "a number of pixels, or [above and below, left and right], or [above, right, below, left]";
const KEYS: &str = "`auto`, a colour like `#00ff00`, or a table { color, tolerance, softness, despill }";
const COLORS: &str = "a number from 2 to 256, or the path of a palette";
const GRIDS: &str = "lists of cells' names, a list a row: [[\"idle\", \"walk\"], [\"jump\", \"fall\"]], or \"2x2\"";
/// A sheet has no more cells a side.
const MAX_CELLS: u32 = 256;

/// Reads `output`: a path, a table, or a list of these.
pub(crate) fn output(table: &mut Table<'_>, title: &str, problems: &mut Problems<'_>) -> OutputKey {
    let Some(field) = table.take("output") else { return OutputKey::Absent };
    if !matches!(field.value, Tree::List(_)) {
        return one_output(&field, title, problems).map_or(OutputKey::Absent, |keys| OutputKey::One(Box::new(keys)));
    }
    let mut list = Vec::new();
    for field in field.into_list() {
        let Some(keys) = one_output(&field, title, problems) else { continue };
        let place = keys.path.as_ref().map_or(field.place, |path| path.place.clone());
        list.push(OutputKeys { place: Some(place), ..keys });
    }
    OutputKey::List(list)
}

fn one_output(field: &Field<'_>, title: &str, problems: &mut Problems<'_>) -> Option<OutputKeys> {
    if let Some(path) = field.as_text() {
        let path = Spanned { value: path.to_string(), place: field.place.clone() };
        return Some(OutputKeys { path: Some(path), ..OutputKeys::default() });
    }
    if !matches!(field.value, Tree::Table(_)) {
        return field.mistyped("a path in quotes, a table, or a list of these", problems);
    }
    let mut table = field.table(format!("the output of {title}"), &[], problems)?;
    let keys = OutputKeys {
        place: None,
        path: table.string("path", problems),
        format: format(&mut table, problems),
        width: table.integer_u32("width", 1..=MAX_SIDE, problems),
        height: table.integer_u32("height", 1..=MAX_SIDE, problems),
        fit: table.parsed("fit", "`cover`, `contain`, `inside` or `fill`", Fit::parse, problems),
        filter: table.parsed("filter", FILTERS, Filter::parse, problems),
        quality: quality(&mut table, problems),
        lossless: table.boolean("lossless", problems),
        max_bytes: table.integer_u64("max_bytes", problems),
        widths: widths(&mut table, problems),
        crop: crop(&mut table, problems),
        pad: pad(&mut table, problems),
        rotate: rotate(&mut table, problems),
        flip: table.parsed("flip", "`horizontal`, `vertical` or `both`", Flip::parse, problems),
        trim: table.boolean("trim", problems),
        chroma_key: chroma_key(&mut table, problems),
        background: table.parsed("background", Rgb::FORM, Rgb::parse, problems),
        colors: colors(&mut table, problems),
        grid: grid(&mut table, problems),
    };
    table.finish(problems);
    Some(keys)
}

fn widths(table: &mut Table<'_>, problems: &mut Problems<'_>) -> Option<Vec<Spanned<u32>>> {
    let mut widths: Vec<Spanned<u32>> = Vec::new();
    for field in table.take("widths")?.into_list() {
        let Tree::Integer(written) = field.value else {
            field.mistyped::<()>("a list of whole numbers", problems);
            continue;
        };
        let value = written.as_ref().ok().and_then(|width| u32::try_from(*width).ok()).unwrap_or(u32::MAX);
        let place = field.place;
        if !(1..=MAX_SIDE).contains(&value) {
            let error = place.error("bad-value", "`widths` has a width that is out of range", "too large or too small");
            problems.add(error.help(format!("write whole numbers from 1 to {MAX_SIDE}")));
        } else if let Some(first) = widths.iter().find(|width| width.value == value) {
            let error = place.error("bad-value", format!("the width {value} is named twice"), "again");
            let error = error.label(&first.place.source, first.place.span.clone(), "once");
            problems.add(error.help("each width makes one file: take one of them out"));
        } else {
            widths.push(Spanned { value, place });
        }
    }
    Some(widths)
}

fn format(table: &mut Table<'_>, problems: &mut Problems<'_>) -> Option<Spanned<Format>> {
    let field = table.take("format")?;
    let written = field.string(problems)?;
    match written.value.parse().ok().or_else(|| Format::from_extension(&written.value)) {
        Some(value) => Some(Spanned { value, place: written.place }),
        None => {
            let error = written.error("bad-value", format!("`{}` is no format", written.value), "not this");
            problems.add(error.help("write `png`, `jpeg`, `webp` or `avif`"));
            None
        }
    }
}

fn quality(table: &mut Table<'_>, problems: &mut Problems<'_>) -> Option<Spanned<u8>> {
    let quality = table.integer_u32("quality", 1..=100, problems)?;
    let value = u8::try_from(quality.value).expect("at most 100");
    Some(Spanned { value, place: quality.place })
}

/// Reports a value that isn't what it has to be.
fn refuse<T>(field: &Field<'_>, expected: &str, problems: &mut Problems<'_>) -> Option<T> {
    let error = field.place.error("bad-value", format!("`{}` can't be this", field.key), "not this");
    problems.add(error.help(format!("write {expected}")));
    None
}

/// A number that may have a fraction.
fn fraction(field: &Field<'_>) -> Option<f64> {
    match field.value {
        Tree::Integer(Ok(number)) => i32::try_from(*number).ok().map(f64::from),
        Tree::Float(number) => Some(*number),
        _ => None,
    }
}

/// A number of pixels.
fn pixels(field: &Field<'_>) -> Option<u32> {
    let Tree::Integer(Ok(number)) = field.value else { return None };
    u32::try_from(*number).ok().filter(|number| *number <= MAX_SIDE)
}

fn crop(table: &mut Table<'_>, problems: &mut Problems<'_>) -> Option<Spanned<Crop>> {
    let field = table.take("crop")?;
    let place = field.place.clone();
    let value = match field.value {
        Tree::Text(name) => Crop::named(name),
        Tree::List(_) => focus(&field.clone().into_list()),
        Tree::Table(_) => {
            let mut sides = field.table("crop", &[], problems)?;
            let [x, y] = ["x", "y"].map(|key| sides.integer_u32(key, 0..=MAX_SIDE, problems));
            let [width, height] = ["width", "height"].map(|key| sides.integer_u32(key, 1..=MAX_SIDE, problems));
            sides.finish(problems);
            let side = |side: Option<Spanned<u32>>| side.map(|side| side.value);
            match (side(x), side(y), side(width), side(height)) {
                (x, y, Some(width), Some(height)) => {
                    Some(Crop::Rectangle { x: x.unwrap_or(0), y: y.unwrap_or(0), width, height })
                }
                _ => None,
            }
        }
        _ => None,
    };
    match value {
        Some(value) => Some(Spanned { value, place }),
        None => refuse(&field, CROPS, problems),
    }
}

/// A point, as shares of the width and the height.
fn focus(point: &[Field<'_>]) -> Option<Crop> {
    let [x, y] = point else { return None };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1000")]
    let share = |field: &Field<'_>| {
        let share = fraction(field).filter(|share| (0.0..=1.0).contains(share))?;
        Some((share * 1000.0).round() as u16)
    };
    Some(Crop::Focus { x: share(x)?, y: share(y)? })
}

fn pad(table: &mut Table<'_>, problems: &mut Problems<'_>) -> Option<Spanned<Pad>> {
    let field = table.take("pad")?;
    let sides: Option<Vec<u32>> = field.clone().into_list().iter().map(pixels).collect();
    let value = match sides.as_deref() {
        Some([all]) => Pad { top: *all, right: *all, bottom: *all, left: *all },
        Some([down, across]) => Pad { top: *down, right: *across, bottom: *down, left: *across },
        Some([top, right, bottom, left]) => Pad { top: *top, right: *right, bottom: *bottom, left: *left },
        _ => return refuse(&field, PADS, problems),
    };
    Some(Spanned { value, place: field.place })
}

fn rotate(table: &mut Table<'_>, problems: &mut Problems<'_>) -> Option<Spanned<Turn>> {
    let field = table.take("rotate")?;
    let Tree::Integer(degrees) = field.value else { return field.mistyped("90, 180 or 270", problems) };
    match degrees.as_ref().ok().and_then(|degrees| Turn::by(*degrees)) {
        Some(value) => Some(Spanned { value, place: field.place }),
        None => refuse(&field, "90, 180 or 270: degrees, clockwise", problems),
    }
}

fn chroma_key(table: &mut Table<'_>, problems: &mut Problems<'_>) -> Option<Spanned<Option<ChromaKey>>> {
    let field = table.take("chroma_key")?;
    let place = field.place.clone();
    let color = |text: &str| match text {
        "auto" => Some(None),
        text => Rgb::parse(text).map(Some),
    };
    let value = match field.value {
        // What is inherited is taken back.
        Tree::Boolean(false) => Some(None),
        Tree::Text(text) => color(text).map(|color| Some(ChromaKey::of(color))),
        Tree::Table(_) => {
            let mut keys = field.table("chroma_key", &[], problems)?;
            let color = keys.parsed("color", Rgb::FORM, color, problems).and_then(|color| color.value);
            let usual = ChromaKey::of(color);
            let mut percent = |key, usual| {
                let percent =
                    keys.integer_u32(key, 0..=99, problems).and_then(|number| u8::try_from(number.value).ok());
                percent.unwrap_or(usual)
            };
            let (tolerance, softness) = (percent("tolerance", usual.tolerance), percent("softness", usual.softness));
            let despill = keys.boolean("despill", problems).is_none_or(|despill| despill.value);
            keys.finish(problems);
            Some(Some(ChromaKey { color, tolerance, softness, despill }))
        }
        _ => None,
    };
    match value {
        Some(value) => Some(Spanned { value, place }),
        None => refuse(&field, KEYS, problems),
    }
}

fn colors(table: &mut Table<'_>, problems: &mut Problems<'_>) -> Option<Spanned<ColorsKey>> {
    let field = table.take("colors")?;
    let value = match field.value {
        Tree::Text(path) => Some(ColorsKey::File(path.clone())),
        Tree::Integer(Ok(count)) => {
            let count = u16::try_from(*count).ok().filter(|count| (2..=Colors::MOST).contains(&usize::from(*count)));
            count.map(ColorsKey::Count)
        }
        _ => None,
    };
    match value {
        Some(value) => Some(Spanned { value, place: field.place }),
        None => refuse(&field, COLORS, problems),
    }
}

fn grid(table: &mut Table<'_>, problems: &mut Problems<'_>) -> Option<Spanned<GridKey>> {
    let field = table.take("grid")?;
    let place = field.place.clone();
    let read = match field.value {
        Tree::Text(text) => numbered(text),
        Tree::List(_) => named(&field.clone().into_list()),
        _ => None,
    };
    // One that can't be read is a grid all the same: the path is right to speak of cells.
    let mut value = read.unwrap_or_else(|| {
        refuse::<()>(&field, GRIDS, problems);
        GridKey { columns: 1, rows: 1, cells: Vec::new() }
    });
    if let Some(mistake) = wrong_name(&value, &field) {
        value.cells.clear();
        problems.add(mistake);
    }
    Some(Spanned { value, place })
}

/// A cell's name that can't be part of a file's name of its own.
fn wrong_name(grid: &GridKey, field: &Field<'_>) -> Option<Diagnostic> {
    let names = || grid.cells.iter().map(|(name, ..)| name.as_str());
    let is_good = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if let Some(bad) = names().find(|name| !is_good(name)) {
        let error = field.place.error("bad-value", format!("`{bad}` can't be a cell's name"), "in these");
        return Some(
            error.help("write letters, digits, - and _: it becomes part of a file's name; \"\" leaves a cell out"),
        );
    }
    let is_again = |(index, name): &(usize, &str)| names().take(*index).any(|other| other.eq_ignore_ascii_case(name));
    let (_, twice) = names().enumerate().find(is_again)?;
    let error = field.place.error("bad-value", format!("two cells are called `{twice}`"), "in these");
    Some(error.help("each cell makes a file of its own: give one another name, or \"\" to leave it out"))
}

/// `4x2`: cells that are called by their number, row by row from 1.
fn numbered(text: &str) -> Option<GridKey> {
    let (columns, rows) = text.split_once('x')?;
    let side = |text: &str| text.parse().ok().filter(|side| (1..=MAX_CELLS).contains(side));
    let (columns, rows): (u32, u32) = (side(columns)?, side(rows)?);
    let cells = (0..rows)
        .flat_map(|row| (0..columns).map(move |column| ((row * columns + column + 1).to_string(), column, row)));
    Some(GridKey { columns, rows, cells: cells.collect() })
}

/// Names, a list a row; those without one are left out.
fn named(rows: &[Field<'_>]) -> Option<GridKey> {
    let mut cells = Vec::new();
    let mut columns = None;
    for (number, row) in (0..).zip(rows) {
        let Tree::List(names) = row.value else { return None };
        let width = u32::try_from(names.len()).ok().filter(|width| (1..=MAX_CELLS).contains(width))?;
        if *columns.get_or_insert(width) != width {
            return None;
        }
        for (column, name) in (0..).zip(names) {
            let name = name.as_text()?;
            cells.extend((!name.is_empty()).then(|| (name.to_string(), column, number)));
        }
    }
    let rows = u32::try_from(rows.len()).ok().filter(|rows| *rows <= MAX_CELLS)?;
    Some(GridKey { columns: columns?, rows, cells }).filter(|grid| !grid.cells.is_empty())
}
