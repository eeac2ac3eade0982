//! Which part of an original an output shows, in whole pixels of it.
//!
//! Pure arithmetic. Must not know of pixels' colours, nor of what is cut off for being transparent.

use crate::transform::error::TransformError;
use crate::transform::geometry::{Cell, Crop, Rectangle};
use crate::transform::settings::Settings;

/// The part of a picture of that size that is shown: cropped, then cut out of its sheet.
pub(crate) fn part((width, height): (u32, u32), settings: &Settings) -> Result<Rectangle, TransformError> {
    let mut part = Rectangle { x: 0, y: 0, width, height };
    if let Some(Crop::Rectangle { x, y, width: across, height: down }) = settings.crop {
        let fits =
            |start: u32, length: u32, side: u32| length > 0 && start.checked_add(length).is_some_and(|end| end <= side);
        if !fits(x, across, width) || !fits(y, down, height) {
            return Err(TransformError::CropOutside { crop: [x, y, across, down], width, height });
        }
        part = Rectangle { x, y, width: across, height: down };
    }
    if let Some(Cell { columns, rows, column, row }) = settings.cell {
        let Rectangle { x, y, width, height } = part;
        if columns == 0 || rows == 0 || !width.is_multiple_of(columns) || !height.is_multiple_of(rows) {
            return Err(TransformError::UnevenGrid { columns, rows, width, height });
        }
        let (width, height) = (width / columns, height / rows);
        part = Rectangle { x: x + column * width, y: y + row * height, width, height };
    }
    Ok(part)
}
