//! Where each output goes and how it is made: templates, formats, and every path that an output must not have.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::slice;

use minijinja::{Environment, Value};

use crate::diagnostic::{Diagnostic, grouped, nearest};
use crate::files::Files;
use crate::jinja::{self, environment};
use crate::manifest::{
    AssetKeys, CodegenKeys, ColorsKey, GridKey, Manifest, OutputKey, OutputKeys, Place, Publish, Spanned,
};
use crate::name::{AssetName, ProjectPath};
use crate::picture::{Format, MAX_SIDE};
use crate::resolve::reference::References;
use crate::resolve::settings::settings;
use crate::resolve::template::within;
use crate::resolve::{Output, OutputPath, Part, Roles};
use crate::transform::{Cell, Settings};

/// The folder that outputs go to, where the manifest names none.
const DIR: &str = "assets";
/// The template of an output's path below it, where the manifest has none.
const PATH: &str = "{{ name }}.{{ ext }}";
/// Stands for the take's number while a template is rendered once for all takes.
const TAKE_MARK: &str = "7340127";
/// Instructions that one path may take: more is a template that never ends.
const FUEL: u64 = 10_000;

/// Places that no output may lie in, besides those that the project itself makes known.
#[derive(Debug, Clone, Default)]
pub struct Protected {
    /// The cache's folder.
    pub cache: Option<PathBuf>,
}

/// Resolves outputs one by one and remembers them, so that no two share a place.
pub(crate) struct Outputs<'a> {
    files: &'a Files,
    dir: String,
    path: Spanned<String>,
    templates: Environment<'static>,
    /// By folded path: the path, whose it is and where it is declared.
    taken: HashMap<String, (ProjectPath, AssetName, Place)>,
    protected: &'a Protected,
    manifest: &'a Manifest,
}

/// What an output's path is made of.
struct Wording<'a> {
    name: &'a AssetName,
    template: &'a Spanned<String>,
    /// The cell of a sheet that the output is.
    cell: Option<&'a str>,
    /// Which of several widths it is.
    width: Option<u32>,
    keys: &'a AssetKeys,
}

/// The folder of all outputs, with a slash at its end; empty for the project's own.
pub(crate) fn output_dir(manifest: &Manifest) -> Result<String, Diagnostic> {
    match manifest.output_dir.as_ref().map(|dir| (dir, dir.value.as_str())) {
        None => Ok(format!("{DIR}/")),
        Some((_, "." | "./")) => Ok(String::new()),
        Some((dir, text)) => {
            ProjectPath::new(text).map(|path| format!("{path}/")).map_err(|reason| bad_path(&dir.place, text, &reason))
        }
    }
}

impl<'a> Outputs<'a> {
    pub(crate) fn new(
        manifest: &'a Manifest,
        files: &'a Files,
        protected: &'a Protected,
        found: &mut Vec<Diagnostic>,
    ) -> Self {
        let dir = output_dir(manifest).unwrap_or_else(|mistake| {
            found.push(mistake);
            format!("{DIR}/")
        });
        let nowhere = Place { source: manifest.source.clone(), span: 0..0 };
        let path = manifest.output_path.clone();
        Self {
            files,
            dir,
            path: path.unwrap_or_else(|| Spanned { value: PATH.to_string(), place: nowhere }),
            templates: environment(FUEL),
            taken: HashMap::new(),
            protected,
            manifest,
        }
    }

