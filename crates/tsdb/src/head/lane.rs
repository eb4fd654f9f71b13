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

    fn push(&mut self, time: i64, start: i64, value: f64) {
        let position = self.frozen.len() as u32 * CHUNK_SAMPLES + self.open.count();
        let starts = self.extra.as_ref().map_or(&[][..], |extra| &extra.starts);
        if starts.last().map_or(0, |(_, last)| *last) != start {
            self.extra_mut().starts.push((position, start));
        }
        self.open.push(time, value);
        if self.open.count() == CHUNK_SAMPLES {
            // The open encoder keeps its last time, so that the next sample is still known to be in order.
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
        match self.open.last() {
            Some((time, _)) => Some(time),
            None => self
                .frozen
                .last()
                .and_then(|chunk| chunk.samples().last())
                .map(|(time, _)| time),
        }
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
        let skipped = self
            .frozen
            .partition_point(|chunk| chunk.first <= from)
            .saturating_sub(1);
        let frozen = self.frozen[skipped..].iter().flat_map(FrozenChunk::samples);
        // The process itself wrote these bytes, so they decode.
        let open = XorDecoder::new(self.open.bytes(), self.open.count()).flatten();
        (skipped as u32 * CHUNK_SAMPLES..)
            .zip(frozen.chain(open))
            .map(|(position, (time, value))| (position, time, value))
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
