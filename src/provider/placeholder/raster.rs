//! Filled outlines on a canvas of tones and ink, with anti-aliased edges.
//!
//! Points are rounded to 1/256 of a pixel once; from there all is whole numbers, so that sums don't depend on their order
//! and every machine gets the same pixels. It must not know what the outlines stand for.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "coordinates are clamped to the canvas, whose sides are at most 16,384"
)]

use crate::provider::placeholder::palette::FULL;

/// Parts of a pixel.
const ONE: i32 = 256;
/// Points further out are moved here, in pixels: four times the largest canvas, and no overflow in sight.
const FURTHEST: f32 = 65_536.0;
/// Flattened curves stay nearer than this to the true ones, in pixels.
const TOLERANCE: f32 = 0.03;

/// `under` to `over` in `full` steps.
pub(crate) fn blend(under: u8, over: u8, step: u8, full: u8) -> u8 {
    let (under, over, step, full) = (u32::from(under), u32::from(over), u32::from(step), u32::from(full));
    ((under * (full - step) + over * step + full / 2) / full) as u8
}

/// Closed outlines. Where they overlap in the same direction the result is filled once.
#[derive(Default)]
pub(crate) struct Path {
    lines: Vec<[(i32, i32); 2]>,
    start: (f32, f32),
    pen: (f32, f32),
}

impl Path {
    /// Closes the outline and begins another.
    pub(crate) fn move_to(&mut self, x: f32, y: f32) {
        self.close();
        self.start = (x, y);
        self.pen = self.start;
    }

    /// A straight line. Level ones enclose nothing and are left out.
    pub(crate) fn line_to(&mut self, x: f32, y: f32) {
        let line = [fixed(self.pen), fixed((x, y))];
        if line[0].1 != line[1].1 {
            self.lines.push(line);
        }
        self.pen = (x, y);
    }

    /// A quadratic curve, in as many lines as its bend needs.
    pub(crate) fn quad_to(&mut self, control: (f32, f32), end: (f32, f32)) {
        let start = self.pen;
        let (bend_x, bend_y) = (start.0 - 2.0 * control.0 + end.0, start.1 - 2.0 * control.1 + end.1);
        let bend = (bend_x * bend_x + bend_y * bend_y).sqrt();
        let pieces = (bend / (4.0 * TOLERANCE)).sqrt().ceil().clamp(1.0, 200.0);
        for piece in 1..=pieces as u16 {
            let along = f32::from(piece) / pieces;
            let (first, second, third) = ((1.0 - along) * (1.0 - along), 2.0 * along * (1.0 - along), along * along);
            let at = |from: f32, by: f32, to: f32| first * from + second * by + third * to;
            self.line_to(at(start.0, control.0, end.0), at(start.1, control.1, end.1));
        }
    }

    /// Back to where the outline began.
    pub(crate) fn close(&mut self) {
        self.line_to(self.start.0, self.start.1);
    }

    /// A closed outline through these points.
    pub(crate) fn polygon(&mut self, points: &[(f32, f32)]) {
        for (index, &(x, y)) in points.iter().enumerate() {
            if index == 0 { self.move_to(x, y) } else { self.line_to(x, y) }
        }
        self.close();
    }

    /// An upright rectangle from its upper left corner.
    pub(crate) fn rectangle(&mut self, x: f32, y: f32, width: f32, height: f32) {
        self.polygon(&[(x, y), (x + width, y), (x + width, y + height), (x, y + height)]);
    }

    /// A circle round a point.
    pub(crate) fn circle(&mut self, x: f32, y: f32, radius: f32) {
        self.move_to(x + radius, y);
        for quarter in 0..4 {
            self.quarter_arc(x, y, radius, quarter);
        }
        self.close();
    }

