//! Two people, two branches, two caches and a real git: lockfiles merge by themselves, and what can't is said and mended.

use serde_json::json;

use crate::projects::{entry, everything, free, is_settled, plan_is, studio_manifest};
use crate::sandbox::Sandbox;
use crate::vendor::Vendor;

const TWO: &str = "[assets.hero]\nprompt = \"a red panda\"\n\n[assets.moon]\nprompt = \"a mossy moon\"\n";

/// What git says, and whether it is content.
fn tries(project: &Sandbox, words: &[&str]) -> (bool, String) {
    let output = project.command("git").args(words).output().expect("git is everywhere");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[track_caller]
fn git(project: &Sandbox, words: &[&str]) -> String {
    let (is_content, said) = tries(project, words);
    assert!(is_content, "git {words:?}\n{said}");
    said
}

#[track_caller]
fn commit(project: &Sandbox) {
    git(project, &["add", "-A"]);
    git(project, &["commit", "-qm", "pictures"]);
}

fn with_git(project: &Sandbox) -> Sandbox {
    for (name, value) in [
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", "ours"),
        ("GIT_AUTHOR_EMAIL", "ours@example.com"),
        ("GIT_COMMITTER_NAME", "ours"),
        ("GIT_COMMITTER_EMAIL", "ours@example.com"),
        ("GIT_EDITOR", "true"),
    ] {
        project.env(name, value);
    }
    git(project, &["init", "-q", "-b", "main"]);
    project.clone()
}

/// The two lines of setup, with this build of the driver.
fn with_driver(project: &Sandbox) -> Sandbox {
    let driver = format!("'{}' merge-lock %O %A %B %P", env!("CARGO_BIN_EXE_tintype"));
    git(project, &["config", "merge.tintype.driver", &driver]);
    project.write(".gitattributes", "images.lock merge=tintype\n")
}

/// A project that is synced and committed, and a colleague's clone of it, with a cache of its own. `images.toml` includes
/// `art/*.toml`; pictures aren't committed, as a git that merges them would have a say of its own.
#[track_caller]
fn team(vendor: &Vendor, has_driver: bool) -> (Sandbox, Sandbox) {
    team_that_ignores(vendor, has_driver, "assets/\n")
}

#[track_caller]
fn team_that_ignores(vendor: &Vendor, has_driver: bool, ignored: &str) -> (Sandbox, Sandbox) {
    let ours = with_git(&Sandbox::new());
    if has_driver {
        with_driver(&ours);
    }
    ours.manifest(&format!("include = [\"art/*.toml\"]\n\n{}", studio_manifest(vendor, TWO)));
    ours.write("art/first.toml", "[assets.sea]\nprompt = \"a calm sea\"\n").write(".gitignore", ignored);
    ours.run("sync").success();
    commit(&ours);
    let theirs = ours.clone_project("theirs");
    theirs.env("TINTYPE_CACHE_DIR", &theirs.home_path().join("theirs").to_string_lossy());
    theirs.run("sync --frozen").success();
    (ours, theirs)
}

/// Brings the colleague's branch here, under its name.
#[track_caller]
fn fetch(ours: &Sandbox, theirs: &Sandbox) {
    commit(theirs);
    commit(ours);
    git(ours, &["fetch", "-q", &theirs.path("").to_string_lossy(), "main:theirs"]);
}

/// Both machines' originals in one place, so that every picture can be made anew for nothing.
fn share_originals(ours: &Sandbox, theirs: &Sandbox) {
    let from = theirs.home_path().join("theirs/.");
    let copied = ours.command("cp").args(["-rn", &from.to_string_lossy()]).arg(ours.cache_path()).status();
    assert!(copied.is_ok_and(|status| status.success()), "the caches are copied");
}

fn chosen(project: &Sandbox, name: &str) -> String {
    let entry = entry(project, name);
    let hash = entry.lines().find_map(|line| line.strip_prefix("chosen = \"b3:")).expect("a choice");
    hash.trim_end_matches('"').to_string()
}

fn count_takes(project: &Sandbox, name: &str) -> usize {
    entry(project, name).matches("[[asset.takes]]").count()
}

#[track_caller]
fn has_no_marks(project: &Sandbox) {
    let lockfile = project.lockfile();
    assert!(!["<<<<<<<", "|||||||", "=======", ">>>>>>>"].iter().any(|mark| lockfile.contains(mark)), "{lockfile}");
}

/// Each works on assets of their own: one has rerolled the hero and adds, the other one adds, rerolls and changes a prompt.
fn work_apart(ours: &Sandbox, theirs: &Sandbox) {
    ours.write("art/star.toml", "[assets.star]\nprompt = \"a star\"\n").run("sync").success();
    theirs.write("art/sun.toml", "[assets.sun]\nprompt = \"a sun\"\n");
    theirs.write("art/first.toml", "[assets.sea]\nprompt = \"a wild sea\"\n").run("sync").success();
    theirs.run("reroll moon").success();
    fetch(ours, theirs);
}

#[track_caller]
fn has_the_work_of_both(ours: &Sandbox, theirs: &Sandbox, vendor: &Vendor) {
    let billed = vendor.billed();
    has_no_marks(ours);
    assert_eq!((count_takes(ours, "hero"), count_takes(ours, "moon")), (2, 2));
    for name in ["moon", "sea", "sun"] {
        assert_eq!(entry(ours, name), entry(theirs, name));
    }
    let lockfile = ours.lockfile();
    share_originals(ours, theirs);
    ours.run("sync --frozen").success();
    let keep = ["hero", "moon", "sea", "star", "sun"].map(|name| (name, "keep", ""));
    plan_is(ours, &keep);
    is_settled(ours);
    assert_eq!((ours.lockfile(), vendor.billed()), (lockfile, billed), "it was canonical, and nothing was paid again");
}

#[test]
fn branches_that_worked_on_different_assets_merge_by_themselves() {
    let vendor = Vendor::openai();
    let (ours, theirs) = team(&vendor, true);
    ours.run("reroll hero").success();
    work_apart(&ours, &theirs);
    git(&ours, &["merge", "-q", "--no-edit", "theirs"]);
    has_the_work_of_both(&ours, &theirs, &vendor);
}

#[test]
fn where_pictures_are_committed_too_a_merge_leaves_nothing_to_do_and_nothing_to_fetch() {
    let vendor = Vendor::openai();
    let (ours, theirs) = team_that_ignores(&vendor, true, "");
    ours.run("reroll hero").success();
    work_apart(&ours, &theirs);
    git(&ours, &["merge", "-q", "--no-edit", "theirs"]);
    plan_is(&ours, &["hero", "moon", "sea", "star", "sun"].map(|name| (name, "keep", "")));
    ours.run("sync --frozen").success();
    is_settled(&ours);
    ours.run("verify").success();
    assert_eq!(vendor.billed(), 3 + 5);
}

#[test]
fn a_rebase_merges_lockfiles_commit_by_commit() {
    let vendor = Vendor::openai();
    let (ours, theirs) = team(&vendor, true);
    let first = chosen(&ours, "hero");
    ours.run("reroll hero").success();
    let second = chosen(&ours, "hero");
    for choice in [&first, &second] {
        commit(&ours);
        ours.run(&format!("pick hero {choice}")).success();
    }
    work_apart(&ours, &theirs);
    git(&ours, &["rebase", "-q", "theirs"]);
    has_the_work_of_both(&ours, &theirs, &vendor);
    assert_eq!(chosen(&ours, "hero"), second);
    assert_eq!(git(&ours, &["log", "--oneline", "theirs.."]).lines().count(), 3);
}

/// Both reroll the hero; ours goes back to the take that it had.
#[track_caller]
fn reroll_both(ours: &Sandbox, theirs: &Sandbox) {
    let first = chosen(ours, "hero");
    // Takes stand in the order of their dates: both sides' new ones are to stand in one place.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    ours.run("reroll hero").success();
    ours.run(&format!("pick hero {first}")).success();
    theirs.run("reroll hero").success();
    fetch(ours, theirs);
}

#[track_caller]
fn has_all_takes_and_their_choice(ours: &Sandbox, theirs: &Sandbox, vendor: &Vendor) {
    has_no_marks(ours);
    assert_eq!((count_takes(ours, "hero"), chosen(ours, "hero")), (3, chosen(theirs, "hero")));
    share_originals(ours, theirs);
    ours.run("sync --frozen").success();
    is_settled(ours);
    assert_eq!(vendor.billed(), 5);
}

#[test]
fn both_sides_takes_of_one_asset_unite_and_the_one_choice_stands() {
    let vendor = Vendor::openai();
    let (ours, theirs) = team(&vendor, true);
    reroll_both(&ours, &theirs);
    git(&ours, &["merge", "-q", "--no-edit", "theirs"]);
    has_all_takes_and_their_choice(&ours, &theirs, &vendor);
}

/// Both have rerolled the hero, and have merged: git has stopped.
#[track_caller]
fn quarrel(vendor: &Vendor, has_driver: bool, style: &str) -> (Sandbox, Sandbox) {
    let (ours, theirs) = team(vendor, has_driver);
    git(&ours, &["config", "merge.conflictStyle", style]);
    ours.run("reroll hero").success();
    theirs.run("reroll hero").success();
    theirs.run("reroll moon").success();
    fetch(&ours, &theirs);
    let (is_merged, said) = tries(&ours, &["merge", "--no-edit", "theirs"]);
    assert!(!is_merged && said.contains("images.lock"), "{said}");
    (ours, theirs)
}

#[test]
fn two_choices_stand_between_marks_and_all_else_is_merged() {
    let vendor = Vendor::openai();
    let (ours, theirs) = quarrel(&vendor, true, "merge");
    let lockfile = ours.lockfile();
    let marks: Vec<&str> = lockfile.lines().filter(|line| line.contains("<<<") || line.contains("===")).collect();
    assert_eq!(marks, ["<<<<<<< ours", "======="], "{lockfile}");
    assert_eq!(lockfile.matches("\n>>>>>>> theirs\n").count(), 1);
    assert!(lockfile.contains("\n\n<<<<<<< ours\n[[asset]]\nname = \"hero\"\n"), "{lockfile}");
    assert_eq!(lockfile.matches("name = \"hero\"").count(), 2);
    assert_eq!(entry(&ours, "moon"), entry(&theirs, "moon"));
    assert_eq!(git(&ours, &["ls-files", "-u", "images.lock"]).lines().count(), 3, "git knows that it isn't done");
    // Whoever takes the marks out by hand loses no take, whichever side stays.
    let (head, rest) = lockfile.split_once("<<<<<<< ours\n").expect("a mark");
    let (_, rest) = rest.split_once("=======\n").expect("a mark");
    let (kept, tail) = rest.split_once(">>>>>>> theirs\n").expect("a mark");
    ours.write("images.lock", format!("{head}{kept}{tail}"));
    assert_eq!((chosen(&ours, "hero"), count_takes(&ours, "hero")), (chosen(&theirs, "hero"), 3));
    share_originals(&ours, &theirs);
    ours.run("sync --frozen").success();
    is_settled(&ours);
}

#[test]
fn a_lockfile_that_git_left_marks_in_says_how_it_is_mended_and_is() {
    for style in ["merge", "diff3", "zdiff3"] {
        let vendor = Vendor::openai();
        let (ours, theirs) = quarrel(&vendor, false, style);
        let before = everything(&ours);
        let help = ours.run("plan --format json").code(2).diagnostics()[0]["help"].to_string();
        assert!(help.contains("`tintype merge-lock images.lock`"), "{style}: {help}");
        ours.run("sync").code(2);
        assert!(everything(&ours) == before, "{style}: something was written");
        // Nobody can know which of two choices is the better one.
        let left = ours.run("merge-lock images.lock").code(1).stdout_is("");
        assert!(left.stderr().contains("`hero`") && left.stderr().contains("--ours"), "{style}: {}", left.stderr());
        assert_eq!(ours.lockfile().matches("<<<<<<< ours").count(), 1, "{style}");
        let mended = ours.run("merge-lock --theirs images.lock").success().stdout_is("");
        assert!(mended.stderr().contains("hero: theirs, as --theirs says"), "{style}: {}", mended.stderr());
        assert_eq!((chosen(&ours, "hero"), count_takes(&ours, "hero")), (chosen(&theirs, "hero"), 3), "{style}");
        assert_eq!(entry(&ours, "moon"), entry(&theirs, "moon"), "{style}");
        share_originals(&ours, &theirs);
        ours.run("sync --frozen").success();
        is_settled(&ours);
        assert_eq!(vendor.billed(), 6, "{style}");
        git(&ours, &["add", "images.lock"]);
        git(&ours, &["commit", "-q", "--no-edit"]);
    }
}

#[test]
fn what_only_a_merge_of_lines_cannot_do_is_mended_without_a_question() {
    let vendor = Vendor::openai();
    let (ours, theirs) = team(&vendor, false);
    reroll_both(&ours, &theirs);
    let (is_merged, said) = tries(&ours, &["merge", "-q", "--no-edit", "theirs"]);
    assert!(!is_merged, "both have added a take at one place: {said}");
    let mended = ours.run("merge-lock images.lock --format json").success().stderr_is("").value();
    let expected = json!({
        "version": 1, "file": "images.lock", "merged": true, "assets": 3, "decided": [], "conflicts": [],
    });
    assert_eq!(mended, expected);
    has_all_takes_and_their_choice(&ours, &theirs, &vendor);
}

/// Both have changed one prompt, and the conflict in the manifest is decided for theirs.
#[track_caller]
fn prompts(vendor: &Vendor) -> (Sandbox, Sandbox) {
    let (ours, theirs) = team(vendor, false);
    ours.write("art/first.toml", "[assets.sea]\nprompt = \"a warm sea\"\n").run("sync").success();
    theirs.write("art/first.toml", "[assets.sea]\nprompt = \"a wild sea\"\n").run("sync").success();
    fetch(&ours, &theirs);
    assert!(!tries(&ours, &["merge", "-q", "--no-edit", "theirs"]).0);
    (ours, theirs)
}

#[test]
fn of_two_recipes_the_one_that_the_manifest_declares_stands() {
    let vendor = Vendor::openai();
    let (ours, theirs) = prompts(&vendor);
    // As long as the manifest has marks of its own, it has no say, and is no error.
    let left = ours.run("merge-lock images.lock --format json").code(1).stderr_is("").value();
    assert_eq!(left["conflicts"], json!([{ "name": "sea", "about": "recipes" }]));
    git(&ours, &["checkout", "-q", "--theirs", "art/first.toml"]);
    let mended = ours.run("merge-lock images.lock").success().stdout_is("");
    assert!(mended.stderr().contains("sea: theirs, as the manifest declares it now"), "{}", mended.stderr());
    assert_eq!(entry(&ours, "sea"), entry(&theirs, "sea"));
    share_originals(&ours, &theirs);
    ours.run("sync --frozen").success();
    is_settled(&ours);
    assert_eq!(vendor.billed(), 5);
}

#[test]
fn an_option_decides_before_the_manifest_does() {
    let vendor = Vendor::openai();
    let (ours, theirs) = prompts(&vendor);
    git(&ours, &["checkout", "-q", "--theirs", "art/first.toml"]);
    let before = git(&ours, &["show", ":2:images.lock"]);
    ours.run("merge-lock images.lock --ours").success();
    assert_eq!(ours.lockfile(), before);
    assert_ne!(entry(&ours, "sea"), entry(&theirs, "sea"));
    ours.run("merge-lock images.lock --ours --theirs").code(2);
}

#[test]
fn what_was_decided_by_hand_already_is_kept() {
    let vendor = Vendor::openai();
    let (ours, theirs) = team(&vendor, true);
    for project in [&ours, &theirs] {
        project.run("reroll hero moon").success();
    }
    fetch(&ours, &theirs);
    assert!(!tries(&ours, &["merge", "-q", "--no-edit", "theirs"]).0);
    let lockfile = ours.lockfile();
    let (head, rest) = lockfile.split_once("<<<<<<< ours\n").expect("the hero's");
    let (kept, rest) = rest.split_once("=======\n").expect("the hero's");
    let (_, tail) = rest.split_once(">>>>>>> theirs\n").expect("the hero's");
    ours.write("images.lock", format!("{head}{kept}{tail}"));
    let hero = chosen(&ours, "hero");
    ours.run("merge-lock images.lock --theirs").success().stderr_lacks("hero:");
    assert_eq!((chosen(&ours, "hero"), chosen(&ours, "moon")), (hero, chosen(&theirs, "moon")));
    assert_eq!((count_takes(&ours, "hero"), count_takes(&ours, "moon")), (3, 3));
}

#[test]
fn marks_are_mended_without_git_too() {
    let vendor = Vendor::openai();
    let (ours, theirs) = quarrel(&vendor, false, "diff3");
    ours.remove(".git");
    ours.run("merge-lock images.lock --theirs").success();
    assert_eq!((chosen(&ours, "hero"), count_takes(&ours, "hero")), (chosen(&theirs, "hero"), 3));
    ours.run("plan").success();
}

#[test]
fn a_lockfile_without_marks_is_left_as_it_is() {
    let project = free(TWO);
    project.run("sync").success();
    let before = project.snapshot();
    project.run("merge-lock images.lock").success().stdout_is("").stderr_has("nothing to mend");
    assert_eq!(project.run("merge-lock images.lock --format json").success().value()["merged"], false);
    project.run("merge-lock none.lock").code(2).stderr_has("there is no such file");
    project.unchanged_since(&before);
}

#[test]
fn three_files_are_merged_into_the_second_one() {
    let project = free(TWO);
    project.run("sync").success();
    let base = project.lockfile();
    let (head, moon) = base.split_at(base.find("\n[[asset]]\nname = \"moon\"").expect("the second"));
    let sun = moon.replace("\"moon\"", "\"sun\"");
    project.write("base", head).write("ours", &base).write("theirs", format!("{head}{sun}"));
    project.run("merge-lock base ours theirs").success().stdout_is("").stderr_is("");
    assert_eq!(project.read_text("ours"), format!("{base}{sun}"));
    // Both have added theirs, as there was none.
    project.write("base", "").write("ours", &base).run("merge-lock base ours theirs art/images.lock").success();
    assert_eq!(project.read_text("ours"), format!("{base}{sun}"));
    project.run("merge-lock base ours").code(2);
}

#[test]
fn a_base_that_git_merged_of_several_tells_what_it_can() {
    let vendor = Vendor::openai();
    let (ours, theirs) = quarrel(&vendor, true, "merge");
    let marked = ours.lockfile();
    let side = |project: &Sandbox| git(project, &["show", "HEAD:images.lock"]);
    ours.write("base", &marked).write("ours", side(&ours)).write("theirs", side(&theirs));
    ours.run("merge-lock base ours theirs").code(1).stderr_has("`hero`").stderr_lacks("`moon`");
}

#[test]
fn what_is_no_lockfile_is_refused_and_nothing_is_written() {
    let project = free(TWO);
    project.run("sync").success();
    let sound = project.lockfile();
    let broken = sound.replacen("a red panda", "a blue panda", 1);
    let marked = sound.replacen("chosen = ", "<<<<<<< HEAD\nchosen = ", 1);
    project.write("sound", &sound).write("broken", &broken).write("marked", &marked).write("empty", "");
    let before = project.snapshot();
    for (files, whose) in [
        ("sound sound broken", "theirs: "),
        ("sound broken sound", "ours: "),
        ("broken sound sound", "the base: "),
        ("marked sound sound", "the base: "),
        ("sound marked sound", "ours: "),
        ("sound empty sound", "ours: "),
        ("sound sound empty", "theirs: "),
        ("sound sound none", "none"),
    ] {
        project.run(&format!("merge-lock {files}")).code(2).stdout_is("").stderr_has(whose);
    }
    project.run("merge-lock marked").code(2).stderr_has("never closed").stderr_has("git checkout --ours");
    project.unchanged_since(&before);
}
