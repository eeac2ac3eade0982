//! Which part of a picture an output shows, how it is turned, and how much room there is around it: the arithmetic of
//! sizes, in pixels.
//!
//! Pure values. Must not know of pixels.

/// Which part of an original is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crop {
    /// What lies around this point as far as it fits, in thousandths of the width and the height: for outputs of another
    /// shape than the original's.
    Focus {
        /// From the left.
        x: u16,
        /// From the top.
        y: u16,
    },
    /// A rectangle, in the original's pixels.
    Rectangle {
        /// From the left.
        x: u32,
        /// From the top.
        y: u32,
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
}

impl Crop {
    /// The same part of a picture that is so many times as large.
    #[cfg(feature = "generate")]
    pub(crate) const fn scaled(self, factor: u32) -> Self {
        match self {
            Self::Rectangle { x, y, width, height } => {
                Self::Rectangle { x: x * factor, y: y * factor, width: width * factor, height: height * factor }
            }
            Self::Focus { .. } => self,
        }
    }

    /// The point that is in the middle of all.
    pub const CENTRE: (u16, u16) = (500, 500);

    /// The focus of this name.
    pub fn named(name: &str) -> Option<Self> {
        let (x, y) = match name {
            "center" => (500, 500),
            "top" => (500, 0),
            "bottom" => (500, 1000),
            "left" => (0, 500),
            "right" => (1000, 500),
            "top-left" => (0, 0),
            "top-right" => (1000, 0),
            "bottom-left" => (0, 1000),
            "bottom-right" => (1000, 1000),
            _ => return None,
        };
        Some(Self::Focus { x, y })
    }
}

/// One cell of a sheet of cells of one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Cells in a row of the sheet.
    pub columns: u32,
    /// Cells in a column of the sheet.
    pub rows: u32,
    /// Which one, from the left, from 0.
    pub column: u32,
    /// Which one, from the top, from 0.
    pub row: u32,
}

/// A turn, clockwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Turn {
    /// None.
    #[default]
    None,
    /// By 90 degrees.
    Quarter,
    /// By 180 degrees.
    Half,
    /// By 270 degrees.
    ThreeQuarters,
}

impl Turn {
    /// The turn by so many degrees.
    pub const fn by(degrees: i64) -> Option<Self> {
        match degrees {
            0 => Some(Self::None),
            90 => Some(Self::Quarter),
            180 => Some(Self::Half),
            270 => Some(Self::ThreeQuarters),
            _ => None,
        }
    }

    /// In degrees.
    pub const fn degrees(self) -> u16 {
        match self {
            Self::None => 0,
            Self::Quarter => 90,
            Self::Half => 180,
            Self::ThreeQuarters => 270,
        }
    }

    /// Whether width and height change places.
    pub const fn lays(self) -> bool {
        matches!(self, Self::Quarter | Self::ThreeQuarters)
    }
}

/// A mirroring, after any turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Flip {
    /// None.
    #[default]
    None,
    /// Left becomes right.
    Horizontal,
    /// Top becomes bottom.
    Vertical,
    /// Both.
    Both,
}

impl Flip {
    /// All mirrorings that can be asked for.
    pub const ALL: [Self; 3] = [Self::Horizontal, Self::Vertical, Self::Both];

    /// The name in manifests and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Horizontal => "horizontal",
            Self::Vertical => "vertical",
            Self::Both => "both",
        }
    }

    /// The mirroring of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flip| flip.name() == name)
    }
}

/// Room around a picture, in the output's pixels. It is part of the width and the height that an output is given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pad {
    /// Above.
    pub top: u32,
    /// To the right.
    pub right: u32,
    /// Below.
    pub bottom: u32,
    /// To the left.
    pub left: u32,
}

impl Pad {
    /// Left and right.
    pub const fn across(self) -> u32 {
        self.left.saturating_add(self.right)
    }

    /// Above and below.
    pub const fn down(self) -> u32 {
        self.top.saturating_add(self.bottom)
    }

    /// Whether there is none.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}

/// `side` times `given / of`, rounded, at least 1.
pub(crate) fn follow(side: u32, given: u32, of: u32) -> u32 {
    let of = u64::from(of.max(1));
    let rounded = (u64::from(side) * u64::from(given) + of / 2) / of;
    u32::try_from(rounded).unwrap_or(u32::MAX).max(1)
}

/// A rectangle of whole pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rectangle {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// A part of a picture, in its pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Region {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Region {
    pub(crate) fn whole((width, height): (u32, u32)) -> Self {
        Self { left: 0.0, top: 0.0, width: f64::from(width), height: f64::from(height) }
    }

    #[cfg(feature = "generate")]
    pub(crate) fn is_whole(&self, size: (u32, u32)) -> bool {
        *self == Self::whole(size)
    }
}

/// Whether two lengths are one, to a millionth of a pixel: more can't be seen, and divisions leave such differences.
pub(crate) fn is_same(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-6
}
