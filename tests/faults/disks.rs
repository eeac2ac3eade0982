//! Disks that are full, read-only, another's, or slow to tell: found before the first request, or survived.

#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::checker::{Case, skip};
use crate::sandbox::Sandbox;
use crate::studio::{assets, many, studio};
use crate::vendor::{Fault, Vendor};

/// Some folder of a sandbox.
type Place = fn(&Sandbox) -> PathBuf;

/// A file system that goes when the test ends.
pub(crate) struct Mount(PathBuf);

impl Mount {
    /// What is mounted there goes with this.
    pub(crate) fn at(place: &Path) -> Mount {
        Mount(place.to_path_buf())
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _already_gone = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Runs a program that only root may run; `None`, and a word of it, where it can't be.
pub(crate) fn as_root(program: &str, arguments: &[&str]) -> Option<()> {
    let output = Command::new(program).args(arguments).output().ok();
    let done = output.as_ref().is_some_and(|output| output.status.success());
    if !done {
        let why = output.map_or_else(String::new, |output| String::from_utf8_lossy(&output.stderr).trim().to_string());
        skip(&format!("{program} {} needs root: {why}", arguments.join(" ")));
    }
    done.then_some(())
}

/// Mounts memory of this size on a folder.
pub(crate) fn memory(folder: &Path, size: &str) -> Option<Mount> {
    fs::create_dir_all(folder).expect("the sandbox is writable");
    let place = folder.to_string_lossy().into_owned();
    as_root("mount", &["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs", &place])?;
    Some(Mount(folder.to_path_buf()))
}

/// Fills the file system that holds `folder`, but for so many bytes.
fn fill(folder: &Path, but: usize) -> PathBuf {
    let ballast = folder.join("ballast");
    let mut size = 64 << 20;
    while size > 0 {
        let kept = fs::read(&ballast).unwrap_or_default();
        let grown = [kept.clone(), vec![7; size]].concat();
        if fs::write(&ballast, &grown).is_err() {
            fs::write(&ballast, &kept).expect("what was there finds room again");
            size /= 2;
        }
        if size < 4096 {
            break;
        }
    }
    let bytes = fs::read(&ballast).expect("the ballast is there");
    fs::write(&ballast, &bytes[..bytes.len().saturating_sub(but)]).expect("a shorter file fits");
    ballast
}

/// As many pages free as the list says; then room is made, and all must come right.
#[track_caller]
fn without_room(place: Place, size: &str, pages: &[usize]) {
    let (mut refused, mut failed, mut done) = (0, 0, 0);
    for pages in pages.iter().copied() {
        let vendor = Vendor::openai();
        let sandbox = studio(&vendor, "", &many(3));
        let Some(_mount) = memory(&place(&sandbox), size) else { return };
        let copy = sandbox.read("images.toml");
        let ballast = fill(&place(&sandbox), pages * 4096);
        let sync = sandbox.run("sync");
        let sent = vendor.requests().len();
        match sync.status().code() {
            Some(0) => done += 1,
            Some(1) if sent > 0 => failed += 1,
            Some(1 | 2) => refused += 1,
            code => panic!("{pages} pages: {code:?}\n{}", sync.stderr()),
        }
        assert!(sync.status().success() || !sync.stderr().is_empty(), "{pages} pages: not a word");
        fs::remove_file(ballast).expect("there is a ballast");
        assert_eq!(sandbox.read("images.toml"), copy);
        let case = Case::new(&sandbox, &vendor, format!("{pages} pages free")).recover();
        assert_eq!((case.in_doubt, vendor.requests().len()), (0, 3), "{pages} pages: paid once");
    }
    eprintln!("{refused} runs refused before a request, {failed} failed later, {done} found room enough");
    assert!(refused > 0 && done > 0, "{refused} refused, {failed} failed, {done} done");
}

#[test]
fn a_full_disk_behind_the_cache_loses_nothing() {
    without_room(Sandbox::cache_path, "32m", &[0, 1, 2, 16, 2048, 4096, 7500]);
}

#[test]
fn a_full_disk_behind_the_outputs_loses_nothing() {
    without_room(|sandbox| sandbox.path("assets"), "1m", &[0, 1, 2, 3, 4, 8, 48]);
}

#[test]
fn a_disk_that_fills_up_while_pictures_are_made_leaves_them_in_doubt_at_worst() {
    let mut in_doubt = 0;
    for pages in [0, 1, 2, 3, 4, 6, 8, 12, 16, 24] {
        let vendor = Vendor::openai();
        vendor.when("", Fault::Gate);
        let sandbox = studio(&vendor, "", &many(3));
        let Some(_mount) = memory(&sandbox.cache_path(), "32m") else { return };
        let running = sandbox.spawn("sync");
        vendor.wait_for_requests(3);
        let ballast = fill(&sandbox.cache_path(), pages * 4096);
        vendor.open();
        let sync = running.wait();
        assert!(sync.status().code().is_some_and(|code| code <= 1), "{pages} pages: {:?}", sync.status());
        fs::remove_file(ballast).expect("there is a ballast");
        in_doubt += Case::new(&sandbox, &vendor, format!("{pages} pages free")).recover().in_doubt;
    }
    eprintln!("{in_doubt} of 30 pictures were in doubt after the disk filled up");
}

#[test]
fn a_full_disk_behind_local_state_loses_nothing() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", &many(2));
    let Some(_mount) = memory(&sandbox.path(".tintype"), "16k") else { return };
    let ballast = fill(&sandbox.path(".tintype"), 0);
    let _whatever = sandbox.run("sync").status();
    fs::remove_file(ballast).expect("there is a ballast");
    Case::new(&sandbox, &vendor, "no room for the index").recover();
}

#[test]
fn cache_and_project_may_lie_on_different_devices() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", &many(3));
    let Some(_mount) = memory(&sandbox.cache_path(), "32m") else { return };
    let Some(_other) = memory(&sandbox.path("assets"), "8m") else { return };
    sandbox.run("sync").success();
    sandbox.remove("assets/p001.png").run("sync").success();
    assert_eq!(vendor.requests().len(), 3);
    Case::new(&sandbox, &vendor, "three devices").finish();
}

