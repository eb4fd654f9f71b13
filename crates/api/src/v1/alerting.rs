//! `/api/v1/alerting`: what Alertmanager's API does not tell. Who is told of an alert and who is not, and why; what became
//! of notices; what is on its way; who should be heard of; where a label set leads; what a silence would keep back.

mod explain;
mod heartbeats;
mod inhibitions;
mod notices;
mod preview;
mod routes;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::Response;
use axum::routing::{get, post};
use plimsoll_types::Labels;
use serde::Serialize;

use crate::error::{ApiError, Kind};
use crate::openapi::Described;
use crate::v2::described::NewSilence;
use crate::v2::{Desk, Query, Refused};

/// Everything below `/api/v1/alerting`.
pub(crate) fn routes(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/api/v1/alerting/explain", get(explain::explain))
        .route("/api/v1/alerting/inhibitions", get(inhibitions::list))
        .route("/api/v1/alerting/notifications", get(notices::history))
        .route("/api/v1/alerting/deliveries", get(notices::deliveries))
        .route("/api/v1/alerting/heartbeats", get(heartbeats::list))
        .route("/api/v1/alerting/routes", get(routes::tree))
        .route("/api/v1/alerting/routes/test", get(routes::test))
        .route("/api/v1/alerting/silences/preview", post(preview::preview))
        .layer(DefaultBodyLimit::disable())
        .with_state(desk)
}

/// Describes the paths.
pub(super) fn describe(to: &mut Described) {
    const LABEL: &str = "`name=value`: a label.";
    to.get(
        "/api/v1/alerting/explain",
        "Says who is told of an alert and who is not, and why.",
    )
    .takes("fingerprint", "The alert's, in the place of its labels.")
    .takes_all("label", LABEL)
    .answers::<explain::View<'static>>();
    to.get(
        "/api/v1/alerting/notifications",
        "Lists what became of notices.",
    )
    .takes("limit", "1 to 1000; default 100.")
    .takes("fingerprint", "Only those about this alert.")
    .takes("receiver", "Only those to this receiver.")
    .answers::<notices::Notices<'static>>();
    to.get("/api/v1/alerting/deliveries", "Lists notices on their way.")
        .answers::<notices::Deliveries<'static>>();
    to.get(
        "/api/v1/alerting/heartbeats",
        "Lists who should be heard of.",
    )
    .answers::<heartbeats::Heartbeats<'static>>();
    inhibitions::describe(to);
    to.get("/api/v1/alerting/routes", "Shows the routing tree.")
        .answers::<routes::Routes<'static>>();
    to.get(
        "/api/v1/alerting/routes/test",
        "Says which routes labels take.",
    )
    .takes_all("label", LABEL)
    .answers::<routes::Taken<'static>>();
    to.post(
        "/api/v1/alerting/silences/preview",
        "Says what a silence would keep back.",
    )
    .body::<NewSilence>()
    .answers::<preview::Preview>();
}

/// Wraps data as the API does.
fn enveloped(data: &impl Serialize) -> Vec<u8> {
    #[derive(Serialize)]
    struct Envelope<'a, T> {
        status: &'static str,
        data: &'a T,
    }
    let status = "success";
    serde_json::to_vec(&Envelope { status, data }).expect("views of ours become JSON")
}

/// Answers a question on a blocking thread.
async fn answer(
    desk: &Arc<Desk>,
    question: impl FnOnce(&Desk) -> Result<Vec<u8>, Refused> + Send + 'static,
) -> Result<Response, ApiError> {
    desk.answer(question).await.map_err(ApiError::from)
}

/// Reads a label set: every `label=<name>=<value>`.
fn labels(query: &Query) -> Result<Labels, Refused> {
    let mut pairs = Vec::new();
    for pair in query.all("label") {
        match pair.split_once('=') {
            Some((name, value)) if !name.is_empty() => pairs.push((name, value)),
            _ => {
                let reason =
                    format!("invalid parameter \"label\": wanted name=value, found {pair:?}");
                return Err(Refused::bad(reason));
            }
        }
    }
    Labels::try_from_pairs(&pairs)
        .map_err(|error| Refused::bad(format!("invalid parameter \"label\": {error}")))
}

/// Reads `limit`: 100 where nothing is said, 1 to 1000.
fn limit(query: &Query) -> Result<usize, Refused> {
    let Some(text) = query.last("limit") else {
        return Ok(100);
    };
    let number = text.parse().ok().filter(|limit| (1..=1000).contains(limit));
    number.ok_or_else(|| {
        Refused::bad(format!(
            "invalid parameter \"limit\": wanted 1 to 1000, found {text:?}"
        ))
    })
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        let (status, message) = refused.into_parts();
        let kind = match status.as_u16() {
            404 => Kind::NotFound,
            413 => Kind::TooLarge,
            503 => Kind::Unavailable,
            400..=499 => Kind::BadData,
            _ => Kind::Internal,
        };
        Self::new(kind, message)
    }
}
