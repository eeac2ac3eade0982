//! images.lock: the same bytes for the same state, mergeable, and never taken for empty.

use crate::projects::{entry, everything, free, is_settled, plan_is, studio};
use crate::sandbox::{Sandbox, png};
use crate::vendor::Vendor;

const TWO: &str = "[assets.hero]\nprompt = \"a red panda\"\n\n[assets.moon]\nprompt = \"a mossy moon\"\n";

#[test]
fn the_lockfile_of_a_small_project_reads_well() {
    let project =
        Sandbox::new().file("art/a.png", png(2, 2, [1, 2, 3, 255])).file("art/b.png", png(9, 3, [9, 9, 9, 255]));
    project.manifest(
        r#"
[assets.b]
model = "placeholder"
prompt = "say \"hi\"\\ \tto é"
size = "64x64"
references = ["art/a.png", "asset:a"]
seed = 7
quality = "high"
variant = 2
options.aisa = { b = [1, 2.5, "x"], a = { "odd key" = true } }

[assets.a]
model = "placeholder"
prompt = "first"
size = "512"
aspect_ratio = "2:1"
n = 2

[assets.c]
source = "art/b.png"
"#,
    );
    project.run("sync").success();
    insta::assert_snapshot!(project.lockfile(), @r##"
    # Made by tintype from images.toml. Commit it; don't edit it.
    version = 1

    [[asset]]
    name = "a"
    fingerprint = "b3:62114775b20226600e57c81d99319a9d7023579664e961409fb0186d99be47d2"
    chosen = "b3:505fdc45d3b9d75c062f31f94dac5df124c918e1c16617f3903a75194fa5d87a"

    [asset.recipe]
    model = "placeholder"
    prompt = "first"
    size = "512"
    aspect_ratio = "2:1"

    [[asset.takes]]
    hash = "b3:505fdc45d3b9d75c062f31f94dac5df124c918e1c16617f3903a75194fa5d87a"
    provider = "placeholder"
    model_id = "placeholder"
    asked = "724x362"
    cost_usd = 0.0

    [[asset.takes]]
    hash = "b3:fbe17a42bc472c485004d14051068db1b90d9bb141f3cc02921cc78b21379f1b"
    provider = "placeholder"
    model_id = "placeholder"
    asked = "724x362"
    cost_usd = 0.0

    [[asset.outputs]]
    path = "assets/a.png"
    hash = "b3:505fdc45d3b9d75c062f31f94dac5df124c918e1c16617f3903a75194fa5d87a"
    settings = "b3:4b7c14c43904abfb330503e05b663fa3d9698852c99d7193fde179239aa2d6b6"
    bytes = 10025
    width = 724
    height = 362
    color = "#6c4068"
    thumbhash = "llcCBICPrYxFp5d0Zrz1iA2Zyg=="

    [[asset]]
    name = "b"
    fingerprint = "b3:fbb47fd0eff551c23e4a367f1da678afba8e6201900ee01179f672642f40df4a"
    chosen = "b3:d50f0b806ac19b833c0aee300fd42dc8f3533e69b1bfbd6b7cb267307f5f63ff"

    [asset.recipe]
    model = "placeholder"
    prompt = "say \"hi\"\\ to é"
    size = "64x64"
    seed = 7
    quality = "high"
    variant = 2

    [[asset.recipe.references]]
    path = "art/a.png"
    hash = "b3:a88d119dc359ce2e88d9b71109cd7761e8a1c8148b600e2550e82fea2aea6c05"

    [[asset.recipe.references]]
    asset = "a"
    hash = "b3:505fdc45d3b9d75c062f31f94dac5df124c918e1c16617f3903a75194fa5d87a"

    [asset.recipe.options.aisa]
    a = { "odd key" = true }
    b = [1, 2.5, "x"]

    [[asset.takes]]
    hash = "b3:d50f0b806ac19b833c0aee300fd42dc8f3533e69b1bfbd6b7cb267307f5f63ff"
    provider = "placeholder"
    model_id = "placeholder"
    asked = "64x64"
    cost_usd = 0.0

    [[asset.outputs]]
    path = "assets/b.png"
    hash = "b3:d50f0b806ac19b833c0aee300fd42dc8f3533e69b1bfbd6b7cb267307f5f63ff"
    settings = "b3:4b7c14c43904abfb330503e05b663fa3d9698852c99d7193fde179239aa2d6b6"
    bytes = 2059
    width = 64
    height = 64
    color = "#043733"
    thumbhash = "S5cFBwAI51mHiIdwjpNn10iGhmIJCEkF"

    [[asset]]
    name = "c"
    source = "art/b.png"
    hash = "b3:15bcfac043225c61872bf0fa6e450e5df15ee4062797c1c319be89f7d8d1ba9c"

    [[asset.outputs]]
    path = "assets/c.png"
    hash = "b3:15bcfac043225c61872bf0fa6e450e5df15ee4062797c1c319be89f7d8d1ba9c"
    settings = "b3:4b7c14c43904abfb330503e05b663fa3d9698852c99d7193fde179239aa2d6b6"
    bytes = 131
    width = 9
    height = 3
    color = "#090909"
    thumbhash = "AggCAoCk94CHiGiHAAAAAAA="
    "##);
    is_settled(&project);
}

#[test]
fn the_lockfile_is_the_same_bytes_when_it_is_written_again() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, TWO);
    project.run("sync").success();
    let lockfile = project.lockfile();
    project.edit("mossy moon\"", "mossy moon\"\noutput = { width = 32 }").run("sync").success();
    assert_ne!(project.lockfile(), lockfile);
    project.edit("\noutput = { width = 32 }", "").run("sync").success();
    assert_eq!(project.lockfile(), lockfile, "after a change and its way back");
    project.remove("images.lock").run("sync").success();
    assert_eq!(project.lockfile(), lockfile, "made again from the cache");
    project.check_invariants(&vendor);
}