    /// A pie slice of a quarter: right and down, down and left, left and up, up and right.
    pub(crate) fn quarter(&mut self, x: f32, y: f32, radius: f32, quarter: u8) {
        let (right, down) = turned((1.0, 0.0), quarter);
        self.move_to(x, y);
        self.line_to(x + radius * right, y + radius * down);
        self.quarter_arc(x, y, radius, quarter);
        self.close();
    }

    /// Four curves of 22.5 degrees: on a circle of 16,384 pixels they are out by a third of a pixel, on most by none.
    fn quarter_arc(&mut self, x: f32, y: f32, radius: f32, quarter: u8) {
        /// Cosine and sine of the arcs' ends, and where the tangents of two neighbouring ends meet.
        const ENDS: [(f32, f32); 4] =
            [(0.923_879_5, 0.382_683_43), (0.707_106_77, 0.707_106_77), (0.382_683_43, 0.923_879_5), (0.0, 1.0)];
        const CONTROLS: [(f32, f32); 4] =
            [(1.0, 0.198_912_37), (0.847_759, 0.566_454_5), (0.566_454_5, 0.847_759), (0.198_912_37, 1.0)];
        for (control, end) in CONTROLS.into_iter().zip(ENDS) {
            let (control, end) = (turned(control, quarter), turned(end, quarter));
            let at = |(right, down): (f32, f32)| (x + radius * right, y + radius * down);
            self.quad_to(at(control), at(end));
        }
    }
}

/// Turned clockwise (down is positive) by quarters.
fn turned((x, y): (f32, f32), quarters: u8) -> (f32, f32) {
    match quarters % 4 {
        0 => (x, y),
        1 => (-y, x),
        2 => (-x, -y),
        _ => (y, -x),
    }
}

/// In parts of a pixel.
fn fixed((x, y): (f32, f32)) -> (i32, i32) {
    let round = |value: f32| (value.clamp(-FURTHEST, FURTHEST) * ONE as f32).round() as i32;
    (round(x), round(y))
}

/// What a fill leaves.
#[derive(Clone, Copy)]
pub(crate) enum Paint {
    /// The background's tone. For before there is any ink.
    Tone(u8),
    /// An amount of ink over whatever tone is there.
    Ink(u8),
}

/// The picture's rows, each with a filter byte in front as PNG wants it; a pixel is `ink << 4 | tone`.
pub(crate) struct Canvas {
    pub(crate) width: u32,
    pub(crate) height: u32,
    rows: Vec<u8>,
}

/// What outlines do within a pixel: how much they rise or fall, and how much of that lies left of where they do.
struct Cell {
    /// Row, then column + 1, so that cells sort in drawing order. Column 0 stands for all that is left of the canvas.
    place: u64,
    rise: i32,
    area: i32,
}

impl Canvas {
    /// All base tone, no ink.
    pub(crate) fn new(width: u32, height: u32) -> Canvas {
        Canvas { width, height, rows: vec![0; (width as usize + 1) * height as usize] }
    }

    /// The rows as a PNG encoder takes them.
    pub(crate) fn into_rows(self) -> Vec<u8> {
        self.rows
    }

    /// Fills what a path encloses; what lies outside the canvas is left out.
    pub(crate) fn fill(&mut self, path: &Path, paint: Paint) {
        let mut cells = Cells { width: self.width as i32, height: self.height as i32, list: Vec::new() };
        path.lines.iter().for_each(|&[from, to]| cells.line(from, to));
        cells.list.sort_unstable_by_key(|cell| cell.place);
        let row_length = self.width as usize + 1;
        for row in cells.list.chunk_by(|one, other| one.place >> 32 == other.place >> 32) {
            let from = (row[0].place >> 32) as usize * row_length;
            fill_row(&mut self.rows[from + 1..from + row_length], row, paint);
        }
    }
}

