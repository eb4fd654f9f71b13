//! What the configuration means for one series: which of its labels are limited, to how many values, counted with whom.

use plimsoll_types::{BUCKET_LABEL, Labels, METRIC_NAME, Matcher, QUANTILE_LABEL};

use crate::config::SeriesLimits;

/// What a scrape tells about itself is never folded: without it nobody knows which target is down.
const ABOUT_SCRAPES: [&str; 8] = [
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
    "scrape_timeout_seconds",
    "scrape_sample_limit",
    "scrape_body_size_bytes",
];
/// Where a series comes from: folded by a rule that names them, or when nothing else is left.
const ORIGIN: [&str; 2] = ["instance", "job"];
/// Of a limit of series, one in so many places is kept for overflow series, so that there is where to fold.
const RESERVED_ONE_IN: u64 = 10;
const RESERVED_MAX: u64 = 1024;

/// Values are counted together by scope: that of a rule, or the default.
pub(super) type Scope = u32;
const DEFAULT_SCOPE: Scope = u32::MAX;

/// Limits of series and values.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Policy {
    pub(super) limits: SeriesLimits,
}

impl Policy {
    /// Says whether series of this metric are limited at all.
    pub(super) fn covers(metric: &str) -> bool {
        !ABOUT_SCRAPES.contains(&metric)
    }

    /// Returns who counts the values of a label of this series, and how many there may be (`None`: any number).
    ///
    /// The scope is `None` for a label that is never folded alone.
    pub(super) fn scope(&self, labels: &Labels, name: &str) -> Option<(Scope, Option<u64>)> {
        if self.is_kept(name) {
            return None;
        }
        let fits = |matcher: &Matcher| matcher.matches(labels.get(matcher.name()).unwrap_or(""));
        let mut rules = (0..).zip(&self.limits.rules);
        let rule = rules.find(|(_, rule)| rule.label == name && rule.matchers.iter().all(fits));
        match rule {
            Some((index, rule)) => Some((index, Some(rule.values))),
            None if ORIGIN.contains(&name) => None,
            None => Some((DEFAULT_SCOPE, self.limits.values_per_label)),
        }
    }

    /// Says whether a label is never folded: without it the samples of a series mean something else.
    pub(super) fn is_kept(&self, name: &str) -> bool {
        [METRIC_NAME, BUCKET_LABEL, QUANTILE_LABEL].contains(&name)
            || self.limits.tenant_label.as_deref() == Some(name)
    }

    /// Returns whose a series is.
    pub(super) fn tenant<'a>(&'a self, labels: &'a Labels) -> Tenant<'a> {
        match self.limits.tenant_label.as_deref() {
            None => Tenant::Everybody,
            Some(name) => labels
                .get(name)
                .map_or(Tenant::Nobody, |value| Tenant::Of(name, value)),
        }
    }

    /// Returns the labels with some values folded.
    pub(super) fn folded(&self, labels: &Labels, is_folded: impl Fn(&str) -> bool) -> Labels {
        let mut builder = labels.to_builder();
        for (name, _) in labels.iter().filter(|(name, _)| is_folded(name)) {
            builder.set(name, &self.limits.overflow_value);
        }
        builder.build()
    }

    /// Returns the first label with the overflow value.
    pub(super) fn first_folded<'a>(&self, labels: &'a Labels) -> &'a str {
        let mut folded = labels
            .iter()
            .filter(|(_, value)| *value == self.limits.overflow_value);
        folded.next().map_or("", |(name, _)| name)
    }

    /// Says whether a series has been folded before it came here, such as by another Plimsoll that sends it on.
    pub(super) fn is_folded(&self, labels: &Labels) -> bool {
        let overflow = self.limits.overflow_value.as_str();
        labels.iter().any(|(_, value)| value == overflow)
    }
}

/// Whose a series is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tenant<'a> {
    /// There is one tenant only.
    Everybody,
    /// That of this label pair.
    Of(&'a str, &'a str),
    /// The label is absent.
    Nobody,
}

/// Whom a series wants a place among.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Series with their own labels.
    Own,
    /// Series of which some labels are folded.
    Folded,
    /// Series of which all labels are folded that may be.
    Last,
}

/// Returns how many series there may be for one more in such a place to be taken.
pub(super) fn room(limit: u64, place: Place) -> u64 {
    let reserved = match limit {
        0 | 1 => 0,
        limit => (limit / RESERVED_ONE_IN).clamp(1, RESERVED_MAX),
    };
    match place {
        Place::Own => limit - reserved,
        Place::Folded => limit - reserved / 2,
        Place::Last => limit,
    }
}
