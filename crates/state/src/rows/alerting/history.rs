//! What became of notices: appended, never changed, the oldest forgotten.
//!
//! As of a decision, a part of the key is a digest: a commit that is repeated because its outcome was not known adds
//! nothing.

use plimsoll_types::Timestamp;

use super::Channel;
use crate::error::Result;
use crate::query::Rows;
use crate::table::{Cell, Cells, Column, Kind, Row, Table};
use crate::text;

/// One thing that became of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// When it happened.
    pub happened_at: Timestamp,
    /// Which notice.
    pub delivery_id: String,
    /// Group and integration.
    pub channel: Channel,
    /// Why it was decided, in the words of Alertmanager.
    pub reason: String,
    /// What happened, a word such as `sent`.
    pub outcome: String,
    /// The receiver that is asked in its place after `failed_over`, else empty.
    pub target: String,
    /// When it is tried again after `failed`.
    pub retry_at: Option<Timestamp>,
    /// How many attempts were begun up to then.
    pub attempts: u32,
    /// When the notice was decided.
    pub decided_at: Timestamp,
    /// What was told of which alerts, a JSON array.
    pub parts: String,
    /// Why an attempt failed; may be empty.
    pub error: String,
    /// Whether it was told without the database.
    pub is_degraded: bool,
}

static TABLE: Table = Table {
    name: "alerting_history",
    columns: &[
        Column::new("happened_at", Kind::Integer),
        Column::new("history_id", Kind::Bytes),
        Column::new("delivery_id", Kind::Text),
        Column::new("route", Kind::Text),
        Column::new("ordinal", Kind::Integer),
        Column::new("group_key", Kind::Text),
        Column::new("receiver", Kind::Text),
        Column::new("kind", Kind::Text),
        Column::new("position", Kind::Integer),
        Column::new("reason", Kind::Text),
        Column::new("outcome", Kind::Text),
        Column::new("target", Kind::Text),
        Column::new("retry_at", Kind::OptionalInteger),
        Column::new("attempts", Kind::Integer),
        Column::new("decided_at", Kind::Integer),
        Column::new("parts", Kind::Text),
        Column::new("error", Kind::Text),
        Column::new("is_degraded", Kind::Integer),
    ],
    key: 2,
};

impl HistoryRow {
    /// Asks for what happened last, the newest first.
    pub fn newest(count: u32) -> Rows<Self> {
        Rows::all().descending().limit(count)
    }
}

impl Row for HistoryRow {
    const TABLE: &'static Table = &TABLE;

    fn cells(&self) -> Vec<Cell> {
        let mut cells = vec![
            self.happened_at.into(),
            text::key(&[
                &self.delivery_id,
                &self.outcome,
                &self.attempts.to_string(),
                &self.target,
            ])
            .into(),
        ];
        cells.extend([self.delivery_id.as_str().into()]);
        cells.extend(self.channel.cells());
        cells.extend([
            self.reason.as_str().into(),
            self.outcome.as_str().into(),
            self.target.as_str().into(),
            self.retry_at.into(),
            i64::from(self.attempts).into(),
            self.decided_at.into(),
            self.parts.as_str().into(),
            self.error.as_str().into(),
            i64::from(self.is_degraded).into(),
        ]);
        cells
    }

    fn from_cells(cells: &mut Cells) -> Result<Self> {
        let happened_at = cells.time()?;
        cells.bytes()?;
        Ok(Self {
            happened_at,
            delivery_id: cells.text()?,
            channel: Channel::from_cells(cells)?,
            reason: cells.text()?,
            outcome: cells.text()?,
            target: cells.text()?,
            retry_at: cells.optional_time()?,
            attempts: cells.count()?,
            decided_at: cells.time()?,
            parts: cells.text()?,
            error: cells.text()?,
            is_degraded: cells.integer()? != 0,
        })
    }
}
