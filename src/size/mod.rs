//! From the size that a recipe asks for to what a route is asked for: limits, tiers, ratios.
//!
//! Pure arithmetic over what is stated of the route. Knows no vendor and no wire format.

mod ask;
mod fit;

pub use crate::size::ask::{Asked, BadSize, Cure, Demand, ask};
pub use crate::size::fit::{Nearest, check};
