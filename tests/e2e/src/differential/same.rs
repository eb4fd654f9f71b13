//! When two answers in Prometheus' JSON are the same: labels, times and shape exactly, numbers up to their last places.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Sums in another order differ in their last places.
const RELATIVE_ERROR_MAX: f64 = 1e-9;
/// Values are below 10^8, and a difference of two has the error of both.
const ABSOLUTE_ERROR_MAX: f64 = 1e-9;

/// Compares the `data` of two answers and returns how many points there are; series may come in any order.
pub(super) fn same(theirs: &Value, ours: &Value) -> Result<usize> {
    let kind = |data: &Value| data["resultType"].clone();
    ensure!(
        kind(theirs) == kind(ours),
        "{} and {}",
        kind(theirs),
        kind(ours)
    );
    if matches!(theirs["resultType"].as_str(), Some("scalar" | "string")) {
        is_close(&theirs["result"], &ours["result"])?;
        return Ok(1);
    }
    let (theirs, ours) = (series(&theirs["result"])?, series(&ours["result"])?);
    let labels = |all: &BTreeMap<String, &Value>| all.keys().cloned().collect::<Vec<_>>();
    let (their_labels, our_labels) = (labels(&theirs), labels(&ours));
    ensure!(
        their_labels == our_labels,
        "series {their_labels:?} and {our_labels:?}"
    );
    let mut points = 0;
    for (labels, entry) in &theirs {
        points += points_of(entry);
        for field in ["value", "values", "histogram", "histograms"] {
            is_close(&entry[field], &ours[labels][field]).with_context(|| labels.clone())?;
        }
    }
    Ok(points)
}

/// Returns the series by their labels, which serde_json keeps sorted.
fn series(result: &Value) -> Result<BTreeMap<String, &Value>> {
    let mut found = BTreeMap::new();
    for entry in result.as_array().context("no result")? {
        let labels = entry["metric"].to_string();
        let twice = found.insert(labels.clone(), entry).is_some();
        ensure!(!twice, "{labels} is there twice");
    }
    Ok(found)
}

fn points_of(entry: &Value) -> usize {
    let of_range = |field: &str| entry[field].as_array().map_or(0, Vec::len);
    let of_instant = |field: &str| usize::from(!entry[field].is_null());
    of_range("values") + of_range("histograms") + of_instant("value") + of_instant("histogram")
}

fn is_close(theirs: &Value, ours: &Value) -> Result<()> {
    match (theirs, ours) {
        (Value::Array(theirs), Value::Array(ours)) if theirs.len() == ours.len() => theirs
            .iter()
            .zip(ours)
            .try_for_each(|(theirs, ours)| is_close(theirs, ours)),
        (Value::Object(theirs), Value::Object(ours)) if theirs.keys().eq(ours.keys()) => theirs
            .iter()
            .try_for_each(|(name, theirs)| is_close(theirs, &ours[name])),
        (Value::String(text), Value::String(other)) => {
            let is_same = match (text.parse(), other.parse()) {
                (Ok(theirs), Ok(ours)) => is_close_number(theirs, ours),
                _ => text == other,
            };
            ensure!(is_same, "{text:?} and {other:?}");
            Ok(())
        }
        _ => {
            ensure!(theirs == ours, "{theirs} and {ours}");
            Ok(())
        }
    }
}

fn is_close_number(theirs: f64, ours: f64) -> bool {
    let scale = theirs.abs().max(ours.abs());
    theirs == ours
        || (theirs.is_nan() && ours.is_nan())
        || (theirs - ours).abs() <= (RELATIVE_ERROR_MAX * scale).max(ABSOLUTE_ERROR_MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn order_and_last_places_do_not_matter_but_all_else_does() {
        let vector = |entries: Value| json!({"resultType": "vector", "result": entries});
        let point = |job: &str, value: &str| json!({"metric": {"job": job}, "value": [1.5, value]});
        let left = vector(json!([point("a", "0.3"), point("b", "NaN")]));
        let right = vector(json!([
            point("b", "NaN"),
            point("a", "0.30000000000000004")
        ]));
        assert_eq!(same(&left, &right).unwrap(), 2);
        for other in [
            vector(json!([point("a", "0.3")])),
            vector(json!([point("a", "0.3"), point("b", "1")])),
            vector(json!([point("a", "0.3"), point("c", "NaN")])),
            vector(json!([point("a", "0.300001"), point("b", "NaN")])),
            json!({"resultType": "scalar", "result": [1.5, "0.3"]}),
        ] {
            assert!(same(&left, &other).is_err(), "{other}");
        }
        let histogram = |count: &str| {
            let value = json!({"count": count, "sum": "1", "buckets": [[0, "1", "2", count]]});
            vector(json!([{"metric": {}, "histogram": [1, value]}]))
        };
        assert_eq!(same(&histogram("2"), &histogram("2.0")).unwrap(), 1);
        assert!(same(&histogram("2"), &histogram("3")).is_err());
    }
}
