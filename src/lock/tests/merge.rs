//! Two lockfiles become one: in tables what stands, in general that nothing is lost and that it doesn't matter who merges.

use proptest::prelude::*;

use crate::lock::tests::digest;
use crate::lock::{
    Conflict, Entry, EntryOrigin, Generated, LockedAtlas, LockedOutput, Lockfile, Merged, Quarrel, Side, Take,
    TakeKind, canonical, common, merge, order_takes, sides,
};
use crate::name::{AssetName, ProjectPath};
use crate::recipe::{Fingerprint, Origin, Recipe};

fn recipe(prompt: &str) -> Recipe {
    let (references, options) = (Vec::new(), std::collections::BTreeMap::new());
    Recipe {
        model: "seedream-4.5".to_string(),
        prompt: prompt.to_string(),
        size: None,
        aspect_ratio: None,
        references,
        seed: None,
        quality: None,
        background: None,
        negative_prompt: None,
        variant: None,
        options,
    }
}

/// The same number is the same take, wherever it stands.
fn take(number: u8) -> Take {
    Take {
        hash: digest(number),
        provider: "aisa".to_string(),
        model_id: "seedream-4-5".to_string(),
        asked: None,
        wording: None,
        key: None,
        cost_usd: Some(0.04),
        generated: Some(format!("2026-11-20T21:04:{number:02}Z")),
        kind: None,
        fingerprint: None,
    }
}

fn output(path: &str, of: u8) -> LockedOutput {
    LockedOutput {
        path: ProjectPath::new(path).unwrap(),
        hash: digest(of),
        settings: digest(200),
        bytes: 5,
        width: 8,
        height: 8,
        take: None,
        color: None,
        thumbhash: None,
    }
}

/// An asset of this prompt with these takes, of which the first is chosen.
fn of_takes(prompt: &str, takes: Vec<Take>) -> Entry {
    let chosen = takes[0].hash;
    let outputs = vec![LockedOutput { hash: chosen, ..output("assets/x.png", 0) }];
    let mut takes = takes;
    order_takes(&mut takes);
    let recipe = recipe(prompt);
    Entry { origin: EntryOrigin::Generated(Box::new(Generated { recipe, chosen, takes })), outputs }
}

fn of(prompt: &str, takes: &[u8]) -> Entry {
    of_takes(prompt, takes.iter().map(|number| take(*number)).collect())
}

fn by_hand(path: &str, hash: u8) -> Entry {
    let origin = EntryOrigin::Source { origin: Origin::Path(path.to_string()), hash: digest(hash) };
    Entry { origin, outputs: vec![output("assets/x.png", hash)] }
}

fn name() -> AssetName {
    AssetName::new("x").unwrap()
}

fn lock(entry: Option<&Entry>) -> Lockfile {
    Lockfile { entries: entry.map(|entry| (name(), entry.clone())).into_iter().collect(), ..Lockfile::default() }
}

fn merged(base: Option<&Entry>, ours: Option<&Entry>, theirs: Option<&Entry>) -> Merged {
    merge(&lock(base), &lock(ours), &lock(theirs))
}

/// The prompt, the chosen take and all takes of what was merged without a conflict, whoever merges.
#[track_caller]
fn comes_to(base: Option<&Entry>, ours: &Entry, theirs: &Entry) -> (String, u8, Vec<u8>) {
    let told = |merged: Merged| {
        assert_eq!(merged.conflicts.len(), 0, "{:#?}", merged.conflicts);
        let entry = merged.lockfile.entries[&name()].clone();
        let generated = entry.generated().expect("it is generated").clone();
        let number = |hash| (0..=u8::MAX).find(|number| digest(*number) == hash).expect("one of these takes");
        let takes = generated.takes.iter().map(|take| number(take.hash)).collect();
        (generated.recipe.prompt, number(generated.chosen), takes)
    };
    let one_way = told(merged(base, Some(ours), Some(theirs)));
    assert_eq!(told(merged(base, Some(theirs), Some(ours))), one_way, "it matters who merges");
    one_way
}

