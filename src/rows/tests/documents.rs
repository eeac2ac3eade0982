//! JSON and TOML: where their rows are, and what they may hold.

use minijinja::Value;

use crate::rows::tests::{at, bad, good, parsed, spec, told};
use crate::rows::{RowsSpec, read_data};

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
