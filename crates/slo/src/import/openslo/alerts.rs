//! OpenSLO's alert policies as windows of a burn alert.

use plimsoll_runtime::config::{Spanned, Tree};

use super::{Library, raw, windows};
use crate::burn::unreachable;
use crate::export::native::{duration, number, section};
use crate::export::text;
use crate::import::convert::{Alerts, Draft};
use crate::{BurnRule, Severity, Target};

/// Returns the section of alerts: `none` where the SLO has no policy, as OpenSLO means it.
pub(super) fn alerts(slo: &raw::Slo, library: &Library, draft: &mut Draft<'_>) -> Tree {
    let mut sections = Vec::new();
    for policy in &slo.alert_policies {
        let found = match (&policy.spec, policy.alert_policy_ref.is_empty()) {
            (Some(inline), _) => Some(inline),
            (None, false) => library.policies.get(&policy.alert_policy_ref.value),
            (None, true) => None,
        };
        match found {
            Some(found) => sections.extend(of_policy(found, library, draft)),
            None => {
                let name = &policy.alert_policy_ref.value;
                let message =
                    format!("there is no alert policy `{name}` in the files: its alerts are lost");
                draft.warned(policy.span, message);
            }
        }
    }
    if sections.is_empty() {
        draft.kept("no alerts");
        return text("none");
    }
    let alerts = Alerts {
        windows: sections,
        ..Alerts::default()
    };
    alerts.tree()
}

fn of_policy(policy: &Spanned<raw::Policy>, library: &Library, draft: &mut Draft<'_>) -> Vec<Tree> {
    if policy.alert_when_no_data {
        let message =
            "an alert for missing data is lost: the state of a budget without data is `no data`";
        draft.warned(policy.span, message);
    }
    if !policy.notification_targets.is_empty() {
        let message =
            "notification targets are left out: the routes of alertmanager.yml decide who is told";
        draft.warned(policy.span, message);
    }
    let mut sections = Vec::new();
    for condition in &policy.conditions {
        let found = match (&condition.spec, condition.condition_ref.is_empty()) {
            (Some(inline), _) => Some(inline),
            (None, false) => library.conditions.get(&condition.condition_ref.value),
            (None, true) => None,
        };
        match found {
            Some(found) => sections.extend(window(found, draft)),
            None => {
                let name = &condition.condition_ref.value;
                let message =
                    format!("there is no alert condition `{name}` in the files: its alert is lost");
                draft.warned(condition.span, message);
            }
        }
    }
    sections
}

fn window(alert: &Spanned<raw::AlertCondition>, draft: &mut Draft<'_>) -> Option<Tree> {
    let condition = &alert.condition;
    if !matches!(&*condition.kind.value, "" | "burnrate") {
        let message = format!("a condition of the kind `{}` is lost", condition.kind.value);
        draft.warned(condition.kind.span, message);
        return None;
    }
    // The specification's own example says "exceeds 2" and writes `lte`.
    if matches!(&*condition.op.value, "lt" | "lte") {
        let message = format!(
            "`op: {}` alerts while the budget burns slowly: `gte` is taken, as is surely meant",
            condition.op.value
        );
        draft.warned(condition.op.span, message);
    }
    let factor = condition.threshold.value;
    let Some(long) = windows::length(&condition.lookback_window) else {
        draft.warned(
            condition.span,
            "a condition without `lookbackWindow` such as 1h is lost",
        );
        return None;
    };
    let severity = match alert.severity.to_lowercase().as_str() {
        "page" | "critical" | "high" => Severity::Page,
        _ => Severity::Ticket,
    };
    let target = draft.written.objectives.first();
    let target: Option<Target> = target.and_then(|target| target.objective.parse().ok());
    let rule = BurnRule::new(severity, factor, long, long);
    if let Some(why) = target.and_then(|target| unreachable(&rule, target)) {
        draft.warned(
            condition.span,
            format!("an alert window is left out: {why}"),
        );
        return None;
    }
    let hold = match windows::length(&condition.alert_after) {
        Some(hold) => duration(hold),
        None => Tree::Null,
    };
    Some(section([
        ("severity", text(&severity.to_string())),
        ("factor", number(factor)),
        ("long", duration(long)),
        ("for", hold),
    ]))
}
