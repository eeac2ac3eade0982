//! Data files by tables, and by property: what is written is read back.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use minijinja::Value;
use proptest::prelude::*;

use crate::diagnostic::{Diagnostic, Source};
use crate::rows::node::{Kind, Node};
use crate::rows::{MAX_ROWS, Row, RowsError, RowsSpec, json, read_data, read_rows};

fn spec() -> RowsSpec {
    RowsSpec::default()
}

fn at(path: &str) -> RowsSpec {
    RowsSpec { at: Some(path.to_string()), ..spec() }
}

fn columns(names: &[&str]) -> RowsSpec {
    RowsSpec { columns: Some(names.iter().map(ToString::to_string).collect()), ..spec() }
}

fn condition(text: &str) -> RowsSpec {
    RowsSpec { condition: Some(text.to_string()), ..spec() }
}

fn rows_of(name: &str, text: &str, spec: &RowsSpec) -> Result<Vec<Row>, RowsError> {
    read_rows(name, text.as_bytes(), spec, &BTreeMap::new())
}

/// Each row as `field=value`s, with its number and line: `1@2 a=x b=y`.
fn shown(rows: &[Row]) -> Vec<String> {
    let row = |row: &Row| {
        let (line, _) = row.place.source.position(row.place.span.start);
        row.values.iter().fold(format!("{}@{line}", row.number), |text, (key, value)| format!("{text} {key}={value:?}"))
    };
    rows.iter().map(row).collect()
}

#[track_caller]
fn good(name: &str, text: &str, spec: &RowsSpec, expected: &[&str]) {
    let rows = rows_of(name, text, spec).unwrap_or_else(|error| panic!("{text:?}: {error:?}"));
    assert_eq!(shown(&rows), expected, "{text:?}");
}

/// Each mistake as a reader sees it first, with its cure: `file:line:column: message; cure`.
fn told(found: &[Diagnostic]) -> Vec<String> {
    let tell = |diagnostic: &Diagnostic| {
        format!("{diagnostic}; {}", diagnostic.help.as_deref().expect("each mistake has a cure"))
    };
    found.iter().map(tell).collect()
}

/// What is told of a file must hold these words, mistake by mistake.
#[track_caller]
fn bad(name: &str, text: &str, spec: &RowsSpec, expected: &[&[&str]]) {
    bad_bytes(name, text.as_bytes(), spec, expected);
}

#[track_caller]
fn bad_bytes(name: &str, bytes: &[u8], spec: &RowsSpec, expected: &[&[&str]]) {
    let Err(RowsError::File(found)) = read_rows(name, bytes, spec, &BTreeMap::new()) else {
        panic!("{:?} should be refused", String::from_utf8_lossy(bytes));
    };
    let told = told(&found);
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, words) in told.iter().zip(expected) {
        for word in *words {
            assert!(told.contains(word), "{told:?} should say {word:?}");
        }
    }
}

#[test]
fn a_table_is_read_by_its_head() {
    for (text, expected) in [
        ("a,b\n1,2\n3,4\n", &["1@2 a='1' b='2'", "2@3 a='3' b='4'"][..]),
        ("a,b\r\n1,2\r\n3,4", &["1@2 a='1' b='2'", "2@3 a='3' b='4'"]),
        ("\u{feff}a,b\n1,2", &["1@2 a='1' b='2'"]),
        ("\u{feff}\"a\",b\n1,2", &["1@2 a='1' b='2'"]),
        ("a,b\n\n1,2\n\r\n\n", &["1@3 a='1' b='2'"]),
        ("a,b\n 1 ,\n", &["1@2 a=' 1 ' b=''"]),
        ("a,b\n\"x, y\",\"say \"\"hi\"\"\"\n", &["1@2 a='x, y' b='say \"hi\"'"]),
        ("a,b\n\"two\nlines\",2\n3,4\n", &["1@2 a='two\\nlines' b='2'", "2@4 a='3' b='4'"]),
        ("a,b\r\n\"two\r\nlines\",2\r\n3,4", &["1@2 a='two\\r\\nlines' b='2'", "2@4 a='3' b='4'"]),
        ("a\n\"\"\n", &["1@2 a=''"]),
        ("a\n", &[]),
        ("é,b\nü,\"\u{1f600}\"\n", &["1@2 b='\u{1f600}' é='ü'"]),
    ] {
        good("x.csv", text, &spec(), expected);
    }
}

