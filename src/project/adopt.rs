//! Pictures that come from elsewhere than a model's answer: a hand-made one becomes a take, a present one stands for a
//! changed recipe. Nothing is asked of anybody, nothing is spent.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::digest::Digest;
use crate::event::{AssetResult, Report, Stop};
use crate::execute::{EntryChange, Purse, Run, execute};
use crate::files::{Durable, FileState, describe};
use crate::lock::{Entry, EntryOrigin, Generated, Lockfile, Take, TakeKind, order_takes};
use crate::manifest::Publish;
use crate::name::AssetName;
use crate::observe::{Learned, observe};
use crate::picture::{Format, Picture};
use crate::plan::{Note, plan};
use crate::project::{Allowed, Project, ProjectError, Selection, Survey};
use crate::recipe::{Fingerprint, Recipe};
use crate::resolve::{Asset, AssetOrigin, Assets};

/// Who made a take that no provider made.
const BY_HAND: &str = "adopted";

/// What became of an adoption.
#[derive(Debug)]
pub struct Adopted {
    /// The take's number.
    pub number: usize,
    /// The digest of the picture.
    pub hash: Digest,
    /// How its files went.
    pub result: AssetResult,
    /// Assets that refer to this one, and will be made anew for it: each with its price.
    pub followers: Vec<(AssetName, Option<f64>)>,
}

/// What an acceptance did.
#[derive(Debug, Default)]
pub struct Accepted {
    /// Assets whose lockfile entry follows the changed recipe now.
    pub accepted: Vec<AssetName>,
    /// Assets that had nothing to accept.
    pub unchanged: Vec<AssetName>,
}

