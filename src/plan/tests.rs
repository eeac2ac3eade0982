//! The plan as a table: what is declared, locked and seen, and what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use crate::cache::{CachedTakes, Intent, Journal, OpenRequest, RequestState};
use crate::diagnostic::Source;
use crate::digest::Digest;
use crate::files::FileState;
use crate::lock::{Entry, EntryOrigin, Generated, LockedOutput, Lockfile, Take};
use crate::manifest::{Place, Publish};
use crate::model::Registry;
use crate::name::{AssetName, ProjectPath};
use crate::observe::{Facts, Observed, Seen};
use crate::picture::Format;
use crate::plan::{Action, PlannedAsset, Policy, plan};
use crate::recipe::Recipe;
use crate::resolve::{Asset, AssetOrigin, Assets, OpenRecipe, Output, OutputPath, Part};
use crate::route::Routes;
use crate::route::route;
use crate::transform::Settings;

/// An asset `hero` with its entry and what lies around: as locked, until a case changes something.
struct Case {
    asset: Asset,
    entry: Option<Entry>,
    facts: Facts,
    policy: Policy,
}

fn recipe(prompt: &str) -> Recipe {
    Recipe::new("seedream-4.5", prompt)
}

fn take(bytes: &[u8]) -> Take {
    Take {
        hash: Digest::of(bytes),
        provider: "aisa".to_string(),
        model_id: "seedream-4-5-251128".to_string(),
        asked: None,
        wording: None,
        key: None,
        cost_usd: Some(0.04),
        generated: Some("2026-11-20T21:04:05Z".to_string()),
        kind: None,
        fingerprint: None,
    }
}

fn name() -> AssetName {
    AssetName::new("hero").unwrap()
}

fn path() -> ProjectPath {
    ProjectPath::new("assets/hero.png").unwrap()
}

fn second_path() -> ProjectPath {
    ProjectPath::new("assets/small.webp").unwrap()
}

/// As locked, but with a second output declared.
fn one_more() -> Case {
    Case::new().second().unlock_second()
}

fn file(bytes: &[u8]) -> Seen {
    Seen { state: FileState::File { digest: Digest::of(bytes) }, locked: false, made: Vec::new() }
}

fn missing() -> Seen {
    Seen { state: FileState::Missing, locked: false, made: Vec::new() }
}

impl Case {
    fn new() -> Self {
        let place = Place { source: Source::new("images.toml", ""), span: 0..0 };
        let settings = Settings::of(Format::Png);
        let locked = LockedOutput {
            path: path(),
            hash: Digest::of(b"output"),
            settings: settings.digest(),
            bytes: 6,
            width: 1,
            height: 1,
            take: None,
            color: None,
            thumbhash: None,
        };
        let generated = Generated { recipe: recipe("a moon"), chosen: Digest::of(b"take"), takes: vec![take(b"take")] };
        let open = OpenRecipe {
            recipe: recipe("a moon"),
            references: Vec::new(),
            providers: None,
            takes: 1,
            size_place: None,
            model_place: place.clone(),
        };
        let fingerprint = Some(recipe("a moon").fingerprint());
        Self {
            asset: Asset {
                draft: None,
                name: name(),
                place: place.clone(),
                origin: AssetOrigin::Generated(Box::new(open)),
                publish: Publish::Chosen,
                outputs: vec![Output {
                    path: OutputPath::Fixed(path()),
                    settings,
                    place,
                    part: Part::default(),
                    palette: None,
                }],
                tags: Vec::new(),
                alt: None,
                hold: false,
                cell: crate::resolve::cell::CellName::default(),
            },
            entry: Some(Entry { origin: EntryOrigin::Generated(Box::new(generated)), outputs: vec![locked] }),
            facts: Facts {
                recipe: Some(recipe("a moon")),
                fingerprint,
                locked_fingerprint: fingerprint,
                original: Some(Digest::of(b"take")),
                files: BTreeMap::from([(path(), Seen { locked: true, ..file(b"output") })]),
                at_hand: BTreeSet::from([Digest::of(b"take")]),
                ..Facts::default()
            },
            policy: Policy { usable: BTreeSet::from(["aisa".to_string()]), ..Policy::default() },
        }
    }

    fn recipe(&mut self) -> &mut OpenRecipe {
        match &mut self.asset.origin {
            AssetOrigin::Generated(open) => open,
            AssetOrigin::Source { .. } | AssetOrigin::Shared(_) => unreachable!("the case is a generated one"),
        }
    }

    fn prompt(mut self, prompt: &str) -> Self {
        self.recipe().recipe = recipe(prompt);
        self.facts.recipe = Some(recipe(prompt));
        self.facts.fingerprint = Some(recipe(prompt).fingerprint());
        self
    }

    fn unlocked(mut self) -> Self {
        self.entry = None;
        self.facts.locked_fingerprint = None;
        self
    }

    fn cached(mut self, bytes: &[u8]) -> Self {
        self.facts.cached = CachedTakes { takes: vec![take(bytes)], ..CachedTakes::default() };
        self.facts.at_hand.insert(Digest::of(bytes));
        self
    }

