//! Budgets as JSON: whole numbers as they were counted, and what they come to.

use plimsoll_slo::budget::Budget;
use plimsoll_slo::composite::{CompositeBudget, Figure, PartBudget};
use plimsoll_slo::projection::Projection;
use plimsoll_slo::view::{BudgetView, Figures, SloView, WindowView};
use plimsoll_slo::{BudgetState, Counts, Fraction};
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::values::{Labels, Length, Time};
use crate::openapi::words::{SloSeverity, SloState, SloVolume};

/// What names a budget, and how it stands.
#[derive(Serialize, ToSchema)]
#[schema(as = SloBudgetHeading)]
#[serde(rename_all = "camelCase")]
pub(super) struct Heading<'a> {
    /// The objective's name; empty where there is one only.
    objective: &'a str,
    /// The group of the dimensions; `null` is the whole.
    group: Option<Labels<'a>>,
    /// What is promised, in percent: `99.9`.
    target: String,
    state: SloState,
    /// `null` before it was judged for the first time.
    state_since: Option<Time>,
    /// Its alert, while one fires.
    firing: Option<Firing>,
}

/// An alert of a budget that fires.
#[derive(Serialize, ToSchema)]
#[schema(as = SloFiring)]
struct Firing {
    severity: SloSeverity,
    since: Time,
}

/// What lists show of a budget.
#[derive(Serialize, ToSchema)]
#[schema(as = SloBudgetSummary)]
pub(super) struct Summary<'a> {
    #[serde(flatten)]
    heading: Heading<'a>,
    /// The first window.
    window: Option<Window<'a>>,
}

/// A budget over all its windows.
#[derive(Serialize, ToSchema)]
#[schema(as = SloBudget)]
pub(super) struct Shown<'a> {
    #[serde(flatten)]
    heading: Heading<'a>,
    /// In the order of the file.
    windows: Vec<Window<'a>>,
    /// When the first window's budget is going to be used up, as far as that is known.
    projection: Option<Exhaustion>,
}

/// The budget of one window: of an SLO, or of a composite, which has `parts`.
#[derive(Serialize, ToSchema)]
#[schema(as = SloWindow)]
#[serde(untagged)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are the large one, and they live for one answer"
)]
enum Window<'a> {
    Counted(CountedWindow),
    Composed(ComposedWindow<'a>),
}

/// The budget of an SLO in one window.
#[derive(Serialize, ToSchema)]
#[schema(as = SloCountedWindow)]
struct CountedWindow {
    /// Which: `30d`, `month`.
    window: String,
    #[serde(flatten)]
    figures: CountedFigures,
    /// The events themselves, whatever the method counts.
    events: EventCounts,
    /// The figures without corrections; `null` when none touch the window.
    uncorrected: Option<CountedFigures>,
}

/// What was counted in units of the method (events or slices), and what it comes to.
#[derive(Serialize, ToSchema)]
#[schema(as = SloFigures)]
#[serde(rename_all = "camelCase")]
struct CountedFigures {
    from: Time,
    to: Time,
    /// The end of a period of the calendar; of a rolling window the same as `to`.
    end: Time,
    good: i64,
    bad: i64,
    valid: i64,
    excluded: i64,
    /// How many bad ones are allowed: a number with 9 decimals.
    allowed: String,
    /// The share of good ones, 0 to 1.
    compliance: Option<f64>,
    /// Whether the promise holds; `null` when nothing was counted.
    is_met: Option<bool>,
    /// The share of the budget that was used up; above 1 when there is none left.
    consumed: Option<f64>,
    /// The same of what the whole period is forecast to allow.
    consumed_of_forecast: Option<f64>,
    /// The share that is left; below 0 when more was used than there was.
    remaining: Option<f64>,
    remaining_is_of: SloVolume,
    /// The share of the window in which something was measured, 0 to 1.
    coverage: Option<f64>,
}

/// Events as they were counted.
#[derive(Serialize, ToSchema)]
#[schema(as = SloCounts)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventCounts {
    good: i64,
    bad: i64,
    excluded: i64,
    /// Slices of 10 s in which something was measured.
    covered_slices: i64,
}

/// The budget of a composite in one window.
#[derive(Serialize, ToSchema)]
#[schema(as = SloComposedWindow)]
#[serde(rename_all = "camelCase")]
struct ComposedWindow<'a> {
    window: String,
    from: Time,
    to: Time,
    end: Time,
    parts: Vec<PartShown<'a>>,
    /// 0 to 1.
    bad_share: Option<f64>,
    consumed: Option<f64>,
    remaining: Option<f64>,
}

/// What an SLO adds to a composite.
#[derive(Serialize, ToSchema)]
#[schema(as = SloCompositePart)]
#[serde(rename_all = "camelCase")]
struct PartShown<'a> {
    slo: &'a str,
    /// The index of its objective.
    objective: usize,
    weight: f64,
    bad_share: Option<f64>,
}

