//! Transparency from models that draw none: which colour the ground is to have that is taken away afterwards, and how that is
//! asked for.
//!
//! Pure. Must not know of routes, requests or pixels.

use crate::transform::Rgb;

/// Green, as in a studio: what models know best.
const GREEN: Rgb = Rgb([0, 255, 0]);
/// For pictures in which there is green.
const MAGENTA: Rgb = Rgb([255, 0, 255]);
/// Words of pictures in which there is green, as they begin.
const GREENERY: [&str; 30] = [
    "algae", "avocado", "bush", "cactus", "clover", "emerald", "fern", "forest", "frog", "garden", "goblin", "grass",
    "green", "herb", "ivy", "jade", "jungle", "leaf", "leaves", "lime", "lizard", "mint", "moss", "olive", "orc",
    "plant", "reed", "sedge", "tree", "vine",
];

/// The ground's colour for a picture of this wording: one that the picture is unlikely to have.
pub(crate) fn key_color(prompt: &str) -> Rgb {
    let prompt = prompt.to_lowercase();
    let mut words = prompt.split(|character: char| !character.is_alphanumeric());
    if words.any(|word| GREENERY.iter().any(|green| word.starts_with(green))) { MAGENTA } else { GREEN }
}

/// How a ground of this colour is asked for, after the prompt.
pub(crate) fn wording(color: Rgb) -> String {
    let name = if color == MAGENTA { "magenta" } else { "green" };
    format!(
        "The background is one flat, even {name} ({color}) from edge to edge, with no gradient, no texture, no floor and no shadow \
         on it; nothing of the subject is {name}."
    )
}

/// All that a model is told: what the references show, the prompt, and how the ground is to be.
pub(crate) fn said(hints: &str, prompt: &str, key: Option<Rgb>) -> String {
    let ground = key.map(wording).unwrap_or_default();
    let sentences: Vec<&str> = [hints, prompt, &ground].into_iter().filter(|sentence| !sentence.is_empty()).collect();
    sentences.join(" ")
}

#[cfg(test)]
mod tests {
    use crate::ground::{GREEN, MAGENTA, key_color, said, wording};

    #[test]
    fn the_ground_has_a_colour_that_the_picture_has_not() {
        for (prompt, color) in [
            ("a red panda astronaut", GREEN),
            ("a Frog with a lute", MAGENTA),
            ("two oak leaves, painted", MAGENTA),
            ("a greenish slime", MAGENTA),
            ("a sword of bronze", GREEN),
            ("a tangerine", GREEN),
            ("", GREEN),
        ] {
            assert_eq!(key_color(prompt), color, "{prompt}");
        }
    }

    #[test]
    fn the_wording_names_the_colour_and_its_value() {
        assert!(wording(MAGENTA).contains("magenta (#ff00ff)"));
        assert_eq!(said("Image 1 is it.", "a moon", None), "Image 1 is it. a moon");
        assert_eq!(said("", "a moon", Some(GREEN)), format!("a moon {}", wording(GREEN)));
        assert!(wording(GREEN).contains("green (#00ff00)"));
    }
}
