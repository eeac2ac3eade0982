//! Two lockfiles that have grown out of one, merged entry by entry: what either side paid for is kept, and only what two
//! people decided differently is left to be decided.
//!
//! Pure: knows no text with marks, no git and no manifest.

use std::collections::{BTreeMap, BTreeSet};

use crate::digest::Digest;
use crate::lock::{Entry, EntryOrigin, Generated, LockedOutput, Lockfile, Take, TakeKind, order_takes};
use crate::name::{AssetName, ProjectPath};

/// One of the two that are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one that is merged into.
    Ours,
    /// The one that comes in.
    Theirs,
}

impl Side {
    /// Its name, as the marks have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Theirs => "theirs",
        }
    }
}

/// What two lockfiles have come to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Merged {
    /// What is decided.
    pub lockfile: Lockfile,
    /// What isn't, by name.
    pub conflicts: BTreeMap<AssetName, Conflict>,
}

/// An entry that somebody has to decide. Each side has the takes of both, as far as they can be its own: no choice loses one.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// About what.
    pub quarrel: Quarrel,
    /// The entry if ours wins.
    pub ours: Entry,
    /// The entry if theirs does.
    pub theirs: Entry,
}

/// What the two sides can't agree on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quarrel {
    /// The same recipe, and another chosen take on each side.
    Choices,
    /// Another recipe on each side, or another file made by hand.
    Recipes,
}

impl Quarrel {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Choices => "choices",
            Self::Recipes => "recipes",
        }
    }
}

impl Conflict {
    /// The entry if that side wins.
    pub const fn entry(&self, side: Side) -> &Entry {
        match side {
            Side::Ours => &self.ours,
            Side::Theirs => &self.theirs,
        }
    }
}

impl Merged {
    /// Decides one conflict.
    pub fn decide(&mut self, name: &AssetName, side: Side) {
        if let Some(conflict) = self.conflicts.remove(name) {
            self.lockfile.entries.insert(name.clone(), conflict.entry(side).clone());
        }
    }

    /// Keeps what a text with marks says outside of them, as far as that is somebody's word: one `side` as it is, or what
    /// was decided by hand. Everything else there was put together line by line, and is merged better by its meaning.
    pub fn keep(&mut self, said: [&Lockfile; 2], sides: [&Lockfile; 2]) {
        let all = said.iter().chain(&sides).flat_map(|lockfile| lockfile.entries.keys());
        for name in all.collect::<BTreeSet<_>>() {
            let entry = said[0].get(name);
            let is_a_side = || sides.iter().any(|side| side.get(name) == entry);
            if entry != said[1].get(name) || !(is_a_side() || self.conflicts.contains_key(name)) {
                continue;
            }
            self.conflicts.remove(name);
            self.lockfile.entries.remove(name);
            self.lockfile.entries.extend(entry.map(|entry| (name.clone(), entry.clone())));
        }
    }

    /// The lockfile if that side won wherever nothing is decided yet.
    #[must_use]
    pub fn all(&self, side: Side) -> Lockfile {
        let mut all = self.lockfile.clone();
        all.entries.extend(self.conflicts.iter().map(|(name, conflict)| (name.clone(), conflict.entry(side).clone())));
        all
    }
}

/// Merges two lockfiles by the one that both have grown out of: an empty one where that isn't known.
pub fn merge(base: &Lockfile, ours: &Lockfile, theirs: &Lockfile) -> Merged {
    let mut merged = Merged::default();
    let names: BTreeSet<&AssetName> = ours.entries.keys().chain(theirs.entries.keys()).collect();
    for name in names {
        match merge_entry(base.get(name), ours.get(name), theirs.get(name)) {
            Ok(Some(entry)) => {
                merged.lockfile.entries.insert(name.clone(), entry);
            }
            Ok(None) => {}
            Err(conflict) => {
                merged.conflicts.insert(name.clone(), *conflict);
            }
        }
    }
    let atlases: BTreeSet<&AssetName> = ours.atlases.keys().chain(theirs.atlases.keys()).collect();
    for name in atlases {
        let (base, ours, theirs) = (base.atlases.get(name), ours.atlases.get(name), theirs.atlases.get(name));
        let atlas = match settled(base, ours, theirs) {
            Some(Side::Ours) => ours,
            Some(Side::Theirs) => theirs,
            // Packing costs nothing: where both sides have done it, the next sync does it once more.
            None => ours.or(theirs),
        };
        merged.lockfile.atlases.extend(atlas.map(|atlas| (name.clone(), atlas.clone())));
    }
    merged
}

