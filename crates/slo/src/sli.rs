//! Service level indicators: which samples are events, and which of these are good.
//!
//! A kind of SLI is a file here. What all kinds become is one of two things: [`Watch`]es of series, whose samples the
//! ledger counts as they arrive, or [`Ask`]s, PromQL that is evaluated for every slice.

mod bucket;
mod events;
mod freshness;
mod gateway;
mod gauge;
mod latency;
mod probe;
mod quality;
mod queries;
mod ratio;
mod registry;
mod throughput;
mod watches;

use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::Matcher;

pub(crate) use gateway::written as gateway_written;
#[cfg(test)]
pub(crate) use registry::ForEach;
pub(crate) use registry::Kind;
pub use registry::KindInfo;

pub(crate) use watches::{RawExclusion, exclusions};

use registry::kinds;

kinds! {
    events: events::Events,
    latency: latency::Latency,
    ratio: ratio::ErrorRatio,
    gauge: gauge::Gauge,
    freshness: freshness::Freshness,
    probe: probe::Probe,
    gateway: gateway::Gateway,
    throughput: throughput::Throughput,
    quality: quality::Quality,
    queries: queries::Queries,
}

/// What an SLI came down to, whatever it was written as.
#[derive(Clone, Debug, PartialEq)]
pub struct Sli {
    /// The kind as it is written in files, one of the registry's names.
    pub kind: &'static str,
    /// Where its events come from.
    pub source: Source,
    /// What is not exact about it, for people: a threshold between two bucket edges, a query that extrapolates.
    pub caveats: Vec<String>,
}

/// Where the events of an SLI come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// Samples of series, counted as they arrive.
    Watches(Vec<Watch>),
    /// PromQL, evaluated at the end of every slice of `every`.
    Asks {
        /// A multiple of [`Span::SLICE`](crate::Span::SLICE); default a minute.
        every: Duration,
        /// What is asked.
        ask: Ask,
    },
}

/// Series whose samples are events, and what an event of theirs adds to the counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    /// Which series; one of them matches the metric's name by equality, unless it watches all metrics.
    pub matchers: Vec<Matcher>,
    /// How samples become numbers of events.
    pub reading: Reading,
    /// What an event adds, when none of `exclude` matches the series.
    pub weight: Weight,
    /// Of which series events are left out, with the reason for people.
    pub exclude: Vec<Exclusion>,
    /// Which objective of the SLO this is counted for, when it is not for all of them.
    pub objective: Option<usize>,
    /// The objective has no data until a series matches this. A histogram's bucket is so: one that does not exist would
    /// turn every event into a bad one.
    pub needed: bool,
}

/// What an event adds to [`Counts`](crate::Counts); sums over watches give each event one place.
///
/// All requests are `good: 1`, a failed one among them `good: -1, bad: 1`. An excluded series adds `good + bad` to
/// `excluded` and nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    /// -1, 0 or 1.
    pub good: i8,
    /// -1, 0 or 1.
    pub bad: i8,
}

/// Series that are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Exclusion {
    /// All of them must match.
    pub matchers: Vec<Matcher>,
    /// Why, such as `client error`.
    pub reason: Arc<str>,
}

/// How samples become numbers of events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// A counter: the difference of two samples, the whole value after a reset. Native histograms count observations.
    Counter,
    /// A native histogram: observations at or below a bound, in the metric's unit. Other samples are nothing.
    AtOrBelow(f64),
    /// A gauge: each sample is one event, which `weight` gets when the comparison holds and [`Weight::flipped`] otherwise.
    Check {
        /// How it is compared.
        comparison: Comparison,
        /// With what.
        bound: f64,
    },
    /// A gauge that holds a time in seconds since the epoch: each sample is one event, good when it is at most this old.
    Age(Duration),
}

/// How a gauge is compared with its bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Weight {
    /// Returns what an event of the other kind adds.
    #[must_use]
    pub const fn flipped(self) -> Self {
        Self {
            good: self.bad,
            bad: self.good,
        }
    }
}

/// PromQL whose answers are events. `$window` in a text stands for the slice's length, such as `1m`.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Numbers of events in the slice; each is rounded to a whole number. Two of the three are given.
    Events {
        /// Good ones.
        good: Option<Arc<str>>,
        /// Bad ones.
        bad: Option<Arc<str>>,
        /// All that count.
        valid: Option<Arc<str>>,
    },
    /// Events per second instead of events, as `rate` gives them; multiplied with the slice's seconds.
    Rates {
        /// Good ones.
        good: Option<Arc<str>>,
        /// Bad ones.
        bad: Option<Arc<str>>,
        /// All that count.
        valid: Option<Arc<str>>,
    },
    /// The share of bad events, from 0 to 1: each slice weighs a million events, because a ratio tells no volume.
    ErrorRatio(Arc<str>),
    /// Each element of the answer is one event: good unless it is 0.
    Boolean(Arc<str>),
}
