//! Marks picture files as generated: [`Disclosure::packet`] writes what is said, and `embed` puts it into a file of each format.

#[cfg(feature = "generate")]
mod embed;
mod packet;

#[cfg(feature = "generate")]
pub(crate) use crate::disclosure::embed::{Malformed, embed};
pub use crate::disclosure::packet::{DigitalSource, Disclosure};
