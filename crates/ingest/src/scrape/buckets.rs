//! The resolution of native histograms: made coarser until it keeps the bounds of the job.

use std::sync::Arc;

use plimsoll_types::{CUSTOM_BUCKETS_SCHEMA, Counts, Histogram, SCHEMA_MIN, Value};

/// A histogram has more buckets than it may, however coarse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany {
    /// How many are left at the coarsest resolution.
    pub(super) found: u64,
}

/// Makes a native histogram coarser until a bucket is at least `factor` times as wide as the one before it and there
/// are at most `limit` buckets (`None`: any number). Custom bounds are never changed.
///
/// # Errors
/// [`TooMany`] when the coarsest resolution has more buckets than `limit`.
pub(super) fn fit(value: &Value, limit: Option<u64>, factor: f64) -> Result<Value, TooMany> {
    let Value::Histogram(histogram) = value else {
        return Ok(value.clone());
    };
    let mut schema = histogram.schema;
    while schema > SCHEMA_MIN && growth_factor(schema) < factor {
        schema -= 1;
    }
    let is_fine = |histogram: &Histogram| limit.is_none_or(|limit| count(histogram) <= limit);
    if schema == histogram.schema && is_fine(histogram) {
        return Ok(value.clone());
    }
    let mut coarse = histogram.at_schema(schema);
    while !is_fine(&coarse) {
        if coarse.has_custom_bounds() || coarse.schema <= SCHEMA_MIN {
            return Err(TooMany {
                found: count(&coarse),
            });
        }
        coarse = coarse.at_schema(coarse.schema - 1);
    }
    Ok(Value::Histogram(Arc::new(coarse)))
}

/// Returns how many times as wide a bucket is as the one before it.
fn growth_factor(schema: i8) -> f64 {
    match schema {
        CUSTOM_BUCKETS_SCHEMA => f64::INFINITY,
        schema => 2f64.powf(2f64.powi(-i32::from(schema))),
    }
}

fn count(histogram: &Histogram) -> u64 {
    let (positive, negative) = match &histogram.counts {
        Counts::Integer(counts) => (counts.positive.len(), counts.negative.len()),
        Counts::Float(counts) => (counts.positive.len(), counts.negative.len()),
    };
    (positive + negative) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A histogram at the finest resolution with 16 buckets.
    fn fine() -> Value {
        Value::Histogram(Arc::new(Histogram {
            schema: 8,
            sum: 16.0,
            positive_spans: vec![plimsoll_types::Span {
                offset: 1,
                length: 16,
            }],
            counts: Counts::Integer(plimsoll_types::BucketCounts {
                count: 16,
                positive: vec![1; 16],
                ..Default::default()
            }),
            ..Histogram::default()
        }))
    }

    fn fitted(limit: Option<u64>, factor: f64) -> Result<(i8, u64), TooMany> {
        match fit(&fine(), limit, factor)? {
            Value::Histogram(histogram) => Ok((histogram.schema, count(&histogram))),
            Value::Float(_) => panic!("a histogram stays one"),
        }
    }

    #[test]
    fn a_factor_chooses_the_resolution_of_prometheus_table() {
        let table = [
            (65536.0, -4),
            (256.0, -3),
            (16.0, -2),
            (4.0, -1),
            (2.0, 0),
            (1.4, 1),
            (1.1, 2),
            (1.09, 3),
            (1.04, 4),
            (1.02, 5),
            (1.01, 6),
            (1.005, 7),
            (1.002, 8),
            (0.0, 8),
        ];
        for (factor, schema) in table {
            assert_eq!(fitted(None, factor).unwrap().0, schema, "factor {factor}");
        }
    }

    #[test]
    fn a_limit_halves_the_resolution_until_it_fits() {
        assert_eq!(fitted(Some(16), 0.0), Ok((8, 16)));
        let (schema, buckets) = fitted(Some(9), 0.0).unwrap();
        assert!(schema == 7 && buckets <= 9, "{schema} {buckets}");
        assert_eq!(fitted(Some(1), 0.0).map(|(_, buckets)| buckets), Ok(1));
        assert_eq!(fitted(Some(0), 0.0), Err(TooMany { found: 1 }));
    }
}
