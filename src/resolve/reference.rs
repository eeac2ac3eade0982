//! References and sources: read once, known to be images; and the order in which assets that refer to assets are made.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::diagnostic::{Diagnostic, nearest};
use crate::digest::Digest;
use crate::files::Files;
use crate::manifest::{Place, ReferenceKey, ReferenceOrigin, Spanned};
use crate::model::{BaseUrl, TrustedHosts};
use crate::name::{AssetName, ProjectPath};
use crate::picture::{Format, Picture};
use crate::resolve::expand::Declared;
use crate::resolve::{Asset, OpenOrigin, OpenReference};

/// Reads each referenced file once.
pub(crate) struct References<'a> {
    files: &'a Files,
    trusted: &'a TrustedHosts,
    known: HashMap<ProjectPath, Digest>,
}

impl<'a> References<'a> {
    pub(crate) fn new(files: &'a Files, trusted: &'a TrustedHosts) -> Self {
        Self { files, trusted, known: HashMap::new() }
    }

    /// Every file that is a reference or a source.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &ProjectPath> {
        self.known.keys()
    }

    pub(crate) fn resolve(
        &mut self,
        written: &[Spanned<ReferenceKey>],
        declared: &Declared,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Vec<OpenReference>> {
        let resolved: Vec<_> = written.iter().map(|reference| self.resolve_one(reference, declared, found)).collect();
        resolved.into_iter().collect()
    }

    fn resolve_one(
        &mut self,
        reference: &Spanned<ReferenceKey>,
        declared: &Declared,
        found: &mut Vec<Diagnostic>,
    ) -> Option<OpenReference> {
        let hint = reference.value.hint.clone().map(|hint| crate::recipe::fold_white_space(&hint));
        let hint = hint.filter(|hint| !hint.is_empty());
        let origin = self.origin(reference, declared, found)?;
        Some(OpenReference { origin, hint })
    }

    fn origin(
        &mut self,
        reference: &Spanned<ReferenceKey>,
        declared: &Declared,
        found: &mut Vec<Diagnostic>,
    ) -> Option<OpenOrigin> {
        match &reference.value.origin {
            ReferenceOrigin::Asset { name, take } => {
                let name = declared_asset(name, &reference.place, declared, found)?;
                if take.is_some() && declared[&name].source.is_some() {
                    let message = format!("`{name}` has a `source`, and so no takes");
                    found.push(reference.error("bad-value", message, "this reference").help("take `take` out"));
                    return None;
                }
                Some(OpenOrigin::Asset { name, take: take.clone() })
            }
            ReferenceOrigin::Url(url) => match check_url(url, self.trusted) {
                Ok(()) => Some(OpenOrigin::Url(url.clone())),
                Err((reason, help)) => {
                    let message = format!("this reference can't be fetched: {reason}");
                    found.push(reference.error("bad-reference", message, "this address").help(help));
                    None
                }
            },
            ReferenceOrigin::Path(path) => {
                let path = Spanned { value: path.clone(), place: reference.place.clone() };
                let path = check(&path, "reference", found)?;
                let hash = match self.files.picture_digest(&path) {
                    Some(hash) => hash,
                    None => self.read_picture(&path, reference, "reference", found)?.0,
                };
                self.known.insert(path.clone(), hash);
                Some(OpenOrigin::File { path, hash })
            }
        }
    }

    /// A file with what its header says.
    pub(crate) fn read(
        &mut self,
        written: &Spanned<String>,
        role: &str,
        found: &mut Vec<Diagnostic>,
    ) -> Option<(ProjectPath, Digest, Picture)> {
        let path = check(written, role, found)?;
        let (hash, picture) = match self.known_picture(&path) {
            Some(known) => known,
            None => self.read_picture(&path, written, role, found)?,
        };
        self.known.insert(path.clone(), hash);
        Some((path, hash, picture))
    }

    /// The same where the stat index vouches for the content, and the header can be read by itself.
    fn known_picture(&self, path: &ProjectPath) -> Option<(Digest, Picture)> {
        let hash = self.files.picture_digest(path)?;
        Picture::read(&self.files.picture_head(path)?).ok().map(|picture| (hash, picture))
    }

    fn read_picture<T>(
        &self,
        path: &ProjectPath,
        written: &Spanned<T>,
        role: &str,
        found: &mut Vec<Diagnostic>,
    ) -> Option<(Digest, Picture)> {
        let (bytes, stamp) = match self.files.read_stamped_picture(path) {
            Ok(read) => read,
            Err(error) => {
                let code = if error.missing { "missing-reference" } else { "bad-reference" };
                let diagnostic =
                    written.error(code, format!("the {role} `{path}` can't be read: {}", error.reason), "this file");
                found.push(diagnostic.help(error.help.map_or_else(
                    || format!("paths start at the folder of {}", self.files.manifest_name()),
                    str::to_string,
                )));
                return None;
            }
        };
        match Picture::read(&bytes) {
            Ok(picture) => {
                let digest = Digest::of(&bytes);
                self.files.remember_picture(path, stamp, digest);
                Some((digest, picture))
            }
            Err(reason) => {
                let error = written.error("bad-reference", format!("the {role} `{path}` is {reason}"), "this file");
                found.push(error.help(format!("a picture is needed here: {} are read", Format::READ)));
                None
            }
        }
    }
}

