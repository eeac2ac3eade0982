//! What can go wrong at a vendor, as values.

use std::time::Duration;

use serde_json::{Value, json};

/// One way to fail. Unless a line says otherwise, the images are billed first; OpenRouter bills last, and only what it
/// delivers to a client that is still there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fault {
    /// This status, these headers, this body; see `Fault::status`.
    Status { status: u16, headers: Vec<(String, String)>, body: String, billed: bool },
    /// A refusal of the prompt, as this vendor words it. Not billed.
    Refuse,
    /// An error whose text repeats the key that came in. Not billed.
    EchoKey,
    /// Status 200 and nothing but an error. Not billed.
    ErrorIn200,
    /// Status 200 and an empty list. Not billed.
    EmptyData,
    /// The account has no money left, as this vendor words it. Not billed.
    NoCredit,
    /// Chat and `generateContent`: status 200 and an answer that ended for this reason, without an image. Not billed.
    NoImage { finish_reason: &'static str },
    /// Chat and `generateContent`: status 200 and an answer in words. Not billed.
    TextOnly,
    /// `generateContent`: status 200, no candidates and this `blockReason`. Not billed.
    Blocked { reason: &'static str },
    /// PowerTokens: status 200, and the last entry of `data` is this error. The others are billed.
    FailedEntry { code: &'static str },
    /// PowerTokens: status 200, and every entry of `data` is this error. Not billed.
    FailedEntries { code: &'static str },
    /// 307 to another address. Not billed.
    Redirect { to: String },
    /// No answer ever.
    HangForever,
    /// The answer comes this much later.
    Delay(Duration),
    /// The connection closes before the first byte of the answer.
    CloseBeforeAnswer,
    /// The connection closes after the answer's head.
    ResetAfterHeaders,
    /// The connection closes in the middle of the answer's body.
    CutBody,
    /// The answer waits until `Vendor::open`.
    Gate,
    /// The request waits until `Vendor::open`, and is billed only then.
    GateBeforeBilling,
    /// One image less than asked, and billed so.
    FewerImages,
    /// Images of half the width and half the height.
    WrongSize,
    /// Images without the transparency that was asked for.
    Opaque,
    /// Images with a checkerboard painted where they should be transparent.
    Checkers,
    /// Drawings (SVG), under the name and type of an image of pixels.
    Drawing,
    /// Images of another format than this vendor's usual one, under its usual name and type.
    WrongFormat,
    /// A page of HTML where the image should be.
    NotAnImage,
    /// Downloads answer with this status.
    DownloadStatus(u16),
    /// Downloads end in the middle.
    DownloadTruncated,
    /// Downloads never end.
    DownloadEndless,
    /// Downloads trickle in over this time.
    DownloadSlow(Duration),
    /// Downloads stop in the middle until `Vendor::open`.
    DownloadGate,
}

impl Fault {
    /// A status that isn't billed, with an error of the common form.
    pub(crate) fn status(status: u16) -> Fault {
        let body = json!({ "error": {
            "type": "api_error", "code": format!("status_{status}"), "message": format!("the vendor answers {status}"),
        }});
        Fault::Status { status, headers: Vec::new(), body: body.to_string(), billed: false }
    }

    /// The same, but the images count.
    #[track_caller]
    pub(crate) fn billed(self) -> Fault {
        let Fault::Status { status, headers, body, .. } = self else { panic!("{self:?} is billed as it is") };
        Fault::Status { status, headers, body, billed: true }
    }

    #[track_caller]
    pub(crate) fn with_header(self, name: &str, value: &str) -> Fault {
        let Fault::Status { status, mut headers, body, billed } = self else { panic!("{self:?} has no headers") };
        headers.push((name.to_string(), value.to_string()));
        Fault::Status { status, headers, body, billed }
    }

    /// Another body; it need not be JSON.
    #[track_caller]
    pub(crate) fn with_body(self, body: impl Into<String>) -> Fault {
        let Fault::Status { status, headers, billed, .. } = self else { panic!("{self:?} has no body") };
        Fault::Status { status, headers, body: body.into(), billed }
    }

    /// The error that many vendors send: `{"error": {"type", "code", "message"}}`.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Fault {
        let body = json!({ "error": { "type": "api_error", "code": code, "message": message } });
        Fault::status(status).with_body(body.to_string())
    }

    /// AIsa's 500 for a workspace that may not use the model: a 5xx that no retry mends.
    pub(crate) fn not_provisioned() -> Fault {
        Fault::error(500, "model_not_found", "the workspace is not provisioned for this model family")
    }

    /// An error as `generateContent` words it, such as 503 `UNAVAILABLE`.
    pub(crate) fn google(status: u16, name: &str, message: &str) -> Fault {
        let body = json!({ "error": { "code": status, "message": message, "status": name } });
        Fault::status(status).with_body(body.to_string())
    }

    /// Google's 429, which says in its details when to come back, such as `27s`.
    pub(crate) fn retry_info(delay: &str) -> Fault {
        let body = json!({ "error": {
            "code": 429, "message": "Resource has been exhausted.", "status": "RESOURCE_EXHAUSTED",
            "details": [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay }],
        }});
        Fault::status(429).with_body(body.to_string())
    }

    /// An error as OpenRouter words it, such as 503 `provider_overloaded`.
    pub(crate) fn openrouter(status: u16, error_type: &str, message: &str) -> Fault {
        let body = json!({ "error": {
            "code": status, "message": message, "metadata": { "error_type": error_type },
        }});
        Fault::status(status).with_body(body.to_string())
    }

    /// OpenRouter's 403 of a moderated prompt.
    pub(crate) fn moderation(reasons: &[&str]) -> Fault {
        let body = json!({ "error": {
            "code": 403, "message": "the input was flagged by moderation",
            "metadata": {
                "reasons": reasons, "flagged_input": "the prompt", "provider_name": "OpenAI",
                "model_slug": "openai/gpt-image-2",
            },
        }});
        Fault::status(403).with_body(body.to_string())
    }

    /// OpenRouter's word on whether and when to come back.
    #[track_caller]
    pub(crate) fn with_availability(self, code: &str, retryable: bool, retry_after: Option<u64>) -> Fault {
        let Fault::Status { ref body, .. } = self else { panic!("{self:?} has no body") };
        let mut body: Value = serde_json::from_str(body).expect("the errors of OpenRouter are JSON");
        body["error"]["availability"] = json!({ "code": code, "retryable": retryable });
        if let Some(seconds) = retry_after {
            body["error"]["availability"]["retry_after"] = json!(seconds);
        }
        self.with_body(body.to_string())
    }

    pub(super) fn is_billed(&self) -> bool {
        match self {
            Fault::Status { billed, .. } => *billed,
            Fault::Refuse
            | Fault::EchoKey
            | Fault::ErrorIn200
            | Fault::EmptyData
            | Fault::NoCredit
            | Fault::NoImage { .. }
            | Fault::TextOnly
            | Fault::Blocked { .. }
            | Fault::FailedEntries { .. }
            | Fault::Redirect { .. } => false,
            _ => true,
        }
    }

    /// The client never sees the whole answer, and a vendor that bills only what it delivers bills nothing.
    pub(super) fn breaks_the_connection(&self) -> bool {
        matches!(self, Fault::CloseBeforeAnswer | Fault::ResetAfterHeaders | Fault::CutBody | Fault::HangForever)
    }

    pub(super) fn is_of_download(&self) -> bool {
        matches!(
            self,
            Fault::DownloadStatus(_)
                | Fault::DownloadTruncated
                | Fault::DownloadEndless
                | Fault::DownloadSlow(_)
                | Fault::DownloadGate
        )
    }
}
