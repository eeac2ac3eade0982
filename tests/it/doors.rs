//! The doors of the house: nothing is written, removed or read through a link, a pipe or a folder that isn't the project's.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::projects::{free, in_cache, plan_is, studio};
use crate::sandbox::{Sandbox, png};
use crate::vendor::Vendor;

const HERO: &str = "[assets.hero]\nprompt = \"a red panda\"\n";
/// Nothing here may wait for anybody.
const AT_ONCE: Duration = Duration::from_secs(20);

fn pipe(sandbox: &Sandbox, path: &std::path::Path) {
    let made = Command::new("mkfifo").arg(path).status().expect("mkfifo runs");
    assert!(
        made.success() && fs::metadata(path).expect("it is there").file_type().is_fifo(),
        "{}",
        sandbox.root().display()
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_turns_into_a_link_and_back_while_files_are_written_leads_nowhere() {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    let assets: String =
        (0..24).map(|number| format!("[assets.\"ui/p{number:02}\"]\nprompt = \"picture {number}\"\n\n")).collect();
    let project = free(&assets);
    project.run("sync").success();
    // What lies outside has the names of the outputs, so that a write or a removal through the link would show.
    let outside = project.root().join("outside/ui");
    fs::create_dir(&outside).expect("the folder is new");
    for number in 0..24 {
        fs::write(outside.join(format!("p{number:02}.png")), "mine").expect("the folder is writable");
    }
    let (folder, aside) = (project.path("assets/ui"), project.path("assets/aside"));
    symlink(&outside, &aside).expect("a link");
    let swap = || renameat_with(CWD, &folder, CWD, &aside, RenameFlags::EXCHANGE).is_ok();
    let over = AtomicBool::new(false);
    let manifest = project.read_text("images.toml");
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                // Long enough for most runs to find the folder in its place, and short enough to be in time for their writes.
                thread::sleep(Duration::from_micros(300));
                let begun = Instant::now();
                if swap() {
                    while begun.elapsed() < Duration::from_micros(60) {}
                    swap();
                }
            }
        });
        for round in 0..16 {
            let edited = if round % 2 == 0 { "" } else { &manifest };
            project.manifest(&format!("{edited}\n# {round}\n")).run("sync --overwrite");
        }
        over.store(true, Ordering::Relaxed);
    });
    let left: Vec<_> = fs::read_dir(&outside).expect("readable").flatten().map(|entry| entry.path()).collect();
    assert_eq!(left.len(), 24, "{left:?}");
    for path in left {
        assert_eq!(fs::read(&path).expect("readable"), b"mine", "{} was written", path.display());
    }
}

#[test]
fn an_output_that_would_lie_elsewhere_or_nowhere_is_refused_before_anything_is_sent() {
    let vendor = Vendor::openai();
    let long = format!("{}.png", "x".repeat(300));
    let paths = [
        "../x.png",
        "/etc/x.png",
        "a/../../x.png",
        "a\\u0000b.png",
        "C:\\\\x.png",
        "C:/x.png",
        "~/x.png",
        "x.png.",
        "CON.png",
        "",
        &long,
    ];
    for path in paths {
        let project = studio(&vendor, &format!("[assets.hero]\nprompt = \"a\"\noutput = \"{path}\"\n"));
        let run = project.run("sync --format json").code(2);
        assert_eq!(run.diagnostics()[0]["labels"][0]["line"], 7, "{path}");
        assert_eq!(project.files(), ["images.toml"], "{path}");
        project.check_outside();
    }
    for twins in [["a.png", "a.png"], ["A/hero.png", "a/Hero.PNG"], ["caf\u{e9}.png", "cafe\u{301}.png"]] {
        let [one, two] = twins.map(|path| format!("prompt = \"{path}\"\noutput = \"{path}\"\n"));
        let project = studio(&vendor, &format!("[assets.one]\n{one}\n[assets.two]\n{two}"));
        project.run("sync").code(2);
        assert_eq!(project.files(), ["images.toml"], "{twins:?}");
    }
    assert!(vendor.requests().is_empty());
}

