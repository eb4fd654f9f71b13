//! Steps of Sloth's users that it carries along.

use std::time::Duration;

use plimsoll_runtime::config::Tree;
use plimsoll_types::{format_duration, parse_duration};

use super::recordings::{is_on, period_rule, query, rule};
use super::{Context, Made, metadata};
use crate::export::{Rule, RuleKind};
use crate::import::sloth::{Sli, Texts, merged};

/// Weighs each window's bad events with the traffic of the window, so that bad minutes at night count less.
pub(super) fn corrected(
    context: &Context<'_>,
    config: &Tree,
    made: &mut Made,
) -> Result<(), String> {
    let Sli::Events { errors, total } = &context.slo.sli else {
        return Err("it corrects SLIs with `events` only".into());
    };
    let filter = context.filter();
    let whole = query(total, context.period)?;
    let (mut rules, mut corrections) = (Vec::new(), Vec::new());
    let windows = context.recorded();
    let (period, windows) = match windows.split_last() {
        Some((period, windows)) => (*period, windows.to_vec()),
        None => return Err("there are no windows".into()),
    };
    let is_unoptimized = context.options.is_unoptimized || is_on(config, "disableOptimized");
    let all = windows.iter().chain(is_unoptimized.then_some(&period));
    for &window in all {
        let (bad, part) = (query(errors, window)?, query(total, window)?);
        let name = format!("slo:numerator_correction:ratio{}", format_duration(window));
        let expr = format!("(\n{name}{filter}\n* on()\n{bad}\n)\n/\n({part})\n");
        rules.push(rule(context, window, expr));
        let correction = format!("({part})/({whole})");
        corrections.push(Rule::record(&name, correction, context.labels()));
    }
    if !is_unoptimized {
        rules.push(period_rule(context));
    }
    made.recordings.rules = rules;
    made.metadata.rules.extend(corrections);
    Ok(())
}

/// Adds labels to the series that tells the facts of the SLO.
pub(super) fn info_labels(_: &Context<'_>, config: &Tree, made: &mut Made) -> Result<(), String> {
    known(config, &["labels", "metricName"])?;
    let labels = match field(config, "labels") {
        Some(Tree::Map(entries)) => entries.iter().map(|(name, value)| {
            let value = word(value).ok_or_else(|| format!("the label `{name}` is no text"))?;
            Ok((name.clone(), value.to_owned()))
        }),
        _ => return Err("it needs `labels`".into()),
    };
    let labels: Texts = labels.collect::<Result<_, String>>()?;
    let name = field(config, "metricName").and_then(word);
    let name = name.unwrap_or(metadata::INFO);
    for rule in &mut made.metadata.rules {
        if matches!(&rule.kind, RuleKind::Record(record) if record == name) {
            rule.labels = merged([&rule.labels, &labels]);
        }
    }
    Ok(())
}

/// Sets how often the groups are evaluated.
pub(super) fn intervals(_: &Context<'_>, config: &Tree, made: &mut Made) -> Result<(), String> {
    known(config, &["interval"])?;
    let section = field(config, "interval").ok_or("it needs `interval`")?;
    known(section, &["default", "sliError", "metadata", "alert"])?;
    let read = |name: &str| match field(section, name) {
        None => Ok(None),
        Some(value) => {
            let text = word(value).ok_or_else(|| format!("`{name}` is no duration"))?;
            let parsed = parse_duration(text).map_err(|error| format!("`{name}`: {error}"))?;
            Ok::<Option<Duration>, String>(Some(parsed))
        }
    };
    let default = read("default")?;
    made.recordings.interval = read("sliError")?.or(default);
    made.metadata.interval = read("metadata")?.or(default);
    made.alerts.interval = read("alert")?.or(default);
    Ok(())
}

fn field<'a>(tree: &'a Tree, name: &str) -> Option<&'a Tree> {
    let Tree::Map(entries) = tree else {
        return None;
    };
    let found = entries.iter().find(|(found, _)| found == name);
    found.map(|(_, value)| value)
}

/// Refuses words that this version of a plugin does not have: they would be accepted and ignored.
fn known(tree: &Tree, names: &[&str]) -> Result<(), String> {
    let Tree::Map(entries) = tree else {
        return Ok(());
    };
    match entries.iter().find(|(name, _)| !names.contains(&&**name)) {
        Some((name, _)) => Err(format!(
            "unknown field `{name}`, expected {}",
            names.join(", ")
        )),
        None => Ok(()),
    }
}

fn word(tree: &Tree) -> Option<&str> {
    match tree {
        Tree::Plain(text) | Tree::Text(text) => Some(text),
        _ => None,
    }
}
