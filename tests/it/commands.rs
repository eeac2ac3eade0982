//! The commands as such: what each says, on which stream, in which format.

use serde_json::{Value, json};

use crate::projects::{entry, everything, free, in_cache, is_settled, studio};
use crate::sandbox::{Run, Sandbox, png};
use crate::vendor::Vendor;

const TWO: &str = "[assets.hero]\nprompt = \"a red panda\"\nalt = \"A panda\"\ntags = [\"landing\"]\n\n\
                   [assets.moon]\nprompt = \"a mossy moon\"\n";

/// The keys of an object, in alphabetical order.
#[track_caller]
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap_or_else(|| panic!("no object: {value}")).keys().map(String::as_str).collect()
}

#[test]
fn what_costs_nothing_costs_no_less() {
    let project = free("[assets.hero]\nprompt = \"a panda\"\n");
    project.run("show hero --format json").success().stdout_has("\"cost_usd\": 0.0").stdout_lacks("-0.0");
    project.manifest("").run("plan --format json").success().stdout_has("\"cost_usd\": 0.0").stdout_lacks("-0.0");
}

#[test]
fn init_writes_a_manifest_that_works_at_once_and_never_overwrites() {
    let project = Sandbox::new();
    project.run("init").success();
    assert_eq!(project.files(), ["images.toml"]);
    project.run("check").success();
    let manifest = project.read_text("images.toml");
    project.run("sync").success();
    is_settled(&project);
    project.run("verify").success();
    project.run("init").code(2).stdout_is("").stderr_has("images.toml");
    assert_eq!(project.read_text("images.toml"), manifest);
    assert!(manifest.contains("model = \"placeholder\""), "it starts on the placeholder");
}

#[test]
fn init_makes_its_folder_and_leaves_a_foreign_manifest_alone() {
    let project = Sandbox::new();
    project.run("init game/art").success().has("game/art/images.toml");
    project.run_in("game/art", "sync").success();
    let before = everything(&project);
    project.run("init game/art").code(2);
    assert!(everything(&project) == before, "something was written");
    project.write("images.toml", "").run("init").code(2);
    assert_eq!(project.read_text("images.toml"), "", "not even an empty one is overwritten");
}

#[test]
fn the_manifest_is_found_in_folders_above_and_by_its_name() {
    let project = free(TWO).file("src/deep/x.txt", "");
    project.run_in("src/deep", "sync").success().has("assets/hero.png").has("images.lock");
    project.lacks("src/deep/assets");
    let other = Sandbox::new().file("art/pictures.toml", project.read_text("images.toml"));
    other.run("sync --manifest-path art/pictures.toml").success().has("art/assets/hero.png").has("art/images.lock");
    other.run("--manifest-path art/pictures.toml plan --exit-code").success();
}

#[test]
fn check_writes_nothing_and_needs_no_key_no_outputs_and_no_lockfile() {
    let vendor = Vendor::aisa();
    let asset = "[assets.hero]\nmodel = \"seedream-4.5\"\nprompt = \"a panda\"\nn = 2\npublish = \"all\"\n\
                 output = \"{{ name }}-{{ take }}.png\"\n";
    let project = Sandbox::new().manifest_for(&vendor, asset).without_env("AISA_API_KEY");
    let before = everything(&project);
    project.run("check").success();
    let check = project.run("check --format json").success().stderr_is("");
    assert_eq!(check.value(), json!({ "version": 1, "assets": 1, "outputs": 2 }));
    assert!(everything(&project) == before, "something was written");
    assert_eq!(vendor.requests().len(), 0);
}

#[test]
fn check_does_not_mind_a_broken_lockfile() {
    let project = free(TWO).file("images.lock", "<<<<<<< HEAD\n");
    project.run("check").success();
}

#[test]
fn verify_is_content_with_what_a_sync_left() {
    let project = free(TWO);
    project.run("sync").success();
    let before = everything(&project);
    project.run("verify").success();
    let document = project.run("verify --format json").success().stderr_is("").value();
    assert_eq!((&document["sound"], &document["locked"]), (&json!(true), &json!(true)));
    assert!(everything(&project) == before, "something was written");
    project.empty_cache().run("verify").success();
}

