//! The one set of Jinja that templates, paths and conditions share, with a bound on what each of them may take.
//!
//! minijinja counts steps (fuel), not bytes, and a step may be as large as it likes. So that no slip of a number takes all
//! memory, or hours, a step here does less than in Jinja:
//!
//! | what                        | here          | why                                                                 |
//! |-----------------------------|---------------|---------------------------------------------------------------------|
//! | `namespace`                 | removed       | a text that doubles with each turn of a loop                        |
//! | loops within themselves     | 20 deep       | the same, by `recursive` and `loop(…)`                              |
//! | `indent`, `batch`, `slice`  | removed       | a number says how much they make; lay out pages, of which there are none |
//! | `format`                    | widths to 999 | a number says how much it makes                                     |
//! | `join`, `replace`           | 64 MB         | many times a long text                                              |
//! | filters that walk a list    | 100,000 items | `[1] * 100000000` is a list without memory, until it is walked      |
//! | filters that make a text    | of 64 MB      | the same list, written out                                          |
//! | `debug`, `pprint`           | removed       | the same; for a look into minijinja                                 |
//! | `range`                     | 32 bits       | minijinja's own overflows                                           |
//! | a text, a lone value        | 64 MB         | the same list, written out                                          |
//! | a tag                       | 2,000 bytes   | minijinja goes down a level for each link of `a + b + c`: its stack ends |
//! | `elif`                      | 200           | the same                                                            |
//!
//! Macros and other templates (`include`, `extends`) aren't built in. What stays is what somebody must want: `~`, `+` and `*`
//! can't be replaced in minijinja, nor can `in` and `==`. A `*` stops at 100 MB, or 100,000,000 items, by itself: seconds for
//! `in` and `==`, which walk them all. Without `namespace` each doubling by `~` or `+` has to be written out.

use std::io;

use minijinja::value::{Kwargs, ObjectRepr, Rest, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior, Value, escape_formatter, filters, functions};

/// No text and no value that a template makes is larger, in bytes.
pub(crate) const LARGEST: usize = 64 << 20;
/// What a text takes besides what stands in it, in bytes.
const TEXT: usize = 16;
/// What any other value takes, besides those in it.
const VALUE: usize = 256;
/// A list that a filter walks has at most so many items.
const MOST_ITEMS: usize = 100_000;
/// A tag is at most so long, in bytes, but for the strings in it.
const LONGEST_TAG: usize = 2_000;
/// A template has at most so many `elif`s.
const MOST_ELIFS: usize = 200;
/// Filters that write out whatever they are given.
const OF_TEXTS: [&str; 12] =
    ["capitalize", "e", "escape", "lines", "lower", "safe", "slug", "split", "string", "title", "trim", "upper"];
/// Loops and blocks may lie so deep in each other.
const DEEPEST: usize = 20;
/// A width in a format has at most so many digits.
const WIDTH_DIGITS: usize = 3;

