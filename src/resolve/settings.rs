//! How an output is made: its keys as settings, and every mistake that lies in what they come to together.

use crate::diagnostic::Diagnostic;
use crate::files::Files;
use crate::manifest::{AssetKeys, ColorsKey, GridKey, OutputKeys, Spanned};
use crate::picture::Format;
use crate::recipe::Size;
use crate::transform::{Colors, Crop, Fit, Rgb, Settings};

/// The settings of an output in this format.
pub(crate) fn settings(
    output: &OutputKeys,
    format: Format,
    asset: &AssetKeys,
    files: &Files,
    found: &mut Vec<Diagnostic>,
) -> Option<Settings> {
    let usual = Settings::of(format);
    let mistakes = found.len();
    let colors = match &output.colors {
        Some(Spanned { value: ColorsKey::Count(count), .. }) => Some(Colors::Count(*count)),
        Some(Spanned { value: ColorsKey::File(path), place }) => {
            let path = Spanned { value: path.clone(), place: place.clone() };
            palette(&path, files).map(Colors::Palette).map_err(|mistake| found.push(mistake)).ok()
        }
        None => None,
    };
    let settings = Settings {
        quality: output.quality.as_ref().map(|quality| quality.value).filter(|_| format.has_quality()),
        lossless: output.lossless.as_ref().is_some_and(|lossless| lossless.value),
        max_bytes: output.max_bytes.as_ref().map(|bytes| bytes.value),
        width: output.width.as_ref().map(|width| width.value),
        height: output.height.as_ref().map(|height| height.value),
        fit: output.fit.as_ref().map_or(Fit::Cover, |fit| fit.value),
        filter: output.filter.as_ref().map_or(usual.filter, |filter| filter.value),
        crop: output.crop.as_ref().map(|crop| crop.value),
        chroma_key: output.chroma_key.as_ref().and_then(|key| key.value.clone()),
        trim: output.trim.as_ref().is_some_and(|trim| trim.value),
        rotate: output.rotate.as_ref().map_or(usual.rotate, |turn| turn.value),
        flip: output.flip.as_ref().map_or(usual.flip, |flip| flip.value),
        pad: output.pad.as_ref().map_or(usual.pad, |pad| pad.value),
        background: output.background.as_ref().map(|color| color.value),
        colors,
        ..usual
    };
    found.extend(wrong_format(output, &settings));
    found.extend(wrong_shape(output, &settings));
    found.extend(wrong_cut(output, asset));
    (found.len() == mistakes).then_some(settings)
}

/// The colours of a palette's file.
fn palette(path: &Spanned<String>, files: &Files) -> Result<Vec<Rgb>, Diagnostic> {
    let text = files.read_project_text(&path.value).map_err(|error| {
        let mistake = path.error("missing-file", format!("the palette can't be read: {error}"), "this path");
        mistake.help("write the path of a palette inside the project: a colour a line as hex digits, or GIMP's form")
    })?;
    let bad = |message: String| path.error("bad-value", message, "this palette");
    let colors = Colors::read_palette(&text).map_err(|line| {
        bad(format!("line {line} of `{}` is no colour", path.value)).help("write a colour a line, like 1a1c2c")
    })?;
    match colors.len() {
        1..=Colors::MOST => Ok(colors),
        0 => Err(bad(format!("`{}` has no colour", path.value)).help("write a colour a line, like 1a1c2c")),
        count => Err(bad(format!("`{}` has {count} colours", path.value)).help("a palette has up to 256")),
    }
}

/// What the format can't do.
fn wrong_format(output: &OutputKeys, settings: &Settings) -> Option<Diagnostic> {
    let format = settings.format;
    let keeps_all = !format.has_quality() || (settings.lossless && format.has_lossless());
    if let Some(lossless) =
        output.lossless.as_ref().filter(|_| settings.lossless && format.has_quality() && !format.has_lossless())
    {
        let error = lossless.error("bad-value", format!("a {format} always loses a little"), "not with this format");
        return Some(error.help("write format = \"webp\" or \"png\", or take `lossless` out"));
    }
    if let Some(colors) = output.colors.as_ref().filter(|_| !keeps_all) {
        let error =
            colors.error("bad-value", format!("a lossy {format} can't keep to a palette"), "not with this format");
        return Some(error.help("write format = \"png\", or \"webp\" with lossless = true"));
    }
    let bytes = output.max_bytes.as_ref().filter(|_| keeps_all || settings.colors.is_some())?;
    let error =
        bytes.error("bad-value", format!("this {format} has no quality that could be lowered"), "not with this format");
    Some(error.help("write format = \"webp\", \"jpeg\" or \"avif\"; for a small png, `colors`"))
}

/// Geometry that can't be.
fn wrong_shape(output: &OutputKeys, settings: &Settings) -> Option<Diagnostic> {
    let pad = settings.pad;
    let sides = [("width", settings.width, pad.across()), ("height", settings.height, pad.down())];
    let too_wide = sides.into_iter().find(|(_, side, pad)| side.is_some_and(|side| side <= *pad));
    let (Some((side, Some(length), pad)), Some(written)) = (too_wide, &output.pad) else { return None };
    let message = format!("`pad` takes {pad} pixels of the {side}, which is {length}: no picture is left");
    let help = "the room around is part of width and height: write less, or a larger size";
    Some(written.error("bad-value", message, "too much").help(help))
}

/// A part or cells that a picture of the size that is asked for doesn't have.
fn wrong_cut(output: &OutputKeys, asset: &AssetKeys) -> Option<Diagnostic> {
    let size = match asset.size.as_ref().filter(|_| asset.source.is_none()).map(|size| &size.value) {
        Some(Size::Pixels { width, height }) => Some((*width, *height)),
        _ => None,
    };
    let mut shown = size;
    if let Some(crop) = &output.crop
        && let Crop::Rectangle { x, y, width, height } = crop.value
    {
        if let Some((across, down)) = size.filter(|(across, down)| x + width > *across || y + height > *down) {
            let message = format!("this rectangle leaves the picture, which is asked for at {across}x{down}");
            return Some(
                crop.error("bad-value", message, "not all of it is there").help("it counts in the original's pixels"),
            );
        }
        shown = Some((width, height));
    }
    let grid = output.grid.as_ref()?;
    let GridKey { columns, rows, .. } = grid.value;
    let (width, height) =
        shown.filter(|(width, height)| !width.is_multiple_of(columns) || !height.is_multiple_of(rows))?;
    let message = format!("{width}x{height} pixels can't be cut into {columns} columns and {rows} rows of equal cells");
    let even = (width / columns * columns, height / rows * rows);
    let help =
        format!("crop it first: crop = {{ width = {}, height = {} }}; or ask for a size that divides", even.0, even.1);
    Some(grid.error("bad-value", message, "doesn't divide").help(help))
}
