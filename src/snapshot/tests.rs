use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::files::Files;
use crate::name::{AssetName, ProjectPath};
use crate::plan::{Action, PlannedAsset, Reason, ReasonCode};
use crate::snapshot::{Conclusion, FILE, Snapshot, World};

/// A project of one output, and what is concluded of it.
struct Scene {
    folder: tempfile::TempDir,
    variables: BTreeMap<String, String>,
}

impl Scene {
    fn new() -> Scene {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("images.toml"), "text").expect("a manifest");
        fs::write(folder.path().join("images.lock"), "text").expect("a lockfile");
        fs::create_dir_all(folder.path().join("assets/deep")).expect("a folder");
        fs::write(folder.path().join("assets/deep/a.png"), "picture").expect("an output");
        let scene = Scene { folder, variables: BTreeMap::new() };
        scene.conclude();
        scene
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn world(&self) -> World<'_> {
        World {
            program: "this".to_string(),
            cache: (None, Path::new("/cache")),
            trusted_hosts: String::new(),
            variables: &self.variables,
        }
    }

    fn conclude(&self) {
        let files = Files::open(&self.path("images.toml")).expect("the project opens");
        files.read_manifest().expect("readable");
        files.read_lockfile().expect("readable");
        assert_eq!(files.read_dotenv().expect("readable"), None);
        let output = ProjectPath::new("assets/deep/a.png").expect("a path");
        files.look(&output);
        let mut one = PlannedAsset::nothing(&AssetName::new("a").expect("a name"), Action::Keep);
        one.outputs.push(output);
        one.tags.push("landing".to_string());
        one.alt = Some("a picture".to_string());
        one.reasons.push(Reason::new(ReasonCode::Held, "held"));
        let conclusion = Conclusion {
            files: &files,
            world: self.world().digest(),
            keys: BTreeMap::from([("A_KEY", false)]),
            cache: Path::new("/cache"),
            outputs: 1,
            further: &[],
            referred: BTreeSet::from([AssetName::new("b").expect("a name")]),
            plan: vec![&one],
        };
        conclusion.keep();
    }

    fn found(&self) -> Option<Snapshot> {
        Snapshot::find(&self.path("images.toml"), &self.world())
    }

    fn is_settled(&self) -> bool {
        self.found().is_some_and(|snapshot| snapshot.is_settled())
    }

    fn snapshot_file(&self) -> std::path::PathBuf {
        self.path(".tintype").join(FILE)
    }
}

#[test]
fn what_was_concluded_is_found_again() {
    let scene = Scene::new();
    let snapshot = scene.found().expect("it holds");
    assert!(snapshot.is_settled());
    assert_eq!((snapshot.assets(), snapshot.outputs(), snapshot.cache_folder()), (1, 1, Path::new("/cache")));
    let plan = snapshot.plan().expect("it holds");
    let one = &plan.assets[0];
    assert_eq!(
        (one.name.as_str(), one.tags.as_slice(), one.alt.as_deref()),
        ("a", &["landing".to_string()][..], Some("a picture"))
    );
    assert_eq!((one.outputs[0].as_str(), one.reasons[0].detail.as_str()), ("assets/deep/a.png", "held"));
}

#[test]
fn whatever_it_stands_on_changes_it_is_looked_at_anew() {
    type Change = fn(&Scene);
    let sound: [(&str, Change); 4] = [
        ("an output edited", |scene| fs::write(scene.path("assets/deep/a.png"), "PICTURE").expect("written")),
        ("an output gone", |scene| fs::remove_file(scene.path("assets/deep/a.png")).expect("removed")),
        ("its folder gone", |scene| fs::remove_dir_all(scene.path("assets")).expect("removed")),
        ("a folder in its place", |scene| {
            fs::remove_file(scene.path("assets/deep/a.png")).expect("removed");
            fs::create_dir(scene.path("assets/deep/a.png")).expect("made");
        }),
    ];
    for (what, change) in sound {
        let scene = Scene::new();
        change(&scene);
        assert!(scene.found().is_some() && !scene.is_settled(), "{what}: the manifest is sound still");
    }
    let unsound: [(&str, Change); 6] = [
        ("the manifest", |scene| fs::write(scene.path("images.toml"), "TEXT").expect("written")),
        ("the lockfile", |scene| fs::write(scene.path("images.lock"), "TEXT").expect("written")),
        ("no lockfile", |scene| fs::remove_file(scene.path("images.lock")).expect("removed")),
        ("a .env", |scene| fs::write(scene.path(".env"), "").expect("written")),
        ("no snapshot", |scene| fs::remove_file(scene.snapshot_file()).expect("removed")),
        ("a folder in its place", |scene| {
            fs::remove_file(scene.snapshot_file()).expect("removed");
            fs::create_dir(scene.snapshot_file()).expect("made");
        }),
    ];
    for (what, change) in unsound {
        let scene = Scene::new();
        change(&scene);
        assert!(scene.found().is_none(), "{what}");
    }
}

