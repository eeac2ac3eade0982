//! The lockfile's two ways: what is written reads back, and what can't be read is an error with its line.

mod merge;

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::digest::Digest;
use crate::lock::{
    Entry, EntryOrigin, Frame, Generated, LockedAtlas, LockedOutput, LockedPage, Lockfile, Take, TakeKind, canonical,
    order_takes,
};
#[cfg(feature = "generate")]
use crate::lock::{part, with_part};
use crate::name::{AssetName, ProjectPath};
use crate::recipe::{Background, Origin, Quality, Ratio, Recipe, Reference, Size, Value};
use crate::transform::Rgb;

fn digest(seed: u8) -> Digest {
    Digest::of(&[seed])
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<String>().prop_map(Value::String),
        any::<i64>().prop_map(Value::Integer),
        (-1e9..1e9_f64).prop_map(Value::Float),
        any::<bool>().prop_map(Value::Boolean),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            proptest::collection::btree_map(any::<String>(), inner, 0..3).prop_map(Value::Table),
        ]
    })
}

fn any_recipe() -> impl Strategy<Value = Recipe> {
    let size = prop_oneof![Just(None), Just(Size::parse("2K")), Just(Size::parse("64x32")), Just(Some(Size::Auto))];
    let options = proptest::collection::btree_map(
        "[a-z .]{1,5}",
        proptest::collection::btree_map(any::<String>(), any_value(), 1..3),
        0..3,
    );
    (any::<String>(), size, proptest::option::of(0..i64::MAX), any::<bool>(), options).prop_map(
        |(prompt, size, seed, more, options)| {
            let path = Reference { origin: Origin::Path("art/ä \"b\".png".to_string()), hash: digest(1), hint: None };
            let asset = Reference {
                origin: Origin::Asset("logo".to_string()),
                hash: digest(2),
                hint: Some("the \"logo\"".to_string()),
            };
            let web = Reference {
                origin: Origin::Url("https://example.com/board.png?v=2".to_string()),
                hash: digest(7),
                hint: None,
            };
            Recipe {
                model: "seedream-4.5".to_string(),
                prompt,
                size,
                aspect_ratio: more.then(|| Ratio::of(16, 9)),
                references: if more { vec![path, asset, web] } else { Vec::new() },
                seed: seed.map(i64::unsigned_abs),
                quality: more.then_some(Quality::High),
                negative_prompt: more.then(|| "text, logos".to_string()),
                background: more.then_some(Background::Transparent),
                variant: more.then_some(3),
                options,
            }
        },
    )
}

fn any_take() -> impl Strategy<Value = Take> {
    (any::<u8>(), proptest::option::of(0..100_u32), proptest::option::of(0..60_u8), any::<bool>()).prop_map(
        |(seed, cents, second, odd)| Take {
            hash: digest(seed),
            provider: "aisa".to_string(),
            model_id: "seedream-4-5-251128".to_string(),
            asked: odd.then(|| "64x32".to_string()),
            wording: odd.then(|| "Image 1 is \"the\" helmet.".to_string()),
            key: odd.then_some(Rgb([255, 0, 255])),
            cost_usd: cents.map(|cents| f64::from(cents) / 100.0),
            generated: second.map(|second| format!("2026-11-20T21:04:{second:02}Z")),
            kind: odd.then_some(TakeKind::Accepted),
            fingerprint: odd.then(|| crate::recipe::Fingerprint(digest(9))),
        },
    )
}

fn any_entry() -> impl Strategy<Value = Entry> {
    (any_recipe(), proptest::collection::vec(any_take(), 0..4), any::<bool>()).prop_map(
        |(recipe, mut takes, source)| {
            order_takes(&mut takes);
            let output = LockedOutput {
                path: ProjectPath::new("assets/x.png").unwrap(),
                hash: digest(3),
                settings: digest(4),
                bytes: 48_213,
                width: 1280,
                height: 720,
                take: takes.first().map(|take| take.hash),
                color: source.then_some(Rgb([1, 2, 255])),
                thumbhash: source.then(|| "1QcSHQRnh493V4dIh4eXh1h4kJUI".to_string()),
            };
            let origin = if source {
                let path = Origin::Path("art/badge.png".to_string());
                let origin = if takes.is_empty() { path } else { Origin::Asset("ui/logo".to_string()) };
                EntryOrigin::Source { origin, hash: digest(5) }
            } else {
                EntryOrigin::Generated(Box::new(Generated { recipe, chosen: digest(6), takes }))
            };
            Entry { origin, outputs: vec![output] }
        },
    )
}

fn any_lockfile() -> impl Strategy<Value = Lockfile> {
    proptest::collection::btree_map("[a-z]{1,3}(/[a-z0-9_-]{1,3})?", any_entry(), 0..4).prop_map(|entries| Lockfile {
        entries: entries
            .into_iter()
            .map(|(name, entry)| (AssetName::new(&name).unwrap(), entry))
            .collect::<BTreeMap<_, _>>(),
        ..Lockfile::default()
    })
}