#[test]
fn a_state_folder_that_is_a_link_is_not_followed() {
    let project = free(HERO);
    symlink("../outside", project.path(".tintype")).expect("a link");
    project.run("sync").code(2).stderr_has(".tintype");
    project.run("plan").success();
    project.check_outside();
    fs::remove_file(project.path(".tintype")).expect("it is ours");
    fs::create_dir(project.path(".tintype")).expect("a folder");
    symlink("../../outside/new", project.path(".tintype/lock")).expect("a link");
    project.run("sync").code(2).stderr_has(".tintype/lock");
    project.check_outside();
}

#[test]
fn a_pipe_anywhere_in_the_project_is_said_to_be_none_of_what_is_needed_and_nobody_waits() {
    for (path, code) in [("images.toml", 2), ("images.lock", 2), (".env", 2), ("art/a.png", 2), ("prompt.md", 2)] {
        let project = free("[assets.hero]\nprompt_file = \"prompt.md\"\nreferences = [\"art/a.png\"]\n");
        project.write("prompt.md", "a panda").write("art/a.png", png(4, 4, [1, 2, 3, 255]));
        if project.exists(path) {
            project.remove(path);
        }
        pipe(&project, &project.path(path));
        let run = project.run("sync").code(code).stderr_has(path.rsplit('/').next().expect("a name"));
        assert!(run.took() < AT_ONCE, "{path}");
    }
    let project = free(HERO);
    fs::create_dir(project.path("assets")).expect("a new folder");
    pipe(&project, &project.path("assets/hero.png"));
    plan_is(&project, &[("hero", "blocked", "foreign new")]);
    assert!(project.run("sync --overwrite").took() < AT_ONCE);
    assert!(project.run("verify").took() < AT_ONCE);
    for file in ["lock", "stat-v1", "pins"] {
        let project = free(HERO);
        fs::create_dir(project.path(".tintype")).expect("a new folder");
        pipe(&project, &project.path(&format!(".tintype/{file}")));
        assert!(project.run("sync").took() < AT_ONCE, "{file}");
    }
}

/// What may lie in an original's place instead of it.
const DAMAGES: [&str; 7] = ["flipped", "empty", "cut", "folder", "link", "pipe", "longer"];

fn damage(sandbox: &Sandbox, path: &std::path::Path, how: &str) {
    let bytes = fs::read(path).expect("it is there");
    fs::remove_file(path).expect("it is ours");
    match how {
        "flipped" => {
            let mut flipped = bytes;
            let middle = flipped.len() / 2;
            flipped[middle] ^= 1;
            fs::write(path, flipped).expect("written");
        }
        "empty" => fs::write(path, "").expect("written"),
        "cut" => fs::write(path, &bytes[..bytes.len() - 1]).expect("written"),
        "longer" => fs::write(path, [&bytes[..], b"x"].concat()).expect("written"),
        "folder" => fs::create_dir(path).expect("made"),
        "link" => {
            let elsewhere = sandbox.root().join("tmp/elsewhere");
            fs::write(&elsewhere, &bytes).expect("written");
            symlink(elsewhere, path).expect("a link");
        }
        _ => pipe(sandbox, path),
    }
}

#[test]
fn a_damaged_original_is_never_served_and_heals_from_an_untouched_copy() {
    for how in DAMAGES {
        let vendor = Vendor::openai();
        let project = studio(&vendor, HERO);
        let hero = project.run("sync").success().read("assets/hero.png");
        let original = in_cache(&project, &hero).remove(0);
        damage(&project, &original, how);
        project.edit("panda\"", "panda\"\noutput = { width = 32 }");
        let sync = project.run("sync").success();
        assert!(sync.took() < AT_ONCE, "{how}");
        assert_eq!((project.picture("assets/hero.png").0, vendor.billed()), (32, 1), "{how}");
        project.edit("\noutput = { width = 32 }", "").run("sync").success();
        assert_eq!(project.read("assets/hero.png"), hero, "{how}");
        assert!(fs::symlink_metadata(&original).is_ok_and(|metadata| metadata.is_file()), "{how}");
        assert_eq!(fs::read(&original).expect("healed"), hero, "{how}");
        project.check_invariants(&vendor);
    }
}