#[test]
fn another_world_concludes_for_itself() {
    let scene = Scene::new();
    let set = |name: &str, value: &str| BTreeMap::from([(name.to_string(), value.to_string())]);
    let (key, other, empty) = (set("A_KEY", "x"), set("OTHER", "x"), set("A_KEY", " "));
    let find = |world: World<'_>| Snapshot::find(&scene.path("images.toml"), &world).is_some();
    assert!(!find(World { variables: &key, ..scene.world() }));
    assert!(find(World { variables: &other, ..scene.world() }) && find(World { variables: &empty, ..scene.world() }));
    assert!(!find(World { program: "another".to_string(), ..scene.world() }));
    assert!(!find(World { trusted_hosts: "host".to_string(), ..scene.world() }));
    assert!(!find(World { cache: (Some(Path::new("/cache")), Path::new("/cache")), ..scene.world() }));
}

#[cfg(unix)]
#[test]
fn a_folder_that_has_become_a_link_is_looked_at_anew() {
    let scene = Scene::new();
    let outside = tempfile::tempdir().expect("a temporary folder");
    fs::rename(scene.path("assets"), outside.path().join("assets")).expect("moved");
    std::os::unix::fs::symlink(outside.path().join("assets"), scene.path("assets")).expect("a link");
    assert!(fs::read(scene.path("assets/deep/a.png")).is_ok(), "the very same file");
    assert!(!scene.is_settled());
}

#[test]
fn one_as_young_as_what_it_speaks_of_is_not_trusted() {
    let scene = Scene::new();
    let set = |name: std::path::PathBuf, time: std::time::SystemTime| {
        let file = fs::File::options().append(true).open(name).expect("opened");
        file.set_modified(time).expect("stamped");
    };
    let output = fs::metadata(scene.path("assets/deep/a.png")).expect("there").modified().expect("a time");
    set(scene.snapshot_file(), output);
    assert!(!scene.is_settled());
    scene.conclude();
    assert!(scene.is_settled(), "the next run writes it anew");
    // A file from the future stays untrusted, and isn't waited for.
    set(scene.path("assets/deep/a.png"), output + std::time::Duration::from_secs(3600));
    scene.conclude();
    assert!(!scene.is_settled());
    let written = fs::metadata(scene.snapshot_file()).expect("there").modified().expect("a time");
    scene.conclude();
    let again = fs::metadata(scene.snapshot_file()).expect("there").modified().expect("a time");
    assert_eq!(written, again, "to write it again is no use");
}

#[test]
fn a_damaged_one_says_nothing() {
    let scene = Scene::new();
    let whole = fs::read(scene.snapshot_file()).expect("readable");
    let says =
        || scene.found().and_then(|snapshot| Some((snapshot.plan()?, snapshot.manifest()?, snapshot.referred()?)));
    // Stamped as before: only the bytes differ.
    let put = |bytes: &[u8]| fs::write(scene.snapshot_file(), bytes).expect("written");
    for cut in 0..whole.len() {
        put(&whole[..cut]);
        assert!(says().is_none(), "cut at {cut}");
    }
    for (index, bit) in (0..whole.len()).flat_map(|index| [(index, 0), (index, 7)]) {
        let mut bytes = whole.clone();
        bytes[index] ^= 1 << bit;
        put(&bytes);
        assert!(says().is_none(), "byte {index} bit {bit}");
    }
    put(&whole);
    assert!(says().is_some());
}
