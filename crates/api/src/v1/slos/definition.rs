//! What an SLO or a composite says, as JSON.

use plimsoll_slo::engine::Version;
use plimsoll_slo::sli::{Ask, Source};
use plimsoll_slo::view::{Promise, SloView};
use plimsoll_slo::{AlertPolicy, BurnRule, Component, Composite, Method, Objective, Slo, Window};
use plimsoll_types::{METRIC_NAME, MatchOp, Matcher, format_duration, is_legacy_metric_name};
use serde_json::{Value, json};

use super::object;
use crate::number::rfc3339;

/// What lists show of a promise.
pub(super) fn heading(promise: &Promise) -> Value {
    match promise {
        Promise::Slo(slo) => json!({
            "id": &*slo.id, "service": &*slo.service, "name": &*slo.name, "kind": slo.sli.kind,
            "description": slo.description, "labels": object(&slo.labels), "origin": slo.origin,
        }),
        Promise::Composite(one) => json!({
            "id": &*one.id, "service": &*one.service, "name": &*one.name, "kind": "composite",
            "description": one.description, "labels": object(&one.labels), "origin": one.origin,
        }),
    }
}

/// All that a promise says.
pub(super) fn definition(promise: &Promise) -> Value {
    match promise {
        Promise::Slo(slo) => of_slo(slo),
        Promise::Composite(composite) => of_composite(composite),
    }
}

pub(super) fn version(version: &Version) -> Value {
    json!({
        "number": version.number, "since": rfc3339(version.since), "counts": &*version.definition,
    })
}

/// Says which objectives have no data because no bucket ends at their threshold, and which edges there are.
pub(super) fn missing_buckets(view: &SloView) -> Value {
    let missing = view.missing_buckets.iter().map(|missing| {
        json!({
            "objective": &*missing.objective, "thresholdSeconds": missing.threshold,
            "buckets": selector(&missing.buckets), "edges": missing.edges,
        })
    });
    missing.collect()
}

fn of_slo(slo: &Slo) -> Value {
    let objectives: Vec<Value> = slo.objectives.iter().map(objective).collect();
    let dimensions = slo.dimensions.as_ref().map(|dimensions| {
        let names: Vec<&str> = dimensions.labels.iter().map(|name| &**name).collect();
        json!({"by": names, "limit": dimensions.limit})
    });
    json!({
        "objectives": objectives,
        "windows": windows(&slo.windows),
        "method": method(&slo.method),
        "sli": sli(&slo.sli),
        "dimensions": dimensions,
        "noData": slo.no_data.as_str(),
        "alerts": alerts(&slo.alerts),
    })
}

fn of_composite(composite: &Composite) -> Value {
    let components: Vec<Value> = composite.components.iter().map(component).collect();
    json!({
        "composite": composite.kind.as_str(),
        "objectives": [{"name": "", "objective": composite.target.to_string()}],
        "of": components,
        "windows": windows(&composite.windows),
        "alerts": alerts(&composite.alerts),
    })
}

fn component(component: &Component) -> Value {
    json!({
        "slo": &*component.id, "objective": component.objective, "weight": component.weight,
        "noData": component.no_data.as_str(),
    })
}

fn objective(objective: &Objective) -> Value {
    json!({
        "name": &*objective.name, "objective": objective.target.to_string(),
        "thresholdSeconds": objective.threshold,
    })
}

fn windows(windows: &[Window]) -> Vec<String> {
    windows.iter().map(Window::to_string).collect()
}

fn method(method: &Method) -> Value {
    match method {
        Method::Occurrences => json!({"kind": "occurrences"}),
        Method::Timeslices {
            length,
            target,
            rate_min,
        } => json!({
            "kind": "timeslices", "length": format_duration(*length),
            "objective": target.map(|target| target.to_string()), "ratePerSecondMin": rate_min,
        }),
        Method::RatioTimeslices { length } => {
            json!({"kind": "ratio_timeslices", "length": format_duration(*length)})
        }
    }
}

fn sli(sli: &plimsoll_slo::sli::Sli) -> Value {
    let source = match &sli.source {
        Source::Watches(watches) => {
            let watches = watches.iter().map(|watch| {
                let left_out = watch.exclude.iter().map(|exclusion| {
                    json!({"match": selector(&exclusion.matchers), "reason": &*exclusion.reason})
                });
                json!({
                    "series": selector(&watch.matchers),
                    "good": watch.weight.good, "bad": watch.weight.bad,
                    "exclude": left_out.collect::<Vec<_>>(),
                })
            });
            json!({"watches": watches.collect::<Vec<_>>()})
        }
        Source::Asks { every, ask } => {
            json!({"every": format_duration(*every), "asks": asks(ask)})
        }
    };
    json!({"kind": sli.kind, "source": source, "caveats": sli.caveats})
}

fn asks(ask: &Ask) -> Value {
    match ask {
        Ask::Events { good, bad, valid } | Ask::Rates { good, bad, valid } => {
            json!({"good": good.as_deref(), "bad": bad.as_deref(), "valid": valid.as_deref()})
        }
        Ask::ErrorRatio(query) => json!({"errorRatio": &**query}),
        Ask::Boolean(query) => json!({"boolean": &**query}),
    }
}

/// Writes conditions as a selector, the metric's name before the braces.
pub(super) fn selector(matchers: &[Matcher]) -> String {
    let is_name = |matcher: &&Matcher| {
        matcher.name() == METRIC_NAME
            && matcher.op() == MatchOp::Equal
            && is_legacy_metric_name(matcher.value())
    };
    let (name, others): (Vec<&Matcher>, Vec<&Matcher>) = matchers.iter().partition(is_name);
    let others: Vec<String> = others.iter().map(ToString::to_string).collect();
    match name.first() {
        Some(name) if others.is_empty() => name.value().to_owned(),
        Some(name) => format!("{}{{{}}}", name.value(), others.join(",")),
        None => format!("{{{}}}", others.join(",")),
    }
}

fn alerts(policy: &AlertPolicy) -> Value {
    let rules: Vec<Value> = policy.rules.iter().map(rule).collect();
    json!({
        "name": policy.name.as_deref(),
        "rules": rules,
        "hysteresis": {
            "off": policy.hysteresis.off, "keep": format_duration(policy.hysteresis.keep),
        },
        "evidence": {"badMin": policy.bad_min, "chance": policy.chance_max},
        "exhaustsIn": policy.exhaustion.map(format_duration),
    })
}

/// A burn rule.
pub(super) fn rule(rule: &BurnRule) -> Value {
    json!({
        "severity": rule.severity.as_str(),
        "factor": rule.factor,
        "long": format_duration(rule.long),
        "short": rule.short.map(format_duration),
        "for": format_duration(rule.hold),
        "of": rule.basis.as_str(),
        "sustained": rule.sustained,
    })
}
