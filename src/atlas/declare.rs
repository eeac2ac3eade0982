//! From `[atlases.NAME]` to what is packed how, and what is wrong with that.

use std::collections::{BTreeMap, BTreeSet};

use wildmatch::WildMatch;

use crate::atlas::{Atlas, Packing, data_path, stem};
use crate::diagnostic::{Diagnostic, nearest};
use crate::lock::published;
use crate::manifest::{AtlasKeys, CodegenKeys, Manifest, Spanned};
use crate::name::{AssetName, ProjectPath};
use crate::picture::Format;
use crate::recipe::Size;
use crate::resolve::{Asset, AssetOrigin, Assets, Figure, Output, Roles, output_dir};
use crate::transform::{Fit, Settings};

/// The longest side of a sheet where none is given, in pixels: what every graphics card takes.
const MAX_SIZE: u32 = 2048;
/// Pixels between two sprites where none are given: enough that scaled ones don't bleed into each other.
const PADDING: u32 = 2;

/// The atlases of a manifest, and what is wrong with them.
pub(crate) fn declare(manifest: &Manifest, assets: &Assets) -> (Vec<Atlas>, Vec<Diagnostic>) {
    let (mut atlases, mut found) = (Vec::new(), Vec::new());
    let mut taken = Taken::new(manifest, assets);
    for keys in &manifest.atlases {
        let before = found.len();
        let atlas = atlas(keys, manifest, assets, &mut found);
        if let Some(mut atlas) = atlas.filter(|_| found.len() == before) {
            let members = Members::of(&atlas, manifest, assets);
            atlas.scale = members.scale();
            found.extend(taken.take(&atlas, keys));
            found.extend(members.judge(&atlas, keys));
            atlases.push(atlas);
        }
    }
    (atlases, found)
}

fn atlas(keys: &AtlasKeys, manifest: &Manifest, assets: &Assets, found: &mut Vec<Diagnostic>) -> Option<Atlas> {
    let name = AssetName::new(&keys.name.value).map_err(|reason| {
        let message = format!("`{}` can't be an atlas's name: {reason}", keys.name.value.escape_debug());
        found.push(keys.name.error("bad-name", message, "this name"));
    });
    let path = path(keys, manifest).map_err(|mistake| found.push(mistake));
    let mut members = BTreeSet::new();
    for pattern in &keys.assets {
        let glob = WildMatch::new(&pattern.value);
        let mut matches = assets.by_name.keys().filter(|name| glob.matches(name.as_str())).peekable();
        if matches.peek().is_none() {
            found.push(no_such_asset(pattern, assets));
        }
        members.extend(matches.cloned());
    }
    let (name, (path, format)) = (name.ok()?, path.ok()?);
    let packing = Packing {
        max_size: keys.max_size.as_ref().map_or(MAX_SIZE, |size| size.value),
        padding: keys.padding.unwrap_or(PADDING),
        extrude: keys.extrude.unwrap_or(0),
        trim: keys.trim.unwrap_or(false),
        power_of_two: keys.power_of_two.unwrap_or(false),
    };
    let place = keys.name.place.clone();
    Some(Atlas { name, place, path, format, packing, scale: 1, members: members.into_iter().collect() })
}

fn no_such_asset(pattern: &Spanned<String>, assets: &Assets) -> Diagnostic {
    let help = nearest(&pattern.value, assets.by_name.keys().map(AssetName::as_str)).map_or_else(
        || "write names or globs of assets, like \"units/*\"; `tintype list` shows all".to_string(),
        |near| format!("did you mean `{near}`?"),
    );
    let message = format!("no asset is called `{}`", pattern.value.escape_debug());
    pattern.error("no-such-asset", message, "nothing is").help(help)
}

