//! No text makes the manifest's reader panic, and every mistake has a place inside the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tintype::manifest::parse;

fuzz_target!(|text: &str| {
    let parsed = parse("images.toml", text);
    // An editor's mark at the start is no part of the text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    assert!(parsed.manifest.is_some() || !parsed.mistakes.is_empty());
    for label in parsed.mistakes.iter().flat_map(|mistake| &mistake.labels) {
        assert!(label.span.start <= label.span.end && label.span.end <= text.len());
        assert_eq!(label.source.text().len(), text.len(), "masking keeps every offset");
    }
});