/// What two lockfiles have in common, entry by entry: all that is known of a base that is itself an undecided merge.
pub fn common(one: &Lockfile, other: &Lockfile) -> Lockfile {
    let both = one.entries.iter().filter(|(name, entry)| other.get(name) == Some(entry));
    let entries = both.map(|(name, entry)| (name.clone(), entry.clone())).collect();
    let atlases = one.atlases.iter().filter(|(name, atlas)| other.atlases.get(*name) == Some(atlas));
    Lockfile { entries, atlases: atlases.map(|(name, atlas)| (name.clone(), atlas.clone())).collect() }
}

fn merge_entry(
    base: Option<&Entry>,
    ours: Option<&Entry>,
    theirs: Option<&Entry>,
) -> Result<Option<Entry>, Box<Conflict>> {
    match (settled(base, ours, theirs), ours, theirs) {
        (Some(Side::Ours), ours, _) => Ok(ours.cloned()),
        (Some(Side::Theirs), _, theirs) => Ok(theirs.cloned()),
        (None, Some(ours), Some(theirs)) => merge_both(base, ours, theirs).map(Some),
        // What somebody still works on may be paid for: a sync prunes it if nobody declares it.
        (None, one, other) => Ok(one.or(other).cloned()),
    }
}

/// Who has the last word where not both sides have changed something, or both in the same way.
fn settled<T: PartialEq + Copy>(base: T, ours: T, theirs: T) -> Option<Side> {
    if ours == theirs || theirs == base {
        Some(Side::Ours)
    } else if ours == base {
        Some(Side::Theirs)
    } else {
        None
    }
}

/// Both sides have changed the entry.
fn merge_both(base: Option<&Entry>, ours: &Entry, theirs: &Entry) -> Result<Entry, Box<Conflict>> {
    let conflict = |quarrel, ours, theirs| Err(Box::new(Conflict { quarrel, ours, theirs }));
    if is_same_picture(ours, theirs) {
        let base = base.filter(|base| is_same_picture(base, ours));
        let (as_ours, as_theirs) = (united(base, ours, theirs), united(base, theirs, ours));
        return match winner(base, ours, theirs) {
            Some(Side::Ours) => Ok(as_ours),
            Some(Side::Theirs) => Ok(as_theirs),
            None => conflict(Quarrel::Choices, as_ours, as_theirs),
        };
    }
    let (as_ours, as_theirs) = (with_takes_of(ours, theirs), with_takes_of(theirs, ours));
    match base {
        Some(base) if is_same_picture(base, theirs) => Ok(as_ours),
        Some(base) if is_same_picture(base, ours) => Ok(as_theirs),
        _ => conflict(Quarrel::Recipes, as_ours, as_theirs),
    }
}

/// Whether two entries are of the same recipe, or of the same file made by hand.
fn is_same_picture(one: &Entry, other: &Entry) -> bool {
    match (&one.origin, &other.origin) {
        (EntryOrigin::Generated(one), EntryOrigin::Generated(other)) => one.fingerprint() == other.fingerprint(),
        (one, other) => one == other,
    }
}

/// Who has the last word on which take is chosen, in two entries of one recipe; nobody where two people have chosen.
fn winner(base: Option<&Entry>, ours: &Entry, theirs: &Entry) -> Option<Side> {
    let is_draft = |entry: &Entry| {
        let chosen = entry.generated().and_then(|generated| generated.take(generated.chosen));
        chosen.is_some_and(|(_, take)| take.is_draft())
    };
    let settled = settled(base.map(Entry::original), Some(ours.original()), Some(theirs.original()));
    settled.or_else(|| match (is_draft(ours), is_draft(theirs)) {
        // Who chose among drafts has said nothing against the finished picture.
        (false, true) => Some(Side::Ours),
        (true, false) => Some(Side::Theirs),
        _ => None,
    })
}

/// Two entries of one recipe with the takes of both. The choice, and what follows it, is the first one's.
fn united(base: Option<&Entry>, winner: &Entry, other: &Entry) -> Entry {
    let outputs = if winner.original() == other.original() {
        merged_outputs(base, winner, other)
    } else {
        outputs_of(winner, other)
    };
    let origin = match (&winner.origin, &other.origin) {
        (EntryOrigin::Generated(one), EntryOrigin::Generated(two)) => {
            let base = base.and_then(Entry::generated);
            // Where a reference lies is no part of the fingerprint, and may differ.
            let recipe = three_way(base.map(|base| &base.recipe), &one.recipe, &two.recipe).clone();
            let takes = united_takes(base.map_or(&[], |base| &base.takes), &one.takes, &two.takes);
            EntryOrigin::Generated(Box::new(Generated { recipe, chosen: one.chosen, takes }))
        }
        (origin, _) => origin.clone(),
    };
    Entry { origin, outputs }
}

