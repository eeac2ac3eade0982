//! `tintype verify`: are the bytes the locked ones?

use serde::Serialize;

use crate::cli::Context;
use crate::cli::args::Format;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::json::{VERSION, render};
use crate::cli::talk::{BOLD, RED, Screen};
use crate::cli::words::counted;
use crate::codegen::{CodeFile, CodeState};
use crate::digest::Digest;
use crate::files::LOCKFILE;
use crate::name::AssetName;
use crate::project::{Check, CheckedFile, Verified};

pub(super) fn run(context: &Context) -> Result<Exit, Failure> {
    let verified = context.open()?.verify()?;
    let talk = &context.talk;
    if talk.format == Format::Json {
        talk.answer(&render(&Document::of(&verified)))?;
    } else if !verified.locked {
        let message = format!("there is no {LOCKFILE}: nothing is locked yet");
        return Err(Failure::new(Exit::Failed, "no-lockfile", message, "run `tintype sync`, and commit the lockfile"));
    } else if verified.is_sound() {
        talk.remark(&sound(&verified))?;
    } else {
        talk.answer(&differences(&verified, talk.out))?;
    }
    Ok(if verified.is_sound() { Exit::Done } else { Exit::Failed })
}

fn sound(verified: &Verified) -> String {
    let originals = counted(verified.originals.len(), "cached original");
    format!("{} and {originals}: as locked", counted(verified.outputs.len(), "output"))
}

fn differences(verified: &Verified, screen: Screen) -> String {
    let different = |files: &'_ [CheckedFile], what: fn(&CheckedFile) -> String| {
        let different = files.iter().filter(|file| file.check != Check::Same);
        different.map(|file| (state(&file.check), file.asset.to_string(), what(file))).collect::<Vec<_>>()
    };
    let mut rows: Vec<(&str, String, String)> = different(&verified.outputs, |file| file.file.clone());
    rows.extend(different(&verified.originals, |file| format!("original {} in the cache", short(&file.file))));
    rows.extend(
        verified.unlocked.iter().map(|name| ("unlocked", name.to_string(), "declared, but not locked".to_string())),
    );
    rows.extend(
        verified.drafts.iter().map(|name| ("draft", name.to_string(), "only tried out: not finished".to_string())),
    );
    let code = |file: &CodeFile| (code_state(&file.state), "code".to_string(), file.path.to_string());
    let unpacked = verified.unpacked.iter();
    rows.extend(unpacked.map(|name| ("unpacked", name.to_string(), "not packed as it is declared".to_string())));
    rows.extend(verified.code.iter().map(code));
    let width = rows.iter().map(|(_, name, _)| name.len()).max().unwrap_or(0);
    let line = |(state, name, what): &(&str, String, String)| {
        let name = screen.paint(BOLD, &format!("{name:<width$}"));
        format!("{}  {name}  {}\n", screen.paint(RED, &format!("{state:<10}")), screen.plain(what))
    };
    let lines: String = rows.iter().map(line).collect();
    let count = counted(rows.len(), "difference");
    format!(
        "{lines}\n{count}; `tintype plan` says what a sync would do about {}\n",
        if rows.len() == 1 { "it" } else { "them" }
    )
}

/// The name of a state, in lines and in JSON.
const fn state(check: &Check) -> &'static str {
    match check {
        Check::Same => "same",
        Check::Missing => "missing",
        Check::Changed => "changed",
        Check::Unreadable(_) => "unreadable",
    }
}

const fn code_state(state: &CodeState) -> &'static str {
    match state {
        CodeState::Missing => "missing",
        CodeState::Stale => "changed",
        CodeState::Foreign(_) => "foreign",
    }
}

fn short(digest: &str) -> String {
    digest.parse::<Digest>().map_or_else(|_| digest.to_string(), Digest::short)
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    sound: bool,
    locked: bool,
    outputs: Vec<OutputRow<'a>>,
    originals: Vec<OriginalRow<'a>>,
    unlocked: Vec<&'a str>,
    drafts: Vec<&'a str>,
    /// Atlases that aren't packed as they are declared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unpacked: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    code: Vec<CodeRow<'a>>,
}

#[derive(Serialize)]
struct CodeRow<'a> {
    path: &'a str,
    state: &'static str,
}

#[derive(Serialize)]
struct OutputRow<'a> {
    asset: &'a str,
    path: &'a str,
    state: &'static str,
    detail: Option<&'a str>,
}

#[derive(Serialize)]
struct OriginalRow<'a> {
    asset: &'a str,
    hash: &'a str,
    state: &'static str,
}

impl<'a> Document<'a> {
    fn of(verified: &'a Verified) -> Self {
        let output = |file: &'a CheckedFile| OutputRow {
            asset: file.asset.as_str(),
            path: &file.file,
            state: state(&file.check),
            detail: if let Check::Unreadable(detail) = &file.check { Some(detail) } else { None },
        };
        let original = |file: &'a CheckedFile| OriginalRow {
            asset: file.asset.as_str(),
            hash: &file.file,
            state: state(&file.check),
        };
        Self {
            version: VERSION,
            sound: verified.is_sound(),
            locked: verified.locked,
            outputs: verified.outputs.iter().map(output).collect(),
            originals: verified.originals.iter().map(original).collect(),
            unlocked: verified.unlocked.iter().map(AssetName::as_str).collect(),
            drafts: verified.drafts.iter().map(AssetName::as_str).collect(),
            unpacked: verified.unpacked.iter().map(AssetName::as_str).collect(),
            code: verified
                .code
                .iter()
                .map(|file| CodeRow { path: file.path.as_str(), state: code_state(&file.state) })
                .collect(),
        }
    }
}
