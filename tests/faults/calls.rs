//! Every call of a run to the system, killed or made to fail by strace: the kernel says no, or nothing more.

#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use crate::checker::{Case, skip};
use crate::sandbox::Sandbox;
use crate::studio::{assets, studio};
use crate::vendor::Vendor;

fn strace() -> bool {
    let is_there = Command::new("strace").args(["-qq", "-e", "trace=none", "true"]).status();
    let works = is_there.is_ok_and(|status| status.success());
    if !works {
        skip("there is no strace, or it may not trace");
    }
    works
}

/// `tintype` under strace; its exit code and what strace wrote.
#[track_caller]
fn traced(sandbox: &Sandbox, options: &[&str], arguments: &[&str]) -> (Option<i32>, String) {
    let log = sandbox.root().join("tmp/strace");
    let status = sandbox
        .command("strace")
        .args(["-f", "-qq", "-o"])
        .arg(&log)
        .args(options)
        // A run that hangs is killed; its code is 137 then, as that of a run that strace kills.
        .args(["timeout", "-s", "KILL", "40", env!("CARGO_BIN_EXE_tintype")])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("strace was there a moment ago");
    let written = std::fs::read_to_string(&log).unwrap_or_default();
    let _none = std::fs::remove_file(log);
    (status.code(), written)
}

/// A project of two pictures, one of them at an address.
fn project() -> (Vendor, Sandbox) {
    let vendor = Vendor::openai().with_urls();
    let sandbox = studio(&vendor, "concurrency = 1", &assets(["one", "two"]));
    (vendor, sandbox)
}

/// How often one thread of a run makes each call, at most: strace counts for each thread by itself.
#[track_caller]
fn counts(calls: &[&str]) -> BTreeMap<String, usize> {
    let (_vendor, sandbox) = project();
    let (code, log) = traced(&sandbox, &["-e", &format!("trace={}", calls.join(","))], &["sync", "--jobs", "1"]);
    assert_eq!(code, Some(0));
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for line in log.lines() {
        let mut words = line.split_whitespace();
        let thread = words.next().unwrap_or_default().to_string();
        let call = words.next().and_then(|rest| rest.split('(').next()).unwrap_or_default();
        if calls.contains(&call) {
            *counts.entry((call.to_string(), thread)).or_default() += 1;
        }
    }
    let mut most: BTreeMap<String, usize> = BTreeMap::new();
    for ((call, _), count) in counts {
        let known = most.entry(call).or_default();
        *known = count.max(*known);
    }
    most
}

/// Injects a fault at every `step`-th occurrence of each call; the number of injections.
#[track_caller]
fn inject(calls: &[&str], fault: &str, step: usize) -> usize {
    let mut injected = 0;
    for (call, count) in counts(calls) {
        for when in (1..=count).step_by(step) {
            let (vendor, sandbox) = project();
            let what = format!("{call} {when} of {count}: {fault}");
            let options = [format!("trace={call}"), format!("inject={call}:{fault}:when={when}")];
            let options = ["-y", "-e", &options[0], "-e", &options[1]];
            let (code, log) = traced(&sandbox, &options, &["sync", "--jobs", "1"]);
            // What wakes a thread of the same process, or loads a library, is no disk of ours: without it a run may hang.
            let root = sandbox.root().to_string_lossy().into_owned();
            let is_ours = |line: &str| line.contains(&root) || line.contains("/dev/null");
            let is_elsewhere = |line: &str| line.contains("INJECTED") && !is_ours(line);
            let is_odd = log.lines().any(is_elsewhere) || fault.starts_with("signal");
            assert!(is_odd || code.is_some_and(|code| code <= 2), "{what}: it ended with {code:?}\n{log}");
            let case = Case::new(&sandbox, &vendor, what.clone());
            if code == Some(0) {
                assert!(
                    sandbox.exists("assets/one.png") && sandbox.exists("assets/two.png"),
                    "{what}: not done, and 0"
                );
            }
            case.recover();
            injected += usize::from(code.is_none_or(|code| code == 137) || log.contains("INJECTED"));
        }
    }
    eprintln!("{injected} times {fault}");
    injected
}

const WRITES: [&str; 12] = [
    "write",
    "pwrite64",
    "writev",
    "rename",
    "renameat",
    "renameat2",
    "linkat",
    "fsync",
    "fdatasync",
    "unlink",
    "mkdir",
    "openat",
];

#[test]
fn a_run_killed_at_its_calls_to_the_system_pays_nothing_twice() {
    if strace() {
        assert!(inject(&WRITES[..11], "signal=KILL", 5) > 10);
    }
}

