//! Rules about the samples that make one point of a metric: buckets, count and sum must fit each other.

use plimsoll_types::MetricType;

use super::rules::Facts;
use super::{Broken, broken, has_buckets};
use crate::exposition::error::{ErrorKind, Place};
use crate::exposition::scan::Dialect;

/// The samples of one metric at one time, as far as they were read.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub(super) place: Place,
    /// Upper bound and count of the bucket that came last.
    bucket: Option<(f64, f64)>,
    count: Option<f64>,
    sum: Option<f64>,
    gauge_sum: Option<f64>,
    total: Option<f64>,
    has_negative_bounds: bool,
}

impl Point {
    pub(super) fn new(place: Place) -> Self {
        Self {
            place,
            bucket: None,
            count: None,
            sum: None,
            gauge_sum: None,
            total: None,
            has_negative_bounds: false,
        }
    }

    pub(super) fn accept(&mut self, facts: &Facts<'_>) -> Result<(), Broken> {
        match facts.suffix {
            "_bucket" => return self.accept_bucket(facts),
            "_count" | "_gcount" => self.count = Some(facts.value),
            "_sum" => self.sum = Some(facts.value),
            "_gsum" => self.gauge_sum = Some(facts.value),
            "_total" => self.total = Some(facts.value),
            _ => {}
        }
        Ok(())
    }

    fn accept_bucket(&mut self, facts: &Facts<'_>) -> Result<(), Broken> {
        let Some(bound) = facts.bound() else {
            return Ok(());
        };
        self.has_negative_bounds |= bound < 0.0;
        if let Some((last_bound, last_count)) = self.bucket {
            if bound <= last_bound {
                let message = format!("expected a bucket above {last_bound}, found {bound}");
                return broken(ErrorKind::Grouping, message);
            }
            if facts.value < last_count {
                let found = facts.value;
                let message =
                    format!("expected {last_count} or more as in the bucket before, found {found}");
                return broken(ErrorKind::Semantics, message);
            }
        }
        self.bucket = Some((bound, facts.value));
        Ok(())
    }

    /// Checks the point when all its samples were read.
    pub(super) fn finish(&self, metric_type: MetricType, dialect: Dialect) -> Result<(), Broken> {
        let missing = |what: &str| {
            let message = format!("expected {what} in a {metric_type}, found none");
            broken(ErrorKind::Semantics, message)
        };
        if metric_type == MetricType::Counter
            && dialect == Dialect::OpenMetrics
            && self.total.is_none()
        {
            return missing("a sample with the suffix _total");
        }
        if !has_buckets(metric_type) {
            return Ok(());
        }
        let all = match self.bucket {
            Some((f64::INFINITY, all)) => all,
            _ => return missing("a bucket up to +Inf"),
        };
        if let Some(count) = self.count.filter(|count| *count != all) {
            let message =
                format!("expected the count {all} of the bucket up to +Inf, found {count}");
            return broken(ErrorKind::Semantics, message);
        }
        let any_sum = self.sum.or(self.gauge_sum);
        if any_sum.is_some() && self.count.is_none() {
            return missing("a count beside the sum");
        }
        // Text 0.0.4 has a sum for negative observations too, and leaves it out for nobody.
        if dialect == Dialect::Text {
            return Ok(());
        }
        if any_sum.is_none() && self.count.is_some() {
            return missing("a sum beside the count");
        }
        if self.has_negative_bounds && self.sum.is_some() {
            let message = "expected no sum in a histogram with negative buckets, found one";
            return broken(ErrorKind::Semantics, message);
        }
        match self.gauge_sum {
            Some(sum) if sum < 0.0 && !self.has_negative_bounds => {
                let message =
                    format!("expected a sum of 0 or more without negative buckets, found {sum}");
                broken(ErrorKind::Semantics, message)
            }
            _ => Ok(()),
        }
    }
}
