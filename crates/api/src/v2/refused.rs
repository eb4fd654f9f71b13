//! Refusals as Alertmanager words them: what its framework finds is an object with a code, what its handlers find is a
//! text, both as JSON.

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use plimsoll_wire::alertmanager::Error;
use serde::Serialize;

use super::is_path;

/// A request that is not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is none by the rules of the API: `{"code":602,"message":"..."}`.
    Coded {
        status: StatusCode,
        code: u16,
        message: String,
    },
    /// It was understood and is not carried out: `"..."`.
    Text { status: StatusCode, message: String },
    /// A status without words.
    Bare(StatusCode),
    /// It cannot be carried out now; later perhaps.
    Later(String),
}

impl Refused {
    pub(crate) fn text(status: StatusCode, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Text { status, message }
    }

    /// One that makes no sense.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::text(StatusCode::BAD_REQUEST, message)
    }

    fn coded(status: StatusCode, message: impl Into<String>) -> Self {
        Self::Coded {
            status,
            code: status.as_u16(),
            message: message.into(),
        }
    }

    /// A panic of ours.
    pub(crate) fn fault() -> Self {
        let reason = "the request ended in a fault of ours; see the log";
        Self::text(StatusCode::INTERNAL_SERVER_ERROR, reason)
    }

    /// A body that cannot be read; `what` it should be.
    pub(crate) fn body(what: &str, error: &Error) -> Self {
        match error {
            Error::Malformed { .. } => Self::coded(
                StatusCode::BAD_REQUEST,
                format!("parsing {what} body from \"\" failed, because {error}"),
            ),
            Error::Invalid { fault, .. } => Self::Coded {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                code: fault.code(),
                message: error.to_string(),
            },
            Error::TooManyAlerts { .. } | Error::TooMuchMemory { .. } => {
                Self::text(StatusCode::PAYLOAD_TOO_LARGE, error.to_string())
            }
        }
    }

    /// A part of the path that is no UUID.
    pub(crate) fn no_uuid(text: &str) -> Self {
        let shown: String = text.chars().take(64).collect();
        Self::Coded {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            code: 601,
            message: format!("silenceID in path must be of type uuid: {shown:?}"),
        }
    }

    /// Returns the status and the words.
    pub(crate) fn into_parts(self) -> (StatusCode, String) {
        match self {
            Self::Coded {
                status, message, ..
            }
            | Self::Text { status, message } => (status, message),
            Self::Bare(status) => {
                let words = status.canonical_reason().unwrap_or_default();
                (status, words.to_lowercase())
            }
            Self::Later(message) => (StatusCode::SERVICE_UNAVAILABLE, message),
        }
    }
}

#[derive(Serialize)]
struct CodedBody<'a> {
    code: u16,
    message: &'a str,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Coded {
                status,
                code,
                message,
            } => {
                let message = &*message;
                (status, Json(CodedBody { code, message })).into_response()
            }
            Self::Text { status, message } => text(status, &message),
            Self::Bare(status) => status.into_response(),
            Self::Later(message) => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                ([(header::RETRY_AFTER, "1")], text(status, &message)).into_response()
            }
        }
    }
}

/// A text as JSON, with the line feed that Go writes behind it.
fn text(status: StatusCode, message: &str) -> Response {
    let body = serde_json::to_string(message).expect("a text becomes JSON");
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (status, kind, format!("{body}\n")).into_response()
}

/// Refuses a method that a path does not have.
pub(super) fn method(method: &Method, allowed: &'static str) -> Response {
    let words = format!("method {method} is not allowed, but [{allowed}] are");
    let refused = Refused::coded(StatusCode::METHOD_NOT_ALLOWED, words);
    ([(header::ALLOW, allowed)], refused).into_response()
}

/// Refuses a path that is none.
pub(super) async fn no_such_path(request: Request) -> Refused {
    let path = request.uri().path();
    Refused::coded(StatusCode::NOT_FOUND, format!("path {path} was not found"))
}

/// Refuses who does not take JSON, and a body that does not say it is.
pub(super) async fn unless_json_is_wanted(request: Request, next: Next) -> Response {
    let headers = request.headers();
    if !takes_json(headers) {
        let words = "unsupported media type requested, only [application/json] are available";
        return Refused::coded(StatusCode::NOT_ACCEPTABLE, words).into_response();
    }
    if *request.method() == Method::POST && is_path(request.uri().path()) && has_body(headers) {
        let found = media_type(headers);
        if !found.eq_ignore_ascii_case("application/json") {
            let words =
                format!("unsupported media type {found:?}, only [application/json] are allowed");
            let refused = Refused::coded(StatusCode::UNSUPPORTED_MEDIA_TYPE, words);
            return refused.into_response();
        }
    }
    next.run(request).await
}

/// Says whether something follows the headers; of nothing nobody has to say what it is.
fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    headers.contains_key(header::TRANSFER_ENCODING)
        || length.is_some_and(|length| length.as_bytes() != b"0")
}

fn media_type(headers: &HeaderMap) -> &str {
    let stated = headers.get(header::CONTENT_TYPE);
    let stated = stated.and_then(|value| value.to_str().ok());
    let kind = stated.and_then(|value| value.split(';').next());
    match kind.map(str::trim).unwrap_or_default() {
        "" => "application/octet-stream",
        kind => kind,
    }
}

fn takes_json(headers: &HeaderMap) -> bool {
    let mut stated = headers.get_all(header::ACCEPT).iter().peekable();
    let takes = |value: &axum::http::HeaderValue| {
        let text = value.to_str().unwrap_or_default();
        text.trim().is_empty()
            || text.split(',').any(|range| {
                let range = range.split(';').next().unwrap_or_default().trim();
                matches!(
                    &*range.to_ascii_lowercase(),
                    "application/json" | "application/*" | "*/*"
                )
            })
    };
    stated.peek().is_none() || stated.any(takes)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn json_is_for_those_who_take_it() {
        for (accept, expected) in [
            (None, true),
            (Some(""), true),
            (Some("*/*"), true),
            (Some("text/html, application/*;q=0.1"), true),
            (Some("Application/JSON"), true),
            (Some("text/plain"), false),
            (Some("application/jsonx"), false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            }
            assert_eq!(takes_json(&headers), expected, "{accept:?}");
        }
    }
}
