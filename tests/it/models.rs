//! `tintype models`: who serves what, for how much, and what it can do.

use serde_json::{Value, json};

use crate::projects::everything;
use crate::sandbox::{Run, Sandbox};
use crate::vendor::KEY;

/// A studio of one's own with one model, and a better price for a model that is built in.
const STUDIO: &str = "[providers.studio]\napi = \"openai-images\"\nbase_url = \"http://127.0.0.1:9/v1\"\n\n\
     [models.\"house-model\"]\nmin_pixels = 262144\n\
     routes = [{ provider = \"studio\", id = \"sd-xl-house\", fields = [\"size\", \"seed?\"], cost_usd = 0.02 }]\n\n\
     [models.\"flux.2-pro\"]\ncost_usd = { openrouter = 0.05 }\n";

/// The names of all models in an answer.
#[track_caller]
fn names(run: &Run) -> Vec<String> {
    let document = run.value();
    assert_eq!(document["version"], 1);
    let models = document["models"].as_array().expect("a list of models");
    models.iter().filter_map(|model| Some(model["name"].as_str()?.to_string())).collect()
}

/// A model's routes at a provider.
#[track_caller]
fn routes(run: &Run, model: &str, provider: &str) -> Vec<Value> {
    let document = run.value();
    let models = document["models"].as_array().expect("a list of models");
    let model = models.iter().find(|one| one["name"] == model).unwrap_or_else(|| panic!("no {model} in {document:#}"));
    let routes = model["routes"].as_array().expect("a list of routes");
    routes.iter().filter(|route| route["provider"] == provider).cloned().collect()
}

#[test]
fn models_are_listed_without_a_manifest_and_nothing_is_written() {
    let folder = Sandbox::new();
    let before = everything(&folder);
    let list = folder.run("models").success().stdout_has("seedream-4.5").stdout_has("placeholder").stdout_has("$0.04");
    list.stderr_has("no key is set for aisa, openrouter, powertokens");
    assert!(everything(&folder) == before, "something was written");
    let list = folder.run("models --format json").success().stderr_is("");
    assert!(names(&list).is_sorted() && names(&list).len() > 15, "{:?}", names(&list));
}

