//! A running server: asked by range queries, and given samples by remote write.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_control::backfill::{Past, Target};
use plimsoll_promql::{Expr, RangeSeries};
use plimsoll_types::{Labels, Sample, Timestamp};
use plimsoll_wire::compression::snappy;
use plimsoll_wire::push::Series;
use plimsoll_wire::remote_write::{Version, encode};
use serde_json::Value;

use crate::commands::server::{Server, read_answer};

/// Where a server takes remote write.
const WRITE: &str = "api/v1/write";
/// Samples per request: some hundred KiB.
const BATCH: usize = 20_000;

/// A server that is asked.
pub(super) struct Asked(pub(super) Server);

impl Past for Asked {
    fn range(
        &mut self,
        expr: &Expr,
        start: Timestamp,
        end: Timestamp,
        step: Duration,
    ) -> Result<Vec<RangeSeries>, String> {
        let seconds =
            |millis: i64| format!("{}.{:03}", millis.div_euclid(1000), millis.rem_euclid(1000));
        let step = seconds(i64::try_from(step.as_millis()).unwrap_or(i64::MAX));
        let (query, start, end) = (
            expr.to_string(),
            seconds(start.millis()),
            seconds(end.millis()),
        );
        let parameters = [
            ("query", &*query),
            ("start", &start),
            ("end", &end),
            ("step", &step),
        ];
        let body = self.0.ask("api/v1/query_range", &parameters);
        let body = body.map_err(|failure| without_prefix(&failure.to_string()))?;
        let answer =
            read_answer(&self.0, &body).map_err(|failure| without_prefix(&failure.to_string()))?;
        let data = &answer["data"];
        match (data["resultType"].as_str(), data["result"].as_array()) {
            (Some("matrix"), Some(series)) => series.iter().map(range_series).collect(),
            _ => Err(format!("{} answered no matrix", self.0.shown())),
        }
    }
}

fn without_prefix(text: &str) -> String {
    text.trim_end().trim_start_matches("error: ").to_owned()
}

fn range_series(series: &Value) -> Result<RangeSeries, String> {
    let unread = || "the server's answer is no matrix".to_owned();
    if series["histograms"]
        .as_array()
        .is_some_and(|all| !all.is_empty())
    {
        // The API shows buckets and not what they were made with, so that nothing of it can be stored again.
        return Err("the result has native histograms, which the HTTP API does not give whole: use --data-dir".into());
    }
    let metric = series["metric"].as_object().ok_or_else(unread)?;
    let pairs = metric
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()));
    let samples = series["values"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|point| {
            let at = point[0].as_f64()?;
            let value = point[1].as_str()?.parse().ok()?;
            Some(Sample::float(
                Timestamp::from_millis((at * 1000.0).round() as i64),
                value,
            ))
        });
    let samples: Option<Vec<Sample>> = samples.collect();
    Ok(RangeSeries {
        labels: Labels::from_pairs(pairs),
        samples: samples.ok_or_else(unread)?,
    })
}

/// A server that takes remote write.
pub(super) struct Pushed(pub(super) Server);

impl Target for Pushed {
    fn write(&mut self, samples: Vec<(Labels, Sample)>) -> Result<(), String> {
        for batch in samples.chunks(BATCH) {
            let mut by_labels: BTreeMap<&Labels, Vec<Sample>> = BTreeMap::new();
            for (labels, sample) in batch {
                by_labels.entry(labels).or_default().push(sample.clone());
            }
            let series = by_labels.into_iter().map(|(labels, samples)| Series {
                labels: labels.clone(),
                samples,
                ..Series::default()
            });
            let series: Vec<Series> = series.collect();
            let version = Version::V1;
            let headers = [
                ("content-type", version.content_type()),
                ("content-encoding", "snappy"),
                ("x-prometheus-remote-write-version", version.header()),
            ];
            let sent = self
                .0
                .post(WRITE, &headers, snappy(&encode(version, &series)));
            sent.map_err(|failure| without_prefix(&failure.to_string()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_becomes_series() {
        let series = serde_json::json!({
            "metric": {"__name__": "a", "b": "c"},
            "values": [[1.5, "2"], [61.5, "+Inf"], [121.5, "NaN"]],
        });
        let read = range_series(&series).unwrap();
        assert_eq!(read.labels.to_string(), "a{b=\"c\"}");
        let times: Vec<i64> = read
            .samples
            .iter()
            .map(|sample| sample.timestamp.millis())
            .collect();
        assert_eq!(times, [1_500, 61_500, 121_500]);
        let histograms = serde_json::json!({"metric": {}, "histograms": [[1, {}]]});
        assert!(range_series(&histograms).is_err());
        assert!(range_series(&serde_json::json!({"metric": {}, "values": [[1]]})).is_err());
    }
}
