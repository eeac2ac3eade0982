//! Every model that is known, whoever serves it, stated in the form of models.toml and read back figure by figure.
//!
//! rows.json holds the vendors' facts as their documents have them, in a form of its own; a figure that isn't there is unknown.
//! Whether models.toml, which holds a part of these, has the same figures is asked here, too.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

use serde_json::Value;

use crate::capability::{Facts, Field, Fields, Price, Rate, Support};
use crate::model::{Api, Registry, Route};
use crate::recipe::{Quality, Ratio};

/// What a model of one's own on a local server is called here.
const ANY: &str = "*";

/// The wire format of each kind of route, and the path of those that this version doesn't speak.
const WIRES: [(&str, &str, Option<&str>); 15] = [
    ("a1111-txt2img", "a1111-txt2img", Some("txt2img")),
    ("aisa-chat-image", "chat-images", None),
    ("aisa-images-generations", "openai-images", None),
    ("ark-images", "ark-images", Some("images/generations")),
    ("bfl-poll", "bfl-poll", Some("{model}")),
    ("comfyui-prompt", "comfyui-prompt", Some("prompt")),
    ("dashscope-multimodal", "dashscope-multimodal", Some("services/aigc/multimodal-generation/generation")),
    ("gemini-generate-content", "gemini-generate-content", None),
    ("openai-images", "openai-images", None),
    ("openai-images-local", "openai-images", None),
    ("openrouter-images", "openrouter-images", None),
    ("powertokens-images", "powertokens-images", None),
    ("powertokens-wan", "powertokens-wan", Some("images/generations")),
    ("recraft-images", "recraft-images", Some("images/generations")),
    ("xai-images", "xai-images", Some("images/generations")),
];

/// Where models.toml says something else than a row, and why: provider, id, figure, reason.
const EXCEPTIONS: [(&str, &str, &str, &str); 3] = [
    ("powertokens", "seedream-4-0-250828", "seed", UPSTREAM),
    ("powertokens", "seedream-4-5-251128", "seed", UPSTREAM),
    ("powertokens", "seedream-5-0-260128", "seed", UPSTREAM),
];
const UPSTREAM: &str =
    "PowerTokens documents a seed, BytePlus, who draws, has none for these: it is sent, and the plan warns";

/// A model at a provider, as rows.json has it.
struct Row(Value);

impl Row {
    fn all() -> Vec<Self> {
        let rows: Vec<Value> = serde_json::from_str(include_str!("rows.json")).expect("rows.json is JSON");
        rows.into_iter().map(Self).collect()
    }

    fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_else(|| panic!("{key} of {}", self.0))
    }

    /// A list of texts; empty where nothing is known. `auto` is what a vendor does where nothing is sent: no figure.
    fn list(&self, key: &str) -> Vec<&str> {
        let texts = self.0[key].as_array().into_iter().flatten().filter_map(Value::as_str);
        texts.filter(|text| *text != "auto").collect()
    }

    fn name(&self) -> String {
        let id = self.text("id");
        let id = id.rsplit('/').next().unwrap_or(id);
        if id == ANY { format!("any model on {}", self.text("provider")) } else { id.to_string() }
    }

    fn wire(&self) -> (&'static str, Option<&'static str>) {
        let known = WIRES.iter().find(|(kind, _, _)| *kind == self.text("kind")).expect("each kind has a wire format");
        (known.1, known.2)
    }

    /// What stands before the path of its route.
    fn base_url(&self) -> &str {
        let api = crate::model::Api::parse(self.wire().0);
        let path = self.wire().1.or(api.map(crate::model::Api::path)).expect("a path is known");
        let path = path.replace("{model}", if self.text("url").contains('{') { "{model}" } else { self.text("id") });
        self.text("url").strip_suffix(path.as_str()).expect("the path is the end of the address").trim_end_matches('/')
    }

    fn sizes(&self) -> Vec<&str> {
        self.list("named_sizes").into_iter().filter(|size| size.contains('x')).collect()
    }

    fn tiers(&self) -> Vec<&str> {
        self.list("named_sizes").into_iter().filter(|size| !size.contains('x')).collect()
    }

    fn fields(&self) -> Fields {
        self.stated_fields().into_iter().map(|name| Fields::parse(name).expect("a field that is known")).collect()
    }

    /// The fields, but for those that the row is silent about and that the wire format has no words for.
    fn stated_fields(&self) -> Vec<&str> {
        let spoken = Api::parse(self.wire().0);
        let can_be_said = |name: &&str| {
            let (field, support) = Fields::parse(name).expect("a field that is known");
            support == Support::Yes || spoken.is_none_or(|api| api.fields().has(field))
        };
        self.list("fields").into_iter().filter(can_be_said).collect()
    }

    /// What is known of an image's price in US dollars: not tokens, not yuan, not what somebody was billed for one size. Where
    /// there are two figures for the same, the dearer.
    fn price(&self) -> Price {
        let Some(list) = self.0["price"].as_object() else {
            return self.0["price"].as_f64().map_or(Price::Unknown, Price::Image);
        };
        let amount = |key: &str| list.get(key).and_then(Value::as_f64);
        let pixels = |sign| {
            let text = list.keys().find_map(|key| key.strip_prefix(sign)?.strip_suffix("MP"))?;
            format!("{}0000", text.replace('.', "")).parse::<u64>().ok()
        };
        if let Some(most) = pixels("<=") {
            let usd = list.iter().find(|(key, _)| key.starts_with("<=")).and_then(|(_, usd)| usd.as_f64());
            let above = list.iter().find(|(key, _)| key.starts_with('>')).and_then(|(_, usd)| usd.as_f64());
            return Price::Area { up_to: vec![(most, usd.expect("an amount"))], above };
        }
        if let Some(each) = amount("per_MP") {
            return Price::Megapixel { first: each, further: Some(each) };
        }
        if let Some(first) = amount("first_MP") {
            return Price::Megapixel { first, further: None };
        }
        if let Some(dearer) = amount("list").into_iter().chain(amount("observed")).reduce(f64::max) {
            return Price::Image(dearer);
        }
        let is_size =
            |key: &str| key.ends_with(['k', 'K']) || key.bytes().all(|byte| byte == b'x' || byte.is_ascii_digit());
        let mut rates = Vec::new();
        for (key, value) in list {
            match (Quality::parse(key), value) {
                (Some(quality), Value::Object(sizes)) => rates.extend(sizes.iter().map(|(size, usd)| Rate {
                    quality: Some(quality),
                    size: Some(size.clone()),
                    usd: usd.as_f64().expect("an amount"),
                })),
                (None, Value::Number(usd)) if is_size(key) && !key.starts_with("observed") => {
                    rates.push(Rate { quality: None, size: Some(key.clone()), usd: usd.as_f64().expect("an amount") });
                }
                _ => {}
            }
        }
        if rates.is_empty() { Price::Unknown } else { Price::Rates(rates) }
    }

    /// The keys of a route or a provider that state its facts.
    fn write_facts(&self, toml: &mut String) {
        for key in ["min_pixels", "max_pixels", "multiple_of", "max_side", "max_references", "max_images"] {
            if let Some(number) = self.0[key].as_u64() {
                writeln!(toml, "{key} = {number}").expect("a text can be written to");
            }
        }
        for key in ["min_ratio", "max_ratio"] {
            if let Some(number) = self.0[key].as_f64() {
                writeln!(toml, "{key} = {number:?}").expect("a text can be written to");
            }
        }
        let lists = [
            ("sizes", self.sizes()),
            ("tiers", self.tiers()),
            ("ratios", self.list("ratios")),
            ("formats", self.list("formats")),
            ("source", self.list("source")),
            ("fields", self.stated_fields()),
        ];
        for (key, list) in lists.iter().filter(|(key, list)| *key == "fields" || !list.is_empty()) {
            writeln!(toml, "{key} = {list:?}").expect("a text can be written to");
        }
        writeln!(toml, "status = {:?}", self.text("status")).expect("a text can be written to");
        if let Some(seconds) = self.0["url_lifetime_seconds"].as_u64() {
            writeln!(toml, "url_lifetime = \"{seconds}s\"").expect("a text can be written to");
        }
        if let Some(price) = written(&self.price()) {
            writeln!(toml, "cost_usd = {price}").expect("a text can be written to");
        }
        for (tier, sizes) in self.0["pixels"].as_object().into_iter().flatten() {
            let sizes: Vec<String> =
                sizes.as_object().into_iter().flatten().map(|(ratio, size)| format!("{ratio:?} = {size}")).collect();
            writeln!(toml, "pixels.{tier:?} = {{ {} }}", sizes.join(", ")).expect("a text can be written to");
        }
    }

    fn write_route(&self, toml: &mut String) {
        let (id, (api, path)) = (self.text("id"), self.wire());
        writeln!(toml, "\n[[models.{:?}.routes]]\nprovider = {:?}", self.name(), self.text("provider"))
            .expect("a text can be written to");
        writeln!(toml, "id = {id:?}\napi = {api:?}").expect("a text can be written to");
        if let Some(path) = path {
            writeln!(toml, "path = {path:?}").expect("a text can be written to");
        }
        // A server on one's own machine states its facts for all its models.
        if id != ANY {
            self.write_facts(toml);
        }
    }

    /// Every figure that the row states and these facts don't have, by its key.
    fn differences(&self, facts: &Facts, price: &Price) -> BTreeSet<&'static str> {
        let sizes = &facts.sizes;
        let number = |key: &str| self.0[key].as_u64();
        let amount = |key: &str| self.0[key].as_f64();
        let ratios = sizes.ratios.iter().map(|ratio| ratio.name.as_str()).collect::<Vec<_>>();
        let only = sizes.only.iter().map(|(width, height)| format!("{width}x{height}")).collect::<Vec<_>>();
        let same = |list: Vec<&str>, held: &[String]| list.is_empty() || list == held;
        [
            ("min_pixels", number("min_pixels").is_none_or(|pixels| sizes.min_pixels == Some(pixels))),
            ("max_pixels", number("max_pixels").is_none_or(|pixels| sizes.max_pixels == Some(pixels))),
            ("min_ratio", amount("min_ratio").is_none_or(|ratio| is_near(sizes.min_ratio, ratio))),
            ("max_ratio", amount("max_ratio").is_none_or(|ratio| is_near(sizes.max_ratio, ratio))),
            ("multiple_of", number("multiple_of").is_none_or(|side| sizes.multiple_of.map(u64::from) == Some(side))),
            ("max_side", number("max_side").is_none_or(|side| sizes.max_side.map(u64::from) == Some(side))),
            ("sizes", same(self.sizes(), &only)),
            ("tiers", same(self.tiers(), &sizes.tiers)),
            ("ratios", self.list("ratios").is_empty() || self.list("ratios") == ratios),
            ("pixels", self.0["pixels"].is_null() || self.pixels() == by_tier(facts)),
            (
                "max_references",
                number("max_references").is_none_or(|most| facts.max_references.map(u64::from) == Some(most)),
            ),
            ("max_images", number("max_images").is_none_or(|most| facts.max_images.map(u64::from) == Some(most))),
            ("formats", same(self.list("formats"), &facts.formats)),
            (
                "url_lifetime",
                number("url_lifetime_seconds").is_none_or(|time| facts.url_lifetime == Some(Duration::from_secs(time))),
            ),
            ("cost_usd", self.price() == Price::Unknown || sorted(price) == sorted(&self.price())),
        ]
        .into_iter()
        .filter_map(|(key, is_same)| (!is_same).then_some(key))
        .collect()
    }

    fn pixels(&self) -> BTreeMap<String, BTreeSet<String>> {
        let size = |(ratio, size): (&String, &Value)| {
            format!("{} {}", Ratio::parse(ratio).expect("a ratio"), size.as_str().expect("a size"))
        };
        let of_tier = |(tier, sizes): (&String, &Value)| {
            (tier.clone(), sizes.as_object().into_iter().flatten().map(size).collect())
        };
        self.0["pixels"].as_object().into_iter().flatten().map(of_tier).collect()
    }
}

