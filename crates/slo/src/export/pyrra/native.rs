//! Our own SLOs as Pyrra's objectives, as far as these can say what they are.

use std::time::Duration;

use plimsoll_runtime::config::{Span, Spanned};
use plimsoll_types::{BUCKET_LABEL, METRIC_NAME, Matcher};

use super::windows::{BurnWindows, burn_windows};
use crate::export::{has_rules, lost_in_rules};
use crate::import::pyrra::{Alerting, Indicator, Objective};
use crate::import::sloth::{ObjectMeta, Texts};
use crate::sli::{Comparison, Reading, Source, Watch};
use crate::{BurnRule, Catalog, Method, Severity, Slo, Window};

/// Makes an objective of each that an SLO has, and says for people what Pyrra's rules cannot do.
pub fn of_catalog(catalog: &Catalog) -> (Vec<Objective>, Vec<String>) {
    let (mut objectives, mut losses) = (Vec::new(), Vec::new());
    for slo in &catalog.slos {
        let before = objectives.len();
        for index in 0..slo.objectives.len() {
            match objective(slo, index) {
                Ok(made) => objectives.push(made),
                Err(reason) => losses.push(format!("{}: {reason}", slo.id)),
            }
        }
        if objectives.len() == before {
            continue;
        }
        let lost = lost(slo).into_iter().chain(lost_in_rules(slo));
        losses.extend(lost.map(|what| format!("{}: {what}", slo.id)));
    }
    for composite in &catalog.composites {
        losses.push(format!("{}: rules have no composites", composite.id));
    }
    (objectives, losses)
}

/// Says what Pyrra's rules cannot say of an SLO.
fn lost(slo: &Slo) -> Vec<&'static str> {
    let mut lost = Vec::new();
    if slo.windows.len() > 1 {
        lost.push("rules have one window: the first rolling one");
    }
    let policy = &slo.alerts;
    if policy.name.is_none() {
        return lost;
    }
    let rolling = rolling(slo).unwrap_or_default();
    if slo
        .objectives
        .iter()
        .any(|one| !has_rules(policy, &of_pyrra(rolling), one.target))
    {
        lost.push("its alerts get Pyrra's four windows instead of the rules of its policy");
    }
    let labels = [&policy.labels, &policy.page_labels, &policy.ticket_labels];
    if labels.iter().any(|labels| !labels.is_empty()) || policy.annotations.iter().next().is_some()
    {
        lost.push("Pyrra's alerts have no labels and annotations of their own");
    }
    lost
}

/// Returns the rules that Pyrra's windows are, as an import of them writes them.
fn of_pyrra(window: Duration) -> Vec<BurnRule> {
    let rule = |windows: BurnWindows| {
        let severity = match windows.is_critical {
            true => Severity::Page,
            false => Severity::Ticket,
        };
        BurnRule {
            hold: windows.hold,
            ..BurnRule::new(severity, windows.factor, windows.long, windows.short)
        }
    };
    burn_windows(window).map(rule).into()
}

fn rolling(slo: &Slo) -> Option<Duration> {
    slo.windows.iter().find_map(|window| match window {
        Window::Rolling(length) => Some(*length),
        Window::Calendar { .. } => None,
    })
}

fn objective(slo: &Slo, index: usize) -> Result<Objective, String> {
    if slo.method != Method::Occurrences {
        return Err("Pyrra counts occurrences only".into());
    }
    let one = &slo.objectives[index];
    let name = match one.name.is_empty() {
        true => slo.name.to_string(),
        false => format!("{}-{}", slo.name, one.name),
    };
    let labels: Texts = slo
        .labels
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let by = slo
        .dimensions
        .iter()
        .flat_map(|dimensions| &dimensions.labels);
    Ok(Objective {
        object: ObjectMeta {
            name: name.clone(),
            namespace: slo.service.to_string(),
            ..ObjectMeta::default()
        },
        namespace: slo.service.to_string(),
        name: Spanned::from(name),
        description: slo.description.clone(),
        target: Spanned::from(one.target.to_string()),
        window: Spanned::from(rolling(slo).ok_or("Pyrra has no periods of the calendar")?),
        indicator: indicator(slo, index)?,
        grouping: by.map(ToString::to_string).collect(),
        alerting: Alerting {
            is_disabled: slo.alerts.name.is_none(),
            burn_rates: true,
            absent: true,
            name: slo
                .alerts
                .name
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            labels,
        },
        span: Span::default(),
    })
}

fn indicator(slo: &Slo, index: usize) -> Result<Indicator, String> {
    let Source::Watches(watches) = &slo.sli.source else {
        return Err("Pyrra takes selectors only, no PromQL".into());
    };
    if watches.iter().any(|watch| !watch.exclude.is_empty()) {
        return Err("Pyrra leaves out no events".into());
    }
    let of_this = |watch: &&Watch| watch.objective.is_none_or(|of| of == index);
    let watches: Vec<&Watch> = watches.iter().filter(of_this).collect();
    match watches.as_slice() {
        [gauge] => match gauge.reading {
            Reading::Check {
                comparison: Comparison::Equal,
                bound: 1.0,
            } => Ok(Indicator::BoolGauge(gauge.matchers.clone())),
            _ => Err("Pyrra's gauges are 1 or 0".into()),
        },
        [total, part] => two(total, part),
        _ => Err("Pyrra has two selectors".into()),
    }
}

fn two(total: &Watch, part: &Watch) -> Result<Indicator, String> {
    let total_matchers = total.matchers.clone();
    match (part.reading, (part.weight.good, part.weight.bad)) {
        (Reading::Counter, (-1, 1)) => Ok(Indicator::Ratio {
            errors: part.matchers.clone(),
            total: total_matchers,
        }),
        (Reading::Counter, (1, -1)) if is_bucket(part) => {
            let mut success = part.matchers.clone();
            // One spelling of the edge: the one that client libraries write, in the metric's unit.
            if let Some(edge) = success
                .iter_mut()
                .find(|matcher| matcher.name() == BUCKET_LABEL)
            {
                let spelling = edge.literals().and_then(|all| all.first()).cloned();
                let spelling = spelling.ok_or("its bucket has no edge")?;
                *edge = Matcher::equal(BUCKET_LABEL, &spelling);
            }
            Ok(Indicator::Latency {
                success,
                total: total_matchers,
            })
        }
        (Reading::AtOrBelow(bound), _) => Ok(Indicator::LatencyNative {
            latency: std::time::Duration::try_from_secs_f64(bound)
                .map_err(|_| "its threshold is no length of time")?,
            total: total_matchers,
        }),
        _ => Err("Pyrra counts failures among all, or a bucket among all".into()),
    }
}

fn is_bucket(watch: &Watch) -> bool {
    let mut names = watch
        .matchers
        .iter()
        .filter(|matcher| matcher.name() == METRIC_NAME);
    names.any(|name| name.value().ends_with("_bucket"))
}
