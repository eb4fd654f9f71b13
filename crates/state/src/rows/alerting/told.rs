//! What one integration of a receiver was last told of a group.

use plimsoll_types::Timestamp;

use super::Channel;
use crate::change::Change;
use crate::error::Result;
use crate::table::{Cell, Cells, Column, Kind, Row, Table};

/// The last notice of a group that an integration took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldRow {
    /// Group and integration.
    pub channel: Channel,
    /// When it took it.
    pub told_at: Timestamp,
    /// Why it was told, in the words of Alertmanager.
    pub reason: String,
    /// The fingerprints of what fired, a JSON array.
    pub firing: String,
    /// The fingerprints of what was resolved, a JSON array.
    pub resolved: String,
    /// The number of the notice within the channel.
    pub sequence: i64,
    /// What the receiver gave back, a JSON object.
    pub data: String,
    /// The receiver that was told in its place; empty when it was told itself.
    pub via: String,
    /// The receiver that the integration stands in for; empty when it belongs to the route itself.
    pub instead_of: String,
    /// When it may be forgotten.
    pub expires_at: Timestamp,
}

static TABLE: Table = Table {
    name: "alerting_told",
    columns: &[
        Column::new("told_id", Kind::Bytes),
        Column::new("route", Kind::Text),
        Column::new("ordinal", Kind::Integer),
        Column::new("group_key", Kind::Text),
        Column::new("receiver", Kind::Text),
        Column::new("kind", Kind::Text),
        Column::new("position", Kind::Integer),
        Column::new("told_at", Kind::Integer),
        Column::new("reason", Kind::Text),
        Column::new("firing", Kind::Text),
        Column::new("resolved", Kind::Text),
        Column::new("sequence", Kind::Integer),
        Column::new("data", Kind::Text),
        Column::new("via", Kind::Text),
        Column::new("instead_of", Kind::Text),
        Column::new("expires_at", Kind::Integer),
    ],
    key: 1,
};

impl ToldRow {
    /// Forgets what a channel was told.
    pub fn delete(channel: &Channel) -> Change {
        Change::delete_all::<Self>(vec![channel.id().into()])
    }
}

impl Row for ToldRow {
    const TABLE: &'static Table = &TABLE;

    fn cells(&self) -> Vec<Cell> {
        let mut cells = vec![self.channel.id().into()];
        cells.extend(self.channel.cells());
        cells.extend([
            self.told_at.into(),
            self.reason.as_str().into(),
            self.firing.as_str().into(),
            self.resolved.as_str().into(),
            self.sequence.into(),
            self.data.as_str().into(),
            self.via.as_str().into(),
            self.instead_of.as_str().into(),
            self.expires_at.into(),
        ]);
        cells
    }

    fn from_cells(cells: &mut Cells) -> Result<Self> {
        cells.bytes()?;
        Ok(Self {
            channel: Channel::from_cells(cells)?,
            told_at: cells.time()?,
            reason: cells.text()?,
            firing: cells.text()?,
            resolved: cells.text()?,
            sequence: cells.integer()?,
            data: cells.text()?,
            via: cells.text()?,
            instead_of: cells.text()?,
            expires_at: cells.time()?,
        })
    }
}
