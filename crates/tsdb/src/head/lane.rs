//! The samples of one series in one window.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_types::{
    Exemplar, Sample, SampleColumns, StartTimestamp, TimeRange, Timestamp, Value,
};

use super::exemplars::{self, InsertedExemplar};
use crate::chunk::{XorDecoder, XorEncoder};
use crate::wal::{decode_histogram, encode_histogram};

/// A chunk is frozen at this many samples, as in Prometheus: small enough to decode for one lookup, large enough that
/// its first sample (16 bytes) does not count.
const CHUNK_SAMPLES: u32 = 120;

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
/// Floats that come in order go into XOR chunks. Histograms, late samples and second values for a time go into `side`,
/// a tree by time, so that a hostile order costs no more than a logarithm; where both have a time, `side` is newer.
#[derive(Debug, Default)]
pub struct Lane {
    open: XorEncoder,
    frozen: Vec<FrozenChunk>,
    /// Time of the last sample in the chunks, when there is one.
    last: i64,
    /// What few series have.
    extra: Option<Box<Extra>>,
}

#[derive(Debug)]
struct FrozenChunk {
    first: i64,
    bytes: Box<[u8]>,
}

#[derive(Debug, Default)]
struct Extra {
    /// Start timestamps of the chunks' samples: from which position on which one counts.
    starts: Vec<(u32, i64)>,
    side: BTreeMap<i64, SideSample>,
    exemplars: Vec<Exemplar>,
}

#[derive(Debug)]
struct SideSample {
    start: i64,
    value: SideValue,
}

#[derive(Debug)]
enum SideValue {
    Float(f64),
    /// As [`encode_histogram`] writes it: a fifth of the size in memory.
    Histogram(Box<[u8]>),
}

impl Lane {
    /// Inserts a sample, whatever its time.
    pub fn insert(&mut self, sample: &Sample) -> Inserted {
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
        let is_next = existing.is_none() && self.open_last().is_none_or(|last| last < time);
        match sample.value {
            Value::Float(value) if is_next => self.push(time, sample.start.millis(), value),
            _ => {
                let side = SideSample::new(sample);
                self.extra_mut().side.insert(time, side);
            }
        }
        outcome
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
        let has_side = || {
            self.extra
                .as_ref()
                .is_some_and(|extra| !extra.side.is_empty())
        };
        self.open.count() > 0 || !self.frozen.is_empty() || has_side()
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
        let first = self.first_chunk_with(range.0);
        let frozen = self.frozen[first..]
            .iter()
            .take_while(|chunk| chunk.first <= range.1)
            .map(|chunk| XorDecoder::new(&chunk.bytes, CHUNK_SAMPLES));
        let open = XorDecoder::new(self.open.bytes(), self.open.count());
        for chunk in frozen.chain([open]) {
            // The process itself wrote these bytes, so they decode.
            let read = chunk.read_into(range, &mut into.timestamps, &mut into.values);
            if read != Ok(true) {
                return;
            }
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
        let frozen = self.frozen.len() as u64 * u64::from(CHUNK_SAMPLES);
        frozen + u64::from(self.open.count()) + side as u64
    }

    /// Says whether there is neither a sample nor an exemplar.
    pub fn is_empty(&self) -> bool {
        let has_exemplars = |extra: &Extra| !extra.exemplars.is_empty();
        !self.has_samples() && !self.extra.as_deref().is_some_and(has_exemplars)
    }

    /// Returns the number of chunks, the open one and the side buffer included.
    pub(crate) fn chunks(&self) -> u64 {
        let side = self
            .extra
            .as_ref()
            .is_some_and(|extra| !extra.side.is_empty());
        self.frozen.len() as u64 + u64::from(self.open.count() > 0) + u64::from(side)
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
            .and_then(|first| Some((first, self.open_last()?)));
        match (side, chunks) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (one, other) => one.or(other),
        }
    }