#[test]
#[ignore = "slow: minutes"]
fn a_run_killed_at_every_call_to_the_system_pays_nothing_twice() {
    if strace() {
        let calls = [&WRITES[..], &["connect", "sendto", "recvfrom", "flock", "fchmod", "close"]].concat();
        assert!(inject(&calls, "signal=KILL", 1) > 100);
    }
}

#[test]
fn a_disk_that_is_full_at_some_write_loses_nothing() {
    if strace() {
        assert!(inject(&["write", "openat", "mkdir"], "error=ENOSPC", 7) > 5);
    }
}

#[test]
#[ignore = "slow: minutes"]
fn a_disk_that_says_no_to_any_call_loses_nothing() {
    if strace() {
        for error in ["ENOSPC", "EDQUOT", "EIO"] {
            let calls = ["write", "rename", "renameat", "renameat2", "fsync", "fdatasync", "mkdir", "openat", "fchmod"];
            inject(&calls, &format!("error={error}"), 1);
        }
    }
}

#[test]
#[ignore = "slow: minutes"]
fn a_disk_that_fails_to_read_is_a_miss_and_no_garbage() {
    if strace() {
        inject(&["read", "pread64", "statx", "getdents64"], "error=EIO", 2);
        inject(&["read"], "error=EINTR", 3);
        inject(&["read"], "retval=0", 3);
    }
}

#[test]
fn a_file_system_without_locks_is_refused_before_the_first_request() {
    if !strace() {
        return;
    }
    for error in ["ENOLCK", "EOPNOTSUPP"] {
        let (vendor, sandbox) = project();
        let options = ["-e", "trace=flock", "-e", &format!("inject=flock:error={error}")];
        let (code, _) = traced(&sandbox, &options, &["sync"]);
        assert!(code.is_some_and(|code| code == 1 || code == 2), "{error}: {code:?}");
        assert!(vendor.requests().is_empty(), "{error}: sent without a lock");
        Case::new(&sandbox, &vendor, error).recover();
    }
}

#[test]
fn renames_and_permissions_that_a_network_disk_refuses_lose_nothing() {
    if strace() {
        inject(&["rename", "renameat", "renameat2"], "error=EBUSY", 1);
        inject(&["fchmod"], "error=EPERM", 2);
        inject(&["fsync", "fdatasync"], "error=EIO", 2);
    }
}

/// What one paid picture costs in calls that wait for the disk, and what a run without work does.
#[test]
fn a_paid_picture_is_synced_and_a_run_without_work_writes_nothing() {
    if !strace() {
        return;
    }
    let syncs = |log: &str| log.lines().filter(|line| line.contains("sync(") && !line.contains("unfinished")).count();
    let mut cost = Vec::new();
    for number in [1, 2] {
        let vendor = Vendor::openai();
        let names = ["one", "two"];
        let sandbox = studio(&vendor, "concurrency = 1", &assets(names[..number].iter().copied()));
        // The folders of the cache are made once for all projects.
        for folder in ["originals", "takes", "journal", "made", "locks"] {
            std::fs::create_dir_all(sandbox.cache_path().join("v1").join(folder)).expect("the cache is writable");
        }
        let (code, log) = traced(&sandbox, &["-e", "trace=fsync,fdatasync"], &["sync"]);
        assert_eq!(code, Some(0));
        cost.push(log.lines().filter(|line| line.contains("sync(")).count());
        let (code, log) = traced(&sandbox, &["-e", "trace=%file,write,fsync,fdatasync,rename"], &["sync"]);
        assert_eq!((code, syncs(&log)), (Some(0), 0), "a run without work waits for the disk");
        let writes: Vec<&str> = log
            .lines()
            .filter(|line| {
                ["O_WRONLY", "O_RDWR", "O_CREAT", "rename(", "mkdir(", "unlink("].iter().any(|word| line.contains(word))
            })
            .filter(|line| !line.contains("/dev/tty") && !line.contains("/dev/null"))
            .collect();
        assert!(writes.is_empty(), "a run without work opens files for writing: {writes:#?}");
        let opened = |file: &str| log.lines().any(|line| line.contains("open") && line.contains(file));
        assert!(opened("snapshot") && !opened("images.toml") && !opened("images.lock"), "it only looks:\n{log}");
        let (_, log) = traced(&sandbox, &["-e", "trace=%file"], &["sync", "--dry-run"]);
        assert!(!log.contains("O_WRONLY") && !log.contains("O_CREAT"), "a dry run writes:\n{log}");
        Case::new(&sandbox, &vendor, "traced").finish();
    }
    eprintln!("fsync and fdatasync: {} for one paid picture, {} for a second one", cost[0], cost[1] - cost[0]);
    assert!((6..=24).contains(&(cost[1] - cost[0])), "{cost:?}");
}
