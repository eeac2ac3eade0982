//! Who else can write to the cache's folder: whoever can may pass off their pictures as bought ones.

use std::fs;
use std::path::PathBuf;

use crate::cache::Cache;

/// Somebody who can write where only the user should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Other {
    /// The folder's group, which may be meant to.
    Group,
    /// Everybody.
    Everybody,
    /// Another user, to whom the folder belongs.
    Owner(u32),
}

impl Cache {
    /// The folder that somebody else can write to, if there is one, and who.
    pub(crate) fn who_else_writes(&self) -> Option<(PathBuf, Other)> {
        let folders = self.root.parent().into_iter().chain([self.root.as_path()]);
        let others = folders.filter_map(|folder| {
            let other = other(&fs::metadata(folder).ok()?)?;
            Some((folder.to_path_buf(), other))
        });
        // The worst of both is what has to be mended.
        others.max_by_key(|(_, other)| *other != Other::Group)
    }
}

/// Root may write anywhere, and uses what is given to it: a container's folders belong to anybody.
#[cfg(unix)]
fn other(metadata: &fs::Metadata) -> Option<Other> {
    use std::os::unix::fs::MetadataExt;
    let own = rustix::process::geteuid().as_raw();
    let (owner, mode) = (metadata.uid(), metadata.mode());
    if own != 0 && owner != 0 && owner != own {
        return Some(Other::Owner(owner));
    }
    match (mode & 0o002 != 0, mode & 0o020 != 0, mode & 0o1000 != 0) {
        // Nobody can take away what isn't theirs, and the folder in it is private.
        (_, _, true) | (false, false, false) => None,
        (true, _, false) => Some(Other::Everybody),
        (false, true, false) => Some(Other::Group),
    }
}

#[cfg(not(unix))]
fn other(_metadata: &fs::Metadata) -> Option<Other> {
    None
}
