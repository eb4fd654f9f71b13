//! `/api/v1/slos/{service}/{name}/plan`: what would have been under another promise.
//!
//! The past is that of the ledger, whose slices are coarser the older they are: what was promised is judged exactly at
//! their edges, and alerts only where no window of theirs is shorter than a slice.

use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::Response;
use plimsoll_runtime::config::Source;
use plimsoll_slo::view::{Address, Promise};
use plimsoll_slo::whatif::{Outage, Outcome, Past, Plan, outages, replay};
use plimsoll_slo::{BudgetState, Severity, Slo, Timeline, file};
use plimsoll_types::{Timestamp, format_duration};
use serde_json::{Value, json};

use super::{Id, group, slos, success, unknown};
use crate::app::App;
use crate::error::{ApiError, Kind};
use crate::number::rfc3339;
use crate::params::{Params, parse_time};

/// What is lived through again when nothing is said.
const LENGTH: Duration = Duration::from_secs(30 * 86_400);
const HOUR: Duration = Duration::from_secs(3600);
/// Plans of one request, the one in force left aside.
const PLANS_MAX: usize = 10;
const DEPLOYS_MAX: usize = 10_000;
/// Ticks of all plans together; each takes some microseconds.
const TICKS_MAX: i64 = 1_000_000;
/// Slices of the ledger by how old the first may be: five hours of minutes, not quite three days of five, then hours.
const RESOLUTIONS: [(Duration, Duration); 2] = [
    (HOUR.saturating_mul(5), Duration::from_secs(60)),
    (HOUR.saturating_mul(70), Duration::from_secs(300)),
];

/// Lives through the time from `start` to `end` with the promise in force and with each `change`, and says what would have
/// come of it; each `deploy` is the time of one, frozen from the state `freezes_from` on.
pub(super) async fn plan(
    State(app): State<Arc<App>>,
    Path((service, name)): Id,
    params: Params,
) -> Result<Response, ApiError> {
    let slos = slos(&app)?;
    let now = app.parts.clock.now();
    let to = params.time("end", now)?;
    let from = params.time("start", to - LENGTH)?;
    if to <= from {
        return Err(ApiError::parameter("end", "it does not lie after start"));
    }
    let address = Address {
        id: format!("{service}/{name}"),
        objective: params.get("objective").map(str::to_owned),
        group: group(&params)?,
    };
    app.ask(None, move |_, _| {
        let (view, _) = slos.show(&address.id).ok_or_else(|| unknown(&address.id))?;
        let Promise::Slo(slo) = &view.promise else {
            let reason = "a composite has no events of its own: plan for its components";
            return Err(ApiError::new(Kind::BadData, reason));
        };
        let plans = plans(slo, &address, &params)?;
        // Before anything was measured nothing can be lived through, and younger slices are finer.
        let since = view.since.unwrap_or(from);
        let from = from.max(since).min(to);
        let asked = Asked {
            from,
            to,
            resolution: resolution(now, from),
            freezes_from: freezes_from(&params)?,
            deploys: deploys(&params)?,
        };
        let ticks = to.millis_since(from) / asked.step().as_millis() as i64;
        if ticks.saturating_mul(plans.len() as i64) > TICKS_MAX {
            let reason = format!("more than {TICKS_MAX} steps: ask for less time or fewer plans");
            return Err(ApiError::parameter("start", reason));
        }
        let reach = plans.iter().map(|(_, slo)| reach(slo)).max();
        let begin = (from - reach.unwrap_or_default()).max(since.min(from));
        let slice = resolution(now, begin).max(asked.resolution);
        let events = slos.events(&address, begin, to, slice)?;
        let asked = Asked {
            resolution: slice,
            ..asked
        };
        Ok(success(&asked.answer(&address, &plans, &events)))
    })
    .await
}

/// What is lived through.
struct Asked {
    from: Timestamp,
    to: Timestamp,
    resolution: Duration,
    freezes_from: BudgetState,
    deploys: Vec<Timestamp>,
}

impl Asked {
    fn step(&self) -> Duration {
        self.resolution.max(Duration::from_secs(60))
    }

    fn answer(&self, address: &Address, plans: &[(String, Slo)], events: &Timeline) -> Value {
        let current = &plans[0].1;
        let objective = &current.objectives[0];
        let range = (self.from, self.to);
        let found = outages(
            events,
            range,
            objective.target,
            &current.windows[0],
            self.resolution,
        );
        let past = Past {
            from: self.from,
            to: self.to,
            outages: &found,
            deploys: &self.deploys,
            freezes_from: self.freezes_from,
            step: self.step(),
        };
        let lived = plans.iter().map(|(name, slo)| {
            let plan = self.plan(name, slo, events);
            outcome(&replay(&plan, &past), slo)
        });
        let lived: Vec<Value> = lived.collect();
        let outages: Vec<Value> = found.iter().map(outage).collect();
        json!({
            "id": address.id,
            "from": rfc3339(self.from),
            "to": rfc3339(self.to),
            "resolution": format_duration(self.resolution),
            "outages": outages,
            "deploys": self.deploys.len(),
            "plans": lived,
        })
    }