#[test]
fn assets_are_sorted_by_name_whatever_the_order_in_the_manifest() {
    let assets = ["zebra", "a/b", "hero", "a-b", "Hero2"];
    let text = |order: &mut dyn Iterator<Item = &&str>| -> String {
        order.map(|name| format!("[assets.\"{name}\"]\nprompt = \"{name}\"\n\n")).collect()
    };
    let one = free(&text(&mut assets.iter()));
    let other = free(&text(&mut assets.iter().rev()));
    one.run("sync").success();
    other.run("sync zebra").success();
    other.run("sync").success();
    assert_eq!(one.lockfile(), other.lockfile());
    let lockfile = one.lockfile();
    let names: Vec<&str> = lockfile.lines().filter_map(|line| line.strip_prefix("name = ")).collect();
    assert!(names.is_sorted() && names.len() == assets.len(), "{names:?}");
}

#[test]
fn the_lockfile_names_no_place_no_key_and_no_address() {
    let vendor = Vendor::aisa();
    let project =
        Sandbox::new().manifest_for(&vendor, "[assets.hero]\nmodel = \"seedream-4.5\"\nprompt = \"a panda\"\n");
    project.run("sync").success();
    let lockfile = project.lockfile();
    for text in
        [project.root().to_string_lossy().as_ref(), "http", "127.0.0.1", crate::vendor::KEY, "AISA_API_KEY", "/cdn"]
    {
        assert!(!lockfile.contains(text), "`{text}` stands in\n{lockfile}");
    }
    let take = lockfile.split("[[asset.takes]]\n").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("a take");
    let keys: Vec<&str> = take.lines().filter_map(|line| line.split(" = ").next()).collect();
    assert_eq!(keys, ["hash", "provider", "model_id", "asked", "cost_usd", "generated"]);
    assert!(
        take.contains(
            "provider = \"aisa\"\nmodel_id = \"seedream-4-5-251128\"\nasked = \"2048x2048\"\ncost_usd = 0.04\n"
        )
    );
    project.check_invariants(&vendor);
}

