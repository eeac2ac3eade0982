//! The sandbox itself.

use super::run::words;
use super::{Sandbox, png};

#[test]
fn words_are_split_at_blanks_outside_quotes() {
    assert_eq!(words("sync  'a b' --tag=\"c d\" ''"), ["sync", "a b", "--tag=c d", ""]);
}

#[test]
fn a_snapshot_tells_a_rewrite_from_a_change() {
    let sandbox = Sandbox::new().file("art/a.png", png(2, 2, [1, 2, 3, 255])).file("b.txt", "b").file("c.txt", "c");
    let before = sandbox.snapshot();
    sandbox.unchanged_since(&before);
    std::thread::sleep(std::time::Duration::from_millis(20));
    sandbox.write("art/a.png", png(2, 2, [1, 2, 3, 255])).write("b.txt", "other").remove("c.txt").write("d.txt", "d");
    let changes = before.changes_to(&sandbox.snapshot());
    assert_eq!(changes, ["removed c.txt", "written again art/a.png", "changed b.txt", "added d.txt"]);
}

#[test]
fn local_state_is_no_part_of_a_snapshot() {
    let sandbox = Sandbox::new();
    let before = sandbox.snapshot();
    sandbox.write(".tintype/state", "whatever").unchanged_since(&before);
}

#[test]
#[should_panic(expected = "outside the project")]
fn a_file_that_appears_outside_is_noticed() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.root().join("outside/stray"), "stray").expect("the folder is writable");
    sandbox.check_outside();
}

#[test]
#[should_panic(expected = "a key stands in project/log.txt")]
fn a_key_in_a_file_is_noticed() {
    Sandbox::new().env("AISA_API_KEY", "sk-of-some-test").write("log.txt", "sent sk-of-some-test").check_secrets();
}

#[test]
fn a_key_in_a_dotenv_is_where_it_belongs() {
    Sandbox::new().env("AISA_API_KEY", "sk-of-some-test").write(".env", "AISA_API_KEY=sk-of-some-test").check_secrets();
}

#[test]
fn places_and_ports_are_redacted() {
    let sandbox = Sandbox::new();
    let text = format!("{}/x at http://127.0.0.1:4711/v1", sandbox.root().display());
    assert_eq!(sandbox.redact(&text), "[sandbox]/x at http://127.0.0.1:[port]/v1");
}
