//! Code that names the pictures: written with them, checked with them, and sound to the compilers that read it.

use std::fs;
use std::process::Command;

use crate::projects::studio;
use crate::sandbox::Sandbox;
use crate::vendor::Vendor;

const SITE: &str = r#"
[defaults]
model = "placeholder"
size = "96x64"

[codegen]
rust = "src/images.rs"
typescript = "src/images.ts"
json = "public/images.json"

[output]
dir = "public/img"

[assets.hero]
prompt = "a red panda"
alt = 'A panda with "quotes", <tags> & *stars*'
output = [
  { path = "hero.webp", width = 96, height = 64, widths = [48] },
  { path = "hero.jpg", width = 96, height = 64, widths = [48] },
  { path = "og/hero card.png", width = 40, height = 20 },
]

[assets."icons/type"]
prompt = "an icon"

[assets.tiles]
prompt = "ground"
n = 2
publish = "all"
output = "{{ name }}-{{ take }}.png"
"#;

const CODE: [&str; 3] = ["src/images.rs", "src/images.ts", "public/images.json"];

fn site() -> Sandbox {
    Sandbox::new().manifest(SITE).file("Cargo.toml", "[package]\nname = \"site\"\n")
}

#[test]
fn a_sync_writes_code_and_the_second_one_finds_it_as_it_is() {
    let project = site();
    project.run("sync").success().stdout_has("wrote src/images.rs");
    let before = CODE.map(|path| project.read_text(path));
    project.run("sync").success().stdout_has("nothing to do");
    project.run("plan --exit-code").success();
    project.run("sync --frozen").success();
    project.run("verify").success();
    assert_eq!(before, CODE.map(|path| project.read_text(path)));
    for path in CODE {
        project.remove(path);
    }
    project.remove(".tintype").run("sync --frozen").success();
    assert_eq!(before, CODE.map(|path| project.read_text(path)), "the same text for the same pictures");
}