fn any_atlas() -> impl Strategy<Value = LockedAtlas> {
    // Numbers as they come, brought into the bounds of the sheet that they name.
    let frame = ("[a-z\\],\"\\\\ é\n]{0,6}", any::<[u16; 9]>());
    let page = (any::<u8>(), 1..5000_u32, 1..5000_u32).prop_map(|(seed, width, height)| {
        let path = ProjectPath::new(&format!("assets/units-{seed}.png")).unwrap();
        LockedPage { path, hash: digest(seed), bytes: u64::from(width), width, height }
    });
    (any::<u8>(), prop::collection::vec(frame, 0..4), prop::collection::vec(page, 0..3)).prop_map(
        |(recipe, frames, pages)| {
            let sound = |(name, numbers): (String, [u16; 9])| {
                let [page, x, y, width, height, left, top, right, bottom] = numbers.map(u32::from);
                let page = page % u32::try_from(pages.len().max(1)).unwrap();
                let sheet = pages.get(page as usize)?;
                let (width, height) = (1 + width % sheet.width, 1 + height % sheet.height);
                let (x, y) = (x % (sheet.width - width + 1), y % (sheet.height - height + 1));
                let (left, top) = (left % 5000, top % 5000);
                let full = (left + width + right % 5000, top + height + bottom % 5000);
                Some(Frame::of(name, [page, x, y, width, height, left, top, full.0, full.1]))
            };
            LockedAtlas { recipe: digest(recipe), frames: frames.into_iter().filter_map(sound).collect(), pages }
        },
    )
}

