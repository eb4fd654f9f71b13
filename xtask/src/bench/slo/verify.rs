//! Whether the work was done: counts are those of the exporter, and both judged everything.

use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, ensure};
use plimsoll_e2e::{Api, millis_of_rfc_3339};
use serde_json::Value;

use super::definitions::NAME;
use super::full::HOUR;
use super::traffic::{Counter, PAGE_TIME, region, service};

/// How often counts are compared until they are equal: a sample is counted a second after it was stored.
const TRIES: usize = 10;

/// Fails unless the events of the whole window of an objective, and of each of its groups, are those that the exporter
/// counted between the same two scrapes.
pub(super) fn counts(api: &Api, slo: usize, regions: usize) -> anyhow::Result<()> {
    let mut result = Ok(());
    for _ in 0..TRIES {
        result = compare(api, slo, regions);
        if result.is_ok() {
            return Ok(());
        }
        sleep(Duration::from_secs(2));
    }
    result
}

fn compare(api: &Api, slo: usize, regions: usize) -> anyhow::Result<()> {
    let path = format!("/api/v1/slos/{}/{NAME}", service(slo));
    let data = api.data(&path, &[])?;
    let budgets = data["budgets"].as_array().context("no budgets")?;
    ensure!(
        budgets.len() == regions + 1,
        "{path}: {} budgets",
        budgets.len()
    );
    for budget in budgets {
        let window = &budget["windows"][0];
        let text = |name: &str| window[name].as_str().context("no time");
        let (from, to) = (text("from")?, text("to")?);
        // Older than three days slices are hours, and what the scrape at the begin of one brought lies in it.
        let from = millis_of_rfc_3339(from).context("no time")?;
        let hour = from.div_euclid(HOUR) * HOUR;
        let last = api.query(&format!("{PAGE_TIME} offset 1ms"), Some(to))?;
        let last = last["result"][0]["value"][1]
            .as_str()
            .context("no scrape")?;
        let (first, last) = (hour - HOUR, last.parse::<f64>()? as i64);
        for (name, is_bad) in [("good", false), ("bad", true)] {
            let regions: Vec<usize> = match &budget["group"] {
                Value::Null => (0..regions).collect(),
                group => vec![number(group, regions)?],
            };
            let counted = |region| {
                let counter = Counter {
                    service: slo,
                    region,
                    is_bad,
                };
                counter.value(last) - counter.value(first)
            };
            let expected: f64 = regions.into_iter().map(counted).sum();
            let found = window[name].as_f64();
            ensure!(
                found == Some(expected),
                "{path} {}: the exporter counted {expected} {name} events up to {last}, the budget has {found:?}",
                budget["group"]
            );
        }
    }
    Ok(())
}

fn number(group: &Value, regions: usize) -> anyhow::Result<usize> {
    let mut all = 0..regions;
    let found = all.find(|number| group["region"] == region(*number));
    found.with_context(|| format!("no such group: {group}"))
}

/// Returns the sum of a program's own metric over all its series; 0 without any.
pub(super) fn metric(api: &Api, name: &str) -> anyhow::Result<f64> {
    let page = api.get("/metrics", &[])?.text();
    let of_metric = |line: &&str| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with([' ', '{']))
    };
    let lines = page.lines().filter(of_metric);
    let values = lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok());
    Ok(values.sum())
}

/// Fails unless Prometheus evaluates every rule without an error.
pub(super) fn rules(api: &Api, wanted: usize) -> anyhow::Result<()> {
    let data = api.data("/api/v1/rules", &[])?;
    let groups = data["groups"].as_array().into_iter().flatten();
    let rules = groups.flat_map(|group| group["rules"].as_array().into_iter().flatten());
    let rules: Vec<&Value> = rules.collect();
    ensure!(
        rules.len() == wanted,
        "wanted {wanted} rules, found {}",
        rules.len()
    );
    let wrong = rules.iter().find(|rule| rule["health"] != "ok");
    ensure!(wrong.is_none(), "a rule is not well: {wrong:?}");
    Ok(())
}