#[test]
fn hashes_are_blake3_of_the_bytes() {
    let project = free(TWO);
    project.run("sync").success();
    let hash = format!("b3:{}", blake3::hash(&project.read("assets/hero.png")).to_hex());
    let hero = entry(&project, "hero");
    assert!(hero.contains(&format!("chosen = \"{hash}\"")), "an untouched copy has the original's hash:\n{hero}");
    assert!(hero.contains(&format!("path = \"assets/hero.png\"\nhash = \"{hash}\"")));
    assert!(hero.contains(&format!("\nbytes = {}\n", project.read("assets/hero.png").len())));
}

/// Two branches raise `n` from the same base; each buys a take of its own.
fn branches(vendor: &Vendor) -> (Sandbox, [String; 2]) {
    let project = studio(vendor, "[assets.hero]\nprompt = \"a red panda\"\nn = 1\n");
    project.run("sync").success();
    let branch = |name: &str| {
        let branch = project.clone_project(name);
        branch.env("TINTYPE_CACHE_DIR", &branch.home_path().join(name).to_string_lossy());
        branch.edit("n = 1", "n = 2").run("sync").success();
        entry(&branch, "hero")
    };
    let entries = [branch("one"), branch("two")];
    (project, entries)
}

/// The takes of an entry, each with its head, and what stands before and behind them.
fn takes(entry: &str) -> (String, Vec<String>, String) {
    let mut pieces = entry.split("\n[[asset.takes]]\n");
    let head = pieces.next().expect("a split has a first piece").to_string();
    let mut takes: Vec<String> = pieces.map(str::to_string).collect();
    let last = takes.pop().expect("there is a take");
    let (last, outputs) = last.split_once("\n[[asset.outputs]]").expect("outputs follow the takes");
    takes.push(last.to_string());
    (head, takes, format!("\n[[asset.outputs]]{outputs}"))
}

#[test]
fn two_branches_takes_of_one_asset_unite() {
    let vendor = Vendor::openai();
    let (project, [one, two]) = branches(&vendor);
    assert_eq!(vendor.billed(), 3);
    let (head, ours, tail) = takes(&one);
    let (other_head, theirs, other_tail) = takes(&two);
    assert_eq!((&head, &tail), (&other_head, &other_tail), "only takes differ");
    // As a merge leaves them: both sides, one take twice, not in their order.
    let merged: Vec<String> =
        theirs.iter().rev().chain(&ours).map(|take| format!("\n[[asset.takes]]\n{take}")).collect();
    let version = project.lockfile().split("[[asset]]").next().expect("a head").to_string();
    project.write("images.lock", format!("{version}[[asset]]\n{head}{}{tail}\n", merged.concat()));
    project.edit("n = 1", "n = 3");
    plan_is(&project, &[("hero", "keep", "")]);
    project.run("sync --locked").success();
    project.edit("n = 3", "n = 4").run("sync").success();
    assert_eq!(vendor.billed(), 4, "one more than all that the branches have");
    let (_, united, _) = takes(&entry(&project, "hero"));
    let dates: Vec<&str> =
        united.iter().filter_map(|take| take.lines().find(|line| line.starts_with("generated"))).collect();
    assert!(dates.is_sorted() && united.len() == 4, "in their order, each once: {united:#?}");
}

#[test]
fn two_entries_of_one_asset_unite_when_only_takes_differ() {
    let vendor = Vendor::openai();
    let (project, [one, two]) = branches(&vendor);
    let version = project.lockfile().split("[[asset]]").next().expect("a head").to_string();
    project.write("images.lock", format!("{version}[[asset]]\n{one}\n\n[[asset]]\n{two}\n")).edit("n = 1", "n = 3");
    plan_is(&project, &[("hero", "keep", "")]);
    assert_eq!(vendor.billed(), 3);
}

