//! `tintype check --code`: pictures that nobody uses, and uses that no picture is made for.

use serde_json::{Value, json};

use crate::projects::{everything, free};
use crate::sandbox::{Sandbox, png};

const ICONS: &str = "[assets.\"icons/sword\"]\nprompt = \"a sword\"\n\n[assets.\"icons/axe\"]\nprompt = \"an axe\"\n\n\
                     [assets.hero]\nprompt = \"a panda\"\noutput = { path = \"img/hero.webp\", widths = [32] }\n";

/// What the sources of a project come to: assets that nobody names, and pictures that nobody makes as `file:line path`.
#[track_caller]
fn told(project: &Sandbox) -> (Vec<String>, Vec<String>) {
    let code = project.run("check --code --format json").success().stderr_is("").value()["code"].clone();
    let text = |value: &Value| value.as_str().expect("a text").to_string();
    let rows = |key: &str| code[key].as_array().expect("a list").clone();
    let missing = rows("missing");
    let missing = missing.iter().map(|row| format!("{}:{} {}", text(&row["file"]), row["line"], text(&row["path"])));
    (rows("unused").iter().map(text).collect(), missing.collect())
}

#[track_caller]
fn unused(project: &Sandbox) -> Vec<String> {
    told(project).0
}

#[test]
fn what_no_source_names_is_warned_of_and_is_no_error() {
    let project = free(ICONS).file("src/main.rs", "fn main() {\n    load(\"icons/sword\");\n    load(HERO);\n}\n");
    project.write("web/index.html", "<img src=\"/assets/img/hero.webp\">\n\n<img src=\"../assets/icons/bow.png\">\n");
    let before = everything(&project);
    let check = project.run("check --code").success().stdout_is("3 assets, 4 outputs: sound\n");
    insta::assert_snapshot!(check.stderr(), @r"
    warning: `icons/axe` is declared, and no source names it
      help: name it where it belongs, or take it out of the manifest
    warning: web/index.html:3 names `assets/icons/bow.png`, which no asset makes
      help: declare it as an asset, or mend the path
    ");
    let document = project.run("check --code --format json").success().stderr_is("").value();
    let expected = json!({
        "version": 1, "assets": 3, "outputs": 4,
        "code": {
            "unused": ["icons/axe"],
            "missing": [{ "path": "assets/icons/bow.png", "file": "web/index.html", "line": 3 }],
        },
    });
    assert_eq!(document, expected);
    assert_eq!(project.run("check --format json").success().value()["code"], Value::Null);
    project.run("check").success().stderr_is("");
    project.run("check --code -q").success().stderr_is("").stdout_is("");
    assert!(everything(&project) == before, "something was written");
}

#[test]
fn a_folder_that_is_put_together_at_run_time_names_all_in_it() {
    let project = free(ICONS).file("src/a.ts", "const url = `icons/${kind}.png`;\n");
    assert_eq!(unused(&project), ["hero"]);
    project.write("src/a.ts", "const all = \"icons/\" + kind;\nimport.meta.glob(\"./hero-*.webp\");\n");
    assert_eq!(unused(&project), ["hero"]);
}

#[test]
fn each_of_its_files_names_an_asset_by_itself_too() {
    for name in ["hero.webp", "img/hero.webp", "assets/img/hero.webp"] {
        let project = free(ICONS).file("a.css", format!("a {{ background: url({name}) }}"));
        assert_eq!(unused(&project), ["icons/axe", "icons/sword"], "{name}");
    }
}

#[test]
fn what_only_serves_other_assets_needs_no_name() {
    let assets = "[assets.board]\nprompt = \"a board\"\noutput = []\n\n[assets.sheet]\nprompt = \"a sheet\"\n\n\
                  [assets.hero]\nprompt = \"a panda\"\nreferences = [\"asset:board\"]\n\n\
                  [assets.small]\nsource = \"asset:sheet\"\n";
    assert_eq!(unused(&free(assets)), ["hero", "small"]);
}

#[test]
fn a_take_that_is_locked_is_made_however_many_are_declared() {
    let assets = "[assets.tile]\nprompt = \"a tile\"\nn = 3\npublish = \"all\"\noutput = \"tile-{{ take }}.png\"\n";
    let project = free(assets).file("a.html", "assets/tile-1.png assets/tile-3.png assets/tile-4.png");
    project.run("sync").success();
    assert_eq!(told(&project), (Vec::new(), vec!["a.html:1 assets/tile-4.png".to_string()]));
    project.edit("n = 3", "n = 1");
    assert_eq!(told(&project).1, ["a.html:1 assets/tile-4.png"], "it is there until the next sync");
    project.write("images.lock", "<<<<<<< HEAD\n");
    assert_eq!(told(&project).1, ["a.html:1 assets/tile-3.png", "a.html:1 assets/tile-4.png"], "nobody knows better");
}

#[test]
fn only_what_people_write_is_a_source() {
    let project = free(&format!("include = [\"art/*.toml\"]\n\n{ICONS}"));
    let manifest = project.read_text("images.toml");
    let (head, rest) = manifest.split_once("include = [\"art/*.toml\"]\n").expect("it stands there");
    project.manifest(&format!("include = [\"art/*.toml\"]\n\n{head}{rest}"));
    project.write("art/more.toml", "[assets.wand]\nprompt_file = \"art/wand.md\"\n").write("art/wand.md", "a wand");
    let all = ["hero", "icons/axe", "icons/sword", "wand"];
    let naming = "icons/axe icons/sword hero wand";
    project.run("sync").success();
    for path in [
        ".git/x",
        "web/node_modules/x/index.js",
        "target/x.rs",
        ".tintype/x",
        "assets/index.html",
        "sub/images.toml",
        "sub/images.lock",
        "dist/x.js",
        "src/x.log",
    ] {
        project.write(path, naming);
    }
    project.write(".gitignore", "/dist\n*.log\n");
    project.write("src/images.rs", format!("// Made by tintype from images.toml.\n{naming}"));
    project.write("src/binary.dat", format!("\0{naming}"));
    project.write("src/long.txt", format!("{naming}\n{}", " ".repeat(2 << 20)));
    project.write("src/picture.png", png(2, 2, [1, 2, 3, 255]));
    assert_eq!(unused(&project), all);
    // And these are: where they aren't the project's own, as text of another encoding, in a folder that begins with a dot.
    let written = |path: &str, text: &[u8]| {
        project.write(path, text);
        let found = unused(&project);
        project.remove(path);
        found
    };
    for path in ["src/x.rs", "art/notes.md", ".storybook/x.js", "README.md", "assets.txt", "src/target.txt"] {
        assert_eq!(written(path, naming.as_bytes()), [""; 0], "{path}");
    }
    assert_eq!(written("src/x.c", b"\xff\xfe\xe9 icons/axe hero wand"), ["icons/sword"]);
    let late = format!("{}Made by tintype from images.toml\n{naming}", " ".repeat(400));
    assert_eq!(written("src/x.rs", late.as_bytes()), [""; 0]);
}

#[test]
fn a_project_in_a_folder_has_the_sources_there_and_its_paths() {
    let project = Sandbox::new().file("outside.txt", "hero");
    let manifest = "[output]\ndir = \"public/img\"\n\n[assets.hero]\nmodel = \"placeholder\"\nprompt = \"x\"\n";
    project.write("game/images.toml", manifest).write("game/src/a.js", "\"/public/img/axe.png\"");
    project.write("game/public/img/x.svg", "hero");
    let run = project.run_in("game/src", "check --code --format json").success().value();
    assert_eq!(run["code"]["unused"], json!(["hero"]));
    assert_eq!(run["code"]["missing"], json!([{ "path": "public/img/axe.png", "file": "src/a.js", "line": 1 }]));
}
