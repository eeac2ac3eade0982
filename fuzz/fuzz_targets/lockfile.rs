//! No text makes the lockfile's reader panic; what it reads writes back to the same bytes. A text with conflict marks falls into
//! sides without any, and sides that can be read merge.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tintype::lock::{Lockfile, Sides, merge, sides};

fuzz_target!(|text: &str| {
    if let Ok(lockfile) = Lockfile::read(text) {
        let written = lockfile.render();
        let again = Lockfile::read(&written).expect("what was written reads");
        assert_eq!(again.render(), written);
    }
    if let Ok(Some(Sides { ours, theirs, base })) = sides(text) {
        for side in [&ours, &theirs] {
            assert!(matches!(sides(side), Ok(None)), "a side has no marks");
        }
        let base = base.and_then(|base| Lockfile::read(&base).ok()).unwrap_or_default();
        if let (Ok(ours), Ok(theirs)) = (Lockfile::read(&ours), Lockfile::read(&theirs)) {
            let merged = merge(&base, &ours, &theirs);
            let text = merged.lockfile.render();
            assert_eq!(Lockfile::read(&text).expect("what was merged reads").render(), text);
        }
    }
});