/// Plan, sync and verify refuse this lockfile with exit 2 and this line, and neither write nor send anything.
#[track_caller]
fn is_refused(lockfile: impl AsRef<[u8]>, line: usize, words: &str) {
    let vendor = Vendor::openai();
    let project = studio(&vendor, TWO).write("images.lock", lockfile.as_ref());
    project.env("COLUMNS", "200");
    let before = everything(&project);
    for command in ["plan", "sync", "sync --overwrite", "verify", "plan --exit-code", "sync --locked"] {
        project.run(command).code(2).stderr_has("images.lock").stderr_has(words).stdout_is("");
        assert_eq!(everything(&project), before, "{command}");
    }
    let diagnostics = project.run("sync --format json").code(2).diagnostics();
    let label = &diagnostics[0]["labels"][0];
    assert_eq!((&label["file"], &label["line"]), (&"images.lock".into(), &line.into()), "{diagnostics:#?}");
    assert!(diagnostics[0]["help"].is_string(), "it says what to do: {diagnostics:#?}");
    assert_eq!(vendor.requests().len(), 0);
}

/// The lockfile of the two assets, bought.
fn locked() -> String {
    let vendor = Vendor::openai();
    studio(&vendor, TWO).run("sync").success().lockfile()
}

fn line_of(text: &str, part: &str) -> usize {
    let place = text.find(part).unwrap_or_else(|| panic!("`{part}` is not in\n{text}"));
    text[..place].matches('\n').count() + 1
}

#[test]
fn conflict_marks_are_refused_with_their_line() {
    let lockfile = locked();
    let marked = lockfile.replacen("chosen = ", "<<<<<<< HEAD\nchosen = ", 1);
    is_refused(&marked, line_of(&marked, "<<<<<<<"), "conflict");
    let marked = lockfile.replacen("chosen = ", ">>>>>>> branch\nchosen = ", 1);
    is_refused(&marked, line_of(&marked, ">>>>>>>"), "conflict");
    let marked = lockfile.replacen("chosen = ", "=======\nchosen = ", 1);
    is_refused(&marked, line_of(&marked, "======="), "conflict");
}

#[test]
fn a_lockfile_cut_off_in_a_line_is_refused() {
    let lockfile = locked();
    let place = lockfile.find("provider = ").expect("a take") + "provider = \"st".len();
    is_refused(&lockfile[..place], line_of(&lockfile, "provider = "), "can't be read");
}

#[test]
fn a_lockfile_cut_off_between_lines_is_refused() {
    let lockfile = locked();
    let outputs = line_of(&lockfile, "[[asset.outputs]]");
    let cut: String = lockfile.lines().take(outputs + 2).map(|line| format!("{line}\n")).collect();
    is_refused(&cut, outputs, "missing");
    let entry = line_of(&lockfile, "[[asset]]");
    let cut: String = lockfile.lines().take(entry + 2).map(|line| format!("{line}\n")).collect();
    is_refused(&cut, entry, "incomplete");
}

#[test]
fn an_empty_lockfile_is_refused_too() {
    is_refused("", 1, "version 1");
    is_refused("# Made by tintype from images.toml. Commit it; don't edit it.\n", 1, "version 1");
}

#[test]
fn an_unknown_version_is_refused_with_its_line() {
    let lockfile = locked().replacen("version = 1", "version = 2", 1);
    is_refused(&lockfile, 2, "version 1");
}

#[test]
fn an_unknown_key_is_refused_as_a_newer_version_may_have_written_it() {
    let lockfile = locked().replacen("chosen = ", "colour = \"red\"\nchosen = ", 1);
    is_refused(&lockfile, line_of(&lockfile, "colour = "), "colour");
}