#[test]
fn tabs_part_cells_and_a_quote_inside_one_is_a_quote() {
    good("x.tsv", "a\tb\n5\" pipe\tx, y\n", &spec(), &["1@2 a='5\" pipe' b='x, y'"]);
    good("X.TSV", "a\tb\n\"one\ttwo\"\t\"\"\n", &spec(), &["1@2 a='one\\ttwo' b=''"]);
    bad("x.tsv", "a\tb\n\"one\" two\t\n", &spec(), &[&["x.tsv:2:5", "closing quote", "but a tab follows"]]);
}

#[test]
fn a_file_without_a_head_has_its_columns_named() {
    good("x.csv", "1,2\n3,4\n", &columns(&["a", "b"]), &["1@1 a='1' b='2'", "2@2 a='3' b='4'"]);
    good("x.csv", "", &columns(&["a"]), &[]);
    bad("x.csv", "1,2\n", &columns(&["a"]), &[&["x.csv:1:3", "line 1 has 2 cells where `columns` has 1", "quotes"]]);
    bad("x.csv", "1\n", &columns(&["a", "b"]), &[&["x.csv:1:1", "line 1 has 1 cell where `columns` has 2", "`b`"]]);
    bad("x.csv", "1,2\n", &columns(&["a", "a"]), &[&["`columns` names `a` twice"]]);
    bad("x.csv", "1,2\n", &columns(&["a", ""]), &[&["name 2 of `columns` is empty"]]);
    bad("x.csv", "1,2\n", &columns(&[]), &[&["`columns` names none"]]);
    bad("x.csv", "a\n1\n", &at("list"), &[&["`at = \"list\"` has no meaning for `x.csv`"]]);
    bad("x.json", "[]", &columns(&["a"]), &[&["`columns` has no meaning for `x.json`"]]);
}

#[test]
fn every_mistake_of_a_table_is_told_with_its_place() {
    for (text, expected) in [
        (
            "a,b\n1\n1,2\n1,2,3\n",
            &[
                &["x.csv:2:1", "line 2 has 1 cell where the head has 2", "no cell for `b`"][..],
                &["x.csv:4:5", "line 4 has 3 cells where the head has 2", "stands in quotes"],
            ][..],
        ),
        ("a,b\n\"x\ny\",1\n1\n", &[&["x.csv:4:1", "line 4 has 1 cell"]]),
        ("a,b,a,\n", &[&["x.csv:1:5", "columns 1 and 3 are both called `a`"], &["x.csv:1:7", "column 4 has no name"]]),
        ("", &[&["x.csv:1:1", "`x.csv` is empty", "`columns`"]]),
        ("\n\r\n", &[&["x.csv:1:1", "`x.csv` is empty"]]),
        ("a,b\n5\" pipe,2\n", &[&["x.csv:2:2", "a quote stands inside a cell", "double those inside"]]),
        ("a,b\n\"x\" y,2\n1\n", &[&["x.csv:2:3", "closing quote", "line 2, column 1"], &["x.csv:3:1", "1 cell"]]),
        ("a,b\nü,\"x\n1,2\n", &[&["x.csv:2:3", "isn't closed before the end", "written twice"]]),
        ("a,b\n1\r2,3\n", &[&["x.csv:2:2", "carriage return", "LF or CRLF"]]),
    ] {
        bad("x.csv", text, &spec(), expected);
    }
}

#[test]
fn of_a_thousand_mistakes_the_first_twenty_are_told() {
    let text = format!("a,b\n{}", "1\n".repeat(1000));
    let Err(RowsError::File(found)) = rows_of("x.csv", &text, &spec()) else { panic!("refused") };
    assert_eq!(found.len(), 21);
    assert!(told(&found)[20].contains("980 more mistakes"), "{:?}", found[20]);
}

