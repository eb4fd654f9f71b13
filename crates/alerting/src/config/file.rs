//! One file: parse, check, and put together.

use std::path::PathBuf;

use plimsoll_runtime::config::{Diagnostics, Findings, Source, Spanned, Tree};

use super::names::Conditions;
use super::raw::RawConfig;
use super::routes::Known;
use super::{
    Config, Loaded, Options, extension, inhibit, intervals, receivers, routes, shown, tiers,
};
use crate::interval::Intervals;
use crate::route::RouteTree;

/// Checks a file.
pub(super) fn load(source: &Source, options: &Options) -> Result<Loaded, Diagnostics> {
    let raw: RawConfig = source.parse()?;
    let document: Tree = source.parse()?;
    let mut findings = Findings::new(source);
    let config = check(raw, document, options, &mut findings);
    let mut list = findings.into_list();
    list.sort_by_key(|finding| finding.severity);
    let findings = Diagnostics(list);
    match findings.has_errors() {
        true => Err(findings),
        false => Ok(Loaded {
            config,
            warnings: findings.0,
        }),
    }
}

fn check(
    mut raw: RawConfig,
    document: Tree,
    options: &Options,
    findings: &mut Findings<'_>,
) -> Config {
    let conditions = Conditions {
        mode: options.matchers,
    };
    without_effect(&raw, findings);
    let global = raw.global.check(findings);
    let templates = templates(&raw.templates, findings);
    let (receivers, receiver_names) = receivers::check(raw.receivers, &global, findings);
    let sections = raw
        .mute_time_intervals
        .into_iter()
        .chain(raw.time_intervals);
    let intervals = intervals::check(sections, findings);
    let interval_names = intervals.keys().cloned().collect();
    let known = Known {
        receivers: &receiver_names,
        intervals: &interval_names,
    };
    let inhibit_rules = inhibit::check(raw.inhibit_rules, &conditions, findings);
    let mut root = routes::check_root(raw.route, &conditions, &known, findings);
    let tiers = std::mem::take(&mut raw.plimsoll.tiers);
    let tiers = tiers::routes(tiers, &conditions, &known, findings);
    let tier_count = tiers.len();
    root.children.splice(..0, tiers);
    let resolve_interval = routes::duration(raw.plimsoll.resolve_interval, findings);
    let route = RouteTree::new(root, resolve_interval);
    // Tiers are the first children of the root and have none themselves.
    let tiers: Vec<_> = route
        .iter()
        .map(|(_, route)| route.clone())
        .skip(1)
        .take(tier_count)
        .collect();
    Config {
        global,
        templates,
        original: shown::write(document, &tiers),
        route,
        receivers,
        inhibit_rules,
        intervals: Intervals::new(intervals),
        plimsoll: extension::check(raw.plimsoll, &conditions, &known, findings),
    }
}

fn without_effect(raw: &RawConfig, findings: &mut Findings<'_>) {
    let sections = [
        ("event_recorder", &raw.event_recorder),
        ("tracing", &raw.tracing),
    ];
    for (name, section) in sections {
        if let Some(section) = section {
            findings.not_acted_on(section.key, name);
        }
    }
}

fn templates(patterns: &[Spanned<String>], findings: &Findings<'_>) -> Vec<PathBuf> {
    let patterns = patterns.iter();
    patterns.map(|pattern| findings.resolve(pattern)).collect()
}
