//! HTTP/1.1 upgrades, such as to WebSocket: one exchange on a connection of its own, then bytes in both directions.

use http::header::{self, HeaderMap, HeaderValue};
use http::{Request, Response, StatusCode, Version};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use plimsoll_traffic::{FailureKind, Outcome};
use tokio::time::{Instant, timeout_at};

use crate::gateway::Running;
use crate::pool::{Purpose, kind_of, proxy_header};
use crate::proxy::headers;
use crate::proxy::pump::{Problem, pump};
use crate::proxy::{Answered, Body, Call, Exchange, RequestBody};
use crate::reason::Reason;
use crate::server::ClientBody;

/// A client that wants another protocol.
pub(crate) struct Upgrade {
    /// What it wants.
    protocol: HeaderValue,
    /// Its connection, once the answer is out.
    client: OnUpgrade,
}

/// Returns the upgrade that a request asks for. One to HTTP/2 is not taken, nor any that names it beside others: what then
/// went through the tunnel would be requests that meet no route and no limit. Answering in HTTP/1.1 is always right.
pub(crate) fn asked(request: &mut Request<ClientBody>) -> Option<Upgrade> {
    if request.version() != Version::HTTP_11 {
        return None;
    }
    let protocol = protocol(request.headers())?;
    Some(Upgrade {
        protocol,
        client: hyper::upgrade::on(request),
    })
}

fn protocol(headers: &HeaderMap) -> Option<HeaderValue> {
    let protocol = headers.get(header::UPGRADE)?;
    let mut names = headers.get_all(header::UPGRADE).iter().flat_map(names);
    let is_wanted = headers::has_token(headers, &header::CONNECTION, "upgrade");
    (is_wanted && !names.any(is_http)).then(|| protocol.clone())
}

/// The names of a list of protocols, without their versions.
fn names(value: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    headers::tokens(value).map(|token| {
        let name = token.split(|byte| *byte == b'/').next();
        name.unwrap_or(token).trim_ascii()
    })
}

fn is_http(name: &[u8]) -> bool {
    let known: [&[u8]; 4] = [b"h2c", b"h2", b"http", b"tls"];
    known.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Says whether an answer switches to what was asked for; one that does not say to what counts as if it did.
fn is_asked_for(asked: &HeaderValue, answered: Option<&HeaderValue>) -> bool {
    let Some(answered) = answered else {
        return true;
    };
    let is_known = |name: &[u8]| names(asked).any(|asked| asked.eq_ignore_ascii_case(name));
    names(answered).all(is_known)
}

/// Sends the request over a connection of its own and passes the answer on; after 101 bytes flow. Nothing is tried again:
/// who upgrades reconnects by himself.
pub(crate) async fn forward(
    call: Call,
    exchange: Box<Exchange>,
    running: Running,
    place: usize,
    upgrade: Upgrade,
) -> Response<Body> {
    let left = call.deadline.left(exchange.now());
    let sent = timeout_at(Instant::now() + left, send(&call, &running, &upgrade)).await;
    let at = exchange.now();
    let took = at.since(running.began);
    let answered = Answered {
        running,
        place,
        took,
        at,
    };
    match sent {
        Ok(Ok(response))
            if response.status() == StatusCode::SWITCHING_PROTOCOLS
                && !is_asked_for(&upgrade.protocol, response.headers().get(header::UPGRADE)) =>
        {
            answered.fail(call, exchange, FailureKind::Malformed)
        }
        Ok(Ok(mut response)) if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
            let endpoint = hyper::upgrade::on(&mut response);
            switch(call, exchange, answered, upgrade, response, endpoint)
        }
        Ok(Ok(response)) => answered.pass(call, exchange, response),
        Ok(Err(kind)) => answered.fail(call, exchange, kind),
        Err(_) => answered.fail(call, exchange, FailureKind::TryTimeout),
    }
}

