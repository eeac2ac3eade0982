//! What can go wrong at a vendor, as values.

use std::time::Duration;

/// One way to fail. Unless a line says otherwise, the images are billed first.
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
        let body = serde_json::json!({ "error": {
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
        let body = serde_json::json!({ "error": { "type": "api_error", "code": code, "message": message } });
        Fault::status(status).with_body(body.to_string())
    }

    pub(super) fn is_billed(&self) -> bool {
        match self {
            Fault::Status { billed, .. } => *billed,
            Fault::Refuse | Fault::EchoKey | Fault::ErrorIn200 | Fault::EmptyData | Fault::Redirect { .. } => false,
            _ => true,
        }
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
