//! Places rectangles on few, small and full pages.
//!
//! This module knows sizes and limits, nothing else: not what a rectangle shows, how it was
//! trimmed or extruded, nor how a page is drawn or stored. Whoever calls it adds to the sizes
//! whatever else needs room.
//!
//! The method is a skyline with best fit. The skyline is the upper outline of what is placed;
//! its lowest gap is always the next to be filled, with the rectangle that fits it best. A gap
//! that takes none of the rectangles left can be given up for good, so no list of free areas is
//! needed. One such fill is cheap, so many are tried: several orders of the rectangles, and for
//! the last page several widths too. The number of tries follows from the number of rectangles
//! and never from a clock, and every tie goes to the earlier rectangle, so equal input gives
//! equal pages everywhere.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Range;

/// What every page has to keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Largest width of a page.
    pub(crate) max_width: u32,
    /// Largest height of a page.
    pub(crate) max_height: u32,
    /// Pixels kept free between neighbours; none are kept free along the edges of a page.
    pub(crate) padding: u32,
    /// Whether both sides of a page are powers of two, with the largest sides rounded down to one.
    pub(crate) power_of_two: bool,
}

/// One page and the rectangles on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// Width of the page.
    pub(crate) width: u32,
    /// Height of the page.
    pub(crate) height: u32,
    /// Index of each size placed here with the left and top of its place, in the order of indices.
    pub(crate) placed: Vec<(usize, u32, u32)>,
}

/// Places every size once, on as few and as small pages as the tries find.
///
/// No size may exceed the limits, rounded down first where powers of two are asked for.
pub(crate) fn pack(sizes: &[(u32, u32)], limits: &Limits) -> Vec<Page> {
    let (mut width, mut height) = (limits.max_width.max(1), limits.max_height.max(1));
    if limits.power_of_two {
        (width, height) = (1 << width.ilog2(), 1 << height.ilog2());
    }
    debug_assert!(sizes.iter().all(|&(w, h)| w <= width && h <= height), "a size exceeds the limits");
    // A size too large would never be placed: better a page too large than a loop without end.
    for &(w, h) in sizes {
        (width, height) = (width.max(w), height.max(h));
    }
    let bin = Bin {
        // The padding right of and below a rectangle may hang over the edge of the page.
        width: width.saturating_add(limits.padding),
        height: height.saturating_add(limits.padding),
        padding: limits.padding,
        power_of_two: limits.power_of_two,
    };

    let mut left: Vec<usize> = (0..sizes.len()).collect();
    left.sort_by_key(|&index| (Reverse(sizes[index]), index));
    let mut pages = Vec::new();
    while !left.is_empty() {
        let last = bin.smallest(&left, sizes);
        let page = last.unwrap_or_else(|| bin.fullest(&left, sizes));
        left.retain(|&index| !page.holds(index));
        pages.push(page);
    }
    pages
}

impl Page {
    fn area(&self) -> u64 {
        area(self.width, self.height)
    }

    fn holds(&self, index: usize) -> bool {
        self.placed.binary_search_by_key(&index, |place| place.0).is_ok()
    }
}

/// All rectangles of one size that wait for a place; the padding is part of the sides.
#[derive(Clone, PartialEq)]
struct Shape {
    width: u32,
    height: u32,
    /// Positions in the list of all that wait, where equal sizes stand together.
    positions: Range<usize>,
}

impl Shape {
    fn area(&self) -> u64 {
        area(self.width, self.height) * self.positions.len() as u64
    }
}

fn area(width: u32, height: u32) -> u64 {
    u64::from(width) * u64::from(height)
}

fn shapes(left: &[usize], sizes: &[(u32, u32)], padding: u32) -> Vec<Shape> {
    let mut start = 0;
    left.chunk_by(|&a, &b| sizes[a] == sizes[b])
        .map(|equal| {
            let (width, height) = sizes[equal[0]];
            let positions = start..start + equal.len();
            start = positions.end;
            // An empty size counts as a single pixel, so that it has a place of its own.
            Shape { width: width.max(1) + padding, height: height.max(1) + padding, positions }
        })
        .collect()
}

