//! The samples of one series in one window.

mod extra;

use std::collections::BTreeMap;

use plimsoll_types::{
    Exemplar, Sample, SampleColumns, StartTimestamp, TimeRange, Timestamp, Value,
};

use self::extra::{Extra, Landmark, SideSample};
use super::exemplars::{self, InsertedExemplar};
use crate::chunk::{Closed, Decoder, Encoder, closed, first_time};

/// What became of an inserted sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It is new.
    New,
    /// It was there already.
    Duplicate,
    /// Another value was there at its time; the new one counts from now on.
    Conflict,
}

/// The samples of one series in one window.
///
/// Floats that come in order go into chunks, all in one buffer. Histograms, late samples and second values for a time
/// go into `side`, a tree by time, so that a hostile order costs no more than a logarithm; where both have a time,
/// `side` is newer.
///
/// There are millions: it takes one line of a processor's cache, and a series that repeats its value touches no other.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct Lane {
    encoder: Encoder,
    /// The closed chunks and then the open one.
    bytes: Vec<u8>,
    /// What few series have.
    extra: Option<Box<Extra>>,
}

const _: () = assert!(size_of::<Lane>() == 64, "a lane fills one cache line");

impl Lane {
    /// Inserts a sample, whatever its time.
    #[inline]
    pub fn insert(&mut self, sample: &Sample) -> Inserted {
        if let Value::Float(value) = sample.value
            && sample.start == StartTimestamp::UNKNOWN
            && self.extra.is_none()
        {
            let time = sample.timestamp.millis();
            if self.encoder.takes(time, &self.bytes) {
                self.push(time, value);
                return Inserted::New;
            }
        }
        self.insert_any(sample)
    }

    fn insert_any(&mut self, sample: &Sample) -> Inserted {
        let time = sample.timestamp.millis();
        let existing = self.find(time);
        let outcome = match &existing {
            None => Inserted::New,
            Some(found) if found.value != sample.value => Inserted::Conflict,
            Some(_) => Inserted::Duplicate,
        };
        // The same value with a start that was not known before is worth storing, without one it is not.
        let adds_start =
            |found: &Sample| sample.start != found.start && sample.start != StartTimestamp::UNKNOWN;
        if outcome == Inserted::Duplicate && !existing.as_ref().is_some_and(adds_start) {
            return outcome;
        }
        let is_next = existing.is_none() && self.encoder.takes(time, &self.bytes);
        match sample.value {
            Value::Float(value) if is_next => {
                self.note_start(sample.start.millis());
                self.push(time, value);
            }
            _ => {
                let side = SideSample::new(sample);
                self.extra_mut().side.insert(time, side);
            }
        }
        outcome
    }

    /// Appends to the chunks.
    #[inline]
    fn push(&mut self, time: i64, value: f64) {
        let begin = self.closed_bytes();
        self.encoder.push(&mut self.bytes, time, value);
        if self.closed_bytes() != begin {
            self.note_closed(begin);
        }
    }

    /// Notes where the chunk that was closed just now begins.
    fn note_closed(&mut self, begin: usize) {
        let last = self.landmarks().last().copied();
        let next = last.unwrap_or(Landmark::BEGIN).next(begin, &self.bytes);
        if let Some(landmark) = next {
            self.extra_mut().landmarks.push(landmark);
        }
    }

    fn landmarks(&self) -> &[Landmark] {
        let extra = self.extra.as_ref();
        extra.map_or(&[][..], |extra| &extra.landmarks)
    }

    fn note_start(&mut self, start: i64) {
        if self.starts().last().map_or(0, |(_, last)| *last) != start {
            let position = self.chunk_sample_count();
            let starts = &mut self.extra_mut().starts;
            if starts.is_empty() {
                // Nearly always one start counts for the whole window.
                starts.reserve_exact(1);
            }
            starts.push((position, start));
        }
    }

    fn starts(&self) -> &[(u32, i64)] {
        let extra = self.extra.as_ref();
        extra.map_or(&[][..], |extra| &extra.starts)
    }

    /// Adds an exemplar.
    pub fn insert_exemplar(&mut self, exemplar: &Exemplar) -> InsertedExemplar {
        exemplars::insert(&mut self.extra_mut().exemplars, exemplar)
    }

    /// Returns the exemplars inside `range`, ascending.
    pub fn exemplars(&self, range: TimeRange) -> impl Iterator<Item = &Exemplar> {
        let all = self
            .extra
            .as_ref()
            .map_or(&[][..], |extra| &extra.exemplars);
        all.iter()
            .filter(move |exemplar| range.contains(exemplar.timestamp))
    }

