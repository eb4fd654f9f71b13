//! Samples of members on their way into their overflow series.

use plimsoll_runtime::clock::Monotonic;
use plimsoll_types::{Sample, StartTimestamp, Timestamp, Value, stale_nan};

use super::folds::{Fold, Member};
use super::sum::{Kind, Last, joined};

/// How late a sample may be behind the last one of its overflow series, in milliseconds.
const LATE_MILLIS_MAX: i64 = 15 * 60 * 1000;
/// How far a sample may be ahead of our clock, in milliseconds. Less than above, so that a member whose clock is wrong does
/// not make the others late.
const AHEAD_MILLIS_MAX: i64 = 5 * 60 * 1000;

/// The samples of one batch on their way into one overflow series.
pub(super) struct Adding<'a> {
    fold: &'a mut Fold,
    members: &'a mut [Member],
    made: Vec<Sample>,
    lost: u64,
    /// Samples came after a later one was made: what they changed is told once, at the end.
    is_late: bool,
    at: (Timestamp, Monotonic),
}

impl<'a> Adding<'a> {
    pub(super) fn new(
        fold: &'a mut Fold,
        members: &'a mut [Member],
        at: (Timestamp, Monotonic),
    ) -> Self {
        Self {
            fold,
            members,
            made: Vec::new(),
            lost: 0,
            is_late: false,
            at,
        }
    }

    /// Adds samples of members, in ascending order of time. Returns what the overflow series gets, and how many samples
    /// were lost.
    pub(super) fn add_all(mut self, samples: &[(u32, &Sample)]) -> (Vec<Sample>, u64) {
        for same_time in samples.chunk_by(|(_, a), (_, b)| a.timestamp == b.timestamp) {
            self.add(same_time);
        }
        self.finish()
    }

    /// Adds samples of one time.
    fn add(&mut self, samples: &[(u32, &Sample)]) {
        let time = samples[0].1.timestamp.millis();
        let behind = self
            .fold
            .last
            .as_ref()
            .map_or(i64::MIN, |last| last.0.saturating_sub(time));
        if behind > LATE_MILLIS_MAX || self.is_ahead(time) {
            self.lost += samples.len() as u64;
            return;
        }
        for (member, sample) in samples {
            self.take(*member, sample);
        }
        match behind >= 0 {
            true => self.is_late = true,
            false => self.make(time),
        }
    }

    fn take(&mut self, member: u32, sample: &Sample) {
        let member = &mut self.members[member as usize];
        member.seen = self.at.1;
        let (last, time) = (&mut member.last, sample.timestamp.millis());
        if last.value.is_some() && time < last.time {
            self.lost += 1;
            return;
        }
        if sample.value.is_stale() {
            last.is_running = false;
            if self.fold.kind != Kind::Counter {
                last.value = None;
            }
            return;
        }
        if self.fold.kind == Kind::Counter
            && self.fold.growth.add(last, sample, self.fold.begin).is_err()
        {
            self.lost += 1;
            return;
        }
        *last = Last {
            value: Some(sample.value.clone()),
            time,
            is_running: true,
        };
    }

    fn is_ahead(&self, time: i64) -> bool {
        time.saturating_sub(self.at.0.millis()) > AHEAD_MILLIS_MAX
    }

    fn make(&mut self, time: i64) {
        let value = self.value(time);
        self.fold.last = Some((time, Some(value.clone())));
        self.made.push(Sample {
            timestamp: Timestamp::from_millis(time),
            start: StartTimestamp::UNKNOWN,
            value,
        });
    }

    fn value(&self, time: i64) -> Value {
        let of_fold = self.fold.members.iter();
        let mut lasts = of_fold.map(|slot| &self.members[*slot as usize].last);
        let joined = match self.fold.kind {
            Kind::Counter => lasts
                .any(|last| last.is_running)
                .then(|| self.fold.growth.value()),
            kind => joined(kind, lasts, time),
        };
        // All members have ended.
        joined.unwrap_or(Value::Float(stale_nan()))
    }

    fn finish(mut self) -> (Vec<Sample>, u64) {
        if let (true, Some((last, before))) = (self.is_late, self.fold.last.clone()) {
            let next = last.saturating_add(1);
            let is_news = Some(self.value(next)) != before;
            // What is not told now is told with the next sample.
            if is_news && !self.is_ahead(next) {
                self.make(next);
            }
        }
        (self.made, self.lost)
    }
}