#[test]
fn the_typescript_module_is_this() {
    let project = site();
    project.run("sync").success();
    let text = project.read_text("src/images.ts");
    let images = text.split("export interface").next().expect("the pictures come first");
    insta::assert_snapshot!(images);
    let data: serde_json::Value = serde_json::from_str(&project.read_text("public/images.json")).expect("JSON");
    assert_eq!(data["images"]["hero"]["src"], "/img/hero.jpg");
    assert_eq!(data["images"]["hero"]["sources"][0]["srcset"], "/img/hero-48w.webp 48w, /img/hero.webp 96w");
    assert_eq!(data["images"]["og/hero card"]["src"], "/img/og/hero%20card.png");
    assert_eq!(data["images"]["hero"]["alt"], "A panda with \"quotes\", <tags> & *stars*");

    let length = |path: &str| project.read(&format!("public{path}")).len();
    assert_eq!(data["images"]["hero"]["type"], "image/jpeg");
    assert_eq!(data["images"]["hero"]["bytes"], length("/img/hero.jpg"));
    let files = data["images"]["hero"]["files"].as_array().expect("a list");
    let facts =
        |file: &serde_json::Value| format!("{} {} {}x{}", file["src"], file["type"], file["width"], file["height"]);
    insta::assert_snapshot!(files.iter().map(facts).collect::<Vec<_>>().join("\n").replace('"', ""), @"
    /img/hero.webp image/webp 96x64
    /img/hero-48w.webp image/webp 48x32
    /img/hero.jpg image/jpeg 96x64
    /img/hero-48w.jpg image/jpeg 48x32
    ");
    for file in files {
        assert_eq!(file["bytes"], length(file["src"].as_str().expect("a path")), "{file}");
    }
}

#[test]
fn urls_begin_where_the_manifest_says() {
    let base = "json = \"public/images.json\"\npublic_dir = \"public/img\"\nbase = \"https://cdn.example.com/art\"";
    let project = site().edit("json = \"public/images.json\"", base);
    project.run("sync").success();
    let data: serde_json::Value = serde_json::from_str(&project.read_text("public/images.json")).expect("JSON");
    assert_eq!(data["images"]["hero"]["src"], "https://cdn.example.com/art/hero.jpg");
}

#[test]
fn the_rust_module_compiles_without_a_warning_and_finds_its_pictures() {
    let project = site().file(
        "src/main.rs",
        r#"
        #![deny(warnings)]
        mod images;
        const WIDTH: u32 = images::HERO.width;
        fn main() {
            assert_eq!((WIDTH, images::HERO.height, images::HERO.format), (96, 64, images::Format::Webp));
            assert_eq!(images::HERO.files.len(), 4);
            assert_eq!(images::HERO.at_least(10).path, "public/img/hero-48w.webp");
            assert_eq!(images::HERO.at_least(1000).width, 96);
            assert_eq!(images::og::HERO_CARD.width, 40);
            assert!(images::icons::TYPE.bytes().starts_with(b"\x89PNG"));
            assert_eq!(images::TILES_2.name, "tiles-2");
            let names: Vec<_> = images::all().iter().map(|image| image.name).collect();
            assert_eq!(names, ["hero", "icons/type", "og/hero card", "tiles-1", "tiles-2"]);
            assert!(names.iter().all(|name| images::get(name).is_some_and(|image| image.name == *name)));
            assert!(images::get("nobody").is_none());
            println!("{}", images::icons::TYPE.bytes().len());
        }
        "#,
    );
    project.run("sync").success();
    let length = project.read("public/img/icons/type.png").len().to_string();
    for (profile, debug) in [("debug", "on"), ("release", "off")] {
        let program = project.path(&format!("program-{profile}"));
        let compiled = Command::new("rustc")
            .args(["--edition", "2024", "-C", &format!("debug-assertions={debug}"), "-o"])
            .args([&program, &project.path("src/main.rs")])
            .env("CARGO_MANIFEST_DIR", project.path(""))
            .output()
            .expect("rustc runs");
        assert!(compiled.status.success(), "{profile}: {}", String::from_utf8_lossy(&compiled.stderr));
        let said = Command::new(&program).output().expect("it runs");
        assert_eq!(String::from_utf8_lossy(&said.stdout).trim(), length, "{profile}: {said:?}");
        fs::remove_file(&program).expect("removed");
    }
}

#[test]
fn what_is_locked_is_in_the_code_and_stale_code_is_out_of_date() {
    let project = site();
    project.run("sync").success();
    project.edit("width = 40, height = 20", "width = 60, height = 30");
    project.run("sync").success();
    assert!(project.read_text("src/images.rs").contains("60, 30, Png"));
    // A teammate forgot to commit the code.
    let stale = project.read_text("src/images.ts").replace("60", "40");
    project.write("src/images.ts", &stale);
    project.run("plan").success().stdout_has("src/images.ts").stdout_has("1 of code to write");
    project.run("plan --exit-code").code(4);
    let document = project.run("plan --format json").success().value();
    assert_eq!(document["code"][0]["path"], "src/images.ts");
    assert_eq!(document["code"][0]["action"], "write");
    project.run("sync --locked").code(4).stderr_has("src/images.ts is out of date");
    assert_eq!(project.read_text("src/images.ts"), stale, "--locked writes nothing");
    project.run("verify").code(1).stdout_has("changed").stdout_has("src/images.ts");
    let synced = project.run("sync --format json").success().value();
    assert_eq!(synced["code"][0]["path"], "src/images.ts");
    project.run("verify").success();
}

#[test]
fn a_formatter_may_have_its_way() {
    let project = site();
    project.run("sync").success();
    // Other quotes around texts, and so no backslash before those within.
    let text = project.read_text("src/images.ts");
    let (pictures, rest) = text.split_once("export interface").expect("the pictures come first");
    let pictures = pictures.replace("\\\"", "\u{1}").replace('"', "'").replace('\u{1}', "\"");
    let rest = rest.replace("\"source\"", "'source'").replace("\"&quot;\"", "'&quot;'");
    let formatted = format!("{pictures}export interface{rest}").replace("  ", "\t").replace(";\n", "\n");
    let formatted = formatted.replace(",\n\t}", "\n\t}");
    project.write("src/images.ts", &formatted);
    project.run("plan --exit-code").success();
    project.run("sync --locked").success();
    assert_eq!(project.read_text("src/images.ts"), formatted);
}

#[test]
fn every_letter_of_a_text_counts() {
    let project = site();
    project.run("sync").success();
    project.edit("<tags> & *stars*", "<tags>, & *stars*");
    project.run("sync --locked").code(4).stderr_has("out of date");
    project.run("sync").success().stdout_has("wrote src/images.ts");
    for path in CODE {
        assert!(project.read_text(path).contains("<tags>, &"), "{path}");
    }
}

#[test]
fn a_locked_run_of_one_asset_leaves_stale_code_alone() {
    let project = site();
    project.run("sync").success();
    let stale = project.read_text("src/images.ts").replace("96", "97");
    project.write("src/images.ts", &stale).remove("public/img/icons/type.png").remove("public/images.json");
    project.run("sync --locked icons/type").success();
    assert_eq!(project.read_text("src/images.ts"), stale);
    project.has("public/img/icons/type.png").has("public/images.json");
}

#[test]
fn somebody_elses_file_is_not_replaced() {
    let project = site().file("src/images.ts", "export const mine = 1;\n");
    project.run("plan").success().stdout_has("blocked");
    let synced = project.run("sync --format json").code(1).value();
    assert_eq!(synced["code"][2]["action"], "blocked");
    assert_eq!(project.read_text("src/images.ts"), "export const mine = 1;\n");
    project.run("sync").code(1).stdout_has("it wasn't made by tintype").stdout_has("--overwrite");
    project.run("sync --overwrite").success();
    assert!(project.read_text("src/images.ts").starts_with("// Made by tintype"));
}

#[test]
fn a_pick_and_a_reroll_are_in_the_code_at_once() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "[assets.hero]\nprompt = \"a panda\"\n\n[codegen]\njson = \"images.json\"\n");
    project.run("sync --yes").success();
    project.run("reroll hero --yes").success();
    project.run("plan --exit-code").success();
    project.run("pick hero 1").success();
    project.run("plan --exit-code").success();
}

