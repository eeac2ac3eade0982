//! `[atlases.NAME]`: what is packed into which sheet.

use crate::manifest::Spanned;
use crate::manifest::table::{Field, Problems};
use crate::manifest::tree::Tree;

/// The longest side that a sheet may be given, in pixels: what graphics cards take.
const MAX_SIZE: u32 = 16_384;
/// The shortest.
const MIN_SIZE: u32 = 16;
/// No sprites stand further apart, in pixels.
const MAX_PADDING: u32 = 256;

/// `[atlases.NAME]`, as written.
#[derive(Debug, Clone, PartialEq)]
pub struct AtlasKeys {
    /// Its name, and where that stands.
    pub name: Spanned<String>,
    /// Names or globs of assets.
    pub assets: Vec<Spanned<String>>,
    /// The sheet's file, below the folder for outputs.
    pub path: Option<Spanned<String>>,
    /// The longest side of a sheet, in pixels.
    pub max_size: Option<Spanned<u32>>,
    /// Pixels between two sprites.
    pub padding: Option<u32>,
    /// Pixels by which each sprite's edge is drawn out.
    pub extrude: Option<u32>,
    /// Whether transparent borders are cut off.
    pub trim: Option<bool>,
    /// Whether the sides of a sheet are powers of two.
    pub power_of_two: Option<bool>,
}

pub(crate) fn atlases(field: &Field<'_>, problems: &mut Problems<'_>) -> Vec<AtlasKeys> {
    let Tree::Table(entries) = field.value else {
        let error = field.place.error("bad-type", "`atlases` must be a table of atlases by name", "not this");
        problems.add(error.help("write [atlases.units], in single brackets, and the keys of that atlas below it"));
        return Vec::new();
    };
    entries.iter().filter_map(|entry| atlas(&Field::of(entry), problems)).collect()
}

fn atlas(field: &Field<'_>, problems: &mut Problems<'_>) -> Option<AtlasKeys> {
    let title = format!("[atlases.{}]", field.key);
    let mut table = field.table(&title, &[], problems)?;
    let assets = table.take("assets").map(|field| (field.place.clone(), field.into_list()));
    let help = "name what is packed: assets = [\"units/*\"]";
    match &assets {
        None => {
            let message = format!("{title} has no `assets`");
            problems.add(field.key_place.error("missing-key", message, "nothing would be in it").help(help));
        }
        Some((place, names)) if names.is_empty() => {
            let message = format!("the atlas `{}` is empty", field.key);
            problems.add(place.error("bad-value", message, "nothing would be in it").help(help));
        }
        Some(_) => {}
    }
    let names = assets.iter().flat_map(|(_, names)| names);
    let keys = AtlasKeys {
        name: Spanned { value: field.key.to_string(), place: field.key_place.clone() },
        assets: names.filter_map(|field| field.string(problems)).collect(),
        path: table.string("path", problems),
        max_size: table.integer_u32("max_size", MIN_SIZE..=MAX_SIZE, problems),
        padding: table.integer_u32("padding", 0..=MAX_PADDING, problems).map(|number| number.value),
        extrude: table.integer_u32("extrude", 0..=MAX_PADDING, problems).map(|number| number.value),
        trim: table.boolean("trim", problems).map(|flag| flag.value),
        power_of_two: table.boolean("power_of_two", problems).map(|flag| flag.value),
    };
    table.finish(problems);
    Some(keys)
}
