//! What became of notices.

use plimsoll_alerting::rows::{HistoryRow, Outcome};
use plimsoll_state::rows::alerting as state;

use super::{Damaged, channels, json};

/// A notice may have ten thousand alerts, and each of its attempts is a row: of more than this many the first are noted.
const PARTS_MAX: usize = 500;

pub(super) fn to_row(row: &HistoryRow) -> state::HistoryRow {
    let (target, retry_at) = match &row.outcome {
        Outcome::FailedOver { to } => (to.to_string(), None),
        Outcome::Failed { retry_at } => (String::new(), Some(*retry_at)),
        _ => (String::new(), None),
    };
    state::HistoryRow {
        happened_at: row.at,
        delivery_id: row.delivery.to_string(),
        channel: channels::to_channel(&row.channel),
        reason: row.reason.as_str().into(),
        outcome: row.outcome.as_str().into(),
        target,
        retry_at,
        attempts: row.attempts,
        decided_at: row.decided_at,
        parts: json::from_parts(&row.parts, PARTS_MAX),
        error: row.error.to_string(),
        is_degraded: row.is_degraded,
    }
}

/// Reads rows back; those that are damaged are left out and told.
pub(in crate::alerting) fn from_history(rows: Vec<state::HistoryRow>) -> Vec<HistoryRow> {
    super::good("history", rows, from_row)
}

fn from_row(row: state::HistoryRow) -> Result<HistoryRow, Damaged> {
    let outcome = match row.outcome.as_str() {
        "sent" => Outcome::Sent,
        "failed" => Outcome::Failed {
            retry_at: row.retry_at.ok_or("no time of the next attempt")?,
        },
        "superseded" => Outcome::Superseded,
        "withdrawn" => Outcome::Withdrawn,
        "failed_over" => Outcome::FailedOver {
            to: row.target.into(),
        },
        "dead" => Outcome::Dead,
        "orphaned" => Outcome::Orphaned,
        other => return Err(format!("the outcome {other:?}")),
    };
    Ok(HistoryRow {
        at: row.happened_at,
        delivery: channels::delivery_id(&row.delivery_id)?,
        channel: channels::from_channel(row.channel),
        reason: channels::reason(&row.reason)?,
        outcome,
        attempts: row.attempts,
        decided_at: row.decided_at,
        parts: json::to_parts(&row.parts)?.into(),
        error: row.error.into(),
        is_degraded: row.is_degraded,
    })
}