#[test]
fn verify_finds_what_is_changed_missing_or_not_locked() {
    let project = free(TWO);
    project.run("verify").code(1);
    project.run("sync").success();
    let bytes = project.read("assets/hero.png");
    project.remove("assets/hero.png");
    project.run("verify").code(1).stdout_has("assets/hero.png").stdout_has("missing").stdout_lacks("moon");
    let mut edited = bytes.clone();
    let last = edited.len() - 20;
    edited[last] ^= 1;
    project.write("assets/hero.png", &edited);
    project.run("verify").code(1).stdout_has("assets/hero.png").stdout_has("changed");
    project.write("assets/hero.png", &bytes).run("verify").success();
    project.write("images.toml", format!("{}\n[assets.sun]\nprompt = \"a sun\"\n", project.read_text("images.toml")));
    project.run("verify").code(1).stdout_has("sun");
}

#[test]
fn verify_reads_every_byte_whatever_time_and_length_a_file_has() {
    let project = free(TWO);
    project.run("sync").success();
    let path = project.path("assets/hero.png");
    let modified = std::fs::metadata(&path).and_then(|metadata| metadata.modified()).expect("files have times");
    let mut bytes = project.read("assets/hero.png");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    project.write("assets/hero.png", &bytes);
    let file = std::fs::File::options().write(true).open(&path).expect("the file is there");
    file.set_modified(modified).expect("times can be set");
    project.run("verify").code(1).stdout_has("assets/hero.png");
}

#[test]
fn verify_finds_a_damaged_original_and_a_sync_heals_it_from_an_untouched_copy() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "[assets.hero]\nprompt = \"a red panda\"\n");
    project.run("sync").success();
    let hero = project.read("assets/hero.png");
    let [original] = in_cache(&project, &hero).try_into().expect("the original lies in one place");
    let mut permissions = std::fs::metadata(&original).expect("it is there").permissions();
    #[expect(clippy::permissions_set_readonly_false, reason = "a file of the test's own")]
    permissions.set_readonly(false);
    std::fs::set_permissions(&original, permissions).expect("it is ours");
    std::fs::write(&original, &hero[..hero.len() / 2]).expect("it is writable");
    project.run("verify").code(1).stdout_has("hero");
    assert_eq!(project.run("verify --format json").code(1).value()["sound"], false);
    project.edit("panda\"", "panda\"\noutput = { width = 32 }").run("sync").success();
    project.edit("\noutput = { width = 32 }", "").run("sync").success();
    assert_eq!((project.read("assets/hero.png"), vendor.billed()), (hero, 1));
    project.run("verify").success();
}

#[test]
fn verify_as_json_has_these_keys() {
    let project = free(TWO);
    project.run("sync").success();
    let document = project.run("verify --format json").success().value();
    assert_eq!(keys(&document), ["drafts", "locked", "originals", "outputs", "sound", "unlocked", "version"]);
    assert_eq!(document["outputs"].as_array().map(Vec::len), Some(2));
    assert_eq!(document["outputs"][0]["asset"], "hero");
    assert_eq!(document["outputs"][0]["state"], "same");
}

