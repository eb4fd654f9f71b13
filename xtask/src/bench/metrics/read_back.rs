//! Whether what was written comes back: every sample, bit by bit.
//!
//! Ours and Prometheus are asked by remote read, whose samples are binary. VictoriaMetrics has no such thing; its export
//! writes every digit of a float, and of NaN only that it is one.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use plimsoll_types::{ByteCount, Labels, Value};
use plimsoll_wire::compression::{snappy, snappy_capped};
use plimsoll_wire::push::{Limits, Series};
use plimsoll_wire::remote_write::{self, Version};
use plimsoll_wire::vm_json;

use super::data_set::{DataSet, TargetData};
use super::protobuf::{field, only_field, varint};
use crate::bench::contender::{Contender, NAMES, VICTORIA};

const ANSWER_MAX: ByteCount = ByteCount(4 << 30);

/// The samples of one series: time and bits of the value.
type Points = Vec<(i64, u64)>;

/// Returns how many samples of a set did not come back as they were written.
pub(super) fn lost(contender: &Contender, set: &DataSet) -> anyhow::Result<u64> {
    let mut lost = 0;
    for target in &set.targets {
        let found = match contender.name == NAMES[VICTORIA] {
            true => export(contender, target)?,
            false => remote_read(contender, target)?,
        };
        let mut points: BTreeMap<Labels, Points> = BTreeMap::new();
        for series in found {
            points
                .entry(series.labels)
                .or_default()
                .extend(bits(&series.samples));
        }
        lost += difference(target, &points);
    }
    Ok(lost)
}

fn bits(samples: &[plimsoll_types::Sample]) -> impl Iterator<Item = (i64, u64)> {
    samples.iter().filter_map(|sample| match &sample.value {
        Value::Float(value) => Some((sample.timestamp.millis(), value.to_bits())),
        Value::Histogram(_) => None,
    })
}

/// Counts written samples that are missing or have other bits.
fn difference(target: &TargetData, found: &BTreeMap<Labels, Points>) -> u64 {
    let mut lost = 0;
    for series in &target.series {
        let found: BTreeMap<i64, u64> = match found.get(&Labels::from_pairs(series.pairs())) {
            Some(points) => points.iter().copied().collect(),
            None => BTreeMap::new(),
        };
        let is_back = |(at, value): &&(u32, f64)| {
            found.get(&target.times[*at as usize]) == Some(&value.to_bits())
        };
        let points = series.points.iter();
        lost += points.filter(|point| !is_back(point)).count() as u64;
    }
    lost
}

fn export(contender: &Contender, target: &TargetData) -> anyhow::Result<Vec<Series>> {
    let selector = format!("{{job=\"{}\"}}", target.job);
    let reply = contender
        .api
        .get("/api/v1/export", &[("match[]", &selector)])?;
    ensure!(reply.status == 200, "export: {}", reply.text());
    let decoded = vm_json::decode(&reply.body, &limits())?;
    ensure!(decoded.refusals.is_empty(), "{:?}", decoded.refusals);
    Ok(decoded.series)
}

fn remote_read(contender: &Contender, target: &TargetData) -> anyhow::Result<Vec<Series>> {
    let (first, last) = (target.times.first(), target.times.last());
    let (first, last) = first.zip(last).context("nothing was written")?;
    let body = snappy(&read_request(*first, *last, &target.job));
    let headers = [
        ("Content-Type", "application/x-protobuf"),
        ("Content-Encoding", "snappy"),
        ("X-Prometheus-Remote-Read-Version", "0.1.0"),
    ];
    let reply = contender.api.post("/api/v1/read", &headers, &body)?;
    ensure!(reply.status == 200, "remote read: {}", reply.text());
    let answer = snappy_capped(&reply.body, ANSWER_MAX)?;
    // A result holds the same field of the same messages as a request of remote write.
    let result = only_field(&answer).context("the answer is no single result")?;
    Ok(remote_write::decode(Version::V1, result, &limits())?.series)
}

fn limits() -> Limits {
    Limits {
        samples: 1 << 30,
        memory: ANSWER_MAX,
        line: ANSWER_MAX,
        ..Limits::default()
    }
}

/// Writes a `prometheus.ReadRequest` with one query: all series of a job.
fn read_request(first: i64, last: i64, job: &str) -> Vec<u8> {
    let mut matcher = Vec::new();
    field(&mut matcher, 2, b"job");
    field(&mut matcher, 3, job.as_bytes());
    let mut query = vec![1 << 3];
    varint(&mut query, first.cast_unsigned());
    query.push(2 << 3);
    varint(&mut query, last.cast_unsigned());
    field(&mut query, 3, &matcher);
    let mut request = Vec::new();
    field(&mut request, 1, &query);
    request
}

#[cfg(test)]
mod tests {
    use plimsoll_wire::remote_read::Request;

    use super::super::data_set::SeriesData;
    use super::*;

    #[test]
    fn a_read_request_is_one() {
        let request = Request::decode(&read_request(1_000, 2_000, "node")).unwrap();
        let query = &request.queries[0];
        assert_eq!(
            (query.range.start.millis(), query.range.end.millis()),
            (1_000, 2_000)
        );
        assert_eq!(query.matchers.len(), 1);
        assert!(query.matchers[0].matches("node") && !query.matchers[0].matches("x"));
    }

    #[test]
    fn every_sample_that_is_missing_or_other_counts() {
        let labels = [("__name__", "a"), ("job", "j")];
        let target = TargetData {
            job: "j".into(),
            times: vec![10, 20, 30],
            series: vec![SeriesData {
                labels: labels.map(|(n, v)| (n.into(), v.into())).into(),
                points: vec![(0, 0.0), (1, f64::NAN), (2, 1.5)],
            }],
        };
        let back = |points: &[(i64, f64)]| {
            let points = points.iter().map(|(t, v)| (*t, v.to_bits())).collect();
            difference(&target, &[(Labels::from_pairs(labels), points)].into())
        };
        assert_eq!(back(&[(10, 0.0), (20, f64::NAN), (30, 1.5)]), 0);
        assert_eq!(back(&[(10, -0.0), (20, f64::NAN), (30, 1.5)]), 1);
        assert_eq!(back(&[(10, 0.0), (21, f64::NAN)]), 2);
        assert_eq!(difference(&target, &BTreeMap::new()), 3);
    }
}