/// Makes a folder immutable for as long as this lives.
struct Immutable(PathBuf);

impl Immutable {
    fn new(folder: &Path) -> Option<Immutable> {
        fs::create_dir_all(folder).expect("the sandbox is writable");
        as_root("chattr", &["+i", &folder.to_string_lossy()])?;
        Some(Immutable(folder.to_path_buf()))
    }
}

impl Drop for Immutable {
    fn drop(&mut self) {
        let _done = Command::new("chattr").arg("-i").arg(&self.0).status();
    }
}

#[test]
fn what_cant_be_written_is_found_before_the_first_request_and_named() {
    let places: [(&str, Place); 3] = [
        ("assets", |sandbox| sandbox.path("assets")),
        ("cache", Sandbox::cache_path),
        ("tintype", |sandbox| sandbox.path("")),
    ];
    for (name, place) in places {
        let vendor = Vendor::openai();
        let sandbox = studio(&vendor, "", &many(2));
        let Some(immutable) = Immutable::new(&place(&sandbox)) else { return };
        let sync = sandbox.run("sync");
        assert!(sync.status().code().is_some_and(|code| code != 0), "{name}: {:?}", sync.status());
        assert!(sync.stderr().contains(name), "{name} isn't named:\n{}", sync.stderr());
        assert!(vendor.requests().is_empty(), "{name}: sent before it was looked at");
        drop(immutable);
        Case::new(&sandbox, &vendor, format!("{name} was read-only")).recover();
    }
}

#[test]
fn a_read_only_file_system_is_found_before_the_first_request() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", &many(2));
    let Some(_mount) = memory(&sandbox.path("assets"), "1m") else { return };
    let assets = sandbox.path("assets").to_string_lossy().into_owned();
    let Some(()) = as_root("mount", &["-o", "remount,ro", &assets]) else { return };
    let sync = sandbox.run("sync").stderr_has("assets");
    assert!(sync.status().code().is_some_and(|code| code != 0), "{:?}", sync.status());
    assert!(vendor.requests().is_empty());
    let Some(()) = as_root("mount", &["-o", "remount,rw", &assets]) else { return };
    Case::new(&sandbox, &vendor, "read-only").recover();
}

