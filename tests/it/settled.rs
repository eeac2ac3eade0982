//! Random projects and random edits: a sync settles, the next one does nothing, and what was made once is never paid again.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::projects::{is_settled, studio_manifest};
use crate::sandbox::Sandbox;
use crate::vendor::Vendor;

const NAMES: [&str; 4] = ["a", "b", "c", "d"];
const OUTPUTS: [&str; 5] = [
    "",
    "output = { width = 32 }\n",
    "output = [{ path = \"{{ name }}-1.webp\" }, { path = \"x/{{ name }}.jpg\", height = 16 }]\n",
    "output = []\n",
    "publish = \"all\"\noutput = \"{{ name }}-{{ take }}.png\"\n",
];

/// One asset, or none in its place.
#[derive(Debug, Clone)]
struct Asset {
    prompt: usize,
    takes: usize,
    output: usize,
    refers: bool,
    hold: bool,
    free: bool,
}

impl Asset {
    /// An asset refers to the one before it, so that nothing goes in a circle.
    fn written(&self, index: usize, before: Option<&str>) -> String {
        let Self { prompt, takes, output, refers, hold, free } = self;
        let reference = before.filter(|_| *refers).map(|name| format!("references = [\"asset:{name}\"]\n"));
        format!(
            "[assets.{}]\nprompt = \"wording {prompt}\"\nn = {takes}\n{}{}{}{}\n",
            NAMES[index],
            OUTPUTS[*output],
            reference.unwrap_or_default(),
            if *hold { "hold = true\n" } else { "" },
            if *free { "model = \"placeholder\"\n" } else { "" },
        )
    }
}

fn asset() -> impl Strategy<Value = Option<Asset>> {
    let choices = (0..3_usize, 1..3_usize, 0..OUTPUTS.len(), any::<bool>(), 0..8_u32, 0..4_u32);
    let asset = choices.prop_map(|(prompt, takes, output, refers, hold, free)| {
        Some(Asset { prompt, takes, output, refers, hold: hold == 0, free: free == 0 })
    });
    prop_oneof![1 => Just(None), 5 => asset]
}

fn written(assets: &[Option<Asset>]) -> String {
    let mut text = String::new();
    let mut before = None;
    for (index, asset) in assets.iter().enumerate() {
        if let Some(asset) = asset {
            text.push_str(&asset.written(index, before));
            before = Some(NAMES[index]);
        }
    }
    text
}

#[test]
fn whatever_is_edited_a_sync_settles_and_what_was_made_once_is_never_paid_again() {
    let states = prop::collection::vec(prop::collection::vec(asset(), NAMES.len()), 2..5);
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&states, |states| {
        let vendor = Vendor::openai();
        let project = Sandbox::new();
        for state in &states {
            project.manifest(&studio_manifest(&vendor, &written(state)));
            project.run("sync --yes").success();
            is_settled(&project);
        }
        // A held picture stays whatever its asset says, so only what isn't held comes back as it was.
        let billed = vendor.billed();
        let free_to_change = |state: &&Vec<Option<Asset>>| state.iter().flatten().all(|asset| !asset.hold);
        if states.iter().all(|state| free_to_change(&state)) {
            for state in &states {
                project.manifest(&studio_manifest(&vendor, &written(state))).run("sync --yes").success();
                is_settled(&project);
            }
            prop_assert_eq!(vendor.billed(), billed, "what was made once was paid again");
        }
        project.check_invariants(&vendor);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
