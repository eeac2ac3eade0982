//! What lies on the disk is torn, flipped, gone, from another version, or no file at all: never "not paid".

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::checker::{Case, files};
use crate::sandbox::{Allowances, Sandbox};
use crate::studio::{UNFINISHED, assets, error_code, killed_when, studio};
use crate::vendor::{Fault, Vendor};

const HERO: &str = "[assets.hero]\nprompt = \"a red panda\"\n";

/// The output isn't a copy of the original, so that nothing heals by itself.
const SMALL: &str = "[assets.hero]\nprompt = \"a red panda\"\noutput = { width = 32 }\n";

/// Puts something odd at a path.
type Spoiler = fn(&Path);

/// A synced project of one asset.
#[track_caller]
fn synced(text: &str) -> (Vendor, Sandbox) {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", text);
    sandbox.run("sync").success();
    (vendor, sandbox)
}

/// A run that was killed while its answer's picture came in, and its one journal.
#[track_caller]
fn killed_in_a_download() -> (Vendor, Sandbox, PathBuf) {
    let vendor = Vendor::openai().with_urls();
    vendor.next(Fault::DownloadGate);
    let sandbox = studio(&vendor, "", HERO);
    killed_when(&sandbox, &vendor, || vendor.wait_for_downloads(1));
    vendor.heal();
    let journal = files(&sandbox.cache_path().join("v1/journal"));
    let is_record = |path: &PathBuf| path.extension().is_none();
    let journal = journal.into_iter().find(is_record).expect("the request is open");
    (vendor, sandbox, journal)
}

/// The one original of a cache.
#[track_caller]
fn original(sandbox: &Sandbox) -> PathBuf {
    files(&sandbox.cache_path().join("v1/originals")).pop().expect("it was paid for")
}

/// Puts `bytes` into the journal, forgets all else that was made, and syncs.
#[track_caller]
fn sync_with(journal: &Path, bytes: &[u8], whole: &[(PathBuf, Vec<u8>)], sandbox: &Sandbox) -> Option<i32> {
    sandbox.empty_cache();
    for path in sandbox.files().iter().filter(|path| *path != "images.toml") {
        sandbox.remove(path);
    }
    for (path, bytes) in whole {
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("the cache is writable");
        fs::write(path, bytes).expect("the cache is writable");
    }
    fs::write(journal, bytes).expect("the cache is writable");
    sandbox.run("sync").status().code()
}

/// Damages the journal of a killed run in each of these ways: whatever is left of it, nothing is sent again.
#[track_caller]
fn damage(ways: impl Fn(&[u8]) -> Vec<Vec<u8>>) {
    let (vendor, sandbox, journal) = killed_in_a_download();
    let whole: Vec<_> = files(&sandbox.cache_path())
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).unwrap_or_default()))
        .collect();
    let record = fs::read(&journal).expect("it is there");
    let ways = ways(&record);
    let mut recovered = 0;
    for damaged in &ways {
        let code = sync_with(&journal, damaged, &whole, &sandbox);
        let shown = String::from_utf8_lossy(damaged);
        assert_eq!(vendor.requests().len(), 1, "sent again with the journal `{shown}`");
        assert_eq!(code, Some(i32::from(!sandbox.exists("assets/hero.png"))), "with the journal `{shown}`");
        recovered += usize::from(code == Some(0));
    }
    eprintln!("{} journals, {recovered} of which brought the picture still", ways.len());
    sandbox.check_secrets();
}

#[test]
fn a_journal_cut_anywhere_in_its_last_records_sends_nothing_again() {
    damage(|record| {
        let lines = record.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        assert_eq!(lines.count(), 2, "intent and answer");
        (1..record.len()).step_by(3).map(|length| record[..length].to_vec()).collect()
    });
}

#[test]
#[ignore = "slow: a minute"]
fn a_journal_cut_at_any_byte_sends_nothing_again() {
    damage(|record| (1..record.len()).map(|length| record[..length].to_vec()).collect());
}

fn flipped(record: &[u8], count: usize) -> Vec<Vec<u8>> {
    let at = |number: usize| (number * 7919) % record.len();
    let flip = |number: usize| {
        let mut bytes = record.to_vec();
        bytes[at(number)] ^= 1 << (number % 8);
        bytes
    };
    (0..count).map(flip).collect()
}

#[test]
fn a_journal_with_a_flipped_bit_sends_nothing_again() {
    damage(|record| flipped(record, 60));
}

#[test]
#[ignore = "slow: a minute"]
fn a_journal_with_any_of_two_hundred_flipped_bits_sends_nothing_again() {
    damage(|record| flipped(record, 200));
}

#[test]
fn a_record_of_another_version_or_kind_is_left_alone_and_nothing_is_sent() {
    let (vendor, sandbox, journal) = killed_in_a_download();
    for table in ["{ v = \"2\", kind = \"intent\", id = \"x\" }", "{ v = \"1\", kind = \"to come\", id = \"x\" }"] {
        let line = format!("{} {table}\n", &blake3::hash(table.as_bytes()).to_hex()[..8]);
        fs::write(&journal, &line).expect("the cache is writable");
        let sync = sandbox.run("sync --format json").code(1);
        assert_eq!((error_code(&sync, "hero").as_str(), vendor.requests().len()), ("newer", 1), "{table}");
        assert_eq!(fs::read_to_string(&journal).expect("it is there still"), line, "it isn't touched");
    }
}

