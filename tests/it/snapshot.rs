//! The short way is the long way: whatever is edited, a run that trusts the last one's conclusions says what a run without
//! them says.

use std::fs;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::sandbox::{Sandbox, png};

/// Two pictures of a file's, rows, an include, a template of a file, and one that refers to another asset.
const MANIFEST: &str = "\
include = [\"art/*.toml\"]
[vars]
palette = \"muted\"
[data]
briefs = \"data/briefs.toml\"
[defaults]
model = \"placeholder\"
size = \"64x64\"
[assets.hero]
prompt = \"a {{ palette }} hero, {{ data.briefs.look }}\"
references = [\"art/board.png\"]
output = [\"hero.png\", { path = \"deep/er/hero.webp\", width = 32 }]
[assets.copy]
prompt_file = \"prompt.md\"
references = [\"asset:hero\"]
hold = true
[assets.badge]
source = \"art/badge.png\"
tags = [\"ui\"]
alt = \"a badge\"
[assets.\"card-{{ slug }}\"]
prompt = \"{{ title }}\"
rows = \"rows.csv\"
n = 2
publish = \"all\"
output = \"{{ name }}-{{ take }}.png\"
";

const OUTPUTS: [&str; 4] = ["hero.png", "deep/er/hero.webp", "badge.png", "card-one-2.png"];

/// Something that a person or another program does to a project.
#[derive(Debug, Clone)]
enum Edit {
    /// A text of the project is replaced by another one.
    Text(usize, usize),
    /// A picture that is read has other pixels.
    Picture(usize, u8),
    /// An output is edited, emptied, removed, or a folder takes its place.
    Output(usize, usize),
    /// A file gets the time of now, and keeps its bytes.
    Touch(usize),
    /// What tintype keeps for itself is gone.
    Forget(usize),
    /// A key is set, or not.
    Key(bool),
}

const TEXTS: [(&str, [&str; 3]); 6] = [
    ("prompt.md", ["a copy", "another copy", ""]),
    ("rows.csv", ["slug,title\none,One\n", "slug,title\none,One\ntwo,Two\n", "slug\none\n"]),
    ("data/briefs.toml", ["look = \"old\"", "look = \"new\"", "other = 1"]),
    ("art/more.toml", ["", "[assets.more]\nprompt = \"more\"\n", "[assets.hero]\nprompt = \"twice\"\n"]),
    (".env", ["", "AISA_API_KEY=abc", "OTHER=1"]),
    ("art/new.toml", ["", "[vars]\npalette = \"other\"\n", "[vars]\nunused = 1\n"]),
];

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        4 => (0..TEXTS.len(), 0..3_usize).prop_map(|(text, version)| Edit::Text(text, version)),
        2 => (0..2_usize, any::<u8>()).prop_map(|(picture, red)| Edit::Picture(picture, red)),
        3 => (0..OUTPUTS.len(), 0..4_usize).prop_map(|(output, how)| Edit::Output(output, how)),
        2 => (0..3_usize).prop_map(Edit::Touch),
        1 => (0..3_usize).prop_map(Edit::Forget),
        1 => any::<bool>().prop_map(Edit::Key),
    ]
}

fn apply(project: &Sandbox, edit: &Edit) {
    match edit {
        Edit::Text(text, version) => {
            let (path, versions) = TEXTS[*text];
            project.write(path, versions[*version]);
        }
        Edit::Picture(picture, red) => {
            project.write(["art/board.png", "art/badge.png"][*picture], png(8, 8, [*red, 0, 0, 255]));
        }
        Edit::Output(output, how) => {
            let path = project.path("assets").join(OUTPUTS[*output]);
            let _gone = fs::remove_file(&path).or_else(|_| fs::remove_dir(&path));
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            match how {
                0 => fs::write(path, "edited").expect("written"),
                1 => fs::write(path, "").expect("written"),
                2 => fs::create_dir(&path).unwrap_or_default(),
                _ => {}
            }
        }
        Edit::Touch(file) => {
            let path = project.path(["images.toml", "assets/hero.png", "art/board.png"][*file]);
            if let Ok(file) = fs::File::options().append(true).open(path) {
                file.set_modified(std::time::SystemTime::now()).expect("stamped");
            }
        }
        Edit::Forget(what) => {
            let _gone = match what {
                0 => fs::remove_dir_all(project.path(".tintype")),
                1 => fs::remove_file(project.path("images.lock")),
                _ => fs::remove_dir_all(project.cache_path()),
            };
        }
        Edit::Key(true) => {
            project.env("AISA_API_KEY", "abc");
        }
        Edit::Key(false) => {
            project.without_env("AISA_API_KEY");
        }
    }
}

/// What each of these commands says, with the snapshot or without it.
fn says(project: &Sandbox) -> Vec<(Option<i32>, String, String)> {
    let commands = [
        "sync --dry-run --locked --format json",
        "plan --format json --exit-code",
        "plan",
        "list --format json",
        "check --format json",
        "check",
    ];
    let run = |command: &str| {
        let run = project.run(command);
        (run.status().code(), run.stdout().to_string(), run.stderr().to_string())
    };
    commands.map(run).to_vec()
}

fn short_way_is_long_way(project: &Sandbox, after: &dyn std::fmt::Debug) {
    let (file, aside) = (project.path(".tintype/snapshot-v1"), project.path(".tintype/aside"));
    let short = says(project);
    let is_there = fs::rename(&file, &aside).is_ok();
    let long = says(project);
    if is_there {
        fs::rename(&aside, &file).expect("back again");
    }
    assert_eq!(short, long, "after {after:?}");
}

#[test]
fn whatever_is_edited_the_short_way_says_what_the_long_way_says() {
    let edits = prop::collection::vec((edit(), any::<bool>()), 3..9);
    let mut runner = TestRunner::new(Config { cases: 8, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&edits, |edits| {
        let project = Sandbox::new().manifest(MANIFEST);
        for (path, versions) in TEXTS {
            project.write(path, versions[0]);
        }
        project.write("art/board.png", png(8, 8, [9, 9, 9, 255])).write("art/badge.png", png(8, 8, [1, 2, 3, 255]));
        project.run("sync").success();
        short_way_is_long_way(&project, &"the first sync");
        for (edit, syncs) in &edits {
            apply(&project, edit);
            short_way_is_long_way(&project, edit);
            if *syncs {
                project.run("sync");
                short_way_is_long_way(&project, &(edit, "and a sync"));
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_sync_leaves_a_snapshot_only_where_nothing_is_left_to_do() {
    let project = Sandbox::new().manifest("[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a\"\nsize = \"64x64\"\n");
    project.run("plan").success();
    project.lacks(".tintype");
    project.run("sync").success().has(".tintype/snapshot-v1");
    let written = fs::metadata(project.path(".tintype/snapshot-v1")).expect("there").modified().expect("a time");
    project.run("sync").success();
    let verbose = || {
        let run = project.run("sync -v").success();
        (run.stdout().to_string(), run.stderr().to_string())
    };
    let short = verbose();
    fs::rename(project.path(".tintype/snapshot-v1"), project.path(".tintype/aside")).expect("moved");
    let long = verbose();
    fs::rename(project.path(".tintype/aside"), project.path(".tintype/snapshot-v1")).expect("moved back");
    assert!(short.1.contains("keep") && short == long, "{short:?} {long:?}");
    project.run("sync --format json").success().json(|document| {
        assert_eq!(document["assets"][0]["action"], "keep");
        assert_eq!(document["assets"][0]["provider"], "placeholder");
        assert_eq!(document["assets"][0]["result"], "done");
    });
    let again = fs::metadata(project.path(".tintype/snapshot-v1")).expect("there").modified().expect("a time");
    assert_eq!(written, again, "a run without work writes nothing");
    // One that failed leaves none of its own.
    project.remove(".tintype").write("assets/hero.png", "edited").run("sync").code(1).lacks(".tintype/snapshot-v1");
}

#[cfg(unix)]
#[test]
fn a_folder_that_leads_elsewhere_by_now_is_unsound_on_either_way() {
    let project =
        Sandbox::new().manifest("[assets.\"deep/hero\"]\nmodel = \"placeholder\"\nprompt = \"a\"\nsize = \"64x64\"\n");
    project.run("sync").success();
    project.run("check").success();
    let elsewhere = project.root().join("outside/assets");
    fs::rename(project.path("assets"), &elsewhere).expect("moved");
    project.run("check").success();
    std::os::unix::fs::symlink(&elsewhere, project.path("assets")).expect("a link");
    let check = project.run("check").code(2).stderr_has("assets/deep/hero.png");
    assert_eq!(project.remove(".tintype").run("check").code(2).stderr(), check.stderr());
    // Back where it was, so that nothing outside has changed.
    fs::remove_file(project.path("assets")).expect("removed");
    fs::remove_dir_all(&elsewhere).expect("removed");
}
