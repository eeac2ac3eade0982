//! What a user's binary lacks: the points at which tests make a run fail.

#[cfg(not(feature = "failpoints"))]
#[test]
fn the_binary_that_users_build_has_no_failpoints() {
    let binary = std::fs::read(env!("CARGO_BIN_EXE_tintype")).expect("the binary was just built");
    let words = ["TINTYPE_CACHE_DIR", "TINTYPE_FAILPOINT", "is no failpoint"];
    let search = aho_corasick::AhoCorasick::new(words).expect("three words are a small automaton");
    let found: std::collections::BTreeSet<_> =
        search.find_iter(&binary).map(|found| found.pattern().as_usize()).collect();
    assert!(found.contains(&0), "the search finds what is there");
    assert_eq!(found.len(), 1, "failpoints are in a build without the feature");
}