#[test]
fn what_is_cached_is_found_without_journal_index_and_lockfile() {
    let (vendor, sandbox) = synced(&assets(["one", "two"]));
    let before = sandbox.lockfile();
    let _nothing_is_open = fs::remove_dir_all(sandbox.cache_path().join("v1/journal"));
    sandbox.remove(".tintype").remove("images.lock").remove("assets").run("sync").success();
    assert_eq!((vendor.requests().len(), sandbox.lockfile()), (2, before), "the same lockfile, for nothing");
    Case::new(&sandbox, &vendor, "all but the store is gone").finish();
}

#[test]
fn the_record_of_files_made_may_be_lost_or_damaged() {
    let (vendor, sandbox) = synced(SMALL);
    for path in files(&sandbox.cache_path().join("v1/made")) {
        fs::write(path, b"\xff\xfe torn").expect("the cache is writable");
    }
    sandbox.remove(".tintype").run("sync").success();
    sandbox.remove("assets").run("sync").success().has("assets/hero.png");
    Case::new(&sandbox, &vendor, "made is damaged").finish();
}

#[test]
fn the_index_of_files_may_be_anything() {
    let (vendor, sandbox) = synced(&assets(["one"]));
    let index = files(&sandbox.path(".tintype")).into_iter().filter(|path| !path.ends_with(".gitignore"));
    for path in index {
        let whole = fs::read(&path).expect("it is there");
        for damaged in [b"".to_vec(), b"\xff\0garbage".to_vec(), whole[..whole.len() / 2].to_vec()] {
            fs::write(&path, damaged).expect("the project is writable");
            sandbox.run("sync").success();
        }
    }
    assert_eq!(vendor.requests().len(), 1);
    Case::new(&sandbox, &vendor, "the index is damaged").finish();
}

#[test]
fn a_lockfile_that_cant_be_read_is_an_error_with_its_line_and_never_counts_as_empty() {
    let (vendor, sandbox) = synced(&assets(["one"]));
    let whole = sandbox.lockfile();
    let conflict =
        whole.replace("[[asset.takes]]", "<<<<<<< HEAD\n[[asset.takes]]\n=======\n[[asset.takes]]\n>>>>>>> b");
    let cases = [
        ("conflict marks", conflict),
        ("truncated", whole[..whole.len() - 40].to_string()),
        ("a key twice", whole.replace("version = 1\n", "version = 1\nversion = 1\n")),
        ("another version", whole.replace("version = 1\n", "version = 2\n")),
        ("garbage", "\0\0\0".to_string()),
    ];
    for (what, text) in cases {
        sandbox.write("images.lock", &text);
        for command in ["sync", "plan", "verify", "sync --yes --resend-unknown"] {
            let run = sandbox.run(command);
            assert_eq!(run.status().code(), Some(2), "{what}: {command}\n{}", run.stderr());
            assert!(run.stderr().contains("images.lock:"), "{what}: no line\n{}", run.stderr());
        }
        assert_eq!((sandbox.lockfile(), vendor.requests().len()), (text, 1), "{what}");
    }
    sandbox.write("images.lock", &whole);
    Case::new(&sandbox, &vendor, "the lockfile is back").finish();
}

#[test]
fn a_lockfile_with_other_line_ends_or_a_mark_at_its_start_is_read() {
    for prefix in ["", "\u{feff}"] {
        let (vendor, sandbox) = synced(&assets(["one"]));
        let whole = sandbox.lockfile();
        sandbox.write("images.lock", format!("{prefix}{}", whole.replace('\n', "\r\n")));
        sandbox.run("sync").success();
        sandbox.remove("assets").run("sync").success();
        assert_eq!(vendor.requests().len(), 1);
        Case::new(&sandbox, &vendor, "CRLF").finish();
    }
}

/// Does something to the one original, then asks for its output: it is never served, never bought again by itself, and
/// nothing hangs.
#[track_caller]
fn spoil(what: &str, spoil: impl Fn(&Path)) {
    let (vendor, sandbox) = synced(SMALL);
    let path = original(&sandbox);
    fs::remove_file(&path).expect("the cache is writable");
    spoil(&path);
    sandbox.remove("assets");
    for command in ["plan", "verify", "sync"] {
        let run = sandbox.run(command);
        assert!(run.took() < Duration::from_secs(20), "{what}: {command} took {:?}", run.took());
        assert!(run.status().code().is_some_and(|code| code <= 1), "{what}: {command} {:?}", run.status());
    }
    sandbox.lacks("assets/hero.png").run("sync").code(1);
    assert_eq!(vendor.requests().len(), 1, "{what}: bought again");
    sandbox.check_outside();
}