/// Orders in which a fill looks at the shapes: large first, by four meanings of large.
fn orders(shapes: &[Shape]) -> Vec<Vec<Shape>> {
    let keys: [fn(&Shape) -> u64; 4] = [
        |shape| shape.height.into(),
        |shape| area(shape.width, shape.height),
        |shape| shape.width.max(shape.height).into(),
        |shape| u64::from(shape.width) + u64::from(shape.height),
    ];
    let mut orders = Vec::from(keys.map(|key| {
        let mut order = shapes.to_vec();
        order.sort_by_key(|shape| (Reverse((key(shape), shape.height)), shape.positions.start));
        order
    }));
    orders.dedup();
    orders
}

/// Places in one bin; all sides include the padding.
struct Layout {
    width: u32,
    height: u32,
    /// Area of what is placed.
    used: u64,
    /// Position of each rectangle in the list of all that wait, with its left and top.
    placed: Vec<(usize, u32, u32)>,
}

/// The largest bin there may be; its sides include the padding.
struct Bin {
    width: u32,
    height: u32,
    padding: u32,
    power_of_two: bool,
}

impl Bin {
    /// Fills one page with as much as goes in.
    fn fullest(&self, left: &[usize], sizes: &[(u32, u32)]) -> Page {
        let full = orders(&shapes(left, sizes, self.padding))
            .iter()
            .filter_map(|shapes| fill(self.width, self.height, shapes, u64::MAX))
            .min_by_key(|layout| (Reverse(layout.used), area(layout.width, layout.height)))
            .expect("a fill that may waste everything never gives up");
        let sparse = full.used < area(full.width, full.height) / 16 * 15;
        let page = self.page(&full, left);
        // Where large ones leave much room and the small ones ran out, less may do.
        let held: Vec<usize> = left.iter().copied().filter(|&index| page.holds(index)).collect();
        let smaller = sparse.then(|| self.smallest(&held, sizes)).flatten();
        smaller.filter(|smaller| smaller.area() < page.area()).unwrap_or(page)
    }

    /// Looks for the smallest page that holds everything.
    fn smallest(&self, left: &[usize], sizes: &[(u32, u32)]) -> Option<Page> {
        let shapes = shapes(left, sizes, self.padding);
        let needed: u64 = shapes.iter().map(Shape::area).sum();
        if needed > area(self.width, self.height) {
            return None;
        }
        let layout = if self.power_of_two {
            self.smallest_power_of_two(&orders(&shapes), needed)
        } else {
            self.smallest_of_any_size(&orders(&shapes), needed)
        };
        Some(self.page(&layout?, left))
    }

    fn smallest_power_of_two(&self, orders: &[Vec<Shape>], needed: u64) -> Option<Layout> {
        let powers = |limit: u32| (0..=limit.ilog2()).map(|exponent| 1_u32 << exponent);
        let mut sides: Vec<(u32, u32)> = powers(self.width - self.padding)
            .flat_map(|w| powers(self.height - self.padding).map(move |h| (w, h)))
            .collect();
        sides.sort_by_key(|&(w, h)| (area(w, h), w.max(h), h));
        sides.iter().find_map(|&(w, h)| {
            let (width, height) = (w + self.padding, h + self.padding);
            let slack = area(width, height).checked_sub(needed)?;
            orders.iter().find_map(|shapes| fill(width, height, shapes, slack))
        })
    }