    fn plan<'a>(&self, name: &str, slo: &Slo, events: &'a Timeline) -> Plan<'a> {
        Plan {
            name: Arc::from(name),
            events,
            resolution: self.resolution,
            target: slo.objectives[0].target,
            window: slo.windows[0].clone(),
            method: slo.method.clone(),
            no_data: slo.no_data,
            alerts: slo.alerts.clone(),
            budget: slo.budget.clone(),
        }
    }
}

/// Returns the plan in force and those of the request.
fn plans(slo: &Slo, address: &Address, params: &Params) -> Result<Vec<(String, Slo)>, ApiError> {
    let wanted = address.objective.as_deref();
    let mut objectives = slo.objectives.iter();
    let index = match wanted {
        Some(name) => objectives.position(|one| &*one.name == name),
        None => Some(0),
    };
    let index = index.ok_or_else(|| unknown(&address.id))?;
    let changes: Vec<&str> = params.all("change").collect();
    if changes.len() > PLANS_MAX {
        let reason = format!("at most {PLANS_MAX} plans are compared");
        return Err(ApiError::parameter("change", reason));
    }
    let mut plans = Vec::new();
    for change in std::iter::once("{}").chain(changes) {
        let source = Source::new(FilePath::new("change"), change);
        let changed = source.and_then(|source| file::read_change(&source, slo, index));
        let changed = changed.map_err(|findings| {
            let reasons: Vec<&str> = findings.iter().map(|one| one.message.as_str()).collect();
            ApiError::parameter("change", reasons.join("; "))
        })?;
        let name = match plans.is_empty() {
            true => "in force".to_owned(),
            false => change.to_owned(),
        };
        plans.push((name, changed));
    }
    Ok(plans)
}

fn reach(slo: &Slo) -> Duration {
    let rules = slo.alerts.rules.iter().map(|rule| rule.long);
    let window = slo.windows[0].length_max();
    rules.max().map_or(window, |long| window.max(long))
}

/// Returns how fine the ledger is from `from` on.
fn resolution(now: Timestamp, from: Timestamp) -> Duration {
    let mut known = RESOLUTIONS.into_iter();
    let found = known.find(|(age, _)| from >= now - *age);
    found.map_or(HOUR, |(_, resolution)| resolution)
}

fn freezes_from(params: &Params) -> Result<BudgetState, ApiError> {
    let Some(name) = params.get("freezes_from") else {
        return Ok(BudgetState::Critical);
    };
    BudgetState::from_name(name).ok_or_else(|| {
        let reason = format!("wanted caution, critical or exhausted, found {name:?}");
        ApiError::parameter("freezes_from", reason)
    })
}

fn deploys(params: &Params) -> Result<Vec<Timestamp>, ApiError> {
    let read = params.all("deploy").take(DEPLOYS_MAX + 1).map(parse_time);
    let read: Result<Vec<_>, _> = read.collect();
    let mut deploys = read.map_err(|reason| ApiError::parameter("deploy", reason))?;
    if deploys.len() > DEPLOYS_MAX {
        let reason = format!("at most {DEPLOYS_MAX} deploys are looked at");
        return Err(ApiError::parameter("deploy", reason));
    }
    deploys.sort_unstable();
    Ok(deploys)
}

fn outage(outage: &Outage) -> Value {
    json!({"from": rfc3339(outage.from), "to": rfc3339(outage.to), "bad": outage.bad})
}

fn outcome(outcome: &Outcome, slo: &Slo) -> Value {
    let periods = outcome.periods.iter().map(|judged| {
        json!({
            "from": rfc3339(judged.period.from), "to": rfc3339(judged.period.now),
            "bad": judged.bad, "valid": judged.valid,
            "consumed": judged.consumed.map(plimsoll_slo::Fraction::to_f64),
        })
    });
    let states = BudgetState::ALL.iter().zip(outcome.states);
    let states: serde_json::Map<String, Value> = states
        .map(|(state, length)| (state.as_str().to_owned(), format_duration(length).into()))
        .collect();
    let noticed = outcome
        .noticed
        .iter()
        .map(|after| after.map(format_duration));
    let frozen: Vec<String> = outcome.frozen.iter().copied().map(rfc3339).collect();
    json!({
        "name": &*outcome.name,
        "target": slo.objectives[0].target.to_string(),
        "window": slo.windows[0].to_string(),
        "method": slo.method.as_str(),
        "kept": outcome.kept.map(plimsoll_slo::Fraction::to_f64),
        "periods": periods.collect::<Vec<_>>(),
        // `null` where the past is known too coarsely for the windows of the rules.
        "pages": outcome.count(Severity::Page),
        "tickets": outcome.count(Severity::Ticket),
        "outagesNoticed": outcome.alerts.is_some().then(|| outcome.caught()),
        "noticedAfter": noticed.collect::<Vec<_>>(),
        "states": states,
        "frozen": frozen,
    })
}
