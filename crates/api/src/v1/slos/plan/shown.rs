//! Plans are lived through, and what comes of them is written.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_slo::sli::Source;
use plimsoll_slo::whatif::{Before, Outage, Outcome, Past, Plan, Year, outages, replay};
use plimsoll_slo::{BudgetState, Fraction, History, Severity, Slo, Timeline};
use plimsoll_types::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::known::Known;
use super::promised::Promise;
use super::{MINUTE, Prepared, nines};
use crate::error::{ApiError, Kind};
use crate::openapi::values::{Length, Time};
use crate::openapi::words::SloState;

/// What would have been under the promise in force and under others.
#[derive(Serialize, ToSchema)]
#[schema(as = SloPlans)]
#[serde(rename_all = "camelCase")]
pub(in crate::v1::slos) struct Plans<'a> {
    id: &'a str,
    from: Time,
    to: Time,
    /// The length of the slices that alerts are judged by.
    resolution: Length,
    known: Told,
    outages: Vec<OutageShown>,
    /// How many were looked at.
    deploys: usize,
    freezes_from: SloState,
    /// The one in force first.
    plans: Vec<Lived>,
    /// `null` without offers.
    nines: Option<nines::Table>,
    /// What is not as it was asked for.
    notes: &'a [String],
}

/// Which time is known from what.
#[derive(Serialize, ToSchema)]
#[schema(as = SloKnown)]
struct Told {
    samples: Option<Part>,
    ledger: Option<Part>,
}

/// A time, and how finely it is known.
#[derive(Serialize, ToSchema)]
#[schema(as = SloKnownPart)]
struct Part {
    from: Time,
    to: Time,
    slice: Length,
}

/// A time in which the promise in force burned.
#[derive(Serialize, ToSchema)]
#[schema(as = SloOutage)]
struct OutageShown {
    from: Time,
    to: Time,
    /// Events.
    bad: i64,
}

/// What would have come of a promise.
#[derive(Serialize, ToSchema)]
#[schema(as = SloPlan)]
#[serde(rename_all = "camelCase")]
struct Lived {
    /// `in force`, or the change as it was asked for.
    name: String,
    /// In percent.
    target: String,
    window: String,
    /// How it counts.
    method: &'static str,
    /// What is counted, in the plural.
    unit: &'static str,
    /// Selectors of what is left out.
    leaves_out: Vec<String>,
    /// The share of periods in which it was kept.
    kept: Option<f64>,
    periods: Vec<PeriodShown>,
    /// `null` where the past is known too coarsely for the rules, or there is no rule.
    pages: Option<usize>,
    tickets: Option<usize>,
    outages_noticed: Option<usize>,
    /// After which time each outage was noticed; `null` for one that was not.
    noticed_after: Vec<Option<Length>>,
    /// How long it was in each state.
    states: BTreeMap<&'static str, Length>,
    /// Deploys that would have been frozen.
    frozen: Vec<Time>,
}

/// A period of a budget, judged at its end.
#[derive(Serialize, ToSchema)]
#[schema(as = SloPeriod)]
struct PeriodShown {
    from: Time,
    to: Time,
    bad: i64,
    valid: i64,
    consumed: Option<f64>,
}

pub(super) fn answer<'a>(prepared: &'a Prepared, known: &'a Known) -> Result<Plans<'a>, ApiError> {
    let asked = &prepared.asked;
    let in_force = prepared.promised.in_force();
    let Some(events) = events(known, 0) else {
        let reason = "nothing was measured in that time";
        return Err(ApiError::new(Kind::BadData, reason));
    };
    let step = known.resolution().max(MINUTE);
    let exact_from = known.samples.as_ref().map(|samples| samples.from);
    let looked_at = (exact_from.unwrap_or(known.from).max(known.from), asked.to);
    let target = in_force.objectives[0].target;
    let found = outages(events, looked_at, target, &in_force.windows[0], step);
    let past = Past {
        from: known.from,
        to: asked.to,
        outages: &found,
        deploys: &asked.deploys,
        freezes_from: asked.freezes_from,
        step,
    };
    let lived = prepared.promised.plans.iter().filter_map(|promise| {
        let outcome = replay(&plan(promise, known)?, &past);
        Some(lived(&outcome, &promise.slo))
    });
    let year = asked.year(Year::of(events, looked_at, &found));
    let deploys = asked.deploys.iter();
    let deploys = deploys.filter(|at| (known.from..=asked.to).contains(*at));
    Ok(Plans {
        id: &prepared.address.id,
        from: Time(known.from),
        to: Time(asked.to),
        resolution: Length(known.resolution()),
        known: told(known, asked.to),
        outages: found.iter().map(OutageShown::from).collect(),
        deploys: deploys.count(),
        freezes_from: SloState(asked.freezes_from),
        plans: lived.collect(),
        nines: nines::table(&asked.offers, target, &year),
        notes: &known.notes,
    })
}