/// What renders every template. `fuel` is how many steps one may take.
pub(crate) fn environment(fuel: u64) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(fuel));
    environment.set_recursion_limit(DEEPEST);
    // So that a mistake says where in the template it is.
    environment.set_debug(true);
    // What writes a value goes through all of a list, even behind a mistake.
    environment.set_formatter(|out, state, value| {
        if weight(value, LARGEST) > LARGEST { Err(too_large()) } else { escape_formatter(out, state, value) }
    });
    environment.remove_global("namespace");
    environment.remove_global("debug");
    for name in ["indent", "batch", "slice", "pprint"] {
        environment.remove_filter(name);
    }
    environment.add_function("range", |lower: i32, upper: Option<i32>, step: Option<i32>| {
        functions::range(lower as isize, upper.map(|upper| upper as isize), step.map(|step| step as isize))
    });
    for (name, filter) in [
        ("join", Value::from_function(filters::join)),
        ("replace", Value::from_function(filters::replace)),
        ("format", Value::from_function(filters::format)),
        ("list", Value::from_function(filters::list)),
        ("sort", Value::from_function(filters::sort)),
        ("unique", Value::from_function(filters::unique)),
        ("reverse", Value::from_function(filters::reverse)),
        ("map", Value::from_function(filters::map)),
        ("select", Value::from_function(filters::select)),
        ("reject", Value::from_function(filters::reject)),
        ("selectattr", Value::from_function(filters::selectattr)),
        ("rejectattr", Value::from_function(filters::rejectattr)),
        ("groupby", Value::from_function(filters::groupby)),
        ("sum", Value::from_function(filters::sum)),
        ("min", Value::from_function(filters::min)),
        ("max", Value::from_function(filters::max)),
        ("last", Value::from_function(filters::last)),
        ("capitalize", Value::from_function(filters::capitalize)),
        ("e", Value::from_function(filters::escape)),
        ("escape", Value::from_function(filters::escape)),
        ("lines", Value::from_function(filters::lines)),
        ("lower", Value::from_function(filters::lower)),
        ("safe", Value::from_function(filters::safe)),
        ("slug", Value::from_function(|text: String| slug(&text))),
        ("split", Value::from_function(filters::split)),
        ("string", Value::from_function(filters::string)),
        ("title", Value::from_function(filters::title)),
        ("trim", Value::from_function(filters::trim)),
        ("upper", Value::from_function(filters::upper)),
    ] {
        environment.add_filter(name, move |state: &mut State, arguments: Rest<ValueOrKwargs>| {
            let arguments = arguments.into_values();
            bounded(name, &arguments)?;
            filter.call(state, &arguments)
        });
    }
    environment
}

fn error(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, detail.into())
}

/// That a template makes more than it may.
pub(crate) fn too_large() -> Error {
    error("it makes more than 64 MB")
}

/// Whether a filter may take what it is given.
fn bounded(filter: &str, arguments: &[Value]) -> Result<(), Error> {
    for argument in arguments.iter().filter(|argument| argument.as_str().is_none()) {
        let items = argument.try_iter().map_or(0, |items| items.take(MOST_ITEMS + 1).count());
        if items > MOST_ITEMS {
            return Err(error(format!("`{filter}` takes a list of at most 100,000 items")));
        }
    }
    let text = |index: usize| arguments.get(index).and_then(Value::as_str).unwrap_or_default();
    let made = match filter {
        "replace" => {
            let count = text(0).matches(text(1)).count();
            count.saturating_mul(text(2).len()).saturating_add(text(0).len())
        }
        "join" => joined(arguments),
        name if OF_TEXTS.contains(&name) => arguments.first().map_or(0, |value| weight(value, LARGEST)),
        "format" if has_wide_field(text(0)) => return Err(error("a width in `format` is at most 999")),
        _ => 0,
    };
    if made > LARGEST { Err(too_large()) } else { Ok(()) }
}

/// How long a joined text will be.
fn joined(arguments: &[Value]) -> usize {
    let named = |name: &str| {
        let named = arguments.last().and_then(|last| Kwargs::try_from(last.clone()).ok())?;
        named.get::<Option<Value>>(name).ok().flatten()
    };
    let joiner = arguments.get(1).filter(|joiner| joiner.as_str().is_some()).cloned().or_else(|| named("d"));
    let attribute = arguments.get(2).filter(|name| name.as_str().is_some()).cloned().or_else(|| named("attribute"));
    let joiner = joiner.as_ref().and_then(Value::as_str).map_or(0, str::len);
    let mut made = 0_usize;
    for item in arguments.first().and_then(|list| list.try_iter().ok()).into_iter().flatten() {
        let item = match attribute.as_ref().and_then(Value::as_str) {
            Some(path) => path.split('.').fold(item, |item, part| item.get_attr(part).unwrap_or_default()),
            None => item,
        };
        made = made.saturating_add(joiner).saturating_add(weight(&item, LARGEST));
        if made > LARGEST {
            break;
        }
    }
    made
}

/// About how many bytes a value takes; no more than `most` are counted, or little more.
pub(crate) fn weight(value: &Value, most: usize) -> usize {
    if let Some(text) = value.as_str() {
        return TEXT + text.len();
    }
    let mut weight = VALUE;
    // A map is gone through by its keys.
    let map = value.as_object().filter(|object| object.repr() == ObjectRepr::Map);
    for item in value.try_iter().into_iter().flatten() {
        let field = map.and_then(|map| map.get_value(&item));
        for part in field.iter().chain([&item]) {
            weight += self::weight(part, most.saturating_sub(weight));
        }
        if weight > most {
            break;
        }
    }
    weight
}

