//! Every route of every vendor: what goes over the wire, what comes back, and what is said before it costs anything.

mod errors;
mod money;
mod moved;
mod property;
mod sizes;

use serde_json::{Value, json};

use crate::sandbox::{Sandbox, png};
use crate::studio::warning_texts;
use crate::vendor::{ChatImage, KEY, Request, Vendor};

const KEYS: [&str; 3] = ["AISA_API_KEY", "OPENROUTER_API_KEY", "POWERTOKENS_API_KEY"];

/// One asset `hero` at one vendor, with two pictures to refer to and the keys of all vendors set.
pub(crate) fn hero(vendor: &Vendor, lines: &str) -> Sandbox {
    let manifest = format!("{}\n[assets.hero]\nprompt = \"a red panda\"\n{lines}\n", vendor.manifest_lines());
    with_board(Sandbox::new().manifest(&manifest))
}

/// The keys of all vendors, and two pictures to refer to.
pub(crate) fn with_board(sandbox: Sandbox) -> Sandbox {
    let sandbox = KEYS.iter().fold(sandbox, |sandbox, key| sandbox.env(key, KEY));
    sandbox.file("art/one.png", png(64, 48, [200, 30, 30, 255])).file("art/two.png", png(32, 32, [30, 30, 200, 255]))
}

/// One sync that sends one request, which the vendor takes as it is.
#[track_caller]
pub(crate) fn one_request(vendor: &Vendor, sandbox: &Sandbox) -> Request {
    sandbox.run("check").success();
    sandbox.run("sync --yes").success().has("assets/hero.png");
    assert!(vendor.broken_rules().is_empty(), "{:?}", vendor.broken_rules());
    let mut requests = vendor.requests();
    assert_eq!(requests.len(), 1, "{requests:#?}");
    sandbox.check_invariants(vendor);
    requests.remove(0)
}

fn board() -> [Vec<u8>; 2] {
    [png(64, 48, [200, 30, 30, 255]), png(32, 32, [30, 30, 200, 255])]
}

const REFERENCES: &str = r#"references = ["art/one.png", "art/two.png"]"#;

#[test]
fn wan_goes_to_chat_with_its_references_before_the_text() {
    for model in ["wan2.7-image", "wan2.7-image-pro"] {
        let vendor = Vendor::aisa();
        let request = one_request(&vendor, &hero(&vendor, &format!("model = \"{model}\"\n{REFERENCES}")));
        assert_eq!(request.path, "/v1/chat/completions");
        assert_eq!(request.references, board());
        let content = request.body["messages"][0]["content"].as_array().expect("an array").clone();
        assert_eq!(content.len(), 3);
        assert_eq!(content[2], json!({ "type": "text", "text": "a red panda" }));
        assert_eq!(request.body["n"], json!(1), "its default is four, and each is billed");
        let keys: Vec<&String> = request.body.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["messages", "model", "n"]);
    }
}

#[test]
fn wan_answers_in_each_of_its_ways() {
    for image in [ChatImage::Url, ChatImage::UrlObject, ChatImage::Base64, ChatImage::DataUrl] {
        let vendor = Vendor::aisa().chat_image(image);
        let sandbox = hero(&vendor, "model = \"wan2.7-image\"\nn = 3\npublish = \"all\"\noutput = \"{{ take }}.png\"");
        sandbox.run("sync --yes").success().has("assets/1.png").has("assets/3.png");
        assert_eq!(vendor.requests()[0].body["n"], json!(3), "four at most come at once");
        assert_eq!((vendor.requests().len(), vendor.billed()), (1, 3));
        sandbox.check_invariants(&vendor);
    }
}