#[test]
fn an_original_that_isnt_what_it_was_is_never_served() {
    spoil("a turned bit", |path| fs::write(path, [0x89; 329]).expect("writable"));
    spoil("no bytes", |path| fs::write(path, b"").expect("writable"));
    spoil("a folder", |path| fs::create_dir(path).expect("writable"));
    spoil("gone", |_| {});
}

#[cfg(unix)]
#[test]
fn an_original_that_is_a_link_or_a_pipe_is_never_served_and_nothing_hangs() {
    spoil("a link into nothing", |path| std::os::unix::fs::symlink("/nonexistent", path).expect("writable"));
    spoil("a link to a file", |path| std::os::unix::fs::symlink("/etc/hostname", path).expect("writable"));
    spoil("an endless device", |path| std::os::unix::fs::symlink("/dev/zero", path).expect("writable"));
    spoil("a pipe", |path| {
        let made = std::process::Command::new("mkfifo").arg(path).status();
        assert!(made.is_ok_and(|status| status.success()), "mkfifo");
    });
}

#[test]
fn a_damaged_original_heals_from_an_output_that_is_a_copy() {
    let (vendor, sandbox) = synced(&(assets(["hero"]) + "output = [\"a.png\", { path = \"b.png\", width = 32 }]\n"));
    let path = original(&sandbox);
    let whole = fs::read(&path).expect("it is there");
    for damaged in [vec![0; whole.len()], Vec::new()] {
        fs::write(&path, damaged).expect("the cache is writable");
        sandbox.remove("assets/b.png").run("sync").success().has("assets/b.png");
        assert_eq!(fs::read(&path).expect("it is back"), whole);
    }
    assert_eq!(vendor.requests().len(), 1);
    Case::new(&sandbox, &vendor, "healed").finish();
}

#[cfg(unix)]
#[test]
fn a_reference_that_is_no_plain_file_is_refused_before_anything_is_sent() {
    let vendor = Vendor::openai();
    let text = "[assets.hero]\nprompt = \"a red panda\"\nreferences = [\"art/board.png\"]\n";
    let make: [(&str, Spoiler); 5] = [
        ("five gigabytes", |path| {
            let sparse = fs::File::create(path).and_then(|file| file.set_len(5 << 30));
            sparse.expect("a file with a hole needs no room");
        }),
        ("missing", |_| {}),
        ("a folder", |path| fs::create_dir(path).expect("writable")),
        ("a pipe", |path| {
            let made = std::process::Command::new("mkfifo").arg(path).status();
            assert!(made.is_ok_and(|status| status.success()), "mkfifo");
        }),
        ("an endless device", |path| std::os::unix::fs::symlink("/dev/zero", path).expect("writable")),
    ];
    for (what, make) in make {
        let sandbox = studio(&vendor, "", text).write("art/other.txt", "");
        make(&sandbox.path("art/board.png"));
        for command in ["check", "plan", "sync"] {
            let run = sandbox.run(command);
            assert_eq!(run.status().code(), Some(2), "{what}: {command}\n{}", run.stderr());
            assert!(run.stderr().contains("board.png"), "{what}: {command}\n{}", run.stderr());
            assert!(run.took() < Duration::from_secs(10), "{what}: {command} took {:?}", run.took());
        }
        assert!(vendor.requests().is_empty(), "{what}");
    }
}

#[test]
fn a_request_that_two_versions_of_the_cache_would_share_is_not_read_from_another_version() {
    let (vendor, sandbox) = synced(&assets(["one"]));
    let other = sandbox.cache_path().join("v999");
    fs::create_dir_all(other.join("originals")).expect("the cache is writable");
    fs::write(other.join("journal"), "of another program").expect("the cache is writable");
    sandbox.remove("assets").run("sync").success();
    assert_eq!(fs::read(other.join("journal")).expect("it is there"), b"of another program");
    Case::new(&sandbox, &vendor, "another version beside this one").finish();
}

#[test]
fn an_asset_that_is_renamed_or_written_twice_is_paid_once() {
    let (vendor, sandbox) = synced(&assets(["one"]));
    sandbox
        .edit("[assets.one]", "[assets.other]")
        .run("sync")
        .success()
        .has("assets/other.png")
        .lacks("assets/one.png");
    let text = sandbox.read_text("images.toml") + "\n[assets.copy]\nprompt = \"picture of one.\"\n";
    sandbox.manifest(&text).run("sync").success();
    assert_eq!(sandbox.read("assets/other.png"), sandbox.read("assets/copy.png"));
    assert_eq!(vendor.requests().len(), 1);
    Case::new(&sandbox, &vendor, "renamed").finish();
}

#[test]
fn what_is_in_doubt_is_said_by_every_later_plan() {
    let vendor = Vendor::openai();
    vendor.next(Fault::CloseBeforeAnswer);
    let sandbox = studio(&vendor, "", HERO);
    sandbox.run("sync").code(1);
    for _ in 0..3 {
        sandbox.run("plan").success().stdout_has("may have been");
        sandbox.run("sync").code(1);
    }
    assert_eq!(vendor.requests().len(), 1);
    sandbox.check_invariants_but(&vendor, Allowances { lost: 0, ..UNFINISHED });
}
