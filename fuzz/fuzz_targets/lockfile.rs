//! No text makes the lockfile's reader panic; what it reads writes back to the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tintype::lock::Lockfile;

fuzz_target!(|text: &str| {
    if let Ok(lockfile) = Lockfile::read(text) {
        let written = lockfile.render();
        let again = Lockfile::read(&written).expect("what was written reads");
        assert_eq!(again.render(), written);
    }
});