/// The file of the first sheet.
fn path(keys: &AtlasKeys, manifest: &Manifest) -> Result<(ProjectPath, Format), Diagnostic> {
    let written = keys.path.as_ref().unwrap_or(&keys.name);
    let below = keys.path.as_ref().map_or_else(|| format!("{}.png", keys.name.value), |path| path.value.clone());
    let wrong = |reason: &str| {
        let message = format!("a sheet can't be written to `{}`: {reason}", below.escape_debug());
        written.error("bad-path", message, "this path").help("write a path like \"sheets/units.png\"")
    };
    let dir = output_dir(manifest).unwrap_or_default();
    let path = ProjectPath::new(&below).and_then(|_| ProjectPath::new(&format!("{dir}{below}")));
    let path = path.map_err(|reason| wrong(&reason))?;
    match path.extension().and_then(Format::from_extension) {
        Some(format @ (Format::Png | Format::Webp)) => Ok((path, format)),
        _ => Err(wrong("its name must end in .png or .webp, as a sheet is kept without loss")),
    }
}

/// Paths that are something already.
struct Taken {
    roles: Roles,
    outputs: BTreeMap<String, AssetName>,
    sheets: BTreeMap<String, AssetName>,
}

impl Taken {
    fn new(manifest: &Manifest, assets: &Assets) -> Self {
        let mut roles = Roles::new(manifest);
        assets.by_name.values().flat_map(Asset::reads).for_each(|path| roles.add_read(path.as_str()));
        for path in manifest.codegen.iter().flat_map(CodegenKeys::paths) {
            roles.add(&path.value, "is generated code");
        }
        let mut outputs = BTreeMap::new();
        if !manifest.atlases.is_empty() {
            for asset in assets.by_name.values() {
                let paths = (1..=asset.takes() as usize).flat_map(|take| asset.paths(take));
                outputs.extend(paths.map(|path| (path.folded(), asset.name.clone())));
            }
        }
        Self { roles, outputs, sheets: BTreeMap::new() }
    }

    /// Takes the paths of an atlas, or says who has one of them.
    fn take(&mut self, atlas: &Atlas, keys: &AtlasKeys) -> Option<Diagnostic> {
        let written = keys.path.as_ref().unwrap_or(&keys.name);
        for path in [atlas.path.clone(), data_path(&atlas.path)] {
            let folded = path.folded();
            let whose = match (self.roles.of(&folded), self.outputs.get(&folded), self.sheets.get(&folded)) {
                (Some(role), ..) => format!("it {role}"),
                (_, Some(asset), _) => format!("it is an output of `{asset}`"),
                (.., Some(other)) => format!("the atlas `{other}` has it"),
                _ => {
                    self.sheets.insert(folded, atlas.name.clone());
                    continue;
                }
            };
            let error =
                written.error("same-output", format!("a sheet can't be written to `{path}`: {whose}"), "this path");
            return Some(error.help("give the atlas another path"));
        }
        // Further sheets are numbered.
        let (stem, extension) = stem(&atlas.path);
        let stem = ProjectPath::new(&format!("{stem}-")).map(|stem| stem.folded()).unwrap_or_default();
        let is_page = |path: &str| {
            let rest = path.strip_prefix(&stem).and_then(|rest| rest.rsplit_once('.'));
            rest.is_some_and(|(number, end)| {
                (end == extension || end == "json")
                    && !number.is_empty()
                    && number.bytes().all(|byte| byte.is_ascii_digit())
            })
        };
        let (path, asset) = self.outputs.iter().find(|(path, _)| is_page(path))?;
        let message = format!("a further sheet of `{}` could be `{path}`, which is an output of `{asset}`", atlas.name);
        Some(written.error("same-output", message, "this path").help("give the atlas another path"))
    }
}

/// What would be in an atlas if all of it were made.
struct Members<'a> {
    figures: Vec<(Figure<'a>, &'a Output)>,
    /// Assets that make no file.
    bare: Vec<&'a Asset>,
}

impl<'a> Members<'a> {
    fn of(atlas: &Atlas, manifest: &Manifest, assets: &'a Assets) -> Self {
        let figures = atlas.figures(manifest, assets, |asset| published(asset, None));
        let members = atlas.members.iter().filter_map(|name| assets.by_name.get(name));
        Self { figures, bare: members.filter(|asset| asset.outputs.is_empty()).collect() }
    }

    fn scale(&self) -> u32 {
        self.figures.first().map_or(1, |(figure, output)| density(&output.path(figure.take)))
    }

