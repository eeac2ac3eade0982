//! The page's own files, as they are built in.

/// A file of the page.
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) text: &'static str,
}

macro_rules! part {
    ($kind:literal, $name:literal) => {
        Part { name: $name, kind: $kind, text: include_str!(concat!("page/", $name)) }
    };
}

/// The page itself.
pub(super) const INDEX: Part = part!("text/html; charset=utf-8", "index.html");

/// What it is made with.
pub(super) const PARTS: [Part; 20] = [
    part!("text/css; charset=utf-8", "style.css"),
    part!("text/css; charset=utf-8", "grid.css"),
    part!("text/css; charset=utf-8", "detail.css"),
    part!("text/javascript; charset=utf-8", "dom.js"),
    part!("text/javascript; charset=utf-8", "words.js"),
    part!("text/javascript; charset=utf-8", "store.js"),
    part!("text/javascript; charset=utf-8", "view.js"),
    part!("text/javascript; charset=utf-8", "toasts.js"),
    part!("text/javascript; charset=utf-8", "server.js"),
    part!("text/javascript; charset=utf-8", "actions.js"),
    part!("text/javascript; charset=utf-8", "header.js"),
    part!("text/javascript; charset=utf-8", "filters.js"),
    part!("text/javascript; charset=utf-8", "card.js"),
    part!("text/javascript; charset=utf-8", "grid.js"),
    part!("text/javascript; charset=utf-8", "viewport.js"),
    part!("text/javascript; charset=utf-8", "compare.js"),
    part!("text/javascript; charset=utf-8", "takes.js"),
    part!("text/javascript; charset=utf-8", "facts.js"),
    part!("text/javascript; charset=utf-8", "detail.js"),
    part!("text/javascript; charset=utf-8", "app.js"),
];

#[cfg(test)]
mod tests {
    use crate::cli::gallery::page::{INDEX, PARTS};

    #[test]
    fn the_page_names_exactly_what_is_built_in() {
        let named: Vec<&str> = INDEX.text.split("src=\"").chain(INDEX.text.split("href=\"")).skip(1).collect();
        let named = named.iter().filter_map(|rest| rest.split('"').next());
        let is_part = |name: &&str| name.split_once('.').is_some_and(|(_, kind)| ["js", "css"].contains(&kind));
        let mut named: Vec<&str> = named.filter(is_part).collect();
        let mut parts: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
        named.sort_unstable();
        parts.sort_unstable();
        assert_eq!(named, parts);
        // What a strict policy would refuse, and what the export needs.
        assert!(!INDEX.text.contains("style=\"") && !INDEX.text.contains("onclick") && !INDEX.text.contains("<style"));
        assert_eq!(INDEX.text.matches("<!-- data -->").count(), 1);
    }
}
