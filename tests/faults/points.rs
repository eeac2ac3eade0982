//! Every point that a run reaches, and every way to fail there: killed, an error, a panic.

use std::collections::BTreeMap;

use crate::checker::{Case, failed, shape};
use crate::sandbox::Sandbox;
use crate::studio::{assets, studio};
use crate::vendor::{Fault, Vendor};

/// A project in which the next sync has something to do.
struct Scene {
    sandbox: Sandbox,
    vendor: Vendor,
    /// Bills for a prompt that are right.
    takes: usize,
}

impl Scene {
    fn new(vendor: Vendor, text: &str) -> Scene {
        Scene { sandbox: studio(&vendor, "concurrency = 1", text), vendor, takes: 1 }
    }
}

/// Two pictures that come in the answer.
fn bought() -> Scene {
    Scene::new(Vendor::openai(), &assets(["one", "two"]))
}

/// A picture that is fetched from an address, with two outputs.
fn fetched() -> Scene {
    let outputs = "output = [\"a.png\", { path = \"b.webp\", width = 32 }]\n";
    Scene::new(Vendor::openai().with_urls(), &(assets(["one"]) + outputs))
}

/// Two takes of one picture.
fn takes() -> Scene {
    let scene = Scene::new(Vendor::openai(), &(assets(["one"]) + "n = 2\n"));
    Scene { takes: 2, ..scene }
}

/// A busy vendor first, then a picture.
fn retried() -> Scene {
    let scene = bought();
    scene.vendor.next(Fault::status(429).with_header("Retry-After", "0"));
    scene
}

/// Outputs are gone, originals are cached.
fn restored() -> Scene {
    let scene = bought();
    scene.sandbox.run("sync").success();
    scene.sandbox.remove("assets");
    scene
}

/// Another wording: the file is replaced.
fn changed() -> Scene {
    let scene = bought();
    scene.sandbox.run("sync").success();
    scene.sandbox.edit("picture of one.", "another picture of one.");
    scene
}

/// Another output, and an asset that is no longer declared.
fn pruned() -> Scene {
    let scene = bought();
    scene.sandbox.run("sync").success();
    scene.sandbox.edit("\n[assets.two]\nprompt = \"picture of two.\"\n", "output = { width = 32 }\n");
    scene
}

type SceneMaker = fn() -> Scene;

const SCENES: [(&str, SceneMaker); 7] = [
    ("bought", bought),
    ("fetched", fetched),
    ("takes", takes),
    ("retried", retried),
    ("restored", restored),
    ("changed", changed),
    ("pruned", pruned),
];

/// The points that a sync of this scene reaches, each as often as it does.
#[track_caller]
fn points(scene: fn() -> Scene) -> (BTreeMap<String, u32>, String) {
    let scene = scene();
    let sync = scene.sandbox.env("TINTYPE_FAILPOINT", "list").run("sync --jobs 1").success();
    let mut points = BTreeMap::new();
    for point in sync.stderr().lines().filter_map(|line| line.strip_prefix("failpoint: ")) {
        *points.entry(point.to_string()).or_default() += 1;
    }
    (points, shape(&scene.sandbox.lockfile()))
}

/// Between the intent and the end of the answer's record nobody knows whether a request was billed; else all is known.
pub(crate) fn may_be_in_doubt(point: &str) -> bool {
    ["after-intent", "before-answer", "before-rename-answer", "after-rename-answer"].contains(&point)
}

/// The points of the scene of that name.
#[track_caller]
pub(crate) fn points_of(name: &str) -> BTreeMap<String, u32> {
    let (_, scene) = SCENES.into_iter().find(|(known, _)| *known == name).expect("there is such a scene");
    points(scene).0
}

