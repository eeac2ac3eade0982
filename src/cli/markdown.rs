//! A plan for a comment under a pull request.

use crate::cli::describe::{self, summary};
use crate::cli::difference::{Part, difference, shortened};
use crate::cli::words::{plain, price};
use crate::plan::{Action, Plan, PlannedAsset, Reason};

/// A headline, and a table of all that isn't as locked.
pub(crate) fn plan(plan: &Plan) -> String {
    let mut lines = vec![format!("### tintype: {}", summary(plan))];
    let pending: Vec<&PlannedAsset> = plan.iter().filter(|one| one.action != Action::Keep).collect();
    if !pending.is_empty() {
        lines.extend(["", "| asset | action | why | price |", "| --- | --- | --- | ---: |"].map(str::to_string));
    }
    lines.extend(pending.into_iter().map(row));
    for atlas in &plan.atlases {
        lines.extend([String::new(), format!("Atlas `{}`: {}", atlas.name, escape(describe::reason(&atlas.state)))]);
    }
    if !plan.code.is_empty() {
        let paths = plan.code.iter().map(|file| format!("`{}`", file.path)).collect::<Vec<_>>().join(", ");
        lines.extend([String::new(), format!("Generated code that doesn't say what is locked: {paths}")]);
    }
    lines.join("\n") + "\n"
}

fn row(one: &PlannedAsset) -> String {
    let price = if one.images > 0 { price(one.cost_usd) } else { String::new() };
    let why = one.reasons.iter().map(reason).chain(notes(one)).collect::<Vec<_>>().join("<br>");
    format!("| `{}` | {} | {why} | {} |", one.name, one.action.name(), escape(&price))
}

fn reason(reason: &Reason) -> String {
    let detail = match &reason.change {
        Some((before, now)) => shortened(difference(before, now)).iter().map(part).collect(),
        None => escape(&reason.detail),
    };
    format!("{}: {detail}", escape(reason.code.name()))
}

fn notes(one: &PlannedAsset) -> impl Iterator<Item = String> {
    let warnings = one.warnings.iter().map(|warning| format!("**warning**: {}", escape(&warning.message)));
    warnings.chain(one.error.iter().map(|error| format!("**error**: {}", escape(&error.message))))
}

fn part(part: &Part) -> String {
    match part {
        Part::Same(text) => escape(text),
        Part::Old(text) => format!("<del>{}</del>", escape(text)),
        Part::New(text) => format!("<ins>{}</ins>", escape(text)),
    }
}

/// Text that stays text: a prompt may hold anything, and a comment mustn't call people or draw links.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for character in plain(text).chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '@' => escaped.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '$' => escaped.extend(['\\', character]),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use crate::cli::markdown::escape;

    #[test]
    fn a_prompt_stays_text() {
        assert_eq!(escape("a|b *c* @you <img>\n#1"), "a\\|b \\*c\\* &#64;you &lt;img&gt; \\#1");
    }
}
