//! Where each output goes and how it is made: templates, formats, and every path that an output must not have.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::slice;

use minijinja::{Environment, Value};

use crate::diagnostic::{Diagnostic, grouped, nearest};
use crate::files::{Files, LOCKFILE, STATE};
use crate::jinja::{self, environment};
use crate::manifest::{AssetKeys, Manifest, OutputKey, OutputKeys, Place, Publish, Spanned};
use crate::name::{AssetName, ProjectPath};
use crate::picture::{Format, MAX_SIDE};
use crate::resolve::reference::References;
use crate::resolve::template::within;
use crate::resolve::{Output, OutputPath};
use crate::transform::{Fit, Settings};

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
    included: &'a std::collections::BTreeSet<String>,
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
            included: &manifest.included,
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
        let resolved: Vec<_> = written.iter().map(|output| self.resolve_one(name, keys, output, found)).collect();
        Some(resolved.into_iter().collect::<Option<Vec<_>>>()?.concat())
    }

    /// An output as declared, and after it one for each of its widths.
    fn resolve_one(
        &mut self,
        name: &AssetName,
        keys: &AssetKeys,
        output: &OutputKeys,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Vec<Output>> {
        let template = output.path.as_ref().unwrap_or(&self.path).clone();
        let format = format(&template, output.format.as_ref(), found)?;
        let settings = settings(output, format);
        let path = self.render(name, &template, &settings, None, keys, found)?;
        let place = output.path.as_ref().or(output_of(&template, &self.path)).map_or(&keys.place, |path| &path.place);
        let place = if place.span.is_empty() { keys.place.clone() } else { place.clone() };
        let main = Output { path, settings, place: output.place().unwrap_or(place) };
        let published = keys.publish.as_ref().filter(|publish| publish.value == Publish::All);
        let takes = keys.n.as_ref().map_or(1, |takes| takes.value) as usize;
        if let (Some(publish), OutputPath::Fixed(path)) = (published, &main.path) {
            let message = format!("`{name}` publishes all takes into one file, `{path}`");
            let help = "put the take's number into the path: output = \"{{ name }}-{{ take }}.{{ ext }}\"";
            found.push(publish.error("bad-value", message, "all takes").help(help));
            return None;
        }
        let mut resolved = vec![main];
        for width in output.widths.iter().flatten() {
            let settings = narrowed(&resolved[0].settings, width, found)?;
            let path = self.render(name, &template, &settings, Some(width.value), keys, found)?;
            resolved.push(Output { path, settings, place: width.place.clone() });
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
        name: &AssetName,
        template: &Spanned<String>,
        settings: &Settings,
        one_width: Option<u32>,
        keys: &AssetKeys,
        found: &mut Vec<Diagnostic>,
    ) -> Option<OutputPath> {
        let place = if template.place.span.is_empty() { &keys.place } else { &template.place };
        let below = match self.render_text(name, &template.value, settings, keys) {
            Ok(text) => one_width.map_or(text.clone(), |width| with_width(&text, width)),
            Err(error) => {
                found.push(self.template_error(place, &template.value, keys, &error));
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

    fn render_text(
        &mut self,
        name: &AssetName,
        template: &str,
        settings: &Settings,
        keys: &AssetKeys,
    ) -> Result<String, minijinja::Error> {
        if !template.contains('{') {
            return Ok(template.to_string());
        }
        if template == PATH {
            return Ok(format!("{name}.{}", settings.format.extension()));
        }
        let mut context = variables(keys);
        context.insert("name".to_string(), Value::from(name.as_str()));
        context.insert("ext".to_string(), Value::from(settings.format.extension()));
        context.insert("take".to_string(), Value::from(TAKE_MARK));
        if let Some(width) = settings.width {
            context.insert("width".to_string(), Value::from(width));
        }
        jinja::render(&mut self.templates, template, Value::from_pairs(context))
    }

    fn template_error(&self, place: &Place, template: &str, keys: &AssetKeys, error: &minijinja::Error) -> Diagnostic {
        let own = variables(keys);
        let known: Vec<&str> =
            ["name", "ext", "take", "width"].into_iter().chain(own.keys().map(String::as_str)).collect();
        let help = "a path's template knows name, ext, take and, where it is set, width";
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
        let mut roles: HashMap<String, &str> = HashMap::new();
        let mut protect = |path: &str, role| {
            if let Ok(path) = ProjectPath::new(path) {
                roles.insert(path.folded(), role);
            }
        };
        protect(self.files.manifest_name(), "is the manifest");
        protect(LOCKFILE, "is the lockfile");
        self.included.iter().for_each(|path| protect(path, "is an include"));
        protect(".env", "holds keys");
        for path in references.paths() {
            protect(path.as_str(), "is a reference or a source");
            if let Ok(real) = self.files.real_place(path)
                && let Ok(real) = real.strip_prefix(self.files.root())
            {
                protect(&slashes(real), "is a reference or a source");
            }
        }
        for (folded, (path, _, place)) in &self.taken {
            if let Some(role) = roles.get(folded) {
                found.push(protected(place, path, role));
            } else if folded.split('/').next() == Some(STATE) {
                found.push(protected(place, path, "lies in tintype's own folder"));
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
        (None, None) if ["avif", "gif", "svg", "bmp", "tif", "tiff", "heic"].contains(&extension.as_str()) => {
            let error = path.error("bad-value", format!("tintype can't write .{extension} files"), "this path");
            found.push(error.help("write .png, .jpg or .webp"));
            None
        }
        (None, None) => Some(Format::Png),
    }
}

fn settings(keys: &OutputKeys, format: Format) -> Settings {
    Settings {
        format,
        quality: keys.quality.as_ref().map(|quality| quality.value).filter(|_| format.has_quality()),
        width: keys.width.as_ref().map(|width| width.value),
        height: keys.height.as_ref().map(|height| height.value),
        fit: keys.fit.as_ref().map_or(Fit::Cover, |fit| fit.value),
    }
}

/// The settings of one of an output's widths: a height that is given with a width keeps its proportion to it.
fn narrowed(main: &Settings, width: &Spanned<u32>, found: &mut Vec<Diagnostic>) -> Option<Settings> {
    let height = main.width.zip(main.height).map(|(of, height)| {
        let (of, height) = (u64::from(of.max(1)), u64::from(height));
        ((height * u64::from(width.value) + of / 2) / of).max(1)
    });
    if let Some(height) = height.filter(|height| *height > u64::from(MAX_SIDE)) {
        let message = format!("a file of width {} would be {height} pixels high", width.value);
        found
            .push(width.error("bad-value", message, "too large").help(format!("a side has at most {MAX_SIDE} pixels")));
        return None;
    }
    let height = height.and_then(|height| u32::try_from(height).ok());
    Some(Settings { width: Some(width.value), height, ..main.clone() })
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
