//! Whether a server that was killed still knows what it acknowledged, and only what it was sent.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result, bail, ensure};
use plimsoll_e2e::Api;
use plimsoll_types::{ByteCount, Labels, Value};
use plimsoll_wire::push::Limits;
use plimsoll_wire::vm_json;
use serde_json::Value as Json;

use super::ledger::{FLOATS, Fate, HISTOGRAMS, Ledger, Series};

/// A window that holds everything any client ever sends.
const ALL_OF_TIME: &str = "14d";

/// What the server has, as text that is equal when the values are: by series and time.
type Stored = HashMap<Labels, BTreeMap<i64, String>>;

/// Compares one client's ledger with the server.
///
/// # Errors
/// The first sample that is lost, wrong, there twice, or was never sent.
pub(super) fn verify(api: Api, ledger: &Ledger) -> Result<()> {
    let mut stored = floats(api, ledger)?;
    stored.extend(histograms(api, ledger)?);
    for series in &ledger.series {
        let labels = series.labels();
        let found = stored.remove(&labels).unwrap_or_default();
        check(series, &found).with_context(|| labels.to_string())?;
    }
    if let Some(labels) = stored.keys().next() {
        bail!("a series that was never sent: {labels}");
    }
    Ok(())
}

fn check(series: &Series, found: &BTreeMap<i64, String>) -> Result<()> {
    for (time, fate) in &series.fates {
        match found.get(time) {
            Some(_) if *fate == Fate::Deleted => bail!("deleted and there again, at {time}"),
            Some(value) => {
                let expected = show(&series.sample(*time).value);
                ensure!(
                    *value == expected,
                    "wrong at {time}: sent {expected}, found {value}"
                );
            }
            None => ensure!(*fate != Fate::Acknowledged, "LOST: acknowledged at {time}"),
        }
    }
    match found.keys().find(|time| !series.fates.contains_key(time)) {
        Some(time) => bail!("a sample that was never sent, at {time}"),
        None => Ok(()),
    }
}

fn floats(api: Api, ledger: &Ledger) -> Result<Stored> {
    let reply = api.get("/api/v1/export", &[("match[]", &ledger.selector(FLOATS))])?;
    ensure!(
        reply.status == 200,
        "export: {} {}",
        reply.status,
        reply.text()
    );
    let limits = Limits {
        line: ByteCount::GIB,
        ..Limits::default()
    };
    let mut stored = Stored::new();
    for line in reply.body.split(|byte| *byte == b'\n') {
        let decoded = vm_json::decode(line, &limits)?;
        ensure!(
            decoded.refusals.is_empty(),
            "export: {:?}",
            decoded.refusals.details()
        );
        for series in decoded.series {
            let samples = series.samples.iter();
            let points = samples.map(|sample| (sample.timestamp.millis(), show(&sample.value)));
            add(&mut stored, series.labels, points)?;
        }
    }
    Ok(stored)
}

/// The export has no place for histograms, so they are asked for as a range vector, which holds samples as they are.
fn histograms(api: Api, ledger: &Ledger) -> Result<Stored> {
    let expression = format!("{}[{ALL_OF_TIME}]", ledger.selector(HISTOGRAMS));
    let data = api.query(&expression, None)?;
    let mut stored = Stored::new();
    for series in data["result"].as_array().context("no result")? {
        let pairs = series["metric"].as_object().context("no labels")?;
        let pairs = pairs
            .iter()
            .map(|(name, value)| (name, value.as_str().unwrap_or_default()));
        let points = series["histograms"].as_array().context("no histograms")?;
        let points: Result<Vec<_>> = points.iter().map(histogram_point).collect();
        add(&mut stored, Labels::from_pairs(pairs), points?.into_iter())?;
    }
    Ok(stored)
}

fn add(
    stored: &mut Stored,
    labels: Labels,
    points: impl Iterator<Item = (i64, String)>,
) -> Result<()> {
    let shown = labels.to_string();
    let into = stored.entry(labels).or_default();
    for (time, value) in points {
        ensure!(
            into.insert(time, value).is_none(),
            "twice: {shown} at {time}"
        );
    }
    Ok(())
}

fn histogram_point(point: &Json) -> Result<(i64, String)> {
    let seconds = point[0].as_f64().context("no time")?;
    let number = |value: &Json| -> Result<f64> {
        Ok(value
            .as_str()
            .with_context(|| format!("no number: {value}"))?
            .parse()?)
    };
    let histogram = &point[1];
    let mut buckets = Vec::new();
    for bucket in histogram["buckets"].as_array().into_iter().flatten() {
        buckets.push((
            number(&bucket[1])?,
            number(&bucket[2])?,
            number(&bucket[3])?,
        ));
    }
    let (count, sum) = (number(&histogram["count"])?, number(&histogram["sum"])?);
    Ok((
        (seconds * 1000.0).round() as i64,
        show_histogram(count, sum, &buckets),
    ))
}

fn show(value: &Value) -> String {
    match value {
        Value::Float(value) => format!("{value:e}"),
        Value::Histogram(histogram) => {
            let buckets = histogram
                .buckets()
                .into_iter()
                .filter(|bucket| bucket.count != 0.0);
            let buckets: Vec<_> = buckets
                .map(|one| (one.lower, one.upper, one.count))
                .collect();
            show_histogram(histogram.count(), histogram.sum, &buckets)
        }
    }
}

fn show_histogram(count: f64, sum: f64, buckets: &[(f64, f64, f64)]) -> String {
    format!("count {count} sum {sum} buckets {buckets:?}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crash::ledger::Kind;

    /// The check must notice each kind of damage; a check that cannot fail proves nothing.
    #[test]
    fn notices_loss_wrong_values_and_strangers() {
        for kind in [Kind::Float, Kind::Histogram] {
            let mut ledger = Ledger::new(1);
            ledger.add(kind, 0);
            let series = &mut ledger.series[0];
            series.fates = [(1, Fate::Acknowledged), (2, Fate::Unsure)].into();
            let good = |time| (time, show(&series.sample(time).value));
            assert!(check(series, &[good(1)].into()).is_ok());
            assert!(check(series, &[good(1), good(2)].into()).is_ok());
            assert!(check(series, &[good(2)].into()).is_err(), "lost");
            assert!(check(series, &[(1, good(2).1)].into()).is_err(), "wrong");
            assert!(
                check(series, &[good(1), good(3)].into()).is_err(),
                "never sent"
            );
            let good_3 = (3, show(&series.sample(3).value));
            series.fates.insert(3, Fate::Deleted);
            let good_1 = (1, show(&series.sample(1).value));
            assert!(check(series, &[good_1.clone()].into()).is_ok());
            assert!(check(series, &[good_1, good_3].into()).is_err(), "deleted");
        }
    }
}
