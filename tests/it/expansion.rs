//! From a few lines to many assets: includes, vars, styles, templates and matrices.

use serde_json::json;

use crate::sandbox::Sandbox;

fn free(manifest: &str) -> Sandbox {
    Sandbox::new().manifest(&format!("{manifest}\n[defaults]\nmodel = \"placeholder\"\nsize = \"64x64\"\n"))
}

/// The names of all assets, in order.
fn names(sandbox: &Sandbox) -> Vec<String> {
    let assets = sandbox.run("list --format json").success().assets();
    assets.iter().filter_map(|asset| asset["name"].as_str().map(str::to_string)).collect()
}

fn prompt(sandbox: &Sandbox, name: &str) -> String {
    let shown = sandbox.run(&format!("show {name} --format json")).success().value();
    shown["prompt"].as_str().unwrap_or_default().to_string()
}

/// The first mistake: its code, message and help.
#[track_caller]
fn mistake(sandbox: &Sandbox) -> String {
    let found = sandbox.run("check --format json").code(2).diagnostics();
    format!("{}: {} ({})", found[0]["code"], found[0]["message"], found[0]["help"]).replace('\\', "")
}

const ICONS: &str = r#"
[assets."icons/{{ item }}-{{ metal.id }}"]
prompt = "a {{ item }} made of {{ metal.look }}, game icon"
matrix = { item = ["sword", "shield"], metal = [{ id = "iron", look = "wrought iron" }, { id = "gold", look = "old gold" }] }
tags = ["{{ item }}", "{{ '' }}"]
"#;

#[test]
fn a_matrix_makes_an_asset_of_each_cell() {
    let sandbox = free(ICONS);
    assert_eq!(names(&sandbox), ["icons/shield-gold", "icons/shield-iron", "icons/sword-gold", "icons/sword-iron"]);
    assert_eq!(prompt(&sandbox, "icons/sword-gold"), "a sword made of old gold, game icon");
    sandbox.run("sync").success().has("assets/icons/sword-gold.png").has("assets/icons/shield-iron.png");
    let shown = sandbox.run("show icons/sword-gold --format json").success().value();
    assert_eq!(shown["tags"], json!(["sword"]), "an item that comes out empty drops out");
    sandbox.edit("old gold", "fresh gold");
    let plan = sandbox.run("plan --format json").success();
    assert_eq!(plan.actions()["icons/sword-gold"], "generate");
    assert_eq!(plan.actions()["icons/sword-iron"], "keep", "a cell is an asset like any");
}

#[test]
fn a_reference_whose_template_comes_out_empty_drops_out_with_its_hint() {
    let sandbox = free(
        r#"
[assets."knight/{{ side }}"]
prompt = "a knight"
matrix = { side = ["front", "back"] }
references = [{ asset = "{% if side == 'back' %}knight/front{% endif %}", hint = "the same one" }]
"#,
    );
    let references = |name: &str| {
        let shown = sandbox.run(&format!("show {name} --format json")).success().value();
        shown["recipe"]["references"].as_array().map_or(0, Vec::len)
    };
    sandbox.run("sync").success();
    assert_eq!((references("knight/front"), references("knight/back")), (0, 1));
    sandbox.edit("{% if side == 'back' %}knight/front{% endif %}", "");
    assert!(mistake(&sandbox).contains("missing-reference"), "an empty name that is written is a mistake");
}

#[test]
fn a_mistake_in_a_wording_is_told_once_and_not_of_the_styles_that_wrap_it_too() {
    let sandbox = free(
        r#"
[styles.first]
prompt = "{{ prompt }}, flat"
[styles.second]
prompt = "{{ prompt }}, {{ pallete }}"
[vars]
palette = "muted tones"
[assets.hero]
prompt = "a panda {{ cloths }}"
style = ["first", "second"]
"#,
    );
    let found = sandbox.run("check --format json").code(2).diagnostics();
    let messages: Vec<&str> = found.iter().filter_map(|mistake| mistake["message"].as_str()).collect();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages[0].contains("`pallete`") && messages[1].contains("`cloths`"), "{messages:?}");
}

#[test]
fn a_lone_expression_keeps_its_type_and_paths_know_the_cell() {
    let sandbox = free(
        r#"
[vars]
seeds = { a = 7, b = 8 }
sizes = ["64x64", "96x96"]
[assets."{{ item }}"]
matrix = { item = ["a", "b"] }
prompt = "{{ item | upper }} {literal} braces"
seed = "{{ seeds[item] }}"
n = "{{ 2 if item == 'a' else 1 }}"
publish = "all"
output = "{{ item }}/{{ name }}-{{ take }}.{{ ext }}"
"#,
    );
    sandbox.run("sync").success().has("assets/a/a-1.png").has("assets/a/a-2.png").has("assets/b/b-1.png");
    assert_eq!(prompt(&sandbox, "a"), "A {literal} braces");
    let shown = sandbox.run("show b --format json").success().value();
    assert_eq!(shown["recipe"]["seed"], json!(8));
}

