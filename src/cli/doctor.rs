//! `tintype doctor`: is everything here that this project needs?

use std::borrow::Cow;

use serde::Serialize;

use crate::cli::Context;
use crate::cli::args::{DoctorArguments, Format};
use crate::cli::environment::{judge_home, locate};
use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, error};
use crate::cli::json::{NoteRow, VERSION, render};
use crate::cli::talk::{BOLD, DIM, GREEN, RED, Screen, YELLOW};
use crate::cli::words::{counted, wrap};
use crate::project::{Dotenv, Examination, KeySource, ManifestState, ProviderState, Soundness, examine};

/// The width of the words in front: `manifest`.
const LABEL: usize = 8;
const COLUMNS: usize = 5;
/// The last one is shown only where the network was asked.
const HEAD: [&str; COLUMNS] = ["PROVIDER", "KEY", "HOST", "ASSETS", "UP"];

pub(super) fn run(context: &Context, arguments: &DoctorArguments) -> Result<Exit, Failure> {
    let environment = &context.environment;
    for variable in ["TINTYPE_OFFLINE", "TINTYPE_FROZEN"] {
        if arguments.online && environment.is_on(variable) {
            return Err(Failure::usage(
                &format!("{variable} is set, and --online asks the network"),
                "take one of them out",
            ));
        }
    }
    let manifest = locate(context.manifest_path.as_deref())?;
    let mut found = examine(manifest.as_deref(), &environment.surroundings()?, arguments.online);
    judge_home(&mut found);
    let talk = &context.talk;
    talk.answer(&match talk.format {
        Format::Json => render(&Document::of(&found)),
        _ => text(&found, talk.out),
    })?;
    Ok(if found.problems.is_empty() { Exit::Done } else { Exit::Failed })
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    tintype: &'static str,
    manifest: Option<ManifestRow<'a>>,
    lockfile: Option<&'static str>,
    cache: CacheRow<'a>,
    dotenv: &'static str,
    trusted_hosts: &'a [String],
    providers: Vec<ProviderRow<'a>>,
    problems: Vec<NoteRow<'a>>,
}

#[derive(Serialize)]
struct ManifestRow<'a> {
    path: Cow<'a, str>,
    state: &'static str,
    mistakes: usize,
    assets: usize,
}

#[derive(Serialize)]
struct CacheRow<'a> {
    path: Cow<'a, str>,
    writable: bool,
}

#[derive(Serialize)]
struct ProviderRow<'a> {
    name: &'a str,
    key_variable: Option<&'a str>,
    key: &'static str,
    host: Option<&'a str>,
    overridden: bool,
    assets: usize,
    reachable: Option<bool>,
    reason: Option<&'a str>,
}

impl<'a> Document<'a> {
    fn of(found: &'a Examination) -> Self {
        Self {
            version: VERSION,
            tintype: env!("CARGO_PKG_VERSION"),
            manifest: found.manifest.as_ref().map(ManifestRow::of),
            lockfile: found.lockfile.as_ref().map(state),
            cache: CacheRow { path: found.cache.folder.to_string_lossy(), writable: found.cache.fault.is_none() },
            dotenv: match found.dotenv {
                Dotenv::None => "none",
                Dotenv::Read => "read",
                Dotenv::Unreadable(_) => "unreadable",
            },
            trusted_hosts: &found.trusted_hosts,
            providers: found.providers.iter().map(ProviderRow::of).collect(),
            problems: found.problems.iter().map(NoteRow::of).collect(),
        }
    }
}

impl<'a> ManifestRow<'a> {
    fn of(manifest: &'a ManifestState) -> Self {
        let mistakes = if let Soundness::Invalid(count) = manifest.soundness { count } else { 0 };
        let (path, state) = (manifest.path.to_string_lossy(), state(&manifest.soundness));
        Self { path, state, mistakes, assets: manifest.assets }
    }
}

impl<'a> ProviderRow<'a> {
    fn of(provider: &'a ProviderState) -> Self {
        Self {
            name: &provider.name,
            key_variable: provider.variable.as_deref(),
            key: provider.key.name(),
            host: provider.host.as_deref(),
            overridden: provider.is_overridden,
            assets: provider.assets,
            reachable: provider.reached.as_ref().map(Result::is_ok),
            reason: provider.reached.as_ref().and_then(|reached| reached.as_ref().err()).map(String::as_str),
        }
    }
}

const fn state(verdict: &Soundness) -> &'static str {
    match verdict {
        Soundness::Sound => "sound",
        Soundness::Invalid(_) => "invalid",
        Soundness::Unreadable(_) => "unreadable",
    }
}

