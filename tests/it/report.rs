//! Which pictures were generated, for whoever has to say so.

use crate::sandbox::{Sandbox, png};
use crate::studio::studio;
use crate::vendor::Vendor;

const MIXED: &str = r#"
[assets.hero]
prompt = "a red panda"

[assets.badge]
source = "art/badge.png"

[assets.mirrored]
source = "asset:hero"
output = { flip = "horizontal" }
"#;

fn mixed(vendor: &Vendor) -> Sandbox {
    studio(vendor, "", MIXED).file("art/badge.png", png(8, 8, [9, 9, 9, 255]))
}

#[test]
fn a_report_says_who_made_each_picture() {
    let vendor = Vendor::openai();
    let project = mixed(&vendor);
    let before = project.run("report --format json").success().value();
    assert_eq!(before["totals"]["not_made_yet"], 3);
    project.run("sync").success();
    let report = project.run("report --format json").success().stderr_is("").value();
    assert_eq!(report["version"], 1);
    let of = |name: &str| {
        let pictures = report["pictures"].as_array().expect("a list");
        pictures.iter().find(|one| one["name"] == name).expect("each asset").clone()
    };
    for name in ["hero", "mirrored"] {
        let one = of(name);
        assert_eq!((one["origin"].as_str(), one["provider"].as_str()), (Some("generated"), Some("studio")), "{name}");
        assert_eq!(one["model"], "house");
        assert!(one["generated"].as_str().is_some_and(|date| date.ends_with('Z')), "{one}");
        assert_eq!(one["files"][0], format!("assets/{name}.png"));
        assert_eq!(one["edited"], false);
    }
    assert_eq!((of("badge")["origin"].as_str(), of("badge")["model"].as_str()), (Some("hand-made"), None));
    assert_eq!(report["totals"]["generated"], 2);
    assert_eq!(report["totals"]["hand_made"], 1);
}

#[test]
fn what_was_edited_or_brought_in_is_said() {
    let vendor = Vendor::openai();
    let project = mixed(&vendor);
    project.run("sync").success();
    project.write("assets/hero.png", png(8, 8, [1, 2, 3, 255]));
    let edited = |name: &str| {
        let report = project.run("report --format json").success().value();
        let pictures = report["pictures"].as_array().expect("a list").clone();
        pictures.iter().find(|one| one["name"] == name).expect("each asset").clone()
    };
    assert_eq!(edited("hero")["edited"], true);
    assert_eq!(edited("mirrored")["edited"], false);
    project.run("adopt hero").success();
    let hero = edited("hero");
    assert_eq!((hero["edited"].as_bool(), hero["provider"].as_str()), (Some(true), None));
    assert_eq!(hero["origin"], "generated", "it stands in a generated picture's place");
    project.run("report").success().stdout_has("by the AI model house, edited or brought in by hand");
}

#[test]
fn a_report_reads_like_something_for_a_form() {
    let project = Sandbox::new().file("art/badge.png", png(8, 8, [9, 9, 9, 255])).manifest(
        "[defaults]\nmodel = \"placeholder\"\nsize = \"64x64\"\n[assets.hero]\nprompt = \"a panda\"\n[assets.moon]\nprompt = \"a moon\"\n[assets.badge]\nsource = \"art/badge.png\"\n",
    );
    project.run("sync").success();
    let report = project.run("report").success().stderr_is("");
    insta::assert_snapshot!(report.stdout(), @"
    Of 3 pictures, 2 were generated:
    - 2 by placeholder: stand-ins that tintype draws itself, without AI
    1 was made by hand.

    PICTURE  ORIGIN     MODEL        VENDOR       DATE  EDITED
    badge    hand-made                                  no
    hero     generated  placeholder  placeholder        no
    moon     generated  placeholder  placeholder        no
    ");
    let report = project.run("report --format markdown").success().stderr_is("");
    insta::assert_snapshot!(report.stdout(), @"
    ### Generated pictures

    Of 3 pictures, 2 were generated:

    - 2 by placeholder: stand-ins that tintype draws itself, without AI

    1 was made by hand.

    | picture | origin | model | vendor | model id | date | edited | files |
    | --- | --- | --- | --- | --- | --- | --- | --- |
    | badge | hand-made |  |  |  |  | no | assets/badge.png |
    | hero | generated | placeholder | placeholder | placeholder |  | no | assets/hero.png |
    | moon | generated | placeholder | placeholder | placeholder |  | no | assets/moon.png |
    ");
    let report = project.run("report --format csv").success().stderr_is("");
    insta::assert_snapshot!(report.stdout(), @"
    picture,origin,model,vendor,model_id,date,edited,files
    badge,hand-made,,,,,no,assets/badge.png
    hero,generated,placeholder,placeholder,placeholder,,no,assets/hero.png
    moon,generated,placeholder,placeholder,placeholder,,no,assets/moon.png
    ");
    project.run("list --format csv").code(2).stdout_is("");
    Sandbox::new().manifest("").run("report").success().stdout_is("Of 0 pictures, none was generated.\n");
}