#[track_caller]
fn quarrel(base: Option<&Entry>, ours: &Entry, theirs: &Entry) -> Conflict {
    let mut merged = merged(base, Some(ours), Some(theirs));
    assert!(merged.lockfile.entries.is_empty(), "it is decided: {:#?}", merged.lockfile);
    merged.conflicts.remove(&name()).expect("a conflict")
}

#[test]
fn takes_of_both_sides_unite_and_the_one_choice_that_changed_stands() {
    let base = of("a", &[1]);
    let kept = |more: &[u8]| of("a", &[&[1], more].concat());
    assert_eq!(comes_to(Some(&base), &kept(&[2]), &kept(&[3])), ("a".to_string(), 1, vec![1, 2, 3]));
    assert_eq!(comes_to(Some(&base), &of("a", &[2, 1]), &kept(&[3])), ("a".to_string(), 2, vec![1, 2, 3]));
    assert_eq!(comes_to(None, &kept(&[2]), &kept(&[3])), ("a".to_string(), 1, vec![1, 2, 3]));
    assert_eq!(comes_to(Some(&of("old", &[9])), &kept(&[2]), &kept(&[3])), ("a".to_string(), 1, vec![1, 2, 3]));
    // A take that one side has taken out is still somebody's.
    let three = of("a", &[1, 2, 3]);
    assert_eq!(comes_to(Some(&three), &of("a", &[1, 2]), &of("a", &[1, 3])), ("a".to_string(), 1, vec![1, 2, 3]));
}

#[test]
fn two_choices_are_a_conflict_in_which_both_sides_have_all_takes() {
    for base in [Some(of("a", &[1])), None, Some(of("old", &[2]))] {
        let Conflict { quarrel, ours, theirs } = quarrel(base.as_ref(), &of("a", &[2, 1]), &of("a", &[3, 1]));
        assert_eq!(quarrel, Quarrel::Choices);
        assert_eq!((ours.original(), theirs.original()), (digest(2), digest(3)));
        assert_eq!((ours.takes(), theirs.takes()), (&[take(1), take(2), take(3)][..], ours.takes()));
        assert_eq!((ours.outputs[0].hash, theirs.outputs[0].hash), (digest(2), digest(3)));
    }
}

#[test]
fn a_finished_picture_stands_against_another_draft() {
    let draft =
        |number| Take { kind: Some(TakeKind::Draft), fingerprint: Some(Fingerprint(digest(99))), ..take(number) };
    let base = of_takes("a", vec![draft(1)]);
    let redrafted = of_takes("a", vec![draft(2), draft(1)]);
    assert_eq!(comes_to(Some(&base), &redrafted, &of("a", &[7])), ("a".to_string(), 7, vec![1, 2, 7]));
}

#[test]
fn the_recipe_that_one_side_changed_stands_without_the_takes_of_the_old_one() {
    let base = of("old", &[1]);
    assert_eq!(comes_to(Some(&base), &of("new", &[5]), &of("old", &[2, 1])), ("new".to_string(), 5, vec![5]));
    let Conflict { quarrel, ours, theirs } = quarrel(Some(&base), &of("new", &[5]), &of("newer", &[6]));
    assert_eq!((quarrel, ours, theirs), (Quarrel::Recipes, of("new", &[5]), of("newer", &[6])));
    assert_eq!(self::quarrel(None, &of("a", &[1]), &of("b", &[2])).quarrel, Quarrel::Recipes);
}

