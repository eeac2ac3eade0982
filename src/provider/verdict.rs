//! What follows from a vendor's answer: a picture, another try, a refusal, another vendor.
//!
//! Pure: knows status and body, not the network. What it says may be sent again is sent again, and may be paid again: a
//! row is here only where the vendor's documents carry it.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use crate::model::Vendor;
use crate::provider::Empty;
use crate::provider::complaint::Complaint;

/// What follows from an answer. The words are the vendor's own, made fit for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// To be read: it should hold images.
    Answer,
    /// The same request may be sent again, after a while; the vendor may say how long.
    Retry(String, Option<Duration>),
    /// The vendor won't draw this prompt; it would not another time either.
    Refused(String),
    /// This vendor doesn't have this model on this route; another route or vendor may.
    NotHere(String),
    /// The account is empty or over its quota; another vendor may do.
    NoCredit(String),
    /// The key is missing, wrong, or not enough.
    WrongKey(String),
    /// It was certainly not billed, and wouldn't go better another time.
    Failed(String),
    /// It may have been billed, and nothing came of it: never sent again by itself.
    Unknown(String),
}

impl Verdict {
    /// The words of it.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Answer => "an answer without content".to_string(),
            Self::Retry(words, _)
            | Self::Refused(words)
            | Self::NotHere(words)
            | Self::NoCredit(words)
            | Self::WrongKey(words)
            | Self::Failed(words)
            | Self::Unknown(words) => words.clone(),
        }
    }
}

/// What a vendor's code means. No two vendors mean different things by one code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Refusal,
    NoCredit,
    NotHere,
    WrongKey,
    /// Too much at once; nothing was begun.
    Busy,
    /// It is the request's own fault.
    Faulty,
}

/// What vendors call a refusal: AIsa (api-reference/errors, 2026), OpenAI (OpenAPI file and its errors, 2026), BytePlus
/// ModelArk (docs, ModelArk/1299023), which AIsa's and PowerTokens' Seedream pass on, Alibaba's Model Studio, as its
/// Wan does, and OpenRouter (api_reference/errors-and-debugging, 2026).
const REFUSALS: [&str; 7] = [
    "content_policy_violation",
    "moderation_blocked",
    "refusal",
    "SensitiveContentDetected",
    "ImageRiskDetection",
    "PolicyViolation",
    "DataInspectionFailed",
];
/// What vendors call an empty account: OpenAI, AIsa, ModelArk, OpenRouter, as above; `billing_hard_limit_reached` is
/// OpenAI's, with status 400 (github.com/dfinke/PowerShellAI/issues/127); `SetLimitExceeded` is ModelArk's for a limit
/// that the account's owner has set, and that no waiting lifts.
const NO_CREDIT: [&str; 9] = [
    "insufficient_quota",
    "billing_hard_limit_reached",
    "quota_exceeded",
    "insufficient_api_key_balance",
    "insufficient_wallet_balance",
    "payment_required",
    "QuotaExceeded",
    "AccountOverdueError",
    "SetLimitExceeded",
];
/// What vendors call a model or route that they don't serve: AIsa (api-reference/errors, images/generations and
/// chat/completions pages, 2026), where `model_not_found` comes with status 500 too, ModelArk, and OpenRouter's
/// `availability` (api_reference/errors-and-debugging, 2026).
const NOT_HERE: [&str; 17] = [
    "model_route_not_supported",
    "model_not_found",
    "unknown_model",
    "unknown_endpoint",
    "model_not_allowed",
    "region_blocked",
    "InvalidEndpointOrModel",
    "ModelNotOpen",
    "ServiceNotOpen",
    "wrong_endpoint",
    "no_endpoints",
    "model_deprecated",
    "model_unavailable_upstream",
    "region_restricted",
    "privacy_restricted",
    "constraint_filtered",
    "free_variant_ended",
];
/// What vendors call a key that won't do: AIsa (api-reference/errors, 2026), Google, ModelArk,
/// OpenRouter, as above; a bad key is an `INVALID_ARGUMENT` at Google, with the reason `API_KEY_INVALID`
/// (github.com/google-gemini/gemini-cli/issues/25198).
const WRONG_KEY: [&str; 13] = [
    "missing_api_key",
    "invalid_api_key",
    "revoked_api_key",
    "api_key_disabled",
    "expired_api_key",
    "insufficient_permissions",
    "API_KEY_INVALID",
    "UNAUTHENTICATED",
    "PERMISSION_DENIED",
    "AuthenticationError",
    "AccessDenied",
    "authentication",
    "permission_denied",
];
/// What vendors answer with before they begin anything: AIsa, OpenAI and OpenRouter, ModelArk, whose
/// `RateLimitExceeded` has several prefixes, Google.
const BUSY: [&str; 6] = [
    "rate_limit_exceeded",
    "upstream_rate_limit",
    "RateLimitExceeded",
    "RequestBurstTooFast",
    "ServerOverloaded",
    "RESOURCE_EXHAUSTED",
];
/// What vendors call a mistake in the request: AIsa, Google, ModelArk, OpenRouter, as above. It matters where the
/// status says something else: `image_not_found` is a 404, and the image one that the request refers to.
const FAULTY: [&str; 23] = [
    "invalid_request",
    "missing_parameter",
    "invalid_parameter_type",
    "invalid_parameter_error",
    "json_parse_error",
    "unsupported_parameter",
    "max_tokens_exceeded",
    "INVALID_ARGUMENT",
    "MissingParameter",
    "InvalidParameter",
    "InvalidImageURL",
    "invalid_image",
    "image_too_large",
    "image_too_small",
    "unsupported_image_format",
    "image_not_found",
    "image_download_failed",
    "invalid_prompt",
    "context_length_exceeded",
    "token_limit_exceeded",
    "string_too_long",
    "payload_too_large",
    "unprocessable",
];
/// What OpenRouter calls a failure that may pass (api_reference/errors-and-debugging, 2026).
const ROUTER_FAILURES: [&str; 7] = [
    "provider_unavailable",
    "provider_overloaded",
    "timeout",
    "server",
    "unmapped",
    "capacity_exhausted",
    "temporarily_unavailable",
];

