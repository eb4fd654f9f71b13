//! Sends requests to the gateway and enters in the [`Books`] how each one ended.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, Request, StatusCode, Uri};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::http::read_capped;
use plimsoll_types::ByteCount;

use crate::books::{Books, Ending};
use crate::shop::Route;

/// Says which class a request is of, to services and to the gateway's inner side.
pub(crate) const CRITICALITY: HeaderName = HeaderName::from_static("x-plimsoll-criticality");
/// Why an answer is the gateway's own.
const REASON: HeaderName = HeaderName::from_static("x-plimsoll-reason");
/// What objectives leave out, because who was let in is a question apart.
const SHEDS: [&str; 4] = ["shed", "queue_full", "queue_timeout", "rate_limited"];
/// Above every timeout of the gateway: who calls never goes away first, so every request ends the same way in all books.
const PATIENCE: Duration = Duration::from_secs(20);
/// An answer of the shop is a line.
const ANSWER_MAX: ByteCount = ByteCount::KIB;

/// Sends requests through one listener; clones share connections and books.
#[derive(Clone)]
pub(crate) struct Caller {
    client: Client<HttpConnector, Full<Bytes>>,
    gateway: Arc<OnceLock<SocketAddr>>,
    books: Arc<Books>,
    clock: Arc<dyn Clock>,
}

impl Caller {
    /// Makes one; `gateway` is where the listener is, once that is known.
    pub(crate) fn new(
        gateway: Arc<OnceLock<SocketAddr>>,
        books: Arc<Books>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let mut client = Client::builder(TokioExecutor::new());
        let client = client.pool_timer(TokioTimer::new());
        Self {
            client: client.build_http(),
            gateway,
            books,
            clock,
        }
    }

    /// Sends one and waits for the whole answer. `inherited` are headers of the request that this one is made for.
    pub(crate) async fn call(&self, route: Route, inherited: &HeaderMap) -> Ending {
        let Some(gateway) = self.gateway.get() else {
            return Ending::Lost;
        };
        let request = request(*gateway, route, inherited);
        self.books.sent(route);
        let ending = tokio::select! {
            ending = self.exchange(request) => ending,
            () = self.clock.sleep(PATIENCE) => Ending::Lost,
        };
        self.books.ended(route, ending);
        ending
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Ending {
        let Ok(response) = self.client.request(request).await else {
            return Ending::Lost;
        };
        let (head, body) = response.into_parts();
        match read_capped(body, ANSWER_MAX).await {
            Ok(_) => ending(head.status, &head.headers),
            Err(_) => Ending::Lost,
        }
    }
}

fn request(gateway: SocketAddr, route: Route, inherited: &HeaderMap) -> Request<Full<Bytes>> {
    let uri: Uri = format!("http://{gateway}{}", route.path())
        .parse()
        .expect("an address and a path make a URI");
    let mut request = Request::new(Full::default());
    *request.uri_mut() = uri;
    if route.is_change() {
        *request.method_mut() = Method::POST;
    }
    *request.headers_mut() = inherited.clone();
    request
}

fn ending(status: StatusCode, headers: &HeaderMap) -> Ending {
    let reason = headers.get(REASON).and_then(|value| value.to_str().ok());
    match reason {
        Some(reason) if SHEDS.contains(&reason) => Ending::Shed,
        _ if !status.is_server_error() => Ending::Good,
        Some(_) => Ending::FailedByGateway,
        None => Ending::FailedByService,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_failed_a_request_is_told_by_the_reason() {
        let check = |status: u16, reason: Option<&'static str>, expected| {
            let mut headers = HeaderMap::new();
            if let Some(reason) = reason {
                headers.insert(REASON, http::HeaderValue::from_static(reason));
            }
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(ending(status, &headers), expected, "{status} {reason:?}");
        };
        check(200, None, Ending::Good);
        check(404, None, Ending::Good);
        check(500, None, Ending::FailedByService);
        check(503, Some("no_endpoint"), Ending::FailedByGateway);
        check(504, Some("timeout"), Ending::FailedByGateway);
        check(503, Some("shed"), Ending::Shed);
        check(429, Some("rate_limited"), Ending::Shed);
    }
}
