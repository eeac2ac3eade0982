//! Records and answers: what is written is read again, and damage costs what it damaged.

use std::fs;
use std::path::Path;

use crate::cache::journal::{Heard, Intent, Journal, Outcome};
use crate::cache::record::line;
use crate::digest::Digest;
use crate::recipe::Fingerprint;

const AT: &str = "2026-11-20T21:04:05Z";

fn intent() -> Intent {
    Intent {
        sent: AT.to_string(),
        project: Some("site".to_string()),
        asset: "hero".to_string(),
        model: "seedream-4.5".to_string(),
        provider: "aisa".to_string(),
        model_id: "seedream".to_string(),
        api: "openai-images".to_string(),
        asked: Some("2048x2048".to_string()),
        wording: Some("Image 1 is the \"helmet\".".to_string()),
        key: Some(crate::transform::Rgb([0, 255, 0])),
        transparent: true,
        images: 2,
        cost_usd: Some(0.04),
    }
}

fn fingerprint() -> Fingerprint {
    Fingerprint(Digest::of(b"recipe"))
}

fn read(folder: &Path) -> Journal {
    Journal::read(folder, fingerprint())
}

fn intend(folder: &Path) -> String {
    Journal::intend(folder, fingerprint(), &intent()).expect("written")
}

fn answer(folder: &Path, id: &str, body: &[u8]) {
    let heard = Heard { id, intent: &intent(), at: AT, body };
    Journal::answer(folder, fingerprint(), &heard).expect("written");
}

fn end(folder: &Path, id: &str, outcome: &Outcome) {
    Journal::end(folder, fingerprint(), id, outcome).expect("written");
}

fn place(folder: &Path) -> std::path::PathBuf {
    folder.join(fingerprint().0.hex())
}

#[test]
fn a_request_goes_from_unknown_to_answered_to_gone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let id = intend(folder);
    let journal = read(folder);
    assert_eq!((journal.unknown().count(), &journal.open[0].intent), (1, &intent()));

    answer(folder, &id, b"{}");
    let journal = read(folder);
    assert_eq!((journal.unknown().count(), journal.answered()), (0, 2));
    assert_eq!(Journal::body(folder, fingerprint(), &journal.open[0]).as_deref(), Some(&b"{}"[..]));
    assert_eq!(Journal::answers(folder).into_iter().collect::<Vec<_>>(), [fingerprint()]);
    assert!(Journal::has_new_answers(folder));
    Journal::tried(folder, fingerprint(), &id).expect("written");
    assert!(!Journal::has_new_answers(folder) && Journal::answers(folder).len() == 1);

    end(folder, &id, &Outcome::Closed);
    assert_eq!(fs::read_dir(folder).expect("readable").count(), 0, "nothing open leaves nothing behind");
}

#[test]
fn a_lost_request_is_in_doubt_only_if_it_had_a_price() {
    for (cost_usd, in_doubt) in [(Some(0.04), true), (None, true), (Some(0.0), false)] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let asked = Intent { cost_usd, ..intent() };
        Journal::intend(folder.path(), fingerprint(), &asked).expect("written");
        assert_eq!(read(folder.path()).may_have_been_billed(), in_doubt, "{cost_usd:?}");
    }
}

#[test]
fn a_refusal_and_an_unusable_answer_are_remembered() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let id = intend(folder.path());
    end(folder.path(), &id, &Outcome::Refused("no \"weapons\"\n".to_string()));
    assert_eq!(read(folder.path()).refused(), Some("no \"weapons\"\n"));
    let id = intend(folder.path());
    end(folder.path(), &id, &Outcome::Unusable("no image".to_string()));
    assert_eq!(read(folder.path()).unknown().count(), 1);
}

#[test]
fn absurd_numbers_of_images_make_no_sum_that_wraps_around() {
    let answer = |id: &str| {
        let fields =
            [("kind", "answer"), ("id", id), ("body", &Digest::of(b"{}").to_string()), ("images", "4294967295")];
        line(&fields.map(|(key, value)| (key, value.to_string())))
    };
    let journal = Journal::of((answer("1") + &answer("2")).as_bytes());
    assert_eq!((journal.open.len(), journal.answered()), (2, u32::MAX));
}

#[test]
fn one_of_two_answers_that_are_the_same_outlives_the_other() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let (one, other) = (intend(folder), intend(folder));
    answer(folder, &one, b"{}");
    answer(folder, &other, b"{}");
    end(folder, &one, &Outcome::Closed);
    let journal = read(folder);
    assert_eq!((journal.open.len(), journal.answered()), (1, 2));
    assert!(Journal::body(folder, fingerprint(), &journal.open[0]).is_some(), "its body is its own");
}

/// One request is closed, one answered, one open: in that order of their last records.
fn a_long_one(folder: &Path) -> Vec<u8> {
    let (first, second) = (intend(folder), intend(folder));
    end(folder, &first, &Outcome::Closed);
    answer(folder, &second, b"{}");
    intend(folder);
    fs::read(place(folder)).expect("readable")
}