#[test]
fn takes_that_were_accepted_for_a_changed_recipe_bring_their_like_along() {
    let made_for = Some(recipe("old").fingerprint());
    let accepted = |number| Take { kind: Some(TakeKind::Accepted), fingerprint: made_for, ..take(number) };
    let base = of("old", &[1]);
    let (ours, theirs) = (of_takes("new", vec![accepted(1)]), of("old", &[2, 1]));
    assert_eq!(comes_to(Some(&base), &ours, &theirs), ("new".to_string(), 1, vec![1, 2]));
    let both = merged(Some(&base), Some(&ours), Some(&theirs)).lockfile.entries[&name()].clone();
    assert_eq!(both.takes(), [accepted(1), accepted(2)]);
    let adopted = Take { kind: Some(TakeKind::Adopted), ..take(2) };
    let by_hand = of_takes("old", vec![adopted.clone(), take(1)]);
    let both = merged(Some(&base), Some(&ours), Some(&by_hand)).lockfile.entries[&name()].clone();
    assert_eq!(both.takes(), [accepted(1), Take { fingerprint: made_for, ..adopted }], "what was made by hand says so");
    // And back at the recipe that they were made for, they are ordinary ones.
    let base = of_takes("new", vec![accepted(1)]);
    let (ours, theirs) = (of("old", &[1]), of_takes("new", vec![accepted(1), accepted(2)]));
    let both = merged(Some(&base), Some(&ours), Some(&theirs)).lockfile.entries[&name()].clone();
    assert_eq!(both.takes(), [take(1), take(2)]);
}

#[test]
fn drafts_of_one_kind_come_along_and_finished_takes_do_not_follow_them() {
    let made_for = Some(Fingerprint(digest(99)));
    let draft = |number| Take { kind: Some(TakeKind::Draft), fingerprint: made_for, ..take(number) };
    let base = of_takes("old", vec![draft(1)]);
    let (ours, theirs) = (of_takes("new", vec![draft(1)]), of_takes("old", vec![draft(2), draft(1)]));
    assert_eq!(comes_to(Some(&base), &ours, &theirs), ("new".to_string(), 1, vec![1, 2]));
    let finished = Take { kind: Some(TakeKind::Accepted), ..draft(3) };
    let theirs = of_takes("old", vec![finished]);
    assert_eq!(comes_to(Some(&base), &ours, &theirs), ("new".to_string(), 1, vec![1]));
}

#[test]
fn what_a_merge_of_lines_put_together_has_no_say_and_what_somebody_decided_has() {
    let (base, ours, theirs) = (of("old", &[1]), of("new", &[5]), of("old", &[2, 1]));
    let kept = |said: &Entry, other: &Entry| {
        let mut merged = merged(Some(&base), Some(&ours), Some(&theirs));
        merged.keep([&lock(Some(said)), &lock(Some(other))], [&lock(Some(&ours)), &lock(Some(&theirs))]);
        merged.lockfile.entries[&name()].clone()
    };
    let mixed = of("new", &[5, 2]);
    assert_eq!(kept(&mixed, &mixed), ours, "a take of the old recipe has no place there");
    assert_eq!(kept(&theirs, &theirs), theirs);
    assert_eq!(kept(&theirs, &ours), ours, "it stands between marks still");
    let (ours, theirs) = (of("a", &[2, 1]), of("a", &[3, 1]));
    let mut conflict = merged(None, Some(&ours), Some(&theirs));
    let by_hand = lock(Some(&of("a", &[3, 2, 1])));
    conflict.keep([&by_hand, &by_hand], [&lock(Some(&ours)), &lock(Some(&theirs))]);
    assert_eq!(conflict, Merged { lockfile: by_hand, ..Merged::default() });
    let mut conflict = merged(None, Some(&ours), Some(&theirs));
    conflict.keep([&lock(None), &lock(None)], [&lock(Some(&ours)), &lock(Some(&theirs))]);
    assert_eq!(conflict, Merged::default(), "taken out by hand");
}

#[test]
fn a_base_of_two_tells_what_both_say() {
    let one =
        Lockfile { entries: [("x", of("a", &[1])), ("y", of("b", &[2]))].map(named).into(), ..Lockfile::default() };
    let other = Lockfile {
        entries: [("x", of("a", &[1])), ("y", of("b", &[3])), ("z", of("c", &[4]))].map(named).into(),
        ..Lockfile::default()
    };
    assert_eq!(common(&one, &other), lock(Some(&of("a", &[1]))));
}