#[test]
fn list_says_what_is_declared_and_where_it_stands() {
    let project = free(TWO).file("art/b.png", png(2, 2, [1, 1, 1, 255]));
    project.write(
        "images.toml",
        format!("{}\n[assets.badge]\nsource = \"art/b.png\"\n", project.read_text("images.toml")),
    );
    project.run("sync hero").success();
    let list = project.run("list").success().stderr_is("");
    insta::assert_snapshot!(list.stdout(), @"
    NAME   STATE      MODEL        OUTPUTS           TAGS
    badge  transform  source       assets/badge.png
    hero   keep       placeholder  assets/hero.png   landing
    moon   generate   placeholder  assets/moon.png
    ");
    let document = project.run("list --format json").success().stderr_is("").value();
    assert_eq!(keys(&document), ["assets", "version"]);
    let hero = json!({
        "name": "hero", "action": "keep", "model": "placeholder", "provider": "placeholder",
        "outputs": ["assets/hero.png"], "tags": ["landing"], "alt": "A panda",
    });
    assert_eq!(document["assets"][1], hero);
    assert_eq!(document["assets"][0]["model"], Value::Null);
}

#[test]
fn show_tells_all_of_one_asset_before_and_after_it_is_made() {
    let project = free("[assets.hero]\nprompt = \"a  red\\n panda\"\nseed = 7\noptions.aisa = { style = \"flat\" }\n");
    let before = project.run("show hero --format json").success().stderr_is("").value();
    assert_eq!((&before["action"], &before["prompt"]), (&json!("generate"), &json!("a red panda")));
    project.run("sync").success();
    let shown = project.run("show hero --format json").success().value();
    let expected = [
        "action",
        "alt",
        "cost_usd",
        "entry",
        "fingerprint",
        "hold",
        "name",
        "origin",
        "outputs",
        "passed_over",
        "prompt",
        "reasons",
        "recipe",
        "route",
        "source",
        "tags",
        "takes",
        "version",
    ];
    assert_eq!(keys(&shown), expected);
    assert!(entry(&project, "hero").contains(shown["fingerprint"].as_str().expect("a fingerprint")));
    assert_eq!(shown["recipe"]["options"]["aisa"]["style"], "flat");
    assert_eq!((&shown["takes"][0]["number"], &shown["takes"][0]["chosen"]), (&json!(1), &json!(true)));
    assert_eq!(shown["outputs"][0]["path"], "assets/hero.png");
    project.run("show hero").success().stdout_has("a red panda").stdout_has("assets/hero.png").stderr_is("");
    project.run("show").code(2);
    project.run("show nobody").code(2).stderr_has("nobody").stdout_is("");
}

#[test]
fn show_tells_the_price_and_the_route_of_a_bought_asset() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "[assets.hero]\nprompt = \"a red panda\"\nn = 3\n");
    project.run("sync").success();
    let shown = project.run("show hero --format json").success().value();
    assert_eq!((&shown["cost_usd"], &shown["route"]["provider"]), (&json!(0.06), &json!("studio")));
    assert_eq!((&shown["route"]["model_id"], &shown["route"]["asked"]), (&json!("sd-xl-house"), &json!("64x64")));
    let dates: Vec<&str> =
        shown["takes"].as_array().into_iter().flatten().filter_map(|take| take["generated"].as_str()).collect();
    assert!(dates.len() == 3 && dates.is_sorted(), "{dates:?}");
}

/// The document that plan and sync share.
#[track_caller]
fn is_the_shared_document(run: &Run) {
    let document = run.value();
    assert_eq!(keys(&document), ["assets", "totals", "version"]);
    assert_eq!(document["version"], 1);
    let expected = [
        "action", "api", "cost_usd", "error", "images", "model", "name", "outputs", "provider", "reasons", "result",
        "warnings",
    ];
    for asset in run.assets() {
        assert_eq!(keys(&asset), expected);
        for reason in asset["reasons"].as_array().into_iter().flatten() {
            assert_eq!(keys(reason), ["code", "detail"]);
        }
        let notes = asset["warnings"]
            .as_array()
            .into_iter()
            .flatten()
            .chain(asset["error"].is_object().then_some(&asset["error"]));
        for note in notes {
            assert_eq!(keys(note), ["code", "help", "message"]);
        }
    }
    let expected =
        ["blocked", "cost_usd", "failed", "generate", "images", "keep", "prune", "restore", "transform", "unavailable"];
    assert_eq!(keys(&document["totals"]), expected);
}

#[test]
fn plan_and_sync_as_json_have_exactly_these_keys_and_nothing_on_stderr() {
    let vendor = Vendor::openai();
    let assets = "[assets.hero]\nprompt = \"a red panda\"\n\n[assets.moon]\nprompt = \"a mossy moon\"\n\n\
                  [assets.sun]\nmodel = \"placeholder\"\nprompt = \"a sun\"\noutput = { width = 128 }\n";
    let project = studio(&vendor, assets);
    vendor.when("moon", crate::vendor::Fault::Refuse);
    is_the_shared_document(&project.run("plan --format json").success().stderr_is(""));
    let sync = project.run("sync --format json").code(1).stderr_is("");
    is_the_shared_document(&sync);
    assert_eq!((&sync.totals()["failed"], &sync.totals()["generate"]), (&json!(1), &json!(3)));
    assert_eq!((&sync.asset("hero")["result"], &sync.asset("hero")["cost_usd"]), (&json!("done"), &json!(0.02)));
    is_the_shared_document(&project.run("sync --dry-run --format json").success().stderr_is(""));
    project.write("assets/hero.png", "edited").edit("[assets.sun]", "[assets.star]");
    is_the_shared_document(&project.run("plan --format json").success().stderr_is(""));
    is_the_shared_document(&project.run("sync --format json").code(1).stderr_is(""));
}

