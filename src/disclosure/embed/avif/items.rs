//! The `meta` box of a HEIF file: which items there are, where the data of each lies and which refers to which. Read, rid
//! of earlier packets, and written again with a new one. It knows places in the file as numbers only: what lies there, and
//! where it goes, others decide.

use std::{collections::BTreeSet, ops::Range};

use crate::disclosure::embed::avif::boxes::{Level, Part, id, number, push_id, push_place, split, version, wrap};
use crate::disclosure::embed::{Malformed, array, take};

/// What makes an item a packet (ISO/IEC 23008-12, annex A).
const CONTENT_TYPE: &[u8] = b"application/rdf+xml";

/// A piece of an item's data.
struct Extent {
    index: u64,
    offset: u64,
    length: u64,
}

/// Where an item's data lies (ISO/IEC 14496-12, 8.11.3).
struct Location {
    id: u32,
    /// 0: in the file, 1: in the `idat` box, 2: in another item.
    method: u8,
    reference: u16,
    extents: Vec<Extent>,
}

/// From one item to others (ISO/IEC 14496-12, 8.11.12).
struct Reference {
    kind: [u8; 4],
    from: u32,
    to: Vec<u32>,
}

/// A box of the `meta` box, in its place: one that is written anew, or one that stays.
enum Child<'a> {
    Info,
    Locations,
    References,
    Other(&'a [u8]),
}

/// What a `meta` box says, without earlier packets.
pub(super) struct Items<'a> {
    head: [u8; 4],
    children: Vec<Child<'a>>,
    primary: u32,
    info_version: u8,
    /// The items' ids, and their `infe` boxes.
    info: Vec<(u32, &'a [u8])>,
    location_version: u8,
    is_indexed: bool,
    locations: Vec<Location>,
    reference_version: u8,
    references: Vec<Reference>,
    /// The number behind all that items and groups have.
    free: u32,
    /// Where the data of earlier packets lies.
    stale: Vec<Range<u64>>,
}

impl<'a> Items<'a> {
    pub(super) fn read(meta: &'a [u8]) -> Result<Self, Malformed> {
        let mut body = meta;
        let mut items = Self {
            head: array(&mut body)?,
            children: Vec::new(),
            primary: 0,
            info_version: 0,
            info: Vec::new(),
            location_version: 0,
            is_indexed: false,
            locations: Vec::new(),
            reference_version: 0,
            references: Vec::new(),
            free: 0,
            stale: Vec::new(),
        };
        let mut packets = BTreeSet::new();
        let mut last_group = 0;
        let mut seen = Vec::new();
        for part in split(body, Level::Inner)? {
            let is_known = matches!(&part.kind, b"pitm" | b"iinf" | b"iloc" | b"iref" | b"grpl");
            if is_known && seen.contains(&part.kind) {
                return Err(Malformed::Invalid("its meta box has two boxes of a kind that there is one of"));
            }
            seen.push(part.kind);
            let child = match &part.kind {
                b"iinf" => {
                    packets = items.read_info(part.body)?;
                    Child::Info
                }
                b"iloc" => {
                    items.read_locations(part.body)?;
                    Child::Locations
                }
                b"iref" => {
                    items.read_references(part.body)?;
                    Child::References
                }
                kind => {
                    match kind {
                        b"pitm" => items.primary = primary(part.body)?,
                        b"grpl" => last_group = groups(part.body)?,
                        _ => {}
                    }
                    Child::Other(part.whole)
                }
            };
            items.children.push(child);
        }
        if [b"pitm", b"iinf", b"iloc"].iter().any(|kind| !seen.contains(kind)) {
            return Err(Malformed::Invalid("its meta box lacks a box that every picture has"));
        }
        if !seen.contains(b"iref") {
            let info = items.children.iter().position(|child| matches!(child, Child::Info)).unwrap_or_default();
            items.children.insert(info + 1, Child::References);
        }
        items.forget(&packets)?;
        // An id that is only referred to isn't free either: the packet would become what it is said to be, say an alpha plane.
        let named = items.info.iter().map(|(id, _)| *id).chain(items.locations.iter().map(|item| item.id));
        let referred = items.references.iter().flat_map(|reference| reference.to.iter().chain([&reference.from]));
        let last = named.chain(referred.copied()).chain([last_group]).max().unwrap_or_default();
        items.free = last.checked_add(1).ok_or(Malformed::Unsupported("it has no number left for another item"))?;
        Ok(items)
    }

    /// The `iinf` box (ISO/IEC 14496-12, 8.11.6); gives the ids of packets.
    fn read_info(&mut self, mut body: &'a [u8]) -> Result<BTreeSet<u32>, Malformed> {
        self.info_version = version(&mut body)?;
        let count = id(&mut body, self.info_version > 0)?;
        let mut packets = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for part in split(body, Level::Inner)? {
            if &part.kind != b"infe" {
                return Err(Malformed::Invalid("its list of items has something else in it"));
            }
            let (id, is_packet) = item(&part)?;
            if !ids.insert(id) {
                return Err(Malformed::Invalid("two items have one number"));
            }
            self.info.push((id, part.whole));
            if is_packet {
                packets.insert(id);
            }
        }
        if self.info.len() != count as usize {
            return Err(Malformed::Invalid("its list of items isn't as long as it says"));
        }
        Ok(packets)
    }

