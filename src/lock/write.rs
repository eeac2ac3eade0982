//! The lockfile as text: sorted, one field a line, the same bytes for the same state.

use std::collections::BTreeSet;

use crate::lock::{Conflict, Entry, EntryOrigin, LockedOutput, Lockfile, Merged, Take, TakeKind, VERSION};
use crate::manifest::quote::{inline, key, quote_into};
use crate::name::AssetName;
use crate::recipe::{Background, Origin, Quality, Recipe};

pub(crate) const HEAD: &str = "# Made by tintype from images.toml. Commit it; don't edit it.\n";

/// A text that is being written; writing to a `String` can't fail.
struct Text(String);

impl Text {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn string(&mut self, key: &str, value: &str) {
        self.0.push_str(key);
        self.0.push_str(" = ");
        quote_into(&mut self.0, value);
        self.0.push('\n');
    }

    fn maybe(&mut self, key: &str, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            self.string(key, &value.to_string());
        }
    }
}

impl Lockfile {
    /// The canonical text.
    pub fn render(&self) -> String {
        let mut text = Text(String::with_capacity(self.entries.len() * 900 + 100));
        render_head(&mut text);
        for (name, entry) in &self.entries {
            render_named(name, entry, &mut text);
        }
        render_atlases(self, &mut text);
        text.0
    }
}

impl Merged {
    /// The canonical text of what is decided, with marks around both sides of each conflict, as git writes them: either
    /// side by itself is canonical, too.
    pub fn render(&self) -> String {
        let mut text = Text(String::with_capacity(self.lockfile.entries.len() * 900 + 100));
        render_head(&mut text);
        let names: BTreeSet<&AssetName> = self.lockfile.entries.keys().chain(self.conflicts.keys()).collect();
        for name in names {
            match self.conflicts.get(name) {
                Some(conflict) => render_conflict(name, conflict, &mut text),
                None => render_named(name, &self.lockfile.entries[name], &mut text),
            }
        }
        render_atlases(&self.lockfile, &mut text);
        text.0
    }
}

fn render_head(text: &mut Text) {
    text.0.push_str(HEAD);
    text.line(&format!("version = {VERSION}"));
}

fn render_named(name: &AssetName, entry: &Entry, text: &mut Text) {
    text.line("");
    render_asset(name, entry, text);
}

fn render_asset(name: &AssetName, entry: &Entry, text: &mut Text) {
    text.line("[[asset]]");
    text.string("name", name.as_str());
    render_entry(entry, text);
}

fn render_conflict(name: &AssetName, conflict: &Conflict, text: &mut Text) {
    // The empty line belongs to both sides.
    text.line("\n<<<<<<< ours");
    render_asset(name, &conflict.ours, text);
    text.line("=======");
    render_asset(name, &conflict.theirs, text);
    text.line(">>>>>>> theirs");
}

fn render_entry(entry: &Entry, text: &mut Text) {
    match &entry.origin {
        EntryOrigin::Source { origin, hash } => {
            text.string("source", &origin.to_string());
            text.string("hash", &hash.to_string());
        }
        EntryOrigin::Generated(generated) => {
            text.string("fingerprint", &generated.fingerprint().to_string());
            text.string("chosen", &generated.chosen.to_string());
            render_recipe(&generated.recipe, text);
            for take in &generated.takes {
                render_take(take, text);
            }
        }
    }
    for output in &entry.outputs {
        render_output(output, text);
    }
}

fn render_recipe(recipe: &Recipe, text: &mut Text) {
    text.line("\n[asset.recipe]");
    text.string("model", &recipe.model);
    text.string("prompt", &recipe.prompt);
    text.maybe("size", recipe.size.as_ref());
    text.maybe("aspect_ratio", recipe.aspect_ratio);
    if let Some(seed) = recipe.seed {
        text.line(&format!("seed = {seed}"));
    }
    text.maybe("quality", recipe.quality.map(Quality::name));
    text.maybe("background", recipe.background.map(Background::name));
    text.maybe("negative_prompt", recipe.negative_prompt.as_deref());
    if let Some(variant) = recipe.variant {
        text.line(&format!("variant = {variant}"));
    }
    for reference in &recipe.references {
        text.line("\n[[asset.recipe.references]]");
        match &reference.origin {
            Origin::Path(path) => text.string("path", path),
            Origin::Asset(name) => text.string("asset", name),
            Origin::Url(url) => text.string("url", url),
        }
        text.string("hash", &reference.hash.to_string());
        text.maybe("hint", reference.hint.as_deref());
    }
    for (provider, fields) in recipe.options.iter().filter(|(_, fields)| !fields.is_empty()) {
        text.line(&format!("\n[asset.recipe.options.{}]", key(provider)));
        for (name, value) in fields {
            text.line(&format!("{} = {}", key(name), inline(value)));
        }
    }
}

/// A take by itself, as the cache keeps it.
#[cfg(feature = "generate")]
pub(crate) fn render_single_take(take: &Take) -> String {
    let mut text = Text("[take]\n".to_string());
    render_take_fields(take, &mut text);
    text.0
}

fn render_take(take: &Take, text: &mut Text) {
    text.line("\n[[asset.takes]]");
    render_take_fields(take, text);
}

fn render_take_fields(take: &Take, text: &mut Text) {
    text.string("hash", &take.hash.to_string());
    text.string("provider", &take.provider);
    text.string("model_id", &take.model_id);
    text.maybe("asked", take.asked.as_ref());
    text.maybe("wording", take.wording.as_ref());
    text.maybe("key", take.key);
    if let Some(cost) = take.cost_usd {
        text.line(&format!("cost_usd = {cost:?}"));
    }
    if let Some(generated) = &take.generated {
        text.line(&format!("generated = {generated}"));
    }
    text.maybe("kind", take.kind.map(TakeKind::name));
    text.maybe("fingerprint", take.fingerprint);
}

fn render_atlases(lockfile: &Lockfile, text: &mut Text) {
    for (name, atlas) in &lockfile.atlases {
        text.line("\n[[atlas]]");
        text.string("name", name.as_str());
        text.string("recipe", &atlas.recipe.to_string());
        text.line("frames = [");
        for frame in &atlas.frames {
            text.0.push_str("  [");
            quote_into(&mut text.0, &frame.name);
            for number in frame.numbers() {
                text.0.push_str(", ");
                text.0.push_str(&number.to_string());
            }
            text.line("],");
        }
        text.line("]");
        for page in &atlas.pages {
            text.line("\n[[atlas.pages]]");
            text.string("path", page.path.as_str());
            text.string("hash", &page.hash.to_string());
            text.line(&format!("bytes = {}", page.bytes));
            text.line(&format!("width = {}", page.width));
            text.line(&format!("height = {}", page.height));
        }
    }
}

fn render_output(output: &LockedOutput, text: &mut Text) {
    text.line("\n[[asset.outputs]]");
    text.string("path", output.path.as_str());
    text.string("hash", &output.hash.to_string());
    text.string("settings", &output.settings.to_string());
    text.line(&format!("bytes = {}", output.bytes));
    text.line(&format!("width = {}", output.width));
    text.line(&format!("height = {}", output.height));
    text.maybe("take", output.take);
    text.maybe("color", output.color);
    text.maybe("thumbhash", output.thumbhash.as_ref());
}
