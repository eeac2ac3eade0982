//! Texts as glyphs of the embedded fonts: what a text is made of, where its lines break, and its outlines.
//!
//! It must not know where on the picture a line goes, nor which text it is.
//!
//! font.py says how the fonts were made from Inter; FONT-LICENSE is their licence.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "font units are far below 2^24, and sizes are clamped"
)]

use std::ops::Range;
use std::sync::LazyLock;

use ttf_parser::{Face, GlyphId, OutlineBuilder};

use crate::provider::placeholder::raster::Path;

/// Font units in one em, in both fonts.
const EM: f32 = 2816.0;
/// The height of a capital letter, and how far letters hang below the line, in ems.
pub(crate) const CAPITAL: f32 = 0.727;
pub(crate) const DESCENT: f32 = 0.21;
/// What is added between bold letters, in font units.
const BOLD_TRACKING: i32 = -36;
/// The box for a character that the font lacks, and how far apart two of them are, in font units.
const BOX_ADVANCE: u16 = 2048;
const BOX: [f32; 4] = [230.0, 0.0, 1588.0, 1900.0];
const BOX_LINE: f32 = 170.0;

static REGULAR: LazyLock<Face<'static>> = LazyLock::new(|| face(include_bytes!("regular.ttf")));
static BOLD: LazyLock<Face<'static>> = LazyLock::new(|| face(include_bytes!("bold.ttf")));

fn face(font: &'static [u8]) -> Face<'static> {
    Face::parse(font, 0).expect("the embedded fonts are whole")
}

/// Which of the embedded fonts.
#[derive(Clone, Copy)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

impl Weight {
    fn face(self) -> &'static Face<'static> {
        match self {
            Weight::Regular => &REGULAR,
            Weight::Bold => &BOLD,
        }
    }
}

/// Whether a line may end after a letter.
#[derive(Clone, Copy, PartialEq)]
enum Break {
    Never,
    /// After `-` and `_`: only when the word doesn't fit on a line.
    Hyphen,
    /// After `/`: the same, but rather here.
    Slash,
    /// The letter is a space, and vanishes at the end of a line.
    Space,
}

/// A character as it is set.
struct Letter {
    /// None for a character that the font lacks.
    glyph: Option<GlyphId>,
    /// Font units to the next letter, kerning included.
    advance: i32,
    after: Break,
}

/// A text in one weight, with its spaces evened out.
pub(crate) struct Text {
    weight: Weight,
    letters: Vec<Letter>,
}

/// A part of a text that goes on one line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) letters: Range<usize>,
    /// The text goes on after this line, and there is no room for it.
    pub(crate) ellipsis: bool,
}

/// A text in lines.
pub(crate) struct Wrapped {
    pub(crate) lines: Vec<Line>,
    /// Lines that end within a word: after `/`, after `-` or `_`, and where words don't break.
    pub(crate) slashes: usize,
    pub(crate) hyphens: usize,
    pub(crate) torn: usize,
    /// Some of the text is left out.
    pub(crate) cut: bool,
}

impl Text {
    /// A text's letters, without what can't be seen.
    pub(crate) fn new(weight: Weight, text: &str) -> Text {
        let mut letters: Vec<Letter> = Vec::with_capacity(text.len());
        for word in text.split_whitespace() {
            if letters.last().is_some_and(|last| last.after != Break::Space) {
                letters.push(letter(weight, ' '));
            }
            letters.extend(word.chars().filter(|&character| !is_invisible(character)).map(|it| letter(weight, it)));
        }
        if letters.last().is_some_and(|last| last.after == Break::Space) {
            letters.pop();
        }
        let mut text = Text { weight, letters };
        text.kern();
        text
    }

    /// Moves neighbours closer: some pairs by the font's own table, and bold ones a little, as suits large letters.
    fn kern(&mut self) {
        for index in 1..self.letters.len() {
            if let (Some(left), Some(right)) = (self.letters[index - 1].glyph, self.letters[index].glyph) {
                let tables = self.weight.face().tables().kern.iter().flat_map(|kern| kern.subtables);
                let kerning: i16 = tables.filter_map(|table| table.glyphs_kerning(left, right)).sum();
                let tracking = if matches!(self.weight, Weight::Bold) { BOLD_TRACKING } else { 0 };
                self.letters[index - 1].advance += i32::from(kerning) + tracking;
            }
        }
    }

    /// The whole text as one line.
    pub(crate) fn line(&self) -> Line {
        Line { letters: 0..self.letters.len(), ellipsis: false }
    }

    /// How long a line is at a size, in pixels.
    pub(crate) fn width(&self, line: &Line, size: f32) -> f32 {
        self.units(line) as f32 * size / EM
    }

    fn units(&self, line: &Line) -> i32 {
        let ellipsis = if line.ellipsis { letter(self.weight, '…').advance } else { 0 };
        self.letters[line.letters.clone()].iter().map(|letter| letter.advance).sum::<i32>() + ellipsis
    }