#[test]
fn more_rows_than_fit_are_an_error_with_their_count() {
    let text = format!("a\n{}", "1\n".repeat(MAX_ROWS + 1));
    bad("x.csv", &text, &spec(), &[&["`x.csv` has 100,001 rows", "at most 100,000"]]);
    assert_eq!(rows_of("x.csv", &text[..text.len() - 2], &spec()).expect("fits").len(), MAX_ROWS);
    bad("x.json", &format!("[1{}]", ",1".repeat(MAX_ROWS)), &spec(), &[&["`x.json` has 100,001 rows"]]);
}

#[test]
fn bytes_that_are_not_utf8_and_unknown_extensions_are_refused() {
    bad_bytes("x.csv", b"a\nol\xe9\n", &spec(), &[&["x.csv:2:3", "line 2, column 3 has the byte 0xE9", "UTF-8"]]);
    bad_bytes("x.csv", b"\xef\xbb\xbfol\xe9", &spec(), &[&["x.csv:1:3", "byte 0xE9"]]);
    bad_bytes("x.json", b"[\"\xe2\x82", &spec(), &[&["x.json:1:3", "byte 0xE2"]]);
    bad_bytes("x.csv", b"\xff\xfea\0", &spec(), &[&["x.csv:1:1", "UTF-16"]]);
    for (name, word) in [("x.yaml", ".csv, .tsv, .json or .toml"), ("csv", "must end in"), ("x.jsn", "mean .json?")] {
        bad(name, "", &spec(), &[&[name, word]]);
        assert!(told(&read_data(name, b"").expect_err("refused"))[0].contains(word));
    }
}

#[test]
fn rows_of_a_document_are_maps_values_or_entries() {
    for (name, text, path, expected) in [
        ("x.json", "[{\"b\":1,\"a\":null},{\"c\":[1.5]}]", None, &["1@1 a=None b=1", "2@1 c=[1.5]"][..]),
        (
            "x.json",
            "[\"x\",\n2,\ntrue]",
            None,
            &["1@1 index=1 value='x'", "2@2 index=2 value=2", "3@3 index=3 value=True"],
        ),
        ("x.json", "[]", None, &[]),
        ("x.json", "\u{feff} [ ] \r\n", None, &[]),
        ("x.json", "{\"a\":{\"b\":[0,[{\"c\":1}]]}}", Some("a.b.1"), &["1@1 c=1"]),
        (
            "x.json",
            "{\"m\":{\n\"z\":{\"n\":1},\n\"a\":\"x\"}}",
            Some("m"),
            &["1@2 key='z' n=1 value={'n': 1}", "2@3 key='a' value='x'"],
        ),
        ("x.json", "{\"z\":\"x\",\n\"a\":\"y\"}", None, &["1@1 key='z' value='x'", "2@2 key='a' value='y'"]),
        ("x.toml", "z = \"x\"\na = \"y\"\n", None, &["1@1 key='z' value='x'", "2@2 key='a' value='y'"]),
        ("x.json", "{\"z\":{\"n\":1}}", Some("."), &["1@1 key='z' n=1 value={'n': 1}"]),
        ("x.json", "[{\"n\":1}]", Some("."), &["1@1 n=1"]),
        ("x.toml", "[z]\nn = 1\n", Some("."), &["1@1 key='z' n=1 value={'n': 1}"]),
        ("x.toml", "v = 1\n[[row]]\nn = 1\n[[row]]\nn = 2\n", None, &["1@2 n=1", "2@4 n=2"]),
        ("x.toml", "l = [\"a\", \"b\"]\n", Some("l"), &["1@1 index=1 value='a'", "2@1 index=2 value='b'"]),
        (
            "x.toml",
            "[m.z]\nn = 0x10\n[m.a]\nd = 2020-01-02\nf = 1.5\n",
            Some("m"),
            &[
                "1@1 key='z' n=16 value={'n': 16}",
                "2@3 d='2020-01-02' f=1.5 key='a' value={'d': '2020-01-02', 'f': 1.5}",
            ],
        ),
    ] {
        let spec = RowsSpec { at: path.map(str::to_string), ..spec() };
        good(name, text, &spec, expected);
    }
}

