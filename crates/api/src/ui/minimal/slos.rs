//! What was promised and how much of each budget is left.

use minijinja::context;
use plimsoll_slo::BudgetState;
use plimsoll_slo::view::{BudgetView, Figures, Promise, SloView, WindowView};
use serde::Serialize;

use super::super::Desk;
use super::{Content, given, percent_encoded};
use crate::error::{ApiError, Kind};

/// Rows of the page.
const ROWS_MAX: usize = 500;

#[derive(Clone, Serialize)]
pub(super) struct Row {
    kind: &'static str,
    state: &'static str,
    id: String,
    link: String,
    objective: String,
    target: String,
    window: String,
    left: String,
    #[serde(skip)]
    order: (usize, f64),
}

impl Row {
    fn new(view: &SloView, budget: &BudgetView, window: &WindowView) -> Self {
        let state = budget
            .standing
            .map_or(BudgetState::NoData, |standing| standing.state);
        let remaining = match &window.figures {
            Figures::Counted { budget, .. } => budget.remaining(),
            Figures::Composed(budget) => budget.remaining(),
        };
        let remaining = remaining.map(|fraction| fraction.to_f64());
        let mut states = BudgetState::ALL.iter();
        let place = states.position(|one| *one == state).unwrap_or(0);
        Self {
            kind: kind(state.as_str()),
            state: word(state.as_str()),
            id: view.promise.id().to_string(),
            link: link(view.promise.id()),
            objective: budget.objective.to_string(),
            target: format!("{} %", budget.target),
            window: window.window.to_string(),
            left: remaining.map_or_else(
                || "no data".to_owned(),
                |share| format!("{:.2} %", share * 100.0),
            ),
            order: (place, remaining.unwrap_or(1.0)),
        }
    }
}

/// Returns how a state of budgets is shown.
pub(super) fn kind(state: &str) -> &'static str {
    match BudgetState::from_name(state) {
        Some(BudgetState::Healthy) => "ok",
        Some(BudgetState::Caution) => "warning",
        Some(BudgetState::Critical | BudgetState::Exhausted) => "critical",
        Some(BudgetState::NoData) | None => "unknown",
    }
}

/// Returns a state in words.
pub(super) fn word(state: &'static str) -> &'static str {
    match state {
        "no_data" => "no data",
        other => other,
    }
}

/// Writes an id as the end of a path.
pub(super) fn link(id: &str) -> String {
    let parts: Vec<String> = id.split('/').map(percent_encoded).collect();
    parts.join("/")
}

pub(super) fn list(desk: &Desk) -> Result<Content, ApiError> {
    let mut rows = rows(desk).unwrap_or_default();
    let more = rows.len().saturating_sub(ROWS_MAX);
    rows.truncate(ROWS_MAX);
    Ok(Content {
        title: "SLOs".to_owned(),
        template: "slos.html",
        values: context! { rows => given(&rows), more => given(&more), about => given(&"") },
    })
}

/// Shows all windows of one.
pub(super) fn one(desk: &Desk, id: &str) -> Result<Content, ApiError> {
    let found = desk.sources.slos.as_ref().and_then(|slos| slos.show(id));
    let (view, _) =
        found.ok_or_else(|| ApiError::new(Kind::NotFound, format!("there is no SLO {id:?}")))?;
    let whole = view.budgets.iter().filter(|budget| budget.group.is_none());
    let windows =
        whole.flat_map(|budget| budget.windows.iter().map(move |window| (budget, window)));
    let rows: Vec<Row> = windows
        .map(|(budget, window)| Row::new(&view, budget, window))
        .collect();
    let about = match &view.promise {
        Promise::Slo(slo) => slo.description.clone(),
        Promise::Composite(composite) => composite.description.clone(),
    };
    Ok(Content {
        title: format!("SLO {id}"),
        template: "slos.html",
        values: context! { rows => given(&rows), about => given(&about), more => given(&0) },
    })
}

/// Returns each budget in its first window, the worst first; `None` where nobody counts. Blocks.
pub(super) fn rows(desk: &Desk) -> Option<Vec<Row>> {
    let (all, _) = desk.sources.slos.as_ref()?.list();
    let whole = |view: &SloView| {
        let budgets = view.budgets.iter().filter(|budget| budget.group.is_none());
        let rows =
            budgets.filter_map(|budget| Some(Row::new(view, budget, budget.windows.first()?)));
        rows.collect::<Vec<_>>()
    };
    let mut rows: Vec<Row> = all.iter().flat_map(whole).collect();
    rows.sort_by(|a, b| {
        let by_state = b.order.0.cmp(&a.order.0);
        by_state
            .then(a.order.1.total_cmp(&b.order.1))
            .then(a.id.cmp(&b.id))
    });
    Some(rows)
}
