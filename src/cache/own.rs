//! Takes that belong to one asset alone: adopted and accepted ones. They are filed beside the ordinary takes, under a key
//! that the asset's name is part of, so that no other asset is offered them.

#[cfg(feature = "generate")]
use std::io;

use crate::cache::{Cache, CachedTakes};
use crate::digest::Encoder;
#[cfg(feature = "generate")]
use crate::files::Durable;
#[cfg(feature = "generate")]
use crate::lock::Take;
use crate::name::AssetName;
use crate::recipe::Fingerprint;

const CONTEXT: &str = "tintype 2026-11 own takes v1";

impl Cache {
    /// The takes of a recipe that are offered to an asset: its own first, then everybody's.
    pub fn takes_for(&self, name: &AssetName, fingerprint: Fingerprint) -> CachedTakes {
        let mut found = self.takes(own(name, fingerprint));
        let common = self.takes(fingerprint);
        let new = common.takes.into_iter().filter(|take| found.takes.iter().all(|own| own.hash != take.hash));
        let new: Vec<_> = new.collect();
        found.takes.extend(new);
        found.damaged += common.damaged;
        found.lost.extend(common.lost);
        found
    }

    /// Files a take for one asset alone.
    #[cfg(feature = "generate")]
    pub(crate) fn add_own_take(&self, name: &AssetName, fingerprint: Fingerprint, take: &Take) -> io::Result<()> {
        self.add_take(own(name, fingerprint), take, Durable::Yes)
    }
}

fn own(name: &AssetName, fingerprint: Fingerprint) -> Fingerprint {
    let mut encoder = Encoder::new();
    encoder.field(1, name.as_str().as_bytes()).field(2, fingerprint.0.as_bytes());
    Fingerprint(encoder.digest(CONTEXT))
}
