//! What pictures on the web were when they were fetched, until the lockfile says so: a run that is killed, or whose asset
//! fails, doesn't fetch them anew and so never pays twice for one that changes at each look.

use std::collections::BTreeMap;
#[cfg(feature = "generate")]
use std::fs;

use crate::digest::Digest;
#[cfg(feature = "generate")]
use crate::files::FileError;
use crate::files::{Files, STATE, read_regular_text};

/// In `.tintype`: a line a picture, its hash and its address.
const FILE: &str = "pins";

impl Files {
    /// Pictures on the web that were fetched and aren't locked yet, by address. A line that can't be read is none.
    pub fn read_pins(&self) -> BTreeMap<String, Digest> {
        let text = read_regular_text(&self.root().join(STATE).join(FILE)).unwrap_or_default();
        text.lines().filter_map(|line| line.split_once(' ').and_then(pin)).collect()
    }

    /// Writes them down; none leaves no file.
    #[cfg(feature = "generate")]
    pub fn write_pins(&self, pins: &BTreeMap<String, Digest>) -> Result<(), FileError> {
        let path = self.root().join(STATE).join(FILE);
        let shown = format!("{STATE}/{FILE}");
        if pins.is_empty() {
            let gone = fs::remove_file(&path).map_err(|error| FileError::io(&shown, &error));
            return gone.or_else(|error| if error.missing { Ok(()) } else { Err(error) });
        }
        let folder = self.state_folder()?;
        let lines: Vec<String> = pins.iter().map(|(url, hash)| format!("{hash} {url}\n")).collect();
        crate::files::replace(&folder, &path, lines.concat().as_bytes(), crate::files::Durable::No)
            .map_err(|error| FileError::io(&shown, &error))
    }
}

fn pin((hash, url): (&str, &str)) -> Option<(String, Digest)> {
    Some((url.to_string(), hash.parse().ok()?))
}
