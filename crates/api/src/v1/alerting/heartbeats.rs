//! `/api/v1/alerting/heartbeats`: the alerts that must always be there, and when they were seen.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use super::{answer, enveloped};
use crate::error::ApiError;
use crate::number::rfc3339;
use crate::v2::Desk;

/// Lists the heartbeats of the configuration in its order.
pub(super) async fn list(State(desk): State<Arc<Desk>>) -> Result<Response, ApiError> {
    answer(&desk, |desk| {
        let found = desk.look(|engine, _| engine.heartbeats());
        let listed = found.iter().map(|heartbeat| {
            json!({
                "name": heartbeat.name,
                "seenAt": rfc3339(heartbeat.seen_at),
                "missingAt": rfc3339(heartbeat.missing_at),
                "isMissing": heartbeat.is_missing,
            })
        });
        let listed: Vec<_> = listed.collect();
        Ok(enveloped(&json!({ "heartbeats": listed })))
    })
    .await
}
