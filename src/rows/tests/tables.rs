//! Tables: their heads, their cells, their mistakes.

use crate::rows::tests::{at, bad, bad_bytes, columns, good, rows_of, spec, told};
use crate::rows::{MAX_ROWS, RowsError, read_data};

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
