//! What a rule file says.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_promql::Expr;
use plimsoll_runtime::config::{Diagnostic, Source, Span};

use crate::place::Place;

/// A rule file.
#[derive(Clone, Debug)]
pub struct RuleFile {
    /// Its groups, in the order of the file.
    pub groups: Vec<Group>,
    /// What is accepted and most likely not meant.
    pub warnings: Vec<Diagnostic>,
    /// Its text, which all spans point into; what stands behind a second document's marker is not in it.
    pub source: Source,
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
    /// Where it begins.
    pub place: Place,
    /// Where its parts are.
    pub spans: GroupSpans,
}

/// Where the parts of a group are in the text of its file; empty where nothing was written.
#[derive(Clone, Debug, Default)]
pub struct GroupSpans {
    /// The whole group.
    pub whole: Span,
    /// Its name.
    pub name: Span,
    /// Its labels.
    pub labels: FieldSpans,
}

/// Where name and text of each label or annotation are.
pub type FieldSpans = BTreeMap<String, FieldSpan>;

/// Where a field is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldSpan {
    /// Its name.
    pub name: Span,
    /// Its value, quotes included.
    pub value: Span,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What becomes of its result.
    pub kind: Kind,
    /// What is evaluated.
    pub expr: Expr,
    /// Labels that are added or replaced; an empty text removes one. Those of an alert are templates.
    pub labels: BTreeMap<String, String>,
    /// Where it begins.
    pub place: Place,
    /// Where its parts are.
    pub spans: RuleSpans,
}

/// Where the parts of a rule are in the text of its file; empty where nothing was written.
#[derive(Clone, Debug, Default)]
pub struct RuleSpans {
    /// The whole rule.
    pub whole: Span,
    /// The name of the metric or alert.
    pub name: Span,
    /// The expression.
    pub expr: ExprSpans,
    /// The value of `for`.
    pub hold: Span,
    /// The value of `keep_firing_for`.
    pub keep_firing_for: Span,
    /// Its labels.
    pub labels: FieldSpans,
    /// Its annotations.
    pub annotations: FieldSpans,
}

/// Where an expression is, and how its text as it was parsed lies in the file.
#[derive(Clone, Debug, Default)]
pub struct ExprSpans {
    /// All of it as it stands in the file.
    pub whole: Span,
    /// The text that was parsed: spans of the expression's nodes point into it.
    pub text: String,
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

    /// Says whether it is an alert.
    pub fn is_alert(&self) -> bool {
        matches!(self.kind, Kind::Alert { .. })
    }

    /// Returns where in the file a part of the expression stands, such as the span of one of its nodes; all of the
    /// expression when its text is not in the file as it was parsed, because of folding or escapes.
    pub fn span_in_expr(&self, source: &Source, part: plimsoll_promql::Span) -> Span {
        let mut written = plimsoll_runtime::config::Spanned::from(self.spans.expr.text.clone());
        written.span = self.spans.expr.whole;
        crate::place::within(source.text(), &written, part.start, part.end)
    }
}
