//! Answers compressed for clients that ask for it, piece by piece, so that no piece keeps a thread of the network long.

use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body::{Body as _, Frame};

/// What is compressed at a time: some 200 us.
const PIECE_BYTES: usize = 32 << 10;
/// Shorter answers fit a packet as they are.
const SHORT_BYTES: u64 = 1024;

/// Compresses the answer when the client takes gzip and it is worth it.
pub(crate) async fn for_who_asks(request: Request, next: Next) -> Response {
    let takes_gzip = takes_gzip(request.headers());
    let response = next.run(request).await;
    match takes_gzip && is_worth_it(&response) {
        true => compressed(response),
        false => response,
    }
}

/// Says whether a client takes gzip.
pub(crate) fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let quality = weight.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse);
        name.trim().eq_ignore_ascii_case("gzip") && quality.is_ok_and(|quality: f64| quality > 0.0)
    })
}

/// Text of some length; what is compressed already, or a stream of events that nobody may hold back, is not.
fn is_worth_it(response: &Response) -> bool {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let content_type = content_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let is_text = [
        "application/json",
        "application/x-ndjson",
        "application/stream+json",
        "application/openmetrics-text",
        "text/plain",
    ]
    .iter()
    .any(|text| content_type.starts_with(text));
    let is_short = response
        .body()
        .size_hint()
        .upper()
        .is_some_and(|bytes| bytes < SHORT_BYTES);
    is_text && !is_short && !response.headers().contains_key(header::CONTENT_ENCODING)
}

fn compressed(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let gzip = HeaderValue::from_static("gzip");
    parts.headers.insert(header::CONTENT_ENCODING, gzip);
    let vary = HeaderValue::from_static("Accept-Encoding");
    parts.headers.append(header::VARY, vary);
    let gzip = Gzip {
        body,
        pending: Bytes::new(),
        encoder: Some(GzEncoder::new(Vec::new(), Compression::fast())),
    };
    Response::from_parts(parts, Body::new(gzip))
}

/// A body that is compressed while it is sent.
struct Gzip {
    body: Body,
    /// What is read and not compressed yet.
    pending: Bytes,
    /// `None` once everything is written.
    encoder: Option<GzEncoder<Vec<u8>>>,
}

impl Gzip {
    /// Compresses a piece of what is pending; returns what is ready to be sent, often nothing.
    fn step(&mut self) -> std::io::Result<Option<Bytes>> {
        let Some(encoder) = &mut self.encoder else {
            return Ok(None);
        };
        let piece = self.pending.split_to(self.pending.len().min(PIECE_BYTES));
        encoder.write_all(&piece)?;
        let ready = std::mem::take(encoder.get_mut());
        Ok((!ready.is_empty()).then(|| ready.into()))
    }
}

impl http_body::Body for Gzip {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        if this.encoder.is_none() {
            return Poll::Ready(None);
        }
        loop {
            if !this.pending.is_empty() {
                match this.step() {
                    Ok(Some(ready)) => return Poll::Ready(Some(Ok(Frame::data(ready)))),
                    Ok(None) => {
                        // Well compressed: the other tasks of the thread have their turn before the next piece.
                        ctx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    Err(error) => return Poll::Ready(Some(Err(axum::Error::new(error)))),
                }
            }
            match ready!(Pin::new(&mut this.body).poll_frame(ctx)) {
                Some(Ok(frame)) => this.pending = frame.into_data().unwrap_or_default(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    let end = this.encoder.take().map(GzEncoder::finish);
                    let frame = end.map(|end| end.map(|bytes| Frame::data(bytes.into())));
                    return Poll::Ready(frame.map(|frame| frame.map_err(axum::Error::new)));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.encoder.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_for_those_who_ask_for_it() {
        for (accepts, expected) in [
            ("gzip", true),
            ("deflate, GZIP;q=0.5, br", true),
            ("gzip;q=0", false),
            ("deflate, br", false),
            ("*", false),
        ] {
            let headers = [(header::ACCEPT_ENCODING, accepts.parse().unwrap())];
            assert_eq!(
                takes_gzip(&headers.into_iter().collect()),
                expected,
                "{accepts}"
            );
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
