//! No bytes make the readers of journals and ledgers panic, and no damage says "not paid": each line that can't be read is
//! a request in doubt, and costs no other line its meaning.
//!
//! A checksum is hardly ever guessed. So an input says what stands in the lines, and gets them a sound checksum: as texts,
//! after a `t`, or as the steps of requests that are then damaged, after an `s`.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use tintype::cache::{Journal, RequestState};
use tintype::digest::Digest;

/// What a line of a journal may be.
const KINDS: [&str; 5] = ["intent", "answer", "unusable", "refused", "closed"];
/// The most steps: enough for anything to happen to a few requests.
const MOST: usize = 24;

fn line(text: &[u8]) -> Vec<u8> {
    [Digest::of(text).short().as_bytes(), b" ", text].concat()
}

fn is_whole(bytes: &[u8]) -> bool {
    bytes.iter().position(|byte| *byte == b' ').is_some_and(|space| {
        let text = &bytes[space + 1..];
        std::str::from_utf8(text).is_ok() && line(text) == bytes
    })
}

/// The lines that aren't blank.
fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect()
}

/// Of each line its kind and its request, where it can be read.
type Told = Vec<Option<(String, String)>>;

/// Reads any bytes as a journal: what can't be read is in doubt.
fn read(bytes: &[u8]) -> (Journal, Told) {
    let (journal, told) = tintype::read_journal(bytes);
    let lines = lines(bytes);
    assert_eq!(told.len(), lines.len());
    let is_open = |id: &str| journal.open.iter().any(|request| request.id == id);
    assert!(!lines.is_empty() || journal.may_have_been_billed(), "an empty journal is a damaged one");
    for (number, (line, record)) in lines.iter().zip(&told).enumerate() {
        let id = format!("damaged-{number}");
        let closed = ("closed".to_string(), id.clone());
        if !is_whole(line) {
            assert!(record.is_none(), "a line without its checksum says nothing");
            let is_settled = told[number..].iter().flatten().any(|record| *record == closed);
            assert!(is_settled || is_open(&id), "a damaged line is a request in doubt");
        } else if record.as_ref().is_none_or(|(kind, _)| !KINDS.contains(&kind.as_str())) {
            assert!(journal.newer, "a whole line that isn't understood is a newer version's");
        }
    }
    if journal.newer {
        assert!(journal.may_have_been_billed() && journal.answered() == 0);
    }
    let _ = (journal.answered(), journal.refused(), journal.unknown().count());
    (journal, told)
}

/// Reads any bytes as a journal and as a ledger: what a line says, it says whatever follows.
fn read_both(bytes: &[u8]) {
    let (journal, told) = read(bytes);
    let lines = lines(bytes);
    let half = lines[..lines.len() / 2].join(&b'\n');
    let later = &told[lines.len() / 2..];
    let (before, _) = tintype::read_journal(&half);
    assert!(journal.newer || !before.newer);
    for request in before.open.iter().filter(|_| !half.is_empty()) {
        let mut later = later.iter().flatten().filter(|(_, id)| *id == request.id).peekable();
        if later.peek().is_none() {
            assert!(journal.open.contains(request), "{request:?} is as it was");
        } else if later.all(|(kind, _)| kind != "closed") {
            assert!(journal.open.iter().any(|now| now.id == request.id), "{request:?} is open");
        }
    }

    let ledger = tintype::read_ledger(bytes);
    assert_eq!(ledger.damaged, lines.iter().filter(|line| !is_whole(line)).count());
    assert!(ledger.lines.len() + ledger.damaged + ledger.newer <= lines.len());
    assert!(ledger.lines.iter().filter_map(|line| line.cost_usd).all(|cost| cost.is_finite() && cost >= 0.0));
    assert!(ledger.lines.starts_with(&tintype::read_ledger(&half).lines));
}

/// Each line the text of a record; after a `=`, a line without a checksum, as it stands.
fn texts(data: &[u8]) -> Vec<u8> {
    let lines = data.split(|byte| *byte == b'\n').map(|text| match text.split_first() {
        None => Vec::new(),
        Some((b'=', damaged)) => damaged.to_vec(),
        Some(_) => line(text),
    });
    lines.collect::<Vec<_>>().join(&b'\n')
}

