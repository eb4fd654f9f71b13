//! Whether both did the same work: every rule evaluated, none failed, and the same came out.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use plimsoll_e2e::Api;

use crate::bench::contender::{Contender, OURS, PROMETHEUS};

/// What is counted of what rules wrote.
const COUNTS: [&str; 2] = [
    "count by (alertname, alertstate) (ALERTS)",
    r#"count by (__name__) ({__name__=~"service:.*"})"#,
];

/// Fails when one of them did less than the other; returns a line about what was done.
pub(super) fn both(contenders: &[Contender], rules: u64) -> anyhow::Result<String> {
    for contender in contenders {
        healthy(&contender.api, rules).with_context(|| contender.name.to_owned())?;
    }
    let mut told = Vec::new();
    for query in COUNTS {
        let [ours, theirs] = [OURS, PROMETHEUS].map(|index| counts(&contenders[index].api, query));
        let (ours, theirs) = (ours?, theirs?);
        ensure!(!ours.is_empty(), "{query} found nothing");
        ensure!(ours == theirs, "{query}: ours {ours:?}, theirs {theirs:?}");
        told.push(format!(
            "{} series of {} kinds",
            ours.values().sum::<f64>(),
            ours.len()
        ));
    }
    Ok(format!(
        "both have the same: alerts {}, recorded {}",
        told[0], told[1]
    ))
}

fn counts(api: &Api, query: &str) -> anyhow::Result<BTreeMap<String, f64>> {
    let found = api.vector(query)?;
    Ok(found
        .into_iter()
        .map(|(labels, value)| (labels.to_string(), value))
        .collect())
}

/// Fails when a rule has not been evaluated or failed, or a slot was missed.
fn healthy(api: &Api, rules: u64) -> anyhow::Result<()> {
    let data = api.data("/api/v1/rules", &[])?;
    let groups = data["groups"].as_array().into_iter().flatten();
    let all: Vec<_> = groups
        .flat_map(|group| group["rules"].as_array().into_iter().flatten())
        .collect();
    ensure!(
        all.len() as u64 == rules,
        "wanted {rules} rules, found {}",
        all.len()
    );
    if let Some(wrong) = all.iter().find(|rule| rule["health"] != "ok") {
        anyhow::bail!("a rule is not well: {wrong}");
    }
    let metrics = api.get("/metrics", &[])?.text();
    let missed: f64 = metrics
        .lines()
        .filter(|line| line.starts_with("prometheus_rule_group_iterations_missed_total"))
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
        .sum();
    ensure!(missed == 0.0, "{missed} slots were missed");
    Ok(())
}
