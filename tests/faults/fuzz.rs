//! Random bytes for every reader: each fuzz target runs for a minute, from its seeds.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::checker::skip;

/// How long each target runs, in seconds.
const SECONDS: u32 = 60;
/// What no run of a target may take: seconds for one input, and memory, at once and in all. A template that makes as much
/// text as one may takes ten seconds here, with each look at memory checked.
const LIMITS: [&str; 3] = ["-timeout=60", "-malloc_limit_mb=256", "-rss_limit_mb=2048"];

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// The names of what lies in a folder, without extensions.
#[track_caller]
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let name = |path: PathBuf| path.file_stem().expect("a name").to_string_lossy().into_owned();
    entries.map(|entry| name(entry.expect("an entry").path())).collect()
}

/// All targets: one a file.
fn targets() -> BTreeSet<String> {
    names(&fuzz().join("fuzz_targets"))
}

/// A compiler of any channel, told to be a nightly one: the checks of memory aren't stable.
fn cargo_fuzz(arguments: &[&str]) -> Output {
    let mut command = Command::new("cargo");
    command.arg("fuzz").args(arguments).current_dir(fuzz().parent().expect("the project")).env("RUSTC_BOOTSTRAP", "1");
    // What cargo tells this test of itself would make dependencies look changed, and build for ten minutes once more.
    let told = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(told)) {
        command.env_remove(name);
    }
    command.output().expect("cargo is there: it runs this test")
}

#[test]
fn every_fuzz_target_is_declared_and_has_a_few_small_seeds() {
    let targets = targets();
    let declared = fs::read_to_string(fuzz().join("Cargo.toml")).expect("readable");
    let declared =
        declared.lines().filter_map(|line| line.strip_prefix("path = \"fuzz_targets/")?.strip_suffix(".rs\""));
    assert_eq!(declared.map(ToString::to_string).collect::<BTreeSet<_>>(), targets);
    assert_eq!(names(&fuzz().join("seeds")), targets);
    for target in &targets {
        let seeds = fs::read_dir(fuzz().join("seeds").join(target)).expect("readable");
        let sizes: Vec<u64> = seeds.map(|seed| seed.expect("a seed").metadata().expect("readable").len()).collect();
        assert!((3..=12).contains(&sizes.len()), "{target} has {} seeds", sizes.len());
        assert!(sizes.iter().all(|size| *size < 8 << 10), "{target}: {sizes:?}");
    }
}

#[test]
#[ignore = "slow: minutes"]
fn random_bytes_make_no_reader_panic_hang_or_take_all_memory() {
    if !cargo_fuzz(&["--version"]).status.success() {
        return skip("cargo-fuzz isn't installed");
    }
    let build = cargo_fuzz(&["build"]);
    let words = String::from_utf8_lossy(&build.stderr);
    if !build.status.success() && words.contains("sanitizer") && words.contains("not supported") {
        return skip("there is no sanitizer for this system");
    }
    assert!(build.status.success(), "{words}");
    let mut found = Vec::new();
    for target in targets() {
        // What it finds of use goes into the first folder; the seeds stay as they are.
        let corpus = tempfile::tempdir().expect("a temporary folder");
        let (corpus, seeds) = (corpus.path().to_string_lossy(), fuzz().join("seeds").join(&target));
        let time = format!("-max_total_time={SECONDS}");
        let arguments = ["run", &target, &corpus, &seeds.to_string_lossy(), "--", &time, "-print_final_stats=1"];
        let run = cargo_fuzz(&[&arguments[..], &LIMITS].concat());
        let words = String::from_utf8_lossy(&run.stderr);
        let runs = words.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
        let runs = runs.unwrap_or("no count of").trim();
        if run.status.success() {
            eprintln!("{target}: {runs} executions in {SECONDS} s");
        } else {
            eprintln!("{target}: {runs} executions until one failed");
            let lines = words.lines().skip_while(|line| !line.contains("panicked at") && !line.contains("ERROR: "));
            found.push(format!("{target}:\n{}", lines.collect::<Vec<_>>().join("\n")));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}