#[test]
fn a_user_who_may_write_nothing_is_told_before_the_first_request() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", &many(2));
    let Some(()) = as_root("chmod", &["-R", "a+rX", &sandbox.root().to_string_lossy()]) else { return };
    let Some(()) = as_root("setpriv", &["--reuid=65534", "--clear-groups", env!("CARGO_BIN_EXE_tintype"), "--version"])
    else {
        return;
    };
    let status = sandbox
        .command("setpriv")
        .args(["--reuid=65534", "--clear-groups", env!("CARGO_BIN_EXE_tintype"), "sync"])
        .stderr(Stdio::piped())
        .output()
        .expect("setpriv ran a moment ago");
    let stderr = String::from_utf8_lossy(&status.stderr);
    assert!(status.status.code().is_some_and(|code| code == 1 || code == 2), "{:?}\n{stderr}", status.status);
    assert!(vendor.requests().is_empty() && !stderr.is_empty(), "{stderr}");
    Case::new(&sandbox, &vendor, "nobody").recover();
}

/// A sync under limits of the system.
#[track_caller]
fn limited(limit: &str) -> Option<i32> {
    let vendor = Vendor::openai().with_urls();
    let sandbox = studio(&vendor, "concurrency = 8", &many(12));
    let output = sandbox.command("prlimit").args([limit, env!("CARGO_BIN_EXE_tintype"), "sync"]).output();
    let Ok(output) = output else {
        skip("there is no prlimit");
        return None;
    };
    Case::new(&sandbox, &vendor, limit.to_string()).recover();
    output.status.code()
}

#[test]
fn few_files_little_memory_and_short_files_lose_nothing() {
    for limit in ["--nofile=10", "--nofile=16", "--nofile=24", "--nofile=40"] {
        let code = limited(limit);
        assert!(code.is_none_or(|code| code <= 2), "{limit}: {code:?}");
    }
    for limit in ["--as=60000000", "--as=120000000", "--as=200000000", "--nproc=40"] {
        limited(limit);
    }
    for limit in ["--fsize=0", "--fsize=200", "--fsize=600"] {
        limited(limit);
    }
}

#[test]
fn all_times_changed_cost_a_look_at_the_bytes_and_nothing_else() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", &assets(["one", "two"]));
    sandbox.run("sync").success();
    let touched = Command::new("find")
        .args([sandbox.path(""), sandbox.cache_path()])
        .args(["-type", "f", "-exec", "touch", "{}", "+"])
        .status();
    assert!(touched.is_ok_and(|status| status.success()), "touch");
    sandbox.run("sync --frozen").success();
    assert_eq!(vendor.requests().len(), 2);
    Case::new(&sandbox, &vendor, "touched").finish();
}

#[test]
fn an_edit_that_keeps_size_and_time_is_seen_and_left_alone() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", &assets(["one"]));
    sandbox.run("sync").success();
    sandbox.run("sync").success();
    let path = sandbox.path("assets/one.png");
    let edit = "cp -p \"$0\" \"$0.time\" && printf X | dd of=\"$0\" bs=1 seek=100 conv=notrunc 2>/dev/null \
                && touch -r \"$0.time\" \"$0\" && rm \"$0.time\"";
    let edited = Command::new("bash").args(["-c", edit]).arg(&path).status();
    assert!(edited.is_ok_and(|status| status.success()), "dd");
    let by_hand = sandbox.read("assets/one.png");
    sandbox.run("sync").code(1).stderr_has("assets/one.png");
    sandbox.run("verify").code(1);
    assert_eq!(sandbox.read("assets/one.png"), by_hand, "it was overwritten");
    sandbox.run("sync --overwrite").success();
    assert_eq!(vendor.requests().len(), 1);
    Case::new(&sandbox, &vendor, "edited").finish();
}

#[test]
fn an_output_that_is_gone_or_in_the_way_costs_nothing() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", &assets(["one"]));
    sandbox.run("sync").success();
    sandbox.remove("assets/one.png").run("sync").success().has("assets/one.png");
    let whole = sandbox.read("assets/one.png");
    sandbox.write("assets/one.png", b"").run("sync").success();
    assert_eq!(sandbox.read("assets/one.png"), whole, "an empty file is nobody's work");
    sandbox.write("assets/one.png", &whole[..100]).run("sync").code(1).stderr_has("assets/one.png");
    sandbox.run("sync --overwrite").success();
    sandbox.remove("assets/one.png").write("assets/one.png/mine.txt", "mine").run("sync --overwrite").code(1);
    assert_eq!(sandbox.read_text("assets/one.png/mine.txt"), "mine");
    sandbox.remove("assets/one.png").run("sync").success();
    assert_eq!(vendor.requests().len(), 1);
    Case::new(&sandbox, &vendor, "output gone").finish();
}