#[test]
fn a_price_that_is_not_known_is_null_in_json() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "[assets.hero]\nprompt = \"a red panda\"\n");
    project.edit(", cost_usd = 0.02 }]", " }]");
    let plan = project.run("plan --format json").success();
    assert_eq!((&plan.asset("hero")["cost_usd"], &plan.totals()["cost_usd"]), (&Value::Null, &Value::Null));
    assert_eq!(plan.totals()["images"], 1);
    project.run("sync").code(3);
    project.run("sync --max-cost 10 --yes").code(3);
    assert_eq!(vendor.requests().len(), 0);
    project.run("sync --yes").success();
}

#[test]
fn results_go_to_stdout_and_talk_goes_to_stderr() {
    let project = free(TWO);
    project.run("plan").success().stdout_has("hero").stderr_is("");
    project.run("sync").success().stdout_lacks("hero").stderr_has("hero");
    project.run("list").success().stdout_has("hero").stderr_is("");
    project.run("nonsense").code(2).stdout_is("").stderr_has("nonsense");
    project.run("sync --nonsense").code(2).stdout_is("").stderr_has("--nonsense");
    project.run("").code(2).stdout_is("");
}

#[test]
fn a_quiet_run_says_nothing_but_errors() {
    let project = free(TWO);
    project.run("sync -q").success().stdout_is("").stderr_is("");
    project.run("verify -q").success().stderr_is("");
    project.write("assets/hero.png", "edited");
    project.run("sync -q").code(1).stderr_has("assets/hero.png");
}

#[test]
fn a_usage_error_with_json_is_a_diagnostic() {
    let project = free(TWO);
    for line in ["plan --format json --nonsense", "--format=json plna", "sync --format json --max-cost much"] {
        let run = project.run(line).code(2).stdout_is("");
        let found = run.diagnostics();
        assert_eq!((found.len(), keys(&found[0]).len()), (1, 4), "{line}: {found:#?}");
    }
    project.run("sync --format json --jobs 0").code(2).diagnostics();
    project.run("sync --format json heroo").code(2).diagnostics();
}

#[test]
fn there_are_no_colours_in_a_pipe_unless_asked_for_and_none_with_no_color() {
    let project = free(TWO);
    let escape = "\u{1b}[";
    for line in ["plan", "list", "sync", "show hero", "--help"] {
        project.run(line).success().stdout_lacks(escape).stderr_lacks(escape);
    }
    project.run("list --color always").success().stdout_has(escape);
    project.run("list --color always --format json").success().stdout_lacks(escape);
    project.env("NO_COLOR", "1").run("list --color never").success().stdout_lacks(escape);
    project.run("list").success().stdout_lacks(escape);
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_error() {
    let assets: String =
        (0..3000).map(|number| format!("[assets.\"folder/asset-{number}\"]\nprompt = \"{number}\"\n\n")).collect();
    let project = free(&assets);
    for line in ["plan", "plan --format json", "list", "list --format json"] {
        let command = format!("'{}' {line} | head -1; exit ${{PIPESTATUS[0]}}", env!("CARGO_BIN_EXE_tintype"));
        let output = project.command("bash").args(["-c", &command]).output().expect("bash runs");
        assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""), "{line}");
        assert_eq!(output.stdout.iter().filter(|byte| **byte == b'\n').count(), 1, "{line}");
    }
}

