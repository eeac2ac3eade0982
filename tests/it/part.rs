//! A run on the part that an edit touches does what a run on the whole project does.

use std::cell::Cell;
use std::fmt::Write;
use std::fs;
use std::time::SystemTime;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::sandbox::{Sandbox, png};
use crate::studio::studio;
use crate::vendor::Vendor;

/// What an asset's table may say.
const BODIES: [&str; 10] = [
    "prompt = \"a fox\"\n",
    "prompt = \"an owl as a {{ name }}\"\n# a remark\n",
    "prompt = \"a {{ name }}\"\ntags = [\"animal\"]\nalt = \"a fox\"\n",
    "prompt = \"a {{ name }}\"\noutput = { width = 16 }\n",
    "prompt = \"\"\"\nan owl\n  at night: {{ name }}\n\"\"\"\n",
    "prompt_file = \"prompt.md\"\n",
    "prompt = \"a {{ what }}\"\nhold = true\n",
    "prompt = \"an owl\"\nreferences = [\"art/board.png\", \"asset:hero\"]\n",
    "prompt = \"a fox\"\nn = 2\npublish = \"all\"\noutput = \"{{ name }}-{{ take }}.png\"\n",
    "prompt = \"a fox\"\noutput = [\"one.png\", \"two.webp\"]\n",
];
const NAMES: [&str; 5] = ["hero", "logo", "ui/button", "badge", "zebra"];
const PROMPTS: [&str; 3] = ["a prompt", "another prompt", "a third one"];

/// The manifest as it is, and what is done to it and around it.
#[derive(Debug, Clone)]
enum Edit {
    /// An asset gets another table; a new one comes to be.
    Table(usize, usize),
    /// An asset goes.
    Gone(usize),
    /// All have another style.
    Shared(usize),
    /// A file that one may refer to changes.
    Prompt(usize),
    /// An output is edited or removed.
    Output(usize, bool),
    /// What is kept is gone: the cache, or the lockfile.
    Lost(bool),
}

#[derive(Debug, Clone)]
struct State {
    tables: [Option<usize>; 5],
    shared: usize,
    prompt: usize,
}

impl State {
    fn new() -> State {
        State { tables: [Some(0), Some(2), Some(0), Some(1), None], shared: 0, prompt: 0 }
    }

    fn apply(&mut self, edit: &Edit, project: &Sandbox) {
        match edit {
            Edit::Table(asset, body) => self.tables[*asset] = Some(*body),
            Edit::Gone(asset) => self.tables[*asset] = None,
            Edit::Shared(version) => self.shared = *version,
            Edit::Prompt(version) => self.prompt = *version,
            Edit::Output(asset, edited) => {
                let path = project.path(&format!("assets/{}.png", NAMES[*asset]));
                if path.exists() {
                    let done = if *edited { fs::write(path, "edited") } else { fs::remove_file(path) };
                    done.expect("touched");
                }
            }
            Edit::Lost(true) => {
                project.empty_cache();
            }
            Edit::Lost(false) => {
                project.remove("images.lock");
            }
        }
    }

    fn write(&self, project: &Sandbox) {
        let mut text = format!(
            "[vars]\nwhat = \"{}\"\n[defaults]\nmodel = \"placeholder\"\nsize = \"64x64\"\n",
            ["cat", "dog"][self.shared]
        );
        for (name, body) in NAMES.iter().zip(self.tables) {
            let Some(body) = body else { continue };
            let _ = write!(text, "\n[assets.\"{name}\"]\n{}", BODIES[body]);
        }
        project.write("images.toml", text).write("prompt.md", PROMPTS[self.prompt]);
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        12 => (0..NAMES.len(), prop_oneof![4 => 0..7_usize, 1 => 7..BODIES.len()]).prop_map(|(asset, body)| Edit::Table(asset, body)),
        2 => (0..NAMES.len()).prop_map(Edit::Gone),
        1 => (0..2_usize).prop_map(Edit::Shared),
        1 => (0..PROMPTS.len()).prop_map(Edit::Prompt),
        1 => (0..NAMES.len(), any::<bool>()).prop_map(|(asset, edited)| Edit::Output(asset, edited)),
        1 => any::<bool>().prop_map(Edit::Lost),
    ]
}

/// What a run says, and what lies in the project afterwards.
fn does(project: &Sandbox, command: &str) -> (Option<i32>, String, String) {
    let run = project.run(command);
    (run.status().code(), run.stdout().to_string(), project.redact(run.stderr()))
}

fn index_time(project: &Sandbox) -> Option<SystemTime> {
    fs::metadata(project.path(".tintype/stat-v1")).and_then(|index| index.modified()).ok()
}