#[test]
fn styles_wrap_the_wording_in_order_and_append_what_is_appended() {
    let sandbox = free(
        r#"
[vars]
palette = "muted tones"
[styles.gouache]
prompt = "{{ prompt }}, flat gouache, {{ palette }}"
tags = ["painted"]
seed = 7
[styles.framed]
prompt = "framed: {{ prompt }}"
seed = 8
[assets.hero]
prompt = """a red
  panda"""
style = ["gouache", "framed"]
tags = ["own"]
[assets.plain]
prompt = "a moon"
style = "framed"
seed = 9
"#,
    );
    assert_eq!(prompt(&sandbox, "hero"), "framed: a red panda, flat gouache, muted tones");
    let hero = sandbox.run("show hero --format json").success().value();
    assert_eq!((&hero["tags"], &hero["recipe"]["seed"]), (&json!(["painted", "own"]), &json!(8)));
    let plain = sandbox.run("show plain --format json").success().value();
    assert_eq!(plain["recipe"]["seed"], json!(9), "the asset's own keys are on top");
}

#[test]
fn a_prompt_may_stand_in_a_file_and_is_a_template_too() {
    let sandbox = free("[vars]\nwho = \"a panda\"\n[assets.card]\nprompt_file = \"art/card.md\"\n");
    sandbox.file("art/card.md", "# {{ who }}\n\non a card\n");
    assert_eq!(prompt(&sandbox, "card"), "# a panda on a card");
    sandbox.file("art/card.md", "{{ whom }}");
    let words = mistake(&sandbox);
    assert!(words.contains("`whom` is unknown") && words.contains("`who`"), "{words}");
    sandbox.remove("art/card.md");
    assert!(mistake(&sandbox).contains("art/card.md"));
}

#[test]
fn includes_add_vars_styles_and_assets() {
    let sandbox = free("include = [\"art/**/*.toml\"]\n[assets.a]\nprompt = \"{{ hue }} a\"\nstyle = \"s\"\n");
    sandbox.file("art/one.toml", "[vars]\nhue = \"red\"\n[assets.b]\nprompt = \"b\"\n");
    sandbox.file("art/deep/two.toml", "[styles.s]\nprompt = \"{{ prompt }}!\"\n[assets.c]\nprompt = \"{{ hue }} c\"\n");
    assert_eq!(names(&sandbox), ["a", "b", "c"]);
    assert_eq!(prompt(&sandbox, "a"), "red a!");
    sandbox.file("art/one.toml", "[vars]\nhue = \"red\"\n[assets.a]\nprompt = \"b\"\n");
    let found = sandbox.run("check --format json").code(2).diagnostics();
    assert_eq!(found[0]["code"], json!("same-name"));
    let files: Vec<&str> =
        found[0]["labels"].as_array().into_iter().flatten().filter_map(|label| label["file"].as_str()).collect();
    assert_eq!(files, ["art/one.toml", "images.toml"], "both places");
    sandbox.file("art/one.toml", "[vars]\nhue = \"red\"\n[budget]\nmax_images = 1\n");
    assert!(mistake(&sandbox).contains("only [vars], [styles] and [assets]"));
    sandbox.remove("art/one.toml").remove("art/deep/two.toml");
    assert!(mistake(&sandbox).contains("art/**/*.toml"));
}