impl Project {
    /// The present picture of each asset stands for its changed recipe.
    ///
    /// ```
    /// use tintype::event::{Silent, Stop};
    /// use tintype::project::{Project, Surroundings, SyncOptions};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let manifest = folder.path().join("images.toml");
    /// # std::fs::write(&manifest, "[assets.moon]\nmodel = \"placeholder\"\nprompt = \"a moon\"\nsize = \"64x64\"\n")?;
    /// # let surroundings = Surroundings { default_cache: folder.path().join("cache"), ..Surroundings::default() };
    /// # let project = Project::open(&manifest, &surroundings)?;
    /// # project.sync(&SyncOptions::default(), &Silent, &Stop::default())?;
    /// # std::fs::write(&manifest, std::fs::read_to_string(&manifest)?.replace("a moon", "the moon"))?;
    /// let project = Project::open(&manifest, &surroundings)?;
    /// let accepted = project.accept(&["moon".to_string()], &Silent)?;
    /// assert_eq!(accepted.accepted[0].as_str(), "moon");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn accept(&self, names: &[String], report: &dyn Report) -> Result<Accepted, ProjectError> {
        let names = self.named(names)?;
        let (_turn, _) = self.wait_for_turn(report)?;
        let survey = self.survey(&Selection::default(), &Allowed::default())?;
        let mut lock = Lockfile::clone(&survey.lock);
        let mut done = Accepted::default();
        for name in names {
            match self.accept_one(&name, &survey)? {
                Some(entry) => {
                    lock.entries.insert(name.clone(), entry);
                    done.accepted.push(name);
                }
                None => done.unchanged.push(name),
            }
        }
        self.write_lock(&survey, &lock)?;
        Ok(done)
    }

    fn accept_one(&self, name: &AssetName, survey: &Survey) -> Result<Option<Entry>, ProjectError> {
        let asset = &self.assets.by_name[name];
        refuse_hand_made(asset, "accepted")?;
        let Some(entry) = survey.lock.get(name) else {
            let message = format!("`{name}` has no picture yet that could be accepted");
            return Err(refused(
                "nothing-to-accept",
                message,
                "make it with `tintype sync`, or bring one in with `adopt`",
            ));
        };
        let Some(locked) = entry.generated() else {
            let message = format!("`{name}` was made by hand until now: there is no take of it");
            return Err(refused("nothing-to-accept", message, "bring the picture in with `tintype adopt`"));
        };
        let recipe = complete_recipe(asset, survey)?;
        let (before, now) = (locked.fingerprint(), recipe.fingerprint());
        // A draft that is good enough is one that stands for the finished picture.
        if before == now && !locked.is_draft() {
            return Ok(None);
        }
        let takes = locked.takes_of(locked.is_draft());
        let takes: Vec<Take> = takes.map(|take| accepted(take, before, now)).collect();
        for take in takes.iter().filter(|take| self.cache.has_original(take.hash)) {
            self.cache.add_own_take(name, now, take).map_err(|error| cache_broken(&error))?;
        }
        let chosen = locked.chosen_of(locked.is_draft()).unwrap_or(locked.chosen);
        let origin = EntryOrigin::Generated(Box::new(Generated { recipe, chosen, takes }));
        Ok(Some(Entry { origin, outputs: entry.outputs.clone() }))
    }

    /// `bytes` become a take of this asset, and the chosen one; without them, the asset's own output does, as it is edited.
    ///
    /// ```
    /// use tintype::event::{Silent, Stop};
    /// use tintype::project::{Project, Surroundings, SyncOptions};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let manifest = folder.path().join("images.toml");
    /// # std::fs::write(&manifest, "[assets.moon]\nmodel = \"placeholder\"\nprompt = \"a moon\"\nsize = \"64x64\"\n")?;
    /// # let surroundings = Surroundings { default_cache: folder.path().join("cache"), ..Surroundings::default() };
    /// # let project = Project::open(&manifest, &surroundings)?;
    /// # project.sync(&SyncOptions::default(), &Silent, &Stop::default())?;
    /// # let mut painted = std::io::Cursor::new(Vec::new());
    /// # image::RgbaImage::new(64, 64).write_to(&mut painted, image::ImageFormat::Png)?;
    /// # let painted = painted.into_inner();
    /// let adopted = project.adopt("moon", Some(&painted), &Silent)?;
    /// assert_eq!(adopted.number, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn adopt(&self, name: &str, bytes: Option<&[u8]>, report: &dyn Report) -> Result<Adopted, ProjectError> {
        let asset = self.only_named(name)?;
        refuse_hand_made(asset, "adopted")?;
        let (_turn, _) = self.wait_for_turn(report)?;
        let survey = self.survey(&Selection::default(), &Allowed::default())?;
        let recipe = complete_recipe(asset, &survey)?;
        let own = if bytes.is_none() { Some(self.edited_output(asset, &survey)?) } else { None };
        let bytes = bytes.or(own.as_deref()).unwrap_or_default();
        Picture::read(bytes).map_err(|reason| {
            refused(
                "no-picture",
                format!("this can't become a take: it is {reason}"),
                format!("a picture is needed: {} are read", Format::READ),
            )
        })?;
        let hash = self.cache.put_original(bytes, Durable::Yes).map_err(|error| cache_broken(&error))?;
        let entry = self.entry_with(asset, recipe, hash, &survey)?;
        if own.is_some() {
            // The file is what it is, whatever its settings would make of it: it stands.
            let settings = asset.outputs[0].settings.digest();
            self.cache.record_made(hash, hash, settings).map_err(|error| cache_broken(&error))?;
        }
        let mut lock = Lockfile::clone(&survey.lock);
        lock.entries.insert(asset.name.clone(), entry);
        let result = self.publish_alone(asset, &mut lock, &survey.learned, report)?;
        self.write_lock(&survey, &lock)?;
        let takes = lock.get(&asset.name).map(Entry::takes).unwrap_or_default();
        let number = takes.iter().position(|take| take.hash == hash).map_or(1, |index| index + 1);
        Ok(Adopted { number, hash, result, followers: self.followers(&asset.name, survey.learned)? })
    }

    /// The asset's entry with one more take, chosen. Those of another recipe stay in the cache.
    fn entry_with(&self, asset: &Asset, recipe: Recipe, hash: Digest, survey: &Survey) -> Result<Entry, ProjectError> {
        let entry = survey.lock.get(&asset.name);
        let fingerprint = recipe.fingerprint();
        let locked = entry.and_then(Entry::generated).filter(|locked| locked.fingerprint() == fingerprint);
        let mut takes: Vec<Take> = locked.into_iter().flat_map(|locked| locked.takes_of(false)).cloned().collect();
        if takes.iter().all(|take| take.hash != hash) {
            let now = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
            let newest = takes.iter().filter_map(|take| take.generated.clone()).max();
            let take = Take {
                hash,
                provider: BY_HAND.to_string(),
                model_id: recipe.model.clone(),
                asked: None,
                wording: None,
                key: None,
                cost_usd: Some(0.0),
                generated: Some(newest.map_or(now.clone(), |newest| newest.max(now))),
                kind: Some(TakeKind::Adopted),
                fingerprint: None,
            };
            self.cache.add_own_take(&asset.name, fingerprint, &take).map_err(|error| cache_broken(&error))?;
            takes.push(take);
            order_takes(&mut takes);
        }
        let origin = EntryOrigin::Generated(Box::new(Generated { recipe, chosen: hash, takes }));
        Ok(Entry { origin, outputs: entry.map(|entry| entry.outputs.clone()).unwrap_or_default() })
    }

    /// The one file that an asset has, where that can stand for the whole picture.
    fn edited_output(&self, asset: &Asset, survey: &Survey) -> Result<Vec<u8>, ProjectError> {
        let name = &asset.name;
        let (write, files) = (format!("name the file: tintype adopt {name} FILE"), asset.outputs.len());
        let is_one = files == 1 && (asset.publish == Publish::Chosen || asset.takes() == 1);
        if !is_one {
            let has = if files == 0 { "no file" } else { "several files" };
            return Err(refused("which-file", format!("`{name}` has {has} of its own"), write));
        }
        let output = &asset.outputs[0];
        if output.settings.changes_geometry() {
            let message = format!("the file of `{name}` has its own size, and the picture may be larger");
            return Err(refused("which-file", message, write));
        }
        let path = output.path(1);
        let as_locked = survey.lock.get(name).is_some_and(|entry| {
            let state = self.files.look(&path);
            entry.outputs.iter().any(|locked| locked.path == path && state == FileState::File { digest: locked.hash })
        });
        if as_locked {
            let message = format!("`{path}` is as tintype made it: there is nothing to adopt");
            return Err(refused("nothing-to-adopt", message, "edit it first, or name another file"));
        }
        self.files.read_picture(&path).map_err(ProjectError::File)
    }

    /// Makes the files of one asset from what it has, and nothing else.
    fn publish_alone(
        &self,
        asset: &Asset,
        lock: &mut Lockfile,
        learned: &Learned,
        report: &dyn Report,
    ) -> Result<AssetResult, ProjectError> {
        let assets = content_with_less(&self.assets, &asset.name);
        let only = BTreeSet::from([asset.name.clone()]);
        let before = Arc::new(lock.clone());
        let observed = observe(&assets, Some(&only), &before, &self.cache, &self.files, learned);
        let policy = self.policy(&Allowed::default(), Some(only));
        let planned = plan(&assets, &before, &observed, &self.routes, &self.registry, &policy).assets;
        let (stop, purse) = (Stop::default(), Purse::new(0, Some(0.0)));
        let run = Run { assets: &assets, ..self.run(&before, &policy, &purse, report, &stop) };
        let made = crate::project::sync::runtime()?.block_on(execute(&run, &planned, &observed));
        let mut result = AssetResult::done();
        for (name, outcome) in made {
            if let EntryChange::Set(entry) = outcome.entry {
                lock.entries.insert(name, *entry);
            }
            result = outcome.result;
        }
        Ok(result)
    }

    /// The one asset of that name.
    pub(super) fn only_named(&self, name: &str) -> Result<&Asset, ProjectError> {
        let names = self.named(std::slice::from_ref(&name.to_string()))?;
        match names.as_slice() {
            [one] => Ok(&self.assets.by_name[one]),
            _ => Err(refused("usage", format!("`{name}` is more than one asset"), "name one of them")),
        }
    }
}