fn by_tier(facts: &Facts) -> BTreeMap<String, BTreeSet<String>> {
    let mut tiers = BTreeMap::new();
    for (tier, sizes) in &facts.sizes.pixels {
        let sizes = sizes.iter().map(|(ratio, (width, height))| format!("{ratio} {width}x{height}")).collect();
        tiers.insert(tier.clone(), sizes);
    }
    tiers
}

fn is_near(held: Option<f64>, stated: f64) -> bool {
    held.is_some_and(|held| (held - stated).abs() < 1e-9)
}

/// The rates of a list in one order, for comparing.
fn sorted(price: &Price) -> Price {
    let mut price = price.clone();
    if let Price::Rates(rates) = &mut price {
        rates.sort_by_key(|rate| (rate.quality.map(Quality::name), rate.size.clone()));
    }
    price
}

/// A price in the form of models.toml; nothing where it isn't known.
fn written(price: &Price) -> Option<String> {
    let row = |rate: &Rate| format!("{:?} = {:?}", rate.size.as_deref().unwrap_or_default(), rate.usd);
    Some(match price {
        Price::Unknown => return None,
        Price::Image(usd) => format!("{usd:?}"),
        Price::Megapixel { first, further: None } => format!("{{ first_megapixel = {first:?} }}"),
        Price::Megapixel { first, further: Some(_) } => format!("{{ megapixel = {first:?} }}"),
        Price::Area { up_to, above } => {
            let steps: Vec<String> = up_to.iter().map(|(pixels, usd)| format!("{pixels} = {usd:?}")).collect();
            let above = above.map(|usd| format!(", above = {usd:?}")).unwrap_or_default();
            format!("{{ up_to_pixels = {{ {} }}{above} }}", steps.join(", "))
        }
        Price::Rates(rates) => {
            let of = |quality: Option<Quality>| {
                rates.iter().filter(|rate| rate.quality == quality).map(row).collect::<Vec<_>>().join(", ")
            };
            let qualities = [Quality::Low, Quality::Medium, Quality::High].map(Some);
            let tables = qualities.into_iter().filter(|quality| !of(*quality).is_empty());
            let tables = tables
                .map(|quality| format!("{} = {{ {} }}", quality.map(Quality::name).unwrap_or_default(), of(quality)));
            let all: Vec<String> = tables.chain(Some(of(None)).filter(|rows| !rows.is_empty())).collect();
            format!("{{ {} }}", all.join(", "))
        }
    })
}