#[test]
fn gemini_is_asked_as_google_documents_it_with_a_bearer_key() {
    let vendor = Vendor::aisa();
    let lines =
        format!("model = \"gemini-3-pro-image\"\nsize = \"2K\"\naspect_ratio = \"21:9\"\nseed = 7\n{REFERENCES}");
    let sandbox = hero(&vendor, &format!("{lines}\nprovider = \"aisa\""));
    let request = one_request(&vendor, &sandbox);
    assert_eq!(request.path, "/v1/models/gemini-3-pro-image-preview:generateContent");
    assert_eq!(request.bearer(), Some(KEY));
    assert_eq!(request.references, board());
    assert_eq!(request.body["generationConfig"]["imageConfig"], json!({ "aspectRatio": "21:9", "imageSize": "2K" }));
    assert_eq!(request.body["generationConfig"]["seed"], json!(7));
    let take = sandbox.lockfile();
    assert!(take.contains("asked = \"2K 21:9\"") && take.contains("cost_usd = 0.1\n"), "{take}");
}

#[test]
fn gemini_answers_in_each_of_its_ways() {
    let ways: [fn(Vendor) -> Vendor; 4] =
        [Vendor::parts_without_content, Vendor::in_snake_case, Vendor::thinking_aloud, |vendor| {
            vendor.parts_without_content().in_snake_case().thinking_aloud()
        }];
    for way in ways {
        let vendor = way(Vendor::aisa());
        let sandbox = hero(&vendor, "model = \"gemini-3-pro-image\"\nprovider = \"aisa\"");
        sandbox.run("sync --yes").success();
        assert_eq!(vendor.billed(), 1);
        sandbox.check_invariants(&vendor);
    }
}

#[test]
fn openrouter_gets_every_field_that_is_asked_for() {
    let vendor = Vendor::openrouter().charging(0.25);
    let lines = format!(
        "model = \"gpt-image-1\"\nsize = \"1536x1024\"\nquality = \"high\"\nbackground = \"transparent\"\n{REFERENCES}\n\
         options.openrouter = {{ provider = {{ sort = \"price\" }} }}"
    );
    let sandbox = hero(&vendor, &lines);
    let request = one_request(&vendor, &sandbox);
    assert_eq!(request.path, "/api/v1/images");
    assert_eq!(request.references, board());
    let mut body = request.body.clone();
    body.as_object_mut().expect("an object").remove("input_references");
    assert_eq!(
        body,
        json!({
            "model": "openai/gpt-image-1", "prompt": "a red panda", "n": 1, "size": "1536x1024", "quality": "high",
            "background": "transparent", "output_format": "png", "provider": { "sort": "price" },
        })
    );
    assert_eq!(vendor.overlooked(), [""; 0]);
    assert!(sandbox.lockfile().contains("background = \"transparent\""));
}

#[test]
fn openrouter_says_itself_what_it_cost() {
    let vendor = Vendor::openrouter().charging(0.0531);
    let sandbox = hero(&vendor, "model = \"seedream-4.5\"\nprovider = \"openrouter\"\nseed = 7");
    let run = sandbox.run("sync --yes --format json").success();
    assert_eq!(run.asset("hero")["cost_usd"], json!(0.0531));
    assert!(sandbox.lockfile().contains("cost_usd = 0.0531"), "{}", sandbox.lockfile());
    assert!(warning_texts(&run, "hero").contains("nothing says whether"), "a seed is sent and doubted");
    assert_eq!(vendor.requests()[0].body["seed"], json!(7));
}

#[test]
fn openrouter_shapes_are_asked_for_in_its_own_spelling() {
    for (model, lines, expected) in [
        (
            "gemini-3-pro-image",
            "size = \"2K\"\naspect_ratio = \"21:9\"",
            json!({ "resolution": "2K", "aspect_ratio": "21:9" }),
        ),
        ("seedream-4.5", "size = \"4K\"", json!({ "resolution": "4K" })),
        ("seedream-4.5", "size = \"2560x1440\"", json!({ "size": "2560x1440" })),
        ("gpt-image-1", "aspect_ratio = \"16:9\"", json!({ "aspect_ratio": "16:9" })),
        (
            "grok-imagine-image-quality",
            "aspect_ratio = \"9:19.5\"",
            json!({ "resolution": "1K", "aspect_ratio": "9:19.5" }),
        ),
    ] {
        let vendor = Vendor::openrouter();
        let request =
            one_request(&vendor, &hero(&vendor, &format!("model = \"{model}\"\nprovider = \"openrouter\"\n{lines}")));
        let shape: serde_json::Map<String, Value> = ["size", "resolution", "aspect_ratio"]
            .into_iter()
            .filter_map(|name| Some((name.to_string(), request.body.get(name)?.clone())))
            .collect();
        assert_eq!(Value::Object(shape), expected, "{model} {lines}");
    }
}