/// Fails at the `nth` time that the point is reached, and recovers.
#[track_caller]
fn fail_at(name: &str, scene: fn() -> Scene, point: &str, nth: u32, action: &str, lockfile: &str) {
    let what = format!("{name}: {action} at {point}, time {nth}");
    let scene = scene();
    scene.sandbox.env("TINTYPE_FAILPOINT", &format!("{point}:{nth}={action}"));
    let sync = scene.sandbox.run("sync --format json --jobs 1");
    if !sync.stderr().contains(&format!("failpoint: at {point}")) {
        // How often the index of files is written depends on the file system's clock.
        assert!(point.ends_with("-state"), "{what}: it isn't reached\n{}", sync.stderr());
        return;
    }
    scene.sandbox.without_env("TINTYPE_FAILPOINT");
    match (action, sync.status().code()) {
        ("kill", None) | ("panic", Some(101) | None) => {}
        ("error" | "panic", Some(0)) => assert_eq!(failed(&sync), BTreeMap::new(), "{what}"),
        ("error" | "panic", Some(1 | 2)) => assert!(is_said(&sync), "{what}: no word of it\n{}", sync.stdout()),
        (_, code) => panic!("{what}: it ended with {code:?}\n{}\n{}", sync.stdout(), sync.stderr()),
    }
    let case = Case { takes: scene.takes, ..Case::new(&scene.sandbox, &scene.vendor, what.clone()) }.recover();
    // An error of the vendor's isn't kept: it is in doubt until the end of its request is written down.
    let is_late = !may_be_in_doubt(point) && action != "error" && (name != "retried" || point != "before-end");
    assert!(case.in_doubt == 0 || !is_late, "{what}: what was answered is in doubt");
    if case.in_doubt == 0 {
        assert_eq!(shape(&scene.sandbox.lockfile()), lockfile, "{what}: another lockfile than without the fault");
    }
}

/// What failed is named, or the run says why as a whole.
fn is_said(sync: &crate::sandbox::Run) -> bool {
    sync.stdout().is_empty() && sync.stderr().contains("\"diagnostics\"") || !failed(sync).is_empty()
}

#[track_caller]
fn fail_at_every_point(action: &str, scenes: &[(&str, SceneMaker)]) {
    let mut count = 0;
    for (name, scene) in scenes.iter().copied() {
        let (points, lockfile) = points(scene);
        assert!(points.len() > 3, "{name} reaches {points:?}");
        for (point, times) in &points {
            for nth in 1..=*times {
                fail_at(name, scene, point, nth, action, &lockfile);
                count += 1;
            }
        }
    }
    eprintln!("{action}: {count} points of {} scenes", scenes.len());
    assert!(count >= 20 * scenes.len(), "{count} points only");
}

#[test]
fn a_run_killed_at_any_point_pays_nothing_twice_and_loses_nothing() {
    fail_at_every_point("kill", &SCENES);
}

#[test]
fn an_error_at_any_point_pays_nothing_twice_and_loses_nothing() {
    fail_at_every_point("error", &SCENES);
}

#[test]
fn a_panic_at_any_point_pays_nothing_twice_and_loses_nothing() {
    fail_at_every_point("panic", &SCENES[..2]);
}

#[test]
#[ignore = "slow: minutes"]
fn a_panic_at_any_point_of_any_scene_pays_nothing_twice_and_loses_nothing() {
    fail_at_every_point("panic", &SCENES);
}

#[test]
fn the_points_are_those_in_the_order_of_a_paid_request() {
    let mut all: Vec<String> = Vec::new();
    for (_, scene) in SCENES {
        all.extend(points(scene).0.into_keys());
    }
    all.sort();
    all.dedup();
    assert_eq!(
        all,
        [
            "after-answer",
            "after-end",
            "after-intent",
            "after-ledger",
            "after-made",
            "after-rename-answer",
            "after-rename-lockfile",
            "after-rename-original",
            "after-rename-output",
            "after-rename-state",
            "after-rename-take",
            "before-answer",
            "before-end",
            "before-intent",
            "before-remove",
            "before-rename-answer",
            "before-rename-lockfile",
            "before-rename-original",
            "before-rename-output",
            "before-rename-state",
            "before-rename-take",
            "in-download",
        ]
    );
}