/// Goes along a row's cells and fills them and the spans between.
fn fill_row(row: &mut [u8], cells: &[Cell], paint: Paint) {
    let column = |cell: &Cell| (cell.place & 0xffff_ffff) as usize;
    let (mut rise, mut filled_to) = (0, 0);
    for here in cells.chunk_by(|one, other| one.place == other.place) {
        let column = column(&here[0]);
        if column > filled_to + 1 {
            paint_span(&mut row[filled_to..column - 1], coverage(rise * 2 * ONE), paint);
        }
        let area: i32 = here.iter().map(|cell| cell.area).sum();
        rise += here.iter().map(|cell| cell.rise).sum::<i32>();
        if column > 0 {
            paint_span(&mut row[column - 1..column], coverage(rise * 2 * ONE - area), paint);
        }
        filled_to = column;
    }
    paint_span(&mut row[filled_to..], coverage(rise * 2 * ONE), paint);
}

/// From twice the covered area, in squares of parts of a pixel, to 255 for a whole pixel.
fn coverage(doubled_area: i32) -> u8 {
    (doubled_area.unsigned_abs() >> 9).min(255) as u8
}

/// Paints neighbouring pixels that are covered alike.
fn paint_span(span: &mut [u8], coverage: u8, paint: Paint) {
    match (paint, coverage) {
        (_, 0) => {}
        (Paint::Tone(tone), 255) => span.fill(tone),
        (Paint::Tone(tone), _) => span.iter_mut().for_each(|pixel| *pixel = blend(*pixel, tone, coverage, 255)),
        (Paint::Ink(amount), _) => {
            let amount = blend(0, amount, coverage, 255) << 4;
            for pixel in span {
                *pixel = amount.max(*pixel & (FULL << 4)) | *pixel & FULL;
            }
        }
    }
}

/// The cells of a path on a canvas of a size, in no order.
struct Cells {
    width: i32,
    height: i32,
    list: Vec<Cell>,
}

impl Cells {
    /// Cuts a line at the edges of pixel rows.
    fn line(&mut self, from: (i32, i32), to: (i32, i32)) {
        let direction = if from.1 < to.1 { 1 } else { -1 };
        let (upper, lower) = if from.1 < to.1 { (from, to) } else { (to, from) };
        let (top, bottom) = (upper.1.max(0), lower.1.min(self.height * ONE));
        if top >= bottom {
            return;
        }
        let x_at = |y: i32| {
            let (run, fall) = (i64::from(lower.0 - upper.0), i64::from(lower.1 - upper.1));
            upper.0 + (run * i64::from(y - upper.1)).div_euclid(fall) as i32
        };
        let (mut y, mut x) = (top, x_at(top));
        while y < bottom {
            let next_y = ((y / ONE + 1) * ONE).min(bottom);
            let next_x = x_at(next_y);
            self.within_row(y / ONE, (x, next_x), (next_y - y) * direction);
            (y, x) = (next_y, next_x);
        }
    }

    /// Cuts what a line does in a row at the edges of pixels.
    fn within_row(&mut self, row: i32, (one, other): (i32, i32), rise: i32) {
        let (left, right) = (one.min(other), one.max(other));
        if right < 0 || left.div_euclid(ONE) == right.div_euclid(ONE) {
            return self.add(row, left, left.rem_euclid(ONE) + right.rem_euclid(ONE), rise);
        }
        let (mut x, mut risen) = (left, 0);
        while x < right && x < self.width * ONE {
            let next_x = ((x.div_euclid(ONE) + 1) * ONE).min(right);
            let part = (i64::from(rise) * i64::from(next_x - left) / i64::from(right - left)) as i32 - risen;
            let start = x.rem_euclid(ONE);
            self.add(row, x, 2 * start + next_x - x, part);
            risen += part;
            x = next_x;
        }
    }

    /// `offsets`: how far into its pixel the line enters and leaves, added up.
    fn add(&mut self, row: i32, x: i32, offsets: i32, rise: i32) {
        let column = x.div_euclid(ONE).max(-1);
        if column < self.width {
            let area = if column < 0 { 0 } else { rise * offsets };
            self.list.push(Cell { place: (row as u64) << 32 | (column + 1) as u64, rise, area });
        }
    }
}
