//! Budgets as JSON: whole numbers as they were counted, and what they come to.

use plimsoll_slo::budget::Budget;
use plimsoll_slo::composite::{CompositeBudget, Figure};
use plimsoll_slo::projection::Projection;
use plimsoll_slo::view::{BudgetView, Figures, SloView, WindowView};
use plimsoll_slo::{BudgetState, Counts, Fraction, Period};
use plimsoll_types::format_duration;
use serde_json::{Value, json};

use super::object;
use crate::number::rfc3339;

/// Says whether one of its budgets, groups left aside, is in a state.
pub(super) fn is_in(view: &SloView, state: &str) -> bool {
    let mut whole = view.budgets.iter().filter(|budget| budget.group.is_none());
    whole.any(|budget| state_of(budget).as_str() == state)
}

/// All budgets: the whole ones, and at most so many groups.
pub(super) fn budgets(view: &SloView, groups: usize) -> Value {
    shown(view, groups).map(budget).collect()
}

/// Walks the whole budgets and at most so many groups of each objective.
pub(super) fn shown(view: &SloView, groups: usize) -> impl Iterator<Item = &BudgetView> {
    let mut left = (None, groups);
    view.budgets.iter().filter(move |budget| {
        if left.0 != Some(&budget.objective) {
            left = (Some(&budget.objective), groups);
        }
        let is_shown = budget.group.is_none() || left.1 > 0;
        if budget.group.is_some() {
            left.1 = left.1.saturating_sub(1);
        }
        is_shown
    })
}

/// What a list shows of a budget: the state, and the first window.
pub(super) fn summary(budget: &BudgetView) -> Value {
    let mut summary = heading(budget);
    summary["window"] = budget.windows.first().map_or(Value::Null, window);
    summary
}

fn budget(budget: &BudgetView) -> Value {
    let mut shown = heading(budget);
    shown["windows"] = budget.windows.iter().map(window).collect();
    shown["projection"] = budget.projection.as_ref().map_or(Value::Null, projection);
    shown
}

/// What names a budget, and how it stands.
pub(super) fn heading(budget: &BudgetView) -> Value {
    let firing = budget
        .firing
        .map(|(loudness, since)| json!({"severity": loudness.as_str(), "since": rfc3339(since)}));
    json!({
        "objective": &*budget.objective,
        "group": budget.group.as_ref().map(object),
        "target": budget.target.to_string(),
        "state": state_of(budget).as_str(),
        "stateSince": budget.standing.map(|standing| rfc3339(standing.since)),
        "firing": firing,
    })
}

/// A budget that was not judged yet has no data.
fn state_of(budget: &BudgetView) -> BudgetState {
    budget
        .standing
        .map_or(BudgetState::NoData, |standing| standing.state)
}

fn window(view: &WindowView) -> Value {
    let mut shown = match &view.figures {
        Figures::Counted {
            budget,
            uncorrected,
            events,
        } => {
            let mut shown = counted(budget);
            shown["events"] = counts(*events);
            shown["uncorrected"] = uncorrected.as_ref().map_or(Value::Null, counted);
            shown
        }
        Figures::Composed(budget) => composed(budget),
    };
    shown["window"] = view.window.to_string().into();
    shown
}

fn counted(budget: &Budget) -> Value {
    let mut shown = period(&budget.period);
    shown["good"] = (budget.valid() - budget.bad()).into();
    shown["bad"] = budget.bad().into();
    shown["valid"] = budget.valid().into();
    shown["excluded"] = budget.counts.excluded.into();
    shown["allowed"] = budget.allowed().to_number(9).into();
    shown["compliance"] = ratio(budget.compliance());
    shown["isMet"] = budget.is_met().into();
    shown["consumed"] = ratio(budget.consumed());
    shown["consumedOfForecast"] = ratio(budget.consumed_of_forecast());
    shown["remaining"] = ratio(budget.remaining());
    shown["remainingIsOf"] = budget.volume().as_str().into();
    shown["coverage"] = ratio(Some(budget.coverage()));
    shown
}

fn composed(budget: &CompositeBudget) -> Value {
    let parts = budget.parts.iter().map(|part| {
        json!({
            "slo": &*part.id, "objective": part.objective, "weight": part.weight,
            "badShare": part.figure.map(|figure| figure.share),
        })
    });
    let mut shown = period(&budget.period);
    shown["parts"] = parts.collect();
    shown["badShare"] = budget.figure.map(|Figure { share, .. }| share).into();
    shown["consumed"] = ratio(budget.consumed());
    shown["remaining"] = ratio(budget.remaining());
    shown
}

fn period(period: &Period) -> Value {
    json!({
        "from": rfc3339(period.from), "to": rfc3339(period.now), "end": rfc3339(period.end),
    })
}

/// Counts as they are.
pub(super) fn counts(counts: Counts) -> Value {
    json!({
        "good": counts.good, "bad": counts.bad, "excluded": counts.excluded,
        "coveredSlices": counts.covered,
    })
}

fn ratio(fraction: Option<Fraction>) -> Value {
    fraction.map(Fraction::to_f64).into()
}

/// A forecast; a time that is not there lies beyond how far it looks.
fn projection(projection: &Projection) -> Value {
    json!({
        "exhaustedIn": {
            "p10": projection.p10.map(format_duration),
            "p50": projection.p50.map(format_duration),
            "p90": projection.p90.map(format_duration),
        },
        "likelihood": projection.likelihood,
        "lookedAhead": format_duration(projection.looked_ahead),
    })
}
