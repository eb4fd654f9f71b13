//! Which samples a metric makes, and in which order.

use crate::exposition::messages::{Kind, Metric};

/// How many samples a metric makes, by kind, in the order in which they are yielded.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Points {
    single: usize,
    native: usize,
    quantiles: usize,
    buckets: usize,
    infinite_bucket: usize,
    sum_and_count: usize,
}

/// One of them; the number counts within its kind.
#[derive(Clone, Copy, Debug)]
pub(super) enum Point {
    Single,
    Native,
    Quantile(usize),
    Bucket(usize),
    InfiniteBucket,
    Sum,
    Count,
}

impl Points {
    pub(super) fn of(kind: Kind, metric: &Metric, is_native: bool, always_classic: bool) -> Self {
        match kind {
            Kind::Counter | Kind::Gauge | Kind::Untyped => Self {
                single: 1,
                ..Self::default()
            },
            Kind::Summary => Self {
                quantiles: metric
                    .summary
                    .as_ref()
                    .map_or(0, |summary| summary.quantile.len()),
                sum_and_count: 2,
                ..Self::default()
            },
            Kind::Histogram | Kind::GaugeHistogram => {
                let buckets = metric
                    .histogram
                    .as_ref()
                    .map_or(&[][..], |histogram| &histogram.bucket);
                let is_classic = !is_native || (always_classic && !buckets.is_empty());
                let has_infinite = buckets
                    .last()
                    .is_some_and(|bucket| bucket.upper_bound == f64::INFINITY);
                Self {
                    native: usize::from(is_native),
                    buckets: if is_classic { buckets.len() } else { 0 },
                    infinite_bucket: usize::from(is_classic && !has_infinite),
                    sum_and_count: if is_classic { 2 } else { 0 },
                    ..Self::default()
                }
            }
        }
    }

    /// Returns how many there are in all.
    pub(super) fn count(&self) -> usize {
        self.single
            + self.native
            + self.quantiles
            + self.buckets
            + self.infinite_bucket
            + self.sum_and_count
    }

    /// Returns the sample at a position, `None` behind the last.
    pub(super) fn at(&self, index: usize) -> Option<Point> {
        // Those before the buckets exclude each other but for a native histogram, which is one.
        let before = self.single + self.native;
        if index < before {
            return Some(if self.native > 0 {
                Point::Native
            } else {
                Point::Single
            });
        }
        let index = index - before;
        if index < self.quantiles {
            return Some(Point::Quantile(index));
        }
        let index = index - self.quantiles;
        if index < self.buckets {
            return Some(Point::Bucket(index));
        }
        let index = index - self.buckets;
        if index < self.infinite_bucket {
            return Some(Point::InfiniteBucket);
        }
        match index - self.infinite_bucket {
            0 if self.sum_and_count > 0 => Some(Point::Sum),
            1 if self.sum_and_count > 0 => Some(Point::Count),
            _ => None,
        }
    }
}
