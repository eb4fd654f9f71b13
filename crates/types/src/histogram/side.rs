//! The buckets of one side of a histogram while they are being added up.

use super::compensated::{self, Compensated};
use super::spans::{SpanWriter, coarser_index, embedded, indices};
use super::{Counts, Histogram, Span};

/// Sums of buckets, each with its compensation.
///
/// Sums and compensations lie in arrays of their own, so that adding a histogram without new buckets is a pass over three
/// slices per span, without allocation.
#[derive(Clone, Debug, Default)]
pub(super) struct Side {
    pub(super) spans: Vec<Span>,
    sums: Vec<f64>,
    compensations: Vec<f64>,
}

/// Which buckets of a histogram to add, and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addend<'a> {
    pub(super) histogram: &'a Histogram,
    pub(super) positive: bool,
    /// Buckets that end here or before were counted in the zero bucket.
    pub(super) zero_threshold: f64,
    /// How many schemas coarser the sum is.
    pub(super) shift: u32,
    /// 1 or -1.
    pub(super) sign: f64,
}

impl Addend<'_> {
    fn spans(&self) -> &[Span] {
        match self.positive {
            true => &self.histogram.positive_spans,
            false => &self.histogram.negative_spans,
        }
    }

    fn is_in_zero_bucket(&self, index: i64) -> bool {
        !self.histogram.has_custom_bounds()
            && self.zero_threshold > 0.0
            && self.histogram.upper_bound(index) <= self.zero_threshold
    }

    /// Returns (index in the sum, value) of each bucket that is to be added.
    fn buckets(&self) -> impl Iterator<Item = (i64, f64)> + '_ {
        let Self { shift, sign, .. } = *self;
        self.histogram
            .side(self.positive)
            .skip_while(|(index, _)| self.is_in_zero_bucket(*index))
            .map(move |(index, count)| (coarser_index(index, shift), sign * count))
    }

    /// Says whether every bucket is to be added, each as it is.
    fn is_plain(&self) -> bool {
        let first = indices(self.spans()).next();
        self.shift == 0 && first.is_none_or(|first| !self.is_in_zero_bucket(first))
    }
}

impl Side {
    pub(super) fn new(histogram: &Histogram, positive: bool) -> Self {
        let spans = match positive {
            true => histogram.positive_spans.clone(),
            false => histogram.negative_spans.clone(),
        };
        let sums: Vec<f64> = histogram.side(positive).map(|(_, count)| count).collect();
        Self {
            spans,
            compensations: vec![0.0; sums.len()],
            sums,
        }
    }

