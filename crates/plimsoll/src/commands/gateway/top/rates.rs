//! Rates and latencies between two looks at what was counted.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::commands::shown::list;

/// Route, backend and endpoint.
type Key = [Option<String>; 3];

/// What was counted at a moment.
#[derive(Default)]
pub(super) struct Look(BTreeMap<Key, Counted>);

#[derive(Clone, Default)]
struct Counted {
    requests: u64,
    errors: u64,
    client_errors: u64,
    gone: u64,
    took_seconds: f64,
    /// Where a bucket ends, endless for the last one, and what is in it.
    buckets: Vec<(f64, u64)>,
}

impl Look {
    /// Reads the answer of `/api/v1/gateway/activity`.
    pub(super) fn read(data: &Value) -> Self {
        let counted = list(&data["activity"]).map(|one| {
            let name = |field: &str| one[field].as_str().map(str::to_owned);
            let key = [name("route"), name("backend"), name("endpoint")];
            (key, Counted::read(one))
        });
        Self(counted.collect())
    }

    /// Returns what happened since an earlier look, what is busiest first; nothing of what had no request.
    pub(super) fn since(&self, earlier: &Self, time: Duration) -> Vec<Value> {
        let seconds = time.as_secs_f64().max(f64::MIN_POSITIVE);
        let mut rows: Vec<(u64, Value)> = Vec::new();
        for (key, counted) in &self.0 {
            let more = match earlier.0.get(key) {
                // A process that began again counts from 0.
                Some(before) if before.requests <= counted.requests => counted.less(before),
                _ => counted.clone(),
            };
            if more.requests > 0 {
                rows.push((more.requests, more.row(key, seconds)));
            }
        }
        rows.sort_by_key(|(requests, _)| std::cmp::Reverse(*requests));
        rows.into_iter().map(|(_, row)| row).collect()
    }
}

impl Counted {
    fn read(data: &Value) -> Self {
        let classes = &data["classes"];
        let count = |class: &str| classes[class].as_u64().unwrap_or_default();
        let all = classes.as_object().into_iter().flat_map(|all| all.values());
        let buckets = list(&data["buckets"]).map(|bucket| {
            let end = bucket["atMostSeconds"].as_f64().unwrap_or(f64::INFINITY);
            (end, bucket["count"].as_u64().unwrap_or_default())
        });
        Self {
            requests: all.filter_map(Value::as_u64).sum(),
            errors: count("5xx"),
            client_errors: count("4xx"),
            gone: count("499"),
            took_seconds: data["tookSeconds"].as_f64().unwrap_or_default(),
            buckets: buckets.collect(),
        }
    }

    fn less(&self, before: &Self) -> Self {
        let buckets = self.buckets.iter().zip(&before.buckets);
        Self {
            requests: self.requests.saturating_sub(before.requests),
            errors: self.errors.saturating_sub(before.errors),
            client_errors: self.client_errors.saturating_sub(before.client_errors),
            gone: self.gone.saturating_sub(before.gone),
            took_seconds: (self.took_seconds - before.took_seconds).max(0.0),
            buckets: buckets
                .map(|((end, count), (_, before))| (*end, count.saturating_sub(*before)))
                .collect(),
        }
    }

    fn row(&self, [route, backend, endpoint]: &Key, seconds: f64) -> Value {
        let rate = |count: u64| count as f64 / seconds;
        json!({
            "route": route,
            "backend": backend,
            "endpoint": endpoint,
            "requestsPerSecond": rate(self.requests),
            "errorsPerSecond": rate(self.errors),
            "clientErrorsPerSecond": rate(self.client_errors),
            "gonePerSecond": rate(self.gone),
            "meanSeconds": self.took_seconds / self.requests as f64,
            "p99Seconds": self.quantile(0.99),
        })
    }

    /// Returns the time within which this share of requests ended, straight within a bucket; where the last bucket begins
    /// when it lies in there.
    fn quantile(&self, share: f64) -> Option<f64> {
        let all: u64 = self.buckets.iter().map(|(_, count)| count).sum();
        let wanted = share * all as f64;
        let (mut begin, mut below) = (0.0, 0.0);
        for (end, count) in &self.buckets {
            let count = *count as f64;
            if count > 0.0 && below + count >= wanted {
                return Some(match end.is_finite() {
                    true => begin + (end - begin) * (wanted - below) / count,
                    false => begin,
                });
            }
            (begin, below) = (*end, below + count);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(good: u64, bad: u64, buckets: [u64; 3]) -> Look {
        let ends = [json!(0.1), json!(0.2), Value::Null];
        let buckets = ends.into_iter().zip(buckets);
        let buckets: Vec<Value> = buckets
            .map(|(end, count)| json!({"atMostSeconds": end, "count": count}))
            .collect();
        Look::read(&json!({"activity": [{
            "route": "cart", "backend": null, "endpoint": null, "classes": {"2xx": good, "5xx": bad},
            "tookSeconds": (good + bad) as f64 * 0.05, "buckets": buckets,
        }]}))
    }

    #[test]
    fn a_rate_is_the_difference_over_the_time() {
        let (before, after) = (look(100, 0, [100, 0, 0]), look(190, 10, [190, 10, 0]));
        let rows = after.since(&before, Duration::from_secs(2));
        assert_eq!(rows.len(), 1);
        let number = |field: &str| rows[0][field].as_f64().unwrap();
        assert_eq!(
            (number("requestsPerSecond"), number("errorsPerSecond")),
            (50.0, 5.0)
        );
        assert!((number("meanSeconds") - 0.05).abs() < 1e-9);
        // The 99th of 100 is the 9th of 10 in the second bucket.
        assert!((number("p99Seconds") - 0.19).abs() < 1e-9, "{}", rows[0]);
        assert!(after.since(&after, Duration::from_secs(2)).is_empty());
    }

    #[test]
    fn a_process_that_began_again_counts_from_0() {
        let (before, after) = (look(1000, 0, [1000, 0, 0]), look(10, 0, [0, 0, 10]));
        let rows = after.since(&before, Duration::from_secs(1));
        assert_eq!(rows[0]["requestsPerSecond"], 10.0);
        // Nobody knows how long they took, but for the least.
        assert_eq!(rows[0]["p99Seconds"], 0.2);
    }
}