#[test]
fn a_document_that_does_not_say_where_its_rows_are_is_asked() {
    for (name, text, path, expected) in [
        ("x.json", "{\"frames\":[{}],\"meta\":{}}", None, &["x.json:1:1", "is a map", "at = \"frames\""][..]),
        ("x.json", "{\"a\":1,\"b\":2}", None, &["is a map", "`at`", "at = \".\"", "`a`, `b`"]),
        ("x.json", "{\"a\":\"x\",\"b\":2}", None, &["is a map", "`a`, `b`"]),
        ("x.json", "3", Some("."), &["`at = \".\"` leads to a whole number"]),
        ("x.json", "{}", None, &["is a map", "empty"]),
        ("x.json", "3", None, &["holds a whole number, no list"]),
        ("x.toml", "[[a]]\nx=1\n[[b]]\nx=1\n", None, &["2 lists of tables", "at = \"a\"", "`a`, `b`"]),
        ("x.toml", "a = [1]\n", None, &["no list of tables", "`a`"]),
        ("x.toml", "", None, &["x.toml:1:1", "empty"]),
        ("x.json", "{\"a\":{\"frames\":[]}}", Some("a.frame"), &["x.json:1:6", "no `frame` in `a`", "mean `frames`?"]),
        ("x.json", "{\"a\":1,\"b\":2}", Some("zzz"), &["x.json:1:1", "no `zzz` at the top", "`a`, `b`"]),
        ("x.json", "[[1],[2]]", Some("2"), &["no `2` at the top", "from 0 to 1"]),
        ("x.json", "[[]]", Some("0.0"), &["no `0` in `0`", "empty list"]),
        ("x.json", "{\"a\":1}", Some("a.b"), &["x.json:1:6", "no `b` in `a`", "a whole number: nothing lies in it"]),
        ("x.json", "{\"a\":\"x\"}", Some("a"), &["x.json:1:6", "leads to a string"]),
        ("x.json", "{}", Some(""), &["leads nowhere", "empty map"]),
        ("x.json", "[{\"a\":1},\n2]", None, &["x.json:2:1", "row 2 is a whole number", "map of fields"]),
        ("x.json", "[1,\n{}]", None, &["x.json:2:1", "row 2 is a map after single values"]),
        ("x.json", "[[1]]", None, &["x.json:1:2", "row 1 is a list"]),
        (
            "x.json",
            "{\"m\":{\"a\":{\n\"key\":1}}}",
            Some("m"),
            &["x.json:2:1", "`a` has a field called `key`", "rename"],
        ),
        ("x.json", "{\"m\":{\"a\":{\"value\":1}}}", Some("m"), &["a field called `value`"]),
    ] {
        let spec = RowsSpec { at: path.map(str::to_string), ..spec() };
        bad(name, text, &spec, &[expected]);
    }
}

fn parsed(text: &str) -> Result<Value, Vec<Diagnostic>> {
    read_data("x.json", text.as_bytes()).map(|file| file.value)
}

