//! Pyrra's objectives as ours.

use plimsoll_runtime::config::{Source, Tree};
use plimsoll_types::format_duration;

use super::{Indicator, Objective};
use crate::burn::unreachable;
use crate::export::native::{WrittenObjective, duration, number, section};
use crate::export::pyrra::burn_windows;
use crate::export::text;
use crate::import::convert::{Alerts, Draft, of_part};
use crate::import::query::printed;
use crate::{BurnRule, Severity, Target};

/// Converts an objective.
pub(in crate::import) fn convert<'a>(source: &'a Source, from: &Objective) -> Draft<'a> {
    let mut draft = Draft::new(source);
    draft.written.name = draft.name(&from.name, from.name.span);
    draft.written.description = from.description.clone();
    draft.written.objectives = vec![WrittenObjective {
        objective: from.target.value.clone(),
        ..WrittenObjective::default()
    }];
    draft.written.windows = vec![duration(from.window.value)];
    draft.written.sli = sli(&from.indicator);
    if matches!(from.indicator, Indicator::BoolGauge(_)) {
        draft.kept("each sample is one event, good when it is 1");
    } else {
        draft.kept("events are counted from the series themselves, exactly");
    }
    if !from.grouping.is_empty() {
        let by = from.grouping.iter().map(|label| text(label)).collect();
        draft.written.dimensions = section([("by", Tree::List(by))]);
        draft.kept(format!("a budget for each {}", from.grouping.join(", ")));
    }
    draft.written.labels = draft.labels(&from.alerting.labels, from.span);
    draft.written.alerts = alerts(from, &mut draft);
    draft
}

fn sli(indicator: &Indicator) -> Tree {
    match indicator {
        Indicator::Ratio { errors, total } => of_part(total, "bad", errors),
        Indicator::Latency { success, total } => of_part(total, "good", success),
        Indicator::LatencyNative { latency, total } => section([(
            "latency",
            section([
                ("histogram", text(&printed(total))),
                ("form", text("native")),
                ("below", text(&format_duration(*latency))),
            ]),
        )]),
        Indicator::BoolGauge(metric) => {
            section([("probe", section([("success", text(&printed(metric)))]))])
        }
    }
}

fn alerts(from: &Objective, draft: &mut Draft<'_>) -> Tree {
    if from.alerting.is_disabled || !from.alerting.burn_rates {
        draft.kept("no alerts");
        return text("none");
    }
    if from.alerting.absent {
        let message = "Pyrra's alert for absent metrics has no counterpart: the state of a budget without data is `no data`";
        draft.warned(from.span, message);
    }
    let target: Option<Target> = from.target.parse().ok();
    let mut windows = Vec::new();
    for window in burn_windows(from.window.value) {
        let severity = match window.is_critical {
            true => Severity::Page,
            false => Severity::Ticket,
        };
        let rule = BurnRule::new(severity, window.factor, window.long, window.short);
        if let Some(why) = target.and_then(|target| unreachable(&rule, target)) {
            draft.warned(
                from.target.span,
                format!("an alert window is left out: {why}"),
            );
            continue;
        }
        windows.push(section([
            ("severity", text(&severity.to_string())),
            ("factor", number(window.factor)),
            ("long", duration(slices(window.long))),
            ("short", duration(slices(window.short))),
            ("for", duration(window.hold)),
        ]));
    }
    draft.kept(format!(
        "the alert {}, with Pyrra's windows for {}",
        from.alerting.name,
        format_duration(from.window.value)
    ));
    if windows.is_empty() {
        return text("none");
    }
    let alerts = Alerts {
        name: from.alerting.name.clone(),
        windows,
        ..Alerts::default()
    };
    alerts.tree()
}

/// Windows are whole slices here.
fn slices(length: std::time::Duration) -> std::time::Duration {
    let slice = crate::Span::SLICE;
    let count = length.as_millis().div_ceil(slice.as_millis()).max(1);
    slice * u32::try_from(count).unwrap_or(u32::MAX)
}