impl Meaning {
    /// What a complaint's codes mean, the weightiest first; else what its text names. A refusal is believed wherever it
    /// stands, as nothing is sent after it; on a text's word alone another vendor is asked only where nothing can have
    /// been billed.
    fn of(complaint: &Complaint, is_unbilled: bool) -> Option<Self> {
        // OpenRouter: moderation, and a guardrail's block (api_reference/errors-and-debugging, 2026).
        if complaint.is_flagged || complaint.is_called_upstream(&REFUSALS) {
            return Some(Self::Refusal);
        }
        let codes = [
            (Self::Refusal, &REFUSALS[..]),
            (Self::NoCredit, &NO_CREDIT),
            (Self::NotHere, &NOT_HERE),
            (Self::WrongKey, &WRONG_KEY),
            (Self::Busy, &BUSY),
            (Self::Faulty, &FAULTY),
        ];
        let called = codes.iter().find(|(_, codes)| complaint.is_called(codes));
        let told = || codes[..if is_unbilled { 3 } else { 1 }].iter().find(|(_, codes)| complaint.says(codes));
        called.or_else(told).map(|(meaning, _)| *meaning)
    }
}

/// Judges an answer by its status and body.
pub(crate) fn judge(vendor: Vendor, status: u16, body: &[u8]) -> Verdict {
    match status {
        200..=299 => Verdict::Answer,
        300..=399 => Verdict::Failed(format!("a redirect (status {status}), which is never followed")),
        _ => judge_error(vendor, status, &Complaint::read(body)),
    }
}

fn judge_error(vendor: Vendor, status: u16, complaint: &Complaint) -> Verdict {
    let words = match complaint.words() {
        empty if empty.is_empty() => format!("status {status}, without a word of explanation"),
        words => words,
    };
    // 408 and 409 may be about a request that went on.
    let meaning = Meaning::of(complaint, matches!(status, 400..=407 | 410..=499));
    // OpenRouter's own word on it counts for more than the status (api_reference/errors-and-debugging, 2026).
    let is_passing = complaint.is_passing.filter(|_| vendor == Vendor::OpenRouter);
    match (meaning, status) {
        (Some(Meaning::Refusal), _) => Verdict::Refused(words),
        _ if is_passing == Some(true) => Verdict::Retry(words, complaint.retry_after),
        (Some(Meaning::NoCredit), _) | (_, 402) => Verdict::NoCredit(words),
        (Some(Meaning::NotHere), _) => Verdict::NotHere(words),
        _ if is_passing == Some(false) => Verdict::Failed(words),
        (Some(Meaning::WrongKey), _) | (_, 401 | 403) => Verdict::WrongKey(words),
        (Some(Meaning::Faulty), 404) => Verdict::Failed(words),
        // AIsa: 404 `openai_error` for a model that this route doesn't serve (AIsa docs, images/generations, 2026-11).
        (_, 404 | 405) => Verdict::NotHere(words),
        _ if may_be_sent_again(vendor, status, meaning, complaint) => Verdict::Retry(words, complaint.retry_after),
        _ if may_have_been_billed(vendor, status, complaint) => Verdict::Unknown(words),
        _ => Verdict::Failed(words),
    }
}