#[test]
fn json_is_read_as_the_standard_has_it() {
    for (text, expected) in [
        ("null", Value::from(())),
        (" true ", Value::from(true)),
        ("-0", Value::from(0)),
        ("9223372036854775807", Value::from(i64::MAX)),
        ("-9223372036854775808", Value::from(i64::MIN)),
        ("9223372036854775808.0", Value::from(9_223_372_036_854_775_808.0)),
        ("1e3", Value::from(1000.0)),
        ("0.5E-1", Value::from(0.05)),
        (r#""\"\\\/\b\f\n\r\t""#, Value::from("\"\\/\u{8}\u{c}\n\r\t")),
        (r#""\u00e9\uD83D\ude00""#, Value::from("é\u{1f600}")),
        ("\"\u{7f}\u{2028}é\"", Value::from("\u{7f}\u{2028}é")),
        (
            "[1,[ ] , { } ]",
            Value::from_iter([Value::from(1), Value::from_iter(Vec::<Value>::new()), parsed("{}").unwrap()]),
        ),
    ] {
        assert_eq!(parsed(text).unwrap_or_else(|found| panic!("{text}: {found:?}")), expected, "{text}");
    }
    assert_eq!(parsed("{\"z\":1,\"a\":{\"y\":2,\"b\":3}}").unwrap().to_string(), "{'z': 1, 'a': {'y': 2, 'b': 3}}");
}

#[test]
fn json_that_the_standard_forbids_is_refused_with_a_cure() {
    for (text, expected) in [
        ("", &["x.json:1:1", "ends in the middle"][..]),
        ("[1,\n 2", &["x.json:2:3", "ends in the middle"]),
        ("[1,]", &["x.json:1:3", "a comma stands before ]", "take the comma out"]),
        ("{\"a\":1,\n}", &["x.json:1:7", "a comma stands before }"]),
        ("[1 2]", &["x.json:1:4", "a comma or ]"]),
        ("[,1]", &["x.json:1:2", "a value must stand here"]),
        ("{\"a\" 1}", &["x.json:1:6", "a colon must follow"]),
        ("{a:1}", &["x.json:1:2", "a key in quotes"]),
        ("{'a':1}", &["single quotes"]),
        ("['a']", &["single quotes"]),
        ("// x\n[]", &["no comments"]),
        ("[1 /* x */]", &["no comments"]),
        ("[] []", &["x.json:1:4", "something follows"]),
        ("{\"a\":1,\n\"a\":2}", &["x.json:2:1", "`a` is there twice, first in line 1"]),
        ("{\"a\":1,\"\\u0061\":2}", &["`a` is there twice"]),
        ("9223372036854775808", &["too large to be kept exactly", "quotes"]),
        ("1e999", &["too large"]),
        ("01", &["`01` is no number", "no leading zero"]),
        ("1.", &["`1.` is no number"]),
        ("-", &["`-` is no number"]),
        ("1e", &["`1e` is no number"]),
        ("0x10", &["`0x10` is no number"]),
        (".5", &["`.5` is no value", "begins with a digit"]),
        ("+1", &["`+1` is no value", "begins with a digit"]),
        ("NaN", &["`NaN` is no value", "write null"]),
        ("True", &["`True` is no value", "write true"]),
        ("[yes]", &["`yes` is no value", "\"yes\""]),
        ("\"a\nb\"", &["x.json:1:1", "isn't closed on its line"]),
        ("\"a", &["isn't closed"]),
        ("\"\t\"", &["x.json:1:2", "U+0009", "\\t"]),
        ("\"\\x\"", &["x.json:1:2", "`\\\\x` is no escape"]),
        ("\"\\ud83d\"", &["is no character", "two escapes"]),
        ("\"\\ude00\\ud83d\"", &["is no character"]),
        ("\"\\ud83d\\u0041\"", &["is no character"]),
        ("\"\\u00g0\"", &["`\\u00` is no character", "four hexadecimal digits"]),
        ("\"\\u+123\"", &["is no character"]),
        ("[\u{a0}1]", &["a value must stand here"]),
    ] {
        let told = told(&parsed(text).expect_err(text));
        for word in expected {
            assert!(told[0].contains(word), "{text:?}: {told:?} should say {word:?}");
        }
    }
    assert_eq!(parsed("[1,2,],").expect_err("several").len(), 2);
    assert_eq!(parsed("{\"a\":01,\"a\":tru,\"b\":\"\\q\",}").expect_err("several").len(), 5);
}

#[test]
fn depth_has_an_end() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parsed(&nested(64)).is_ok());
    assert!(told(&parsed(&nested(65)).expect_err("too deep"))[0].contains("x.json:1:65: values lie more than 64 deep"));
    assert!(parsed(&"[".repeat(1_000_000)).is_err());
    assert!(parsed(&"{\"a\":".repeat(1_000_000)).is_err());
    let toml = |text: String| read_data("x.toml", text.as_bytes());
    assert!(toml(format!("a = {}", nested(60))).is_ok());
    assert!(toml(format!("a = {}", nested(70))).is_err());
    assert!(toml(format!("a = {}", nested(5000))).is_err());
    assert!(toml(format!("a{} = 1", ".a".repeat(70))).is_err());
    assert!(toml(format!("a{} = 1", ".a".repeat(5000))).is_err());
}

