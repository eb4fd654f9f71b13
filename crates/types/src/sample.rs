//! Samples, one at a time for writing and in columns for reading.

use std::sync::Arc;

use crate::{Histogram, Timestamp};

/// The bits of the NaN that marks "this series ended here", as Prometheus defines it (`value.StaleNaN`).
///
/// It differs from the NaN that a client may expose (`0x7ff8000000000001` in Prometheus, or any other), so it is
/// compared by bits, never by `is_nan`.
pub const STALE_NAN_BITS: u64 = 0x7ff0_0000_0000_0002;

/// Returns the staleness marker.
pub fn stale_nan() -> f64 {
    f64::from_bits(STALE_NAN_BITS)
}

/// Says whether `value` is the staleness marker.
pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE_NAN_BITS
}

/// When the counter behind a sample began to count, in milliseconds since the epoch; 0 means "not known".
///
/// Zero for "not known" is remote write 2.0's own encoding and keeps a sample at 32 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StartTimestamp(i64);

impl StartTimestamp {
    /// Not known.
    pub const UNKNOWN: Self = Self(0);

    /// Wraps milliseconds since the epoch; 0 means "not known".
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Returns milliseconds since the epoch, 0 when not known.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Returns the point in time when it is known.
    pub fn get(self) -> Option<Timestamp> {
        (self.0 != 0).then_some(Timestamp::from_millis(self.0))
    }
}

/// What was measured: a number or a whole distribution.
#[derive(Clone, Debug)]
pub enum Value {
    /// A float, any NaN payload included.
    Float(f64),
    /// A native histogram.
    Histogram(Arc<Histogram>),
}

impl Value {
    /// Says whether the value ends its series: the staleness marker, for a histogram in its sum.
    pub fn is_stale(&self) -> bool {
        match self {
            Self::Float(value) => is_stale(*value),
            Self::Histogram(histogram) => is_stale(histogram.sum),
        }
    }
}

/// Compares bit by bit, so that a NaN equals itself and 0 differs from -0: what "the same sample" means to storage.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Histogram(a), Self::Histogram(b)) => Arc::ptr_eq(a, b) || a.same_bits(b),
            _ => false,
        }
    }
}

impl Eq for Value {}

/// A value at a point in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When it was measured.
    pub timestamp: Timestamp,
    /// Since when it was counted.
    pub start: StartTimestamp,
    /// What was measured.
    pub value: Value,
}

impl Sample {
    /// Makes a float sample without a start timestamp.
    pub const fn float(timestamp: Timestamp, value: f64) -> Self {
        Self {
            timestamp,
            start: StartTimestamp::UNKNOWN,
            value: Value::Float(value),
        }
    }

    /// Makes a histogram sample without a start timestamp.
    pub const fn histogram(timestamp: Timestamp, value: Arc<Histogram>) -> Self {
        Self {
            timestamp,
            start: StartTimestamp::UNKNOWN,
            value: Value::Histogram(value),
        }
    }
}

/// The samples of one series in ascending time, as columns.
///
/// `timestamps` and `values` always have the same length. `histograms` and `starts` are empty when no sample has one,
/// otherwise as long as the others. Where `histograms[i]` is `Some`, `values[i]` is meaningless (NaN).
#[derive(Clone, Debug, Default)]
pub struct SampleColumns {
    /// Milliseconds since the epoch, strictly ascending.
    pub timestamps: Vec<i64>,
    /// Float values.
    pub values: Vec<f64>,
    /// Native histograms; empty, or one entry per sample.
    pub histograms: Vec<Option<Arc<Histogram>>>,
    /// Start timestamps in milliseconds, 0 for unknown; empty, or one entry per sample.
    pub starts: Vec<i64>,
}

impl SampleColumns {
    /// Returns the number of samples.
    pub fn len(&self) -> usize {
        self.timestamps.len()
    }

    /// Says whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.timestamps.is_empty()
    }

    /// Empties all columns and keeps their memory.
    pub fn clear(&mut self) {
        self.timestamps.clear();
        self.values.clear();
        self.histograms.clear();
        self.starts.clear();
    }

    /// Adds a sample at the end; its timestamp must be greater than the last one.
    pub fn push(&mut self, sample: &Sample) {
        let index = self.timestamps.len();
        self.timestamps.push(sample.timestamp.millis());
        let (value, histogram) = match &sample.value {
            Value::Float(value) => (*value, None),
            Value::Histogram(histogram) => (f64::NAN, Some(histogram.clone())),
        };
        self.values.push(value);
        if histogram.is_some() || !self.histograms.is_empty() {
            self.histograms.resize(index, None);
            self.histograms.push(histogram);
        }
        if sample.start != StartTimestamp::UNKNOWN || !self.starts.is_empty() {
            self.starts.resize(index, 0);
            self.starts.push(sample.start.millis());
        }
    }

    /// Returns sample `index`.
    ///
    /// # Panics
    /// When `index` is not below [`len`](Self::len).
    pub fn get(&self, index: usize) -> Sample {
        let value = match self.histograms.get(index) {
            Some(Some(histogram)) => Value::Histogram(histogram.clone()),
            _ => Value::Float(self.values[index]),
        };
        Sample {
            timestamp: Timestamp::from_millis(self.timestamps[index]),
            start: StartTimestamp::from_millis(self.starts.get(index).copied().unwrap_or(0)),
            value,
        }
    }

    /// Walks the samples in ascending time.
    pub fn iter(&self) -> impl Iterator<Item = Sample> + '_ {
        (0..self.len()).map(|index| self.get(index))
    }

    /// Returns an estimate of the bytes that the columns hold, for query memory accounting.
    pub fn byte_count(&self) -> usize {
        let histograms: usize = self
            .histograms
            .iter()
            .flatten()
            .map(|histogram| histogram.byte_count())
            .sum();
        8 * (self.timestamps.capacity() + self.values.capacity() + self.starts.capacity())
            + 8 * self.histograms.capacity()
            + histograms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_32_bytes() {
        assert_eq!(size_of::<Sample>(), 32);
    }

    #[test]
    fn columns_return_what_was_pushed() {
        let at = Timestamp::from_millis;
        let samples = [
            Sample::float(at(1), 1.5),
            Sample::float(at(2), stale_nan()),
            Sample::histogram(at(3), Arc::new(Histogram::default())),
            Sample {
                start: StartTimestamp::from_millis(1),
                ..Sample::float(at(4), f64::from_bits(0x7ff8_0000_dead_beef))
            },
        ];
        let mut columns = SampleColumns::default();
        samples.iter().for_each(|sample| columns.push(sample));
        assert_eq!(columns.iter().collect::<Vec<_>>(), samples);
    }
}