    pub(crate) fn resolve(
        &mut self,
        name: &AssetName,
        keys: &AssetKeys,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Vec<Output>> {
        let unwritten = OutputKeys::default();
        let written = match &keys.output {
            OutputKey::Absent => slice::from_ref(&unwritten),
            OutputKey::One(output) => slice::from_ref(&**output),
            OutputKey::List(outputs) => outputs,
        };
        // A mistake in one leaves the others to be looked at.
        let resolved = written.iter().enumerate();
        let resolved: Vec<_> =
            resolved.map(|(declared, output)| self.resolve_one(name, keys, declared, output, found)).collect();
        Some(resolved.into_iter().collect::<Option<Vec<_>>>()?.concat())
    }

    /// An output as declared, and after it one for each of its widths.
    fn resolve_one(
        &mut self,
        name: &AssetName,
        keys: &AssetKeys,
        declared: usize,
        output: &OutputKeys,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Vec<Output>> {
        let template = output.path.as_ref().unwrap_or(&self.path).clone();
        let format = format(&template, output.format.as_ref(), found)?;
        let mut settings = settings(output, format, keys, self.files, found)?;
        // What was made by hand has nothing to disclose.
        let is_by_hand = keys.source.as_ref().is_some_and(|source| !source.value.starts_with("asset:"));
        settings.disclose = self.manifest.disclose.clone().filter(|_| !is_by_hand);
        let place = output.path.as_ref().or(output_of(&template, &self.path)).map_or(&keys.place, |path| &path.place);
        let place = if place.span.is_empty() { keys.place.clone() } else { place.clone() };
        let place = output.place().unwrap_or(place);
        if let Some(grid) = output.grid.as_ref().filter(|_| !template.value.contains("cell")) {
            let error = grid.error(
                "bad-value",
                "each cell makes a file of its own, and the path is one for all",
                "these cells",
            );
            found.push(error.help("put the cell into the path: path = \"{{ name }}/{{ cell }}.{{ ext }}\""));
            return None;
        }
        let mut resolved = Vec::new();
        for (cell, settings) in cells(output, &settings) {
            let widths = output.widths.iter().flatten();
            let narrow =
                widths.map(|width| Some((Some(width.value), narrowed(&settings, width, found)?, &width.place)));
            let narrow = narrow.collect::<Option<Vec<_>>>()?;
            for (width, settings, place) in std::iter::once((None, settings, &place)).chain(narrow) {
                let wording = Wording { name, template: &template, cell, width, keys };
                let path = self.render(&wording, &settings, found)?;
                let part = Part { declared, cell: cell.map(str::to_string), width };
                resolved.push(Output { path, settings, place: place.clone(), part, palette: palette(output) });
            }
        }
        let published = keys.publish.as_ref().filter(|publish| publish.value == Publish::All);
        let takes = keys.n.as_ref().map_or(1, |takes| takes.value) as usize;
        if let (Some(publish), Some(OutputPath::Fixed(path))) = (published, resolved.first().map(|main| &main.path)) {
            let message = format!("`{name}` publishes all takes into one file, `{path}`");
            let help = "put the take's number into the path: output = \"{{ name }}-{{ take }}.{{ ext }}\"";
            found.push(publish.error("bad-value", message, "all takes").help(help));
            return None;
        }
        for output in &resolved {
            // Any of its takes may be the one that is published.
            let count = if matches!(output.path, OutputPath::PerTake(_)) { takes } else { 1 };
            for take in 1..=count {
                self.claim(name, output, take, found)?;
            }
        }
        Some(resolved)
    }

    fn render(
        &mut self,
        wording: &Wording<'_>,
        settings: &Settings,
        found: &mut Vec<Diagnostic>,
    ) -> Option<OutputPath> {
        let Wording { template, keys, .. } = wording;
        let place = if template.place.span.is_empty() { &keys.place } else { &template.place };
        let below = match self.render_text(wording, settings) {
            Ok(text) => wording.width.map_or(text.clone(), |width| with_width(&text, width)),
            Err(error) => {
                found.push(self.template_error(place, wording, &error));
                return None;
            }
        };
        let rendered = format!("{}{below}", self.dir);
        // With the mark, which is longer than any number of a take, and without: both must be sound.
        let checked = ProjectPath::new(&rendered).and_then(|_| ProjectPath::new(&rendered.replace(TAKE_MARK, "1")));
        // Whoever writes `/img/x.png` or `~/x.png` doesn't mean a place below the folder for outputs.
        let checked = checked.and_then(|path| ProjectPath::new(&below).map(|_| path));
        match checked {
            Ok(_) if rendered.contains(TAKE_MARK) => {
                Some(OutputPath::PerTake(rendered.split(TAKE_MARK).map(str::to_string).collect()))
            }
            Ok(path) => Some(OutputPath::Fixed(path)),
            Err(reason) => {
                found.push(bad_path(place, &rendered, &reason));
                None
            }
        }
    }

    fn render_text(&mut self, wording: &Wording<'_>, settings: &Settings) -> Result<String, minijinja::Error> {
        let (name, template) = (wording.name, wording.template.value.as_str());
        if !template.contains('{') {
            return Ok(template.to_string());
        }
        if template == PATH {
            return Ok(format!("{name}.{}", settings.format.extension()));
        }
        let mut context = variables(wording.keys);
        context.insert("name".to_string(), Value::from(name.as_str()));
        context.insert("ext".to_string(), Value::from(settings.format.extension()));
        context.insert("take".to_string(), Value::from(TAKE_MARK));
        if let Some(width) = settings.width {
            context.insert("width".to_string(), Value::from(width));
        }
        if let Some(cell) = wording.cell {
            context.insert("cell".to_string(), Value::from(cell));
        }
        jinja::render(&mut self.templates, template, Value::from_pairs(context))
    }

    fn template_error(&self, place: &Place, wording: &Wording<'_>, error: &minijinja::Error) -> Diagnostic {
        let template = wording.template.value.as_str();
        let own = variables(wording.keys);
        let known: Vec<&str> = ["name", "ext", "take", "width"]
            .into_iter()
            .chain(wording.cell.map(|_| "cell"))
            .chain(own.keys().map(String::as_str))
            .collect();
        let help = "a path's template knows name, ext, take and, where they are set, width and cell";
        let is_undefined = error.kind() == minijinja::ErrorKind::UndefinedError;
        let parsed = is_undefined.then(|| self.templates.template_from_str(template).ok()).flatten();
        let variables = parsed.map(|template| template.undeclared_variables(false));
        let is_known = |name: &str| known.contains(&name) || self.templates.globals().any(|(global, _)| global == name);
        let unknown = variables.unwrap_or_default().into_iter().filter(|name| !is_known(name));
        let Some(unknown) = unknown.min_by_key(|name| template.find(name.as_str())) else {
            let detail = match error.kind() {
                minijinja::ErrorKind::OutOfFuel => format!("it takes more than {} steps", grouped(FUEL)),
                kind => error.detail().map_or_else(|| kind.to_string(), str::to_string),
            };
            let message = format!("this template can't be rendered: {detail}");
            return place.error("bad-template", message, "this template").help(help);
        };
        let help = nearest(&unknown, known.iter().copied())
            .map_or(help.to_string(), |near| format!("did you mean `{near}`? {help}"));
        within(place, &unknown, 0)
            .error("bad-template", format!("this template's variable `{unknown}` is unknown"), "this variable")
            .help(help)
    }

    /// Takes a path for an asset, or says who has it.
    fn claim(&mut self, name: &AssetName, output: &Output, take: usize, found: &mut Vec<Diagnostic>) -> Option<()> {
        let path = output.path(take);
        let real = match self.files.real_place(&path) {
            Ok(real) => real,
            Err(reason) => {
                found.push(bad_path(&output.place, path.as_str(), &reason));
                return None;
            }
        };
        if self.protected.cache.as_ref().is_some_and(|cache| real.starts_with(cache)) {
            found.push(protected(&output.place, &path, "lies in the cache"));
            return None;
        }
        // Two paths that links make one are one.
        let real = real.strip_prefix(self.files.root()).ok().and_then(|real| ProjectPath::new(&slashes(real)).ok());
        let folded = real.as_ref().unwrap_or(&path).folded();
        if let Some((other_path, other, place)) = self.taken.get(&folded) {
            let of_one_asset = other == name;
            let message = if *other_path == path && of_one_asset {
                format!("two outputs of `{name}` would be one file, `{path}`")
            } else if *other_path == path {
                format!("`{other}` and `{name}` would make one file, `{path}`")
            } else {
                format!(
                    "`{other_path}` and `{path}` are one file on some systems: they differ in letter case, Unicode form or links"
                )
            };
            let error = |label: String| output.place.error("same-output", message, label);
            let error = if output.place == *place {
                error(if of_one_asset { "this path".to_string() } else { format!("`{other}` and `{name}`") })
            } else {
                error(format!("`{name}`")).label(&place.source, place.span.clone(), format!("`{other}`"))
            };
            found.push(error.help(if of_one_asset {
                "give one of them another path"
            } else {
                "give one of them another output path or another name"
            }));
            return None;
        }
        self.taken.insert(folded, (path, name.clone(), output.place.clone()));
        Some(())
    }

    /// Refuses outputs that are the manifest, the lockfile, state, a reference or a source.
    pub(crate) fn refuse_protected(&self, references: &References<'_>, found: &mut Vec<Diagnostic>) {
        let mut roles = Roles::new(self.manifest);
        for path in self.manifest.codegen.iter().flat_map(CodegenKeys::paths) {
            roles.add(&path.value, "is generated code");
        }
        for path in references.paths() {
            roles.add_read(path.as_str());
            if let Ok(real) = self.files.real_place(path)
                && let Ok(real) = real.strip_prefix(self.files.root())
            {
                roles.add_read(&slashes(real));
            }
        }
        for (folded, (path, _, place)) in &self.taken {
            if let Some(role) = roles.of(folded) {
                found.push(protected(place, path, role));
            }
        }
    }
}

impl OutputKeys {
    /// Where the output's shape or path is written, if anywhere.
    fn place(&self) -> Option<Place> {
        let path = self.path.as_ref().map(|path| &path.place);
        self.place.as_ref().or(path).or(self.width.as_ref().map(|width| &width.place)).cloned()
    }
}

/// What an asset's rows, matrix and vars give.
fn variables(keys: &AssetKeys) -> BTreeMap<String, Value> {
    let names = keys.variables.try_iter().into_iter().flatten();
    names.filter_map(|name| Some((name.as_str()?.to_string(), keys.variables.get_item(&name).ok()?))).collect()
}

fn output_of<'t>(template: &'t Spanned<String>, default: &Spanned<String>) -> Option<&'t Spanned<String>> {
    (template.place != default.place).then_some(template)
}