/// Whether more digits stand in a row than a width has.
fn has_wide_field(format: &str) -> bool {
    format.split(|character: char| !character.is_ascii_digit()).any(|digits| digits.len() > WIDTH_DIGITS)
}

/// The text of a template.
pub(crate) fn render(environment: &mut Environment<'static>, template: &str, context: Value) -> Result<String, Error> {
    if environment.get_template(template).is_err() {
        measure(template)?;
        environment.add_template_owned(template.to_string(), template.to_string())?;
    }
    let mut text = Bounded(Vec::new());
    match environment.get_template(template)?.render_captured_to(context, &mut text) {
        Ok(_) => Ok(String::from_utf8(text.0).expect("text is written in whole characters")),
        Err(failed) if failed.kind() == ErrorKind::WriteFailure => Err(too_large()),
        Err(failed) => Err(failed),
    }
}

/// Takes no more than the largest text.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LARGEST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether each of a template's tags is short enough for minijinja's stack. To be asked before anything is parsed.
pub(crate) fn measure(template: &str) -> Result<(), Error> {
    let (mut rest, mut elifs) = (template, 0);
    while let Some(start) = rest.find('{') {
        rest = &rest[start + 1..];
        let close = match rest.as_bytes().first() {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => {
                rest = rest.split_once("#}").map_or("", |(_, after)| after);
                continue;
            }
            _ => continue,
        };
        elifs += usize::from(rest[1..].trim_start_matches(['-', '+']).trim_start().starts_with("elif"));
        rest = &rest[1 + measure_code(&rest[1..], Some(close))?..];
    }
    if elifs > MOST_ELIFS {
        return Err(error(format!("it has more than {MOST_ELIFS} `elif`")));
    }
    Ok(())
}

/// An expression by itself.
pub(crate) fn measure_expression(expression: &str) -> Result<(), Error> {
    measure_code(expression, None).map(|_| ())
}

/// Where code ends: behind `close`, outside of strings, or at the text's end.
fn measure_code(text: &str, close: Option<&str>) -> Result<usize, Error> {
    let (mut at, mut code) = (0, 0);
    while let Some(byte) = text.as_bytes().get(at).copied() {
        if let Some(close) = close.filter(|close| text.as_bytes()[at..].starts_with(close.as_bytes())) {
            return Ok(at + close.len());
        }
        at += 1;
        code += 1;
        if matches!(byte, b'"' | b'\'') {
            while let Some(inner) = text.as_bytes().get(at).copied() {
                at += if inner == b'\\' { 2 } else { 1 };
                if inner == byte {
                    break;
                }
            }
        }
        if code > LONGEST_TAG {
            return Err(error("an expression is longer than 2,000 bytes"));
        }
    }
    Ok(text.len())
}