#[test]
fn an_asset_with_two_recipes_or_two_choices_is_a_conflict_at_the_second() {
    let lockfile = locked();
    let (head, moon) = lockfile.split_at(lockfile.find("[[asset]]\nname = \"moon\"").expect("moon is the second"));
    let renamed = format!("{head}{}", moon.replace("\"moon\"", "\"hero\""));
    let second = line_of(&renamed, "[[asset]]")
        + renamed[renamed.find("[[asset]]").unwrap_or(0) + 9..].find("name = \"hero\"\n").map_or(0, |_| 0);
    let second = renamed
        .lines()
        .enumerate()
        .filter(|(_, line)| *line == "name = \"hero\"")
        .nth(1)
        .map_or(second, |(index, _)| index + 1);
    is_refused(&renamed, second, "hero");
}

#[test]
fn an_edited_recipe_is_refused_as_its_fingerprint_does_not_fit() {
    let lockfile = locked().replacen("a red panda", "a blue panda", 1);
    is_refused(&lockfile, line_of(&lockfile, "[[asset]]"), "fingerprint");
}

#[test]
fn an_edited_fingerprint_is_refused() {
    let lockfile = locked();
    let start = lockfile.find("fingerprint = \"b3:").expect("there is one") + "fingerprint = \"b3:".len();
    let digit = if lockfile.as_bytes()[start] == b'0' { "1" } else { "0" };
    let edited = format!("{}{digit}{}", &lockfile[..start], &lockfile[start + 1..]);
    is_refused(&edited, line_of(&edited, "[[asset]]"), "fingerprint");
}

#[test]
fn a_path_that_leaves_the_project_is_refused_wherever_it_came_from() {
    let lockfile = locked().replacen("path = \"assets/hero.png\"", "path = \"../outside/canary.txt\"", 1);
    is_refused(&lockfile, line_of(&lockfile, "../outside"), "path");
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_line() {
    let lockfile = locked();
    let place = lockfile.find("a red panda").expect("the prompt");
    let mut bytes = lockfile.clone().into_bytes();
    bytes[place] = 0xff;
    let vendor = Vendor::openai();
    let project = studio(&vendor, TWO).write("images.lock", &bytes);
    let before = everything(&project);
    let line = line_of(&lockfile, "a red panda");
    for command in ["plan", "sync", "verify"] {
        project.run(command).code(2).stderr_has("images.lock").stderr_has(&format!("line {line}"));
    }
    assert_eq!((everything(&project), vendor.requests().len()), (before, 0));
}

#[test]
fn a_lockfile_that_is_a_folder_is_refused() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, TWO).write("images.lock/x", "");
    project.run("sync").code(2).stderr_has("images.lock");
    assert_eq!(vendor.requests().len(), 0);
}

#[test]
fn a_byte_order_mark_and_the_line_ends_of_windows_mean_the_same_lockfile() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, TWO);
    project.run("sync").success();
    let lockfile = project.lockfile();
    for text in [
        format!("\u{feff}{lockfile}"),
        lockfile.replace('\n', "\r\n"),
        format!("\u{feff}{}", lockfile.replace('\n', "\r\n")),
    ] {
        project.write("images.lock", &text).run("sync --locked").success();
        plan_is(&project, &[("hero", "keep", ""), ("moon", "keep", "")]);
        project.run("verify").success();
    }
    assert_eq!(vendor.billed(), 2);
    project.edit("mossy moon", "bare moon").run("sync").success();
    assert!(!project.lockfile().contains('\r'), "it is written the one way");
}

#[test]
fn a_lockfile_is_written_whole_or_not_at_all() {
    let project = free(TWO);
    project.run("sync").success();
    let names: Vec<String> = project.files().into_iter().filter(|path| !path.starts_with("assets/")).collect();
    assert_eq!(names, ["images.lock", "images.toml"], "nothing temporary is left beside it");
}
