use super::*;

const CONTENT: &[u8] = b"application/rdf+xml\0";

/// How a test file spells its items.
#[derive(Clone, Copy)]
struct Spelling {
    iloc: u8,
    infe: u8,
    /// iinf, iref and pitm with 32 bits.
    is_wide: bool,
    /// In iloc: the offset's bytes, and whether all of an offset is in the base.
    width: u8,
    is_based: bool,
    /// The data before the items, and with an open or a long length.
    is_data_first: bool,
    header: Header,
}

#[derive(Clone, Copy, PartialEq)]
enum Header {
    Short,
    Long,
    Open,
}

const PLAIN: Spelling = Spelling {
    iloc: 0,
    infe: 2,
    is_wide: false,
    width: 4,
    is_based: false,
    is_data_first: false,
    header: Header::Short,
};

/// An item of a test file: its id, kind and content type, and where in the data it lies.
type Item<'a> = (u32, &'a [u8; 4], &'a [u8], Range<usize>);

const PICTURE: Item<'static> = (1, b"av01", b"", 0..5);
const ALPHA: Item<'static> = (2, b"av01", b"", 5..8);
const DATA: &[u8] = b"PIXELalp<old/>more";

fn boxed(kind: &[u8], body: &[&[u8]]) -> Vec<u8> {
    wrap(kind.try_into().unwrap(), &body.concat()).unwrap()
}

fn number(value: usize, width: u8) -> Vec<u8> {
    (value as u64).to_be_bytes()[usize::from(8 - width)..].to_vec()
}

fn ftyp() -> Vec<u8> {
    boxed(b"ftyp", &[b"avif\0\0\0\0mif1miaf"])
}