#[test]
fn an_asset_that_goes_is_gone_from_the_code() {
    let project = site();
    project.run("sync").success();
    project.edit("[assets.\"icons/type\"]\nprompt = \"an icon\"\n", "");
    project.run("sync").success();
    for path in CODE {
        assert!(!project.read_text(path).contains("icons/type"), "{path}");
    }
}

#[test]
fn watch_keeps_the_code_true() {
    let project = site();
    project.run("sync").success();
    let watching = project.spawn("watch").wait_for("watching");
    project.edit("width = 40, height = 20", "width = 50, height = 25");
    let watching = watching.wait_for("wrote src/images.ts");
    assert!(project.read_text("src/images.ts").contains("width: 50"));
    watching.interrupt().wait();
    project.run("plan --exit-code").success();
}

#[test]
fn what_cannot_be_code_is_refused_at_its_place() {
    let table = [
        ("rust = \"src/images.rs\"", "rust = \"src/images.ts\"", "its name must end in .rs"),
        ("typescript = \"src/images.ts\"", "typescript = \"../images.ts\"", "can't be written"),
        ("json = \"public/images.json\"", "json = \"images.lock\"", "its name must end in .json"),
        ("json = \"public/images.json\"", "json = \".tintype/x.json\"", "tintype's own folder"),
        ("[assets.\"icons/type\"]", "[assets.HERO]", "would both be `HERO` in Rust"),
        ("[assets.tiles]", "[assets.\"og/hero card\"]", "can't stand in a name"),
        ("path = \"og/hero card.png\"", "path = \"icons/type.jpg\"", "would both be"),
        ("path = \"og/hero card.png\"", "path = \"../images.json\"", "can't be written"),
    ];
    for (old, new, said) in table {
        let project = site().edit(old, new);
        project.run("check").code(2).stderr_has(said).stderr_has("images.toml:");
    }
    let project = Sandbox::new().manifest(SITE);
    project.run("check").code(2).stderr_has("there is no Cargo.toml above it");
    let project = site()
        .edit("dir = \"public/img\"", "dir = \".\"")
        .edit("path = \"og/hero card.png\"", "path = \"public/images.json\", format = \"png\"");
    project.run("check").code(2).stderr_has("generated code");
}
