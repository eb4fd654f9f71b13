//! A request, whose answer must have a wanted status and body.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, Uri, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::{Progress, at, scheme};
use crate::model::{BodyPattern, CheckKind, Protocol, StatusRange};
use crate::pool::Target;

/// How much of a body is looked at.
const BODY_MAX: usize = 64 * 1024;

/// What is asked, and what is well.
pub(super) struct Wanted<'c> {
    pub(super) method: &'c Method,
    pub(super) path: &'c str,
    pub(super) host: Option<&'c str>,
    pub(super) statuses: &'c [StatusRange],
    pub(super) body: Option<&'c BodyPattern>,
}

impl<'c> Wanted<'c> {
    pub(super) fn of(kind: &'c CheckKind) -> Option<Self> {
        let CheckKind::Http {
            method,
            path,
            host,
            statuses,
            body,
        } = kind
        else {
            return None;
        };
        Some(Self {
            method,
            path,
            host: host.as_deref(),
            statuses,
            body: body.as_ref(),
        })
    }
}

/// Says what the check does.
pub(super) fn what(target: &Target, port: u16, wanted: &Wanted<'_>) -> String {
    let host = match wanted.host {
        Some(host) => format!(" (Host: {host})"),
        None => String::new(),
    };
    let (method, path) = (wanted.method, wanted.path);
    format!(
        "{method} {}://{}{path}{host}",
        scheme(target),
        at(target, port)
    )
}

pub(super) async fn check(
    target: &Target,
    port: u16,
    wanted: &Wanted<'_>,
    progress: &Progress,
) -> Result<(), String> {
    let io = target
        .probe(port)
        .await
        .map_err(|error| error.explanation.to_string())?;
    progress.set("the answer");
    let is_http2 = match target.settings().tls {
        Some(_) => io.speaks_http2(),
        None => target.settings().protocol == Protocol::Http2,
    };
    let host = wanted
        .host
        .map(str::to_owned)
        .unwrap_or_else(|| at(target, port));
    let request = request(target, wanted, &host, is_http2)?;
    let no_http = |error: hyper::Error| format!("no answer: {}", chain(&error));
    let io = TokioIo::new(io);
    // The connection is driven here, beside the exchange, so that nothing of it is left behind.
    if is_http2 {
        let handshake = http2::handshake(TokioExecutor::new(), io).await;
        let (mut sender, connection) = handshake.map_err(no_http)?;
        let exchange =
            async { judge(sender.send_request(request).await.map_err(no_http)?, wanted).await };
        beside(connection, exchange).await
    } else {
        let (mut sender, connection) = http1::handshake(io).await.map_err(no_http)?;
        let exchange =
            async { judge(sender.send_request(request).await.map_err(no_http)?, wanted).await };
        beside(connection, exchange).await
    }
}

/// Drives a connection until the exchange on it is over.
pub(super) async fn beside(
    connection: impl Future<Output = Result<(), hyper::Error>>,
    exchange: impl Future<Output = Result<(), String>>,
) -> Result<(), String> {
    tokio::pin!(exchange);
    tokio::select! {
        biased;
        result = &mut exchange => result,
        // What ended the connection is told by the exchange, too.
        _ = connection => exchange.await,
    }
}

fn request(
    target: &Target,
    wanted: &Wanted<'_>,
    host: &str,
    is_http2: bool,
) -> Result<Request<Empty<Bytes>>, String> {
    let mut request = Request::new(Empty::new());
    *request.method_mut() = wanted.method.clone();
    let uri = match is_http2 {
        true => format!("{}://{host}{}", scheme(target), wanted.path),
        false => wanted.path.to_owned(),
    };
    *request.uri_mut() = uri
        .parse::<Uri>()
        .map_err(|error| format!("{uri:?}: {error}"))?;
    let headers = request.headers_mut();
    if !is_http2 {
        let value = HeaderValue::from_str(host).map_err(|error| format!("the host: {error}"))?;
        headers.insert(header::HOST, value);
    }
    headers.insert(
        header::USER_AGENT,
        HeaderValue::from_static("plimsoll-check"),
    );
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    Ok(request)
}

async fn judge(response: Response<Incoming>, wanted: &Wanted<'_>) -> Result<(), String> {
    let status = response.status().as_u16();
    let is_wanted = |range: &StatusRange| (range.first..=range.last).contains(&status);
    if !wanted.statuses.iter().any(is_wanted) {
        return Err(format!(
            "the status is {status}, wanted {}",
            list(wanted.statuses)
        ));
    }
    let Some(pattern) = wanted.body else {
        return Ok(());
    };
    let body = start_of(response.into_body()).await?;
    if pattern.is_match(&body) {
        return Ok(());
    }
    let shown: String = String::from_utf8_lossy(&body).chars().take(60).collect();
    Err(format!("the body {shown:?} is not like {pattern:?}"))
}

async fn start_of(mut body: Incoming) -> Result<Vec<u8>, String> {
    let mut start = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| format!("the body broke off: {}", chain(&error)))?;
        if let Some(data) = frame.data_ref() {
            let room = BODY_MAX - start.len();
            start.extend_from_slice(&data[..data.len().min(room)]);
        }
        if start.len() == BODY_MAX {
            break;
        }
    }
    Ok(start)
}

fn list(statuses: &[StatusRange]) -> String {
    let shown = statuses
        .iter()
        .map(|range| match range.first == range.last {
            true => range.first.to_string(),
            false => format!("{}-{}", range.first, range.last),
        });
    shown.collect::<Vec<_>>().join(", ")
}

/// An error with what caused it.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    text
}