    fn seen(mut self, seen: Seen) -> Self {
        self.facts.files.insert(path(), seen);
        self
    }

    /// With a second output, declared, locked and there.
    fn second(mut self) -> Self {
        let mut settings = self.asset.outputs[0].settings.clone();
        (settings.format, settings.width) = (Format::Webp, Some(64));
        let place = self.asset.place.clone();
        let hash = Digest::of(b"small output");
        let first = &self.entry.as_ref().unwrap().outputs[0];
        let locked = LockedOutput { path: second_path(), hash, settings: settings.digest(), ..first.clone() };
        self.entry.as_mut().unwrap().outputs.push(locked);
        self.asset.outputs.push(Output {
            path: OutputPath::Fixed(second_path()),
            settings,
            place,
            part: Part::default(),
            palette: None,
        });
        self.seen_second(Seen { locked: true, ..file(b"small output") })
    }

    fn unlock_second(mut self) -> Self {
        self.entry.as_mut().unwrap().outputs.truncate(1);
        self.seen_second(missing())
    }

    fn seen_second(mut self, seen: Seen) -> Self {
        self.facts.files.insert(second_path(), seen);
        self
    }

    fn no_originals(mut self) -> Self {
        self.facts.at_hand.clear();
        self
    }

    fn open(mut self, state: RequestState) -> Self {
        self.facts.journal = Journal {
            open: vec![OpenRequest {
                id: "1".to_string(),
                intent: Intent { provider: "aisa".to_string(), images: 1, cost_usd: Some(0.04), ..Intent::default() },
                state,
                filed: 0,
            }],
            newer: false,
        };
        self
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn plan(&self) -> PlannedAsset {
        let registry = Registry::built_in();
        let routing = route(&self.asset, &registry).unwrap().unwrap();
        let assets = Assets { by_name: BTreeMap::from([(name(), self.asset.clone())]), order: vec![name()] };
        let entries = self.entry.clone().map(|entry| (name(), entry)).into_iter().collect();
        let observed = Observed { facts: BTreeMap::from([(name(), self.facts.clone())]), undeclared: BTreeMap::new() };
        let routes = Routes { finals: BTreeMap::from([(name(), routing)]), ..Routes::default() };
        let plan =
            plan(&assets, &Lockfile { entries, ..Lockfile::default() }, &observed, &routes, &registry, &self.policy);
        assert_eq!(plan.assets.len(), 1);
        PlannedAsset::clone(&plan.assets[0])
    }
}

#[test]
fn each_state_has_its_action_its_reasons_and_its_price() {
    let edited = || file(b"edited by hand");
    let ours = || Seen { made: vec![(Digest::of(b"other take"), Digest::of(b"settings"))], ..file(b"older output") };
    let smaller = |case: &mut Case| case.asset.outputs[0].settings.width = Some(64);
    let more = |case: &mut Case| case.recipe().takes = 3;
    let rows: Vec<Row> = vec![
        ("as locked", Case::new(), Action::Keep, &[], 0),
        ("as locked, originals elsewhere", Case::new().no_originals(), Action::Keep, &[], 0),
        ("new", Case::new().unlocked().seen(missing()), Action::Generate, &["new"], 1),
        (
            "new, and the cache has it",
            Case::new().unlocked().seen(missing()).cached(b"take"),
            Action::Restore,
            &["new", "cached"],
            0,
        ),
        ("another wording", Case::new().prompt("a sun"), Action::Generate, &["prompt"], 1),
        ("an old wording", Case::new().prompt("a sun").cached(b"sun"), Action::Restore, &["prompt", "cached"], 0),
        (
            "another wording, held",
            Case::new().prompt("a sun").with(|case| case.asset.hold = true),
            Action::Keep,
            &["held"],
            0,
        ),
        ("more takes", Case::new().with(more), Action::Generate, &["n"], 2),
        ("more takes, one cached", Case::new().cached(b"second").with(more), Action::Generate, &["cached", "n"], 1),
        ("a missing file", Case::new().seen(missing()), Action::Restore, &["missing"], 0),
        (
            "a missing file and original",
            Case::new().seen(missing()).no_originals(),
            Action::Unavailable,
            &["missing"],
            0,
        ),
        ("another size of output", Case::new().with(smaller), Action::Transform, &["output"], 0),
        ("another size, no original", Case::new().with(smaller).no_originals(), Action::Unavailable, &["missing"], 0),
        ("an edited file", Case::new().seen(edited()), Action::Blocked, &["edited"], 0),
        (
            "an edited file and another wording",
            Case::new().prompt("a sun").seen(edited()),
            Action::Blocked,
            &["edited", "prompt"],
            0,
        ),
        ("a foreign file", Case::new().unlocked().seen(edited()), Action::Blocked, &["foreign", "new"], 0),
        ("a file from an older run", Case::new().unlocked().seen(ours()), Action::Generate, &["new"], 1),
        (
            "a refused wording",
            Case::new().prompt("a sun").open(RequestState::Refused("no".to_string())),
            Action::Generate,
            &["prompt", "refused"],
            0,
        ),
        (
            "perhaps paid",
            Case::new().prompt("a sun").open(RequestState::Unknown),
            Action::Generate,
            &["prompt", "maybe-billed"],
            0,
        ),
    ];
    check(rows);
}

/// What it is, the case, and what is expected: action, reasons and images.
type Row = (&'static str, Case, Action, &'static [&'static str], u32);

#[track_caller]
fn check(rows: Vec<Row>) {
    for (what, case, action, reasons, images) in rows {
        let one = case.plan();
        let codes: Vec<&str> = one.reasons.iter().map(|reason| reason.code.name()).collect();
        assert_eq!((one.action, codes.as_slice(), one.images), (action, reasons, images), "{what}");
        assert_eq!(one.cost_usd, Some(crate::plan::rounded(f64::from(images) * 0.04)), "{what}");
        assert_eq!(
            one.work.changes_lock,
            !matches!(
                (action, what),
                (Action::Keep | Action::Blocked, _)
                    | (_, "a missing file" | "a missing file and original" | "the second missing")
            ),
            "{what}"
        );
    }
}

#[test]
fn several_outputs_are_judged_one_by_one_and_an_asset_may_have_none() {
    let edited = || file(b"edited by hand");
    let none = |case: &mut Case| case.asset.outputs.clear();
    let none_locked = || Case::new().with(none).with(|case| case.entry.as_mut().unwrap().outputs.clear());
    let other = |case: &mut Case| case.asset.outputs[1].settings.width = Some(32);
    let without_second = |case: &mut Case| case.asset.outputs.truncate(1);
    check(vec![
        ("two outputs, as locked", Case::new().second().no_originals(), Action::Keep, &[], 0),
        ("a second output", one_more(), Action::Transform, &["output"], 0),
        ("a second output, no original", one_more().no_originals(), Action::Unavailable, &["missing"], 0),
        ("the second missing", Case::new().second().seen_second(missing()), Action::Restore, &["missing"], 0),
        ("the second of another size", Case::new().second().with(other), Action::Transform, &["output"], 0),
        (
            "the first missing, the second of another size",
            Case::new().second().seen(missing()).with(other),
            Action::Restore,
            &["missing", "output"],
            0,
        ),
        ("the second edited", Case::new().second().seen_second(edited()), Action::Blocked, &["edited"], 0),
        ("both edited", Case::new().second().seen(edited()).seen_second(edited()), Action::Blocked, &["edited"], 0),
        ("no second one any longer", Case::new().second().with(without_second), Action::Prune, &["undeclared"], 0),
        ("new, a place taken", one_more().unlocked().seen_second(edited()), Action::Blocked, &["foreign", "new"], 0),
        ("no output, as locked", none_locked().no_originals(), Action::Keep, &[], 0),
        ("no output, new", none_locked().unlocked(), Action::Generate, &["new"], 1),
        ("no output, new, cached", none_locked().unlocked().cached(b"take"), Action::Restore, &["new", "cached"], 0),
        ("no output, another wording", none_locked().prompt("a sun"), Action::Generate, &["prompt"], 1),
        ("no output, more takes", none_locked().with(|case| case.recipe().takes = 3), Action::Generate, &["n"], 2),
        ("no output any longer", Case::new().with(none).no_originals(), Action::Prune, &["undeclared"], 0),
    ]);
    let both = Case::new().second().seen(edited()).seen_second(edited()).plan().error.unwrap().message;
    assert!(both.contains("`assets/hero.png`") && both.contains("`assets/small.webp`"), "{both}");
}

#[test]
fn what_the_user_allows_changes_the_plan() {
    let edited = || Case::new().seen(file(b"edited by hand"));
    assert_eq!(edited().with(|case| case.policy.overwrite = true).plan().action, Action::Transform);
    let folder = Seen { state: FileState::Other("a folder"), locked: false, made: Vec::new() };
    let in_the_way = Case::new().seen(folder).with(|case| case.policy.overwrite = true);
    assert_eq!(in_the_way.plan().action, Action::Blocked, "a folder is never replaced");
    let unknown =
        Case::new().prompt("a sun").open(RequestState::Unknown).with(|case| case.policy.resend_unknown = true);
    assert_eq!((unknown.plan().images, unknown.plan().error), (1, None));
    let refused = Case::new()
        .prompt("a sun")
        .open(RequestState::Refused("no".to_string()))
        .with(|case| case.policy.retry_refused = true);
    assert_eq!(refused.plan().images, 1);
    let offline = Case::new().prompt("a sun").with(|case| case.policy.offline = true);
    assert_eq!((offline.plan().images, offline.plan().error.map(|note| note.code)), (0, Some("offline")));
}

#[test]
fn a_provider_without_its_key_is_named() {
    let one = Case::new().prompt("a sun").with(|case| case.policy.usable.clear()).plan();
    assert_eq!(one.missing_keys, ["AISA_API_KEY", "OPENROUTER_API_KEY", "POWERTOKENS_API_KEY"]);
    assert_eq!(one.action, Action::Generate);
}