/// All rows as one models.toml.
fn toml(rows: &[Row]) -> String {
    let mut toml = String::new();
    let providers: BTreeMap<&str, &Row> = rows.iter().map(|row| (row.text("provider"), row)).collect();
    for (name, row) in providers {
        writeln!(toml, "[providers.{name:?}]\nbase_url = {:?}\napi = {:?}", row.base_url(), row.wire().0)
            .expect("a text can be written to");
        if row.text("id") == ANY {
            row.write_facts(&mut toml);
        }
    }
    for row in rows {
        row.write_route(&mut toml);
    }
    toml
}

fn find<'a>(registry: &'a Registry, row: &Row) -> Option<&'a Route> {
    let routes = registry.models.values().flat_map(|model| &model.routes);
    let is_it = |route: &&std::sync::Arc<Route>| {
        route.provider == row.text("provider") && route.id == row.text("id") && route.wire.name() == row.wire().0
    };
    routes.into_iter().find(is_it).map(std::convert::AsRef::as_ref)
}

#[test]
fn every_row_can_be_stated_in_the_form_of_models_toml() {
    let rows = Row::all();
    assert_eq!(rows.len(), 69, "no row is lost");
    let text = toml(&rows);
    let registry = Registry::read(&text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}\n{text}"));
    for row in &rows {
        let what = format!("{} at {}", row.text("id"), row.text("provider"));
        let route = find(&registry, row).unwrap_or_else(|| panic!("{what} is there"));
        assert_eq!(row.differences(&route.facts, &route.price), BTreeSet::new(), "{what}");
        assert_eq!(route.price == Price::Unknown, row.price() == Price::Unknown, "{what}");
        assert_eq!(route.fields(), row.fields(), "{what}");
        assert_eq!(route.facts.status.as_deref(), Some(row.text("status")), "{what}");
        assert_eq!(route.facts.source, row.list("source"), "{what}");
        let base_url = registry.providers[&route.provider].base_url.as_ref().expect("each row has an address");
        let url = row.text("url").replace("{model}", row.text("id"));
        assert_eq!(base_url.join(&route.path, &route.id), url, "{what}");
        assert!(registry.model(row.text("id")).is_some(), "{what}: its id is an alias");
        if row.text("id") != ANY {
            assert_eq!(registry.model(row.text("id")).map(|model| &model.name), Some(&row.name()), "{what}");
        }
    }
}

