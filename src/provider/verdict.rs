//! What follows from a vendor's answer: a picture, another try, a refusal, another vendor.
//!
//! Pure: knows status and body, not the network. What it says may be sent again is sent again, and may be paid again: a
//! row is here only where the vendor's documents carry it.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use serde::Deserialize;
use serde_json::Value;

use crate::model::Vendor;
use crate::provider::complaint::Complaint;

/// What follows from an answer. The words are the vendor's own, made fit for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// To be read: it should hold images.
    Answer,
    /// The same request may be sent again, after a while.
    Retry(String),
    /// The vendor won't draw this prompt; it would not another time either.
    Refused(String),
    /// This vendor doesn't have this model on this route; another route or vendor may.
    NotHere(String),
    /// The account is empty or over its quota; another vendor may do.
    NoCredit(String),
    /// The key is missing, wrong, or not enough.
    WrongKey(String),
    /// Anything else; never sent again.
    Failed(String),
}

/// What vendors call a refusal: AIsa (api-reference/errors, 2026), OpenAI (OpenAPI file and its errors, 2026), BytePlus
/// ModelArk (docs, ModelArk/1299023), which AIsa's Seedream passes on, and Alibaba's Model Studio, as its Wan does.
const REFUSALS: [&str; 6] = [
    "content_policy_violation",
    "moderation_blocked",
    "SensitiveContentDetected",
    "ImageRiskDetection",
    "PolicyViolation",
    "DataInspectionFailed",
];
/// What vendors call an empty account: OpenAI, AIsa, ModelArk, as above; `billing_hard_limit_reached` is OpenAI's, with
/// status 400 (github.com/dfinke/PowerShellAI/issues/127).
const NO_CREDIT: [&str; 7] = [
    "insufficient_quota",
    "billing_hard_limit_reached",
    "quota_exceeded",
    "insufficient_api_key_balance",
    "insufficient_wallet_balance",
    "QuotaExceeded",
    "AccountOverdueError",
];
/// What vendors call a model or route that they don't serve: AIsa (api-reference/errors, images/generations and
/// chat/completions pages, 2026), where `model_not_found` comes with status 500 too, and ModelArk.
const NOT_HERE: [&str; 9] = [
    "model_route_not_supported",
    "model_not_found",
    "unknown_model",
    "unknown_endpoint",
    "model_not_allowed",
    "region_blocked",
    "InvalidEndpointOrModel",
    "ModelNotOpen",
    "ServiceNotOpen",
];

/// Judges an answer by its status and body.
pub(crate) fn judge(vendor: Vendor, status: u16, body: &[u8]) -> Verdict {
    match status {
        200..=299 => judge_success(body),
        300..=399 => Verdict::Failed(format!("a redirect (status {status}), which is never followed")),
        _ => judge_error(vendor, status, &Complaint::read(body)),
    }
}

fn judge_error(vendor: Vendor, status: u16, complaint: &Complaint) -> Verdict {
    let words = match complaint.words() {
        empty if empty.is_empty() => format!("status {status}, without a word of explanation"),
        words => words,
    };
    if complaint.mentions(&REFUSALS) {
        Verdict::Refused(words)
    } else if status == 402 || complaint.mentions(&NO_CREDIT) {
        Verdict::NoCredit(words)
    } else if matches!(status, 404 | 405) || complaint.mentions(&NOT_HERE) {
        // AIsa: 404 `openai_error` for a model that this route doesn't serve (AIsa docs, images/generations, 2026-11).
        Verdict::NotHere(words)
    } else if matches!(status, 401 | 403) {
        Verdict::WrongKey(words)
    } else if may_be_sent_again(vendor, status, complaint.retryable) {
        Verdict::Retry(words)
    } else {
        Verdict::Failed(words)
    }
}

/// Which answers a vendor's documents let one answer with the same request.
fn may_be_sent_again(vendor: Vendor, status: u16, retryable: Option<bool>) -> bool {
    match vendor {
        // AIsa docs, api-reference/errors, 2026: of the 4xx only 429; of the 5xx the gateway's, and what says so itself.
        Vendor::Aisa => match status {
            429 | 502 | 503 | 504 => retryable != Some(false),
            500..=599 => retryable == Some(true),
            _ => false,
        },
        // OpenAI's own client libraries, 2026.
        Vendor::OpenAi => matches!(status, 408 | 409 | 429 | 500..=599),
        Vendor::Placeholder => false,
    }
}

