//! Pictures on the web that are references: fetched from public hosts only, without any key, and kept in the cache.

use std::sync::Arc;

use crate::cache::Cache;
use crate::digest::Digest;
use crate::files::describe;
use crate::model::TrustedHosts;
use crate::picture::Picture;
use crate::provider::download::Downloader;
use crate::provider::hosts::Hosts;

/// Fetches a picture, and keeps it; the error says in words why there is none.
pub(crate) async fn fetch(cache: &Arc<Cache>, trusted: &TrustedHosts, url: &str) -> Result<Digest, String> {
    // A manifest comes with a pull request: this machine is reached only where the user trusts its name.
    let hosts = Hosts { loopback: false, trusted: trusted.hosts().map(str::to_string).collect() };
    let bytes = Downloader::new(hosts).fetch(url).await.map_err(|error| error.to_string())?;
    Picture::read(&bytes).map_err(|reason| format!("it is {reason}"))?;
    let cache = Arc::clone(cache);
    let kept = tokio::task::spawn_blocking(move || cache.put_reference(&bytes));
    kept.await
        .map_err(|panic| panic.to_string())?
        .map_err(|error| format!("the cache can't be written: {}", describe(&error)))
}
