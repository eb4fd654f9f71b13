//! A sample is counted.

use plimsoll_types::{Labels, Sample, Timestamp, Value};

use super::Engine;
use super::series::SeriesId;
use super::streams::Streams;
use crate::count::{Inserted, Kept, Rules, Track, Ups, read};

/// How many revisions are told one by one between two ticks; beyond that they are only counted.
const REVISIONS_MAX: usize = 1000;

/// What became of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed {
    /// It is counted, or it is none that counts, such as a staleness marker.
    Counted,
    /// It was counted already.
    Known,
    /// It came late, or in the place of another: what was counted is revised.
    Revised,
    /// It is older than the lateness and not counted.
    TooLate,
    /// It is too far in the future and not counted.
    TooEarly,
    /// The id names no series any more: resolve the labels again.
    UnknownSeries,
}

/// A change of what was counted already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The series whose sample came late.
    pub series: Labels,
    /// The sample's time.
    pub time: Timestamp,
    /// The time that had been reached when it came.
    pub seen: Timestamp,
}

impl Engine {
    /// Returns the id of the series with these labels; `None` when it does not count, or when there are too many.
    ///
    /// It stays valid until the series was not heard of for [`Options::forget`](super::Options::forget) or is no longer
    /// wanted after a [`reload`](Self::reload).
    pub fn series(&mut self, labels: &Labels) -> Option<SeriesId> {
        if let Some(id) = self.series.find(labels) {
            return Some(id);
        }
        if !self.interest.wants(labels) {
            return None;
        }
        if self.series.len() >= self.options.series_max {
            self.tallies.series_refused += 1;
            return None;
        }
        let id = self.series.insert(labels, self.now);
        let links = self.links(labels, |_| true);
        self.connect(id.index, links);
        Some(id)
    }

    /// Counts a sample. Samples come in any order within the lateness, each as often as it likes.
    pub fn observe(&mut self, id: SeriesId, sample: &Sample) -> Observed {
        if !self.series.is_current(id) {
            return Observed::UnknownSeries;
        }
        let time = sample.timestamp.millis();
        if time < self.horizon {
            self.tallies.too_late += 1;
            return Observed::TooLate;
        }
        if time
            > self
                .now
                .saturating_add(self.options.ahead.as_millis() as i64)
        {
            self.tallies.too_early += 1;
            return Observed::TooEarly;
        }
        self.tallies.samples += 1;
        self.hear(id.index, sample);
        match self.count(id.index, sample) {
            Inserted::Known => Observed::Known,
            Inserted::Last => Observed::Counted,
            Inserted::Revised => {
                self.note_revision(id.index, sample.timestamp);
                Observed::Revised
            }
        }
    }

    /// Remembers that a series lives and that a target was scraped.
    fn hear(&mut self, index: u32, sample: &Sample) {
        let time = sample.timestamp.millis();
        let Some(series) = self.series.get_mut(index) else {
            return;
        };
        series.heard = series.heard.max(time);
        if let (true, Some(target), Value::Float(value)) =
            (series.is_up, series.target, &sample.value)
        {
            self.scraped(target, time, *value == 1.0);
        }
    }

    fn scraped(&mut self, target: u32, time: i64, is_up: bool) {
        let found = &self.series.targets[target as usize];
        if !found.ups.is_news(time, is_up) {
            return;
        }
        // Whether a sample after this scrape is the first of its series may depend on it.
        let is_later = |index: &u32| {
            let tracks = self
                .series
                .get(*index)
                .into_iter()
                .flat_map(|series| &series.tracks);
            tracks.filter_map(Track::last).any(|last| last.time > time)
        };
        let later: Vec<u32> = found.members.iter().copied().filter(is_later).collect();
        later
            .iter()
            .for_each(|index| self.count_kept(*index, false));
        self.series.targets[target as usize].ups.insert(time, is_up);
        later.iter().for_each(|index| self.count_kept(*index, true));
        later.iter().for_each(|index| self.open_gates(*index));
    }

