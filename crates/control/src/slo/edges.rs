//! Which edges the buckets of a histogram do have, for objectives whose threshold is none of them.

use std::time::Duration;

use plimsoll_slo::view::{MissingBucket, SloView};
use plimsoll_types::{BUCKET_LABEL, TimeRange, Timestamp};

use super::Inner;

/// Series that were heard of in this time are looked at.
const RECENT: Duration = Duration::from_hours(1);
/// The most edges that are told.
const EDGES_MAX: usize = 50;

/// Looks for the edges of the buckets that a view misses. Without the store nothing is told of them.
pub(super) fn find(inner: &Inner, view: &mut SloView, now: Timestamp) {
    for missing in &mut view.missing_buckets {
        missing.edges = edges(inner, missing, now);
    }
}

/// Returns edges as they are written, the smallest first.
fn edges(inner: &Inner, missing: &MissingBucket, now: Timestamp) -> Vec<String> {
    let range = TimeRange::new(now - RECENT, now);
    let selectors = [missing.buckets.clone()];
    let values = inner
        .queryable
        .label_values(BUCKET_LABEL, &selectors, range, EDGES_MAX);
    let values = values.unwrap_or_else(|error| {
        tracing::warn!(%error, "the edges of buckets cannot be read");
        Vec::new()
    });
    sorted(values.into_iter())
}

fn sorted(edges: impl Iterator<Item = String>) -> Vec<String> {
    let number = |edge: &String| edge.parse::<f64>().unwrap_or(f64::INFINITY);
    let mut edges: Vec<String> = edges.collect();
    edges.sort_by(|a, b| number(a).total_cmp(&number(b)).then_with(|| a.cmp(b)));
    edges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_in_the_order_of_their_numbers() {
        let edges = ["+Inf", "10", "0.5", "2.5", "1e-05"].map(str::to_owned);
        let expected = ["1e-05", "0.5", "2.5", "10", "+Inf"];
        assert_eq!(sorted(edges.into_iter()), expected);
    }
}
