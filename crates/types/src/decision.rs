//! A decision with what it was made from, so that every page and every silence can be explained afterwards.

use std::borrow::Cow;
use std::sync::Arc;

use crate::Timestamp;

/// One decision of an engine: what was decided about what, from which inputs, and what would have changed it.
///
/// It is written for people and for `explain`: numbers are in it as text, with their unit, durations as in rule files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The time that the decision is about: of a rule, the slot of its evaluation.
    pub at: Timestamp,
    /// What was decided, a stable word such as `alert.firing`.
    pub kind: Cow<'static, str>,
    /// What it is about: of an alert, its labels.
    pub subject: String,
    /// The rule that was applied: of an alert, `file;group;name`.
    pub rule: Arc<str>,
    /// What it was decided from, by name: numbers, times, and the query that reproduces them.
    pub inputs: Vec<(Cow<'static, str>, String)>,
    /// What followed, in a sentence.
    pub outcome: String,
    /// What would have changed the outcome, in a sentence.
    pub counterfactual: String,
}
