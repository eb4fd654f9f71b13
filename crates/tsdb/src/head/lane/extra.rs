//! What few series have in a window.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_types::{Exemplar, Sample, StartTimestamp, Timestamp, Value};

use crate::chunk::closed;
use crate::wal::{decode_histogram, encode_histogram};

/// Closed chunks are walked one by one; so far apart in bytes are the places where a walk may begin.
const BYTES_PER_LANDMARK: usize = 4096;

#[derive(Debug, Default)]
pub(super) struct Extra {
    /// Start timestamps of the chunks' samples: from which position on which one counts.
    pub(super) starts: Vec<(u32, i64)>,
    pub(super) side: BTreeMap<i64, SideSample>,
    pub(super) exemplars: Vec<Exemplar>,
    /// Places in a long buffer.
    pub(super) landmarks: Vec<Landmark>,
}

/// A closed chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Landmark {
    /// The time of its first sample.
    first: i64,
    /// Where it begins in the buffer.
    pub(super) offset: u32,
    /// The number of samples before it.
    pub(super) position: u32,
}

impl Landmark {
    /// The first chunk.
    pub(super) const BEGIN: Self = Self {
        first: i64::MIN,
        offset: 0,
        position: 0,
    };

    /// Returns the last of these places before which there is nothing at or after a time.
    pub(super) fn before(landmarks: &[Self], time: i64) -> Self {
        let after = landmarks.partition_point(|landmark| landmark.first <= time);
        let at = after.checked_sub(1).map(|index| landmarks[index]);
        at.unwrap_or(Self::BEGIN)
    }

    /// Returns the place of the closed chunk at `begin` in the buffer, if this one is far before.
    pub(super) fn next(self, begin: usize, bytes: &[u8]) -> Option<Self> {
        let offset = self.offset as usize;
        if begin < offset + BYTES_PER_LANDMARK {
            return None;
        }
        let between = closed(&bytes[offset..begin]).map(|chunk| chunk.count);
        Some(Self {
            first: closed(&bytes[begin..]).next()?.first,
            offset: begin as u32,
            position: self.position + between.sum::<u32>(),
        })
    }
}

#[derive(Debug)]
pub(super) struct SideSample {
    start: i64,
    value: SideValue,
}

#[derive(Debug)]
enum SideValue {
    Float(f64),
    /// As [`encode_histogram`] writes it: a fifth of the size in memory.
    Histogram(Box<[u8]>),
}

impl SideSample {
    pub(super) fn new(sample: &Sample) -> Self {
        let value = match &sample.value {
            Value::Float(value) => SideValue::Float(*value),
            Value::Histogram(histogram) => SideValue::Histogram(encode_histogram(histogram)),
        };
        Self {
            start: sample.start.millis(),
            value,
        }
    }

    pub(super) fn sample(&self, time: i64) -> Sample {
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