/// When a budget is going to be used up. A time that is not there lies beyond how far was looked.
#[derive(Serialize, ToSchema)]
#[schema(as = SloProjection)]
#[serde(rename_all = "camelCase")]
struct Exhaustion {
    exhausted_in: Quantiles,
    /// That it is used up within the time that was looked ahead, 0 to 1.
    likelihood: f64,
    looked_ahead: Length,
}

/// Lengths of time that a tenth, half and nine tenths of all futures do not exceed.
#[derive(Serialize, ToSchema)]
#[schema(as = SloQuantiles)]
struct Quantiles {
    p10: Option<Length>,
    p50: Option<Length>,
    p90: Option<Length>,
}

/// Says whether one of its budgets, groups left aside, is in a state.
pub(super) fn is_in(view: &SloView, state: &str) -> bool {
    let mut whole = view.budgets.iter().filter(|budget| budget.group.is_none());
    whole.any(|budget| state_of(budget).as_str() == state)
}

/// All budgets: the whole ones, and at most so many groups.
pub(super) fn budgets(view: &SloView, groups: usize) -> Vec<Shown<'_>> {
    shown(view, groups).map(Shown::from).collect()
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

/// A budget that was not judged yet has no data.
fn state_of(budget: &BudgetView) -> BudgetState {
    budget
        .standing
        .map_or(BudgetState::NoData, |standing| standing.state)
}

impl<'a> From<&'a BudgetView> for Heading<'a> {
    fn from(budget: &'a BudgetView) -> Self {
        Self {
            objective: &budget.objective,
            group: budget.group.as_ref().map(Labels),
            target: budget.target.to_string(),
            state: SloState(state_of(budget)),
            state_since: budget.standing.map(|standing| Time(standing.since)),
            firing: budget.firing.map(|(severity, since)| Firing {
                severity: SloSeverity(severity),
                since: Time(since),
            }),
        }
    }
}

impl<'a> From<&'a BudgetView> for Summary<'a> {
    fn from(budget: &'a BudgetView) -> Self {
        Self {
            heading: budget.into(),
            window: budget.windows.first().map(Window::from),
        }
    }
}

impl<'a> From<&'a BudgetView> for Shown<'a> {
    fn from(budget: &'a BudgetView) -> Self {
        Self {
            heading: budget.into(),
            windows: budget.windows.iter().map(Window::from).collect(),
            projection: budget.projection.as_ref().map(Exhaustion::from),
        }
    }
}

impl<'a> From<&'a WindowView> for Window<'a> {
    fn from(view: &'a WindowView) -> Self {
        let window = view.window.to_string();
        match &view.figures {
            Figures::Counted {
                budget,
                uncorrected,
                events,
            } => Self::Counted(CountedWindow {
                window,
                figures: budget.into(),
                events: (*events).into(),
                uncorrected: uncorrected.as_ref().map(CountedFigures::from),
            }),
            Figures::Composed(budget) => Self::Composed(composed(window, budget)),
        }
    }
}

impl From<&Budget> for CountedFigures {
    fn from(budget: &Budget) -> Self {
        Self {
            from: Time(budget.period.from),
            to: Time(budget.period.now),
            end: Time(budget.period.end),
            good: budget.valid() - budget.bad(),
            bad: budget.bad(),
            valid: budget.valid(),
            excluded: budget.counts.excluded,
            allowed: budget.allowed().to_number(9),
            compliance: budget.compliance().map(Fraction::to_f64),
            is_met: budget.is_met(),
            consumed: budget.consumed().map(Fraction::to_f64),
            consumed_of_forecast: budget.consumed_of_forecast().map(Fraction::to_f64),
            remaining: budget.remaining().map(Fraction::to_f64),
            remaining_is_of: SloVolume(budget.volume()),
            coverage: Some(budget.coverage().to_f64()),
        }
    }
}

fn composed(window: String, budget: &CompositeBudget) -> ComposedWindow<'_> {
    ComposedWindow {
        window,
        from: Time(budget.period.from),
        to: Time(budget.period.now),
        end: Time(budget.period.end),
        parts: budget.parts.iter().map(PartShown::from).collect(),
        bad_share: budget.figure.map(|Figure { share, .. }| share),
        consumed: budget.consumed().map(Fraction::to_f64),
        remaining: budget.remaining().map(Fraction::to_f64),
    }
}

impl<'a> From<&'a PartBudget> for PartShown<'a> {
    fn from(part: &'a PartBudget) -> Self {
        Self {
            slo: &part.id,
            objective: part.objective,
            weight: part.weight,
            bad_share: part.figure.map(|figure| figure.share),
        }
    }
}

impl From<Counts> for EventCounts {
    fn from(counts: Counts) -> Self {
        Self {
            good: counts.good,
            bad: counts.bad,
            excluded: counts.excluded,
            covered_slices: counts.covered,
        }
    }
}

impl From<&Projection> for Exhaustion {
    fn from(projection: &Projection) -> Self {
        Self {
            exhausted_in: Quantiles {
                p10: projection.p10.map(Length),
                p50: projection.p50.map(Length),
                p90: projection.p90.map(Length),
            },
            likelihood: projection.likelihood,
            looked_ahead: Length(projection.looked_ahead),
        }
    }
}