/// The takes of both sides, each once.
fn united_takes(base: &[Take], ours: &[Take], theirs: &[Take]) -> Vec<Take> {
    let find = |takes: &'_ [Take], hash: Digest| takes.iter().find(|take| take.hash == hash).cloned();
    let mut takes: Vec<Take> = ours
        .iter()
        .map(|take| match find(theirs, take.hash) {
            Some(other) => three_way(find(base, take.hash).as_ref(), take, &other).clone(),
            None => take.clone(),
        })
        .collect();
    takes.extend(theirs.iter().filter(|take| find(ours, take.hash).is_none()).cloned());
    order_takes(&mut takes);
    takes
}

/// The one that was changed. Where both were, it doesn't matter which, but it is the same one whoever merges.
fn three_way<'a, T: PartialEq + std::fmt::Debug>(base: Option<&T>, one: &'a T, other: &'a T) -> &'a T {
    let settled = settled(base, Some(one), Some(other));
    let is_first = || format!("{one:?}") <= format!("{other:?}");
    if settled.map_or_else(is_first, |side| side == Side::Ours) { one } else { other }
}

/// The files of two entries with one choice, path by path. Those that both have made anew are the first one's: they are made
/// for nothing, and the next sync puts right what isn't.
fn merged_outputs(base: Option<&Entry>, ours: &Entry, theirs: &Entry) -> Vec<LockedOutput> {
    let at = |entry: &'_ Entry, path: &ProjectPath| entry.outputs.iter().find(|output| output.path == *path).cloned();
    let paths: BTreeSet<&ProjectPath> = ours.outputs.iter().chain(&theirs.outputs).map(|output| &output.path).collect();
    let merged = paths.into_iter().filter_map(|path| {
        let (base, ours, theirs) = (base.and_then(|base| at(base, path)), at(ours, path), at(theirs, path));
        if settled(base.as_ref(), ours.as_ref(), theirs.as_ref()) == Some(Side::Theirs) { theirs } else { ours }
    });
    merged.collect()
}

/// The files of the side whose choice has won, and those that the other one's further takes have by themselves: without
/// them, these files would seem to be somebody else's.
fn outputs_of(winner: &Entry, other: &Entry) -> Vec<LockedOutput> {
    let is_known = |path: &ProjectPath| winner.outputs.iter().any(|output| output.path == *path);
    let further = other.outputs.iter().filter(|output| output.take.is_some() && !is_known(&output.path));
    let mut outputs: Vec<LockedOutput> = winner.outputs.iter().chain(further).cloned().collect();
    outputs.sort_by(|one, other| one.path.cmp(&other.path));
    outputs
}

/// The entry whose recipe has won, with those takes of the other one that can stand there: made for this very recipe, or for
/// one whose takes stand there already. All others stay in the cache of who made them.
fn with_takes_of(winner: &Entry, other: &Entry) -> Entry {
    let (EntryOrigin::Generated(one), EntryOrigin::Generated(two)) = (&winner.origin, &other.origin) else {
        return winner.clone();
    };
    let mut takes = one.takes.clone();
    takes.extend(
        two.takes.iter().filter(|take| one.take(take.hash).is_none()).filter_map(|take| at_home(take, two, one)),
    );
    order_takes(&mut takes);
    Entry { origin: EntryOrigin::Generated(Box::new(Generated { takes, ..(**one).clone() })), ..winner.clone() }
}

/// A take of another recipe's entry as it would stand in this one, if it can.
fn at_home(take: &Take, from: &Generated, now: &Generated) -> Option<Take> {
    let made_for = take.fingerprint.unwrap_or_else(|| from.fingerprint());
    let adopted = take.kind.filter(|kind| *kind == TakeKind::Adopted);
    if made_for == now.fingerprint() {
        return Some(Take { kind: adopted, fingerprint: None, ..take.clone() });
    }
    let stands = |known: &Take| known.fingerprint == Some(made_for) && known.is_draft() == take.is_draft();
    let kind = if take.is_draft() { TakeKind::Draft } else { TakeKind::Accepted };
    let kind = adopted.or(Some(kind));
    now.takes.iter().any(stands).then(|| Take { kind, fingerprint: Some(made_for), ..take.clone() })
}