#[test]
fn a_table_names_providers_prices_sizes_and_what_a_request_has() {
    let project = Sandbox::new().manifest(STUDIO);
    insta::assert_snapshot!(project.run("models --provider studio").success().stdout(), @"
    house-model  from 0.3 megapixels
      studio  $0.02  size, seed?
    ");
    insta::assert_snapshot!(project.run("models --provider powertokens").success().stdout(), @"
    seedream-4.0  1K, 2K, 4K; 0.9 to 16.8 megapixels; up to 14 references
      powertokens  unknown  n, size, references, seed?

    seedream-4.5  2K, 4K; 3.7 to 16.8 megapixels; up to 14 references
      powertokens  unknown  n, size, references, seed?

    seedream-5.0  2K, 3K; 3.7 to 10.4 megapixels; up to 14 references
      powertokens  unknown  n, size, references, seed?

    wan2.7-image-pro  1K, 2K, 4K; 0.6 to 16.8 megapixels; up to 9 references
      powertokens  unknown  n, size, tier, references, seed
                            speaks powertokens-wan, which this version doesn't
    ");
}

#[test]
fn a_route_as_json_has_exactly_these_keys() {
    let list = Sandbox::new().env("AISA_API_KEY", KEY).run("models seedream-4.5 --format json").success().stderr_is("");
    assert_eq!(names(&list), ["seedream-4.5"]);
    let route = &routes(&list, "seedream-4.5", "aisa")[0];
    let mut expected = json!({
        "provider": "aisa",
        "id": "seedream-4-5-251128",
        "api": "openai-images",
        "path": "images/generations",
        "cost_usd": 0.04,
        "price": { "by": "image", "usd": 0.04 },
        "fields": {
            "n": "yes", "size": "yes", "tier": "no", "aspect_ratio": "no", "references": "no", "seed": "no",
            "quality": "no", "background": "no", "negative_prompt": "no", "output_format": "no", "watermark": "no",
        },
        "limits": {
            "min_pixels": 3_686_400, "max_pixels": 16_777_216, "min_ratio": 0.0625, "max_ratio": 16.0,
            "multiple_of": null, "max_side": null, "sizes": [], "tiers": ["2K", "4K"], "ratios": [],
            "default_size": "2048x2048", "max_together": null, "max_prompt": null, "max_seed": i64::MAX,
        },
        "max_images": null,
        "max_references": 0,
        "formats": ["jpeg"],
        "url_lifetime_seconds": null,
        "usable": true,
        "status": "moved in 2026-07, and not in the catalogue of 2026-09",
        "source": ["AIsa docs, images/generations, 2026-04"],
    });
    expected["limits"]["pixels"] = route["limits"]["pixels"].clone();
    assert_eq!(*route, expected);
    assert_eq!(route["limits"]["pixels"]["4K"]["16:9"], "5504x3040");
    assert_eq!(routes(&list, "seedream-4.5", "openrouter")[0]["usable"], false);
    list.check_secrets();
}

#[test]
fn a_price_is_told_whole_and_as_that_of_a_plain_image() {
    let list = Sandbox::new().run("models --format json").success();
    let price = |model, provider| {
        let route = routes(&list, model, provider).remove(0);
        (route["cost_usd"].clone(), route["price"].clone())
    };
    assert_eq!(price("placeholder", "placeholder").0, 0.0);
    assert_eq!(price("seedream-4.5", "powertokens"), (Value::Null, Value::Null));
    let klein = json!({ "by": "megapixel", "first_usd": 0.014, "further_usd": 0.014 });
    assert_eq!(price("flux.2-klein-4b", "openrouter"), (json!(0.014), klein));
    let (usual, gemini) = price("gemini-3-pro-image", "openrouter");
    assert_eq!((usual, &gemini["by"]), (json!(0.1344), &json!("list")), "its default size is 1K");
    assert_eq!(gemini["rates"][2], json!({ "quality": null, "size": "4K", "usd": 0.24 }));
    assert_eq!(price("gpt-image-1", "openrouter").0, 0.167, "at most: the quality is left to the model");
}

#[test]
fn the_manifests_own_providers_models_and_prices_are_shown() {
    let project = Sandbox::new().manifest(STUDIO);
    let list = project.run("models --format json").success();
    let own = &routes(&list, "house-model", "studio")[0];
    assert_eq!((&own["id"], &own["usable"]), (&json!("sd-xl-house"), &json!(true)));
    assert_eq!((&own["fields"]["seed"], &own["limits"]["min_pixels"]), (&json!("unknown"), &json!(262_144)));
    assert_eq!(routes(&list, "flux.2-pro", "openrouter")[0]["cost_usd"], 0.05);
    project.run("models house-model").success().stdout_has("http://127.0.0.1:9/v1/images/generations");
}

#[test]
fn a_broken_manifest_is_an_error_but_for_the_list_of_apis() {
    let project = Sandbox::new().manifest("[assets.hero]\npromt = \"a panda\"\n");
    project.run("models").code(2).stdout_is("").stderr_has("promt");
    project.run("models --apis").success().stdout_has("openai-images").stdout_has("images/generations");
    project.run("models --manifest-path nowhere.toml").code(2).stderr_has("nowhere.toml");
}

#[test]
fn a_model_is_found_by_a_vendors_id_and_shown_in_full() {
    let page = Sandbox::new().run("models black-forest-labs/flux.2-klein-4b").success().stderr_is("");
    insta::assert_snapshot!(page.stdout(), @"
    flux.2-klein-4b

      openrouter
      id            black-forest-labs/flux.2-klein-4b
      api           openrouter-images
      address       https://openrouter.ai/api/v1/images
      not usable    OPENROUTER_API_KEY is not set
      status        current
      price         $0.014 for the first megapixel, $0.014 for each further one
      fields        n, size, tier, aspect_ratio, references?, seed, quality?, output_format?
      images        1 a request, as nothing is known of more
      references    up to 16
      area          up to 4.2 megapixels
      shape         1:2.33 to 2.33:1
      multiples of  16 pixels
      tiers         512, 1K, 2K, 4K
      aspect ratio  1:1, 1:2, 1:4, 1:8, 2:1, 2:3, 3:2, 3:4, 4:1, 4:3, 4:5, 5:4, 8:1, 9:16, 16:9, 9:19.5, 19.5:9, 9:20, 20:9, 9:21, 21:9
      default size  1024x1024
      source        OpenRouter, images/models, 2026-10
    ");
    let folder = page.sandbox();
    folder.run("models seedream-4-0-250828").success().stdout_has("POWERTOKENS_API_KEY is not set");
    folder.env("POWERTOKENS_API_KEY", KEY).run("models seedream-4.0").success().stdout_lacks("is not set");
    folder.run("models wan2.7-image-pro").success().stdout_has("this version doesn't speak its api").check_secrets();
}

#[test]
fn one_may_ask_by_provider_and_by_what_a_route_must_have() {
    let folder = Sandbox::new();
    let of = |options: &str| names(&folder.run(&format!("models --format json {options}")).success());
    assert_eq!(of("--provider placeholder"), ["placeholder"]);
    assert!(of("--provider powertokens").contains(&"seedream-4.0".to_string()));
    let background = of("--capability background --provider openrouter");
    assert!(background.contains(&"gpt-image-2".to_string()) && !background.contains(&"flux.2-pro".to_string()));
    let both = of("--capability seed --capability references");
    assert!(both.contains(&"flux.2-pro".to_string()), "what nothing is known of counts, marked: {both:?}");
    assert!(!both.contains(&"gpt-image-2".to_string()) && both.contains(&"seedream-4.5".to_string()), "{both:?}");
    let list = folder.run("models --capability seed --capability references --format json").success();
    assert_eq!(routes(&list, "seedream-4.5", "aisa"), [] as [Value; 0], "both on one route");
    folder.run("models --capability background --provider aisa").success().stdout_has("no model");
    folder.run("models --provider localai").success().stdout_has("[models.NAME]").stdout_has("localai");
    folder.run("models --capability seed").success().stdout_has("seed?").stderr_has("nothing says");
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest_one() {
    let folder = Sandbox::new();
    for (line, near) in [
        ("models seedream-4.55", "seedream-4.5"),
        ("models --provider aissa", "aisa"),
        ("models --capability sead", "seed"),
        ("models --capability watermark", "aspect_ratio"),
        ("models --provider zzzzzzzz", "openrouter"),
        ("models zzzzzzzzzz", "tintype models"),
    ] {
        folder.run(line).code(2).stdout_is("").stderr_has(near);
        assert_eq!(folder.run(&format!("{line} --format json")).code(2).stdout_is("").diagnostics().len(), 1);
    }
    folder.run("models seedream-4.5 --apis").code(2).stdout_is("");
    folder.run("models --provider aisa --apis").code(2).stdout_is("");
}

#[test]
fn the_wire_formats_are_listed_with_path_and_fields() {
    let folder = Sandbox::new();
    let apis = folder.run("models --apis").success();
    insta::assert_snapshot!(apis.stdout(), @"
    openai-images            POST images/generations
                             n, size, references, quality, background, output_format
    chat-images              POST chat/completions
                             n, references
    gemini-generate-content  POST models/{model}:generateContent
                             tier, aspect_ratio, references, seed?
    openrouter-images        POST images
                             n, size, tier, aspect_ratio, references?, seed?, quality?, background?, output_format?
    powertokens-images       POST images/generations
                             n, size, references, seed?, watermark
    ");
    let document = folder.run("models --apis --format json").success().stderr_is("").value();
    let names: Vec<_> = document["apis"].as_array().into_iter().flatten().map(|api| api["name"].clone()).collect();
    let expected =
        ["openai-images", "chat-images", "gemini-generate-content", "openrouter-images", "powertokens-images"];
    assert_eq!(names, expected);
    let router = &document["apis"][3];
    assert_eq!((&router["path"], &router["fields"]["seed"]), (&json!("images"), &json!("unknown")));
    assert_eq!((&router["fields"]["tier"], &router["max_references"]), (&json!("yes"), &json!(16)));
}
