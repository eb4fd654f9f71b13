//! What a data directory holds, in the words of the server's API where both say the same.

use jiff::Timestamp as Calendar;
use plimsoll_tsdb::{Analysis, ReadOnlyDb};
use plimsoll_types::{MetricSeries, NamedCount, Timestamp};
use serde_json::{Value, json};

use crate::commands::Failure;

/// Analyses a part or all of a store; `None` when there are no samples.
pub(super) fn look(
    store: &ReadOnlyDb,
    part: Option<&str>,
    limit: usize,
    unused_before: Timestamp,
) -> Result<Option<Value>, Failure> {
    let found = store
        .analyze_use(part, limit, unused_before)
        .map_err(anyhow::Error::from)?;
    let Some(range) = found.range else {
        return Ok(None);
    };
    let mut report = json!({
        "from": time(range.start),
        "to": time(range.end),
        "series": found.series,
        "samples": found.samples,
        "metrics": found.metrics,
        "labelNames": found.label_names,
        "labelPairs": found.label_pairs,
        "byMetric": metrics(&found, store),
        "byLabel": list(&found.names_by_values, "values"),
        "bytesByLabel": list(&found.longest_names, "bytes"),
        "byPair": list(&found.common_pairs, "series"),
        "churnByMetric": list(&found.churning_metrics, "lifetimes"),
        "churnByPair": list(&found.churning_pairs, "lifetimes"),
        "churnByLabel": list(&found.churning_names, "lifetimes"),
    });
    if let Some(unused) = &found.unused {
        let by_metric = unused.by_metric.iter();
        report["unused"] = json!({
            "recordedSince": time(unused.recorded_since),
            "before": time(unused.before),
            "metrics": unused.metrics,
            "series": unused.series,
            "share": share(unused.series, found.series),
            "byMetric": by_metric.map(|entry| metric(entry, &found)).collect::<Vec<_>>(),
        });
    }
    Ok(Some(report))
}

fn metrics(found: &Analysis, store: &ReadOnlyDb) -> Vec<Value> {
    let entries = found.metrics_by_series.iter().map(|entry| MetricSeries {
        name: entry.name.clone(),
        series: entry.count,
        last_queried: store
            .queried()
            .and_then(|queried| queried.last(&entry.name)),
    });
    entries.map(|entry| metric(&entry, found)).collect()
}

fn metric(entry: &MetricSeries, found: &Analysis) -> Value {
    json!({
        "name": entry.name,
        "series": entry.series,
        "share": share(entry.series, found.series),
        "lastQueried": entry.last_queried.map(time),
    })
}

fn list(entries: &[NamedCount], count: &str) -> Vec<Value> {
    let entry = |entry: &NamedCount| json!({"name": entry.name, count: entry.count});
    entries.iter().map(entry).collect()
}

fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// A time as the API writes it, to the second; milliseconds when no calendar reaches so far.
fn time(at: Timestamp) -> String {
    let calendar = Calendar::from_second(at.millis().div_euclid(1000));
    calendar.map_or_else(|_| format!("{} ms", at.millis()), |time| time.to_string())
}
