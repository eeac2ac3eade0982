//! Makes this folder's pictures from a program, without the command line: `cargo run --example minimal`.

#![expect(clippy::print_stdout, reason = "a program may print; the library doesn't")]

use std::path::Path;

use tintype::event::{Event, Report, Stop};
use tintype::project::{Project, Surroundings, SyncOptions};

/// Says each asset that is done with, in a line.
struct Lines;

impl Report for Lines {
    fn event(&self, event: &Event<'_>) {
        if let Event::Finished { asset, result } = event {
            println!("{}: {} {}", asset.name, asset.action.name(), result.verdict.name());
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/minimal");
    let surroundings = Surroundings {
        default_cache: Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tintype-cache"),
        ..Surroundings::default()
    };
    let project = Project::open(&folder.join("images.toml"), &surroundings)?;
    let synced = project.sync(&SyncOptions::default(), &Lines, &Stop::default())?;
    println!("{} pictures are as declared", synced.results.len());
    Ok(())
}
