//! What is wrong with a request, before any vendor has put it into its own words.

/// The kind of mistake. Each dialect has a status and a code for each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Breach {
    UnknownEndpoint,
    MissingKey,
    WrongKey,
    /// The body is of another type than this endpoint takes.
    ContentType,
    Syntax,
    UnknownField,
    Missing,
    Mistyped,
    /// A value that isn't among those that are documented.
    Invalid,
    /// A size that is well formed, but not one that the model draws.
    Size,
    /// Text where a chat wants a list of parts.
    NotAList,
    /// A reference that isn't the picture it should be.
    BadReference,
    UnknownModel,
    /// The model is served, but by another endpoint.
    OtherEndpoint,
    /// The model was served here once; the message says where it is now.
    RouteClosed,
    /// The prompt is against the vendor's policy.
    Refused,
    NoCredit,
    Upstream,
}

/// A rule that a request broke.
#[derive(Clone, Debug)]
pub(super) struct Objection {
    pub(super) breach: Breach,
    pub(super) message: String,
}

impl Objection {
    pub(super) fn new(breach: Breach, message: impl Into<String>) -> Objection {
        Objection { breach, message: message.into() }
    }
}

pub(super) fn missing(field: &str) -> Objection {
    Objection::new(Breach::Missing, format!("`{field}` is required"))
}

pub(super) fn mistyped(field: &str, wanted: &str) -> Objection {
    Objection::new(Breach::Mistyped, format!("`{field}` must be {wanted}"))
}

pub(super) fn invalid(message: impl Into<String>) -> Objection {
    Objection::new(Breach::Invalid, message)
}

/// Nothing where all is well, else a complaint about a value.
pub(super) fn ensure(is_well: bool, message: impl Into<String>) -> Result<(), Objection> {
    if is_well { Ok(()) } else { Err(invalid(message)) }
}