/// The parts of an answer that tell whether it holds an image, without copying one.
#[derive(Deserialize)]
struct Outline {
    error: Option<Value>,
    #[serde(default)]
    data: Vec<Entry>,
}

/// One entry of `data`, in outline.
#[derive(Deserialize)]
struct Entry {
    error: Option<Value>,
    url: Option<serde::de::IgnoredAny>,
    b64_json: Option<serde::de::IgnoredAny>,
    respect_moderation: Option<bool>,
}

/// An answer that calls itself a success may still be nothing but an error. It is never sent again: it may be billed.
fn judge_success(body: &[u8]) -> Verdict {
    // What this outline doesn't fit, the reader of the wire format has words for.
    let Ok(outline) = serde_json::from_slice::<Outline>(body) else { return Verdict::Answer };
    if outline.data.iter().any(|entry| entry.url.is_some() || entry.b64_json.is_some()) {
        return Verdict::Answer;
    }
    // xAI marks a picture that it holds back so (Vercel's AI SDK, its xAI image model, 2026).
    if outline.data.iter().any(|entry| entry.respect_moderation == Some(false)) {
        return Verdict::Refused("the picture was held back by moderation".to_string());
    }
    let errors = outline.data.iter().filter_map(|entry| entry.error.as_ref()).chain(&outline.error);
    let complaints: Vec<Complaint> = errors.filter(|error| !error.is_null()).map(Complaint::from_error).collect();
    let refusal = complaints.iter().find(|complaint| complaint.mentions(&REFUSALS));
    match refusal {
        Some(complaint) => Verdict::Refused(complaint.words()),
        None if complaints.is_empty() => Verdict::Answer,
        None => Verdict::Failed(format!("an error instead of an image: {}", complaints[0].words())),
    }
}

/// The first pause; each further one is twice as long (AIsa docs, api-reference/errors, 2026).
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// No pause of our own is longer (AIsa docs, api-reference/errors, 2026).
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A vendor that asks for a longer pause isn't waited for.
const LONGEST_ASKED: Duration = Duration::from_secs(120);

/// How long to wait before each further try, and when to give up.
#[derive(Debug)]
pub(crate) struct Patience {
    pauses: ExponentialBackoff,
}

impl Patience {
    /// Patience for so many further tries.
    pub(crate) fn new(max_retries: u32) -> Self {
        Self::starting_with(FIRST_PAUSE, max_retries)
    }

    /// Patience whose first pause isn't the usual one.
    pub(crate) fn starting_with(first_pause: Duration, max_retries: u32) -> Self {
        let builder = ExponentialBuilder::new()
            .with_min_delay(first_pause)
            .with_max_delay(LONGEST_PAUSE)
            .with_max_times(usize::try_from(max_retries).unwrap_or(usize::MAX))
            .with_jitter()
            // Without its `std` feature backon would start each run with one and the same seed.
            .with_jitter_seed(RandomState::new().hash_one(max_retries));
        Self { pauses: builder.build() }
    }

    /// The pause before the next try; `None` to give up. What the vendor asks for counts: asked for no pause, there is
    /// none, and asked for too long a one, it isn't bothered earlier instead.
    pub(crate) fn next(&mut self, retry_after: Option<Duration>) -> Option<Duration> {
        let own = self.pauses.next()?.min(LONGEST_PAUSE);
        match retry_after {
            Some(asked) if asked > LONGEST_ASKED => None,
            Some(asked) => Some(asked),
            None => Some(own),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Patience, Vendor, Verdict, judge};

    /// A verdict's name, for tables.
    fn name(verdict: &Verdict) -> &'static str {
        match verdict {
            Verdict::Answer => "answer",
            Verdict::Retry(_) => "retry",
            Verdict::Refused(_) => "refused",
            Verdict::NotHere(_) => "not here",
            Verdict::NoCredit(_) => "no credit",
            Verdict::WrongKey(_) => "wrong key",
            Verdict::Failed(_) => "failed",
        }
    }

