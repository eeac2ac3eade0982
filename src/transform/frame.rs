//! Where in an output a picture comes to lie: what of it is shown, at which size, in which frame.
//!
//! Pure arithmetic. Must not know of pixels.

use crate::transform::geometry::{Crop, Pad, Rectangle, Region, follow, is_same};
use crate::transform::part::part;
use crate::transform::settings::{Filter, Fit, Settings};

/// Where in an output a picture comes to lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    /// What is shown of the picture.
    pub(crate) region: Region,
    /// The size that this is scaled to.
    pub(crate) size: (u32, u32),
    /// The size of the frame, without the room around it.
    canvas: (u32, u32),
}

impl Frame {
    /// The frame of a picture of that size.
    pub(crate) fn of(picture: (u32, u32), settings: &Settings) -> Self {
        let snap = |size: (u32, u32), covers| match settings.filter {
            Filter::Nearest => whole_factor(picture, size, covers),
            _ => size,
        };
        let whole = |size, canvas| Self { region: Region::whole(picture), size, canvas };
        match (settings.inner_sides(), settings.fit) {
            ((Some(width), Some(height)), Fit::Cover) => {
                let size = (width, height);
                let scaled = if settings.filter == Filter::Nearest {
                    let (across, down) = snap(around(picture, size), true);
                    (f64::from(across), f64::from(down))
                } else {
                    exactly_around(picture, size)
                };
                Self { region: centred(picture, size, scaled, settings.crop), size, canvas: size }
            }
            ((Some(width), Some(height)), Fit::Contain) => {
                // A picture that is larger than its frame once its pixels are whole isn't contained by it.
                let size = snap(within(picture, (width, height)), false);
                whole((size.0.min(width), size.1.min(height)), (width, height))
            }
            ((Some(width), Some(height)), Fit::Inside) => {
                let size = snap(within(picture, (width, height)), false);
                whole(size, size)
            }
            ((Some(width), Some(height)), Fit::Fill) => whole((width, height), (width, height)),
            ((Some(width), None), _) => {
                let size = (width, follow(picture.1, width, picture.0));
                whole(size, size)
            }
            ((None, Some(height)), _) => {
                let size = (follow(picture.0, height, picture.1), height);
                whole(size, size)
            }
            ((None, None), _) => whole(picture, picture),
        }
    }

    /// Whether the picture has fewer pixels than it is shown with.
    pub(crate) fn enlarges(&self) -> bool {
        let is_larger = |to: u32, from: f64| f64::from(to) > from + 0.5;
        is_larger(self.size.0, self.region.width) || is_larger(self.size.1, self.region.height)
    }

    /// The output's size.
    pub(crate) fn outer(&self, pad: Pad) -> (u32, u32) {
        (self.canvas.0.saturating_add(pad.across()), self.canvas.1.saturating_add(pad.down()))
    }

    /// The room around the scaled picture.
    #[cfg(feature = "generate")]
    pub(crate) fn room(&self, pad: Pad) -> Pad {
        let (across, down) = (self.canvas.0.saturating_sub(self.size.0), self.canvas.1.saturating_sub(self.size.1));
        Pad {
            top: pad.top + down / 2,
            right: pad.right + (across - across / 2),
            bottom: pad.bottom + (down - down / 2),
            left: pad.left + across / 2,
        }
    }
}

/// What an output becomes, as far as its picture's size says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Its width and height in pixels.
    pub size: (u32, u32),
    /// Whether it shows more pixels than its picture has, so that it looks soft.
    pub is_enlarged: bool,
}

impl Settings {
    /// What the output of a picture of that size becomes; `None` where what can be seen of the picture counts, or where the
    /// settings don't fit it.
    pub fn outcome(&self, picture: (u32, u32)) -> Option<Outcome> {
        let Rectangle { width, height, .. } = part(picture, self).ok().filter(|_| !self.trim)?;
        let frame = Frame::of(if self.rotate.lays() { (height, width) } else { (width, height) }, self);
        Some(Outcome { size: frame.outer(self.pad), is_enlarged: frame.enlarges() })
    }

    /// What the output of a picture of any size becomes, if its own settings say so.
    pub fn outcome_of_any(&self) -> Option<Outcome> {
        let size = self.width.zip(self.height).filter(|_| self.fit != Fit::Inside)?;
        Some(Outcome { size, is_enlarged: false })
    }
}

