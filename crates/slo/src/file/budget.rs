//! `budget`: which states a budget has.

use std::time::Duration;

use plimsoll_runtime::config::{Span, Spanned};

use super::context::Context;
use super::raw::{RawBudget, RawState, TextOr};
use crate::{BudgetPolicy, StateRule};

pub(super) fn budget(raw: Option<&Spanned<RawBudget>>, ctx: &mut Context<'_>) -> BudgetPolicy {
    let mut policy = BudgetPolicy::default();
    let Some(raw) = raw else {
        return policy;
    };
    if let Some(dwell) = &raw.dwell {
        let states = policy.states.iter_mut();
        states.for_each(|rule| rule.dwell = dwell.value.0);
    }
    if let Some(share) = raw.leave_by.as_ref().and_then(|raw| ctx.share(raw)) {
        policy.leave_by = share * 100.0;
    }
    let states = &raw.states;
    let written = [&states.caution, &states.critical, &states.exhausted];
    for (index, raw) in written.into_iter().enumerate() {
        // Healthy, which has no bounds, is the first.
        if let Some(raw) = raw {
            state(raw, &mut policy.states[index + 1], ctx);
        }
        let above = policy.states[index].below.min(1.0);
        if policy.states[index + 1].below >= above {
            let span = raw.as_ref().map_or(states_span(states), |raw| raw.span);
            let message =
                "each state begins at less of the budget than the one before, and below 100%";
            ctx.error(span, message);
        }
    }
    policy
}

fn state(raw: &Spanned<TextOr<RawState>>, rule: &mut StateRule, ctx: &mut Context<'_>) {
    let (below, dwell): (_, Option<Duration>) = match &raw.value {
        TextOr::Text(text) => (ctx.share_of(text, raw.span), None),
        TextOr::Section(section) => (
            section.below.as_ref().and_then(|raw| ctx.share(raw)),
            section.dwell.as_ref().map(|raw| raw.value.0),
        ),
    };
    rule.below = below.unwrap_or(rule.below);
    rule.dwell = dwell.unwrap_or(rule.dwell);
}

/// Returns the place of a state that is written, for what is wrong with one that is not.
fn states_span(states: &super::raw::RawStates) -> Span {
    let written = [&states.caution, &states.critical, &states.exhausted];
    let mut written = written.into_iter().flatten();
    written.next().map_or(Span::default(), |raw| raw.span)
}
