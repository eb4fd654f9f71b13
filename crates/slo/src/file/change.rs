//! What a plan changes about an SLO.

use plimsoll_runtime::config::Spanned;

use super::context::Context;
use super::raw::{RawAlerts, RawBudget, RawMethod, RawWindow, TextOr};
use super::{alerts, budget, method, windows};
use crate::Slo;
use crate::sli::{Exclusion, RawExclusion, Reading, Sli, Source, exclusions};

/// A change, with the fields of an SLO.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawChange {
    objective: Option<Spanned<String>>,
    window: Option<Spanned<TextOr<RawWindow>>>,
    method: Option<Spanned<TextOr<RawMethod>>>,
    alerts: Option<Spanned<TextOr<RawAlerts>>>,
    budget: Option<Spanned<RawBudget>>,
    exclude: Option<Spanned<Vec<Spanned<RawExclusion>>>>,
}

/// Returns the SLO as the change makes it, with the one objective that is planned for; `None` when the change is wrong.
pub(super) fn change(
    raw: Spanned<RawChange>,
    slo: &Slo,
    objective: usize,
    ctx: &mut Context<'_>,
) -> Option<Slo> {
    let raw = raw.value;
    let mut changed = slo.clone();
    changed.objectives = vec![slo.objectives.get(objective)?.clone()];
    if let Some(target) = &raw.objective {
        changed.objectives[0].target = ctx.target(target)?;
    }
    if raw.window.is_some() {
        changed.windows = windows::windows(raw.window, None, ctx);
    }
    if raw.method.is_some() {
        changed.method = method::method(raw.method, ctx).into_method();
    }
    if raw.budget.is_some() {
        changed.budget = budget::budget(raw.budget.as_ref(), ctx);
    }
    if let Some(raw) = &raw.exclude {
        let exclude = exclusions(&raw.value, ctx);
        if !leave_out(&mut changed.sli, &exclude) {
            let message =
                "only events that are counted from counters and histograms can be left out";
            ctx.error(raw.span, message);
        }
    }
    let targets = [changed.objectives[0].target];
    let window = changed.windows.first()?;
    // Rules that nobody wrote follow the objective and the window.
    let is_default = raw.alerts.is_none() && slo.alerts.rules == default_rules(slo);
    if raw.alerts.is_some() || is_default {
        let read = alerts::alerts(raw.alerts.as_ref(), &targets, Some(window), ctx);
        match raw.alerts.is_some() {
            true => changed.alerts = read,
            false => changed.alerts.rules = read.rules,
        }
    }
    Some(changed)
}

/// Leaves out events in the place of those that the SLI leaves out; says whether it can.
fn leave_out(sli: &mut Sli, exclude: &[Exclusion]) -> bool {
    let Source::Watches(watches) = &mut sli.source else {
        return false;
    };
    for watch in watches.iter_mut() {
        watch.exclude = exclude.to_vec();
    }
    let is_counted = |reading| matches!(reading, Reading::Counter | Reading::AtOrBelow(_));
    watches.iter().all(|watch| is_counted(watch.reading))
}

fn default_rules(slo: &Slo) -> Vec<crate::BurnRule> {
    let targets: Vec<_> = slo.objectives.iter().map(|one| one.target).collect();
    alerts::default_rules(&targets, slo.windows.first())
}