#[test]
fn what_cant_be_expanded_says_where_and_how_to_mend_it() {
    let half = "[assets.\"{{ a }}\"]\nprompt = \"x\"\n";
    for (manifest, words) in [
        (format!("{half}matrix = {{ a = [1, 1] }}\n"), vec!["same-name", "two assets are called `1`"]),
        (format!("{half}matrix = {{ a = [] }}\n"), vec!["no values"]),
        (format!("{half}matrix = {{ name = [1] }}\n"), vec!["reserved-name"]),
        (format!("{half}matrix = {{ a = [\"Ü b\"] }}\n"), vec!["bad-name", "a is Ü b", "slug"]),
        (half.to_string(), vec!["`a` is unknown"]),
        ("[assets.hero]\nprompt = \"x\"\nstyle = \"s\"\n".to_string(), vec!["unknown-style", "[styles.s]"]),
        ("[styles.sky]\nprompt = \"x\"\n[assets.hero]\nprompt = \"x\"\nstyle = \"sly\"\n".to_string(), vec!["did you mean `sky`"]),
        ("[styles.s]\nmatrix = { a = [1] }\n[assets.hero]\nprompt = \"x\"\n".to_string(), vec!["misplaced-key", "`matrix`"]),
        ("[styles.s]\npromt = \"{{ prompt }}\"\n[assets.hero]\nprompt = \"x\"\n".to_string(), vec!["did you mean `prompt`"]),
        ("[assets.hero]\nprompt = \"{{ x.y }}\"\n[vars]\nx = 1\n".to_string(), vec!["bad-template"]),
        ("[assets.hero]\nprompt = \"x\"\nseed = \"{{ 'seven' }}\"\n".to_string(), vec!["bad-type", "`seed` must be a whole number"]),
        ("[assets.hero]\nprompt = \"x\"\nprompt_file = \"y\"\n".to_string(), vec!["one of them"]),
        (
            "[vars]\nv = [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]\n\
             [assets.\"{{ a }}\"]\nprompt = \"x\"\nmatrix = { a = \"{{ v }}\", b = \"{{ v }}\", c = \"{{ v }}\", d = \"{{ v }}\" }\n"
                .to_string(),
            vec!["160,000 assets", "at most 100,000"],
        ),
    ] {
        let found = mistake(&free(&manifest));
        for words in words {
            assert!(found.contains(words), "{manifest}\n{found}");
        }
    }
}

#[test]
fn the_order_of_the_tables_never_matters() {
    let parts = [
        "[vars]\nv = \"x\"\n",
        ICONS,
        "[styles.s]\nprompt = \"{{ prompt }} {{ v }}\"\n",
        "[assets.z]\nprompt = \"{{ v }}\"\nstyle = \"s\"\n",
    ];
    let first = free(&parts.concat());
    first.run("sync").success();
    let last = free(&parts.iter().rev().copied().collect::<String>());
    last.run("sync").success();
    assert_eq!(first.lockfile(), last.lockfile());
}

#[test]
fn each_row_of_a_file_makes_an_asset_and_rows_and_matrix_multiply() {
    let sandbox = free(
        r#"
[data]
shots = "data/shots.toml"
[assets."cards/{{ slug }}-{{ side }}"]
prompt = "{{ title }} seen from the {{ side }}, {{ data.shots.look }}"
rows = { path = "data/cards.csv", where = "kind == 'unit'" }
matrix = { side = ["front", "back"] }
"#,
    );
    sandbox.file(
        "data/cards.csv",
        "\u{feff}slug,title,kind\r\nknight,\"A knight, \"\"bold\"\"\",unit\r\nwood,Wood,tile\r\n",
    );
    sandbox.file("data/shots.toml", "look = \"at dusk\"\n");
    assert_eq!(names(&sandbox), ["cards/knight-back", "cards/knight-front"]);
    assert_eq!(prompt(&sandbox, "cards/knight-back"), "A knight, \"bold\" seen from the back, at dusk");
    sandbox.run("sync").success().has("assets/cards/knight-front.png");
    sandbox.edit("kind == 'unit'", "kind == 'hero'");
    assert!(mistake(&sandbox).contains("no row of `data/cards.csv` is left"));
    sandbox.edit("kind == 'hero'", "knd == 'hero'");
    assert!(mistake(&sandbox).contains("did you mean `kind`"), "{}", mistake(&sandbox));
}

#[test]
fn what_an_axis_is_may_depend_on_the_row_and_on_the_axes_before_it() {
    let sandbox = free(
        r#"
[vars]
shades = { day = ["noon", "dusk"], night = ["moon"] }
[assets."{{ id }}/{{ side }}-{{ time }}-{{ shade }}"]
prompt = "{{ id }} from the {{ side }} at {{ shade }}"
rows = { path = "u.tsv", columns = ["id", "sides"] }
matrix = { side = "{{ sides | split('|') }}", time = ["day", "night"], shade = "{{ shades[time] }}" }
"#,
    );
    sandbox.file("u.tsv", "knight\tn|s\nwell\ts|\n");
    let of = |unit: &str, side: &str| ["day-dusk", "day-noon", "night-moon"].map(|at| format!("{unit}/{side}-{at}"));
    assert_eq!(names(&sandbox), [of("knight", "n"), of("knight", "s"), of("well", "s")].concat());
    sandbox.edit("shades[time]", "shades[tim]");
    let found = mistake(&sandbox);
    assert!(found.contains("(in row 1 of u.tsv, side is n, time is day)"), "{found}");
    sandbox.edit("shades[tim]", "[] if id == 'well' else shades[time]");
    let found = mistake(&sandbox);
    assert!(found.contains("`shade` in the matrix") && found.contains("row 2 of u.tsv"), "{found}");
    sandbox.edit("[] if id == 'well' else shades[time]", "shades");
    let found = mistake(&sandbox);
    assert!(found.contains("`shade` in the matrix") && found.contains("is a table, not a list"), "{found}");
    sandbox.file("u.tsv", "knight\tn\nwell\t\n").edit("{{ shades }}", "{{ shades[time] }}");
    let found = mistake(&sandbox);
    assert!(found.contains("`side` in the matrix") && found.contains("row 2 of u.tsv"), "{found}");
}