    fn smallest_of_any_size(&self, orders: &[Vec<Shape>], needed: u64) -> Option<Layout> {
        let mut best: Option<Layout> = None;
        for width in self.widths(&orders[0], needed) {
            for shapes in orders {
                // Only a smaller page is worth finding, and the lower bin ends a bad fill early. The
                // padding counts, or else long pages would win for having less of it inside.
                let height = best.as_ref().map_or(self.height, |best| {
                    let below = (area(best.width, best.height) - 1) / u64::from(width);
                    narrow(below).min(self.height)
                });
                let layout =
                    area(width, height).checked_sub(needed).and_then(|slack| fill(width, height, shapes, slack));
                best = layout.or(best);
            }
        }
        best
    }

    /// Turns a layout of the rectangles that were left into a page.
    fn page(&self, layout: &Layout, left: &[usize]) -> Page {
        let places = layout.placed.iter();
        let mut page = Page {
            width: layout.width - self.padding,
            height: layout.height - self.padding,
            placed: places.map(|&(position, x, y)| (left[position], x, y)).collect(),
        };
        page.placed.sort_unstable();
        if self.power_of_two {
            page.width = page.width.next_power_of_two();
            page.height = page.height.next_power_of_two();
        }
        page
    }

    /// Widths to try, the square page first and then outward, so that ties go to the squarer page.
    fn widths(&self, shapes: &[Shape], needed: u64) -> Vec<u32> {
        let widest = shapes.iter().map(|shape| shape.width).max().unwrap_or(1);
        let tallest = shapes.iter().map(|shape| shape.height).max().unwrap_or(1);
        let square = narrow(needed.isqrt());
        // At most four times as wide as high or the reverse, unless a single rectangle asks for it.
        let least = (square / 2)
            .min(narrow(needed / u64::from(tallest)))
            .max(narrow(needed.div_ceil(u64::from(self.height))))
            .max(widest);
        let most = square.saturating_mul(2).min(self.width).max(least);

        // The more there is to place, the longer a fill takes and the less another width gains.
        let count: usize = shapes.iter().map(|shape| shape.positions.len()).sum();
        let tries = (1_000 / (shapes.len() + count / 50).max(1)).clamp(8, 128) as u64;
        let rows = longest_rows(shapes, most);
        let whole_row: u64 = shapes.iter().map(|shape| u64::from(shape.width) * shape.positions.len() as u64).sum();
        let mut widths: Vec<u32> = (0..=tries)
            .map(|n| least + narrow(u64::from(most - least) * n / tries))
            .chain([square.clamp(least, most)])
            .map(|width| rows[width as usize])
            // Rows of the widest alone waste least where few wide ones stand among many small ones.
            .chain((widest..=most).step_by(widest as usize).take(4))
            // A strip wins where everything is of one height.
            .chain([narrow(whole_row).min(self.width)])
            .collect();
        widths.sort_by_key(|&width| (width.abs_diff(square), width));
        widths.dedup();
        widths
    }
}

/// The longest row of whole shapes for every width up to the limit.
///
/// A page of any other width would end in a strip that nothing can reach.
fn longest_rows(shapes: &[Shape], limit: u32) -> Vec<u32> {
    let mut rows = vec![0; limit as usize + 1];
    let widths: BTreeSet<u32> = shapes.iter().map(|shape| shape.width).collect();
    for width in widths {
        for end in width as usize..rows.len() {
            rows[end] = rows[end].max(rows[end - width as usize] + width);
        }
    }
    rows
}

/// Takes a length back to 32 bits, or the largest that there is.
fn narrow(length: u64) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// A level stretch of the skyline.
#[derive(Clone, Copy)]
struct Segment {
    x: u32,
    y: u32,
    width: u32,
}