    /// Says whether there is a sample.
    pub fn has_samples(&self) -> bool {
        self.encoder.last(&self.bytes).is_some() || self.has_side()
    }

    /// Adds the samples inside `range` at the end of `into`, ascending.
    pub fn read(&self, range: TimeRange, into: &mut SampleColumns) {
        if range.is_empty() {
            return;
        }
        let (start, end) = (range.start.millis(), range.end.millis());
        let extra = self.extra.as_deref();
        let is_plain = extra.is_none_or(|extra| extra.side.is_empty() && extra.starts.is_empty());
        if is_plain && into.histograms.is_empty() && into.starts.is_empty() {
            return self.read_floats((start, end), into);
        }
        let empty = BTreeMap::new();
        let mut side = extra
            .map_or(&empty, |extra| &extra.side)
            .range(start..=end)
            .peekable();
        for (position, time, value) in self.chunk_samples(start) {
            if time > end {
                break;
            }
            if time < start {
                continue;
            }
            while let Some((at, late)) = side.next_if(|(at, _)| **at < time) {
                into.push(&late.sample(*at));
            }
            match side.next_if(|(at, _)| **at == time) {
                Some((_, newer)) => into.push(&newer.sample(time)),
                None => into.push(&self.sample(position, time, value)),
            }
        }
        side.for_each(|(at, late)| into.push(&late.sample(*at)));
    }

    /// Reads what nearly every series is: floats that came in order and say nothing of their start.
    fn read_floats(&self, range: (i64, i64), into: &mut SampleColumns) {
        let open = self.open_first().unwrap_or(i64::MAX);
        let mut chunks = self
            .closed_from(Landmark::before(self.landmarks(), range.0))
            .peekable();
        let (times, values) = (&mut into.timestamps, &mut into.values);
        while let Some(chunk) = chunks.next() {
            // A chunk whose successor begins before the range has nothing of it.
            if chunks.peek().map_or(open, |next| next.first) <= range.0 {
                continue;
            }
            // The process itself wrote these bytes, so they decode.
            if chunk.samples().read_into(range, times, values) != Ok(true) {
                return;
            }
        }
        if self.open_chunk().read_into(range, times, values) == Ok(true) {
            self.encoder.read_pending(range, times, values);
        }
    }

    /// Removes the samples and exemplars inside `range` and returns how many samples that were.
    pub fn delete(&mut self, range: TimeRange) -> u64 {
        let inside = |time: &i64| range.contains(Timestamp::from_millis(*time));
        if let Some(extra) = &mut self.extra {
            extra
                .exemplars
                .retain(|exemplar| !range.contains(exemplar.timestamp));
        }
        let Some((first, last)) = self.extent() else {
            return 0;
        };
        if last < range.start.millis() || range.end.millis() < first {
            return 0;
        }
        if range.start.millis() <= first && last <= range.end.millis() {
            let count = self.sample_count();
            self.rebuild(Self::default());
            return count;
        }
        let mut columns = SampleColumns::default();
        self.read(TimeRange::ALL, &mut columns);
        // What was read back is in order, so it becomes chunks again; a sample of the side may become one, too.
        let mut rebuilt = Self::default();
        let kept = |index: &usize| !inside(&columns.timestamps[*index]);
        (0..columns.len()).filter(kept).for_each(|index| {
            rebuilt.insert(&columns.get(index));
        });
        self.rebuild(rebuilt);
        let times = columns.timestamps.iter();
        times.filter(|time| inside(time)).count() as u64
    }

    /// Takes the samples of another lane in the place of the own ones.
    fn rebuild(&mut self, mut rebuilt: Self) {
        let exemplars = self.extra.take().map(|extra| extra.exemplars);
        if let Some(exemplars) = exemplars.filter(|exemplars| !exemplars.is_empty()) {
            rebuilt.extra_mut().exemplars = exemplars;
        }
        *self = rebuilt;
    }

    /// Returns the number of samples; where one replaced another, both count.
    pub(crate) fn sample_count(&self) -> u64 {
        let side = self.extra.as_ref().map_or(0, |extra| extra.side.len());
        u64::from(self.chunk_sample_count()) + side as u64
    }

    /// Returns the number of samples in the chunks.
    fn chunk_sample_count(&self) -> u32 {
        let from = self.landmarks().last().copied().unwrap_or(Landmark::BEGIN);
        let closed = self.closed_from(from).map(|chunk| chunk.count);
        from.position + closed.sum::<u32>() + self.encoder.count()
    }

    /// Says whether there is neither a sample nor an exemplar.
    pub fn is_empty(&self) -> bool {
        let has_exemplars = |extra: &Extra| !extra.exemplars.is_empty();
        !self.has_samples() && !self.extra.as_deref().is_some_and(has_exemplars)
    }