fn text(found: &Examination, screen: Screen) -> String {
    let (good, bad) = (|words: &str| screen.paint(GREEN, words), |words: &str| screen.paint(RED, words));
    let verdict = |verdict: &Soundness| match verdict {
        Soundness::Sound => good("sound"),
        Soundness::Invalid(count) => bad(&counted(*count, "mistake")),
        Soundness::Unreadable(_) => bad("unreadable"),
    };
    let manifest = |manifest: &ManifestState| {
        let assets = match manifest.soundness {
            Soundness::Sound => format!(", {}", counted(manifest.assets, "asset")),
            _ => String::new(),
        };
        format!("{}: {}{assets}", screen.plain(&manifest.path.to_string_lossy()), verdict(&manifest.soundness))
    };
    let manifest = found.manifest.as_ref().map_or_else(|| "none here or above".to_string(), manifest);
    let lockfile = found.lockfile.as_ref().map_or_else(|| "none".to_string(), verdict);
    let writable = if found.cache.fault.is_none() { good("writable") } else { bad("not writable") };
    let cache = format!("{}: {writable}", screen.plain(&found.cache.folder.to_string_lossy()));
    let dotenv = match found.dotenv {
        Dotenv::None => "none".to_string(),
        Dotenv::Read => "read".to_string(),
        Dotenv::Unreadable(_) => bad("unreadable"),
    };
    let trusted = if found.trusted_hosts.is_empty() {
        "no hosts but the built-in ones".to_string()
    } else {
        screen.plain(&found.trusted_hosts.join(", "))
    };
    let facts = [
        ("tintype", env!("CARGO_PKG_VERSION").to_string()),
        ("manifest", manifest),
        ("lockfile", lockfile),
        ("cache", cache),
        (".env", dotenv),
        ("trusted", trusted),
    ];
    let fact = |(label, words): &(&str, String)| {
        let label = screen.paint(DIM, &format!("{label:<LABEL$}"));
        format!("{label}  {}\n", wrap(words, LABEL + 2, LABEL + 2, screen.width))
    };
    let facts: String = facts.iter().map(fact).collect();
    let problems: Vec<String> = found.problems.iter().map(|note| error(note, screen)).collect();
    let end = if problems.is_empty() { good("nothing is wrong") } else { problems.join("\n\n") };
    format!("{facts}\n{}\n{end}\n", table(&found.providers, screen))
}

fn table(providers: &[ProviderState], screen: Screen) -> String {
    let rows = providers.iter().map(cells);
    let lines: Vec<[String; COLUMNS]> = std::iter::once(HEAD.map(str::to_string)).chain(rows).collect();
    let was_asked = providers.iter().any(|provider| provider.reached.is_some());
    let shown = if was_asked { COLUMNS } else { COLUMNS - 1 };
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..shown).map(width).collect();
    let line = |(index, line): (usize, &[String; COLUMNS])| {
        let cells: Vec<String> =
            line.iter().zip(&widths).map(|(cell, width)| format!("{:<width$}", screen.plain(cell))).collect();
        let name_style = if index == 0 { DIM } else { BOLD };
        let rest = cells[1..].join("  ");
        let rest = match index.checked_sub(1).map(|index| &providers[index]) {
            None => screen.paint(DIM, rest.trim_end()),
            // What no asset needs is by the way.
            Some(provider) if provider.assets == 0 => screen.paint(DIM, rest.trim_end()),
            Some(provider) if provider.key == KeySource::Missing => screen.paint(YELLOW, rest.trim_end()),
            Some(_) => rest.trim_end().to_string(),
        };
        format!("{}  {rest}\n", screen.paint(name_style, &cells[0]))
    };
    lines.iter().enumerate().map(line).collect()
}

fn cells(provider: &ProviderState) -> [String; COLUMNS] {
    let variable = provider.variable.as_deref().unwrap_or_default();
    let key = match provider.key {
        KeySource::NotNeeded => "not needed".to_string(),
        KeySource::Environment => format!("{variable} (set)"),
        KeySource::Dotenv => format!("{variable} (.env)"),
        KeySource::Missing => format!("{variable} (not set)"),
    };
    // Where the manifest sends requests elsewhere than its vendor's address, one wants to know.
    let place = if provider.is_overridden { " (manifest)" } else { "" };
    let answers = provider.reached.as_ref().map(|reached| if reached.is_ok() { "yes" } else { "no" });
    [
        provider.name.clone(),
        key,
        format!("{}{place}", provider.host.as_deref().unwrap_or_default()),
        if provider.assets == 0 { "-".to_string() } else { provider.assets.to_string() },
        answers.unwrap_or_default().to_string(),
    ]
}