/// Which answers a vendor's documents let one answer with the same request.
fn may_be_sent_again(vendor: Vendor, status: u16, meaning: Option<Meaning>, complaint: &Complaint) -> bool {
    let is_busy = meaning == Some(Meaning::Busy);
    match vendor {
        // AIsa docs, api-reference/errors, 2026: of the 4xx only 429; of the 5xx the gateway's, what says so itself,
        // and what wasn't begun.
        Vendor::Aisa => match complaint.retryable {
            Some(true) => matches!(status, 429 | 500..=599),
            Some(false) => false,
            None => matches!(status, 429 | 502..=504) || (is_busy && matches!(status, 500..=599)),
        },
        // OpenAI's own client libraries, 2026.
        Vendor::OpenAi => matches!(status, 408 | 409 | 429 | 500..=599),
        // Failed requests aren't billed, and `error_type` says more than the status (OpenRouter docs, images and
        // api_reference/errors-and-debugging, 2026).
        Vendor::OpenRouter => {
            let may_pass = is_busy || complaint.is_called(&ROUTER_FAILURES) || matches!(status, 408 | 429 | 500..=599);
            may_pass && meaning != Some(Meaning::Faulty)
        }
        // Its errors aren't documented: as at ModelArk, where only successes are billed (BytePlus ModelArk docs, 2026).
        Vendor::PowerTokens => is_busy || matches!(status, 429 | 500..=599),
        Vendor::Placeholder => false,
    }
}

/// Whether a failure that may not be sent again may have been billed all the same. At AIsa "a repeated call may be
/// billed again" after any 5xx, except where the gateway itself isn't set up; a 408 or 409 is about a request that may have
/// gone well (AIsa docs, api-reference/errors, 2026). PowerTokens documents neither.
fn may_have_been_billed(vendor: Vendor, status: u16, complaint: &Complaint) -> bool {
    match vendor {
        Vendor::Aisa => match status {
            408 | 409 => true,
            500..=599 => !complaint.is_called(&["metered_v2_billing_config_invalid"]),
            _ => false,
        },
        Vendor::PowerTokens => matches!(status, 408 | 409),
        Vendor::OpenAi | Vendor::OpenRouter | Vendor::Placeholder => false,
    }
}

