//! `/api/v1/alerting/heartbeats`: the alerts that must always be there, and when they were seen.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use plimsoll_alerting::HeartbeatView;
use serde::Serialize;
use utoipa::ToSchema;

use super::{answer, enveloped};
use crate::error::ApiError;
use crate::openapi::values::Time;
use crate::v2::Desk;

/// The heartbeats of the configuration, in its order.
#[derive(Serialize, ToSchema)]
pub(super) struct Heartbeats<'a> {
    heartbeats: Vec<Shown<'a>>,
}

/// An alert that must always be there.
#[derive(Serialize, ToSchema)]
#[schema(as = Heartbeat)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    /// The name of the alert that fires when it stays away.
    name: &'a str,
    /// When it was posted last; when we started, if it was not since.
    seen_at: Time,
    /// When it is missing, or since when it is.
    missing_at: Time,
    is_missing: bool,
}

/// Lists the heartbeats of the configuration in its order.
pub(super) async fn list(State(desk): State<Arc<Desk>>) -> Result<Response, ApiError> {
    answer(&desk, |desk| {
        let found = desk.look(|engine, _| engine.heartbeats());
        let heartbeats = found.iter().map(Shown::from).collect();
        Ok(enveloped(&Heartbeats { heartbeats }))
    })
    .await
}

impl<'a> From<&'a HeartbeatView> for Shown<'a> {
    fn from(heartbeat: &'a HeartbeatView) -> Self {
        Self {
            name: &heartbeat.name,
            seen_at: Time(heartbeat.seen_at),
            missing_at: Time(heartbeat.missing_at),
            is_missing: heartbeat.is_missing,
        }
    }
}
