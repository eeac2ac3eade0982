//! A bug in tintype: said in a few words, without a key that may stand in what went wrong.

use std::panic;
use std::sync::Arc;

use crate::cli::environment::Environment;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::talk::Talk;
use crate::secret::{Secret, mask_keys};

/// Names of variables whose values are hidden, wherever they turn up.
const ENDINGS: [&str; 4] = ["_KEY", "_TOKEN", "_SECRET", "_PASSWORD"];

/// From now on a panic says what happened and where, and that nothing is lost by it.
pub(crate) fn listen(environment: &Environment, talk: &Arc<Talk>) {
    let (secrets, talk) = (secrets(environment), Arc::clone(talk));
    panic::set_hook(Box::new(move |info| {
        let payload = info.payload();
        let words = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
        let words = words.unwrap_or("something went wrong");
        let place = info.location().map(|place| format!(" ({}:{})", place.file(), place.line())).unwrap_or_default();
        let message = clean(&format!("a bug in tintype: {words}{place}"), &secrets);
        let help = "what is paid for is on the disk: run the command again, and report this if it comes back";
        Failure::new(Exit::Failed, "internal", message, help).show(&talk);
    }));
}

fn secrets(environment: &Environment) -> Vec<Secret> {
    let is_key = |name: &str| ENDINGS.iter().any(|ending| name.ends_with(ending));
    environment.variables().iter().filter(|(name, _)| is_key(name)).map(|(_, value)| Secret::new(value)).collect()
}

fn clean(text: &str, secrets: &[Secret]) -> String {
    mask_keys(&secrets.iter().fold(text.to_string(), |text, secret| secret.redact(&text)))
}

#[cfg(test)]
mod tests {
    use crate::cli::panic::clean;
    use crate::secret::Secret;

    #[test]
    fn a_panic_says_no_key() {
        let said = clean("no header of own-canary-77 or sk-A123456789012345", &[Secret::new("own-canary-77")]);
        assert_eq!(said, "no header of [key] or *******************");
    }
}