async fn send(
    call: &Call,
    running: &Running,
    upgrade: &Upgrade,
) -> Result<Response<hyper::body::Incoming>, FailureKind> {
    let target = &running.target;
    let header = match target.settings().sends_proxy_header {
        true => proxy_header(&call.connection),
        false => Vec::new(),
    };
    let connected = target.connect(Purpose::Upgrade, &header).await;
    let io = connected.map_err(|error| error.kind)?;
    let handshake = hyper::client::conn::http1::handshake::<_, RequestBody>(TokioIo::new(io));
    let (mut sender, connection) = handshake.await.map_err(|_| FailureKind::Closed)?;
    call.worker
        .spawner
        .spawn("upstream connection", async move {
            // Whoever waits for the answer is told why it ended.
            let _ = connection.with_upgrades().await;
        });
    let headers = std::mem::take(&mut *call.headers());
    let mut request = call.request_of(headers, false, target, call.worker.gateway.now());
    let sent = request.headers_mut();
    sent.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    sent.insert(header::UPGRADE, upgrade.protocol.clone());
    let answered = sender.send_request(request).await;
    answered.map_err(|error| kind_of(&error))
}

/// Tells the client that the protocol changes, and lets bytes flow once it knows.
fn switch(
    call: Call,
    mut exchange: Box<Exchange>,
    answered: Answered,
    upgrade: Upgrade,
    response: Response<hyper::body::Incoming>,
    endpoint: OnUpgrade,
) -> Response<Body> {
    let (mut parts, _) = response.into_parts();
    let protocol = parts.headers.get(header::UPGRADE).cloned();
    headers::remove_hop_by_hop(&mut parts.headers);
    headers::rewrite(
        &mut parts.headers,
        &call.route.entry.route.rewrite.response_headers,
    );
    parts
        .headers
        .insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    parts
        .headers
        .insert(header::UPGRADE, protocol.unwrap_or(upgrade.protocol));
    parts.extensions.clear();
    exchange.record.status = StatusCode::SWITCHING_PROTOCOLS.as_u16();
    exchange.record.head_after = exchange.now().since(exchange.record.began);
    let spawner = call.worker.spawner.clone();
    spawner.spawn("upgraded connection", async move {
        let Ok((client, endpoint)) = tokio::try_join!(upgrade.client, endpoint) else {
            answered.end(&mut exchange, Outcome::Success);
            return;
        };
        let idle = call.route.entry.route.idle_timeout;
        let clock = call.worker.gateway.clock();
        let (client, endpoint) = (TokioIo::new(client), TokioIo::new(endpoint));
        let pumped = pump(client, endpoint, idle, clock).await;
        exchange.record.bytes_in = pumped.from_client;
        exchange.record.bytes_out = pumped.from_endpoint;
        exchange.end(match pumped.problem {
            None | Some(Problem::Broken(_)) => Reason::Ok,
            Some(Problem::Silent) => Reason::Timeout,
        });
        answered.end(&mut exchange, Outcome::Success);
    });
    Response::from_parts(parts, Body::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_to_http2_past_the_routes() {
        #[track_caller]
        fn check(values: &[&'static str], expected: Option<&str>) {
            let upgrades = values.iter().map(|value| (header::UPGRADE, *value));
            let lines = upgrades.chain([(header::CONNECTION, "Upgrade, HTTP2-Settings")]);
            let headers: HeaderMap = lines
                .map(|(name, value)| (name, HeaderValue::from_static(value)))
                .collect();
            let found = protocol(&headers);
            assert_eq!(
                found.as_ref().map(|value| value.to_str().unwrap()),
                expected
            );
        }
        check(&["websocket"], Some("websocket"));
        check(&["foo/1, bar"], Some("foo/1, bar"));
        check(&["h2c"], None);
        check(&["websocket, H2C"], None);
        check(&["websocket", "h2c"], None);
        check(&["HTTP/2.0"], None);
        check(&["TLS/1.0 , websocket"], None);
    }

    #[test]
    fn only_what_was_asked_for_is_switched_to() {
        let is = |asked, answered: Option<&'static str>| {
            let answered = answered.map(HeaderValue::from_static);
            is_asked_for(&HeaderValue::from_static(asked), answered.as_ref())
        };
        assert!(is("websocket", Some("WebSocket")) && is("a, b", Some("b")) && is("a", None));
        assert!(!is("websocket", Some("h2c")) && !is("a", Some("a, b")));
    }
}
