//! No template makes the manifest's reader panic or hang, as prompt, as name or as path: it comes to assets that can be
//! written out and read again, or to a mistake whose place lies in it.
//!
//! The first character says which of the three it is, in the order above; the rest is the template.
#![no_main]

use std::fmt::Write as _;
use std::fs;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use tintype::diagnostic::Diagnostic;
use tintype::files::Files;
use tintype::manifest::{Manifest, parse};
use tintype::model::{Registry, TrustedHosts};
use tintype::resolve::{Assets, Protected, render, resolve};

const VARS: &str = "
[vars]
palette = 'muted tones'
looks = ['iron', '', 'gold']
deep = { look = 'dark iron', count = 3, is_new = true }
[defaults]
model = 'placeholder'
size = '64x64'
";
const CELLS: &str = "
matrix = { item = ['sword', 'Œuvre d’art'] }
rows = 'rows.csv'
";

fn files() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("tintype-fuzz-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("rows.csv"), "slug,title\nfirst,The First\nsecond,\"Two, ½\"\n").expect("rows");
        fs::write(folder.join("images.toml"), "").expect("a manifest");
        Files::open(&folder.join("images.toml")).expect("files")
    })
}

fn resolved(manifest: &Manifest) -> (Assets, Vec<Diagnostic>) {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    resolve(
        manifest,
        REGISTRY.get_or_init(Registry::built_in),
        files(),
        &Protected::default(),
        &TrustedHosts::default(),
    )
}

/// A TOML string: as it is where that can be, else with escapes.
fn quoted(text: &str) -> String {
    if !text.contains('\'') && !text.chars().any(char::is_control) {
        return format!("'{text}'");
    }
    let escape = |mut quoted: String, character: char| {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control.is_control() => {
                write!(quoted, "\\u{:04X}", u32::from(control)).expect("a string takes it")
            }
            other => quoted.push(other),
        }
        quoted
    };
    text.chars().fold(String::from('"'), escape) + "\""
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, template)) = data.split_first() else { return };
    let Ok(template) = std::str::from_utf8(template) else { return };
    let written = quoted(template);
    let every = "'{{ slug }}-{{ item | slug }}'";
    let (name, prompt, path) = match kind.wrapping_sub(b'0') % 3 {
        0 => (every, written.as_str(), None),
        1 => (written.as_str(), "'{{ title }}'", None),
        _ => (every, "'{{ title }}'", Some(written.as_str())),
    };
    let mut text = format!("{VARS}\n[assets.{name}]\nprompt = {prompt}\n{CELLS}");
    if let Some(path) = path {
        writeln!(text, "output = {path}").expect("a string takes it");
    }
    let start = text.find(&format!("[assets.{name}]")).expect("an asset");
    let start = start + text[start..].find(&written).expect("the template is in it");
    let parsed = parse("images.toml", &text);
    let Some(manifest) = parsed.manifest else {
        assert!(!parsed.mistakes.is_empty());
        return;
    };
    let (assets, mistakes) = resolved(&manifest);
    for mistake in parsed.mistakes.iter().chain(&mistakes) {
        for label in &mistake.labels {
            assert!(label.span.start <= label.span.end && label.span.end <= label.source.text().len());
        }
        if mistake.code == "bad-template" {
            let span = &mistake.labels.first().expect("a place").span;
            assert!(span.start >= start && span.end <= start + written.len(), "{mistake:?}");
        }
    }
    for asset in assets.by_name.values() {
        let out = render(asset, &manifest);
        let again = parse("again.toml", &out).manifest.expect("what was written reads");
        let (assets, mistakes) = resolved(&again);
        assert!(mistakes.is_empty(), "{out}\n{mistakes:?}");
        let asset = assets.by_name.get(&asset.name).expect("the same name");
        assert_eq!(render(asset, &again), out);
    }
});