    /// The `iloc` box (ISO/IEC 14496-12, 8.11.3), every offset with its base.
    fn read_locations(&mut self, mut body: &[u8]) -> Result<(), Malformed> {
        let version = version(&mut body)?;
        if version > 2 {
            return Err(Malformed::Unsupported("its iloc box is of an unknown version"));
        }
        let [lengths, bases] = array(&mut body)?;
        let (offset_width, length_width, base_width) = (lengths >> 4, lengths & 15, bases >> 4);
        let index_width = if version == 0 { 0 } else { bases & 15 };
        self.location_version = version;
        self.is_indexed = index_width > 0;
        for _ in 0..id(&mut body, version == 2)? {
            let id = id(&mut body, version == 2)?;
            let method = if version == 0 { 0 } else { u16::from_be_bytes(array(&mut body)?) & 15 };
            let method = u8::try_from(method).expect("four bits fit into eight");
            let reference = u16::from_be_bytes(array(&mut body)?);
            let base = number(&mut body, base_width)?;
            let count = u16::from_be_bytes(array(&mut body)?);
            let mut extents = Vec::new();
            // Without widths an extent takes no bytes, so that a small file could ask for any number of them.
            if count > 1 && index_width | offset_width | length_width == 0 {
                return Err(Malformed::Invalid("an item has more than one extent, and none of them a place"));
            }
            for _ in 0..count {
                let index = number(&mut body, index_width)?;
                let offset = number(&mut body, offset_width)?.checked_add(base);
                let offset = offset.ok_or(Malformed::Invalid("an item lies outside of all files"))?;
                extents.push(Extent { index, offset, length: number(&mut body, length_width)? });
            }
            self.locations.push(Location { id, method, reference, extents });
        }
        Ok(())
    }

    /// The `iref` box (ISO/IEC 14496-12, 8.11.12).
    fn read_references(&mut self, mut body: &[u8]) -> Result<(), Malformed> {
        self.reference_version = version(&mut body)?;
        let is_wide = self.reference_version > 0;
        for part in split(body, Level::Inner)? {
            let mut rest = part.body;
            let from = id(&mut rest, is_wide)?;
            let count = u16::from_be_bytes(array(&mut rest)?);
            let to = (0..count).map(|_| id(&mut rest, is_wide)).collect::<Result<_, _>>()?;
            self.references.push(Reference { kind: part.kind, from, to });
        }
        Ok(())
    }

    /// Leaves out what is said of those items.
    fn forget(&mut self, packets: &BTreeSet<u32>) -> Result<(), Malformed> {
        self.info.retain(|(id, _)| !packets.contains(id));
        let stale = self.locations.extract_if(.., |item| packets.contains(&item.id));
        let stale = stale.filter(Location::is_in_file).flat_map(|item| item.extents);
        self.stale = stale.filter_map(|extent| extent.range().ok()).collect();
        self.references.retain_mut(|reference| {
            let before = reference.to.len();
            reference.to.retain(|id| !packets.contains(id));
            !packets.contains(&reference.from) && (reference.to.len() == before || !reference.to.is_empty())
        });
        if self.info.iter().any(|(id, _)| *id == self.primary) {
            Ok(())
        } else {
            Err(Malformed::Invalid("its primary item isn't there"))
        }
    }

    /// Where in the file the data of earlier packets lies, as far as no other item's lies there too.
    pub(super) fn stale(&self) -> Vec<Range<u64>> {
        let is_shared = |stale: &Range<u64>| {
            let kept = self.locations.iter().filter(|item| item.is_in_file()).flat_map(|item| &item.extents);
            kept.map(Extent::range).any(|kept| kept.is_ok_and(|kept| kept.start < stale.end && stale.start < kept.end))
        };
        self.stale.iter().filter(|stale| !is_shared(stale)).cloned().collect()
    }

    /// Gives every piece of data that lies in the file the offset that it goes to.
    pub(super) fn relocate(&mut self, to: impl Fn(Range<u64>) -> Option<u64>) -> Result<(), Malformed> {
        for item in self.locations.iter_mut().filter(|item| item.is_in_file()) {
            if item.reference != 0 {
                return Err(Malformed::Unsupported("an item's data lies in another file"));
            }
            for extent in &mut item.extents {
                extent.offset =
                    to(extent.range()?).ok_or(Malformed::Invalid("an item's data lies outside of the file"))?;
            }
        }
        Ok(())
    }

    /// The `meta` box with a packet at that place. Its length doesn't depend on the place.
    pub(super) fn write(&self, packet: Range<u64>) -> Result<Vec<u8>, Malformed> {
        let mut body = self.head.to_vec();
        for child in &self.children {
            match child {
                Child::Info => body.extend(self.write_info()?),
                Child::Locations => body.extend(self.write_locations(&packet)?),
                Child::References => body.extend(self.write_references()?),
                Child::Other(whole) => body.extend_from_slice(whole),
            }
        }
        wrap(*b"meta", &body)
    }