    pub(super) fn buckets(&self) -> impl Iterator<Item = (i64, Compensated)> + '_ {
        let values = self.sums.iter().zip(&self.compensations);
        indices(&self.spans).zip(values.map(|(sum, compensation)| Compensated {
            sum: *sum,
            compensation: *compensation,
        }))
    }

    pub(super) fn change(&mut self, change: impl Fn(&mut f64)) {
        self.sums.iter_mut().for_each(&change);
        self.compensations.iter_mut().for_each(&change);
    }

    pub(super) fn add(&mut self, addend: Addend<'_>) {
        let spans = addend.spans();
        let has_all = || embedded(&self.spans, spans).all(|place| place.is_some());
        if !addend.is_plain() || !has_all() {
            return self.add_merging(addend.buckets());
        }
        let sign = addend.sign;
        match (&addend.histogram.counts, addend.positive) {
            (Counts::Float(all), true) => self.add_in_place(spans, &all.positive, |c| sign * c),
            (Counts::Float(all), false) => self.add_in_place(spans, &all.negative, |c| sign * c),
            (Counts::Integer(all), true) => {
                self.add_in_place(spans, &all.positive, |c| sign * c as f64);
            }
            (Counts::Integer(all), false) => {
                self.add_in_place(spans, &all.negative, |c| sign * c as f64);
            }
        }
    }

    /// Adds counts whose buckets are all there, run by run.
    fn add_in_place<T: Copy>(&mut self, spans: &[Span], counts: &[T], value: impl Fn(T) -> f64) {
        let mut rest = counts;
        for (place, length) in embedded(&self.spans, spans).flatten() {
            // Spans may name more buckets than there are counts.
            let (run, more) = rest.split_at(length.min(rest.len()));
            rest = more;
            let sums = self.sums.iter_mut().skip(place);
            let sums = sums.zip(self.compensations.iter_mut().skip(place));
            for ((sum, compensation), count) in sums.zip(run) {
                compensated::add(sum, compensation, value(*count));
            }
        }
    }

    fn add_merging(&mut self, addends: impl Iterator<Item = (i64, f64)>) {
        let mut merged = Merge::default();
        let mut own = self.buckets().peekable();
        for (index, value) in addends {
            while let Some((index, bucket)) = own.next_if(|(own, _)| *own <= index) {
                merged.push(index, bucket);
            }
            merged.push(index, value.into());
        }
        own.for_each(|(index, bucket)| merged.push(index, bucket));
        *self = merged.finish();
    }

    /// Joins the buckets that are one bucket `shift` schemas below.
    pub(super) fn coarsen(&mut self, shift: u32) {
        let mut merged = Merge::default();
        for (index, bucket) in self.buckets() {
            merged.push(coarser_index(index, shift), bucket);
        }
        *self = merged.finish();
    }

    /// Drops the first buckets as long as `is_dropped` says so of their index.
    pub(super) fn drop_leading(&mut self, is_dropped: impl Fn(i64) -> bool) {
        let mut kept = Merge::default();
        self.buckets()
            .skip_while(|(index, _)| is_dropped(*index))
            .for_each(|(index, bucket)| kept.push(index, bucket));
        *self = kept.finish();
    }

    /// Moves every bucket to the index that `target` says; the order has to stay.
    pub(super) fn renumber(&mut self, target: impl Fn(i64) -> i64) {
        let mut moved = Merge::default();
        for (index, bucket) in self.buckets() {
            moved.push(target(index), bucket);
        }
        *self = moved.finish();
    }

    /// Adds buckets whose indices `target` changes first.
    pub(super) fn add_renumbered(&mut self, addend: Addend<'_>, target: impl Fn(i64) -> i64) {
        self.add_merging(
            addend
                .buckets()
                .map(|(index, value)| (target(index), value)),
        );
    }

    pub(super) fn has_overflow(&self) -> bool {
        self.sums.iter().any(|sum| sum.is_infinite())
    }

    /// Returns the spans and the sums.
    pub(super) fn values(&self) -> (Vec<Span>, Vec<f64>) {
        let values = self.sums.iter().zip(&self.compensations);
        let values = values.map(|(sum, compensation)| sum + compensation);
        (self.spans.clone(), values.collect())
    }

    pub(super) fn byte_count(&self) -> usize {
        size_of::<f64>() * (self.spans.capacity() + 2 * self.sums.capacity())
    }
}

/// Writes a side from buckets in ascending order of indices; equal ones are added up.
#[derive(Default)]
struct Merge {
    spans: SpanWriter,
    side: Side,
    last: Option<i64>,
}

impl Merge {
    fn push(&mut self, index: i64, bucket: Compensated) {
        let side = &mut self.side;
        match (side.sums.last_mut(), side.compensations.last_mut()) {
            // Indices that fall come from spans that were never checked; such a bucket joins the one before it.
            (Some(sum), Some(compensation)) if self.last >= Some(index) => {
                compensated::add(sum, compensation, bucket.sum);
                *compensation += bucket.compensation;
            }
            _ => {
                self.spans.push(index);
                side.sums.push(bucket.sum);
                side.compensations.push(bucket.compensation);
                self.last = Some(index);
            }
        }
    }

    fn finish(mut self) -> Side {
        self.side.spans = self.spans.finish();
        self.side
    }
}