/// The same, with atlases.
fn any_whole() -> impl Strategy<Value = Lockfile> {
    let atlases = prop::collection::btree_map("[a-z]{1,3}", any_atlas(), 0..3);
    (any_lockfile(), atlases).prop_map(|(lockfile, atlases)| Lockfile {
        atlases: atlases.into_iter().map(|(name, atlas)| (AssetName::new(&name).unwrap(), atlas)).collect(),
        ..lockfile
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_reads_back_and_writes_the_same_bytes(lockfile in any_whole()) {
        let text = lockfile.render();
        let read = Lockfile::read(&text).map_err(|errors| TestCaseError::fail(format!("{errors:?}\n{text}")))?;
        prop_assert_eq!(&read, &lockfile);
        prop_assert_eq!(read.render(), text);
    }

    #[test]
    fn what_is_read_line_by_line_is_what_toml_says(lockfile in any_whole(), at in any::<prop::sample::Index>(), with in "[ -~\n]{0,3}", length in 0..4_usize) {
        let text = lockfile.render();
        prop_assert_eq!(canonical::read(&text), Some(lockfile), "{}", text);
        // Whatever is done to it, either it is left to the TOML reader or that agrees.
        let start = text.floor_char_boundary(at.index(text.len()));
        let end = text.floor_char_boundary(start + length);
        let edited = format!("{}{with}{}", &text[..start], &text[end.max(start)..]);
        if let Some(read) = canonical::read(&edited) {
            prop_assert_eq!(Lockfile::read_toml(&edited).ok(), Some(read), "{}", edited);
        }
    }

    #[test]
    fn entries_in_another_order_or_twice_are_what_toml_says(lockfile in any_lockfile(), order in prop::collection::vec(any::<prop::sample::Index>(), 1..5)) {
        let text = lockfile.render();
        let mut pieces = text.split("\n[[asset]]\n");
        let head = pieces.next().unwrap().to_string();
        let pieces: Vec<&str> = pieces.collect();
        prop_assume!(!pieces.is_empty());
        let entries = order.iter().map(|index| format!("\n[[asset]]\n{}", pieces[index.index(pieces.len())].trim_end()));
        let shuffled = format!("{}\n{}\n", head.trim_end(), entries.collect::<Vec<_>>().join("\n"));
        let by_toml = Lockfile::read_toml(&shuffled).ok();
        prop_assert_eq!(Lockfile::read(&shuffled).ok(), by_toml.clone());
        if let Some(read) = canonical::read(&shuffled) {
            prop_assert!(order.len() == read.entries.len() && by_toml == Some(read), "one is lost in {}", shuffled);
        }
    }

    #[cfg(feature = "generate")]
    #[test]
    fn some_entries_are_read_and_written_as_if_all_were(
        lockfile in any_lockfile(),
        changed in any_entry(),
        which in prop::collection::vec(any::<bool>(), 8),
    ) {
        let text = lockfile.render();
        let chosen = || lockfile.entries.iter().zip(&which).filter(|(_, is_in)| **is_in).map(|(entry, _)| entry);
        let Some(some) = part(&text, chosen().map(|(name, _)| name)) else {
            // A text may look like one of several lines.
            prop_assert!(text.contains("'''"));
            return Ok(());
        };
        let mut expected = Lockfile { entries: chosen().map(|(name, entry)| (name.clone(), entry.clone())).collect(), ..Lockfile::default() };
        prop_assert_eq!(&Lockfile::read(&some).expect("some of it reads"), &expected);
        prop_assert_eq!(with_part(&text, &some), text.clone());
        let mut all = lockfile.clone();
        for (name, entry) in &mut expected.entries {
            *entry = changed.clone();
            all.entries.insert(name.clone(), changed.clone());
        }
        prop_assert_eq!(with_part(&text, &expected.render()), all.render());
    }

    #[test]
    fn a_lockfile_cut_anywhere_never_panics_and_never_loses_an_asset_silently(lockfile in any_whole(), cut in 0.0..1.0_f64) {
        let text = lockfile.render();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a share of a short text")]
        let mut end = (text.len() as f64 * cut) as usize;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        if let Ok(read) = Lockfile::read(&text[..end]) {
            for (name, entry) in &read.entries {
                prop_assert_eq!(&entry.origin_without_takes(), &lockfile.entries[name].origin_without_takes());
            }
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        let _ = Lockfile::read(&format!("version = 1\n{text}"));
        let _ = Lockfile::read(&text);
    }
}

impl Entry {
    /// A cut text may end before the last takes; what stands must be right.
    fn origin_without_takes(&self) -> EntryOrigin {
        match self.origin.clone() {
            EntryOrigin::Generated(generated) => {
                EntryOrigin::Generated(Box::new(Generated { takes: Vec::new(), ..*generated }))
            }
            source @ EntryOrigin::Source { .. } => source,
        }
    }
}

/// The message and the line of the first mistake.
fn mistake(text: &str) -> (String, usize) {
    let errors = Lockfile::read(text).expect_err("a mistake");
    let label = errors[0].labels.first().expect("a place");
    (errors[0].message.clone(), label.source.position(label.span.start).0)
}

#[test]
fn a_lockfile_that_cant_be_read_says_where() {
    for (text, words, line) in [
        ("version = 1\n<<<<<<< HEAD\n", "conflict marks", 2),
        ("version = 1\n\n=======\n", "conflict marks", 3),
        ("version = 2\n", "version 1", 1),
        ("", "version 1", 1),
        ("version = 1\n[[asset]]\nname = \"a\"\n", "incomplete", 2),
        ("version = 1\nfuture = true\n", "unknown key", 2),
        ("version = 1\n[[asset]\n", "can't be read", 2),
        ("version = 1\n[[asset]]\nsource = \"a.png\"\nhash = \"b3:12\"\n", "no hash", 4),
    ] {
        let (message, found) = mistake(text);
        assert!(message.contains(words), "{text:?} says {message}");
        assert_eq!(found, line, "{text:?} says {message}");
    }
}

#[test]
fn a_frame_that_lies_outside_of_its_sheet_is_an_error() {
    let page = "[[atlas.pages]]\npath = \"a.png\"\nhash = \"HASH\"\nbytes = 9\nwidth = 30\nheight = 20\n";
    let text = |numbers: &str, page: &str| {
        let text = format!(
            "# Made by tintype from images.toml. Commit it; don't edit it.\nversion = 1\n\n[[atlas]]\nname = \"a\"\nrecipe = \"HASH\"\nframes = [\n  [\"f\", {numbers}],\n]\n\n{page}"
        );
        text.replace("HASH", &digest(1).to_string())
    };
    assert!(canonical::read(&text("0, 20, 5, 10, 15, 1, 1, 12, 17", page)).is_some(), "this is how it is written");
    for numbers in [
        "1, 0, 0, 1, 1, 0, 0, 1, 1",
        "0, 21, 5, 10, 15, 0, 0, 10, 15",
        "0, 20, 6, 10, 15, 0, 0, 10, 15",
        "0, 4294967295, 0, 10, 15, 0, 0, 10, 15",
        "0, 0, 0, 0, 15, 0, 0, 10, 15",
        "0, 0, 0, 10, 15, 1, 0, 10, 15",
        "0, 0, 0, 10, 15, 0, 1, 10, 15",
        "0, 0, 0, 10, 15, 0, 0, 10, 99999",
    ] {
        let (message, line) = mistake(&text(numbers, page));
        assert!(
            message.contains("the atlas `a` lies outside of its sheet") && line == 5,
            "{numbers}: {message}, {line}"
        );
    }
    let huge = text("0, 20, 5, 10, 15, 1, 1, 12, 17", &page.replace("30", "99999"));
    assert!(mistake(&huge).0.contains("outside of its sheet"));
}

#[test]
fn a_take_without_its_hash_is_an_error_and_not_a_take_less() {
    let text = "version = 1\n[[asset]]\nname = \"a\"\n[[asset.takes]]\nprovider = \"aisa\"\nmodel_id = \"x\"\n";
    assert!(mistake(text).0.contains("missing"), "{:?}", mistake(text));
}
