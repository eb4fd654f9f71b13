//! Errors as Prometheus' API answers them; the only place where they get an HTTP status.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use plimsoll_promql::{ParseError, QueryError, QueryErrorKind};
use plimsoll_types::{Refused, RefusedKind, StorageError, StorageErrorKind};
use serde::Serialize;
use utoipa::ToSchema;

use crate::caret;

/// The kinds of Prometheus' API (`errorType`), each with its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The request makes no sense; the same request will fail again.
    BadData,
    /// A body or parameter is larger than allowed.
    TooLarge,
    /// The query cannot be answered over this data or within its limits.
    Execution,
    /// The query took too long.
    Timeout,
    /// The caller went away.
    Canceled,
    /// An operator ended the query.
    Killed,
    /// Too much at once; the same request may succeed later.
    Unavailable,
    /// An endpoint that is switched off.
    Disabled,
    /// There is no such thing.
    NotFound,
    /// What is there already contradicts the request.
    Conflict,
    /// A fault on our side.
    Internal,
}

impl Kind {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::BadData => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Execution => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Timeout | Self::Unavailable | Self::Killed => StatusCode::SERVICE_UNAVAILABLE,
            // nginx' "client closed request", which Prometheus uses too.
            Self::Canceled => StatusCode::from_u16(499).expect("a status has three digits"),
            // Prometheus says "unavailable" of what is switched off, with this status.
            Self::Internal | Self::Disabled => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict => StatusCode::CONFLICT,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::BadData | Self::TooLarge => "bad_data",
            Self::Execution => "execution",
            Self::Timeout => "timeout",
            Self::Canceled | Self::Killed => "canceled",
            Self::Unavailable | Self::Disabled => "unavailable",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Internal => "internal",
        }
    }
}

/// An error with the words that the caller reads.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    kind: Kind,
    message: String,
    /// The line of the expression that is wrong, and carets under the place.
    caret: Option<String>,
    /// Whether the body shows it as well: then it is no longer the body of Prometheus.
    shows_caret: bool,
}

impl ApiError {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            caret: None,
            shows_caret: false,
        }
    }

    /// An expression that cannot be read, in Prometheus' words; `parameter` is named when it is not empty.
    pub(crate) fn parse(parameter: &str, error: &ParseError) -> Self {
        // Prometheus has no place for what is not there.
        let text = match error.message() {
            message @ "no expression found in input" => {
                format!("unknown position: parse error: {message}")
            }
            _ => error.to_string(),
        };
        let refused = match parameter {
            "" => Self::new(Kind::BadData, text),
            name => Self::parameter(name, text),
        };
        let caret = caret::excerpt(&error.render());
        Self { caret, ..refused }
    }

    /// Shows the place in the body too, beside the header that always has it.
    pub(crate) fn showing_caret(self, shows_caret: bool) -> Self {
        Self {
            shows_caret,
            ..self
        }
    }

    /// Names the parameter that the error is about.
    pub(crate) fn about(self, parameter: &str) -> Self {
        let message = format!("invalid parameter \"{parameter}\": {}", self.message);
        Self { message, ..self }
    }

    /// No longer names a parameter, for endpoints that do not.
    pub(crate) fn without(self, parameter: &str) -> Self {
        let prefix = format!("invalid parameter \"{parameter}\": ");
        let message = match self.message.strip_prefix(&prefix) {
            Some(plain) => plain.to_owned(),
            None => self.message.clone(),
        };
        Self { message, ..self }
    }

    /// Returns the status and the words, for endpoints that answer with plain text.
    pub(crate) fn into_text(self) -> (StatusCode, String) {
        (self.kind.status(), format!("{}\n", self.message))
    }

    /// A parameter that is missing or wrong, in Prometheus' words.
    pub(crate) fn parameter(name: &str, reason: impl std::fmt::Display) -> Self {
        Self::new(
            Kind::BadData,
            format!("invalid parameter \"{name}\": {reason}"),
        )
    }
}

/// Why a request was not answered.
#[derive(Serialize, ToSchema)]
#[schema(as = Refusal)]
pub(crate) struct ErrorBody<'a> {
    /// `error`.
    status: &'static str,
    #[serde(rename = "errorType")]
    error_type: &'static str,
    /// What is wrong, in words.
    error: &'a str,
    /// Where in the query, for requests with `caret=true`.
    // Not in Prometheus, so only for those who ask for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    caret: Option<&'a str>,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = ErrorBody {
            status: "error",
            error_type: self.kind.name(),
            error: &self.message,
            caret: self.caret.as_deref().filter(|_| self.shows_caret),
        };
        let mut response = (self.kind.status(), Json(body)).into_response();
        if let Some(value) = self.caret.as_deref().and_then(caret::header_value) {
            response.headers_mut().insert(caret::HEADER, value);
        }
        response
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        let kind = match error.kind() {
            QueryErrorKind::BadData => Kind::BadData,
            QueryErrorKind::Timeout => Kind::Timeout,
            QueryErrorKind::Canceled => Kind::Canceled,
            QueryErrorKind::Execution
            | QueryErrorKind::SampleLimit
            | QueryErrorKind::MemoryLimit
            | QueryErrorKind::TotalMemoryLimit
            | QueryErrorKind::WorkLimit => Kind::Execution,
            QueryErrorKind::Storage => Kind::Internal,
        };
        let mut message = error.to_string();
        // The engine does not know how its options are called on the command line.
        if let Some(flag) = raised_by(error.kind()) {
            message.push_str(&format!(" ({flag})"));
        }
        match kind {
            // A range vector over a range: Prometheus finds that before it evaluates.
            Kind::BadData => Self::new(kind, message).about("query"),
            _ => Self::new(kind, message),
        }
    }
}

/// Returns the flag that raises a limit.
fn raised_by(kind: QueryErrorKind) -> Option<&'static str> {
    match kind {
        QueryErrorKind::SampleLimit => Some("--query.max-samples"),
        QueryErrorKind::MemoryLimit => Some("--query.memory-max"),
        QueryErrorKind::TotalMemoryLimit => Some("--query.memory-total-max"),
        _ => None,
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        let kind = match refused.kind {
            RefusedKind::NotFound => Kind::NotFound,
            RefusedKind::Invalid => Kind::BadData,
            RefusedKind::Conflict => Kind::Conflict,
            RefusedKind::Unavailable => Kind::Unavailable,
        };
        Self::new(kind, refused.message)
    }
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        let kind = match error.kind() {
            StorageErrorKind::Overloaded
            | StorageErrorKind::ReadOnly
            | StorageErrorKind::SeriesLimit
            | StorageErrorKind::Closed => Kind::Unavailable,
            StorageErrorKind::Io | StorageErrorKind::Corrupt => Kind::Internal,
        };
        Self::new(kind, error.to_string())
    }
}
