//! What a rule file says.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_promql::Expr;
use plimsoll_runtime::config::Diagnostic;

/// A rule file.
#[derive(Clone, Debug)]
pub struct RuleFile {
    /// Its groups, in the order of the file.
    pub groups: Vec<Group>,
    /// What is accepted and most likely not meant.
    pub warnings: Vec<Diagnostic>,
}

/// Rules that are evaluated one after the other, at the same points in time.
#[derive(Clone, Debug)]
pub struct Group {
    /// Unique in its file.
    pub name: String,
    /// How often; `None` means the global evaluation interval.
    pub interval: Option<Duration>,
    /// How far in the past rules are evaluated; `None` means the global offset.
    pub query_offset: Option<Duration>,
    /// How many series or alerts a rule may have; 0 is no limit.
    pub limit: u64,
    /// Labels of every rule that does not set them itself.
    pub labels: BTreeMap<String, String>,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What becomes of its result.
    pub kind: Kind,
    /// What is evaluated.
    pub expr: Expr,
    /// Labels that are added or replaced; those of an alert are templates.
    pub labels: BTreeMap<String, String>,
}

/// What becomes of a rule's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is stored as a metric.
    Record {
        /// The metric's name.
        name: String,
    },
    /// Each of its series is an alert.
    Alert {
        /// The alert's name.
        name: String,
        /// How long a series has to be there before the alert fires.
        hold: Duration,
        /// How long the alert fires on after the series is gone.
        keep_firing_for: Duration,
        /// Texts for the reader, templates.
        annotations: BTreeMap<String, String>,
    },
}

impl Rule {
    /// Returns the name of the metric or alert.
    pub fn name(&self) -> &str {
        match &self.kind {
            Kind::Record { name } | Kind::Alert { name, .. } => name,
        }
    }
}
