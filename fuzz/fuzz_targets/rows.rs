//! No data file makes its reader panic; every mistake and every row has a place inside it, and rows are as declared.
#![no_main]

use libfuzzer_sys::fuzz_target;

/// What `where` may say.
const CONDITIONS: [&str; 4] = ["a == '1'", "b", "value > 1", "key in ['a', 'b'] or (b is defined and b | length > 2)"];
/// Where a list may lie.
const PATHS: [&str; 4] = [".", "list", "a.b", "list.0"];

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else { return };
    let pick = |shift: u8| usize::from(first >> shift & 3);
    let name = ["x.csv", "x.tsv", "x.json", "x.toml"][pick(0)];
    let option = PATHS[pick(4)].to_string();
    let is_table = pick(0) < 2;
    let columns: Option<Vec<String>> = (is_table && pick(2) & 1 == 1)
        .then(|| ["a", "b", "c", "d"].iter().take(pick(4) + 1).map(ToString::to_string).collect());
    let at = (!is_table && pick(2) & 1 == 1).then_some(option);
    let condition = (pick(2) & 2 == 2).then(|| CONDITIONS[pick(6)].to_string());
    let is_bare = columns.is_none();
    match tintype::read_rows(name, bytes, columns.clone(), at, condition) {
        Ok(rows) => {
            assert!(rows.windows(2).all(|pair| pair[0].0 < pair[1].0), "numbers rise");
            assert!(
                rows.iter().all(|(number, _, span)| *number > 0 && span.end <= bytes.len() && span.start <= span.end)
            );
            let declared = if is_bare { rows.first().map(|row| row.1.clone()) } else { columns };
            if is_table {
                assert!(rows.iter().all(|row| Some(&row.1) == declared.as_ref()), "each row has each column");
            }
        }
        Err(found) => {
            for label in found.iter().flat_map(|mistake| &mistake.labels) {
                assert!(label.span.start <= label.span.end && label.span.end <= label.source.text().len());
                assert!(label.source.text().is_char_boundary(label.span.start));
                assert!(label.source.text().is_char_boundary(label.span.end));
            }
        }
    }
});