fn check(written: &Spanned<String>, role: &str, found: &mut Vec<Diagnostic>) -> Option<ProjectPath> {
    ProjectPath::new(&written.value)
        .map_err(|reason| {
            let error = written.error("bad-path", format!("this {role} can't be read: {reason}"), "this path");
            found.push(error.help("write a path inside the project, with `/`"));
        })
        .ok()
}

/// The name of an asset that is declared.
pub(crate) fn declared_asset(
    name: &str,
    place: &Place,
    declared: &Declared,
    found: &mut Vec<Diagnostic>,
) -> Option<AssetName> {
    if let Some((name, _)) = declared.get_key_value(name) {
        return Some(name.clone());
    }
    let help = nearest(name, declared.keys().map(AssetName::as_str))
        .map_or_else(|| "refer to an asset of this manifest".to_string(), |near| format!("did you mean `{near}`?"));
    let error = place.error("missing-reference", format!("no asset `{name}` is declared"), "this asset");
    found.push(error.help(help));
    None
}

/// Names of query parameters that make an address a signed one: it gives access, and soon ends to.
const SIGNATURES: [&str; 8] = [
    "signature",
    "x-amz-signature",
    "x-goog-signature",
    "x-amz-security-token",
    "sig",
    "token",
    "access_token",
    "key-pair-id",
];

/// Whether a picture may be referred to at this address; else why not, and what to do.
fn check_url(url: &str, trusted: &TrustedHosts) -> Result<(), (String, String)> {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let lasting = || "commit the picture and write its path, or write an https address that lasts".to_string();
    let base = BaseUrl::new(address).map_err(|reason| (reason, lasting()))?;
    if query.contains(|character: char| character.is_whitespace() || character.is_control() || character == '#') {
        return Err(("it has a character that no address has".to_string(), lasting()));
    }
    let is_signature = |name: &str| SIGNATURES.contains(&name.to_ascii_lowercase().as_str());
    if query.split('&').any(|pair| is_signature(pair.split('=').next().unwrap_or(pair))) {
        return Err(("it is signed, which makes it a secret, and it stops working soon".to_string(), lasting()));
    }
    if !base.is_https() && !trusted.contains(base.host()) {
        let help = format!(
            "write https://; for a server of your own, set TINTYPE_TRUST_HOSTS={} in the environment",
            base.host()
        );
        return Err(("it isn't https".to_string(), help));
    }
    Ok(())
}

/// The names, each after all that it refers to; a cycle is an error that shows it.
pub(crate) fn order(assets: &BTreeMap<AssetName, Asset>, found: &mut Vec<Diagnostic>) -> Vec<AssetName> {
    let mut order = Order::new(assets);
    for name in assets.keys() {
        order.visit(name);
        if let Some(cycle) = order.cycle.take() {
            let place = &assets[&cycle[0]].place;
            let names: Vec<&str> = cycle.iter().map(AssetName::as_str).collect();
            let error = place.error(
                "reference-cycle",
                format!("assets refer to each other in a circle: {}", names.join(" → ")),
                "this asset",
            );
            found.push(error.help("take one of these references out"));
            return Vec::new();
        }
    }
    order.sorted
}

struct Order<'a> {
    assets: &'a BTreeMap<AssetName, Asset>,
    done: BTreeSet<AssetName>,
    path: Vec<AssetName>,
    on_path: BTreeSet<AssetName>,
    sorted: Vec<AssetName>,
    cycle: Option<Vec<AssetName>>,
}

impl<'a> Order<'a> {
    const fn new(assets: &'a BTreeMap<AssetName, Asset>) -> Self {
        Self {
            assets,
            done: BTreeSet::new(),
            path: Vec::new(),
            on_path: BTreeSet::new(),
            sorted: Vec::new(),
            cycle: None,
        }
    }

    /// Depth first with a stack of its own: a chain of references may be as long as the manifest.
    fn visit(&mut self, root: &AssetName) {
        let mut stack = vec![(root.clone(), false)];
        while let Some((name, leaving)) = stack.pop() {
            if leaving {
                self.path.pop();
                self.on_path.remove(&name);
                self.done.insert(name.clone());
                self.sorted.push(name);
                continue;
            }
            if self.done.contains(&name) {
                continue;
            }
            if !self.on_path.insert(name.clone()) {
                let start = self.path.iter().position(|other| *other == name).unwrap_or(0);
                let mut cycle = self.path[start..].to_vec();
                cycle.push(name);
                self.cycle = Some(cycle);
                return;
            }
            let Some(asset) = self.assets.get(&name) else { continue };
            self.path.push(name.clone());
            stack.push((name, true));
            let mut next: Vec<_> = asset.refers_to().cloned().collect();
            next.reverse();
            stack.extend(next.into_iter().map(|name| (name, false)));
        }
    }
}
