//! A package whose build script checks its pictures: built by Cargo, as a stranger's would be.

use std::path::Path;
use std::process::{Command, Output};

use crate::sandbox::Sandbox;

/// A package of a manifest, a build script and a program that prints a picture's facts.
fn package() -> Sandbox {
    let tintype = env!("CARGO_MANIFEST_DIR");
    let project = Sandbox::new()
        .manifest("[defaults]\nmodel = \"placeholder\"\nsize = \"64x48\"\n\n[assets.\"icons/sword\"]\nprompt = \"a sword\"\n")
        .file(
            "Cargo.toml",
            format!(
                "[package]\nname = \"game\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n[build-dependencies]\n\
                 tintype = {{ path = {tintype:?}, default-features = false }}\n"
            ),
        )
        .file("build.rs", "fn main() {\n    tintype::build::Build::new().placeholders(true).emit();\n}\n")
        .file(
            "src/main.rs",
            "mod images {\n    include!(concat!(env!(\"OUT_DIR\"), \"/images.rs\"));\n}\n\nfn main() {\n    \
             let sword = &images::icons::SWORD;\n    println!(\"{} {}\", sword.width, sword.bytes().len());\n}\n",
        );
    // As far as the lockfile of this repository knows them, the same versions without asking a registry.
    std::fs::copy(Path::new(tintype).join("Cargo.lock"), project.path("Cargo.lock")).expect("copied");
    project.run("sync").success();
    project
}

/// Cargo in the package, with one folder for what it builds in all these tests, and without a cache of pictures.
fn cargo(project: &Sandbox, arguments: &[&str]) -> Output {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("apps");
    Command::new(env!("CARGO"))
        .args(arguments)
        .arg("--offline")
        .current_dir(project.path(""))
        .env("CARGO_TARGET_DIR", target)
        .env("TINTYPE_CACHE_DIR", project.path("no-cache"))
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo runs")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_build_needs_what_is_committed_and_fails_with_the_asset_the_reason_and_the_command() {
    let project = package();
    let built = cargo(&project, &["run", "--quiet"]);
    let length = project.read("assets/icons/sword.png").len();
    assert!(said(&built).contains(&format!("64 {length}")), "{}", said(&built));
    let again = cargo(&project, &["build", "--verbose"]);
    assert!(said(&again).contains("Fresh game"), "nothing changed, nothing is built: {}", said(&again));

    project.edit("a sword", "a blue sword");
    let warned = cargo(&project, &["build"]);
    assert!(warned.status.success() && said(&warned).contains("the picture `icons/sword` isn't as declared"));
    let strict = project.read_text("build.rs").replace("placeholders(true)", "placeholders(false)");
    let failed = cargo(&project.write("build.rs", strict), &["build"]);
    assert!(!failed.status.success(), "{}", said(&failed));
    let told = said(&failed);
    assert!(told.contains("its prompt was \"a sword\" and is \"a blue sword\" now"), "{told}");
    assert!(told.contains("run `tintype sync` and commit images.lock and the pictures"), "{told}");

    project.run("sync").success();
    let built = cargo(&project, &["run", "--quiet"]);
    assert!(built.status.success() && said(&built).starts_with("64 "), "{}", said(&built));
    assert!(!project.exists("no-cache"), "a build makes no cache");
}

#[test]
fn the_package_holds_what_its_users_need_and_nothing_else() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = Command::new(env!("CARGO"))
        .args(["package", "--list", "--offline", "--allow-dirty"])
        .current_dir(package)
        .output()
        .expect("cargo runs");
    assert!(listed.status.success(), "{}", said(&listed));
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    let files: Vec<&str> = text.lines().collect();
    for file in
        ["src/lib.rs", "src/main.rs", "src/model/models.toml", "src/codegen/image.rs.in", "README.md", "LICENSE-MIT"]
    {
        assert!(files.contains(&file), "{file} is missing from {text}");
    }
    let strange = |file: &&&str| {
        let known = [
            "src/",
            "docs/",
            "examples/minimal/main.rs",
            "examples/minimal/images.toml",
            "README.md",
            "CHANGELOG.md",
            "LICENSE-",
            "Cargo.",
            ".cargo_vcs",
        ];
        !known.iter().any(|known| file.starts_with(known)) || file.contains(".py") || file.starts_with("docs/pictures")
    };
    assert_eq!(files.iter().find(strange), None);
    // What the sources take in at compile time is among them.
    let sources =
        files.iter().filter(|file| file.starts_with("src/") && Path::new(file).extension().is_some_and(|e| e == "rs"));
    for source in sources {
        let text = std::fs::read_to_string(package.join(source)).expect("a source");
        let includes = ["include_str!(\"", "include_bytes!(\""].into_iter().flat_map(|start| text.split(start).skip(1));
        for included in includes.filter_map(|rest| rest.split('"').next()) {
            let path = Path::new(source).parent().expect("a folder").join(included);
            let is_test =
                source.contains("test") || text.split(included).next().is_some_and(|head| head.contains("mod tests"));
            assert!(is_test || files.iter().any(|file| Path::new(file) == path), "{source} includes {included}");
        }
    }
}

#[test]
fn a_build_dependency_brings_few_crates() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--no-default-features", "--edges", "normal,build", "--prefix", "none"])
        .args(["--format", "{p}", "--target", "x86_64-unknown-linux-gnu"])
        .current_dir(package)
        .output()
        .expect("cargo runs");
    let text = said(&tree);
    let crates: std::collections::BTreeSet<&str> =
        text.lines().filter_map(|line| line.split(' ').next()).filter(|name| !["", "tintype"].contains(name)).collect();
    assert!(crates.contains("toml") && crates.contains("blake3"), "{text}");
    assert!(crates.len() <= 25, "{} crates: {crates:?}", crates.len());
    let heavy = ["serde_derive", "syn", "tokio", "reqwest", "image"];
    assert!(!heavy.iter().any(|name| crates.contains(name)), "{crates:?}");
}