    fn count(&mut self, index: u32, sample: &Sample) -> Inserted {
        let (horizon, rules) = (self.horizon, self.rules());
        let Some((series, ups)) = self.series.with_target(index) else {
            return Inserted::Known;
        };
        let (mut outcome, mut is_needed) = (None, false);
        for track in &mut series.tracks {
            let Some(kept) = read(&track.reading, sample) else {
                continue;
            };
            let (at, inserted) = track.place(&kept);
            if inserted != Inserted::Known {
                put(track, at, kept, &rules, ups, &mut self.streams);
                track.forget(horizon);
                is_needed |= track.links.iter().any(|link| link.is_needed);
            }
            outcome = outcome.max(Some(inserted));
        }
        if is_needed {
            self.open_gates(index);
        }
        outcome.unwrap_or(Inserted::Last)
    }

    /// Counts all kept samples of a series that are not settled, or takes them back: around a change of what they depend on.
    pub(super) fn count_kept(&mut self, index: u32, is_added: bool) {
        let rules = self.rules();
        let Some((series, ups)) = self.series.with_target(index) else {
            return;
        };
        for track in &series.tracks {
            let first = track
                .kept()
                .partition_point(|kept| kept.time < self.horizon);
            for at in first..track.kept().len() {
                count_at(track, at, &rules, ups, &mut self.streams, is_added);
            }
        }
    }

    /// Lets streams have data that waited for this series.
    fn open_gates(&mut self, index: u32) {
        let rules = self.rules();
        let Some((series, ups)) = self.series.with_target(index) else {
            return;
        };
        let mut opened = Vec::new();
        for track in &series.tracks {
            for link in track
                .links
                .iter()
                .filter(|link| link.is_needed && link.until == i64::MAX)
            {
                let gate = track.gate(link.since, &rules, ups);
                let budget = self.streams.get(link.stream);
                if let Some((gate, budget)) = gate
                    .zip(budget)
                    .filter(|(gate, budget)| *gate < budget.gate)
                {
                    opened.push((link.stream, budget.slot, gate));
                }
            }
        }
        for (stream, slot, gate) in opened {
            let members = self.slots.all[slot as usize].series.clone();
            members
                .iter()
                .for_each(|index| self.count_kept(*index, false));
            if let Some(budget) = self.streams.get_mut(stream) {
                budget.gate = budget.gate.min(gate);
            }
            members
                .iter()
                .for_each(|index| self.count_kept(*index, true));
        }
    }

    pub(super) fn rules(&self) -> Rules {
        Rules {
            gap: self.options.gap.as_millis() as i64,
            forget: self.options.forget.as_millis() as i64,
        }
    }

    fn note_revision(&mut self, index: u32, time: Timestamp) {
        self.tallies.revisions += 1;
        if self.revisions.len() < REVISIONS_MAX
            && let Some(series) = self.series.get(index)
        {
            let series = series.labels.clone();
            let seen = Timestamp::from_millis(self.now);
            self.revisions.push(Revision { series, time, seen });
        }
    }
}

/// Puts a sample at its place and lets it and the one after it count anew.
fn put(
    track: &mut Track,
    at: usize,
    sample: Kept,
    rules: &Rules,
    ups: Option<&Ups>,
    streams: &mut Streams,
) {
    let is_replaced = track
        .kept()
        .get(at)
        .is_some_and(|kept| kept.time == sample.time);
    let changed = at..(at + 1 + usize::from(is_replaced)).min(track.kept().len());
    changed.for_each(|at| count_at(track, at, rules, ups, streams, false));
    track.insert(at, sample);
    let changed = at..(at + 2).min(track.kept().len());
    changed.for_each(|at| count_at(track, at, rules, ups, streams, true));
}

fn count_at(
    track: &Track,
    at: usize,
    rules: &Rules,
    ups: Option<&Ups>,
    streams: &mut Streams,
    is_added: bool,
) {
    for link in &track.links {
        let Some(since) = streams.get(link.stream).map(|budget| budget.since(link)) else {
            continue;
        };
        if let Some(measured) = track.measure(at, link, since, rules, ups) {
            streams.change(link.stream, measured, is_added);
        }
    }
}
