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
            let inserted = track.place(&kept);
            if inserted != Inserted::Known {
                let mut counting = Counting {
                    rules: &rules,
                    ups,
                    streams: &mut self.streams,
                };
                counting.put(track, kept, inserted);
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
        let mut counting = Counting {
            rules: &rules,
            ups,
            streams: &mut self.streams,
        };
        for track in &series.tracks {
            let kept: Vec<Kept> = track.kept().collect();
            let first = kept.partition_point(|kept| kept.time < self.horizon);
            (first..kept.len()).for_each(|at| counting.count_at(track, &kept, at, is_added));
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

/// What counting a sample of a series takes.
struct Counting<'a> {
    rules: &'a Rules,
    /// Of the target of the series.
    ups: Option<&'a Ups>,
    streams: &'a mut Streams,
}

impl Counting<'_> {
    /// Puts a sample at its place and lets it and the one after it count anew.
    fn put(&mut self, track: &mut Track, sample: Kept, inserted: Inserted) {
        if inserted == Inserted::Last {
            self.count(track, track.last().as_ref(), &sample, true);
            track.push(sample);
            return;
        }
        let mut kept: Vec<Kept> = track.kept().collect();
        let at = kept.partition_point(|kept| kept.time < sample.time);
        let is_replaced = kept.get(at).is_some_and(|kept| kept.time == sample.time);
        let changed = at..(at + 1 + usize::from(is_replaced)).min(kept.len());
        changed.for_each(|at| self.count_at(track, &kept, at, false));
        match is_replaced {
            true => kept[at] = sample,
            false => kept.insert(at, sample),
        }
        let changed = at..(at + 2).min(kept.len());
        changed.for_each(|at| self.count_at(track, &kept, at, true));
        track.replace(&kept);
    }

    fn count_at(&mut self, track: &Track, kept: &[Kept], at: usize, is_added: bool) {
        let before = at.checked_sub(1).map(|before| &kept[before]);
        self.count(track, before, &kept[at], is_added);
    }

    /// Counts a sample in the light of the one before it, or takes it back.
    fn count(&mut self, track: &Track, before: Option<&Kept>, sample: &Kept, is_added: bool) {
        for link in &track.links {
            let budget = self.streams.get(link.stream);
            let Some(since) = budget.map(|budget| budget.since(link)) else {
                continue;
            };
            let measured = track.measure(before, sample, link, since, self.rules, self.ups);
            if let Some(measured) = measured {
                self.streams.change(link.stream, measured, is_added);
            }
        }
    }
}
