//! Whether two servers gave the same answer.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// Sums in another order differ in their last places.
const RELATIVE_ERROR_MAX: f64 = 1e-9;

/// A series with its points, each a time and a value.
type Series = BTreeMap<String, Vec<(f64, f64)>>;

/// Compares the `data` of two answers of `/api/v1/query` or `/api/v1/query_range`: types, labels and times exactly, values
/// up to their last places, whatever the order of the series. Returns how many points there are.
///
/// # Errors
/// The first difference.
pub fn compare(left: &Value, right: &Value) -> Result<usize> {
    let kinds = (&left["resultType"], &right["resultType"]);
    ensure!(
        kinds.0 == kinds.1,
        "types differ: {} and {}",
        kinds.0,
        kinds.1
    );
    let (left, right) = (series(left)?, series(right)?);
    for labels in left.keys().chain(right.keys()) {
        let (Some(left), Some(right)) = (left.get(labels), right.get(labels)) else {
            let side = if left.contains_key(labels) {
                "left"
            } else {
                "right"
            };
            bail!(
                "only on the {side}: {labels} ({} and {} series)",
                left.len(),
                right.len()
            );
        };
        compare_points(left, right).with_context(|| labels.clone())?;
    }
    Ok(left.values().map(Vec::len).sum())
}

fn compare_points(left: &[(f64, f64)], right: &[(f64, f64)]) -> Result<()> {
    ensure!(
        left.len() == right.len(),
        "{} and {} points: {left:?} and {right:?}",
        left.len(),
        right.len()
    );
    for (left, right) in left.iter().zip(right) {
        ensure!(left.0 == right.0, "times differ: {left:?} and {right:?}");
        ensure!(
            is_same(left.1, right.1),
            "values differ: {left:?} and {right:?}"
        );
    }
    Ok(())
}

fn is_same(left: f64, right: f64) -> bool {
    let scale = left.abs().max(right.abs());
    left == right
        || (left.is_nan() && right.is_nan())
        || (left - right).abs() <= RELATIVE_ERROR_MAX * scale
}

fn series(data: &Value) -> Result<Series> {
    let result = &data["result"];
    if matches!(data["resultType"].as_str(), Some("scalar" | "string")) {
        return Ok([(String::new(), vec![point(result)?])].into());
    }
    let mut found = Series::new();
    for entry in result.as_array().context("no result")? {
        let points = match entry["values"].as_array() {
            Some(values) => values.iter().map(point).collect::<Result<_>>()?,
            None => vec![point(&entry["value"])?],
        };
        // serde_json keeps the keys of an object sorted.
        let labels = entry["metric"].to_string();
        ensure!(
            found.insert(labels.clone(), points).is_none(),
            "{labels} is there twice"
        );
    }
    Ok(found)
}

fn point(point: &Value) -> Result<(f64, f64)> {
    let time = point[0]
        .as_f64()
        .with_context(|| format!("no time in {point}"))?;
    let value = point[1]
        .as_str()
        .with_context(|| format!("no value in {point}"))?;
    Ok((time, value.parse()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn vector(entries: &[(&str, &str)]) -> Value {
        let entries: Vec<Value> = entries
            .iter()
            .map(|(job, value)| json!({"metric": {"job": job}, "value": [1.5, value]}))
            .collect();
        json!({"resultType": "vector", "result": entries})
    }

    #[test]
    fn order_and_last_places_do_not_matter_but_all_else_does() {
        let left = vector(&[("a", "0.3"), ("b", "NaN")]);
        let same = vector(&[("b", "NaN"), ("a", "0.30000000000000004")]);
        assert_eq!(compare(&left, &same).unwrap(), 2);
        for other in [
            vector(&[("a", "0.3")]),
            vector(&[("a", "0.3"), ("b", "1")]),
            vector(&[("a", "0.3"), ("c", "NaN")]),
            vector(&[("a", "0.300001"), ("b", "NaN")]),
            json!({"resultType": "scalar", "result": [1.5, "0.3"]}),
        ] {
            assert!(compare(&left, &other).is_err(), "{other}");
        }
    }
}