#[test]
fn toml_is_refused_with_its_place() {
    bad("x.toml", "a = 1\nb = \n", &at("a"), &[&["x.toml:2:", "this is not TOML"]]);
    bad("x.toml", "a = 1\na = 2\n", &at("a"), &[&["x.toml:2:1", "duplicate key"]]);
    bad(
        "x.toml",
        "a = [9223372036854775808, nan]\n",
        &at("a"),
        &[&["x.toml:1:6", "too large", "quotes"], &["x.toml:1:27", "no finite number"]],
    );
}

#[test]
fn a_whole_file_keeps_its_order() {
    let value = |name: &str, text: &str| read_data(name, text.as_bytes()).expect("good").value.to_string();
    assert_eq!(value("x.csv", "b,a\n1,2\n"), "[{'b': '1', 'a': '2'}]");
    assert_eq!(value("x.tsv", "b\ta\n"), "[]");
    assert_eq!(value("x.toml", "z = 1\n[y]\nb = 2\na = 3\n[c]\n"), "{'z': 1, 'y': {'b': 2, 'a': 3}, 'c': {}}");
    let file = read_data("x.json", b"\xef\xbb\xbf{}").expect("good");
    assert_eq!(file.value.len(), Some(0));
    let map = parsed("{\"b\":1,\"a\":2}").expect("good");
    assert_eq!(map, Value::from_pairs([("a", 2), ("b", 1)]), "order doesn't count for equality");
    assert!(!parsed("{}").expect("good").is_true() && map.is_true());
}

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

/// A cell as any writer may write it: in quotes where it must, or where `always` says so.
fn written_cell(cell: &str, separator: char, always: bool) -> String {
    if always || cell.is_empty() || cell.contains([separator, '"', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_string()
    }
}

fn written_json(node: &Node, space: &str) -> String {
    match &node.kind {
        Kind::Null => "null".to_string(),
        Kind::Boolean(truth) => truth.to_string(),
        Kind::Integer(number) => number.to_string(),
        Kind::Float(number) => format!("{number:e}"),
        Kind::Text(text) => written_string(text),
        Kind::List(items) => {
            let items: Vec<_> = items.iter().map(|item| written_json(item, space)).collect();
            format!("[{space}{}{space}]", items.join(&format!("{space},{space}")))
        }
        Kind::Map(entries) => {
            let entry = |(key, value): &(crate::rows::node::Key, Node)| {
                format!("{}{space}:{space}{}", written_string(&key.name), written_json(value, space))
            };
            let entries: Vec<_> = entries.iter().map(entry).collect();
            format!("{{{space}{}{space}}}", entries.join(&format!("{space},{space}")))
        }
    }
}

/// Every character outside ASCII and every third letter as an escape.
fn written_string(text: &str) -> String {
    let mut written = String::from("\"");
    for (index, character) in text.chars().enumerate() {
        match character {
            '"' | '\\' => written.extend(['\\', character]),
            ' '..='~' if index % 3 > 0 => written.push(character),
            '\u{80}'.. if index % 2 > 0 => written.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(written, "\\u{unit:04x}").expect("a String takes all");
                }
            }
        }
    }
    written + "\""
}

fn node(kind: Kind) -> Node {
    Node { kind, span: 0..0 }
}

fn any_node() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        Just(Kind::Null),
        any::<bool>().prop_map(Kind::Boolean),
        any::<i64>().prop_map(Kind::Integer),
        any::<f64>().prop_filter("JSON has finite numbers", |number| number.is_finite()).prop_map(Kind::Float),
        any::<String>().prop_map(Kind::Text),
    ];
    leaf.prop_map(node).prop_recursive(4, 40, 6, |inner| {
        let key = |(name, value)| (crate::rows::node::Key { name, span: 0..0 }, value);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|items| node(Kind::List(items))),
            prop::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(move |entries| node(Kind::Map(entries.into_iter().map(key).collect()))),
        ]
    })
}