    fn write_info(&self) -> Result<Vec<u8>, Malformed> {
        let mut body = vec![self.info_version, 0, 0, 0];
        push_id(&mut body, one_more(self.info.len())?, self.info_version > 0)?;
        for (_, whole) in &self.info {
            body.extend_from_slice(whole);
        }
        let is_wide = self.free > u16::MAX.into();
        let mut entry = vec![if is_wide { 3 } else { 2 }, 0, 0, 0];
        push_id(&mut entry, self.free, is_wide)?;
        // No protection, and no name.
        entry.extend_from_slice(b"\0\0mime\0");
        entry.extend_from_slice(CONTENT_TYPE);
        entry.push(0);
        body.extend(wrap(*b"infe", &entry)?);
        wrap(*b"iinf", &body)
    }

    fn write_locations(&self, packet: &Range<u64>) -> Result<Vec<u8>, Malformed> {
        let version = self.location_version;
        let packet = Location {
            id: self.free,
            method: 0,
            reference: 0,
            extents: vec![Extent { index: 0, offset: packet.start, length: packet.end - packet.start }],
        };
        // Four bytes for an offset and a length, none for a base, and for an index as many where there is any.
        let mut body = vec![version, 0, 0, 0, 0x44, if self.is_indexed { 4 } else { 0 }];
        push_id(&mut body, one_more(self.locations.len())?, version == 2)?;
        for item in self.locations.iter().chain([&packet]) {
            push_id(&mut body, item.id, version == 2)?;
            if version > 0 {
                body.extend([0, item.method]);
            }
            body.extend(item.reference.to_be_bytes());
            let count = u16::try_from(item.extents.len()).expect("as many as were read, counted by 16 bits");
            body.extend(count.to_be_bytes());
            for extent in &item.extents {
                if self.is_indexed {
                    push_place(&mut body, extent.index)?;
                }
                push_place(&mut body, extent.offset)?;
                push_place(&mut body, extent.length)?;
            }
        }
        wrap(*b"iloc", &body)
    }

    fn write_references(&self) -> Result<Vec<u8>, Malformed> {
        let mut body = vec![self.reference_version, 0, 0, 0];
        let is_wide = self.reference_version > 0;
        // The packet describes the picture (ISO/IEC 23008-12, annex A).
        let described = Reference { kind: *b"cdsc", from: self.free, to: vec![self.primary] };
        for reference in self.references.iter().chain([&described]) {
            let mut entry = Vec::new();
            push_id(&mut entry, reference.from, is_wide)?;
            let count = u16::try_from(reference.to.len()).expect("at most as many as were read, counted by 16 bits");
            entry.extend(count.to_be_bytes());
            for to in &reference.to {
                push_id(&mut entry, *to, is_wide)?;
            }
            body.extend(wrap(reference.kind, &entry)?);
        }
        wrap(*b"iref", &body)
    }
}

impl Location {
    fn is_in_file(&self) -> bool {
        self.method == 0
    }
}

impl Extent {
    /// From where to where. A length of 0 means all of the file, whatever that will be then.
    fn range(&self) -> Result<Range<u64>, Malformed> {
        let end =
            self.offset.checked_add(self.length).ok_or(Malformed::Invalid("an item lies outside of all files"))?;
        if self.length == 0 {
            return Err(Malformed::Unsupported("an item's data has no length"));
        }
        Ok(self.offset..end)
    }
}

/// An `infe` box's item, and whether it is a packet (ISO/IEC 14496-12, 8.11.6).
fn item(part: &Part<'_>) -> Result<(u32, bool), Malformed> {
    let mut body = part.body;
    let version = version(&mut body)?;
    let id = id(&mut body, version == 3)?;
    take(&mut body, 2)?;
    if version < 2 || &array(&mut body)? != b"mime" {
        return Ok((id, false));
    }
    // The item's name, then its type.
    let content_type = body.split(|byte| *byte == 0).nth(1);
    Ok((id, content_type.is_some_and(|kind| kind.eq_ignore_ascii_case(CONTENT_TYPE))))
}

/// The `pitm` box's item (ISO/IEC 14496-12, 8.11.4).
fn primary(mut body: &[u8]) -> Result<u32, Malformed> {
    let version = version(&mut body)?;
    id(&mut body, version > 0)
}

/// The last number of a group of the `grpl` box, or 0: groups and items share their numbers (ISO/IEC 14496-12, 8.18.3).
fn groups(body: &[u8]) -> Result<u32, Malformed> {
    let mut last = 0;
    for part in split(body, Level::Inner)? {
        let mut body = part.body;
        version(&mut body)?;
        last = last.max(id(&mut body, true)?);
    }
    Ok(last)
}

fn one_more(count: usize) -> Result<u32, Malformed> {
    u32::try_from(count + 1).map_err(|_| Malformed::Unsupported("it has no number left for another item"))
}
