//! From when on which series are kept, at one moment.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::{Labels, MatchOp, Matcher, Tier, TimeRange, Timestamp};

use crate::config::{Retention, millis};

/// The rules of retention at a trusted time.
#[derive(Clone)]
pub(super) struct Cutoffs {
    retention: Arc<Retention>,
    now: Timestamp,
}

impl Cutoffs {
    pub(super) fn new(retention: Arc<Retention>, now: Timestamp) -> Self {
        Self { retention, now }
    }

    /// Returns cutoffs by which nothing is too old.
    pub(super) fn of_nothing(self) -> Self {
        Self {
            now: Timestamp::MIN,
            ..self
        }
    }

    /// Returns the first point in time that is kept of any series.
    pub(super) fn first(&self, tier: Tier) -> Timestamp {
        self.before(self.retention.rules.longest(tier))
    }

    /// Returns the first point in time that is kept of all series.
    pub(super) fn all_from(&self, tier: Tier) -> Timestamp {
        self.before(self.retention.rules.shortest(tier))
    }

    /// Returns the first point in time that is kept of every series that may fulfil all matchers.
    pub(super) fn latest_of(&self, matchers: &[Matcher], tier: Tier) -> Timestamp {
        let mut shortest: Option<Duration> = None;
        for rule in self.retention.rules.iter() {
            let asked = matchers.iter().filter(|asked| asked.op() == MatchOp::Equal);
            let says = |own: &Matcher, fits: bool| {
                let mut of_label = asked.clone().filter(|asked| asked.name() == own.name());
                of_label.any(|asked| own.matches(asked.value()) == fits)
            };
            let is_beside = |own: &Matcher| says(own, false);
            let is_sure = |own: &Matcher| says(own, true);
            if rule.matchers.iter().any(is_beside) {
                continue;
            }
            let duration = rule.duration(tier);
            // Series of which no windows are kept at all have nothing to lose by the choice of a tier.
            let has_any = Tier::WINDOWS
                .iter()
                .any(|tier| !rule.duration(*tier).is_zero());
            if tier == Tier::Raw || has_any {
                shortest = Some(shortest.map_or(duration, |known| known.min(duration)));
            }
            if rule.matchers.iter().all(is_sure) {
                break;
            }
        }
        self.before(shortest.unwrap_or_default())
    }

    /// Returns the first point in time that is kept of a series.
    pub(super) fn of(&self, labels: &Labels, tier: Tier) -> Timestamp {
        self.before(self.retention.rules.retention_of(labels, tier))
    }

    /// Returns what of `range` is kept of a series' samples.
    pub(super) fn kept(&self, labels: &Labels, range: TimeRange) -> TimeRange {
        TimeRange::new(range.start.max(self.of(labels, Tier::Raw)), range.end)
    }

    /// Says whether all series are kept from the same time on, as far as `range` can tell.
    pub(super) fn is_uniform(&self, range: TimeRange) -> bool {
        let first = range.start.max(self.first(Tier::Raw));
        self.all_from(Tier::Raw) <= first
    }

    /// Returns the point in time that lies so long ago.
    pub(super) fn before(&self, duration: Duration) -> Timestamp {
        self.now.saturating_add_millis(-millis(duration))
    }
}
