//! What the pipeline costs: `cargo bench`. Medians to compare with each other in one run; nothing is asserted on time.
//!
//! What waits for a vendor has a floor, which stands beside it.

#[path = "../tests/it/vendor.rs"]
#[allow(unused_imports, unreachable_pub, reason = "the tests' vendor can do more than is measured here")]
mod vendor;

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use divan::{Bencher, black_box};
use tempfile::TempDir;
use tintype::event::{Silent, Stop};
use tintype::manifest::parse;
use tintype::project::{Allowed, Project, Selection, Surroundings, SyncOptions};

use crate::vendor::Vendor;

const SIZES: [usize; 3] = [100, 1_000, 10_000];

fn main() {
    divan::main();
}

/// A project in a temporary folder, with a cache of its own.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new(manifest: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("images.toml"), manifest).expect("a manifest");
        Self { folder }
    }

    fn manifest(&self) -> PathBuf {
        self.folder.path().join("images.toml")
    }

    fn open(&self) -> Project {
        let cache = self.folder.path().join("cache");
        let surroundings = Surroundings { default_cache: cache, ..Surroundings::default() };
        Project::open(&self.manifest(), &surroundings).expect("a sound manifest")
    }

    fn sync(&self) {
        let options = SyncOptions { yes: true, max_images: Some(100_000), ..SyncOptions::default() };
        let synced = self.open().sync(&options, &Silent, &Stop::default()).expect("a sync");
        assert!(synced.is_complete(), "{:?}", synced.results.values().find_map(|result| result.error.as_ref()));
    }
}

fn placeholders(count: usize) -> String {
    let mut text = "[defaults]\nmodel = \"placeholder\"\nsize = \"64x64\"\n".to_string();
    for number in 0..count {
        let _ = write!(
            text,
            "\n[assets.\"set-{}/unit-{number}\"]\nprompt = \"unit number {number} in a blue coat\"\n",
            number % 50
        );
    }
    text
}

#[divan::bench(args = SIZES)]
fn parse_manifest(bencher: Bencher, count: usize) {
    let text = placeholders(count);
    bencher.bench(|| parse("images.toml", black_box(&text)));
}

#[divan::bench(args = SIZES)]
fn resolve_project(bencher: Bencher, count: usize) {
    let project = Bench::new(&placeholders(count));
    bencher.bench(|| project.open());
}

#[divan::bench(args = SIZES)]
fn plan_new_project(bencher: Bencher, count: usize) {
    let project = Bench::new(&placeholders(count));
    let open = project.open();
    bencher.bench(|| open.plan(&Selection::default(), &Allowed::default()).expect("a plan"));
}

#[divan::bench(args = SIZES, sample_count = 20)]
fn sync_without_changes(bencher: Bencher, count: usize) {
    let project = Bench::new(&placeholders(count));
    project.sync();
    bencher.bench(|| project.sync());
}

/// A project of so many pictures at a vendor who takes 200 ms for each, `concurrency` at a time.
fn bought(count: usize, concurrency: usize, vendor: Vendor) -> (Bench, Vendor) {
    let mut assets = String::new();
    for number in 0..count {
        let _ = write!(assets, "\n[assets.unit-{number}]\nprompt = \"unit number {number}\"\n");
    }
    let manifest = format!(
        "[budget]\nmax_images = 10000\n\n{}\nconcurrency = {concurrency}\n\n\
         [models.house]\nroutes = [{{ provider = \"studio\", id = \"house\", cost_usd = 0.01 }}]\n\n\
         [defaults]\nmodel = \"house\"\nsize = \"64x64\"\n{assets}",
        vendor.manifest_lines().trim_end()
    );
    (Bench::new(&manifest), vendor)
}

/// Pictures of 2 MiB, fetched from an address: 200 / 16 * 0.2 s = 2.6 s is the floor.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn generate_200(bencher: Bencher) {
    let project = || {
        let vendor = Vendor::openai().latency(Duration::from_millis(200)).padded_to(2 << 20).with_urls();
        bought(200, 16, vendor)
    };
    bencher.with_inputs(project).bench_values(|(project, vendor)| {
        project.sync();
        (project, vendor)
    });
}

/// Small pictures in the answer, each on the disk before the next step: 1,000 / 64 * 0.2 s = 3.2 s is the floor.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn generate_1000_small(bencher: Bencher) {
    let project = || bought(1_000, 64, Vendor::openai().latency(Duration::from_millis(200)));
    bencher.with_inputs(project).bench_values(|(project, vendor)| {
        project.sync();
        (project, vendor)
    });
}