/// The lines of a sound journal, each with its request: a letter a step, and a character that says of which request.
fn journal(steps: &[u8]) -> Vec<(usize, &'static str, Vec<u8>)> {
    let mut requests = 0;
    let mut lines = Vec::new();
    for step in steps.chunks_exact(2).take(MOST) {
        let price = if step[0] == b'f' { "0" } else { "0.04" };
        let (kind, more) = match step[0] {
            b'a' => ("answer", format!("body = \"{}\", ", Digest::of(b"{}"))),
            b'u' => ("unusable", "words = \"no image\", ".to_string()),
            b'r' => ("refused", "words = \"no\", ".to_string()),
            b'c' => ("closed", String::new()),
            _ => ("intent", String::new()),
        };
        requests += usize::from(kind == "intent");
        if requests == 0 {
            continue;
        }
        let request = if kind == "intent" { requests } else { usize::from(step[1]) % requests + 1 };
        // No line is like another, so that it can be told which of them is damaged.
        let at = lines.len();
        let text = format!(
            "{{ v = \"1\", kind = \"{kind}\", id = \"{request}-1-0\", at = \"{at}\", {more}asset = \"a{request}\", \
             images = \"2\", cost_usd = \"{price}\" }}"
        );
        lines.push((request, kind, line(text.as_bytes())));
    }
    lines
}

/// Damages bytes: four characters a time, which say what is done, where, and with which byte.
fn damage(bytes: &mut Vec<u8>, damages: &[u8]) {
    for damage in damages.chunks_exact(4) {
        let place = usize::from(u16::from_be_bytes([damage[1], damage[2]]));
        match damage[0] {
            b'x' => bytes.truncate(place % (bytes.len() + 1)),
            b'+' => bytes.insert(place % (bytes.len() + 1), damage[3]),
            _ if bytes.is_empty() => {}
            b'-' => drop(bytes.remove(place % bytes.len())),
            _ => {
                let place = place % bytes.len();
                bytes[place] ^= damage[3];
            }
        }
    }
}

/// Writes a journal, damages it, and asks what became of each request that was open.
fn steps(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (steps, damages) = (&data[..end], data.get(end + 1..).unwrap_or_default());
    let written = journal(steps);
    if written.is_empty() {
        return;
    }
    // As it is written: each line begins with a line end of its own.
    let mut bytes = written.iter().map(|(_, _, line)| [line, &b"\n"[..]].concat()).collect::<Vec<_>>().join(&b'\n');
    let (sound, _) = read(&bytes);
    let mut is_open = BTreeMap::new();
    for (request, kind, _) in &written {
        match *kind {
            "intent" | "answer" => drop(is_open.insert(*request, true)),
            "closed" => drop(is_open.insert(*request, false)),
            _ => {}
        }
    }
    assert!(!sound.newer);
    assert_eq!(sound.open.len(), is_open.values().filter(|is_open| **is_open).count());

    damage(&mut bytes, damages);
    let (damaged, _) = read(&bytes);
    let left = lines(&bytes);
    assert!(!damaged.newer, "damage is taken for no newer version");
    for request in &sound.open {
        let is_its = |number: &usize| request.id == format!("{number}-1-0");
        let its: Vec<_> = written.iter().filter(|(number, _, _)| is_its(number)).collect();
        let is_left = |line: &Vec<u8>| left.contains(&line.as_slice());
        let now = damaged.open.iter().find(|now| now.id == request.id);
        if its.iter().all(|(_, _, line)| is_left(line)) {
            assert_eq!(now, Some(request), "its lines are whole");
        }
        // What can't be closed any more because its line is damaged stays open; the other way round, nothing closes.
        let opened = its.iter().rfind(|(_, kind, _)| matches!(*kind, "intent" | "answer")).expect("it is open");
        if is_left(&opened.2) {
            let now = now.expect("whatever else is damaged, it is open");
            assert_eq!(now.intent, request.intent);
            let answered = |state: &RequestState| matches!(state, RequestState::Answered { .. });
            assert!(!answered(&now.state) || its.iter().any(|(_, kind, _)| *kind == "answer"));
        }
    }
    let is_any_damaged = left.iter().any(|line| !is_whole(line));
    assert!(!is_any_damaged || damaged.may_have_been_billed(), "what is damaged may have been billed");
}

fuzz_target!(|data: &[u8]| match data.split_first() {
    Some((b's', data)) => steps(data),
    Some((b't', data)) => read_both(&texts(data)),
    _ => read_both(data),
});
