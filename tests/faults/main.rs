//! Kills, full disks, torn records, lost connections: whatever happens, nothing is paid twice and nothing paid is lost.
//!
//! `docs/reliability.md` says which test holds what. Slow tests and those that need root are ignored by default and skip
//! themselves, with a reason, where they can't run:
//!
//! ```sh
//! cargo test --features failpoints --test faults                       # minutes
//! cargo test --features failpoints --test faults -- --include-ignored  # all
//! ```

#![allow(clippy::print_stderr, reason = "a test that skips itself says so, and figures are for a reader")]

#[path = "../it/sandbox.rs"]
mod sandbox;
#[path = "../it/studio.rs"]
mod studio;
#[path = "../it/vendor.rs"]
mod vendor;

mod calls;
mod checker;
mod disks;
mod fuzz;
mod kills;
mod points;
mod power;
mod records;
mod runs;
mod streams;
mod wire;
