//! `/api/v1/alerting/silences/preview`: what a silence would keep back if it were in force now.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use plimsoll_types::{ByteCount, Labels};
use plimsoll_wire::alertmanager::{ListedAlert, SILENCE_BYTES_MAX, decode_silence};
use serde::Serialize;
use utoipa::ToSchema;

use super::{answer, enveloped};
use crate::error::ApiError;
use crate::v2::described::Alert;
use crate::v2::{Desk, Refused, draft, listed_alert};

/// How many alerts are shown; all are counted.
const ALERTS_MAX: usize = 1000;

/// What a silence would keep back.
#[derive(Serialize, ToSchema)]
#[schema(as = SilencePreview)]
pub(super) struct Preview {
    /// Alerts that fire, in all.
    active: u64,
    /// Those that it would keep back.
    matched: usize,
    /// The first 1000 of these.
    #[schema(value_type = Vec<Alert>)]
    alerts: Vec<ListedAlert>,
}

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
        Ok(enveloped(&Preview {
            active,
            matched,
            alerts: alerts.iter().map(listed_alert).collect(),
        }))
    })
    .await
}