    fn check(vendor: Vendor, rows: &[(u16, &str, &str)]) {
        for (status, body, expected) in rows {
            assert_eq!(name(&judge(vendor, *status, body.as_bytes())), *expected, "{vendor:?} {status} {body}");
        }
    }

    #[test]
    fn answers_of_aisa_are_judged_by_its_documents() {
        check(
            Vendor::Aisa,
            &[
                (
                    400,
                    r#"{"error":{"code":"InvalidParameter","message":"image size must be at least 3686400 pixels"}}"#,
                    "failed",
                ),
                (400, r#"{"error":{"code":"invalid_request","message":"size"}}"#, "failed"),
                (
                    400,
                    r#"{"error":{"code":"model_route_not_supported","message":"use images/generations"}}"#,
                    "not here",
                ),
                (400, r#"{"error":{"code":"OutputImageSensitiveContentDetected.Violence","message":"no"}}"#, "refused"),
                (400, r#"{"error":"upstream: InputTextSensitiveContentDetected","code":"upstream_error"}"#, "refused"),
                (400, r#"{"error":{"code":"InputImageRiskDetection"}}"#, "refused"),
                (400, r#"{"error":{"code":"x","message":"later","retryable":true}}"#, "failed"),
                (401, r#"{"error":{"code":"invalid_api_key","message":"no"}}"#, "wrong key"),
                (402, r#"{"error":"low","code":"insufficient_wallet_balance"}"#, "no credit"),
                (402, "", "no credit"),
                (403, r#"{"error":{"code":"insufficient_permissions"}}"#, "wrong key"),
                (403, r#"{"error":{"code":"model_not_allowed"}}"#, "not here"),
                (403, r#"{"error":{"code":"AccountOverdueError"}}"#, "no credit"),
                (404, r#"{"error":{"type":"openai_error","code":"openai_error","message":"no"}}"#, "not here"),
                (404, r#"{"error":{"code":"unknown_model"}}"#, "not here"),
                (404, "<html>", "not here"),
                (408, "", "failed"),
                (409, r#"{"error":{"code":"request_in_progress","retryable":true}}"#, "failed"),
                (422, r#"{"error":{"code":"content_policy_violation","message":"no"}}"#, "refused"),
                (422, r#"{"error":{"code":"unsupported_parameter","message":"seed"}}"#, "failed"),
                (429, r#"{"error":{"code":"rate_limit_exceeded"}}"#, "retry"),
                (429, r#"{"error":{"code":"upstream_rate_limit"}}"#, "retry"),
                (429, r#"{"error":{"code":"quota_exceeded"}}"#, "no credit"),
                (429, r#"{"error":{"code":"QuotaExceeded"}}"#, "no credit"),
                (429, "", "retry"),
                (500, r#"{"error":{"code":"model_not_found","message":"not provisioned"}}"#, "not here"),
                (500, "", "failed"),
                (500, r#"{"error":{"message":"x","retryable":true}}"#, "retry"),
                (502, "<html><title>Bad Gateway</title></html>", "retry"),
                (503, r#"{"error":{"code":"provider_unavailable"}}"#, "retry"),
                (503, r#"{"error":{"code":"metered_v2_billing_config_invalid","retryable":false}}"#, "failed"),
                (504, "{", "retry"),
                (507, "", "failed"),
            ],
        );
    }

    #[test]
    fn answers_of_compatible_servers_are_judged_by_openais_documents() {
        check(
            Vendor::OpenAi,
            &[
                (
                    400,
                    r#"{"error":{"code":"moderation_blocked","type":"image_generation_user_error","message":"no"}}"#,
                    "refused",
                ),
                (400, r#"{"error":{"code":"content_policy_violation","message":"no"}}"#, "refused"),
                (400, r#"{"error":{"code":"billing_hard_limit_reached","message":"no"}}"#, "no credit"),
                (400, r#"{"error":"malformed body"}"#, "failed"),
                (401, r#"{"error":{"message":"bad key","code":"invalid_api_key"}}"#, "wrong key"),
                (403, "", "wrong key"),
                (404, r#"{"error":{"code":"model_not_found"}}"#, "not here"),
                (405, r#"{"detail":"Method Not Allowed"}"#, "not here"),
                (408, "", "retry"),
                (409, "", "retry"),
                (413, "", "failed"),
                (422, r#"{"detail":[{"msg":"bad size"}]}"#, "failed"),
                (429, r#"{"error":{"code":"rate_limit_exceeded"}}"#, "retry"),
                (429, r#"{"error":{"code":"insufficient_quota","type":"insufficient_quota"}}"#, "no credit"),
                (429, r#"{"error":{"type":"insufficient_quota","message":"no","code":null}}"#, "no credit"),
                (500, r#"{"error":"text"}"#, "retry"),
                (503, r#"{"detail":"loading"}"#, "retry"),
                (529, "", "retry"),
                (301, "", "failed"),
                (307, "", "failed"),
                (600, "", "failed"),
            ],
        );
    }

    #[test]
    fn a_success_without_an_image_is_never_sent_again() {
        let rows = [
            (200, r#"{"data":[{"url":"https://a.b/c"}]}"#, "answer"),
            (200, r#"{"data":[{"b64_json":"aGVsbG8="}],"error":{"code":"InternalServiceError"}}"#, "answer"),
            (200, r#"{"data":[{"error":{"code":"PolicyViolation"}},{"url":"https://a.b/c"}]}"#, "answer"),
            (201, r#"{"data":[]}"#, "answer"),
            (200, r#"{"data":{"url":"https://a.b/c"}}"#, "answer"),
            (200, "<html>", "answer"),
            (204, "", "answer"),
            (200, r#"{"error":{"code":"OutputImageSensitiveContentDetected"}}"#, "refused"),
            (200, r#"{"data":[{"error":{"code":"OutputImageSensitiveContentDetected"},"url":null}]}"#, "refused"),
            (200, r#"{"data":[{"respect_moderation":false}]}"#, "refused"),
            (200, r#"{"error":{"code":"ServerOverloaded","retryable":true},"data":[]}"#, "failed"),
            (200, r#"{"error":"quota_exceeded"}"#, "failed"),
        ];
        check(Vendor::Aisa, &rows);
        check(Vendor::OpenAi, &rows);
    }

    #[test]
    fn the_words_are_the_vendors_own_with_keys_masked() {
        let body = br#"{"error":{"message":"Incorrect API key provided: sk-A123456789012345.\n"}}"#;
        assert_eq!(
            judge(Vendor::OpenAi, 401, body),
            Verdict::WrongKey(format!("Incorrect API key provided: {}", "*".repeat(20)))
        );
        assert_eq!(
            judge(Vendor::Aisa, 500, b""),
            Verdict::Failed("status 500, without a word of explanation".to_string())
        );
    }

    #[test]
    fn pauses_double_with_jitter_up_to_a_cap_and_end() {
        let mut patience = Patience::new(7);
        let pauses: Vec<f64> = std::iter::from_fn(|| patience.next(None)).map(|pause| pause.as_secs_f64()).collect();
        assert_eq!(pauses.len(), 7);
        for (pause, shortest) in pauses.iter().zip([1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]) {
            assert!(*pause >= shortest && *pause <= (2.0 * shortest).min(30.0), "{pauses:?}");
        }
        assert_eq!(Patience::new(0).next(Some(Duration::ZERO)), None);
    }

    #[test]
    fn what_the_vendor_asks_for_counts() {
        let mut patience = Patience::new(3);
        assert_eq!(patience.next(Some(Duration::ZERO)), Some(Duration::ZERO));
        assert_eq!(patience.next(Some(Duration::from_secs(120))), Some(Duration::from_secs(120)));
        assert_eq!(patience.next(Some(Duration::from_secs(121))), None);
        let mut hammered = Patience::new(2);
        assert_eq!((0..5).filter_map(|_| hammered.next(Some(Duration::ZERO))).count(), 2);
    }
}