fn slashes(path: &std::path::Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// The format: as written, else the path's extension, else png.
fn format(path: &Spanned<String>, written: Option<&Spanned<Format>>, found: &mut Vec<Diagnostic>) -> Option<Format> {
    let extension =
        path.value.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
    let named = Format::from_extension(&extension);
    match (named, written) {
        (Some(named), Some(written)) if named != written.value => {
            let message = format!("the path ends in .{extension}, but the format is {}", written.value);
            let error = written.error("bad-value", message, "this format");
            let error = error.label(&path.place.source, path.place.span.clone(), "this path");
            found.push(error.help("take `format` out: the path's extension says it; or write {{ ext }} in the path"));
            None
        }
        (_, Some(written)) => Some(written.value),
        (Some(named), None) => Some(named),
        (None, None) if ["gif", "svg", "bmp", "tif", "tiff", "heic"].contains(&extension.as_str()) => {
            let error = path.error("bad-value", format!("tintype can't write .{extension} files"), "this path");
            found.push(error.help("write .png, .jpg, .webp or .avif"));
            None
        }
        (None, None) => Some(Format::Png),
    }
}

fn palette(keys: &OutputKeys) -> Option<String> {
    match keys.colors.as_ref().map(|colors| &colors.value) {
        Some(ColorsKey::File(path)) => Some(path.clone()),
        _ => None,
    }
}

/// An output's settings for each of its cells, with the cell's name; once, where it isn't cut.
fn cells<'k>(keys: &'k OutputKeys, settings: &Settings) -> Vec<(Option<&'k str>, Settings)> {
    let Some(grid) = &keys.grid else { return vec![(None, settings.clone())] };
    let GridKey { columns, rows, cells } = &grid.value;
    let one = |(name, column, row): &'k (String, u32, u32)| {
        let cell = Cell { columns: *columns, rows: *rows, column: *column, row: *row };
        (Some(name.as_str()), Settings { cell: Some(cell), ..settings.clone() })
    };
    cells.iter().map(one).collect()
}