/// The recipe as the manifest has it, once every reference is known.
fn complete_recipe(asset: &Asset, survey: &Survey) -> Result<Recipe, ProjectError> {
    survey.observed.facts[&asset.name].recipe.clone().ok_or_else(|| {
        let names: Vec<String> = asset.refers_to().map(|name| format!("`{name}`")).collect();
        let what = if names.is_empty() { "its references".to_string() } else { names.join(", ") };
        let message = format!("`{}` follows {what}, which isn't there yet", asset.name);
        refused("waits", message, "run `tintype sync` for that first")
    })
}

/// A take as it stands under another recipe than before.
fn accepted(take: &Take, before: Fingerprint, now: Fingerprint) -> Take {
    let made_for = take.fingerprint.unwrap_or(before);
    if made_for == now {
        // Back at the recipe that it was made for.
        let kind = take.kind.filter(|kind| *kind == TakeKind::Adopted);
        return Take { fingerprint: None, kind, ..take.clone() };
    }
    let kind = take.kind.filter(|kind| *kind == TakeKind::Adopted).or(Some(TakeKind::Accepted));
    Take { fingerprint: Some(made_for), kind, ..take.clone() }
}

/// The same assets, of which one is to have no more takes than it has.
fn content_with_less(assets: &Assets, name: &AssetName) -> Assets {
    let mut assets = assets.clone();
    if let Some(AssetOrigin::Generated(open)) = assets.by_name.get_mut(name).map(|asset| &mut asset.origin) {
        open.takes = 1;
    }
    assets
}

pub(super) fn refuse_hand_made(asset: &Asset, what: &str) -> Result<(), ProjectError> {
    if matches!(asset.origin, AssetOrigin::Generated(_)) {
        return Ok(());
    }
    let message = format!("`{}` has a `source`: no picture can be {what} for it", asset.name);
    Err(refused("hand-made", message, "change the file that its `source` names"))
}

pub(super) fn refused(code: &'static str, message: String, help: impl Into<String>) -> ProjectError {
    ProjectError::NotPossible(Note::new(code, message, help))
}

fn cache_broken(error: &std::io::Error) -> ProjectError {
    let message = format!("the cache can't be written: {}", describe(error));
    ProjectError::Broken(Note::new("cache", message, "make room or mend the permissions, then run this again"))
}