#[test]
fn the_built_in_registry_has_the_figures_of_its_rows() {
    let registry = Registry::built_in();
    let local = ["sd-cpp", "localai", "automatic1111", "comfyui", "vllm-omni", "sglang"];
    let mut found = BTreeSet::new();
    for row in Row::all() {
        let (name, id) = (row.text("provider").to_string(), row.text("id").to_string());
        if !["aisa", "openrouter", "powertokens"].contains(&name.as_str()) && !local.contains(&name.as_str()) {
            continue;
        }
        let provider = &registry.providers[&name];
        assert_eq!(provider.base_url.as_ref().map(crate::model::BaseUrl::as_str), Some(row.base_url()), "{name}");
        let differences = if id == ANY {
            assert_eq!(provider.api.as_ref().map(crate::model::Wire::name), Some(row.wire().0), "{name}");
            with_fields(&row, &provider.facts, &provider.price)
        } else {
            let route = find(&registry, &row).unwrap_or_else(|| panic!("{id} is served by {name}"));
            with_fields(&row, &route.facts, &route.price)
        };
        found.extend(differences.into_iter().map(|key| (name.clone(), id.clone(), key.to_string())));
    }
    let expected: BTreeSet<_> = EXCEPTIONS
        .iter()
        .map(|(provider, id, key, _)| ((*provider).to_string(), (*id).to_string(), (*key).to_string()))
        .collect();
    assert_eq!(found, expected, "models.toml and rows.json differ elsewhere than EXCEPTIONS says");
}

/// The figures that differ, and the fields that models.toml promises although the row doesn't, or holds back although it does.
/// How a size is asked for differs from model to model behind one and the same request: that is models.toml's to know.
fn with_fields(row: &Row, facts: &Facts, price: &Price) -> BTreeSet<&'static str> {
    let mut differences = row.differences(facts, price);
    let held = facts.fields.unwrap_or_default();
    for field in [Field::Seed, Field::Background, Field::OutputFormat, Field::References, Field::Watermark] {
        let is_same = match row.fields().get(field) {
            Support::Yes => held.get(field) == Support::Yes,
            // A row that doesn't say how many references a model takes doesn't say either that they aren't documented.
            Support::Untold => held.get(field) != Support::Yes || field == Field::References,
            Support::No => !held.has(field),
        };
        if !is_same {
            differences.insert(field.name());
        }
    }
    differences
}