#[test]
fn a_damaged_original_without_a_copy_is_unavailable_and_not_bought_again() {
    for how in DAMAGES {
        let vendor = Vendor::openai();
        let project = studio(&vendor, HERO);
        let hero = project.run("sync").success().read("assets/hero.png");
        damage(&project, &in_cache(&project, &hero).remove(0), how);
        project.remove("assets/hero.png");
        for _ in 0..3 {
            let sync = project.run("sync").code(1);
            assert!(sync.took() < AT_ONCE, "{how}");
            project.lacks("assets/hero.png");
        }
        assert_eq!(project.run("plan --format json").success().actions()["hero"], "unavailable", "{how}");
        assert_eq!(vendor.billed(), 1, "{how}");
    }
}

#[test]
fn what_lies_in_the_place_of_a_record_of_the_cache_holds_nobody_up() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.run("sync").success();
    for kind in ["takes", "made"] {
        let mut files = Vec::new();
        walk(&project.cache_path().join("v1").join(kind), &mut files);
        assert!(!files.is_empty(), "{kind}");
        for file in files {
            fs::remove_file(&file).expect("it is ours");
            pipe(&project, &file);
        }
    }
    project.remove("assets/hero.png");
    let sync = project.run("sync");
    assert!(sync.took() < AT_ONCE);
    assert_eq!(vendor.billed(), 1);
}

fn walk(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() { walk(&entry.path(), found) } else { found.push(entry.path()) }
    }
}

#[test]
fn a_reference_that_is_no_file_of_the_project_is_an_error_before_anything_is_sent() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "[assets.hero]\nprompt = \"a panda\"\nreferences = [\"art/a.png\"]\n");
    project.run("sync").code(2).stderr_has("art/a.png");
    project.write("art/a.png/x.txt", "").run("sync").code(2).stderr_has("folder");
    project.remove("art/a.png");
    symlink("/dev/zero", project.path("art/a.png")).expect("a link");
    let begun = Instant::now();
    project.run("sync").code(2).stderr_has("art/a.png");
    fs::remove_file(project.path("art/a.png")).expect("it is ours");
    let huge = fs::File::create(project.path("art/a.png")).expect("made");
    huge.set_len(5 << 30).expect("the file system has holes");
    project.run("sync").code(2).stderr_has("5120 MiB");
    assert!(begun.elapsed() < AT_ONCE);
    assert!(vendor.requests().is_empty());
    project.write("art/a.png", png(4, 4, [1, 2, 3, 255]));
    fs::set_permissions(project.path("art/a.png"), fs::Permissions::from_mode(0o0)).expect("it is ours");
    if fs::read(project.path("art/a.png")).is_err() {
        project.run("sync").code(2).stderr_has("permission denied");
    }
}

#[test]
fn a_reference_that_changes_all_the_time_is_sent_as_it_was_hashed_or_not_at_all() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "[assets.hero]\nprompt = \"a panda\"\nreferences = [\"art/a.png\"]\n");
    project.edit("cost_usd = 0.02", "edits = \"json\", max_references = 4, cost_usd = 0.02");
    let pictures: Vec<Vec<u8>> = (0..2).map(|shade| png(40, 40, [shade * 90, 2, 3, 255])).collect();
    project.write("art/a.png", &pictures[0]);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for picture in pictures.iter().cycle().take_while(|_| !over.load(Ordering::Relaxed)) {
                project.write("art/a.png", picture);
            }
        });
        for _ in 0..6 {
            project.run("sync --yes");
        }
        over.store(true, Ordering::Relaxed);
    });
    project.write("art/a.png", &pictures[0]).run("sync --yes").success();
    project.write("art/a.png", &pictures[1]).run("sync --yes").success();
    assert!(vendor.billed() <= 2, "each of both pictures makes one recipe; {} were bought", vendor.billed());
}
