//! `tintype gallery --export DIR`: the page as files, without anything that acts: for a pull request or a wiki.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::cli::Context;
use crate::cli::environment::locate_or_fail;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::gallery::detail::{Whole, detail};
use crate::cli::gallery::hub::Hub;
use crate::cli::gallery::page::{INDEX, PARTS};
use crate::cli::gallery::pictures::{extension, small};
use crate::cli::watch::{Done, Order, Setup};
use crate::cli::words::counted;
use crate::digest::Digest;
use crate::files::describe;
use crate::name::ProjectPath;
use crate::project::{Project, Spent, SyncOptions};

/// Which page this is: what an export may be written over.
const MARK: &str = "<!-- data -->";
const WITH_DATA: &str = "<script src=\"data.js\" defer></script>";
/// Where its pictures lie.
const FILES: &str = "files";

pub(super) fn run(context: &'static Context, folder: &Path) -> Result<Exit, Failure> {
    let manifest = locate_or_fail(context.manifest_path.as_deref())?;
    refuse_foreign(folder)?;
    let Whole { project, survey } = Whole::open(context, &manifest)?;
    let setup = Setup { options: SyncOptions::default(), automatic: false, draft: false, poll: false, serving: None };
    let hub = Hub::new(&manifest, &setup, (String::new(), String::new()));
    let (plan, lock) = (survey.plan.clone(), Arc::clone(&survey.lock));
    let done = Done { plan, lock, project: Some(Arc::clone(&project)), ..Done::default() };
    hub.end(&Order::Look, &Ok(done), Spent::default(), None);
    let whole = Whole { project, survey };
    let mut export = Export { folder: folder.to_path_buf(), written: BTreeMap::new() };
    let mut state = hub.state();
    let mut details = serde_json::Map::new();
    for row in state["assets"].as_array_mut().into_iter().flatten() {
        let name = row["name"].as_str().unwrap_or_default().to_string();
        row["thumb"] = json!(export.thumb(&whole.project, &hub, &name)?);
        if let Some(mut document) = detail(&whole, &hub, &name) {
            export.pictures(&whole.project, &hub, &mut document)?;
            details.insert(name, document);
        }
    }
    let data = json!({ "state": state, "details": details });
    export.write("data.js", format!("window.TINTYPE_STATIC = {};\n", script(&data)).as_bytes())?;
    for part in &PARTS {
        export.write(part.name, part.text.as_bytes())?;
    }
    export.write("index.html", INDEX.text.replace(MARK, WITH_DATA).as_bytes())?;
    let assets = counted(whole.survey.plan.assets.len(), "asset");
    context.talk.remark(&format!("{assets} on {}", folder.join("index.html").display()))?;
    Ok(Exit::Done)
}

/// What lies there may be an older export; nothing else is written over.
fn refuse_foreign(folder: &Path) -> Result<(), Failure> {
    let is_empty = fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
    let is_ours = fs::read_to_string(folder.join("index.html")).is_ok_and(|page| page.contains(WITH_DATA));
    if is_empty || is_ours {
        return Ok(());
    }
    let message = format!("{} isn't empty, and no page of tintype's lies in it", folder.display());
    Err(Failure::usage(&message, "name a new folder"))
}

/// JSON that is safe inside a script: no sequence in it ends the script, and no line ends in it are unknown to old readers.
fn script(data: &Value) -> String {
    data.to_string().replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

struct Export {
    folder: PathBuf,
    /// Pictures that lie there already, by content.
    written: BTreeMap<Digest, String>,
}

impl Export {
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.folder.join(name);
        let write = || {
            fs::create_dir_all(path.parent().unwrap_or(&self.folder))?;
            fs::write(&path, bytes)
        };
        write().map_err(|error| {
            let message = format!("{} can't be written: {}", path.display(), describe(&error));
            Failure::new(Exit::Failed, "output", message, "make room, or name another folder")
        })
    }

    /// A picture under the name of its content: the page says what it is.
    fn picture(&mut self, bytes: &[u8]) -> Result<String, Failure> {
        let digest = Digest::of(bytes);
        if let Some(known) = self.written.get(&digest) {
            return Ok(known.clone());
        }
        let name = format!("{FILES}/{}.{}", &digest.hex()[..16], extension(bytes));
        self.write(&name, bytes)?;
        self.written.insert(digest, name.clone());
        Ok(name)
    }

    fn thumb(&mut self, project: &Project, hub: &Hub, name: &str) -> Result<Option<String>, Failure> {
        let Some(shown) = hub.row(name).and_then(|row| row.picture) else { return Ok(None) };
        shown.bytes(project).map(|bytes| self.picture(&small(project, bytes))).transpose()
    }

    /// Outputs as they are; takes and references small, as originals are large and many.
    fn pictures(&mut self, project: &Project, hub: &Hub, document: &mut Value) -> Result<(), Failure> {
        for take in document["takes"].as_array_mut().into_iter().flatten() {
            let original = take["hash"].as_str().and_then(|hash| project.read_original(hash.parse().ok()?));
            let url = original.map(|bytes| self.picture(&small(project, bytes))).transpose()?;
            take["url"] = json!(url);
            take["thumb"] = json!(url);
        }
        for output in document["outputs"].as_array_mut().into_iter().flatten() {
            output["url"] = json!(self.file(project, &output["path"], |_, bytes| bytes)?);
        }
        for reference in document["recipe"]["references"].as_array_mut().into_iter().flatten() {
            reference["url"] = match reference["asset"].as_str() {
                Some(asset) => json!(self.thumb(project, hub, asset)?),
                None => json!(self.file(project, &reference["path"], small)?),
            };
        }
        Ok(())
    }

    fn file(
        &mut self,
        project: &Project,
        path: &Value,
        made: fn(&Project, Vec<u8>) -> Vec<u8>,
    ) -> Result<Option<String>, Failure> {
        let bytes = path.as_str().and_then(|path| project.read_picture(&ProjectPath::new(path).ok()?).ok());
        bytes.map(|bytes| self.picture(&made(project, bytes))).transpose()
    }
}
