//! Templates: from a manifest's value as written to the value that it stands for.
//!
//! Jinja, strict: an unknown variable is an error at its place. Knows values and contexts, no key of the manifest.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::ValueKind;
use minijinja::{Environment, ErrorKind, Value};

use crate::diagnostic::{Diagnostic, grouped, nearest};
use crate::jinja::{self, LARGEST, environment, measure, measure_expression};
use crate::manifest::Place;
use crate::manifest::tree::{Entry, Node, Tree, is_template};

/// Instructions that one template may take: more is a template that never ends.
const FUEL: u64 = 50_000;
/// So many variables are named in a message.
const MOST_NAMED: usize = 12;
/// The way out where a field isn't there.
const DEFAULT: &str = "what it names isn't there: `{{ x.y | default('') }}` does without";

/// What a template may name.
pub(crate) type Context = BTreeMap<Arc<str>, Value>;

/// Renders templates, each parsed once.
pub(crate) struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    pub(crate) fn new() -> Self {
        Self { environment: environment(FUEL) }
    }

    /// The text of a template.
    pub(crate) fn text(&mut self, template: &str, place: &Place, context: &Context) -> Result<String, Diagnostic> {
        if !is_template(template) {
            return Ok(template.to_string());
        }
        // A newline at the very end is dropped by Jinja, and belongs to the text.
        let end = if template.ends_with('\n') { "\n" } else { "" };
        let rendered = self.render(template, context).map(|text| text + end);
        rendered.map_err(|error| self.mistake(template, place, context, &error))
    }

    fn render(&mut self, template: &str, context: &Context) -> Result<String, minijinja::Error> {
        jinja::render(&mut self.environment, template, as_value(context))
    }

    /// What a template names, dots and all.
    pub(crate) fn variables(&self, text: &str) -> Vec<String> {
        if !is_template(text) || measure(text).is_err() {
            return Vec::new();
        }
        let parsed = self.environment.template_from_str(text);
        parsed.map(|template| template.undeclared_variables(true).into_iter().collect()).unwrap_or_default()
    }

    /// The value of a variable, dots and all.
    pub(crate) fn evaluate(&self, name: &str, context: &Context) -> Option<Value> {
        self.environment.compile_expression(name).ok()?.eval(as_value(context)).ok()
    }

    /// The value of a template: a text, or, where it is nothing but one expression, whatever that is.
    fn value(&mut self, template: &str, place: &Place, context: &Context) -> Result<Value, Diagnostic> {
        let Some(expression) = lone_expression(template) else {
            return self.text(template, place, context).map(Value::from);
        };
        let value = measure_expression(expression)
            .and_then(|()| self.environment.compile_expression(expression))
            .and_then(|compiled| compiled.eval(as_value(context)));
        match value {
            Ok(value) if jinja::weight(&value, LARGEST) > LARGEST => {
                Err(self.mistake(expression, place, context, &jinja::too_large()))
            }
            Ok(value) if !value.is_undefined() => Ok(value),
            Ok(_) => Err(nothing(expression, place, context)),
            Err(error) => Err(self.mistake(expression, place, context, &error)),
        }
    }

    /// A value with all its templates rendered; none where it comes to nothing, or to a mistake.
    pub(crate) fn node(&mut self, node: &Node, context: &Context, found: &mut Vec<Diagnostic>) -> Option<Node> {
        let place = node.place.clone();
        let value = match &node.value {
            Tree::Text(text) if is_template(text) => match self.value(text, &place, context) {
                Ok(value) => tree(&value, &place),
                Err(mistake) => {
                    found.push(mistake);
                    None
                }
            }?,
            // An item that comes out empty drops out.
            Tree::List(items) => {
                let is_there = |item: &Node, written: &Node| item == written || item.as_text() != Some("");
                let rendered = items.iter().filter_map(|item| Some((self.node(item, context, found)?, item)));
                Tree::List(rendered.filter(|(item, written)| is_there(item, written)).map(|(item, _)| item).collect())
            }
            Tree::Table(entries) => {
                let mut rendered = Vec::with_capacity(entries.len());
                for entry in entries {
                    if let Some(node) = self.node(&entry.node, context, found) {
                        rendered.push(Entry { key: entry.key.clone(), key_place: entry.key_place.clone(), node });
                    }
                }
                Tree::Table(rendered)
            }
            other => other.clone(),
        };
        Some(Node { value, place })
    }

    /// `template` is what the error's range counts in.
    fn mistake(&self, template: &str, place: &Place, context: &Context, error: &minijinja::Error) -> Diagnostic {
        let range =
            error.range().filter(|range| template.get(range.clone()).is_some_and(|text| !text.trim().is_empty()));
        let part = range.clone().and_then(|range| template.get(range)).unwrap_or(template);
        if error.kind() == ErrorKind::UndefinedError {
            // A filter's error is at the filter: what it was given stands before it.
            let asked = error.detail().and_then(|detail| detail.strip_prefix('`')).unwrap_or(part);
            let missing = names(asked).map(|(_, name)| name).next().filter(|name| !context.contains_key(*name));
            let end = range.as_ref().map_or(template.len(), |range| range.end);
            let stands = |missing: &str| names(&template[..end]).filter(|(_, name)| *name == missing).last();
            if let Some((at, missing)) = missing.filter(|name| self.is_asked(template, name)).and_then(stands) {
                return unknown(missing, &within(place, missing, count(&template[..at], missing)), context);
            }
        }
        let at =
            range.map_or_else(|| place.clone(), |range| within(place, part, count(&template[..range.start], part)));
        let detail = match error.kind() {
            ErrorKind::OutOfFuel => format!("it takes more than {} steps", grouped(FUEL)),
            kind => error.detail().map_or_else(|| kind.to_string(), str::to_string),
        };
        let help = match error.kind() {
            ErrorKind::OutOfFuel => "make its loops shorter",
            ErrorKind::UndefinedError => DEFAULT,
            ErrorKind::SyntaxError => {
                "write {{ variable }}, {{ variable | filter }} or {% if … %}…{% endif %}; single braces are plain text"
            }
            ErrorKind::UnknownFilter => {
                "filters are `slug`, `lower`, `upper`, `title`, `replace`, `join`, `default`, `first`, `last`, `trim`, \
                 `round` and the others of Jinja"
            }
            _ => "mend what is underlined, or write the value out",
        };
        at.error("bad-template", format!("this template can't be rendered: {detail}"), "here").help(help)
    }

    /// Whether a name is a variable that the template doesn't set itself.
    fn is_asked(&self, template: &str, name: &str) -> bool {
        let variables = self
            .environment
            .template_from_str(template)
            .map(|parsed| parsed.undeclared_variables(false))
            .into_iter()
            .chain(self.environment.compile_expression(template).map(|parsed| parsed.undeclared_variables(false)));
        variables.flatten().any(|variable| variable == name)
    }
}