    /// Returns the time of the first sample in the chunks; decodes one sample at most.
    fn first_of_chunks(&self) -> Option<i64> {
        let frozen = self.frozen.first().map(|chunk| chunk.first);
        frozen.or_else(|| {
            let first = self.open.count().min(1);
            let mut first = XorDecoder::new(self.open.bytes(), first).flatten();
            first.next().map(|(time, _)| time)
        })
    }

    fn push(&mut self, time: i64, start: i64, value: f64) {
        let position = self.frozen.len() as u32 * CHUNK_SAMPLES + self.open.count();
        let starts = self.extra.as_ref().map_or(&[][..], |extra| &extra.starts);
        if starts.last().map_or(0, |(_, last)| *last) != start {
            self.extra_mut().starts.push((position, start));
        }
        self.open.push(time, value);
        self.last = time;
        if self.open.count() == CHUNK_SAMPLES {
            let bytes: Box<[u8]> = self.open.bytes().into();
            let first = XorDecoder::new(&bytes, 1).flatten().next();
            let first = first.expect("a full chunk has a first sample").0;
            self.frozen.push(FrozenChunk { first, bytes });
            self.open.take();
        }
    }

    fn extra_mut(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }

    /// Returns the time of the last sample in the chunks.
    fn open_last(&self) -> Option<i64> {
        let is_any = self.open.count() > 0 || !self.frozen.is_empty();
        is_any.then_some(self.last)
    }

    fn find(&self, time: i64) -> Option<Sample> {
        if let Some(extra) = &self.extra
            && let Some(found) = extra.side.get(&time)
        {
            return Some(found.sample(time));
        }
        match self.open.last() {
            Some((last, _)) if last < time => return None,
            Some((last, value)) if last == time => {
                let position = self.frozen.len() as u32 * CHUNK_SAMPLES + self.open.count() - 1;
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
        let skipped = self.first_chunk_with(from);
        let frozen = self.frozen[skipped..].iter().flat_map(FrozenChunk::samples);
        // The process itself wrote these bytes, so they decode.
        let open = XorDecoder::new(self.open.bytes(), self.open.count()).flatten();
        (skipped as u32 * CHUNK_SAMPLES..)
            .zip(frozen.chain(open))
            .map(|(position, (time, value))| (position, time, value))
    }

    /// Returns the number of the first frozen chunk that may hold samples at or after a time.
    fn first_chunk_with(&self, from: i64) -> usize {
        self.frozen
            .partition_point(|chunk| chunk.first <= from)
            .saturating_sub(1)
    }

    fn sample(&self, position: u32, time: i64, value: f64) -> Sample {
        let starts = self.extra.as_ref().map_or(&[][..], |extra| &extra.starts);
        let after = starts.partition_point(|(from, _)| *from <= position);
        let start = after.checked_sub(1).map_or(0, |index| starts[index].1);
        Sample {
            start: StartTimestamp::from_millis(start),
            ..Sample::float(Timestamp::from_millis(time), value)
        }
    }
}

impl FrozenChunk {
    fn samples(&self) -> impl Iterator<Item = (i64, f64)> {
        XorDecoder::new(&self.bytes, CHUNK_SAMPLES).flatten()
    }
}

impl SideSample {
    fn new(sample: &Sample) -> Self {
        let value = match &sample.value {
            Value::Float(value) => SideValue::Float(*value),
            Value::Histogram(histogram) => SideValue::Histogram(encode_histogram(histogram)),
        };
        Self {
            start: sample.start.millis(),
            value,
        }
    }

    fn sample(&self, time: i64) -> Sample {
        let value = match &self.value {
            SideValue::Float(value) => Value::Float(*value),
            SideValue::Histogram(bytes) => {
                let histogram = decode_histogram(bytes).expect("these bytes were encoded here");
                Value::Histogram(Arc::new(histogram))
            }
        };
        Sample {
            timestamp: Timestamp::from_millis(time),
            start: StartTimestamp::from_millis(self.start),
            value,
        }
    }
}

#[cfg(test)]
mod tests;