fn meta_of(items: &[Item<'_>], references: &[u8], start: usize, spelling: Spelling) -> Vec<u8> {
    let Spelling { iloc, infe, is_wide, width, is_based, .. } = spelling;
    let version = [u8::from(is_wide), 0, 0, 0];
    let wide = if is_wide { 4 } else { 2 };
    let primary = boxed(b"pitm", &[&version, &number(1, wide)]);
    let mut entries = Vec::new();
    let mut places = Vec::new();
    for (id, kind, content, at) in items {
        let id = *id as usize;
        let name: &[u8] = if *kind == b"mime" { b"a name\0" } else { b"\0" };
        let id_width = if infe == 3 { 4 } else { 2 };
        entries.extend(boxed(b"infe", &[&[infe, 0, 0, 0], &number(id, id_width), &[0, 0], *kind, name, content]));
        places.extend(number(id, if iloc == 2 { 4 } else { 2 }));
        places.extend_from_slice(if iloc > 0 { &[0; 4] } else { &[0; 2] });
        let (base, offset) = if is_based { (start + at.start, 0) } else { (3, start + at.start - 3) };
        places.extend(number(base, width));
        places.extend([0, 1]);
        places.extend(number(offset, if is_based { 0 } else { width }));
        places.extend(number(at.len(), 4));
    }
    let widths = [if is_based { 4 } else { width << 4 | 4 }, width << 4];
    let iinf = boxed(b"iinf", &[&version, &number(items.len(), wide), &entries]);
    let count = number(items.len(), if iloc == 2 { 4 } else { 2 });
    let iloc = boxed(b"iloc", &[&[iloc, 0, 0, 0], &widths, &count, &places]);
    let iref = if references.is_empty() { Vec::new() } else { boxed(b"iref", &[&version, references]) };
    let hdlr = boxed(b"hdlr", &[b"\0\0\0\0\0\0\0\0pict"]);
    boxed(b"meta", &[&[0; 4], &hdlr, &primary, &iloc, &iinf, &iref, &boxed(b"iprp", &[b"properties"])])
}

fn file(items: &[Item<'_>], references: &[u8], spelling: Spelling) -> Vec<u8> {
    let length = number(DATA.len() + 16, 8);
    let mdat = match spelling.header {
        Header::Short => boxed(b"mdat", &[DATA]),
        Header::Long => [&[0, 0, 0, 1], &b"mdat"[..], &length, DATA].concat(),
        Header::Open => [&[0, 0, 0, 0], &b"mdat"[..], DATA].concat(),
    };
    let header = mdat.len() - DATA.len();
    let length = meta_of(items, references, 100, spelling).len();
    if spelling.is_data_first {
        let meta = meta_of(items, references, ftyp().len() + header, spelling);
        [ftyp(), mdat, meta].concat()
    } else {
        let meta = meta_of(items, references, ftyp().len() + length + header, spelling);
        [ftyp(), meta, mdat].concat()
    }
}

/// What the items of a marked file hold, by their ids, read as this module writes them.
fn data(marked: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let parts = split(marked, Level::File).unwrap();
    let children = split(&meta(&parts).unwrap()[4..], Level::Inner).unwrap();
    let iloc = children.iter().find(|part| &part.kind == b"iloc").unwrap().body;
    let (version, mut rest) = (iloc[0], &iloc[6..]);
    assert_eq!(&iloc[4..6], [0x44, 0]);
    let count = boxes::id(&mut rest, version == 2).unwrap();
    let items = (0..count).map(|_| {
        let id = boxes::id(&mut rest, version == 2).unwrap();
        rest = &rest[if version > 0 { 4 } else { 2 }..];
        let [1, offset, length] =
            [2, 4, 4].map(|width| usize::try_from(boxes::number(&mut rest, width).unwrap()).unwrap())
        else {
            panic!("each item is in one piece")
        };
        (id, marked[offset..offset + length].to_vec())
    });
    items.collect()
}

fn reference(kind: &[u8], from: u32, to: u32, is_wide: bool) -> Vec<u8> {
    let width = if is_wide { 4 } else { 2 };
    boxed(kind, &[&number(from as usize, width), &[0, 1], &number(to as usize, width)])
}

#[test]
fn the_packet_is_an_item_and_every_other_one_keeps_its_data() {
    let plain = [Header::Short, Header::Long, Header::Open].map(|header| Spelling { header, ..PLAIN });
    let mut spellings = plain.to_vec();
    for iloc in 0..=2 {
        for infe in 2..=3 {
            for width in [4, 8] {
                for is_based in [false, true] {
                    for is_wide in [false, true] {
                        for header in [Header::Short, Header::Long] {
                            let is_data_first = is_wide != is_based;
                            spellings.push(Spelling { iloc, infe, is_wide, width, is_based, is_data_first, header });
                        }
                    }
                }
            }
        }
    }
    for spelling in spellings {
        let references = reference(b"auxl", 2, 1, spelling.is_wide);
        let before = file(&[PICTURE, ALPHA], &references, spelling);
        let marked = embed(&before, "<new/>").unwrap();
        let pieces: [(u32, &[u8]); 3] = [(1, b"PIXEL"), (2, b"alp"), (3, b"<new/>")];
        assert_eq!(data(&marked), pieces.map(|(id, data)| (id, data.to_vec())));
        let described = [references, reference(b"cdsc", 3, 1, spelling.is_wide)].concat();
        assert!(marked.windows(described.len()).any(|window| window == described));
        assert!(marked.ends_with(&boxed(b"mdat", &[b"<new/>"])));
        assert_eq!(embed(&marked, "<new/>").unwrap(), marked);
    }
}

#[test]
fn a_file_without_references_gets_a_box_of_them() {
    let marked = embed(&file(&[PICTURE], &[], PLAIN), "<new/>").unwrap();
    let iref = boxed(b"iref", &[&[0; 4], &reference(b"cdsc", 2, 1, false)]);
    assert!(marked.windows(iref.len()).any(|window| window == iref));
    assert_eq!(embed(&marked, "<new/>").unwrap(), marked);
}

#[test]
fn an_earlier_packet_goes_with_its_data() {
    let references = [reference(b"auxl", 2, 1, false), reference(b"cdsc", 7, 1, false)].concat();
    let old = (7, b"mime", CONTENT, 8..14);
    let other = (5, b"mime", &b"text/plain\0"[..], 14..18);
    let marked = embed(&file(&[PICTURE, old, ALPHA, other], &references, PLAIN), "<new/>").unwrap();
    let pieces: [(u32, &[u8]); 4] = [(1, b"PIXEL"), (2, b"alp"), (5, b"more"), (6, b"<new/>")];
    assert_eq!(data(&marked), pieces.map(|(id, data)| (id, data.to_vec())));
    assert!(!marked.windows(6).any(|window| window == b"<old/>"));
    assert_eq!(embed(&marked, "<new/>").unwrap(), marked);
    // And a packet of another length leaves nothing of this one.
    let again = embed(&marked, "<newer/>").unwrap();
    assert_eq!(again.len(), marked.len() + 2);
    assert_eq!(embed(&again, "<new/>").unwrap(), marked);
}

#[test]
fn the_packet_is_not_taken_for_an_item_that_is_not_there() {
    let marked = embed(&file(&[PICTURE], &reference(b"auxl", 2, 1, false), PLAIN), "<new/>").unwrap();
    assert_eq!(data(&marked), [(1, b"PIXEL".to_vec()), (3, b"<new/>".to_vec())]);
}

#[test]
fn data_that_another_item_has_a_part_in_stays() {
    let marked = embed(&file(&[PICTURE, (7, b"mime", CONTENT, 3..7)], &[], PLAIN), "<new/>").unwrap();
    assert_eq!(data(&marked), [(1, b"PIXEL".to_vec()), (2, b"<new/>".to_vec())]);
    assert!(marked.windows(DATA.len()).any(|window| window == DATA));
}

#[test]
fn manifests_and_packets_in_boxes_of_their_own_go() {
    let [manifest, packet] = STALE.map(|kind| boxed(b"uuid", &[&kind, b"..."]));
    let other = boxed(b"uuid", &[&[7; 16], b"..."]);
    // The manifest stands before the data, as C2PA wants it, so that the data moves by its length too.
    let length = meta_of(&[PICTURE], &[], 100, PLAIN).len();
    let meta = meta_of(&[PICTURE], &[], ftyp().len() + manifest.len() + length + HEADER, PLAIN);
    let before = [ftyp(), manifest, meta, boxed(b"mdat", &[DATA]), other.clone(), packet].concat();
    let marked = embed(&before, "<new/>").unwrap();
    assert_eq!(data(&marked), [(1, b"PIXEL".to_vec()), (2, b"<new/>".to_vec())]);
    assert!(marked.ends_with(&[other, boxed(b"mdat", &[b"<new/>"])].concat()));
    assert!(!marked.windows(16).any(|window| STALE.iter().any(|kind| window == kind)));
}

#[test]
fn data_in_the_meta_box_keeps_its_place_there() {
    let entry = |id: u8, kind: &[u8; 4]| boxed(b"infe", &[&[2, 0, 0, 0, 0, id, 0, 0], kind, b"\0"]);
    let iinf = boxed(b"iinf", &[&[0, 0, 0, 0, 0, 2], &entry(1, b"grid"), &entry(9, b"av01")]);
    // Item 1 at 2 in idat by method 1; item 9 in item 1 by method 2, with an index.
    let places =
        b"\0\x01\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\x09\0\x02\0\0\0\x01\0\0\0\x05\0\0\0\0\0\0\0\0";
    let iloc = boxed(b"iloc", &[&[1, 0, 0, 0, 0x44, 0x04, 0, 2], places]);
    let groups = boxed(b"grpl", &[&boxed(b"altr", &[&[0; 4], &[0, 0, 0, 12], &[0; 4]])]);
    let children = [boxed(b"pitm", &[&[0, 0, 0, 0, 0, 1]]), iinf, iloc, groups, boxed(b"idat", &[b"..grid"])];
    let before = [ftyp(), boxed(b"meta", &[&[0; 4], &children.concat()])].concat();
    let marked = embed(&before, "<new/>").unwrap();
    assert!(marked.windows(places.len()).any(|window| window == places));
    assert!(marked.windows(6).any(|window| window == b"\0\x0D\0\0mi"), "the group has 12, so that the item has 13");
    assert_eq!(embed(&marked, "<new/>").unwrap(), marked);
}

#[test]
fn what_is_no_picture_is_refused() {
    let refused = |bytes: &[u8], why| assert_eq!(embed(bytes, "<new/>"), Err(Malformed::Invalid(why)));
    refused(b"", "it doesn't start as an AVIF");
    refused(&boxed(b"ftyp", &[b"heic\0\0\0\0mif1"]), "it doesn't start as an AVIF");
    refused(&ftyp(), "it doesn't have just one meta box");
    refused(&[ftyp(), boxed(b"meta", &[&[0; 4]])].concat(), "its meta box lacks a box that every picture has");
    refused(&file(&[ALPHA], &[], PLAIN), "its primary item isn't there");
    refused(&file(&[PICTURE, PICTURE], &[], PLAIN), "two items have one number");
    refused(&file(&[(1, b"av01", b"", 0..19)], &[], PLAIN), "an item's data lies outside of the file");
    assert_eq!(
        embed(&file(&[(1, b"av01", b"", 0..0)], &[], PLAIN), "<new/>"),
        Err(Malformed::Unsupported("an item's data has no length"))
    );
    assert_eq!(
        embed(&file(&[PICTURE, (65_535, b"av01", b"", 5..8)], &[], PLAIN), "<new/>"),
        Err(Malformed::Unsupported("it has no number left for another item"))
    );
    assert_eq!(
        embed(&[file(&[PICTURE], &[], PLAIN), boxed(b"moov", &[])].concat(), "<new/>"),
        Err(Malformed::Unsupported("it is a sequence of pictures"))
    );
    let whole = file(&[PICTURE], &[], PLAIN);
    for length in 0..whole.len() {
        assert!(embed(&whole[..length], "<new/>").is_err(), "{length}");
    }
}