/// The size of the picture's ratio around a box, in fractions of pixels.
fn exactly_around(picture: (u32, u32), size: (u32, u32)) -> (f64, f64) {
    let (from_width, from_height) = (f64::from(picture.0), f64::from(picture.1));
    let (to_width, to_height) = (f64::from(size.0), f64::from(size.1));
    if from_width * to_height > to_width * from_height {
        (from_width * to_height / from_height, to_height)
    } else {
        (to_width, from_height * to_width / from_width)
    }
}

/// What of a picture is seen in a box, once it is scaled: as near to the focus as its borders allow.
fn centred(picture: (u32, u32), size: (u32, u32), scaled: (f64, f64), crop: Option<Crop>) -> Region {
    let (x, y) = match crop {
        Some(Crop::Focus { x, y }) => (x, y),
        Some(Crop::Rectangle { .. }) | None => Crop::CENTRE,
    };
    let axis = |picture: u32, size: u32, scaled: f64, focus: u16| {
        let picture = f64::from(picture);
        let length = (f64::from(size) * picture / scaled).clamp(1.0_f64.min(picture), picture);
        let start = (picture * f64::from(focus) / 1000.0 - length / 2.0).clamp(0.0, picture - length);
        // Where nothing is scaled, half a pixel of offset would blur it: whole pixels are copied instead.
        if is_same(length, f64::from(size)) { (start.floor(), length) } else { (start, length) }
    };
    let (left, width) = axis(picture.0, size.0, scaled.0, x);
    let (top, height) = axis(picture.1, size.1, scaled.1, y);
    Region { left, top, width, height }
}

/// The largest size of the original's ratio within the box.
fn within(original: (u32, u32), (width, height): (u32, u32)) -> (u32, u32) {
    let width_decides = u64::from(width) * u64::from(original.1) <= u64::from(height) * u64::from(original.0);
    if width_decides {
        (width.max(1), follow(original.1, width, original.0))
    } else {
        (follow(original.0, height, original.1), height.max(1))
    }
}

/// The smallest size of the original's ratio around the box.
fn around(original: (u32, u32), (width, height): (u32, u32)) -> (u32, u32) {
    let width_decides = u64::from(width) * u64::from(original.1) >= u64::from(height) * u64::from(original.0);
    if width_decides {
        (width.max(1), follow(original.1, width, original.0).max(height))
    } else {
        (follow(original.0, height, original.1).max(width), height.max(1))
    }
}

/// A size near `scaled` at which each of the original's pixels has a whole number of pixels, or each pixel a whole number of
/// the original's: the next smaller one or, for what has to cover a box, the next larger one.
fn whole_factor(original: (u32, u32), scaled: (u32, u32), covers: bool) -> (u32, u32) {
    let (from, to) = if original.0 >= original.1 { (original.0, scaled.0) } else { (original.1, scaled.1) };
    let (from, to) = (from.max(1), to.max(1));
    let size = |side: u32| {
        if to >= from {
            let factor = if covers { to.div_ceil(from) } else { to / from };
            side.saturating_mul(factor)
        } else {
            let factor = if covers { from / to } else { from.div_ceil(to) };
            (side / factor).max(1)
        }
    };
    (size(original.0), size(original.1))
}

#[cfg(test)]
mod tests {
    use crate::transform::frame::{around, whole_factor, within};

    #[test]
    fn a_picture_lies_within_a_box_or_around_it() {
        for original in [(1, 1), (7, 3), (3, 7), (1000, 999), (16_384, 1), (1, 16_384), (640, 480)] {
            for target in [(1, 1), (10, 10), (33, 7), (7, 33), (4000, 3), (999, 1000)] {
                let (width, height) = within(original, target);
                assert!(width <= target.0 && height <= target.1, "{original:?} in {target:?}: {width}x{height}");
                assert!(width == target.0 || height == target.1, "{original:?} in {target:?}: {width}x{height}");
                assert!(width >= 1 && height >= 1);
                let (width, height) = around(original, target);
                assert!(width >= target.0 && height >= target.1, "{original:?} around {target:?}: {width}x{height}");
            }
        }
    }

    #[test]
    fn pixel_art_is_scaled_by_whole_factors() {
        for (original, scaled, covers, expected) in [
            ((16, 16), (64, 64), false, (64, 64)),
            ((33, 33), (128, 128), false, (99, 99)),
            ((33, 33), (128, 128), true, (132, 132)),
            ((1000, 500), (64, 32), false, (62, 31)),
            ((1000, 500), (64, 32), true, (66, 33)),
            ((1024, 1024), (64, 64), false, (64, 64)),
            ((5, 5), (1, 1), false, (1, 1)),
        ] {
            assert_eq!(whole_factor(original, scaled, covers), expected, "{original:?} {scaled:?} {covers}");
        }
    }
}