    /// What is wrong with it, at the place of who is to blame, and at the atlas's.
    fn judge(&self, atlas: &Atlas, keys: &AtlasKeys) -> Vec<Diagnostic> {
        let here = |error: Diagnostic| {
            error.label(&atlas.place.source, atlas.place.span.clone(), format!("in the atlas `{}`", atlas.name))
        };
        let mut found = Vec::new();
        for asset in &self.bare {
            let message = format!("`{}` makes no file that could be packed", asset.name);
            let error = here(asset.place.error("no-output", message, "no output"));
            found.push(error.help("give it an output, or name other assets in the atlas"));
        }
        let mut names: BTreeMap<&str, &Output> = BTreeMap::new();
        for (figure, output) in &self.figures {
            if output.settings.format == Format::Avif {
                let message = format!("`{}` is an avif file, which can't be packed", output.path(figure.take));
                let error = here(output.place.error("bad-format", message, "this file"));
                found.push(error.help("make its first output a png or webp file"));
            }
            if let Some(size) = too_large(figure.asset, output, atlas) {
                let most = atlas.packing.longest();
                let message = format!("`{}` is {size} pixels long, and a sheet at most {most}", figure.name);
                let help = "make it smaller, or the sheet larger: max_size = 4096";
                let error = output.place.error("too-large", message, "this picture");
                let limit = keys.max_size.as_ref().map_or(&atlas.place, |size| &size.place);
                found.push(error.label(&limit.source, limit.span.clone(), "in this sheet").help(help));
            }
            if let Some(other) = names.insert(&figure.name, output) {
                let message = format!("two pictures would both be the frame `{}`", figure.name);
                let error = output.place.error("name-clash", message, "this one");
                let error = error.label(&other.place.source, other.place.span.clone(), "and this one");
                found.push(here(error).help("rename one of them, or name fewer assets in the atlas"));
            }
        }
        found.extend(self.other_scale(atlas));
        found
    }

    /// Pictures for screens of different density don't belong into one sheet.
    fn other_scale(&self, atlas: &Atlas) -> Option<Diagnostic> {
        let scale = |(figure, output): &(Figure<'_>, &Output)| density(&output.path(figure.take));
        let (first, rest) = self.figures.split_first()?;
        let other = rest.iter().find(|other| scale(other) != scale(first))?;
        let [(name, one), (other_name, two)] = [first, other].map(|member| (&member.0.name, scale(member)));
        let message = format!("`{name}` is drawn at {one}x and `{other_name}` at {two}x: they can't be in one sheet");
        let error = other.1.place.error("other-scale", message, format!("{two}x"));
        let error = error.label(&first.1.place.source, first.1.place.span.clone(), format!("{one}x"));
        let here = error.label(&atlas.place.source, atlas.place.span.clone(), format!("in the atlas `{}`", atlas.name));
        Some(here.help("make an atlas for each"))
    }
}

/// The side of a picture that no sheet can hold, as far as that is known before it is made: and paid for.
fn too_large(asset: &Asset, output: &Output, atlas: &Atlas) -> Option<u32> {
    let Packing { extrude, trim, .. } = atlas.packing;
    let settings = &output.settings;
    if trim || settings.trim || settings.fit == Fit::Inside {
        return None;
    }
    let longest = settings.width.max(settings.height).or_else(|| asked(asset, settings))?;
    (longest + 2 * extrude > atlas.packing.longest()).then_some(longest)
}

/// The longest side of a file that has the size in which its picture is asked for.
fn asked(asset: &Asset, settings: &Settings) -> Option<u32> {
    let AssetOrigin::Generated(open) = &asset.origin else { return None };
    let Some(Size::Pixels { width, height }) = open.recipe.size else { return None };
    (settings.crop.is_none() && settings.cell.is_none()).then_some(width.max(height))
}

/// The density of screens that a file is for, by the end of its name: 2 for `sword@2x.png`.
fn density(path: &ProjectPath) -> u32 {
    let stem = stem(path).0;
    let written = stem.rsplit_once('@').and_then(|(_, end)| end.strip_suffix('x'));
    written.and_then(|number| number.parse().ok()).filter(|number| (1..=9).contains(number)).unwrap_or(1)
}
