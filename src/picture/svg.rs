//! The size that an SVG file's root element says: its width and height, else its view box.
//!
//! Reads the first tag only, and draws nothing.

/// What a percentage is of where there is no view box, in pixels.
const DEFAULT_SIDE: f64 = 100.0;

/// Whether the bytes begin as an SVG file does.
pub(crate) fn is_svg(bytes: &[u8]) -> bool {
    root(bytes).is_some()
}

/// Width and height in whole pixels, at 96 of them an inch; `None` if the bytes are no SVG file or have no such size.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as large as a side may be at most")]
pub(crate) fn size(bytes: &[u8]) -> Option<(u64, u64)> {
    let tag = root(bytes)?;
    let sides = attribute(tag, "viewBox").and_then(view_box).unwrap_or([DEFAULT_SIDE; 2]);
    let side = |name: &str, whole: f64| match attribute(tag, name) {
        Some(value) => length(value, whole),
        None => Some(whole),
    };
    let whole = |side: f64| (side.is_finite() && side > 0.0).then(|| side.round().clamp(1.0, 1e9) as u64);
    Some((whole(side("width", sides[0])?)?, whole(side("height", sides[1])?)?))
}

/// What stands between `<svg` and its `>`, after declarations and comments.
fn root(bytes: &[u8]) -> Option<&str> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let valid = bytes.utf8_chunks().next()?.valid();
    let mut rest = valid.trim_start();
    loop {
        let end = if rest.starts_with("<?") {
            rest.find("?>")? + 2
        } else if rest.starts_with("<!--") {
            rest.find("-->")? + 3
        } else if rest.starts_with("<!") {
            // A document type may have declarations of its own in brackets.
            let (close, open) = (rest.find('>')?, rest.find('['));
            if open.is_some_and(|open| open < close) {
                rest.find(']')? + rest[rest.find(']')?..].find('>')? + 1
            } else {
                close + 1
            }
        } else {
            break;
        };
        rest = rest[end..].trim_start();
    }
    let name = rest.strip_prefix('<')?;
    let end = name.find(|char: char| char.is_whitespace() || char == '>' || char == '/')?;
    let is_svg = name[..end].rsplit(':').next() == Some("svg");
    let attributes = &name[end..];
    if is_svg { Some(&attributes[..close(attributes)?]) } else { None }
}

/// Where a tag ends: a `>` that stands in no value.
fn close(attributes: &str) -> Option<usize> {
    let mut quote = None;
    attributes.char_indices().find_map(|(at, char)| {
        match quote {
            Some(open) if open == char => quote = None,
            None if matches!(char, '"' | '\'') => quote = Some(char),
            None if char == '>' => return Some(at),
            _ => {}
        }
        None
    })
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let mut rest = tag;
    while let Some((key, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let quote = after.chars().next().filter(|char| matches!(char, '"' | '\''))?;
        let (value, next) = after[1..].split_once(quote)?;
        if key.trim() == name {
            return Some(value.trim());
        }
        rest = next;
    }
    None
}

/// The last two of four numbers.
fn view_box(value: &str) -> Option<[f64; 2]> {
    let parts: Vec<f64> = value
        .split(|char: char| char.is_whitespace() || char == ',')
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    match parts[..] {
        [_, _, width, height] if width > 0.0 && height > 0.0 => Some([width, height]),
        _ => None,
    }
}

/// Units in pixels (CSS Values and Units 3, 5.2; a font has 12 of them where nothing is said).
const UNITS: [(&str, f64); 9] = [
    ("px", 1.0),
    ("in", 96.0),
    ("cm", 96.0 / 2.54),
    ("mm", 96.0 / 25.4),
    ("pt", 96.0 / 72.0),
    ("pc", 16.0),
    ("rem", 12.0),
    ("em", 12.0),
    ("ex", 6.0),
];

/// A length in pixels; percentages are of `whole`.
fn length(value: &str, whole: f64) -> Option<f64> {
    let with_unit = UNITS.iter().find_map(|(name, unit)| Some((value.strip_suffix(name)?, *unit)));
    let percentage = || Some((value.strip_suffix('%')?, whole / 100.0));
    let (number, unit) = with_unit.or_else(percentage).unwrap_or((value, 1.0));
    Some(number.trim().parse::<f64>().ok()? * unit)
}

#[cfg(test)]
mod tests {
    use crate::picture::svg::size;

    #[test]
    fn the_root_says_its_size() {
        for (file, expected) in [
            (r#"<svg width="20" height="10"/>"#, Some((20, 10))),
            ("<svg width='20px' height='1in'>", Some((20, 96))),
            (r#"<svg viewBox="0 0 24 16"></svg>"#, Some((24, 16))),
            (r#"<svg viewBox="0,0,24.4,15.6" width="100%"/>"#, Some((24, 16))),
            (r#"<svg width="50%" viewBox="0 0 24 16"/>"#, Some((12, 16))),
            ("<svg>", Some((100, 100))),
            (r#"<svg width="2e2" height="3em"/>"#, Some((200, 36))),
            (r#"<svg data-a="a > b" width="5mm" height='72pt'/>"#, Some((19, 96))),
            (
                "\u{feff}<?xml version='1.0'?>\n<!-- <svg width=\"1\"/> -->\n<!DOCTYPE svg [<!ENTITY a \"b\">]>\n<svg:svg xmlns:svg=\"x\" width=\"7\" height=\"9\">",
                Some((7, 9)),
            ),
            (
                "<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"http://x/svg11.dtd\">\n<svg width=\"7\" height=\"9\">",
                Some((7, 9)),
            ),
            (r#"<svg width="0" height="9"/>"#, None),
            (r#"<svg width="-4" height="9"/>"#, None),
            (r#"<svg width="wide" height="9"/>"#, None),
            ("<html><svg/></html>", None),
            ("<svgfoo>", None),
            ("<svg", None),
            ("<svg width='7'", None),
            ("", None),
        ] {
            assert_eq!(size(file.as_bytes()), expected, "{file}");
        }
    }

    #[test]
    fn no_bytes_are_too_odd() {
        let file = "\u{feff}<?xml?><!-- a --><!DOCTYPE svg [ ]><svg viewBox='0 0 1 2' width=\"1em\" height=\"3%\">";
        for position in 0..file.len() {
            let _ = size(&file.as_bytes()[..position]);
            for byte in [b'<', b'>', b'"', b'[', b'=', 0xFF] {
                let mut damaged = file.as_bytes().to_vec();
                damaged[position] = byte;
                let _ = size(&damaged);
            }
        }
    }
}
