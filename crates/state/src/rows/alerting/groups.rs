//! Groups of alerts with their timers.

use plimsoll_types::{Labels, Timestamp};

use super::Group;
use crate::change::Change;
use crate::error::Result;
use crate::table::{Cell, Cells, Column, Kind, Row, Table};
use crate::text;

/// One group of one route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRow {
    /// Its name.
    pub group: Group,
    /// What its alerts have in common by the route's `group_by`.
    pub labels: Labels,
    /// When the first of its alerts came.
    pub created_at: Timestamp,
    /// When it was last flushed.
    pub flushed_at: Option<Timestamp>,
    /// When it is flushed next.
    pub flush_at: Timestamp,
    /// Whether something waits for that.
    pub has_news: bool,
}

static TABLE: Table = Table {
    name: "alerting_groups",
    columns: &[
        Column::new("group_id", Kind::Bytes),
        Column::new("route", Kind::Text),
        Column::new("ordinal", Kind::Integer),
        Column::new("group_key", Kind::Text),
        Column::new("labels", Kind::Text),
        Column::new("created_at", Kind::Integer),
        Column::new("flushed_at", Kind::OptionalInteger),
        Column::new("flush_at", Kind::Integer),
        Column::new("has_news", Kind::Integer),
    ],
    key: 1,
};

impl GroupRow {
    /// Forgets a group.
    pub fn delete(group: &Group) -> Change {
        Change::delete_all::<Self>(vec![group.id().into()])
    }
}

impl Row for GroupRow {
    const TABLE: &'static Table = &TABLE;

    fn cells(&self) -> Vec<Cell> {
        let mut cells = vec![self.group.id().into()];
        cells.extend(self.group.cells());
        cells.extend([
            text::from_labels(&self.labels).into(),
            self.created_at.into(),
            self.flushed_at.into(),
            self.flush_at.into(),
            i64::from(self.has_news).into(),
        ]);
        cells
    }

    fn from_cells(cells: &mut Cells) -> Result<Self> {
        cells.bytes()?;
        Ok(Self {
            group: Group::from_cells(cells)?,
            labels: super::super::labels(cells)?,
            created_at: cells.time()?,
            flushed_at: cells.optional_time()?,
            flush_at: cells.time()?,
            has_news: cells.integer()? != 0,
        })
    }
}
