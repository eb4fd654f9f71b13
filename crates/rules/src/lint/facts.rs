//! What a running server knows that no file tells.

use std::time::Duration;

use plimsoll_promql::Expr;

/// Answers of a server about what it has stored. Each may be `None`: not known is not the same as no.
pub trait Facts {
    /// Says whether a metric of this name was stored lately.
    fn has_metric(&self, name: &str) -> Option<bool>;

    /// Says whether a series of this metric had this label lately.
    fn has_label(&self, metric: &str, label: &str) -> Option<bool>;

    /// Returns the usual distance of samples of a metric.
    fn sample_interval(&self, metric: &str) -> Option<Duration>;

    /// Returns how often an alert fired; `None` also when the server does not evaluate this very expression for it.
    fn firing(&self, alert: &str, expr: &Expr) -> Option<Firing>;
}

/// How often an alert fired.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Firing {
    /// For how long the server can tell.
    pub watched: Duration,
    /// In which share of that time it fired, from 0 to 1; 0 means not once.
    pub share: f64,
}

/// No server: nothing is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFacts;

impl Facts for NoFacts {
    fn has_metric(&self, _: &str) -> Option<bool> {
        None
    }

    fn has_label(&self, _: &str, _: &str) -> Option<bool> {
        None
    }

    fn sample_interval(&self, _: &str) -> Option<Duration> {
        None
    }

    fn firing(&self, _: &str, _: &Expr) -> Option<Firing> {
        None
    }
}