    /// Returns the number of closed chunks; it walks them.
    pub(crate) fn closed_chunks(&self) -> u64 {
        self.closed_from(Landmark::BEGIN).count() as u64
    }

    /// Returns the number of bytes of the closed chunks, which grows with each.
    pub(crate) fn closed_bytes(&self) -> usize {
        self.encoder.open().0
    }

    fn has_side(&self) -> bool {
        let extra = self.extra.as_ref();
        extra.is_some_and(|extra| !extra.side.is_empty())
    }

    /// Says whether there may be samples from `start` to `end`: it knows the first and the last one.
    pub(crate) fn reaches_into(&self, (start, end): (i64, i64)) -> bool {
        // Most often the last sample decides, and it is at hand.
        if let Some((last, _)) = self.encoder.last(&self.bytes)
            && (start..=end).contains(&last)
        {
            return true;
        }
        let extent = self.extent();
        extent.is_some_and(|(first, last)| first <= end && start <= last)
    }

    /// Returns the first and the last time of a sample.
    pub(crate) fn extent(&self) -> Option<(i64, i64)> {
        let side = self.extra.as_ref().map(|extra| &extra.side);
        let ends = |side: &BTreeMap<i64, SideSample>| {
            Some((*side.first_key_value()?.0, *side.last_key_value()?.0))
        };
        let side = side.and_then(ends);
        let chunks = self
            .first_of_chunks()
            .and_then(|first| Some((first, self.encoder.last(&self.bytes)?.0)));
        match (side, chunks) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (one, other) => one.or(other),
        }
    }

    /// Returns the time of the first sample in the chunks, which a header tells.
    fn first_of_chunks(&self) -> Option<i64> {
        first_time(&self.bytes).or_else(|| self.open_first())
    }

    /// Returns the time of the first sample in the open chunk.
    fn open_first(&self) -> Option<i64> {
        let pending = || self.encoder.pending().next().map(|(time, _)| time);
        first_time(&self.bytes[self.encoder.open().0..]).or_else(pending)
    }

    fn extra_mut(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }

    fn find(&self, time: i64) -> Option<Sample> {
        if let Some(extra) = &self.extra
            && let Some(found) = extra.side.get(&time)
        {
            return Some(found.sample(time));
        }
        match self.encoder.last(&self.bytes) {
            Some((last, _)) if last < time => return None,
            Some((last, value)) if last == time => {
                let position = self.chunk_sample_count() - 1;
                return Some(self.sample(position, time, value));
            }
            _ => {}
        }
        self.chunk_samples(time)
            .take_while(|(_, at, _)| *at <= time)
            .find(|(_, at, _)| *at == time)
            .map(|(position, _, value)| self.sample(position, time, value))
    }

    /// Walks the samples of the chunks with their position, beginning with the chunk that holds `from`.
    fn chunk_samples(&self, from: i64) -> impl Iterator<Item = (u32, i64, f64)> {
        let landmark = Landmark::before(self.landmarks(), from);
        let mut position = landmark.position;
        let mut chunks = self.closed_from(landmark).peekable();
        let mut first: Option<Closed<'_>> = None;
        while let Some(chunk) = chunks.next() {
            if chunks.peek().is_none_or(|next| next.first > from) {
                first = Some(chunk);
                break;
            }
            position += chunk.count;
        }
        let closed = first.into_iter().chain(chunks);
        // The process itself wrote these bytes, so they decode.
        let samples = closed.flat_map(|chunk| chunk.samples().flatten());
        let open = self.open_chunk().flatten().chain(self.encoder.pending());
        (position..)
            .zip(samples.chain(open))
            .map(|(position, (time, value))| (position, time, value))
    }

    /// Walks the closed chunks from a place on.
    fn closed_from(&self, from: Landmark) -> impl Iterator<Item = Closed<'_>> {
        closed(&self.bytes[from.offset as usize..self.encoder.open().0])
    }

    /// Reads what is in the buffer of the open chunk.
    fn open_chunk(&self) -> Decoder<'_> {
        let (begin, written) = self.encoder.open();
        Decoder::new(&self.bytes[begin..], written.into())
    }

    fn sample(&self, position: u32, time: i64, value: f64) -> Sample {
        let starts = self.starts();
        let after = starts.partition_point(|(from, _)| *from <= position);
        let start = after.checked_sub(1).map_or(0, |index| starts[index].1);
        Sample {
            start: StartTimestamp::from_millis(start),
            ..Sample::float(Timestamp::from_millis(time), value)
        }
    }
}

#[cfg(test)]
mod tests;
