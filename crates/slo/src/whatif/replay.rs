//! Lives through a past.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::{Labels, Timestamp};

use super::joined::Joined;
use super::{Judged, Outcome, Past, Plan, Told};
use crate::burn::{Burn, Subject};
use crate::projection::Profile;
use crate::state::{Observation, Standing};
use crate::{
    AlertPolicy, Budget, BudgetState, Counts, Fraction, History, Method, Severity, Span, Timeline,
    Window,
};

/// How often the traffic of the hours of a week is learned again.
const LEARN_EVERY: Duration = Duration::from_secs(86_400);
/// A measurement that is younger counts as there.
const FRESH: Duration = Duration::from_secs(300);

/// Lives through the past with a plan.
///
/// Complexity: a copy of the past in slices of the plan's resolution (32 bytes each); a step for each tick, which reads
/// the windows of all rules.
pub fn replay(plan: &Plan<'_>, past: &Past<'_>) -> Outcome {
    let units = units(plan, past);
    let mut life = Life::new(plan, &units);
    let step = past.step.max(Span::SLICE);
    let mut now = past.from + step;
    let mut deploys = past.deploys.iter().copied().peekable();
    while now <= past.to {
        life.tick(now, step);
        while let Some(deploy) = deploys.next_if(|deploy| *deploy <= now) {
            if deploy >= past.from && life.is_frozen(past.freezes_from) {
                life.frozen.push(deploy);
            }
        }
        now = now + step;
    }
    life.end(past)
}

/// Copies what the plan can ask for.
fn units(plan: &Plan<'_>, past: &Past<'_>) -> Joined {
    let reach = plan.window.length_max().max(longest_window(&plan.alerts));
    let since = [Some(plan.events), plan.before.map(|before| before.events)];
    let since = since.into_iter().flatten().filter_map(History::since).min();
    let begin = since.map_or(past.from, |since| since.max(past.from - reach));
    let begin = begin.min(past.from);
    let slice = plan.resolution.max(Span::SLICE);
    match plan.before {
        None => Joined::exact(judged(plan, plan.events, (begin, past.to), slice)),
        Some(before) => {
            let exact_from = before.to.max(begin).min(past.to);
            Joined::new(
                judged(
                    plan,
                    before.events,
                    (begin.min(exact_from), exact_from),
                    before.slice,
                ),
                judged(plan, plan.events, (exact_from, past.to), slice),
            )
        }
    }
}

/// Copies events that are known in slices of `slice`, judged by the plan's method. A slice that is longer than those of the
/// method stands for as many of them.
fn judged(
    plan: &Plan<'_>,
    events: &dyn History,
    (from, to): (Timestamp, Timestamp),
    slice: Duration,
) -> Timeline {
    let own = plan.method.slice_length();
    let length = own.map_or(slice, |own| own.max(slice));
    let times = own.map_or(1, |own| length.as_millis() / own.as_millis().max(1)) as i64;
    // What it asks per second is asked of the slice that is there.
    let mut method = plan.method.clone();
    if let Method::Timeslices { length: own, .. } = &mut method {
        *own = length;
    }
    Timeline::of(events, from, to, length).map(|counts| {
        let judged = method.derive(plan.target, plan.no_data, counts);
        Counts {
            good: judged.good.saturating_mul(times),
            bad: judged.bad.saturating_mul(times),
            ..judged
        }
    })
}

fn longest_window(alerts: &AlertPolicy) -> Duration {
    let windows = alerts.rules.iter().map(|rule| rule.long);
    windows.max().unwrap_or_default()
}

fn shortest_window(alerts: &AlertPolicy) -> Option<Duration> {
    let windows = alerts
        .rules
        .iter()
        .map(|rule| rule.short.unwrap_or(rule.long));
    windows.min()
}

struct Life<'a> {
    plan: &'a Plan<'a>,
    units: &'a Joined,
    alerts: Option<Alerts>,
    profile: Option<Profile>,
    learned: Option<Timestamp>,
    standing: Option<Standing>,
    measured: i64,
    kept: i64,
    states: [Duration; BudgetState::ALL.len()],
    frozen: Vec<Timestamp>,
}

impl<'a> Life<'a> {
    fn new(plan: &'a Plan<'a>, units: &'a Joined) -> Self {
        let slice = plan
            .method
            .slice_length()
            .unwrap_or_default()
            .max(plan.resolution);
        let is_fine = shortest_window(&plan.alerts).is_some_and(|shortest| slice <= shortest);
        Self {
            plan,
            units,
            alerts: is_fine.then(|| Alerts::new(plan)),
            profile: None,
            learned: None,
            standing: None,
            measured: 0,
            kept: 0,
            states: [Duration::ZERO; BudgetState::ALL.len()],
            frozen: Vec::new(),
        }
    }

