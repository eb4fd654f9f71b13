//! Alerts that were received: each with what its future depends on.

use std::time::Duration;

use plimsoll_types::{Annotations, Labels, Timestamp};

use crate::change::Change;
use crate::error::Result;
use crate::table::{Cell, Cells, Column, Kind, Row, Table};
use crate::text;

/// One alert as it was last written. One that is only prolonged is not written again: after a restart it lives at least
/// for its [`lease`](Self::lease), because nobody could prolong it meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedRow {
    /// Alertmanager's fingerprint of the labels, 16 hexadecimal digits; its identity.
    pub fingerprint: String,
    /// What tells it from others.
    pub labels: Labels,
    /// Texts for the reader.
    pub annotations: Annotations,
    /// Where a reader sees what caused it; may be empty.
    pub generator_url: String,
    /// Since when it fires.
    pub starts_at: Timestamp,
    /// When it ended or ends unless it is posted again.
    pub ends_at: Timestamp,
    /// When it was last posted, as far as it was written.
    pub updated_at: Timestamp,
    /// For how long a post lets it fire, whole milliseconds.
    pub lease: Duration,
    /// Who said that it fires, a word such as `posted`.
    pub origin: String,
    /// Whether nobody said when it ends.
    pub is_timeout: bool,
    /// Whether it was resolved when it was written.
    pub is_resolved: bool,
}

static TABLE: Table = Table {
    name: "alerting_alerts",
    columns: &[
        Column::new("fingerprint", Kind::Text),
        Column::new("labels", Kind::Text),
        Column::new("annotations", Kind::Text),
        Column::new("generator_url", Kind::Text),
        Column::new("starts_at", Kind::Integer),
        Column::new("ends_at", Kind::Integer),
        Column::new("updated_at", Kind::Integer),
        Column::new("lease", Kind::Integer),
        Column::new("origin", Kind::Text),
        Column::new("is_timeout", Kind::Integer),
        Column::new("is_resolved", Kind::Integer),
    ],
    key: 1,
};

impl ReceivedRow {
    /// Forgets an alert.
    pub fn delete(fingerprint: &str) -> Change {
        Change::delete_all::<Self>(vec![fingerprint.into()])
    }
}

impl Row for ReceivedRow {
    const TABLE: &'static Table = &TABLE;

    fn cells(&self) -> Vec<Cell> {
        let mut cells = vec![self.fingerprint.as_str().into()];
        cells.extend([
            text::from_labels(&self.labels).into(),
            text::from_annotations(&self.annotations).into(),
            self.generator_url.as_str().into(),
            self.starts_at.into(),
            self.ends_at.into(),
            self.updated_at.into(),
            super::millis(self.lease).into(),
            self.origin.as_str().into(),
            i64::from(self.is_timeout).into(),
            i64::from(self.is_resolved).into(),
        ]);
        cells
    }

    fn from_cells(cells: &mut Cells) -> Result<Self> {
        let fingerprint = cells.text()?;
        Ok(Self {
            fingerprint,
            labels: super::super::labels(cells)?,
            annotations: super::super::annotations(cells)?,
            generator_url: cells.text()?,
            starts_at: cells.time()?,
            ends_at: cells.time()?,
            updated_at: cells.time()?,
            lease: super::duration(cells)?,
            origin: cells.text()?,
            is_timeout: cells.integer()? != 0,
            is_resolved: cells.integer()? != 0,
        })
    }
}
