//! Which rows are left out.

use std::collections::BTreeMap;

use minijinja::Value;

use crate::rows::tests::{condition, rows_of};
use crate::rows::{RowsError, read_rows};

#[test]
fn a_condition_leaves_rows_out_and_their_numbers_stay() {
    let text = "name,level\nsword,3\nbow,1\naxe,5\n";
    let context = BTreeMap::from([("least".to_string(), Value::from(3)), ("name".to_string(), Value::from("hidden"))]);
    let kept = |condition_text: &str| {
        let rows = read_rows("x.csv", text.as_bytes(), &condition(condition_text), &context).expect("good");
        rows.iter().map(|row| row.number).collect::<Vec<_>>()
    };
    assert_eq!(kept("level | int >= least"), [1, 3]);
    assert_eq!(kept("name == 'bow'"), [2], "a row's values win");
    assert_eq!(kept("name in ['axe', 'sword'] and other is not defined"), [1, 3]);
    assert_eq!(kept("false"), [0usize; 0]);
    assert_eq!(kept("range(2)"), [1, 2, 3]);
}

#[test]
fn a_condition_that_fails_says_for_which_row_and_what_is_known() {
    let text = "[\n{\"name\":\"a\",\"at\":{\"x\":1}},\n{\"name\":\"b\"}]";
    for (condition_text, message, unknown, known) in [
        ("nam == 'a'", "asks for `nam`, which row 1 (x.json line 2) doesn't have", Some("nam"), &["at", "name"][..]),
        ("nam", "asks for `nam`", Some("nam"), &["at", "name"]),
        ("at.x == 1", "asks for `at`, which row 2 (x.json line 3)", Some("at"), &["name"]),
        ("at.y == 1", "asks for `at.y`", Some("at.y"), &["at.x"]),
        ("name ==", "`where` is no expression: syntax error", None, &[]),
        ("name | nofilter", "can't be evaluated for row 1", None, &[]),
        ("name + 1", "can't be evaluated for row 1", None, &[]),
        ("range(9999) | map('abs') | map('abs') | list and 1 // 0", "can't be evaluated for row 1", None, &[]),
    ] {
        let Err(RowsError::Condition { message: said, unknown: missing, known: there }) =
            rows_of("x.json", text, &condition(condition_text))
        else {
            panic!("{condition_text} should fail");
        };
        assert!(said.contains(message), "{condition_text}: {said}");
        assert_eq!(missing.as_deref(), unknown, "{condition_text}: {said}");
        assert_eq!(there, known, "{condition_text}: {said}");
    }
    assert!(matches!(rows_of("x.json", "[", &condition("1 +")), Err(RowsError::Condition { .. })));
    let long = condition(&format!("1{}", " + 1".repeat(50_000)));
    let Err(RowsError::Condition { message, .. }) = rows_of("x.json", "[]", &long) else { panic!("it is too long") };
    assert!(message.contains("longer than 2,000 bytes"), "{message}");
    assert!(rows_of("x.json", "[]", &condition("nothing")).expect("no row, no question").is_empty());
}