/// The settings of one of an output's widths: a height that is given with a width keeps its proportion to it.
fn narrowed(main: &Settings, width: &Spanned<u32>, found: &mut Vec<Diagnostic>) -> Option<Settings> {
    let settings = main.narrowed(width.value);
    if let Some(height) = settings.height.filter(|height| *height > MAX_SIDE) {
        let message = format!("a file of width {} would be {height} pixels high", width.value);
        found
            .push(width.error("bad-value", message, "too large").help(format!("a side has at most {MAX_SIDE} pixels")));
        return None;
    }
    Some(settings)
}

/// The path of one of an output's widths: `img/hero.webp` is `img/hero-640w.webp`.
fn with_width(path: &str, width: u32) -> String {
    let name = path.rfind('/').map_or(0, |slash| slash + 1);
    let end = path[name..].rfind('.').map_or(path.len(), |dot| name + dot);
    format!("{}-{width}w{}", &path[..end], &path[end..])
}

fn bad_path(place: &Place, path: &str, reason: &str) -> Diagnostic {
    let shown: String = path.chars().take(80).collect::<String>().escape_debug().to_string();
    place
        .error("bad-path", format!("an output can't be written to `{shown}`: {reason}"), "this path")
        .help("write a path inside the project, with `/`, like output = \"img/hero.png\"")
}

fn protected(place: &Place, path: &ProjectPath, role: &str) -> Diagnostic {
    place
        .error("protected-path", format!("`{path}` can't be an output: it {role}"), "this path")
        .help("choose another path")
}