#[test]
fn a_file_without_a_head_a_map_and_a_list_deep_in_json_are_rows_too() {
    let tsv = free(
        "[assets.\"{{ id }}\"]\nprompt = \"{{ look }}\"\nrows = { path = \"u.tsv\", columns = [\"id\", \"look\"] }\n",
    );
    tsv.file("u.tsv", "a\tred\nb\tblue\n");
    assert_eq!(names(&tsv), ["a", "b"]);
    let map =
        free("[assets.\"{{ key }}\"]\nprompt = \"{{ value }}\"\nrows = { path = \"m.json\", at = \"list.icons\" }\n");
    map.file("m.json", "{\"list\": {\"icons\": {\"x\": \"an x\", \"y\": \"a y\"}}}");
    assert_eq!((names(&map), prompt(&map, "y")), (vec!["x".to_string(), "y".to_string()], "a y".to_string()));
}

#[test]
fn a_number_of_a_csv_file_is_text_and_whoever_forgets_it_is_told_what_to_write() {
    let sandbox = free("[assets.\"{{ id }}\"]\nprompt = \"x\"\nrows = \"u.csv\"\nseed = \"{{ seed }}\"\n");
    sandbox.file("u.csv", "id,seed\na,7\n");
    assert!(mistake(&sandbox).contains("{{ value | int }}"), "{}", mistake(&sandbox));
    sandbox.edit("{{ seed }}", "{{ seed | int }}").run("sync").success();
    sandbox.edit("\"{{ seed | int }}\"", "\"7\"");
    assert!(mistake(&sandbox).contains("without quotes: seed = 7"), "{}", mistake(&sandbox));
}

#[test]
fn a_mistake_in_a_row_shows_the_row() {
    let sandbox = free("[assets.\"{{ id }}\"]\nprompt = \"{{ look }}\"\nrows = \"u.csv\"\n");
    for (text, words) in [
        ("id,look\na,red\na,blue\n", "two assets are called `a`"),
        ("id,look\na,red,more\n", "u.csv"),
        ("id,look\nä b,red\n", "row 1 of u.csv"),
        ("name,look\na,red\n", "templates know already"),
        ("id,look\n", "has no rows"),
    ] {
        sandbox.file("u.csv", text);
        let found = sandbox.run("check --format json").code(2).diagnostics();
        let all = serde_json::to_string(&found).expect("it is JSON");
        assert!(all.contains(words), "{text}: {all}");
    }
    sandbox.file("u.csv", "id,look\na,red\nb,x\na,blue\n");
    let found = sandbox.run("check --format json").code(2).diagnostics();
    let rows: Vec<u64> = found[0]["labels"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|label| label["file"] == "u.csv")
        .filter_map(|label| label["line"].as_u64())
        .collect();
    assert_eq!(rows, [4, 2], "both rows");
}

#[test]
fn a_style_may_wrap_with_the_wording_of_a_file_and_one_that_comes_to_nothing_is_none() {
    let sandbox = free(
        r#"
[styles.ink]
prompt_file = "ink.md"
[assets."{{ id }}"]
prompt = "a {{ id }}"
matrix = { id = ["fox", "owl"] }
style = "{{ 'ink' if id == 'fox' else '' }}"
"#,
    )
    .file("ink.md", "{{ prompt }},\ndrawn in ink\n");
    assert_eq!(prompt(&sandbox, "fox"), "a fox, drawn in ink");
    assert_eq!(prompt(&sandbox, "owl"), "a owl");
    sandbox.run("show fox").success().stdout_has("drawn in ink  style ink, ink.md:1");
    sandbox.edit("\"{{ 'ink' if id == 'fox' else '' }}\"", "\"\"");
    assert!(mistake(&sandbox).contains("no style `` is declared"));
}