    fn tick(&mut self, now: Timestamp, step: Duration) {
        self.learn(now);
        let plan = self.plan;
        let profile = self.profile.as_ref();
        let budget = Budget::read(self.units, &plan.window, plan.target, now, profile);
        if let Some(is_met) = budget.is_met() {
            self.measured += 1;
            self.kept += i64::from(is_met);
        }
        let observed = Observation {
            remaining: budget.remaining(),
            is_fresh: self.units.between(now - FRESH, now).covered > 0,
        };
        let standing = self.standing;
        let (standing, _) = plan.budget.step(standing, observed, plan.no_data, now);
        self.standing = Some(standing);
        self.states[standing.state as usize] += step;
        let exact = self.units.fine();
        if let Some(alerts) = self.alerts.as_mut().filter(|_| now > exact.begin()) {
            alerts.tick(plan, exact, now);
        }
    }

    /// Only a calendar's budgets ask for the traffic that is to come.
    fn learn(&mut self, now: Timestamp) {
        let is_due = self
            .learned
            .is_none_or(|learned| learned + LEARN_EVERY <= now);
        if is_due && matches!(self.plan.window, Window::Calendar { .. }) {
            self.profile = Profile::read(self.units, now);
            self.learned = Some(now);
        }
    }

    fn is_frozen(&self, from: BudgetState) -> bool {
        self.standing.is_some_and(|standing| standing.state >= from)
    }

    fn end(self, past: &Past<'_>) -> Outcome {
        let alerts = self.alerts.map(|alerts| alerts.end(past.to));
        let first_told = |outage: &super::Outage| {
            let told = alerts.iter().flatten();
            let overlaps = |told: &&Told| told.from < outage.to && told.to > outage.from;
            let first = told.filter(overlaps).map(|told| told.from).min()?;
            let millis = first.millis_since(outage.from).max(0);
            Some(Duration::from_millis(millis.unsigned_abs()))
        };
        Outcome {
            name: Arc::clone(&self.plan.name),
            periods: periods(self.plan, self.units, past),
            kept: Fraction::new(self.kept.into(), self.measured.into()),
            noticed: past.outages.iter().map(first_told).collect(),
            alerts,
            states: self.states,
            frozen: self.frozen,
        }
    }
}

/// The alert of the plan, and when it fired.
struct Alerts {
    burn: Burn,
    policy: AlertPolicy,
    told: Vec<Told>,
    is_firing: bool,
}

impl Alerts {
    fn new(plan: &Plan<'_>) -> Self {
        let mut policy = plan.alerts.clone();
        // A policy without a name alerts nobody, and this one is asked what it would do.
        policy.name.get_or_insert_with(|| Arc::clone(&plan.name));
        Self {
            burn: Burn::default(),
            policy,
            told: Vec::new(),
            is_firing: false,
        }
    }

    fn tick(&mut self, plan: &Plan<'_>, units: &dyn History, now: Timestamp) {
        let none = Labels::empty();
        let subject = Subject {
            id: &plan.name,
            service: "",
            name: &plan.name,
            objective: "",
            target: plan.target,
            window: &plan.window,
            labels: &none,
            group: &none,
            origin: "",
            no_data: plan.no_data,
            policy: &self.policy,
            url: "",
        };
        self.burn.tick(&subject, units, None, now);
        match (self.burn.severity(), self.is_firing) {
            (Some(severity), false) => self.told.push(Told {
                from: now,
                to: now,
                severity,
            }),
            (severity, true) => self.goes_on(severity, now),
            (None, false) => {}
        }
        self.is_firing = self.burn.severity().is_some();
    }

    fn goes_on(&mut self, severity: Option<Severity>, now: Timestamp) {
        if let Some(last) = self.told.last_mut() {
            last.to = now;
            // Pages come first in the order of severities.
            last.severity = severity.map_or(last.severity, |severity| severity.min(last.severity));
        }
    }

    fn end(mut self, at: Timestamp) -> Vec<Told> {
        if self.is_firing {
            self.goes_on(None, at);
        }
        self.told
    }
}

/// Judges the periods of the past when they ended, the oldest first.
fn periods(plan: &Plan<'_>, units: &Joined, past: &Past<'_>) -> Vec<Judged> {
    let mut found = Vec::new();
    let mut period = match plan.window {
        Window::Rolling(_) => plan.window.at(past.to),
        Window::Calendar { .. } => plan.window.before(past.to),
    };
    while period.from >= past.from && period.from < period.end {
        let budget = Budget {
            period,
            target: plan.target,
            counts: units.between(period.from, period.end),
            forecast_valid: None,
        };
        found.push(Judged {
            period,
            bad: budget.bad(),
            valid: budget.valid(),
            consumed: budget.consumed(),
        });
        period = plan.window.before(period.from);
    }
    found.reverse();
    found
}
