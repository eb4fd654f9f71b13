//! The counter reset hints that Prometheus' store gives histograms, whatever a client says.

use std::sync::Arc;

use plimsoll_promql::stored_reset_hint;
use plimsoll_types::{Histogram, Sample, Value};

/// Gives the samples of a series, ascending, the hints they have when they are read.
pub(crate) fn as_stored(samples: &[Sample]) -> Vec<Sample> {
    let mut previous: Option<&Histogram> = None;
    let mut stored = Vec::with_capacity(samples.len());
    for sample in samples {
        let mut sample = sample.clone();
        if let Value::Histogram(histogram) = &mut sample.value {
            let reset_hint = stored_reset_hint(previous, histogram);
            *histogram = Arc::new(Histogram {
                reset_hint,
                ..Histogram::clone(histogram)
            });
        }
        stored.push(sample);
        previous = samples[stored.len() - 1].histogram();
    }
    stored
}

trait AsHistogram {
    fn histogram(&self) -> Option<&Histogram>;
}

impl AsHistogram for Sample {
    /// Returns the histogram to compare the next one with.
    fn histogram(&self) -> Option<&Histogram> {
        match &self.value {
            Value::Histogram(histogram) if !self.value.is_stale() => Some(histogram),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_types::ResetHint;

    use super::*;
    use crate::notation::points;
    use crate::script::sample;

    fn check(text: &str, expected: &[ResetHint]) {
        let samples: Vec<Sample> = points(text)
            .unwrap()
            .into_iter()
            .enumerate()
            .map(|(index, point)| sample(point.unwrap(), index as i64).unwrap())
            .collect();
        let stored = as_stored(&samples);
        let hints = stored.iter().filter_map(|sample| match &sample.value {
            Value::Histogram(histogram) => Some(histogram.reset_hint),
            Value::Float(_) => None,
        });
        assert_eq!(hints.collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn hints_come_from_comparing() {
        use ResetHint::{Gauge, NotReset, Unknown};
        check(
            "{{count:1 buckets:[1]}}+{{count:1 buckets:[1]}}x2",
            &[Unknown, NotReset, NotReset],
        );
        check(
            "{{count:2}} {{count:1}} {{count:1}}",
            &[Unknown, Unknown, NotReset],
        );
        check(
            "{{count:3 buckets:[1 2]}} {{count:3 buckets:[0 3]}}",
            &[Unknown, Unknown],
        );
        check(
            "{{count:3 offset:1 buckets:[3]}} {{count:4 buckets:[1 3]}}",
            &[Unknown, NotReset],
        );
        check(
            "{{count:3 n_buckets:[3]}} {{count:4 n_offset:1 n_buckets:[4]}}",
            &[Unknown, Unknown],
        );
        check(
            "{{count:1}} {{schema:1 count:2}} {{schema:1 count:2}}",
            &[Unknown, Unknown, NotReset],
        );
        check("{{count:1}} stale {{count:2}}", &[Unknown, Unknown]);
        check("{{count:1}} 5 {{count:2}}", &[Unknown, Unknown]);
        check(
            "{{count:1 counter_reset_hint:reset}}x1",
            &[Unknown, Unknown],
        );
        check(
            "{{count:1 counter_reset_hint:gauge}}x1 {{count:1}}",
            &[Gauge, Gauge, Unknown],
        );
        check(
            "{{count:2 counter_reset_hint:not_reset}} {{count:1 counter_reset_hint:not_reset}}",
            &[Unknown, Unknown],
        );
    }
}
