//! What is shown of objectives: plain data, as the engine says it at one moment. Whoever answers requests writes it out.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::{Labels, Matcher, Timestamp};

use crate::burn::Condition;
use crate::composite::CompositeBudget;
use crate::engine::Version;
use crate::projection::Projection;
use crate::sli::Sli;
use crate::state::Standing;
use crate::{Budget, BurnRule, Composite, Counts, Severity, Slo, Target, Window};

/// What is promised: by one SLO or by several.
#[derive(Clone, Debug)]
pub enum Promise {
    /// An SLO.
    Slo(Arc<Slo>),
    /// A composite.
    Composite(Arc<Composite>),
}

/// An SLO or a composite with its figures.
#[derive(Clone, Debug)]
pub struct SloView {
    /// What is promised.
    pub promise: Promise,
    /// How it counted, the current way last; empty for a composite.
    pub versions: Vec<Version>,
    /// The begin of the first slice with something in it; `None` when nothing was ever measured.
    pub since: Option<Timestamp>,
    /// How many groups have budgets of their own; 0 without dimensions.
    pub groups: usize,
    /// Whether some groups are counted in `__other__`, because there are more than the limit.
    pub is_folded: bool,
    /// Objectives without data because their threshold is the edge of no bucket; empty where only a list was asked for.
    pub missing_buckets: Vec<MissingBucket>,
    /// Objective by objective, the whole before its groups; groups only where they were asked for.
    pub budgets: Vec<BudgetView>,
}

/// A threshold that is the edge of no bucket that was seen, so that its objective has no data.
#[derive(Clone, Debug, PartialEq)]
pub struct MissingBucket {
    /// The objective's name; empty when there is one only.
    pub objective: Arc<str>,
    /// The threshold, in seconds.
    pub threshold: Option<f64>,
    /// Which series are buckets of the histogram.
    pub buckets: Vec<Matcher>,
    /// The edges that they have, ascending, at most 50; empty when there is no such histogram. The engine does not know
    /// them: whoever runs it asks the store.
    pub edges: Vec<String>,
}

/// The budget of one objective of one group.
#[derive(Clone, Debug)]
pub struct BudgetView {
    /// The objective's name; empty when there is one only.
    pub objective: Arc<str>,
    /// The group; `None` is the whole.
    pub group: Option<Labels>,
    /// What is promised to it.
    pub target: Target,
    /// Its state, and since when; `None` before it was judged for the first time.
    pub standing: Option<Standing>,
    /// How loud its alert is while it fires, and since when.
    pub firing: Option<(Severity, Timestamp)>,
    /// The figures of each window, in the order of the file.
    pub windows: Vec<WindowView>,
    /// What each burn rule sees now; empty where only a list was asked for.
    pub conditions: Vec<(BurnRule, Condition)>,
    /// When the budget of the first window is going to be used up; `None` when that was not asked for or is not known.
    pub projection: Option<Projection>,
}

/// The budget of one window.
#[derive(Clone, Debug)]
pub struct WindowView {
    /// Which.
    pub window: Window,
    /// Its figures.
    pub figures: Figures,
}

/// The figures of a budget.
#[derive(Clone, Debug)]
pub enum Figures {
    /// Of an SLO.
    Counted {
        /// With corrections, in units of the method.
        budget: Budget,
        /// Without corrections; `None` when there are none in the window.
        uncorrected: Option<Budget>,
        /// The events themselves, the excluded ones among them, whatever the method; with corrections.
        events: Counts,
    },
    /// Of a composite.
    Composed(CompositeBudget),
}

/// A budget by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// `service/name`.
    pub id: String,
    /// The objective's name; `None` takes the first.
    pub objective: Option<String>,
    /// The group; `None` is the whole.
    pub group: Option<Labels>,
}

/// Slices of a budget that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryQuestion {
    /// The first time.
    pub from: Timestamp,
    /// The end, not included.
    pub to: Timestamp,
    /// How long each slice is, a multiple of [`Span::SLICE`](crate::Span::SLICE). The answer's are as long, and coarser in
    /// fact where the ledger is.
    pub step: Duration,
}

/// A budget that is to be counted again, from stored samples.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayQuestion {
    /// Whose.
    pub address: Address,
    /// How events are counted: by each of these. What they say of objectives is about those of the SLO.
    pub slis: Vec<Sli>,
    /// The first time.
    pub from: Timestamp,
    /// The end, not included.
    pub to: Timestamp,
}

/// One slice of a budget's history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HistoryPoint {
    /// Its begin.
    pub at: Timestamp,
    /// What was counted in it, with corrections.
    pub counts: Counts,
    /// The share of the first window's budget that remained at its end; `None` when nothing was measured.
    pub remaining: Option<f64>,
}

/// What counting raw samples again gave, beside what the ledger has.
#[derive(Clone, Debug)]
pub struct Verification {
    /// The first time that was counted again.
    pub from: Timestamp,
    /// The end, not included.
    pub to: Timestamp,
    /// Budget by budget.
    pub budgets: Vec<Verified>,
    /// Samples that came too late to be counted in this process' lifetime: the usual reason of a difference.
    pub too_late: u64,
}

/// One budget counted again.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The objective's name.
    pub objective: Arc<str>,
    /// The group; `None` is the whole.
    pub group: Option<Labels>,
    /// What the ledger has.
    pub ledger: Counts,
    /// What the samples give.
    pub recounted: Counts,
    /// How many slices differ.
    pub differing: u64,
    /// The first of them, at most 100: the begin, what the ledger has and what the samples give.
    pub differences: Vec<(Timestamp, Counts, Counts)>,
}

impl Promise {
    /// Returns `service/name`.
    pub fn id(&self) -> &Arc<str> {
        match self {
            Self::Slo(slo) => &slo.id,
            Self::Composite(composite) => &composite.id,
        }
    }

    /// Returns the service.
    pub fn service(&self) -> &Arc<str> {
        match self {
            Self::Slo(slo) => &slo.service,
            Self::Composite(composite) => &composite.service,
        }
    }
}

impl Verification {
    /// Says whether the ledger has what the samples give, slice by slice.
    pub fn agrees(&self) -> bool {
        self.budgets.iter().all(|budget| budget.differing == 0)
    }
}