fn named((name, entry): (&str, Entry)) -> (AssetName, Entry) {
    (AssetName::new(name).unwrap(), entry)
}

#[test]
fn what_one_side_took_out_goes_unless_the_other_one_worked_on_it() {
    let (base, changed) = (of("a", &[1]), of("a", &[2, 1]));
    for (ours, theirs, stands) in [
        (None, Some(&base), None),
        (Some(&base), None, None),
        (None, Some(&changed), Some(&changed)),
        (Some(&changed), None, Some(&changed)),
        (None, None, None),
    ] {
        assert_eq!(merged(Some(&base), ours, theirs), Merged { lockfile: lock(stands), ..Merged::default() });
    }
}

#[test]
fn a_file_made_by_hand_is_as_a_recipe_is() {
    let base = by_hand("art/x.png", 1);
    let outcome = merged(Some(&base), Some(&by_hand("art/x.png", 2)), Some(&base));
    assert_eq!(outcome.lockfile, lock(Some(&by_hand("art/x.png", 2))));
    let both = quarrel(Some(&base), &by_hand("art/x.png", 2), &by_hand("art/x.png", 3));
    assert_eq!(both.quarrel, Quarrel::Recipes);
    assert_eq!(quarrel(Some(&base), &by_hand("art/x.png", 2), &of("a", &[3])).quarrel, Quarrel::Recipes);
    // One makes another file of it, the other one moves it: both stand.
    let mut more = base.clone();
    more.outputs.push(output("assets/y.png", 4));
    let mut less = base.clone();
    less.outputs[0].hash = digest(5);
    let outcome = merged(Some(&base), Some(&more), Some(&less)).lockfile.entries[&name()].clone();
    assert_eq!(outcome.outputs, [less.outputs[0].clone(), more.outputs[1].clone()]);
}

#[test]
fn files_that_each_take_has_by_itself_come_from_both_sides() {
    let file = |number: u8, of: u8| LockedOutput { take: Some(digest(of)), ..output(&format!("x-{number}.png"), of) };
    let all = |takes: &[u8], files: Vec<LockedOutput>| Entry { outputs: files, ..of("a", takes) };
    let base = all(&[1], vec![file(1, 1)]);
    let ours = all(&[2, 1], vec![file(1, 1), file(2, 2)]);
    let theirs = all(&[1, 3, 4], vec![file(1, 1), file(2, 3), file(3, 4)]);
    let entry = merged(Some(&base), Some(&ours), Some(&theirs)).lockfile.entries[&name()].clone();
    assert_eq!((entry.original(), entry.outputs), (digest(2), vec![file(1, 1), file(2, 2), file(3, 4)]));
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let drawn = ("[ab]", prop::collection::vec(1..6_u8, 1..4), 0..3_u8).prop_map(|(prompt, takes, file)| {
        let mut entry = of(&prompt, &takes);
        entry.outputs[0].hash = digest(file);
        entry
    });
    prop_oneof![6 => drawn, 1 => (1..3_u8).prop_map(|hash| by_hand("art/x.png", hash))]
}

fn any_side() -> impl Strategy<Value = Lockfile> {
    prop::collection::btree_map("[xyz]", any_entry(), 0..4).prop_map(|entries| Lockfile {
        entries: entries.into_iter().map(|(name, entry)| (AssetName::new(&name).unwrap(), entry)).collect(),
        ..Lockfile::default()
    })
}

/// What has to be the same whoever merges: files may differ.
fn without_files(lockfile: &Lockfile) -> Vec<(AssetName, EntryOrigin)> {
    lockfile.entries.iter().map(|(name, entry)| (name.clone(), entry.origin.clone())).collect()
}