#[test]
fn help_lists_all_commands_and_the_exit_codes() {
    let project = Sandbox::new();
    let help = project.run("--help").success().stderr_is("");
    let commands = [
        "init",
        "sync",
        "plan",
        "check",
        "verify",
        "list",
        "show",
        "merge-lock",
        "models",
        "doctor",
        "cache",
        "schema",
        "completions",
        "man",
    ];
    for word in commands.into_iter().chain(["--manifest-path", "--color", "--format", "130"]) {
        assert!(help.stdout().contains(word), "`{word}` isn't in\n{}", help.stdout());
    }
    for command in commands {
        project.run(&format!("{command} --help")).success().stdout_has("Usage: tintype").stderr_is("");
    }
    let sync = project.run("sync --help").success();
    for option in [
        "--dry-run",
        "--locked",
        "--offline",
        "--frozen",
        "--tag",
        "--jobs",
        "--max-cost",
        "--max-images",
        "--yes",
        "--overwrite",
        "--no-prune",
        "--retry-refused",
        "--resend-unknown",
        "--refresh",
        "TINTYPE_LOCKED",
        "TINTYPE_MAX_COST",
    ] {
        assert!(sync.stdout().contains(option), "`{option}` isn't in\n{}", sync.stdout());
    }
}

#[test]
fn what_is_not_built_in_this_version_is_no_command_and_no_option() {
    let project = free(TWO);
    for line in ["cache push", "cache pull"] {
        project.run(line).code(2).stdout_is("").lacks("images.lock");
    }
}

#[test]
fn the_version_is_the_crates() {
    Sandbox::new()
        .run("--version")
        .success()
        .stdout_is(&format!("tintype {}\n", env!("CARGO_PKG_VERSION")))
        .stderr_is("");
}

#[test]
fn a_plan_as_markdown_is_a_table_and_nothing_else_speaks_markdown() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "[assets.hero]\nprompt = \"a | red panda\"\n");
    project.run("plan --format markdown").success().stdout_has("hero").stdout_has("|").stdout_has("0.02").stderr_is("");
    project.run("list --format markdown").code(2).stdout_is("");
    project.run("sync --format markdown").code(2).lacks("images.lock");
    assert_eq!(vendor.requests().len(), 0);
}

#[test]
fn a_plan_for_people_names_reasons_the_difference_and_the_price() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, TWO);
    project.run("sync").success();
    project.edit("a red panda", "a blue panda on a hill").remove("assets/moon.png");
    let plan = project.run("plan").success();
    insta::assert_snapshot!(plan.stdout(), @"
    + hero  generate  1 image by house-model from studio, $0.02
        prompt: a [-red-]{+blue+} panda{+ on a hill+}
    ↻ moon  restore
        the locked file is missing

    1 to generate (1 image, $0.02), 1 to restore
    ");
}

#[test]
fn a_sync_for_people_says_first_what_and_how_much_and_then_what_came_of_it() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, TWO);
    project.write("assets/moon.png", "somebody else's");
    let sync = project.run("sync").code(1);
    let said = sync.stderr();
    let (price, done) = (said.find("0.02"), said.rfind("assets/moon.png"));
    assert!(price.is_some() && price < done, "{said}");
    assert!(said.contains("--overwrite"), "{said}");
}

#[test]
fn an_empty_project_is_sound_and_settled() {
    for text in ["", "[defaults]\nmodel = \"placeholder\"\n", "[assets]\n"] {
        let project = Sandbox::new().manifest(text);
        project.run("check").success();
        project.run("plan --exit-code").success();
        project.run("sync").success();
        project.run("verify").success();
        is_settled(&project);
        assert_eq!(project.run("list --format json").success().value()["assets"], json!([]));
    }
}

#[test]
fn local_state_hides_itself_from_git_and_may_be_lost_at_any_time() {
    let project = free(TWO);
    project.run("sync").success();
    assert_eq!(project.read_text(".tintype/.gitignore").trim(), "*");
    let lockfile = project.lockfile();
    for name in std::fs::read_dir(project.path(".tintype")).expect("it is there").flatten() {
        std::fs::write(name.path(), "\0rubbish").expect("it is ours");
    }
    is_settled(&project);
    project.remove(".tintype");
    is_settled(&project);
    assert_eq!(project.lockfile(), lockfile);
}