    /// Breaks the text into at most `most` lines of `width` pixels at a size.
    pub(crate) fn wrap(&self, width: f32, size: f32, most: usize) -> Wrapped {
        let room = (width / size * EM).clamp(0.0, 1e9) as i32;
        let mut wrapped = Wrapped { lines: Vec::new(), slashes: 0, hyphens: 0, torn: 0, cut: false };
        let mut start = 0;
        while start < self.letters.len() {
            if wrapped.lines.len() == most {
                wrapped.cut = true;
                wrapped.lines.last_mut().into_iter().for_each(|last| self.cut(last, room));
                break;
            }
            let end = self.line_end(start, room);
            match self.letters[end - 1] {
                _ if end == self.letters.len() => {}
                Letter { after: Break::Slash, .. } => wrapped.slashes += 1,
                Letter { after: Break::Hyphen, .. } => wrapped.hyphens += 1,
                Letter { after: Break::Never, glyph: Some(_), .. } => wrapped.torn += 1,
                // After a space; and scripts that the font lacks are mostly those that break anywhere.
                Letter { .. } => {}
            }
            let space = usize::from(self.letters[end - 1].after == Break::Space);
            wrapped.lines.push(Line { letters: start..end - space, ellipsis: false });
            start = end;
        }
        wrapped
    }

    /// Where the line that begins at `start` ends.
    fn line_end(&self, start: usize, room: i32) -> usize {
        let (mut units, mut space, mut slash, mut hyphen) = (0, None, None, None);
        for (index, letter) in self.letters.iter().enumerate().skip(start) {
            if letter.after != Break::Space && units + letter.advance > room {
                return space.or(slash).or(hyphen).unwrap_or(index.max(start + 1));
            }
            units += letter.advance;
            match letter.after {
                Break::Never => {}
                Break::Hyphen => hyphen = Some(index + 1),
                Break::Slash => slash = Some(index + 1),
                Break::Space => space = Some(index + 1),
            }
        }
        self.letters.len()
    }

    /// Shortens a line until an ellipsis fits behind it.
    fn cut(&self, line: &mut Line, room: i32) {
        line.ellipsis = true;
        let ends_badly = |line: &Line| {
            let last = self.letters[line.letters.clone()].last();
            last.is_some_and(|letter| letter.after == Break::Space) || self.units(line) > room
        };
        while line.letters.len() > 1 && ends_badly(line) {
            line.letters.end -= 1;
        }
    }

    /// Adds a line's outlines to a path: from `x` on, standing on `baseline`.
    pub(crate) fn outline(&self, line: &Line, (mut x, baseline): (f32, f32), size: f32, path: &mut Path) {
        let ellipsis = line.ellipsis.then(|| letter(self.weight, '…'));
        for letter in self.letters[line.letters.clone()].iter().chain(&ellipsis) {
            let mut pen = Pen { path, x, baseline, scale: size / EM };
            match letter.glyph {
                Some(glyph) => drop(self.weight.face().outline_glyph(glyph, &mut pen)),
                None => pen.empty_box(),
            }
            x += letter.advance as f32 * size / EM;
        }
    }
}

fn letter(weight: Weight, character: char) -> Letter {
    let glyph = weight.face().glyph_index(character);
    let advance = glyph.and_then(|glyph| weight.face().glyph_hor_advance(glyph)).unwrap_or(BOX_ADVANCE);
    let after = match character {
        ' ' => Break::Space,
        '/' => Break::Slash,
        '-' | '_' => Break::Hyphen,
        _ => Break::Never,
    };
    Letter { glyph, advance: i32::from(advance), after }
}

/// Characters that have no room of their own: controls, joiners, marks over the letter before, variation selectors.
fn is_invisible(character: char) -> bool {
    const MARKS: [(u32, u32); 17] = [
        (0x00ad, 0x00ad),
        (0x0300, 0x036f),
        (0x0483, 0x0489),
        (0x0591, 0x05bd),
        (0x0610, 0x061a),
        (0x064b, 0x065f),
        (0x0670, 0x0670),
        (0x1ab0, 0x1aff),
        (0x1dc0, 0x1dff),
        (0x200b, 0x200f),
        (0x202a, 0x202e),
        (0x2060, 0x206f),
        (0x20d0, 0x20ff),
        (0xfe00, 0xfe2f),
        (0xfeff, 0xfeff),
        (0x1_f3fb, 0x1_f3ff),
        (0xe_0000, 0xe_0fff),
    ];
    character.is_control() || MARKS.iter().any(|&(first, last)| (first..=last).contains(&u32::from(character)))
}

/// Turns a glyph's outline, in font units with y upwards, into a path on the picture.
struct Pen<'a> {
    path: &'a mut Path,
    x: f32,
    baseline: f32,
    scale: f32,
}

impl Pen<'_> {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, self.baseline - y * self.scale)
    }

    /// What is drawn for a character that the font lacks.
    fn empty_box(&mut self) {
        let [left, bottom, width, height] = BOX;
        let (right, top, line) = (left + width, bottom + height, BOX_LINE);
        let outer = [(left, bottom), (right, bottom), (right, top), (left, top)];
        // The other way round, so that it leaves a hole.
        let inner = [
            (left + line, bottom + line),
            (left + line, top - line),
            (right - line, top - line),
            (right - line, bottom + line),
        ];
        for corners in [outer, inner] {
            let corners = corners.map(|(x, y)| self.at(x, y));
            self.path.polygon(&corners);
        }
    }
}

impl OutlineBuilder for Pen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, control_x: f32, control_y: f32, x: f32, y: f32) {
        let (control, end) = (self.at(control_x, control_y), self.at(x, y));
        self.path.quad_to(control, end);
    }

    /// Only fonts with CFF outlines have these; the embedded ones don't.
    fn curve_to(&mut self, _: f32, _: f32, _: f32, _: f32, x: f32, y: f32) {
        self.line_to(x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}
