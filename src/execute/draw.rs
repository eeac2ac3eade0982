//! Placeholder takes: drawn here, free, and the same again at any time.

use std::sync::Arc;

use crate::cache::Cache;
use crate::digest::Digest;
use crate::execute::{Got, Run};
use crate::files::Durable;
use crate::lock::Take;
use crate::model::Api;
use crate::name::AssetName;
use crate::plan::{Note, PlannedAsset};
use crate::provider::placeholder::{Placeholder, draw as draw_placeholder};
use crate::publish::{Redraw, Target};
use crate::recipe::Recipe;
use crate::resolve::Asset;
use crate::size::Asked;

/// The size of a placeholder for which nothing else is asked.
const SIZE: (u32, u32) = (1024, 1024);

/// Draws all takes of an asset.
pub(crate) async fn draw(run: &Run<'_>, one: &PlannedAsset) -> Got {
    let mut got = Got::of(Vec::new());
    let Some(recipe) = one.work.recipe.clone() else { return got };
    let size = asked_size(one);
    let count = one.work.wanted;
    for number in 1..=count {
        let (cache, name, recipe) = (Arc::clone(run.cache), one.name.clone(), recipe.clone());
        let drawn = tokio::task::spawn_blocking(move || draw_one(&cache, &name, &recipe, size, number)).await;
        match drawn.unwrap_or_else(|panic| Err(panic.to_string())) {
            Ok(take) => got.add(take),
            Err(error) => {
                let message = format!("the placeholder of `{}` can't be kept: {error}", one.name);
                got.error = Some(Note::new("cache", message, "make room, or choose another cache folder"));
                return got;
            }
        }
    }
    got.paid(one.images, Some(0.0));
    got
}

fn asked_size(one: &PlannedAsset) -> (u32, u32) {
    one.first().and_then(|candidate| candidate.asked.as_ref()?.pixels()).unwrap_or(SIZE)
}

fn draw_one(cache: &Cache, name: &AssetName, recipe: &Recipe, size: (u32, u32), number: u32) -> Result<Take, String> {
    let bytes = picture(name, recipe, size, number);
    let fingerprint = recipe.fingerprint();
    let take = Take {
        hash: Digest::of(&bytes),
        provider: Api::Placeholder.name().to_string(),
        model_id: Api::Placeholder.name().to_string(),
        asked: Some(format!("{}x{}", size.0, size.1)),
        wording: None,
        key: None,
        cost_usd: Some(0.0),
        generated: None,
        kind: None,
        fingerprint: None,
    };
    let keep = || {
        cache.put_hashed(take.hash, &bytes, Durable::No)?;
        cache.add_take(fingerprint, &take, Durable::No)
    };
    keep().map_err(|error| crate::files::describe(&error))?;
    Ok(take)
}

fn picture(name: &AssetName, recipe: &Recipe, (width, height): (u32, u32), take: u32) -> Vec<u8> {
    let seed = *recipe.fingerprint().0.as_bytes();
    draw_placeholder(&Placeholder { name: name.as_str(), prompt: &recipe.prompt, width, height, take, seed })
}

/// How to draw the takes of an asset again, should the cache have lost them.
pub(crate) fn redraw(run: &Run<'_>, asset: &Asset, one: &PlannedAsset) -> Option<Redraw> {
    let recipe = one.work.recipe.clone()?;
    run.registry.model(&recipe.model).filter(|model| model.is_reproducible())?;
    let now = asked_size(one);
    let name = one.name.clone();
    // As it was asked for then: the output's size may have changed since, and so may the number of takes.
    let takes = one.work.takes.clone();
    let count = asset.takes().max(u32::try_from(takes.len()).unwrap_or(u32::MAX));
    Some(Arc::new(move |hash| {
        let asked = takes.iter().find(|take| take.hash == hash).and_then(|take| Asked::parse(take.asked.as_ref()?));
        let size = asked.and_then(|asked| asked.pixels()).unwrap_or(now);
        (1..=count).map(|number| picture(&name, &recipe, size, number)).find(|bytes| Digest::of(bytes) == hash)
    }))
}

/// Puts an original that can be drawn again back into the cache: another asset may have to send it.
pub(crate) async fn restore(run: &Run<'_>, target: &Target<'_>, chosen: Digest) -> Option<Note> {
    let redraw = target.redraw.clone().filter(|_| !run.cache.has_original(chosen))?;
    let cache = Arc::clone(run.cache);
    let restored = tokio::task::spawn_blocking(move || {
        redraw(chosen).map_or(Ok(()), |bytes| cache.put_original(&bytes, Durable::No).map(|_| ()))
    });
    let failed = restored.await.map_err(std::io::Error::other).and_then(|written| written).err()?;
    let message = format!("the placeholder of `{}` can't be kept: {}", target.name, crate::files::describe(&failed));
    Some(Note::new("cache", message, "make room, or choose another cache folder"))
}
