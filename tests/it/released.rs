//! What a user's binary lacks: the points at which tests make a run fail.

#[cfg(not(feature = "failpoints"))]
#[test]
fn the_binary_that_users_build_has_no_failpoints() {
    let binary = std::fs::read(env!("CARGO_BIN_EXE_tintype")).expect("the binary was just built");
    let has = |text: &str| binary.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(has("TINTYPE_CACHE_DIR"), "the search finds what is there");
    assert!(!has("TINTYPE_FAILPOINT") && !has("is no failpoint"), "failpoints are in a build without the feature");
}
