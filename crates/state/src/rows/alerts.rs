//! Alerts of rules: each active alert with all times that its future depends on.

use plimsoll_types::{Annotations, Labels, Timestamp};

use crate::change::Change;
use crate::error::Result;
use crate::query::Rows;
use crate::table::{Cell, Cells, Column, Kind, Row, Table};
use crate::text;

/// Where an alert is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AlertPhase {
    /// Its condition holds, but not for long enough.
    Pending,
    /// It fires.
    Firing,
    /// It was resolved, and is remembered until everyone was told.
    Inactive,
}

impl AlertPhase {
    const ALL: [Self; 3] = [Self::Pending, Self::Firing, Self::Inactive];

    /// Returns the word of Prometheus.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Inactive => "inactive",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.name() == name)
    }
}

/// One alert of one rule: what is needed to go on as if nothing had happened.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertRow {
    /// The rule file of its group.
    pub file: String,
    /// The name of its group.
    pub group: String,
    /// What tells its rule from the others of the group; chosen by whoever evaluates rules, the same after a restart.
    pub rule: String,
    /// Its labels; with the three above they are its identity.
    pub labels: Labels,
    /// Where it is in its life.
    pub phase: AlertPhase,
    /// Since when its condition holds.
    pub active_at: Timestamp,
    /// Since when it fires.
    pub fired_at: Option<Timestamp>,
    /// When it was resolved.
    pub resolved_at: Option<Timestamp>,
    /// Since when it fires only because of `keep_firing_for`.
    pub keep_firing_since: Option<Timestamp>,
    /// When receivers were last told.
    pub last_sent_at: Option<Timestamp>,
    /// Until when receivers believe it without hearing more.
    pub valid_until: Option<Timestamp>,
    /// The value of its expression when it was last evaluated. A NaN comes back as a NaN, without its payload.
    pub value: f64,
    /// Its annotations as they were last expanded.
    pub annotations: Annotations,
}

static TABLE: Table = Table {
    name: "alerts",
    columns: &[
        Column::new("group_id", Kind::Bytes),
        Column::new("alert_id", Kind::Bytes),
        Column::new("file", Kind::Text),
        Column::new("group_name", Kind::Text),
        Column::new("rule", Kind::Text),
        Column::new("labels", Kind::Text),
        Column::new("phase", Kind::Text),
        Column::new("active_at", Kind::Integer),
        Column::new("fired_at", Kind::OptionalInteger),
        Column::new("resolved_at", Kind::OptionalInteger),
        Column::new("keep_firing_since", Kind::OptionalInteger),
        Column::new("last_sent_at", Kind::OptionalInteger),
        Column::new("valid_until", Kind::OptionalInteger),
        Column::new("value", Kind::Text),
        Column::new("annotations", Kind::Text),
    ],
    key: 2,
};

impl AlertRow {
    /// Asks for the alerts of a group.
    pub fn of_group(file: &str, group: &str) -> Rows<Self> {
        Rows::below(vec![text::key(&[file, group]).into()])
    }

    /// Deletes the alerts of a group.
    pub fn delete_group(file: &str, group: &str) -> Change {
        Change::delete_all::<Self>(vec![text::key(&[file, group]).into()])
    }
}

impl Row for AlertRow {
    const TABLE: &'static Table = &TABLE;

    fn cells(&self) -> Vec<Cell> {
        let labels = text::from_labels(&self.labels);
        vec![
            text::key(&[&self.file, &self.group]).into(),
            text::key(&[&self.rule, &labels]).into(),
            self.file.as_str().into(),
            self.group.as_str().into(),
            self.rule.as_str().into(),
            labels.into(),
            self.phase.name().into(),
            self.active_at.into(),
            self.fired_at.into(),
            self.resolved_at.into(),
            self.keep_firing_since.into(),
            self.last_sent_at.into(),
            self.valid_until.into(),
            text::from_float(self.value).into(),
            text::from_annotations(&self.annotations).into(),
        ]
    }

    fn from_cells(cells: &mut Cells) -> Result<Self> {
        cells.bytes()?;
        cells.bytes()?;
        Ok(Self {
            file: cells.text()?,
            group: cells.text()?,
            rule: cells.text()?,
            labels: super::labels(cells)?,
            phase: phase(cells)?,
            active_at: cells.time()?,
            fired_at: cells.optional_time()?,
            resolved_at: cells.optional_time()?,
            keep_firing_since: cells.optional_time()?,
            last_sent_at: cells.optional_time()?,
            valid_until: cells.optional_time()?,
            value: value(cells)?,
            annotations: super::annotations(cells)?,
        })
    }
}

fn phase(cells: &mut Cells) -> Result<AlertPhase> {
    let found = cells.text()?;
    AlertPhase::from_name(&found).ok_or_else(|| cells.damaged(format!("the phase {found:?}")))
}

fn value(cells: &mut Cells) -> Result<f64> {
    let found = cells.text()?;
    text::to_float(&found).map_err(|wrong| cells.damaged(wrong))
}