#[test]
fn powertokens_gets_the_request_of_its_page() {
    for model in ["seedream-5.0", "seedream-4.5", "seedream-4.0"] {
        let vendor = Vendor::powertokens();
        let lines = format!(
            "model = \"{model}\"\nprovider = \"powertokens\"\nsize = \"2K\"\naspect_ratio = \"16:9\"\nseed = 7\n{REFERENCES}"
        );
        let request = one_request(&vendor, &hero(&vendor, &lines));
        assert_eq!(request.path, "/v1/images/generations");
        assert_eq!(request.references, board());
        let body = &request.body;
        assert_eq!(body["size"], json!("2848x1600"));
        assert_eq!((&body["seed"], &body["watermark"]), (&json!(7), &json!(false)));
        assert_eq!(body["sequential_image_generation"], json!("disabled"));
        assert!(body.get("n").is_none());
    }
}

#[test]
fn powertokens_draws_several_in_one_request_as_far_as_references_leave_room() {
    let vendor = Vendor::powertokens();
    let lines = format!("model = \"seedream-4.5\"\nprovider = \"powertokens\"\nn = 14\n{REFERENCES}");
    let sandbox = hero(&vendor, &lines);
    sandbox.run("sync --yes").success();
    let mut sizes: Vec<u64> = vendor
        .requests()
        .iter()
        .map(|request| request.body["sequential_image_generation_options"]["max_images"].as_u64().unwrap_or(1))
        .collect();
    sizes.sort_unstable();
    assert_eq!((sizes, vendor.billed()), (vec![1, 13], 14), "two references leave room for thirteen");
    assert!(vendor.broken_rules().is_empty(), "{:?}", vendor.broken_rules());
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_watermark_is_drawn_only_where_the_options_ask_for_it() {
    let vendor = Vendor::powertokens();
    let lines = "model = \"seedream-4.5\"\nprovider = \"powertokens\"\noptions.powertokens = { watermark = true }";
    let request = one_request(&vendor, &hero(&vendor, lines));
    assert_eq!(request.body["watermark"], json!(true));
}

#[test]
fn a_server_of_ones_own_gets_references_as_a_form_or_as_json() {
    for (edits, media_type) in [("", "multipart/form-data"), (", edits = \"json\"", "application/json")] {
        let vendor = Vendor::openai();
        let manifest = format!(
            "{}\n[models.house]\nroutes = [{{ provider = \"studio\", id = \"house-1\", cost_usd = 0.0{edits} }}]\n\
             [assets.hero]\nmodel = \"house\"\nprompt = \"a red panda\"\nsize = \"1024x1024\"\nquality = \"high\"\n{REFERENCES}\n",
            vendor.manifest_lines()
        );
        let request = one_request(&vendor, &with_board(Sandbox::new().manifest(&manifest)));
        assert_eq!((request.path.as_str(), request.media_type()), ("/v1/images/edits", media_type));
        assert_eq!(request.references, board());
        assert_eq!(request.body["quality"], json!("high"));
    }
}

#[test]
fn an_asset_that_refers_to_another_sends_its_original() {
    let vendor = Vendor::openrouter();
    let manifest = format!(
        "{}\n[defaults]\nmodel = \"seedream-4.5\"\nprovider = \"openrouter\"\n\
         [assets.board]\nprompt = \"a board\"\noutput = {{ width = 100, height = 100 }}\n\
         [assets.badge]\nsource = \"art/two.png\"\n\
         [assets.sign]\nmodel = \"placeholder\"\nprompt = \"a sign\"\nsize = \"64x64\"\n\
         [assets.hero]\nprompt = \"a red panda\"\nreferences = [\"asset:board\", \"asset:badge\", \"asset:sign\"]\n",
        vendor.manifest_lines()
    );
    let sandbox = with_board(Sandbox::new().manifest(&manifest));
    sandbox.run("sync --yes").success();
    let request = vendor.requests().into_iter().find(|request| !request.references.is_empty()).expect("one refers");
    let board = blake3::hash(&request.references[0]).to_hex().to_string();
    assert_eq!(board, vendor.bills()[0].pictures[0].hash, "the original, not the file of 100x100 that was made of it");
    assert_eq!(request.references[1], png(32, 32, [30, 30, 200, 255]));
    assert_eq!(request.references[2], sandbox.read("assets/sign.png"));
    // What can be drawn again is drawn again where the cache has lost it.
    let sign = sandbox.read("assets/sign.png");
    for path in crate::projects::in_cache(&sandbox, &sign) {
        std::fs::remove_file(path).expect("it is there");
    }
    sandbox.remove("assets/sign.png").edit("a red panda", "a blue panda").run("sync --yes").success();
    assert_eq!(vendor.requests().last().expect("another").references[2], sign);
}

#[test]
fn show_says_which_route_is_taken_and_why_the_others_arent() {
    let vendor = Vendor::openrouter();
    let sandbox = hero(&vendor, "model = \"seedream-4.5\"\nseed = 7").without_env("POWERTOKENS_API_KEY");
    let shown = sandbox.run("show hero --format json").success().value();
    assert_eq!(
        (&shown["route"]["provider"], &shown["route"]["api"]),
        (&json!("openrouter"), &json!("openrouter-images"))
    );
    let passed_over = shown["passed_over"].to_string();
    for words in ["takes no seed", "POWERTOKENS_API_KEY is not set"] {
        assert!(passed_over.contains(words), "{passed_over}");
    }
}

#[test]
fn a_hint_reaches_the_model_before_the_wording_and_is_part_of_the_recipe() {
    let vendor = Vendor::openrouter();
    let lines = "model = \"seedream-4.5\"\nprovider = \"openrouter\"\n\
                 references = [{ path = \"art/one.png\", hint = \"the helmet\" }, \"art/two.png\"]";
    let sandbox = hero(&vendor, lines);
    let request = one_request(&vendor, &sandbox);
    assert_eq!(request.body["prompt"], json!("Image 1 is the helmet. a red panda"));
    assert!(
        sandbox.lockfile().contains("hint = \"the helmet\"") && sandbox.lockfile().contains("prompt = \"a red panda\"")
    );
    sandbox.edit("the helmet", "the boots");
    let plan = sandbox.run("plan --format json").success();
    assert_eq!((plan.actions()["hero"].as_str(), plan.reasons("hero")), ("generate", vec!["reference".to_string()]));
}

#[test]
fn a_negative_prompt_goes_only_to_routes_that_take_one() {
    let vendor = Vendor::openai().allow_field("negative_prompt");
    let manifest = format!(
        "{}\n[models.house]\nroutes = [{{ provider = \"studio\", id = \"house-1\", cost_usd = 0.0, fields = [\"n\", \"negative_prompt\"] }}]\n\
         [assets.hero]\nmodel = \"house\"\nprompt = \"a red panda\"\nnegative_prompt = \"text,  logos\"\n",
        vendor.manifest_lines()
    );
    let sandbox = with_board(Sandbox::new().manifest(&manifest));
    let request = one_request(&vendor, &sandbox);
    assert_eq!(request.body["negative_prompt"], json!("text, logos"));
    let refused = hero(&Vendor::aisa(), "model = \"seedream-4.5\"\nnegative_prompt = \"text\"");
    let diagnostics = refused.run("check --format json").code(2).diagnostics();
    assert!(diagnostics[0]["message"].to_string().contains("aisa takes no negative prompt"), "{diagnostics:#?}");
}
