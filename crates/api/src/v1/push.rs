//! What the push endpoints share: reading the body within its limit, and turning an outcome into an answer.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use plimsoll_ingest::push::{Encoding, Format, Outcome, OutcomeKind, Push};
use plimsoll_types::Labels;

use crate::app::App;
use crate::body;
use crate::error::Kind;

/// Reads the body and stores what it holds.
pub(super) async fn receive(
    app: &App,
    format: Format,
    encoding: Encoding,
    extra_labels: Labels,
    body: Body,
) -> Result<Outcome, Refusal> {
    let receiver = &app.parts.receiver;
    let (body, share) = match body::read(app, body, receiver.limits().body).await {
        Ok(read) => read,
        Err(unread) if unread.kind == Kind::Unavailable => {
            return Ok(receiver.refuse(&format, unread.reason));
        }
        Err(unread) => return Err(Refusal(unread.kind.status(), unread.reason)),
    };
    let push = Push {
        format,
        encoding,
        body,
        extra_labels,
    };
    Ok(receiver.receive_with(push, share).await)
}

/// Answers with the outcome's status and, when there is something to say, its message.
pub(super) fn answer(outcome: &Outcome) -> Response {
    let status = status(outcome.kind());
    let mut response = match outcome.message() {
        "" => status.into_response(),
        message => Refusal(status, message.into()).into_response(),
    };
    if let Some(seconds) = outcome.kind().retry_after_seconds() {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// A request that is answered without looking at its body.
pub(super) struct Refusal(pub(super) StatusCode, pub(super) String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (
            self.0,
            format!(
                "{}
",
                self.1.trim_end()
            ),
        )
            .into_response()
    }
}

/// Reads how a body of an import is compressed.
pub(super) fn import_encoding(headers: &HeaderMap) -> Result<Encoding, Refusal> {
    match header_text(headers, header::CONTENT_ENCODING) {
        None | Some("" | "identity") => Ok(Encoding::Identity),
        Some("gzip" | "x-gzip") => Ok(Encoding::Gzip),
        Some(other) => Err(Refusal(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("wanted Content-Encoding gzip or none, found {other:?}"),
        )),
    }
}

/// Returns a header that is text.
pub(super) fn header_text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::trim)
}

fn status(kind: OutcomeKind) -> StatusCode {
    match kind {
        OutcomeKind::Stored => StatusCode::NO_CONTENT,
        OutcomeKind::PartlyRefused | OutcomeKind::Malformed => StatusCode::BAD_REQUEST,
        OutcomeKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        OutcomeKind::SeriesLimit | OutcomeKind::NoSpace => StatusCode::TOO_MANY_REQUESTS,
        OutcomeKind::Overloaded | OutcomeKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        OutcomeKind::Failed => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