/// Returns the events by which alerts are judged, counted in one of the ways.
fn events(known: &Known, sli: usize) -> Option<&Timeline> {
    match (&known.samples, &known.ledger) {
        (Some(samples), _) => samples.lines.get(sli),
        (None, Some(ledger)) => Some(&ledger.events),
        (None, None) => None,
    }
}

fn plan<'a>(promise: &Promise, known: &'a Known) -> Option<Plan<'a>> {
    let slo = &promise.slo;
    let ledger = known.ledger.as_ref().filter(|_| known.samples.is_some());
    Some(Plan {
        name: promise.name.as_str().into(),
        events: events(known, promise.sli)?,
        resolution: known.resolution(),
        before: ledger.map(|ledger| Before {
            events: &ledger.events,
            slice: ledger.slice,
            to: ledger.to,
        }),
        target: slo.objectives[0].target,
        window: slo.windows[0].clone(),
        method: slo.method.clone(),
        no_data: slo.no_data,
        alerts: slo.alerts.clone(),
        budget: slo.budget.clone(),
    })
}

/// Says which time is known from what.
fn told(known: &Known, to: Timestamp) -> Told {
    let part = |from: Timestamp, to: Timestamp, slice: Duration| Part {
        from: Time(from),
        to: Time(to),
        slice: Length(slice),
    };
    let samples = known.samples.as_ref();
    let ledger = known.ledger.as_ref();
    Told {
        samples: samples.map(|samples| part(samples.from, to, known.resolution())),
        ledger: ledger.map(|ledger| {
            let from = ledger.events.since().unwrap_or(ledger.events.begin());
            part(from, ledger.to, ledger.slice)
        }),
    }
}

impl From<&Outage> for OutageShown {
    fn from(outage: &Outage) -> Self {
        Self {
            from: Time(outage.from),
            to: Time(outage.to),
            bad: outage.bad,
        }
    }
}

fn lived(outcome: &Outcome, slo: &Slo) -> Lived {
    let periods = outcome.periods.iter().map(|judged| PeriodShown {
        from: Time(judged.period.from),
        to: Time(judged.period.now),
        bad: judged.bad,
        valid: judged.valid,
        consumed: judged.consumed.map(Fraction::to_f64),
    });
    let states = BudgetState::ALL.iter().zip(outcome.states);
    let noticed = outcome.noticed.iter();
    Lived {
        name: outcome.name.to_string(),
        target: slo.objectives[0].target.to_string(),
        window: slo.windows[0].to_string(),
        method: slo.method.as_str(),
        unit: slo.method.unit().as_str(),
        leaves_out: left_out(slo),
        kept: outcome.kept.map(Fraction::to_f64),
        periods: periods.collect(),
        pages: outcome.count(Severity::Page),
        tickets: outcome.count(Severity::Ticket),
        outages_noticed: outcome.alerts.is_some().then(|| outcome.caught()),
        noticed_after: noticed.map(|after| after.map(Length)).collect(),
        states: states
            .map(|(state, length)| (state.as_str(), Length(length)))
            .collect(),
        frozen: outcome.frozen.iter().copied().map(Time).collect(),
    }
}

fn left_out(slo: &Slo) -> Vec<String> {
    let Source::Watches(watches) = &slo.sli.source else {
        return Vec::new();
    };
    // Every watch of an SLI has the same.
    let exclude = watches.first().map(|watch| watch.exclude.as_slice());
    let text = |one: &plimsoll_slo::sli::Exclusion| {
        let matchers = one.matchers.iter().map(ToString::to_string);
        matchers.collect::<Vec<_>>().join(",")
    };
    exclude.unwrap_or_default().iter().map(text).collect()
}