/// An answer that calls itself a success may still hold nothing but an error, which counts as what it says. What it
/// doesn't say for certain may be billed, and is never sent again by itself.
pub(crate) fn judge_empty(empty: &Empty) -> Verdict {
    let words = empty.words();
    let complaint = match empty {
        Empty::Complaint(complaint) => complaint,
        Empty::Refused(_) => return Verdict::Refused(words),
        Empty::Nothing(_) => return Verdict::Unknown(words),
    };
    let is_final = complaint.retryable == Some(false) || complaint.is_passing == Some(false);
    match Meaning::of(complaint, false) {
        Some(Meaning::Refusal) => Verdict::Refused(words),
        Some(Meaning::NoCredit) => Verdict::NoCredit(words),
        Some(Meaning::NotHere) => Verdict::NotHere(words),
        Some(Meaning::WrongKey) => Verdict::WrongKey(words),
        Some(Meaning::Busy) if !is_final => Verdict::Retry(words, complaint.retry_after),
        _ => Verdict::Unknown(format!("an error instead of an image: {words}")),
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

    use serde_json::json;

    use super::{Patience, Vendor, Verdict, judge, judge_empty};
    use crate::provider::Empty;

    /// A verdict's name, for tables.
    fn name(verdict: &Verdict) -> &'static str {
        match verdict {
            Verdict::Answer => "answer",
            Verdict::Retry(..) => "retry",
            Verdict::Refused(_) => "refused",
            Verdict::NotHere(_) => "not here",
            Verdict::NoCredit(_) => "no credit",
            Verdict::WrongKey(_) => "wrong key",
            Verdict::Failed(_) => "failed",
            Verdict::Unknown(_) => "unknown",
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
                (408, "", "unknown"),
                (409, r#"{"error":{"code":"request_in_progress","retryable":true}}"#, "unknown"),
                (409, r#"{"error":{"code":"request_already_completed","retryable":false}}"#, "unknown"),
                (409, r#"{"error":{"code":"idempotency_conflict"}}"#, "unknown"),
                (409, r#"{"error":"upstream: ModelNotOpen"}"#, "unknown"),
                (422, r#"{"error":{"code":"content_policy_violation","message":"no"}}"#, "refused"),
                (422, r#"{"error":{"code":"unsupported_parameter","message":"seed"}}"#, "failed"),
                (429, r#"{"error":{"code":"rate_limit_exceeded"}}"#, "retry"),
                (429, r#"{"error":{"code":"upstream_rate_limit"}}"#, "retry"),
                (429, r#"{"error":{"code":"quota_exceeded"}}"#, "no credit"),
                (429, r#"{"error":{"code":"QuotaExceeded"}}"#, "no credit"),
                (429, "", "retry"),
                (500, r#"{"error":{"code":"model_not_found","message":"not provisioned"}}"#, "not here"),
                (500, "", "unknown"),
                (500, r#"{"error":{"message":"x","retryable":true}}"#, "retry"),
                (500, r#"{"error":{"message":"x","retryable":false}}"#, "unknown"),
                (500, r#"{"error":{"code":"InternalServiceError"}}"#, "unknown"),
                (500, r#"{"error":{"code":"ServerOverloaded"}}"#, "retry"),
                (500, r#"{"error":{"code":"ServerOverloaded","retryable":false}}"#, "unknown"),
                (500, r#"{"error":"a poster that says ModelNotOpen"}"#, "unknown"),
                (502, "<html><title>Bad Gateway</title></html>", "retry"),
                (503, r#"{"error":{"code":"provider_unavailable"}}"#, "retry"),
                (503, r#"{"error":{"code":"metered_v2_billing_config_invalid","retryable":false}}"#, "failed"),
                (503, r#"{"error":{"code":"metered_v2_billing_config_invalid","retryable":true}}"#, "retry"),
                (504, "{", "retry"),
                (507, "", "unknown"),
                (524, "", "unknown"),
            ],
        );
    }

    #[test]
    fn every_error_that_aisa_lists_has_its_row() {
        // AIsa docs, api-reference/errors, 2026-04 and later; images/generations and chat/completions, 2026-04 and
        // 2026-07.
        let rows = [
            (400, "invalid_request", "failed"),
            (400, "missing_parameter", "failed"),
            (400, "invalid_parameter_type", "failed"),
            (400, "invalid_parameter_error", "failed"),
            (400, "json_parse_error", "failed"),
            (400, "InvalidParameter", "failed"),
            (400, "model_route_not_supported", "not here"),
            (400, "InternalError.Algo.DataInspectionFailed", "refused"),
            (401, "missing_api_key", "wrong key"),
            (401, "invalid_api_key", "wrong key"),
            (401, "revoked_api_key", "wrong key"),
            (401, "api_key_disabled", "wrong key"),
            (401, "expired_api_key", "wrong key"),
            (402, "estimated_price_exceeds_max_price", "no credit"),
            (402, "insufficient_api_key_balance", "no credit"),
            (402, "insufficient_wallet_balance", "no credit"),
            (403, "insufficient_permissions", "wrong key"),
            (403, "model_not_allowed", "not here"),
            (403, "region_blocked", "not here"),
            (404, "unknown_model", "not here"),
            (404, "resource_not_found", "not here"),
            (404, "unknown_endpoint", "not here"),
            (404, "openai_error", "not here"),
            (409, "request_in_progress", "unknown"),
            (409, "request_already_completed", "unknown"),
            (409, "idempotency_conflict", "unknown"),
            (422, "content_policy_violation", "refused"),
            (422, "unsupported_parameter", "failed"),
            (422, "max_tokens_exceeded", "failed"),
            (429, "rate_limit_exceeded", "retry"),
            (429, "upstream_rate_limit", "retry"),
            (429, "quota_exceeded", "no credit"),
            (500, "model_not_found", "not here"),
            (502, "upstream_unavailable", "retry"),
            (502, "gateway_error", "retry"),
            (503, "provider_unavailable", "retry"),
            (503, "authentication_unavailable", "retry"),
            (503, "metered_v2_billing_dependency_timeout", "retry"),
            (503, "metered_v2_billing_dependency_unavailable", "retry"),
            (504, "upstream_timeout", "retry"),
        ];
        for (status, code, expected) in rows {
            let bodies = [
                json!({ "error": { "code": code, "message": "so it is" } }),
                json!({ "error": "so it is", "code": code }),
                json!({ "error": { "type": "invalid_request_error", "code": code } }),
            ];
            for body in bodies {
                check(Vendor::Aisa, &[(status, &body.to_string(), expected)]);
            }
        }
        check(
            Vendor::Aisa,
            &[
                (400, r#"{"error":"request does not match the endpoint contract"}"#, "failed"),
                (400, r#"{"error":"model_route_not_supported: use /v1/images/generations"}"#, "not here"),
                (429, r#"{"error":{"code":"rate_limit_exceeded","retryable":false}}"#, "failed"),
                (502, r#"{"error":"provider request failed"}"#, "retry"),
                (502, r#"{"error":"no available channel"}"#, "retry"),
                (502, r#"{"error":{"message":"provider request failed","retryable":false}}"#, "unknown"),
            ],
        );
    }

    #[test]
    fn errors_of_aisas_generate_content_are_judged_by_googles_codes() {
        // Gemini API, discovery document, 2026; AIsa's OpenAPI file for generateContent, 2026.
        let rows = [
            (400, "INVALID_ARGUMENT", "failed"),
            (400, "FAILED_PRECONDITION", "failed"),
            (401, "UNAUTHENTICATED", "wrong key"),
            (403, "PERMISSION_DENIED", "wrong key"),
            (404, "NOT_FOUND", "not here"),
            (429, "RESOURCE_EXHAUSTED", "retry"),
            (500, "INTERNAL", "unknown"),
            (503, "UNAVAILABLE", "retry"),
            (504, "DEADLINE_EXCEEDED", "retry"),
        ];
        for (status, code, expected) in rows {
            let body = json!({ "error": { "code": status, "message": "so it is", "status": code } });
            check(Vendor::Aisa, &[(status, &body.to_string(), expected)]);
        }
        let key = json!({ "error": { "code": 400, "message": "No.", "status": "INVALID_ARGUMENT", "details": [
            { "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID" },
        ]}});
        check(Vendor::Aisa, &[(400, &key.to_string(), "wrong key")]);
        let later = json!({ "error": { "code": 429, "message": "Later.", "status": "RESOURCE_EXHAUSTED", "details": [
            { "@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [] },
            { "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "27s" },
        ]}});
        assert_eq!(
            judge(Vendor::Aisa, 429, later.to_string().as_bytes()),
            Verdict::Retry("RESOURCE_EXHAUSTED: Later.".to_string(), Some(Duration::from_secs(27)))
        );
    }

    #[test]
    fn every_error_type_of_openrouter_has_its_row() {
        // OpenRouter docs, api_reference/errors-and-debugging, 2026.
        let rows = [
            (400, "context_length_exceeded", "failed"),
            (400, "max_tokens_exceeded", "failed"),
            (400, "token_limit_exceeded", "failed"),
            (400, "string_too_long", "failed"),
            (401, "authentication", "wrong key"),
            (403, "permission_denied", "wrong key"),
            (402, "payment_required", "no credit"),
            (429, "rate_limit_exceeded", "retry"),
            (503, "provider_overloaded", "retry"),
            (502, "provider_unavailable", "retry"),
            (400, "invalid_request", "failed"),
            (400, "invalid_prompt", "failed"),
            (404, "not_found", "not here"),
            (412, "precondition_failed", "failed"),
            (413, "payload_too_large", "failed"),
            (422, "unprocessable", "failed"),
            (400, "content_policy_violation", "refused"),
            (400, "refusal", "refused"),
            (400, "invalid_image", "failed"),
            (400, "image_too_large", "failed"),
            (400, "image_too_small", "failed"),
            (400, "unsupported_image_format", "failed"),
            (404, "image_not_found", "failed"),
            (400, "image_download_failed", "failed"),
            (500, "server", "retry"),
            (504, "timeout", "retry"),
            (500, "unmapped", "retry"),
            // The type says more than the status.
            (400, "rate_limit_exceeded", "retry"),
            (400, "provider_unavailable", "retry"),
            (502, "invalid_image", "failed"),
            (500, "content_policy_violation", "refused"),
        ];
        for (status, error_type, expected) in rows {
            let bodies = [
                json!({ "error": { "code": status, "message": "so it is", "metadata": { "error_type": error_type } } }),
                json!({ "error": { "message": "so it is", "error_type": error_type, "http_status": status } }),
                json!({ "error": { "code": "server_error", "message": "so it is" }, "error_type": error_type }),
            ];
            for body in bodies {
                check(Vendor::OpenRouter, &[(status, &body.to_string(), expected)]);
            }
        }
    }

    #[test]
    fn every_status_of_openrouter_has_its_row() {
        // OpenRouter docs, images and api_reference/errors-and-debugging, 2026.
        let rows = [
            (400, "failed"),
            (401, "wrong key"),
            (402, "no credit"),
            (403, "wrong key"),
            (404, "not here"),
            (408, "retry"),
            (409, "failed"),
            (413, "failed"),
            (422, "failed"),
            (429, "retry"),
            (500, "retry"),
            (502, "retry"),
            (503, "retry"),
            (504, "retry"),
            (524, "retry"),
            (529, "retry"),
        ];
        for (status, expected) in rows {
            let body = json!({ "error": { "code": status, "message": "so it is" }, "user_id": "user_1" });
            check(Vendor::OpenRouter, &[(status, &body.to_string(), expected), (status, "", expected)]);
        }
    }

    #[test]
    fn openrouters_word_on_coming_back_counts_for_more_than_the_status() {
        // OpenRouter docs, api_reference/errors-and-debugging, 2026: `availability`, of 2026-08.
        let rows = [
            (400, "model_not_found", Some(false), "not here"),
            (400, "wrong_endpoint", Some(false), "not here"),
            (404, "no_endpoints", Some(false), "not here"),
            (404, "model_deprecated", Some(false), "not here"),
            (404, "model_unavailable_upstream", Some(false), "not here"),
            (403, "region_restricted", Some(false), "not here"),
            (404, "privacy_restricted", Some(false), "not here"),
            (404, "constraint_filtered", Some(false), "not here"),
            (404, "free_variant_ended", Some(false), "not here"),
            (429, "capacity_exhausted", Some(true), "retry"),
            (503, "temporarily_unavailable", Some(true), "retry"),
            // A code that is new, or used otherwise.
            (404, "resting", Some(true), "retry"),
            (403, "no_endpoints", Some(true), "retry"),
            (503, "closed_for_good", Some(false), "failed"),
            (429, "capacity_exhausted", Some(false), "failed"),
            (503, "no_endpoints", None, "not here"),
            (400, "capacity_exhausted", None, "retry"),
            (404, "resting", None, "not here"),
        ];
        for (status, code, retryable, expected) in rows {
            let availability = json!({ "code": code, "retryable": retryable, "requested_models": ["a/b"] });
            let bodies = [
                json!({ "error": { "code": status, "message": "so it is", "availability": availability } }),
                json!({ "error": { "code": status, "message": "so it is" }, "availability": availability }),
            ];
            for body in bodies {
                check(Vendor::OpenRouter, &[(status, &body.to_string(), expected)]);
            }
        }
        let body = br#"{"error":{"code":429,"message":"Busy.","availability":{"retryable":true,"retry_after":40}}}"#;
        assert_eq!(
            judge(Vendor::OpenRouter, 429, body),
            Verdict::Retry("Busy.".to_string(), Some(Duration::from_secs(40)))
        );
        // Nobody else has such a field: it may not make a request be sent again.
        check(
            Vendor::Aisa,
            &[(400, r#"{"error":{"message":"x","availability":{"code":"x","retryable":true}}}"#, "failed")],
        );
    }

    #[test]
    fn what_openrouter_flags_is_refused_and_says_why() {
        let body = json!({ "error": { "code": 403, "message": "Your input was flagged", "metadata": {
            "reasons": ["violence", "gore"], "flagged_input": "a red battle", "provider_name": "OpenAI",
            "model_slug": "openai/gpt-image-2",
        }}});
        assert_eq!(
            judge(Vendor::OpenRouter, 403, body.to_string().as_bytes()),
            Verdict::Refused("Your input was flagged (violence, gore)".to_string())
        );
        check(
            Vendor::OpenRouter,
            &[
                (403, r#"{"error":{"code":403,"message":"no","metadata":{"flagged_input":"x"}}}"#, "refused"),
                (403, r#"{"error":{"code":403,"message":"no","metadata":{"patterns":["ignore all"]}}}"#, "refused"),
                (403, r#"{"error":{"code":403,"message":"no","metadata":{"reasons":[]}}}"#, "wrong key"),
                (403, r#"{"error":{"code":403,"message":"no key for you","metadata":{}}}"#, "wrong key"),
                (
                    500,
                    r#"{"error":{"metadata":{"error_type":"unmapped","provider_code":"moderation_blocked"}}}"#,
                    "refused",
                ),
                (400, r#"{"error":{"message":"x","metadata":{"provider_code":"QuotaExceeded"}}}"#, "failed"),
            ],
        );
    }

    #[test]
    fn answers_of_powertokens_are_judged_by_modelarks_codes() {
        // PowerTokens documents no errors; BytePlus ModelArk docs, ModelArk/1299023, 2026.
        let rows = [
            (400, "MissingParameter", "failed"),
            (400, "InvalidParameter", "failed"),
            (400, "InvalidParameter.Size", "failed"),
            (400, "InvalidImageURL", "failed"),
            (400, "SensitiveContentDetected", "refused"),
            (400, "SensitiveContentDetected.SevereViolation", "refused"),
            (400, "SensitiveContentDetected.Violence", "refused"),
            (400, "InputTextSensitiveContentDetected", "refused"),
            (400, "InputImageSensitiveContentDetected", "refused"),
            (400, "OutputImageSensitiveContentDetected", "refused"),
            (400, "InputImageRiskDetection", "refused"),
            (400, "OutputImageRiskDetection", "refused"),
            (400, "PolicyViolation", "refused"),
            (401, "AuthenticationError", "wrong key"),
            (403, "AccessDenied", "wrong key"),
            (403, "AccountOverdueError", "no credit"),
            (403, "ServiceNotOpen", "not here"),
            (404, "InvalidEndpointOrModel", "not here"),
            (404, "InvalidEndpointOrModel.NotFound", "not here"),
            (404, "ModelNotOpen", "not here"),
            (429, "RateLimitExceeded", "retry"),
            (429, "AccountRateLimitExceeded", "retry"),
            (429, "RequestBurstTooFast", "retry"),
            (429, "ServerOverloaded", "retry"),
            (429, "QuotaExceeded", "no credit"),
            (429, "SetLimitExceeded", "no credit"),
            (500, "InternalServiceError", "retry"),
            // A gateway may answer with a status of its own.
            (400, "AccountRateLimitExceeded", "retry"),
            (400, "AuthenticationError", "wrong key"),
            (500, "OutputImageSensitiveContentDetected", "refused"),
            (500, "AccountOverdueError", "no credit"),
        ];
        for (status, code, expected) in rows {
            let body = json!({ "error": { "code": code, "message": "so it is", "param": "", "type": "BadRequest" } });
            check(Vendor::PowerTokens, &[(status, &body.to_string(), expected)]);
        }
        check(
            Vendor::PowerTokens,
            &[
                (400, "", "failed"),
                (401, "", "wrong key"),
                (402, "", "no credit"),
                (403, "", "wrong key"),
                (404, "", "not here"),
                (408, "", "unknown"),
                (409, "", "unknown"),
                (413, "", "failed"),
                (429, "", "retry"),
                (500, "", "retry"),
                (502, "<html>", "retry"),
                (503, "", "retry"),
            ],
        );
    }

    #[test]
    fn a_prompt_that_is_repeated_hands_nothing_over() {
        for vendor in [Vendor::Aisa, Vendor::OpenAi, Vendor::OpenRouter, Vendor::PowerTokens] {
            check(
                vendor,
                &[
                    (400, r#"{"error":{"message":"prompt too long: a sign that reads model_not_found"}}"#, "failed"),
                    (400, r#"{"error":{"message":"prompt too long: content_policy_violation"}}"#, "failed"),
                    (400, r#"{"error":"see https://a.b/errors#ModelNotOpen or insufficient_quota"}"#, "failed"),
                    (400, r#"{"error":{"code":"InvalidParameter","message":"prompt: ModelNotOpen"}}"#, "failed"),
                    (400, r#"{"error":{"code":"invalid_request","message":"DataInspectionFailed"}}"#, "failed"),
                    (429, r#"{"error":{"code":"rate_limit_exceeded","message":"a QuotaExceeded sign"}}"#, "retry"),
                ],
            );
        }
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
    fn a_success_is_for_the_wire_format_to_read() {
        let rows = [
            (200, r#"{"data":[{"url":"https://a.b/c"}]}"#, "answer"),
            (200, r#"{"data":[{"b64_json":"aGVsbG8="}],"error":{"code":"InternalServiceError"}}"#, "answer"),
            (200, r#"{"data":[{"error":{"code":"PolicyViolation"}},{"url":"https://a.b/c"}]}"#, "answer"),
            (200, r#"{"error":{"code":"OutputImageSensitiveContentDetected"}}"#, "answer"),
            (201, r#"{"data":[]}"#, "answer"),
            (200, "<html>", "answer"),
            (204, "", "answer"),
        ];
        for vendor in [Vendor::Aisa, Vendor::OpenAi, Vendor::OpenRouter, Vendor::PowerTokens] {
            check(vendor, &rows);
        }
    }

    #[test]
    fn an_error_in_a_success_counts_as_what_it_says_and_may_else_have_been_billed() {
        let rows = [
            (json!({ "code": "OutputImageSensitiveContentDetected" }), "refused"),
            (json!({ "code": "OutputImageSensitiveContentDetected.Violence", "message": "no" }), "refused"),
            (json!({ "code": "content_policy_violation" }), "refused"),
            (json!({ "metadata": { "error_type": "refusal" } }), "refused"),
            (json!({ "code": 403, "message": "no", "metadata": { "reasons": ["gore"] } }), "refused"),
            (json!("upstream: InputTextSensitiveContentDetected"), "refused"),
            (json!("quota_exceeded"), "no credit"),
            (json!({ "code": "AccountOverdueError" }), "no credit"),
            (json!({ "metadata": { "error_type": "payment_required" } }), "no credit"),
            (json!({ "code": "model_not_found" }), "not here"),
            (json!({ "code": "InvalidEndpointOrModel.NotFound" }), "not here"),
            (json!({ "message": "x", "availability": { "code": "no_endpoints", "retryable": false } }), "not here"),
            (json!({ "code": "invalid_api_key" }), "wrong key"),
            (json!({ "status": "PERMISSION_DENIED", "code": 403 }), "wrong key"),
            (json!({ "status": "INVALID_ARGUMENT", "details": [{ "reason": "API_KEY_INVALID" }] }), "wrong key"),
            (json!({ "code": "rate_limit_exceeded" }), "retry"),
            (json!({ "code": "RateLimitExceeded" }), "retry"),
            (json!({ "code": "AccountRateLimitExceeded" }), "retry"),
            (json!({ "code": "RequestBurstTooFast" }), "retry"),
            (json!({ "code": "upstream_rate_limit" }), "retry"),
            (json!({ "code": "ServerOverloaded", "retryable": true }), "retry"),
            (json!({ "code": 429, "status": "RESOURCE_EXHAUSTED" }), "retry"),
            (json!({ "code": 429, "metadata": { "error_type": "rate_limit_exceeded" } }), "retry"),
            (json!({ "code": "ServerOverloaded", "retryable": false }), "unknown"),
            (json!({ "error_type": "rate_limit_exceeded", "availability": { "retryable": false } }), "unknown"),
            (json!({ "code": "InternalServiceError", "retryable": true }), "unknown"),
            (json!({ "code": 502, "metadata": { "error_type": "provider_unavailable" } }), "unknown"),
            (json!({ "code": "InvalidParameter", "message": "size" }), "unknown"),
            (json!({ "message": "x", "availability": { "code": "new", "retryable": true } }), "unknown"),
            // A text's word is no ground to pay somebody else.
            (json!("upstream: ModelNotOpen"), "unknown"),
            (json!("upstream: QuotaExceeded"), "unknown"),
            (json!("upstream: RateLimitExceeded"), "unknown"),
            (json!({ "message": "the model gave no image" }), "unknown"),
            (json!({}), "unknown"),
        ];
        for (error, expected) in rows {
            let verdict = judge_empty(&Empty::complaint(&error));
            assert_eq!(name(&verdict), expected, "{error}");
        }
        assert_eq!(judge_empty(&Empty::Refused("held back".to_string())), Verdict::Refused("held back".to_string()));
        assert_eq!(judge_empty(&Empty::Nothing("no image".to_string())), Verdict::Unknown("no image".to_string()));
        let error = json!({ "code": "InternalServiceError", "message": "oops" });
        assert_eq!(
            judge_empty(&Empty::complaint(&error)),
            Verdict::Unknown("an error instead of an image: InternalServiceError: oops".to_string())
        );
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
            Verdict::Unknown("status 500, without a word of explanation".to_string())
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
