//! `/api/v1/alerting/silences/preview`: what a silence would keep back if it were in force now.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use plimsoll_types::{ByteCount, Labels};
use plimsoll_wire::alertmanager::{SILENCE_BYTES_MAX, decode_silence};
use serde_json::json;

use super::{answer, enveloped};
use crate::error::ApiError;
use crate::v2::{Desk, Refused, draft, listed_alert};

/// How many alerts are shown; all are counted.
const ALERTS_MAX: usize = 1000;

/// Takes a silence as `POST /api/v2/silences` does, and changes nothing.
pub(super) async fn preview(
    State(desk): State<Arc<Desk>>,
    body: Body,
) -> Result<Response, ApiError> {
    let limit = ByteCount(SILENCE_BYTES_MAX as u64);
    let parse = |bytes: &[u8]| {
        let posted = decode_silence(bytes).map_err(|error| Refused::body("silence", &error))?;
        draft(posted)
    };
    let (draft, _share) = desk.parse(body, limit, parse).await?;
    answer(&desk, move |desk| {
        let (active, (matched, alerts)) = desk.look(|engine, now| {
            let matches = |labels: &Labels| draft.matchers.matches(labels);
            let found = engine.silence_preview(matches, ALERTS_MAX, now);
            (engine.numbers().firing, found)
        });
        let alerts: Vec<_> = alerts.iter().map(listed_alert).collect();
        Ok(enveloped(&json!({
            "active": active, "matched": matched, "alerts": alerts,
        })))
    })
    .await
}