/// A text as a part of a name: letters and digits in lower case, a `-` for anything between them.
pub(crate) fn slug(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let mut slug = String::new();
    for character in text.nfkd().filter(|character| !unicode_normalization::char::is_combining_mark(*character)) {
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') && !matches!(character, '\'' | '’') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_string()
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use crate::jinja::{environment, measure, measure_expression, render, slug};

    fn rendered(template: &str) -> Result<String, String> {
        let context = context! { list => ["a", "b"], maps => [context! { x => "y".repeat(1000) }] };
        render(&mut environment(50_000), template, context).map_err(|error| error.to_string())
    }

    #[test]
    fn no_template_takes_all_memory_or_all_time() {
        let attribute = "{{ (maps * 100000) | join(attribute='x') }}";
        let long = format!("{{{{ 1{} }}}}", "+1".repeat(50_000));
        let piped = format!("{{{{ 'a'{} }}}}", "|upper".repeat(50_000));
        let strings = format!("{{{{ 1{} }}}}", "+'}}'|length".repeat(50_000));
        let elifs = format!("{{% if a %}}{}{{% endif %}}", "{%- elif a %}".repeat(5_000));
        for (template, words) in [
            (
                "{% set ns = namespace(x='x') %}{% for i in range(40) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
                "namespace is unknown",
            ),
            ("{% for x in ['x'] recursive %}{{ loop([x ~ x]) }}{% endfor %}", "recursion limit"),
            ("{{ ('x'*100000)|list|join(' '*100000) }}", "64 MB"),
            ("{{ ('x'*100000)|list|join(d=' '*100000) }}", "64 MB"),
            (attribute, "64 MB"),
            ("{{ ('x'*100000)|replace('x', 'y'*100000) }}", "64 MB"),
            ("{{ ('x'*100000)|replace('', 'y'*100000) }}", "64 MB"),
            ("{{ '%999999999s'|format(1) }}", "at most 999"),
            ("{{ '%.999999999f'|format(1.5) }}", "at most 999"),
            ("{{ 'x'|indent(999999999) }}", "unknown"),
            ("{{ [1]|batch(999999999, 'x') }}", "unknown"),
            ("{{ [1]|slice(999999999) }}", "unknown"),
            ("{{ ([1]*100000000)|list|length }}", "100,000 items"),
            ("{{ ([1]*100000000)|sum }}", "100,000 items"),
            ("{{ ([1]*100000000)|map('string')|length }}", "100,000 items"),
            ("{{ ([1]*100000000)|string|length }}", "100,000 items"),
            ("{{ ([[1]*100000]*100000)|string|length }}", "64 MB"),
            ("{{ [1]|pprint }}", "unknown"),
            ("{{ debug([1]) }}", "debug is unknown"),
            ("a {{ [1]*100000000 }}", "64 MB"),
            ("{{ range(9223372036854775807, -9223372036854775807, -1) }}", "convert"),
            (&long, "2,000 bytes"),
            (&piped, "2,000 bytes"),
            (&strings, "2,000 bytes"),
            (&elifs, "`elif`"),
        ] {
            let begun = std::time::Instant::now();
            let error = rendered(template).expect_err(template);
            assert!(error.contains(words), "{template:.80}: {error}");
            assert!(begun.elapsed().as_secs() < 20, "{template:.80}");
        }
        assert!(measure_expression(&long).is_err());
    }

    #[test]
    fn what_is_bounded_works_as_ever_below() {
        for (template, expected) in [
            ("{{ list | join(', ') }}", "a, b"),
            ("{{ list | join(d='-') }}", "a-b"),
            ("{{ maps | join(attribute='x') | length }}", "1000"),
            ("{{ list | map('upper') | list | last }}", "B"),
            ("{{ list | sort(reverse=true) | join }}", "ba"),
            ("{{ maps | selectattr('x') | list | length }}", "1"),
            ("{{ 'abc' | reverse | replace('c', 'd') }}", "dba"),
            ("{{ '%03d' | format(7) }}", "007"),
            ("{{ 7 | string | upper | title | trim }}{{ list | upper }}", "7['A', 'B']"),
            ("{{ 'a b' | split | list }}{{ 'a' | e | capitalize }}", "['a', 'b']A"),
            ("{{ range(3) | list }}{{ range(5, 1, -2) | list }}", "[0, 1, 2][5, 3]"),
            ("{{ 'Déjà vu' | slug }}", "deja-vu"),
            ("{# {{ #}{{ '}}' }}{%- if list -%} yes {% elif maps %}{% endif %} { }", "}}yes  { }"),
        ] {
            assert_eq!(rendered(template).as_deref(), Ok(expected), "{template}");
        }
    }

    #[test]
    fn long_strings_and_long_texts_are_no_long_tags() {
        assert!(measure(&format!("{} {{{{ x }}}} {}", "long ".repeat(5_000), "long ".repeat(5_000))).is_ok());
        assert!(measure(&format!("{{% set x = {{'a': '{}'}} %}}", "long \\' ".repeat(5_000))).is_ok());
        assert!(measure(&"{{ x }}{{ 'é\\".repeat(5_000)).is_ok());
    }

    #[test]
    fn a_slug_is_fit_for_a_name() {
        for (text, expected) in
            [("Hello, World!", "hello-world"), ("  Ünïcode  ", "unicode"), ("a--b", "a-b"), ("!", ""), ("x'y", "xy")]
        {
            assert_eq!(slug(text), expected);
        }
    }
}
