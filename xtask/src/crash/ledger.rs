//! What one client sent, and what of it was acknowledged.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_types::{BucketCounts, Counts, Histogram, Labels, Sample, Span, Timestamp};

use super::random::mix;

/// The metric of float series.
pub(super) const FLOATS: &str = "crash_float";
/// The metric of histogram series.
pub(super) const HISTOGRAMS: &str = "crash_histogram";

/// What became of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was sent, and no answer came.
    Unsure,
    /// It was answered 2xx.
    Acknowledged,
    /// A deletion of it was answered 2xx, and it was not sent again since.
    Deleted,
}

/// What a series holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Float,
    Histogram,
}

/// A series of one client.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) kind: Kind,
    client: u64,
    number: u64,
    /// Where its next sample in order belongs, in milliseconds since the epoch.
    pub(super) cursor: i64,
    /// All samples that were ever sent, by time.
    pub(super) fates: BTreeMap<i64, Fate>,
}

/// The series of one client.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    pub(super) client: u64,
    pub(super) series: Vec<Series>,
}

impl Ledger {
    pub(super) fn new(client: u64) -> Self {
        Self {
            client,
            series: Vec::new(),
        }
    }

    /// Makes a series and returns its index.
    pub(super) fn add(&mut self, kind: Kind, cursor: i64) -> usize {
        let number = self.series.len() as u64;
        let client = self.client;
        self.series.push(Series {
            kind,
            client,
            number,
            cursor,
            fates: BTreeMap::new(),
        });
        self.series.len() - 1
    }

    /// Returns how many samples were acknowledged.
    pub(super) fn acknowledged(&self) -> u64 {
        let fates = self.series.iter().flat_map(|series| series.fates.values());
        fates.filter(|fate| **fate == Fate::Acknowledged).count() as u64
    }

    /// Returns the selector of all series of a metric that this client writes.
    pub(super) fn selector(&self, metric: &str) -> String {
        format!("{metric}{{client=\"{}\"}}", self.client)
    }
}

impl Series {
    pub(super) fn labels(&self) -> Labels {
        let metric = match self.kind {
            Kind::Float => FLOATS,
            Kind::Histogram => HISTOGRAMS,
        };
        let (client, number) = (self.client.to_string(), self.number.to_string());
        let pairs = [
            ("__name__", metric),
            ("client", &*client),
            ("number", &*number),
        ];
        Labels::from_pairs(pairs)
    }

    /// Returns the selector of this series and no other.
    pub(super) fn selector(&self) -> String {
        self.labels().to_string()
    }

    /// Returns the sample that this series has at `time`, and nothing else ever.
    pub(super) fn sample(&self, time: i64) -> Sample {
        let timestamp = Timestamp::from_millis(time);
        match self.kind {
            Kind::Float => Sample::float(timestamp, self.float(time)),
            Kind::Histogram => Sample::histogram(timestamp, Arc::new(self.histogram(time))),
        }
    }

    /// Small numbers mostly, every pattern of bits (but NaN, which the export cannot tell from another) now and then.
    pub(super) fn float(&self, time: i64) -> f64 {
        let bits = self.bits(time);
        let any = f64::from_bits(mix(bits));
        match bits % 8 {
            0 if !any.is_nan() => any,
            1 => f64::INFINITY,
            2 => f64::NEG_INFINITY,
            _ => (bits >> 44) as f64 / 8.0,
        }
    }

    pub(super) fn histogram(&self, time: i64) -> Histogram {
        let bits = self.bits(time);
        let positive = vec![bits % 100, (bits >> 8) % 100, 1 + (bits >> 16) % 100];
        let zero = (bits >> 24) % 5;
        Histogram {
            schema: 3,
            zero_threshold: 0.001,
            sum: (bits >> 44) as f64 / 8.0,
            counts: Counts::Integer(BucketCounts {
                count: zero + positive.iter().sum::<u64>(),
                zero,
                positive,
                negative: Vec::new(),
            }),
            positive_spans: vec![Span {
                offset: (bits >> 32) as i32 % 20,
                length: 3,
            }],
            ..Histogram::default()
        }
    }

    fn bits(&self, time: i64) -> u64 {
        mix(mix(self.client << 32 | self.number) ^ time.cast_unsigned())
    }
}
