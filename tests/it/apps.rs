//! The examples that are programs and pages: built, run and looked at, as somebody who clones the repository would.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::sandbox::Sandbox;

/// What building leaves in an example's folder.
const BUILT: [&str; 4] = ["target", "node_modules", "dist", ".tintype"];

fn folder_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder is writable");
    for entry in fs::read_dir(from).expect("the example is there").flatten() {
        let target = to.join(entry.file_name());
        if !entry.path().is_dir() {
            fs::copy(entry.path(), target).expect("copied");
        } else if !BUILT.iter().any(|name| entry.file_name() == *name) {
            copy(&entry.path(), &target);
        }
    }
}

/// A copy whose place is the same each time, so that Cargo knows again what it built there.
fn copied(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("apps-copies").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("removed");
    }
    copy(&folder_of(name), &folder);
    folder
}

fn edit(file: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(file).expect("the file is there");
    assert!(text.contains(old), "{} has {old}", file.display());
    fs::write(file, text.replace(old, new)).expect("written");
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[track_caller]
fn done(command: &mut Command) -> String {
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{command:?}\n{}", said(&output));
    said(&output)
}

#[track_caller]
fn failed(command: &mut Command) -> String {
    let output = command.output().expect("it starts");
    assert!(!output.status.success(), "{command:?}\n{}", said(&output));
    said(&output)
}

/// Nothing is to be done with what is committed, and what code it has is the same that a sync would write.
#[track_caller]
fn is_complete(name: &str, code: &[&str]) {
    let sandbox = Sandbox::new();
    copy(&folder_of(name), &sandbox.path(""));
    let before: Vec<String> = code.iter().map(|path| sandbox.read_text(path)).collect();
    sandbox.run("check").success();
    sandbox.run("plan --exit-code").success();
    for path in code {
        sandbox.remove(path);
    }
    sandbox.run("sync --frozen").success();
    assert_eq!(code.iter().map(|path| sandbox.read_text(path)).collect::<Vec<_>>(), before, "{name}");
    let readme = sandbox.read_text("README.md");
    let line = readme.lines().find(|line| line.starts_with("model = ")).expect("the README says which line");
    sandbox.edit("model = \"placeholder\"", line);
    for variable in ["AISA_API_KEY", "OPENROUTER_API_KEY"] {
        let plan = sandbox.env(variable, "a-key").run("plan --format json").success();
        let cost = plan.totals()["cost_usd"].as_f64().expect("a price is known");
        assert!(readme.contains(&format!("about ${cost:.2};")), "{name} costs {cost}");
        plan.without_env(variable);
    }
}

#[test]
fn the_game_is_committed_whole() {
    is_complete("game-app", &[]);
}

#[test]
fn the_site_is_committed_whole() {
    is_complete("site-app", &["src/images.ts"]);
}

#[test]
fn the_xtask_is_committed_whole() {
    is_complete("xtask", &[]);
}

/// Cargo in a copy of an example, with one folder for what is built in all these tests, and without a cache of pictures.
fn cargo(folder: &Path, arguments: &str) -> Command {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("apps");
    let mut command = Command::new(env!("CARGO"));
    command
        .args(arguments.split(' '))
        .args(["--locked", "--color", "never"])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        .env("TINTYPE_CACHE_DIR", folder.join("no-cache"))
        .env_remove("RUSTFLAGS");
    command
}

/// The game's window after it has played a while by itself.
#[track_caller]
fn played(frames: u32, shot: &str) -> image::RgbaImage {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let shots = target.join("game");
    fs::create_dir_all(&shots).expect("the folder is writable");
    let file = shots.join(shot);
    let _ = fs::remove_file(&file);
    done(
        Command::new("xvfb-run")
            .args(["--auto-servernum", "--server-args=-screen 0 1280x800x24"])
            .arg(target.join("apps/debug/lantern-marsh"))
            .args(["--screenshot".as_ref(), file.as_os_str()])
            .args(["--frames", &frames.to_string()])
            .env("LIBGL_ALWAYS_SOFTWARE", "1"),
    );
    image::open(&file).expect("a picture").into_rgba8()
}

#[test]
#[ignore = "needs Xvfb and crates of the network: `.ci/run` brings them and runs it"]
fn the_game_is_played_and_no_release_has_a_stale_picture() {
    let folder = copied("game-app");
    let tintype = env!("CARGO_MANIFEST_DIR").replace('\\', "/");
    edit(&folder.join("Cargo.toml"), "path = \"../..\"", &format!("path = \"{tintype}\""));
    done(&mut cargo(&folder, "build"));
    let window = played(200, "played.png");
    assert_eq!(window.dimensions(), (1024, 696));
    let mut colours: BTreeMap<[u8; 4], usize> = BTreeMap::new();
    window.pixels().for_each(|pixel| *colours.entry(pixel.0).or_default() += 1);
    assert!(colours.len() > 2000, "{} colours", colours.len());
    let most = colours.values().max().copied().unwrap_or_default();
    assert!(most < 1024 * 696 / 4, "one colour fills {most} pixels");
    // Two windows in a message would be a book.
    assert!(played(200, "again.png") == window, "who plays by itself plays the same");

    // What was synced is seen without a build, which is what R is for.
    let board = image::open(folder.join("assets/board.png")).expect("a sheet").into_rgba8();
    image::imageops::rotate180(&board).save(folder.join("assets/board.png")).expect("saved");
    assert!(played(200, "turned.png") != window, "a debug build reads the pictures as they are");
    fs::copy(folder_of("game-app").join("assets/board.png"), folder.join("assets/board.png")).expect("copied");

    edit(&folder.join("images.toml"), "a newt with a drum", "a newt with a trumpet");
    fs::remove_file(folder.join("assets/heron.png")).expect("removed");
    let warned = done(&mut cargo(&folder, "build"));
    assert!(warned.contains("the picture `folk/newt` isn't as declared: its prompt was"), "{warned}");
    assert!(played(200, "stand-in.png") != window, "a stand-in for the heron");
    // As a release would be; to build one here would take as long again.
    edit(&folder.join("build.rs"), "placeholders(true)", "placeholders(false)");
    let told = failed(&mut cargo(&folder, "build"));
    assert!(told.contains("error: lantern-marsh@0.1.0: the picture `folk/newt` isn't as declared"), "{told}");
    assert!(told.contains("the picture `heron` isn't as declared"), "{told}");
    assert!(told.contains("run `tintype sync` and commit images.lock and the pictures"), "{told}");
    assert!(!folder.join("no-cache").exists(), "a build makes no cache");

    edit(&folder.join("build.rs"), "placeholders(false)", "placeholders(true)");
    edit(&folder.join("src/main.rs"), "folk::NEWT", "folk::TRITON");
    let told = failed(&mut cargo(&folder, "build"));
    assert!(told.contains("cannot find value `TRITON` in module `folk`"), "{told}");
}

#[test]
#[ignore = "needs Node, playwright-core and a browser: `.ci/run` brings them and runs it"]
fn the_site_is_built_and_every_picture_loads() {
    let folder = copied("site-app");
    let program = |name: &str, arguments: &str| {
        let mut command = Command::new(name);
        command.args(arguments.split(' ')).current_dir(&folder);
        command
    };
    done(&mut program("npm", "ci --no-audit --no-fund --silent"));
    done(&mut program("npm", "run build"));
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let seen = done(
        Command::new("node")
            .arg(tests.join("site.mjs"))
            .current_dir(&tests)
            .env("SITE", folder.join("dist"))
            .env("SHOTS", Path::new(env!("CARGO_TARGET_TMPDIR")).join("site")),
    );
    assert!(seen.contains("/img/hero.avif") && seen.contains("/img/hero-720w.avif"), "{seen}");
    assert!(seen.contains("/img/beans/borlotti"), "{seen}");

    let strict = "tsc --ignoreConfig --noEmit --strict --noUncheckedIndexedAccess --exactOptionalPropertyTypes --noUnusedLocals \
                  --noPropertyAccessFromIndexSignature --isolatedModules --verbatimModuleSyntax --erasableSyntaxOnly --target es2022 \
                  src/images.ts";
    done(&mut program("npx", strict));
    edit(&folder.join("src/main.ts"), "picture(\"hero\"", "picture(\"heroo\"");
    let told = failed(&mut program("npx", "tsc --noEmit"));
    assert!(told.contains("TS2345") && told.contains("\"heroo\""), "{told}");
    edit(&folder.join("src/main.ts"), "picture(\"heroo\"", "picture(\"hero\"");
    edit(&folder.join("src/beans.ts"), "  \"beans/blue-lake\":", "  \"beans/green-lake\":");
    let told = failed(&mut program("npx", "tsc --noEmit"));
    assert!(told.contains("beans/green-lake"), "{told}");
}
