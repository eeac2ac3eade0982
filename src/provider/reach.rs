//! Whether anybody answers at a provider's address: one plain GET of its base URL.
//!
//! Sends no key, follows no redirect and reads no body. Any answer will do, an error's too: it buys nothing and proves that the
//! line is there, and no more.

use std::time::Duration;

use futures_util::future::join_all;

use crate::model::BaseUrl;
use crate::provider::complaint::tidy;
use crate::provider::http::{builder, root_cause};

/// Who takes longer to answer counts as not there.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks all addresses at the same time. For each of them, in their order: nothing, or why nobody answered.
pub(crate) async fn reach(addresses: &[BaseUrl]) -> Vec<Result<(), String>> {
    join_all(addresses.iter().map(answers)).await
}

async fn answers(address: &BaseUrl) -> Result<(), String> {
    let mut builder = builder().timeout(PATIENCE).connect_timeout(PATIENCE);
    builder = if address.is_loopback() { builder.no_proxy() } else { builder };
    builder = if address.is_https() { builder.https_only(true) } else { builder.tls_certs_only([]) };
    let client = builder.build().map_err(|error| reason(&error))?;
    client.get(address.as_str()).send().await.map(|_| ()).map_err(|error| reason(&error))
}

/// In plain words, without the system's number.
fn reason(error: &reqwest::Error) -> String {
    let cause = root_cause(error);
    tidy(cause.split(" (os error").next().unwrap_or(&cause))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use crate::model::BaseUrl;
    use crate::provider::loopback::{Loopback, answer};
    use crate::provider::reach::reach;

    #[tokio::test]
    async fn any_answer_will_do_and_no_key_is_sent() {
        let vendor = Loopback::answering(answer(404, "", b"{}"));
        let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr()).unwrap();
        let urls = [format!("{}/v1", vendor.url), format!("http://{nobody}/v1")];
        let reached = reach(&urls.map(|url| BaseUrl::new(&url).unwrap())).await;
        assert_eq!(reached[0], Ok(()));
        assert!(vendor.requests()[0].starts_with("GET /v1 ") && !vendor.requests()[0].contains("authorization"));
        assert!(reached[1].as_ref().is_err_and(|reason| reason.contains("refused")), "{reached:?}");
    }
}
