//! Plans are lived through, and what comes of them is written.

use std::time::Duration;

use plimsoll_slo::sli::Source;
use plimsoll_slo::whatif::{Before, Outage, Outcome, Past, Plan, Year, outages, replay};
use plimsoll_slo::{BudgetState, Fraction, History, Severity, Slo, Timeline};
use plimsoll_types::{Timestamp, format_duration};
use serde_json::{Map, Value, json};

use super::known::Known;
use super::promised::Promise;
use super::{MINUTE, Prepared, nines};
use crate::error::{ApiError, Kind};
use crate::number::rfc3339;

pub(super) fn answer(prepared: &Prepared, known: &Known) -> Result<Value, ApiError> {
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
    let lived: Vec<Value> = lived.collect();
    let year = asked.year(Year::of(events, looked_at, &found));
    let deploys = asked.deploys.iter();
    let deploys = deploys.filter(|at| (known.from..=asked.to).contains(*at));
    Ok(json!({
        "id": prepared.address.id,
        "from": rfc3339(known.from),
        "to": rfc3339(asked.to),
        "resolution": format_duration(known.resolution()),
        "known": told(known, asked.to),
        "outages": found.iter().map(outage).collect::<Vec<_>>(),
        "deploys": deploys.count(),
        "freezesFrom": asked.freezes_from.as_str(),
        "plans": lived,
        "nines": nines::table(&asked.offers, target, &year),
        "notes": known.notes,
    }))
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
fn told(known: &Known, to: Timestamp) -> Value {
    let part = |from: Timestamp, to: Timestamp, slice: Duration| json!({"from": rfc3339(from), "to": rfc3339(to), "slice": format_duration(slice)});
    let samples = known.samples.as_ref();
    let ledger = known.ledger.as_ref();
    json!({
        "samples": samples.map(|samples| part(samples.from, to, known.resolution())),
        "ledger": ledger.map(|ledger| {
            part(ledger.events.since().unwrap_or(ledger.events.begin()), ledger.to, ledger.slice)
        }),
    })
}

fn outage(outage: &Outage) -> Value {
    json!({"from": rfc3339(outage.from), "to": rfc3339(outage.to), "bad": outage.bad})
}

fn lived(outcome: &Outcome, slo: &Slo) -> Value {
    let periods = outcome.periods.iter().map(|judged| {
        json!({
            "from": rfc3339(judged.period.from), "to": rfc3339(judged.period.now),
            "bad": judged.bad, "valid": judged.valid,
            "consumed": judged.consumed.map(Fraction::to_f64),
        })
    });
    let states = BudgetState::ALL.iter().zip(outcome.states);
    let states: Map<String, Value> = states
        .map(|(state, length)| (state.as_str().to_owned(), format_duration(length).into()))
        .collect();
    let noticed = outcome.noticed.iter();
    let noticed = noticed.map(|after| after.map(format_duration));
    let frozen: Vec<String> = outcome.frozen.iter().copied().map(rfc3339).collect();
    let is_judged = outcome.alerts.is_some();
    json!({
        "name": &*outcome.name,
        "target": slo.objectives[0].target.to_string(),
        "window": slo.windows[0].to_string(),
        "method": slo.method.as_str(),
        "unit": slo.method.unit().as_str(),
        "leavesOut": left_out(slo),
        "kept": outcome.kept.map(Fraction::to_f64),
        "periods": periods.collect::<Vec<_>>(),
        // `null` where the past is known too coarsely for the windows of the rules, or there is no rule.
        "pages": outcome.count(Severity::Page),
        "tickets": outcome.count(Severity::Ticket),
        "outagesNoticed": is_judged.then(|| outcome.caught()),
        "noticedAfter": noticed.collect::<Vec<_>>(),
        "states": states,
        "frozen": frozen,
    })
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