/// Without places, floats that exponents write as whole numbers told apart by their kind.
fn without_places(node: Node) -> Node {
    let kind = match node.kind {
        Kind::List(items) => Kind::List(items.into_iter().map(without_places).collect()),
        Kind::Map(entries) => Kind::Map(
            entries
                .into_iter()
                .map(|(key, value)| (crate::rows::node::Key { span: 0..0, ..key }, without_places(value)))
                .collect(),
        ),
        kind => kind,
    };
    Node { kind, span: 0..0 }
}

proptest! {
    #[test]
    fn any_table_written_is_read_back(
        (head, rows) in (1..5usize).prop_flat_map(|width| (
            prop::collection::hash_set("[a-z\"\n,\t]{1,6}", width).prop_map(Vec::from_iter),
            prop::collection::vec(prop::collection::vec("[a-c\"\n\r,\t é\u{1f600}]{0,6}|\\PC*", width), 0..8),
        )),
        tabs in any::<bool>(),
        always in any::<bool>(),
        ending in prop::sample::select(vec!["\n", "\r\n", "\n\n"]),
        bom in any::<bool>(),
    ) {
        let (name, separator) = if tabs { ("x.tsv", '\t') } else { ("x.csv", ',') };
        let mut text = String::from(if bom { "\u{feff}" } else { "" });
        let mut lines = Vec::new();
        for row in std::iter::once(&head).chain(&rows) {
            lines.push(text.trim_start_matches('\u{feff}').matches('\n').count() + 1);
            let cells: Vec<_> = row.iter().map(|cell| written_cell(cell, separator, always)).collect();
            text.push_str(&cells.join(&separator.to_string()));
            text.push_str(ending);
        }
        let read = rows_of(name, &text, &spec());
        let read = read.map_err(|error| TestCaseError::fail(format!("{text:?}: {error:?}")))?;
        prop_assert_eq!(read.len(), rows.len());
        for (index, (row, cells)) in read.iter().zip(&rows).enumerate() {
            let expected: BTreeMap<_, _> = head.iter().cloned().zip(cells.iter().map(|cell| Value::from(cell.as_str()))).collect();
            prop_assert_eq!(&row.values, &expected);
            prop_assert_eq!(row.number, index + 1);
            prop_assert_eq!(row.place.source.position(row.place.span.start), (lines[index + 1], 1));
        }
    }

    #[test]
    fn any_json_written_is_read_back(node in any_node(), space in prop::sample::select(vec!["", " ", "\r\n\t"])) {
        let text = written_json(&node, space);
        let read = json::parse(&Source::new("x.json", &text), &text);
        let read = read.map_err(|found| TestCaseError::fail(format!("{text}: {found:?}")))?;
        prop_assert_eq!(read.span.end, text.len());
        prop_assert_eq!(without_places(read), node);
    }

    #[test]
    fn json_agrees_with_another_reader(text in "[\\[\\]{},:\"\\\\u0-9a-f.eE+\\- \ntrlsn]{0,24}") {
        let other = serde_json::from_str::<serde_json::Value>(&text);
        if let Ok(value) = parsed(&text) {
            prop_assert!(other.is_ok(), "{:?} is read as {:?}", text, value);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(
        bytes in prop::collection::vec(prop_oneof![
            4 => prop::sample::select(b"\"\\,\t\r\n[]{}:=.#'-+eE0123456789utrflsnad \xef\xbb\xbf\xc3\xa9".to_vec()),
            1 => any::<u8>(),
        ], 0..64),
        path in prop::option::of("[a-b0-1.]{0,4}"),
    ) {
        for name in ["x.csv", "x.tsv", "x.json", "x.toml"] {
            let at = path.clone().filter(|_| name.ends_with('n') || name.ends_with('l'));
            for found in [
                read_data(name, &bytes).err(),
                match read_rows(name, &bytes, &RowsSpec { at, ..spec() }, &BTreeMap::new()) {
                    Err(RowsError::File(found)) => Some(found),
                    _ => None,
                },
            ].into_iter().flatten() {
                prop_assert!(!found.is_empty());
                for label in found.iter().flat_map(|diagnostic| &diagnostic.labels) {
                    prop_assert!(label.source.text().get(label.span.clone()).is_some(), "{label:?}");
                }
            }
        }
    }
}
