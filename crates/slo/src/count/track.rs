//! The samples of one series, read in one way, and what each of them counts.

use super::link::Link;
use super::reading::{Kept, is_gauge};
use super::samples::Samples;
use super::scrape::Ups;
use crate::ledger::{Measured, slice_of};
use crate::sli::Reading;

/// Times that counting goes by, in milliseconds; the same everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    /// Two samples at most this far apart measure all slices between them.
    pub(crate) gap: i64,
    /// A sample so long after the one before it is the first of its series again.
    pub(crate) forget: i64,
}

/// The samples of one series as one reading has them.
#[derive(Clone, Debug)]
pub(crate) struct Track {
    pub(crate) reading: Reading,
    /// Ascending: the last one before the horizon, and all later ones.
    kept: Samples,
    pub(crate) links: Vec<Link>,
}

/// Where a sample got its place, in ascending order of how much it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Inserted {
    /// It was there already.
    Known,
    /// After all others.
    Last,
    /// Between others, or in the place of another: what was counted is revised.
    Revised,
}

impl Track {
    pub(crate) fn new(reading: Reading, links: Vec<Link>) -> Self {
        Self {
            reading,
            kept: Samples::default(),
            links,
        }
    }

    /// Returns the last sample.
    pub(crate) fn last(&self) -> Option<Kept> {
        self.kept.last()
    }

    /// Walks the samples that are kept.
    pub(crate) fn kept(&self) -> impl Iterator<Item = Kept> + '_ {
        self.kept.iter()
    }

    /// Returns the last sample before `time`.
    pub(crate) fn last_before(&self, time: i64) -> Option<Kept> {
        self.kept.iter().take_while(|kept| kept.time < time).last()
    }

    /// Returns the first sample at or after `time` with the one before it.
    pub(crate) fn around(&self, time: i64) -> Option<(Option<Kept>, Kept)> {
        let mut before = None;
        for kept in self.kept.iter() {
            if kept.time >= time {
                return Some((before, kept));
            }
            before = Some(kept);
        }
        None
    }

    /// Says what a sample would mean.
    pub(crate) fn place(&self, sample: &Kept) -> Inserted {
        // Nearly always it is the newest.
        if self.last().is_none_or(|last| last.time < sample.time) {
            return Inserted::Last;
        }
        match self.kept.iter().any(|kept| kept == *sample) {
            true => Inserted::Known,
            false => Inserted::Revised,
        }
    }

    /// Adds a sample that is later than all others.
    pub(crate) fn push(&mut self, sample: Kept) {
        self.kept.push(sample);
    }

    /// Puts other samples in the place of those that are kept.
    pub(crate) fn replace(&mut self, samples: &[Kept]) {
        self.kept.replace(samples);
    }

    /// Forgets samples before `horizon` but for the last of them.
    pub(crate) fn forget(&mut self, horizon: i64) {
        self.kept.forget(horizon);
    }

    /// Adds a link.
    pub(crate) fn link(&mut self, link: Link) {
        // Doubling would leave much of the memory of a hundred thousand series empty.
        self.links.reserve_exact(1);
        self.links.push(link);
    }

    /// Returns the bytes that it holds.
    pub(crate) fn byte_count(&self) -> usize {
        size_of::<Self>() + self.kept.byte_count() + self.links.capacity() * size_of::<Link>()
    }

    /// Tells what a sample counts over a link, in the light of the one before it; `None` when it adds nothing.
    ///
    /// `since` is when the link's stream began to have data.
    pub(crate) fn measure(
        &self,
        before: Option<&Kept>,
        sample: &Kept,
        link: &Link,
        since: i64,
        rules: &Rules,
        ups: Option<&Ups>,
    ) -> Option<Measured> {
        if sample.time < since || sample.time >= link.until {
            return None;
        }
        let before = before
            .filter(|before| before.time >= since && sample.time - before.time <= rules.forget);
        let events = match before {
            _ if is_gauge(&self.reading) => 1,
            Some(before) => difference(before, sample),
            None => first_seen(sample, since, rules, ups).map_or(0, |_| sample.value),
        };
        let is_other = is_gauge(&self.reading) && sample.value == 0;
        Some(measured(link, is_other, sample, before, events, rules))
    }

    /// Returns since when a stream has data that waits for this series, judged by its first sample that is kept: when its
    /// counter began, or when its target was seen without it, or else when it was seen first.
    pub(crate) fn gate(&self, since: i64, rules: &Rules, ups: Option<&Ups>) -> Option<i64> {
        let first = self.kept.iter().find(|kept| kept.time >= since)?;
        Some(first_seen(&first, since, rules, ups).unwrap_or(first.time))
    }
}

/// Returns a time at which the counter of a first sample is known to have been at zero, if there is one: such a sample
/// counts in full.
fn first_seen(sample: &Kept, since: i64, rules: &Rules, ups: Option<&Ups>) -> Option<i64> {
    if sample.start != 0 && (since..=sample.time).contains(&sample.start) {
        return Some(sample.start);
    }
    // At that scrape the series was not there; had it been seen before and forgotten since, that was longer ago.
    let scraped = ups?.last_before(sample.time)?;
    (scraped >= since && sample.time - scraped <= rules.forget).then_some(scraped)
}

/// Returns how many events a counter counted from one sample to the next.
fn difference(before: &Kept, sample: &Kept) -> i64 {
    let is_reset = sample.guard < before.guard || (sample.start != 0 && sample.start > before.time);
    match is_reset {
        true => sample.value,
        // What lies at or below a bound can shrink without a reset, where buckets get coarser.
        false => sample.value.saturating_sub(before.value).max(0),
    }
}

fn measured(
    link: &Link,
    is_other: bool,
    sample: &Kept,
    before: Option<&Kept>,
    events: i64,
    rules: &Rules,
) -> Measured {
    let slice = slice_of(sample.time);
    let (good, bad) = match is_other {
        true => (link.good_otherwise, link.bad_otherwise),
        false => (link.good, link.bad),
    };
    let covered_from = match before.map(|before| (slice_of(before.time) + 1, before.time)) {
        Some((next, time)) if sample.time - time <= rules.gap => next,
        Some((next, _)) => slice.max(next),
        None => slice,
    };
    let times = |weight: i8| events.wrapping_mul(i64::from(weight));
    Measured {
        slice,
        good: times(good),
        bad: times(bad),
        excluded: times(link.excluded),
        covered_from,
    }
}