/// Fills one bin, or gives up once more than `slack` of its area is wasted.
///
/// With the area of the bin less that of the shapes as slack, a result holds them all.
fn fill(width: u32, height: u32, shapes: &[Shape], mut slack: u64) -> Option<Layout> {
    let mut sides: Vec<_> = shapes.iter().map(|s| (s.width, s.height)).collect();
    let mut stock: Vec<_> = shapes.iter().map(|s| s.positions.clone()).collect();
    let mut skyline = vec![Segment { x: 0, y: 0, width }];
    let mut layout = Layout { width: 0, height: 0, used: 0, placed: Vec::with_capacity(shapes.len()) };
    while !sides.is_empty() {
        let lowest = (0..skyline.len()).min_by_key(|&at| skyline[at].y)?;
        let gap = skyline[lowest];
        // Walls beside the gap, as heights above it; the edges of the bin reach to its top.
        let room = height - gap.y;
        let before = lowest.checked_sub(1).map(|at| skyline[at].y - gap.y);
        let after = skyline.get(lowest + 1).map(|next| next.y - gap.y);
        let (left, right) = (before.unwrap_or(room), after.unwrap_or(room));

        let Some(choice) = best_fit(&sides, gap.width, [left, right, room]) else {
            let wasted = left.min(right);
            slack = slack.checked_sub(area(gap.width, wasted))?;
            if skyline.len() == 1 {
                break;
            }
            skyline[lowest].y += wasted;
            join(&mut skyline, lowest);
            continue;
        };
        let (w, h) = sides[choice];
        let position = stock[choice].next()?;
        if stock[choice].is_empty() {
            sides.remove(choice);
            stock.remove(choice);
        }

        // Beside the wall of its own height, else the higher one, where it leaves fewer corners.
        let at_right = h != left && (h == right || right > left);
        let x = if at_right { gap.x + gap.width - w } else { gap.x };
        layout.placed.push((position, x, gap.y));
        layout.width = layout.width.max(x + w);
        layout.height = layout.height.max(gap.y + h);
        layout.used += area(w, h);

        let above = Segment { x, y: gap.y + h, width: w };
        let at = lowest + usize::from(at_right && w < gap.width);
        skyline[lowest].width -= w;
        if w == gap.width {
            skyline[lowest] = above;
        } else {
            skyline[lowest].x += if at_right { 0 } else { w };
            skyline.insert(at, above);
        }
        join(&mut skyline, at);
    }
    Some(layout)
}

/// Finds the first shape that fits the gap best, if any fits at all.
///
/// Filling the whole width counts most, since it leaves no narrower gap behind; ending level
/// with a wall or the top comes next, since it makes the skyline smoother.
fn best_fit(sides: &[(u32, u32)], width: u32, levels: [u32; 3]) -> Option<usize> {
    let [left, right, room] = levels;
    // Ranks without branches above the number of the shape: this loop takes nearly all the time.
    let (rank, choice) = (0..)
        .zip(sides)
        .map(|(number, &(w, h))| {
            let misfit = u32::from(w > width) | u32::from(h > room);
            let step = u32::from(h != left) & u32::from(h != right) & u32::from(h != room);
            let rank = misfit << 2 | u32::from(w != width) << 1 | step;
            rank << 29 | number
        })
        .min()
        .map(|key: u32| (key >> 29, key & (u32::MAX >> 3)))?;
    (rank < 4).then_some(choice as usize)
}

