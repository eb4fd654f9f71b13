//! A service as JSON.

use plimsoll_slo::BudgetState;
use plimsoll_slo::view::{BudgetView, Figures, SloView};
use serde::Serialize;
use utoipa::ToSchema;

use super::dependencies::DependenciesView;
use super::join::{Alerts, Joined, Service};
use super::red::{self, RedView};
use crate::error::ApiError;
use crate::openapi::words::SloState;
use crate::ui::Desk;

/// All services, by name.
#[derive(Serialize, ToSchema)]
#[schema(as = Services)]
pub(super) struct ServicesView {
    pub(super) services: Vec<ServiceView>,
}

/// A service.
#[derive(Serialize, ToSchema)]
#[schema(as = Service)]
pub(crate) struct ServiceView {
    pub(crate) name: String,
    /// From where it is known: `slo`, `route`, `job`.
    sources: Vec<&'static str>,
    /// Ids.
    pub(crate) slos: Vec<String>,
    routes: Vec<String>,
    jobs: Vec<String>,
    backends: Vec<String>,
    pub(crate) alerts: AlertsView,
    /// The budget that is in the worst state, of several the one with the least left.
    pub(crate) worst: Option<WorstView>,
    /// Rate, errors and duration.
    pub(crate) red: RedView,
    /// PromQL: which share is used of what it has least left of.
    pub(crate) saturation: Option<String>,
}

/// A service with what is around it.
#[derive(Serialize, ToSchema)]
#[schema(as = ServiceDetail)]
pub(crate) struct DetailView {
    #[serde(flatten)]
    pub(crate) service: ServiceView,
    pub(crate) dependencies: DependenciesView,
}

/// Alerts that fire and that nothing keeps back, by severity.
#[derive(Serialize, ToSchema)]
#[schema(as = ServiceAlerts)]
pub(crate) struct AlertsView {
    pub(crate) page: usize,
    pub(crate) ticket: usize,
    pub(crate) other: usize,
}

/// A budget.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ServiceBudget)]
pub(crate) struct WorstView {
    /// The id of its SLO.
    pub(crate) slo: String,
    /// The share of the budget that is left; negative when it is overspent, null when nothing was measured.
    pub(crate) remaining: Option<f64>,
    #[schema(value_type = SloState)]
    pub(crate) state: &'static str,
}

pub(super) fn service(
    desk: &Desk,
    joined: &Joined,
    (name, service): (&String, &Service),
) -> Result<ServiceView, ApiError> {
    let slos = service.slos.iter().map(|index| &joined.slos[*index]);
    let sources = [
        ("slo", service.slos.is_empty()),
        ("route", service.routes.is_empty()),
        ("job", service.jobs.is_empty()),
    ];
    let signals = red::signals(desk, joined, service)?;
    let Alerts {
        page,
        ticket,
        other,
    } = service.alerts;
    Ok(ServiceView {
        name: name.clone(),
        sources: sources
            .into_iter()
            .filter_map(|(source, is_empty)| (!is_empty).then_some(source))
            .collect(),
        slos: slos
            .clone()
            .map(|view| view.promise.id().to_string())
            .collect(),
        routes: service.routes.clone(),
        jobs: service.jobs.clone(),
        backends: service.backends.iter().cloned().collect(),
        alerts: AlertsView {
            page,
            ticket,
            other,
        },
        worst: slos
            .filter_map(worst)
            .max_by(|a, b| urgency(a).total_cmp(&urgency(b))),
        red: signals.red,
        saturation: signals.saturation,
    })
}

/// Returns the worst budget of an SLO; `None` when it was never judged.
fn worst(view: &SloView) -> Option<WorstView> {
    let whole = view.budgets.iter().filter(|budget| budget.group.is_none());
    let budgets = whole.filter_map(|budget| {
        let state = budget.standing?.state;
        Some(WorstView {
            slo: view.promise.id().to_string(),
            remaining: remaining(budget),
            state: state.as_str(),
        })
    });
    budgets.max_by(|a, b| urgency(a).total_cmp(&urgency(b)))
}

fn remaining(budget: &BudgetView) -> Option<f64> {
    let fraction = match &budget.windows.first()?.figures {
        Figures::Counted { budget, .. } => budget.remaining(),
        Figures::Composed(budget) => budget.remaining(),
    };
    fraction.map(|fraction| fraction.to_f64())
}

/// Orders budgets: by their state, then by how little is left, which moves a budget by less than a state.
fn urgency(worst: &WorstView) -> f64 {
    let mut states = BudgetState::ALL.iter();
    let place = states.position(|state| state.as_str() == worst.state);
    let spent = 1.0 - worst.remaining.unwrap_or(1.0);
    place.unwrap_or(0) as f64 * 4.0 + spent.tanh()
}
