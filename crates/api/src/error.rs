//! Errors as Prometheus' API answers them; the only place where they get an HTTP status.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use plimsoll_promql::{QueryError, QueryErrorKind};
use plimsoll_types::{StorageError, StorageErrorKind};
use serde::Serialize;

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
    /// Too much at once; the same request may succeed later.
    Unavailable,
    /// A fault on our side.
    Internal,
}

impl Kind {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::BadData => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Execution => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Timeout | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            // nginx' "client closed request", which Prometheus uses too.
            Self::Canceled => StatusCode::from_u16(499).expect("a status has three digits"),
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::BadData | Self::TooLarge => "bad_data",
            Self::Execution => "execution",
            Self::Timeout => "timeout",
            Self::Canceled => "canceled",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }
}

/// An error with the words that the caller reads.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    kind: Kind,
    message: String,
}

impl ApiError {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// A parameter that is missing or wrong, in Prometheus' words.
    pub(crate) fn parameter(name: &str, reason: impl std::fmt::Display) -> Self {
        Self::new(
            Kind::BadData,
            format!("invalid parameter \"{name}\": {reason}"),
        )
    }
}

#[derive(Serialize)]
struct Body<'a> {
    status: &'static str,
    #[serde(rename = "errorType")]
    error_type: &'static str,
    error: &'a str,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = Body {
            status: "error",
            error_type: self.kind.name(),
            error: &self.message,
        };
        (self.kind.status(), Json(body)).into_response()
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
            | QueryErrorKind::MemoryLimit => Kind::Execution,
            QueryErrorKind::Storage => Kind::Internal,
        };
        Self::new(kind, error.to_string())
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