/// An expression that comes to nothing.
fn nothing(expression: &str, place: &Place, context: &Context) -> Diagnostic {
    let is_name = expression.chars().all(|character| character.is_alphanumeric() || character == '_');
    if is_name && !context.contains_key(expression) {
        return unknown(expression, &within(place, expression, 0), context);
    }
    let message = format!("this template can't be rendered: `{expression}` isn't there");
    within(place, expression, 0).error("bad-template", message, "not there").help(DEFAULT)
}

/// What looks like a name in a template, with where it begins; not those after a dot.
fn names(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    let begins = move |at: usize| !text[..at].ends_with(|before| is_part(before) || before == '.');
    text.char_indices().filter(move |(at, character)| is_part(*character) && begins(*at)).map(move |(at, _)| {
        let end = text[at..].find(|character| !is_part(character)).map_or(text.len(), |length| at + length);
        (at, &text[at..end])
    })
}

/// How often a part stands in a text.
fn count(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

/// Where a part of a template stands in the file; all of the template where it is written in another way there, with
/// escapes. `before` is how often the same stands before it.
pub(crate) fn within(place: &Place, part: &str, before: usize) -> Place {
    let written = place.source.text().get(place.span.clone()).unwrap_or_default();
    match written.match_indices(part).nth(before) {
        Some((at, part)) if !part.is_empty() => {
            let start = place.span.start + at;
            Place { source: Arc::clone(&place.source), span: start..start + part.len() }
        }
        _ => place.clone(),
    }
}

fn unknown(name: &str, place: &Place, context: &Context) -> Diagnostic {
    let known: Vec<&str> = context.keys().map(AsRef::as_ref).collect();
    let near = nearest(name, known.iter().copied());
    let help = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    let list = known.iter().take(MOST_NAMED).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let more = known.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let is_are = if help.is_empty() { "known" } else { "Known" };
    place
        .error("bad-template", format!("this template's variable `{name}` is unknown"), "this variable")
        .help(format!("{help}{is_are} here are {list}{more}"))
}

/// The expression of a template that is nothing else.
fn lone_expression(template: &str) -> Option<&str> {
    let inner = template.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    let inner = inner.trim_matches('-').trim();
    (!inner.contains("{{") && !inner.contains("}}") && !inner.contains("{%")).then_some(inner)
}

fn as_value(context: &Context) -> Value {
    Value::from_pairs(context.iter().map(|(name, value)| (name.clone(), value.clone())))
}

/// A value of a template as a value of the manifest; `none` is none.
fn tree(value: &Value, place: &Place) -> Option<Tree> {
    let node = |value: Value| Some(Node { value: tree(&value, place)?, place: place.clone() });
    Some(match value.kind() {
        ValueKind::Bool => Tree::Boolean(value.is_true()),
        ValueKind::Number => match i64::try_from(value.clone()) {
            Ok(integer) if value.is_integer() => Tree::Integer(Ok(integer)),
            _ => Tree::Float(f64::try_from(value.clone()).unwrap_or(f64::NAN)),
        },
        // An item that comes out empty drops out here, too.
        ValueKind::Seq | ValueKind::Iterable => {
            Tree::List(value.try_iter().ok()?.filter_map(node).filter(|item| item.as_text() != Some("")).collect())
        }
        ValueKind::Map => {
            let entry = |key: Value| {
                let node = node(value.get_item(&key).ok()?)?;
                Some(Entry { key: key.to_string(), key_place: place.clone(), node })
            };
            Tree::Table(value.try_iter().ok()?.filter_map(entry).collect())
        }
        ValueKind::None | ValueKind::Undefined => return None,
        _ => Tree::Text(value.to_string()),
    })
}

/// A value of the manifest as one for templates.
pub(crate) fn to_value(tree: &Tree) -> Value {
    match tree {
        Tree::Text(text) | Tree::Date(text) | Tree::Integer(Err(text)) => Value::from(text.as_str()),
        Tree::Integer(Ok(number)) => Value::from(*number),
        Tree::Float(number) => Value::from(*number),
        Tree::Boolean(truth) => Value::from(*truth),
        Tree::List(items) => items.iter().map(|item| to_value(&item.value)).collect(),
        Tree::Table(entries) => {
            Value::from_pairs(entries.iter().map(|entry| (entry.key.clone(), to_value(&entry.node.value))))
        }
        Tree::Open => Value::UNDEFINED,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use minijinja::Value;

    use crate::diagnostic::Source;
    use crate::manifest::Place;
    use crate::manifest::tree::{Node, Tree};
    use crate::resolve::template::{Context, Templates};

    fn rendered(text: &str) -> Result<Option<Tree>, String> {
        let place = Place { source: Source::new("images.toml", text), span: 0..text.len() };
        let context: Context = [
            ("item", Value::from("sword")),
            ("count", Value::from(3)),
            ("deep", Value::from_pairs([("look", Value::from("dark iron"))])),
            ("list", Value::from_iter(["a", ""])),
            ("nothing", Value::from(())),
        ]
        .into_iter()
        .map(|(name, value)| (Arc::from(name), value))
        .collect();
        let mut found = Vec::new();
        let node = Node { value: Tree::Text(text.to_string()), place };
        let node = Templates::new().node(&node, &context, &mut found);
        match found.pop() {
            Some(mistake) => Err(mistake.message),
            None => Ok(node.map(|node| node.value)),
        }
    }

    #[test]
    fn a_template_is_a_text_and_a_lone_expression_keeps_its_type() {
        let text = |text: &str| Ok(Some(Tree::Text(text.to_string())));
        for (template, expected) in [
            ("plain {braces}", text("plain {braces}")),
            ("a {{ item }}", text("a sword")),
            ("{{ item }}", text("sword")),
            ("{{ count }}", Ok(Some(Tree::Integer(Ok(3))))),
            ("{{ count + 0.5 }}", Ok(Some(Tree::Float(3.5)))),
            ("{{ count > 2 }}", Ok(Some(Tree::Boolean(true)))),
            ("{{ deep.look }}", text("dark iron")),
            ("{{ nothing }}", Ok(None)),
            ("{{ list | length }}", Ok(Some(Tree::Integer(Ok(2))))),
            ("{{ 'Œuvre d’art No. 7' | slug }}", text("uvre-dart-no-7")),
            ("{% if count > 2 %}many{% endif %}", text("many")),
        ] {
            assert_eq!(rendered(template), expected, "{template}");
        }
        let long = format!("{{{{ count{} }}}}", " + 1".repeat(50_000));
        for (template, words) in [
            ("{{ itme }}", "`itme` is unknown"),
            ("a {{ deep.colour }}", "can't be rendered"),
            ("{{ item", "can't be rendered"),
            ("{% for i in range(9999) %}{% for j in range(9999) %}x{% endfor %}{% endfor %}", "50,000 steps"),
            ("{{ [[item]] * 100000000 }}", "64 MB"),
            (&long, "2,000 bytes"),
            (&format!("a {long}"), "2,000 bytes"),
        ] {
            let error = rendered(template).expect_err(template);
            assert!(error.contains(words), "{template}: {error}");
        }
    }
}