/// Joins a segment with neighbours of the same height.
fn join(skyline: &mut Vec<Segment>, at: usize) {
    if skyline.get(at + 1).is_some_and(|next| next.y == skyline[at].y) {
        skyline[at].width += skyline.remove(at + 1).width;
    }
    if at > 0 && skyline[at - 1].y == skyline[at].y {
        skyline[at - 1].width += skyline.remove(at).width;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use binpack2d::Dimension;
    use binpack2d::maxrects::{Heuristic, MaxRectsBin};
    use proptest::prelude::*;

    fn limits(side: u32, padding: u32, power_of_two: bool) -> Limits {
        Limits { max_width: side, max_height: side, padding, power_of_two }
    }

    fn pages_area(pages: &[Page]) -> u64 {
        pages.iter().map(|page| area(page.width, page.height)).sum()
    }

    /// Says what is wrong with the pages, if anything is.
    fn check(sizes: &[(u32, u32)], limits: &Limits, pages: &[Page]) -> Result<(), String> {
        let mut seen = vec![false; sizes.len()];
        for page in pages {
            if page.placed.is_empty() {
                return Err("a page is empty".into());
            }
            if page.width > limits.max_width || page.height > limits.max_height {
                return Err(format!("{}x{} exceeds the limits", page.width, page.height));
            }
            let powers = page.width.is_power_of_two() && page.height.is_power_of_two();
            if limits.power_of_two && !powers {
                return Err(format!("{}x{} are no powers of two", page.width, page.height));
            }
            for (n, &(index, x, y)) in page.placed.iter().enumerate() {
                let (w, h) = sizes[index];
                if std::mem::replace(&mut seen[index], true) {
                    return Err(format!("{index} is placed twice"));
                }
                if x + w > page.width || y + h > page.height {
                    return Err(format!("{index} leaves the page"));
                }
                for &(other, left, top) in &page.placed[..n] {
                    let (width, height) = sizes[other];
                    let gap = limits.padding;
                    let apart =
                        x + w + gap <= left || left + width + gap <= x || y + h + gap <= top || top + height + gap <= y;
                    if !apart {
                        return Err(format!("{other} and {index} are too close"));
                    }
                }
            }
        }
        match seen.iter().position(|&seen| !seen) {
            Some(index) => Err(format!("{index} is not placed")),
            None => Ok(()),
        }
    }

    /// Sizes drawn from ranges of sides by a fixed linear congruential generator.
    fn random(seed: u32, count: usize, width: [u32; 2], height: [u32; 2]) -> Vec<(u32, u32)> {
        let mut state = seed;
        let mut draw = |[low, high]: [u32; 2]| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            low + (state >> 8) % (high - low + 1)
        };
        (0..count).map(|_| (draw(width), draw(height))).collect()
    }

    #[test]
    fn small_sets_get_the_smallest_page() {
        type Case<'a> = (&'a str, &'a [(u32, u32)], u32, bool, &'a [(u32, u32)]);
        let cases: &[Case] = &[
            ("nothing", &[], 2, false, &[]),
            ("one", &[(30, 20)], 2, false, &[(30, 20)]),
            ("one, rounded up", &[(30, 20)], 2, true, &[(32, 32)]),
            ("one that fills the page", &[(256, 256)], 2, true, &[(256, 256)]),
            ("four in a square", &[(10, 10); 4], 0, false, &[(20, 20)]),
            ("padding between, not around", &[(10, 10); 4], 2, false, &[(22, 22)]),
            ("padding over the edge", &[(127, 127); 4], 2, true, &[(256, 256)]),
            ("a banner and its pieces", &[(90, 10), (30, 20), (60, 20)], 0, false, &[(90, 30)]),
            ("a tower and its pieces", &[(10, 90), (20, 30), (20, 60)], 0, false, &[(30, 90)]),
            ("one page each", &[(200, 200); 3], 2, false, &[(200, 200); 3]),
            ("empty sizes", &[(0, 0), (0, 5)], 0, false, &[(1, 6)]),
        ];
        for &(name, sizes, padding, power_of_two, expected) in cases {
            let pages = pack(sizes, &limits(256, padding, power_of_two));
            let sides: Vec<_> = pages.iter().map(|page| (page.width, page.height)).collect();
            assert_eq!(sides, expected, "{name}");
        }
    }

    #[test]
    fn limits_that_are_no_powers_of_two_are_rounded_down() {
        let pages = pack(&[(100, 100); 5], &limits(300, 0, true));
        let sides: Vec<_> = pages.iter().map(|page| (page.width, page.height)).collect();
        assert_eq!(sides, [(256, 256), (128, 128)]);
    }

    #[test]
    fn equal_sizes_are_placed_in_the_order_of_indices() {
        let pages = pack(&[(10, 10); 3], &limits(10, 0, false));
        let placed: Vec<_> = pages.into_iter().flat_map(|page| page.placed).collect();
        assert_eq!(placed, [(0, 0, 0), (1, 0, 0), (2, 0, 0)]);
    }

    #[test]
    fn many_equal_sizes_take_their_area_and_little_more() {
        for count in [7, 97, 100, 500] {
            let page = area(64, 64) * count as u64;
            let pages = pack(&vec![(64, 64); count], &limits(2048, 0, false));
            let wasted = pages_area(&pages) - page;
            assert!(wasted <= page / 7, "{count} take {wasted} too much");
        }
    }

    #[test]
    fn few_large_and_many_small_share_pages() {
        let mut sizes = vec![(512, 512); 10];
        sizes.extend(random(5, 500, [8, 64], [8, 64]));
        let pages = pack(&sizes, &limits(2048, 2, false));
        assert_eq!(pages.len(), 2);
        assert_eq!(check(&sizes, &limits(2048, 2, false), &pages), Ok(()));
    }

    /// Area of the pages with maximal rectangles by the bottom left rule, as binpack2d has them.
    ///
    /// Each page takes what fits, by height or by area, and shrinks to what it holds.
    fn maximal_rectangles(sizes: &[(u32, u32)], side: u32, padding: u32) -> u64 {
        let signed = |length: u32| i32::try_from(length).expect("test lengths are short");
        let unsigned = |length: i32| u32::try_from(length).expect("lengths are positive");
        let total = |key: fn(&(u32, u32)) -> u32| {
            let mut left = sizes.to_vec();
            left.sort_by_key(|size| Reverse(key(size)));
            let mut total = 0;
            while !left.is_empty() {
                let mut bin = MaxRectsBin::new(signed(side + padding), signed(side + padding));
                let (mut right, mut bottom) = (0, 0);
                left.retain(|&(w, h)| {
                    let cell = Dimension::with_id(0, signed(w + padding), signed(h + padding), 0);
                    let place = bin.insert(&cell, Heuristic::BottomLeftRule);
                    if let Some(place) = &place {
                        right = right.max(unsigned(place.x() + place.width()));
                        bottom = bottom.max(unsigned(place.y() + place.height()));
                    }
                    place.is_none()
                });
                total += area(right - padding, bottom - padding);
            }
            total
        };
        total(|size| size.1).min(total(|size| size.0 * size.1))
    }

    #[test]
    fn pages_are_at_least_as_dense_as_with_maximal_rectangles() {
        for seed in 1..=2 {
            let mut heavy = random(seed, 495, [8, 64], [8, 64]);
            heavy.extend([(512, 512); 5]);
            for (name, sizes) in [
                ("few", random(seed, 30, [16, 128], [16, 128])),
                ("mixed", random(seed, 400, [16, 128], [16, 128])),
                ("characters", random(seed, 400, [30, 90], [60, 140])),
                ("equal", vec![(64, 64); 150 * seed as usize]),
                ("few large, many small", heavy),
            ] {
                let ours = pages_area(&pack(&sizes, &limits(1024, 2, false)));
                let theirs = maximal_rectangles(&sizes, 1024, 2);
                assert!(ours <= theirs, "{name}, seed {seed}: {ours} > {theirs}");
            }
        }
    }

    proptest! {
        #[test]
        fn every_rectangle_has_a_place_of_its_own(
            sizes in prop::collection::vec((1_u32..=100, 1_u32..=100), 0..80),
            max_width in 100_u32..400,
            max_height in 100_u32..400,
            padding in 0_u32..5,
            power_of_two: bool,
        ) {
            // Room for the largest size stays when the limits are rounded down to a power of two.
            let least = if power_of_two { 128 } else { 100 };
            let limits = Limits {
                max_width: max_width.max(least),
                max_height: max_height.max(least),
                padding,
                power_of_two,
            };
            let pages = pack(&sizes, &limits);
            prop_assert_eq!(check(&sizes, &limits, &pages), Ok(()));
            prop_assert_eq!(pack(&sizes, &limits), pages);
        }
    }
}