proptest! {
    #[test]
    fn what_only_one_side_changed_stands(base in any_side(), other in any_side()) {
        let other_alone = Merged { lockfile: other.clone(), ..Merged::default() };
        prop_assert_eq!(&merge(&base, &other, &other), &other_alone);
        prop_assert_eq!(&merge(&base, &base, &other), &other_alone);
        prop_assert_eq!(&merge(&base, &other, &base), &other_alone);
    }

    #[test]
    fn it_does_not_matter_who_merges(base in any_side(), ours in any_side(), theirs in any_side()) {
        let (one, other) = (merge(&base, &ours, &theirs), merge(&base, &theirs, &ours));
        prop_assert_eq!(without_files(&one.lockfile), without_files(&other.lockfile));
        for side in [Side::Ours, Side::Theirs] {
            let mirrored = if side == Side::Ours { Side::Theirs } else { Side::Ours };
            prop_assert_eq!(without_files(&one.all(side)), without_files(&other.all(mirrored)));
        }
    }

    #[test]
    fn no_take_is_lost_where_both_sides_worked_on_one_recipe(base in any_side(), ours in any_side(), theirs in any_side()) {
        let merged = merge(&base, &ours, &theirs);
        for (name, one) in &ours.entries {
            let Some(other) = theirs.get(name) else { continue };
            let (Some(a), Some(b)) = (one.generated(), other.generated()) else { continue };
            if a.recipe != b.recipe || base.get(name).is_some_and(|base| base == one || base == other) {
                continue;
            }
            for side in [Side::Ours, Side::Theirs] {
                let all = merged.all(side);
                let kept = all.get(name).map(Entry::takes).unwrap_or_default();
                prop_assert!(a.takes.iter().chain(&b.takes).all(|take| kept.contains(take)), "{:#?}", all);
            }
        }
    }

    #[test]
    fn what_is_merged_is_canonical_and_so_is_either_side_of_its_marks(base in any_side(), ours in any_side(), theirs in any_side()) {
        let merged = merge(&base, &ours, &theirs);
        let text = merged.render();
        if merged.conflicts.is_empty() {
            prop_assert_eq!(&text, &merged.lockfile.render());
            prop_assert_eq!(canonical::read(&text), Some(merged.lockfile));
        } else {
            prop_assert!(Lockfile::read(&text).is_err(), "read in spite of its marks: {}", text);
            let told = sides(&text).expect("marks in order").expect("some marks");
            prop_assert_eq!(told.ours, merged.all(Side::Ours).render());
            prop_assert_eq!(told.theirs, merged.all(Side::Theirs).render());
        }
    }

    #[test]
    fn each_choice_is_one_of_the_takes(base in any_side(), ours in any_side(), theirs in any_side()) {
        let all = merge(&base, &ours, &theirs).all(Side::Theirs);
        for generated in all.entries.values().filter_map(Entry::generated) {
            prop_assert!(generated.take(generated.chosen).is_some(), "{:#?}", generated);
        }
    }
}

#[test]
fn an_atlas_that_one_side_packed_anew_is_that_sides_and_one_that_both_did_is_packed_once_more() {
    let locked = |recipe: Option<u8>| {
        let atlas = |recipe| LockedAtlas { recipe: digest(recipe), frames: Vec::new(), pages: Vec::new() };
        let atlases = recipe.map(|recipe| (AssetName::new("units").unwrap(), atlas(recipe))).into_iter().collect();
        Lockfile { atlases, ..Lockfile::default() }
    };
    for (base, ours, theirs, merged) in [
        (Some(1), Some(1), Some(2), Some(2)),
        (Some(1), Some(2), Some(1), Some(2)),
        (Some(1), Some(2), Some(3), Some(2)),
        (None, None, Some(1), Some(1)),
        (Some(1), None, Some(1), None),
        (Some(1), Some(1), None, None),
        (Some(1), None, Some(2), Some(2)),
    ] {
        let result = merge(&locked(base), &locked(ours), &locked(theirs));
        assert_eq!(result.lockfile, locked(merged), "{base:?} {ours:?} {theirs:?}");
        assert!(result.conflicts.is_empty());
    }
}