#[test]
fn a_journal_cut_at_any_byte_never_says_not_paid() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = a_long_one(folder.path());
    for length in 0..whole.len() {
        fs::write(place(folder.path()), &whole[..length]).expect("written");
        let journal = read(folder.path());
        assert!(journal.unknown().count() >= 1 || journal.answered() > 0, "cut at {length}");
        if length % 8 != 0 && length + 40 < whole.len() {
            continue;
        }
        // What is written after it is whole, and what is closed is closed.
        let free = Intent { cost_usd: Some(0.0), ..intent() };
        let id = Journal::intend(folder.path(), fingerprint(), &free).expect("written");
        let open = |journal: &Journal| journal.open.iter().any(|request| request.id == id);
        assert!(open(&read(folder.path())), "cut at {length}");
        end(folder.path(), &id, &Outcome::Closed);
        assert!(!open(&read(folder.path())), "cut at {length}");
    }
}

#[test]
fn a_byte_that_changed_costs_its_own_record_only() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = a_long_one(folder.path());
    let sound = read(folder.path());
    for index in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[index] ^= 1 << (index % 8);
        fs::write(place(folder.path()), &flipped).expect("written");
        let journal = read(folder.path());
        assert!(!journal.newer, "flipped at {index}");
        let is_there = |id: &str| journal.open.iter().any(|request| request.id == id);
        let lost = sound.open.iter().filter(|request| !is_there(&request.id)).count();
        // A line end that is gone makes two records one.
        let damaged = journal.open.iter().filter(|request| request.id.starts_with("damaged")).count();
        assert!(lost <= damaged && (damaged > 0 || lost == 0), "flipped at {index}");
        assert!(journal.unknown().count() >= 1, "flipped at {index}");
    }
}

#[test]
fn an_answer_is_of_use_without_its_intent() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let id = intend(folder.path());
    answer(folder.path(), &id, b"{}");
    let mut bytes = fs::read(place(folder.path())).expect("readable");
    bytes[20] ^= 1;
    fs::write(place(folder.path()), &bytes).expect("written");
    let journal = read(folder.path());
    assert_eq!((journal.answered(), journal.unknown().count()), (2, 1));
    let answered = journal.open.iter().find(|request| request.id == id).expect("open");
    assert_eq!(answered.intent, intent());
    assert!(Journal::body(folder.path(), fingerprint(), answered).is_some());
}

#[test]
fn an_answer_is_of_use_without_its_record() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let id = intend(folder.path());
    let before = fs::read(place(folder.path())).expect("readable");
    answer(folder.path(), &id, b"{}");
    fs::write(place(folder.path()), &before).expect("written");
    let journal = read(folder.path());
    assert_eq!((journal.answered(), journal.unknown().count()), (2, 0));
    assert_eq!(Journal::body(folder.path(), fingerprint(), &journal.open[0]).as_deref(), Some(&b"{}"[..]));
    let body = journal.body_place(folder.path(), fingerprint(), &id).expect("a place");
    fs::write(&body, b"[]").expect("written");
    assert_eq!(read(folder.path()).unknown().count(), 1, "a body that isn't what it was is none");
    fs::write(&body, b"{}").expect("written");
    end(folder.path(), &id, &Outcome::Closed);
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 0);
}

#[test]
fn a_torn_record_costs_only_itself() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(place(folder.path()), "0123 { v = \"1\", ki").expect("written");
    let id = intend(folder.path());
    end(folder.path(), &id, &Outcome::Closed);
    assert_eq!(read(folder.path()).unknown().count(), 1, "the torn one stays unknown");
}

#[test]
fn what_a_newer_version_wrote_stays_as_it_is() {
    let records = [
        line(&[("kind", "settled".to_string()), ("id", "1".to_string())]),
        line(&[("kind", "intent".to_string())]).replace("v = \"1\"", "v = \"2\""),
    ];
    for mut record in records {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let id = intend(folder.path());
        let (_, text) = record.trim_end().split_once(' ').expect("a checksum");
        record = format!("{} {text}\n", Digest::of(text.as_bytes()).short());
        let bytes = [fs::read(place(folder.path())).expect("readable"), record.into_bytes()].concat();
        fs::write(place(folder.path()), &bytes).expect("written");
        let journal = read(folder.path());
        assert!(journal.newer && journal.may_have_been_billed() && journal.answered() == 0);
        let refused = Journal::intend(folder.path(), fingerprint(), &intent()).expect_err("not understood");
        assert!(refused.to_string().contains("newer tintype"), "{refused}");
        Journal::end(folder.path(), fingerprint(), &id, &Outcome::Closed).expect_err("not understood");
        assert_eq!(fs::read(place(folder.path())).expect("readable"), bytes);
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_counts_as_damaged() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let target = folder.path().join("elsewhere");
    fs::write(&target, "").expect("written");
    for kind in ["folder", "link", "pipe"] {
        let path = place(folder.path());
        match kind {
            "folder" => fs::create_dir(path).expect("made"),
            "link" => std::os::unix::fs::symlink(&target, path).expect("made"),
            _ => {
                let made = std::process::Command::new("mkfifo").arg(path).status();
                assert!(made.is_ok_and(|status| status.success()), "mkfifo is there");
            }
        }
        assert_eq!(read(folder.path()).unknown().count(), 1, "{kind}");
        let refused = Journal::intend(folder.path(), fingerprint(), &intent());
        assert!(refused.is_err(), "{kind}");
        let _ = fs::remove_file(place(folder.path()));
        let _ = fs::remove_dir(place(folder.path()));
    }
}