fn lies_in(project: &Sandbox) -> Vec<(String, Vec<u8>)> {
    project.files().into_iter().map(|path| (path.clone(), project.read(&path))).collect()
}

#[test]
fn whatever_is_edited_a_run_on_a_part_does_what_a_run_on_the_whole_does() {
    let parts = Cell::new(0);
    let mut runner = TestRunner::new(Config { cases: 16, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&prop::collection::vec(edit(), 4..8), |edits| {
        let (short, long) = (Sandbox::new(), Sandbox::new());
        let mut state = State::new();
        for project in [&short, &long] {
            project.write("art/board.png", png(8, 8, [9, 9, 9, 255]));
            state.write(project);
            project.run("sync").success();
        }
        for edit in &edits {
            let (index, lock) = (index_time(&short), fs::read(short.path("images.lock")).ok());
            let mut other = state.clone();
            state.apply(edit, &short);
            other.apply(edit, &long);
            for project in [&short, &long] {
                state.write(project);
            }
            for command in ["plan --format json", "plan", "sync --format json"] {
                let _gone = fs::remove_file(long.path(".tintype/snapshot-v1"));
                prop_assert_eq!(does(&short, command), does(&long, command), "{} after {:?}", command, edit);
                prop_assert_eq!(lies_in(&short), lies_in(&long), "{} after {:?}", command, edit);
            }
            // Only a run on all of the project writes down what it knows of all files.
            let worked = lock.is_some() && lock != fs::read(short.path("images.lock")).ok();
            parts.set(parts.get() + u32::from(worked && index == index_time(&short)));
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(parts.get() > 0, "no run was on a part");
}

#[test]
fn a_wording_that_another_asset_has_is_not_bought_again() {
    let vendor = Vendor::openai();
    let table = |name: &str, prompt: &str| format!("[assets.{name}]\nprompt = \"{prompt}\"\n");
    let text = |prompt: &str| format!("{}{}{}", table("a", "one"), table("b", prompt), table("c", "three"));
    let project = studio(&vendor, "", &text("two"));
    project.run("sync").success();
    assert_eq!(vendor.billed(), 3);
    for (before, prompt, billed, bytes) in
        [("two", "four", 4, None), ("four", "one", 4, Some("assets/a.png")), ("one", "two", 4, None)]
    {
        let index = index_time(&project);
        project.edit(&table("b", before), &table("b", prompt));
        project.run("sync").success();
        assert_eq!(vendor.billed(), billed, "{prompt}");
        if let Some(path) = bytes {
            assert_eq!(project.read("assets/b.png"), project.read(path));
        } else {
            assert_eq!(index, index_time(&project), "only b was looked at for `{prompt}`");
        }
        project.run("plan --exit-code").success();
        project.run("verify").success();
        project.check_invariants(&vendor);
    }
}

/// A project of one picture after another, settled; and whether a sync after an edit worked on a part of it.
fn worked_on_a_part(assets: &str, from: &str, to: &str) -> bool {
    let project =
        Sandbox::new().manifest(&format!("[defaults]\nmodel = \"placeholder\"\nsize = \"64x64\"\n\n{assets}"));
    project.write("art/board.png", png(8, 8, [9, 9, 9, 255])).run("sync").success();
    let index = index_time(&project);
    project.edit(from, to).run("sync").success();
    project.run("plan --exit-code").success();
    index == index_time(&project)
}

#[test]
fn only_what_no_other_asset_has_a_part_in_is_worked_on_by_itself() {
    let two = "[assets.a]\nprompt = \"one\"\n[assets.b]\nprompt = \"two\"\n";
    let follows = "[assets.a]\nprompt = \"one\"\n[assets.b]\nprompt = \"two\"\nreferences = [\"asset:a\"]\n";
    let takes = "[assets.a]\nprompt = \"one\"\nn = 2\npublish = \"all\"\noutput = \"{{ name }}-{{ take }}.png\"\n";
    for (assets, from, to, alone) in [
        (two, "\"one\"", "\"another\"", true),
        (two, "\"one\"", "\"one\"\ntags = [\"x\"]", true),
        (two, "\"one\"", "\"another\"\noutput = { width = 32 }", true),
        (follows, "\"two\"", "\"another\"", false),
        (follows, "\"one\"", "\"another\"", false),
        (two, "\"one\"", "\"two\"", false),
        (two, "\"one\"", "\"one\"\noutput = \"other.png\"", false),
        (two, "\"one\"", "\"one\"\nreferences = [\"art/board.png\"]", false),
        (two, "[assets.b]", "[assets.c]", false),
        (takes, "\"one\"", "\"another\"", false),
        (two, "64x64", "32x32", false),
    ] {
        assert_eq!(worked_on_a_part(assets, from, to), alone, "{from} to {to}");
    }
}
