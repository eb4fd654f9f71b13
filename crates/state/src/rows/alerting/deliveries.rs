//! The outbox: notices on their way to a receiver.

use plimsoll_types::{Labels, Timestamp};

use super::Channel;
use crate::change::Change;
use crate::error::Result;
use crate::table::{Cell, Cells, Column, Kind, Row, Table};
use crate::text;

/// One notice that was decided and that its receiver has not taken for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Its id, the same for all attempts.
    pub delivery_id: String,
    /// Group and integration.
    pub channel: Channel,
    /// The labels of the group.
    pub group_labels: Labels,
    /// The number of the notice within the channel.
    pub sequence: i64,
    /// Why it is told, in the words of Alertmanager.
    pub reason: String,
    /// What is told of which alerts, a JSON array.
    pub parts: String,
    /// Where it stands, a word such as `queued`.
    pub phase: String,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// When the first of the notices was decided that it stands for.
    pub waiting_since: Timestamp,
    /// How many attempts were begun.
    pub attempts: u32,
    /// How many attempts failed.
    pub failures: u32,
    /// When the next attempt begins, or when the last one began.
    pub attempt_at: Timestamp,
    /// Why the last attempt failed; may be empty.
    pub last_error: String,
    /// The receiver that it stands in for; empty when it stands in for none.
    pub instead_of: String,
}

static TABLE: Table = Table {
    name: "alerting_deliveries",
    columns: &[
        Column::new("delivery_id", Kind::Text),
        Column::new("route", Kind::Text),
        Column::new("ordinal", Kind::Integer),
        Column::new("group_key", Kind::Text),
        Column::new("receiver", Kind::Text),
        Column::new("kind", Kind::Text),
        Column::new("position", Kind::Integer),
        Column::new("group_labels", Kind::Text),
        Column::new("sequence", Kind::Integer),
        Column::new("reason", Kind::Text),
        Column::new("parts", Kind::Text),
        Column::new("phase", Kind::Text),
        Column::new("decided_at", Kind::Integer),
        Column::new("waiting_since", Kind::Integer),
        Column::new("attempts", Kind::Integer),
        Column::new("failures", Kind::Integer),
        Column::new("attempt_at", Kind::Integer),
        Column::new("last_error", Kind::Text),
        Column::new("instead_of", Kind::Text),
    ],
    key: 1,
};

impl DeliveryRow {
    /// Forgets a delivery.
    pub fn delete(delivery_id: &str) -> Change {
        Change::delete_all::<Self>(vec![delivery_id.into()])
    }
}

impl Row for DeliveryRow {
    const TABLE: &'static Table = &TABLE;

    fn cells(&self) -> Vec<Cell> {
        let mut cells = vec![self.delivery_id.as_str().into()];
        cells.extend(self.channel.cells());
        cells.extend([
            text::from_labels(&self.group_labels).into(),
            self.sequence.into(),
            self.reason.as_str().into(),
            self.parts.as_str().into(),
            self.phase.as_str().into(),
            self.decided_at.into(),
            self.waiting_since.into(),
            i64::from(self.attempts).into(),
            i64::from(self.failures).into(),
            self.attempt_at.into(),
            self.last_error.as_str().into(),
            self.instead_of.as_str().into(),
        ]);
        cells
    }

    fn from_cells(cells: &mut Cells) -> Result<Self> {
        let delivery_id = cells.text()?;
        Ok(Self {
            delivery_id,
            channel: Channel::from_cells(cells)?,
            group_labels: super::super::labels(cells)?,
            sequence: cells.integer()?,
            reason: cells.text()?,
            parts: cells.text()?,
            phase: cells.text()?,
            decided_at: cells.time()?,
            waiting_since: cells.time()?,
            attempts: cells.count()?,
            failures: cells.count()?,
            attempt_at: cells.time()?,
            last_error: cells.text()?,
            instead_of: cells.text()?,
        })
    }
}
