//! tintype declares a repo's generated pictures in `images.toml` and makes only what changed: it hashes each entry, asks
//! the right vendor, keeps every paid image in a content-addressed cache, makes the output files and pins it all in
//! `images.lock`. Nothing is ever paid for twice, nothing is lost, and a run that changes nothing only looks.
//!
//! # The way of a picture
//!
//! Six verbs make an asset. Each is a module of that name with one function of that name:
//!
//! 1. [`manifest::parse`]: images.toml as written, every key with its place.
//! 2. [`resolve::resolve`]: every question answered: inherited keys, rendered paths, read references.
//! 3. [`observe::observe`]: what lies on the disk. Looking, no thought.
//! 4. [`plan::plan`]: what to do, and why. Thought, no looking: pure, and tested in tables.
//! 5. `execute`: draws, buys and takes up takes. Journal first; one failure doesn't sink the rest.
//! 6. `publish`: from originals in the cache to output files, then the lockfile.
//!
//! [`project::Project`] strings them together; start reading at `Project::sync`.
//!
//! [`watch::Watcher`] tells when [`files::Watched`], what a run has read, may say something else; the session that acts on it, with
//! its keys and its page in the browser, is the command line's.
//!
//! Most runs find nothing to do, and take a shorter way: [`snapshot::Snapshot`] is what the last run concluded, and all that
//! its conclusion stands on. As long as that is as it was, nothing is parsed and no file is opened. And where an edit of the
//! manifest touches some assets' tables and nothing else, [`project::Project::edited`] is the project with those alone.
//!
//! Programs name pictures through code that is written for them: [`codegen`] is its text, [`build::Build`] gives it to a build
//! script, and a sync writes what `[codegen]` asks for. [`atlas`] packs them into sheets once they are made, and
//! [`disclosure`] is what their files say of how they came about.
//!
//! # What is what
//!
//! A **recipe** ([`recipe::Recipe`]) is everything that decides what a model draws; its digest is the **fingerprint**. A
//! model answers a recipe with **takes**: images whose bytes as returned (**originals**) stay in the **cache**. **Outputs**
//! are files made of the chosen take by free, deterministic **transforms** ([`transform::Settings`]).
//!
//! # Rules of the house
//!
//! Modules stand below in reading order, lowest first, and import only what stands above them; `tests/tidy.rs` holds that.
//! The library never prints, exits, or reads the environment: a program gives [`project::Surroundings`] and listens
//! through an [`event::Report`]. Two doors are open to who wants them: [`project::Surroundings::of_process`] reads the
//! environment, and [`build::Build::emit`] speaks to Cargo.
//!
//! # Features
//!
//! - none: manifest, recipe, lockfile, plan, verify and [`build`]. No network, no terminal, no proc-macro: for build scripts.
//! - `generate`: `Project::sync`, with vendors, image codecs and the placeholder.
//! - `cli` (default): the command line, `cli::run`.
//! - `failpoints`: for the tests of this package only; see `docs/reliability.md`.
//!
//! # Example
//!
#![cfg_attr(feature = "generate", doc = "```")]
#![cfg_attr(not(feature = "generate"), doc = "```ignore")]
//! use tintype::event::{Silent, Stop};
//! use tintype::project::{Project, Surroundings, SyncOptions};
//!
//! # let folder = tempfile::tempdir()?;
//! # let manifest = folder.path().join("images.toml");
//! # std::fs::write(&manifest, "[assets.moon]\nmodel = \"placeholder\"\nprompt = \"a moon\"\nsize = \"64x64\"\n")?;
//! let surroundings = Surroundings { default_cache: folder.path().join("cache"), ..Surroundings::default() };
//! let project = Project::open(&manifest, &surroundings)?;
//! let synced = project.sync(&SyncOptions::default(), &Silent, &Stop::default())?;
//! assert!(synced.is_complete());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "generate")]
mod failpoint;
mod cores;
mod mark;
pub mod secret;
pub mod digest;
pub mod diagnostic;
pub mod name;
pub mod picture;
pub mod disclosure;
pub mod recipe;
pub mod capability;
pub mod transform;
pub mod files;
mod jinja;
pub mod rows;
pub mod manifest;
pub mod model;
pub mod resolve;
pub mod size;
mod ground;
pub mod route;
pub mod lock;
pub mod atlas;
pub mod codegen;
pub mod cache;
pub mod observe;
pub mod plan;
pub mod snapshot;
pub mod event;
#[cfg(feature = "generate")]
mod provider;
#[cfg(feature = "generate")]
mod publish;
#[cfg(feature = "generate")]
mod execute;
pub mod project;
pub mod environment;
pub mod build;
#[cfg(feature = "cli")]
pub mod watch;
#[cfg(feature = "cli")]
pub mod cli;

/// The door for the fuzz targets to what isn't public.
#[cfg(all(fuzzing, feature = "generate"))]
#[doc(hidden)]
pub fn read_answer(api: model::Api, status: u16, body: &[u8]) {
    provider::read_anything(api, status, body);
}

/// The same: rows as their numbers, their fields' names and their places, or what is wrong with the file.
#[cfg(fuzzing)]
#[doc(hidden)]
pub fn read_rows(
    name: &str,
    bytes: &[u8],
    columns: Option<Vec<String>>,
    at: Option<String>,
    condition: Option<String>,
) -> Result<Vec<rows::Told>, Vec<diagnostic::Diagnostic>> {
    rows::read_anything(name, bytes, &rows::RowsSpec { columns, at, condition })
}

/// The same: what the bytes of a journal say.
#[cfg(fuzzing)]
#[doc(hidden)]
pub fn read_journal(bytes: &[u8]) -> cache::Told {
    cache::read_anything(bytes)
}

/// The same: what the bytes of a ledger say.
#[cfg(fuzzing)]
#[doc(hidden)]
pub fn read_ledger(bytes: &[u8]) -> cache::Ledger {
    cache::Ledger::of(bytes)
}
