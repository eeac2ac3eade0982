//! What counts as generated.

use crate::codegen::is_generated;

#[test]
fn only_what_says_so_at_its_top_was_generated() {
    assert!(is_generated(b"// Made by tintype from images.toml and images.lock.\n"));
    assert!(!is_generated(b"export const mine = 1;\n"));
    assert!(!is_generated(format!("{}Made by tintype from", "x".repeat(500)).as_bytes()));
}
