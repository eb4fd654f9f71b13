//! A tick: every budget is read, its state and its alert take their next step.

use std::sync::Arc;

use plimsoll_types::{Alert, Decision, Labels, Sample, Timestamp};

use super::Engine;
use super::groups::target;
use super::observing::Revision;
use super::rows::{BudgetKey, BudgetRow, Judged, StateChange};
use crate::burn::Subject;
use crate::ledger::SLICE;
use crate::projection::{LookAhead, Profile, Projection};
use crate::state::Observation;
use crate::{Budget, History, Slo, Target, Window};

/// How often the traffic of a week is learned and a forecast is made.
const FORECAST_EVERY: i64 = 3_600_000;

/// What follows from a tick.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// To be sent: what changed, and what is due to be sent again.
    pub alerts: Vec<Alert>,
    /// Why.
    pub decisions: Vec<Decision>,
    /// Budgets whose state changed.
    pub transitions: Vec<StateChange>,
    /// What became another one of what must survive a restart; durable before alerts are sent.
    pub rows: Vec<BudgetRow>,
    /// Series for the store, in own names and in those of Sloth and Pyrra: of all SLOs in the first step, of each of them once
    /// every [`Options::export_every`](super::Options::export_every) from then on.
    pub samples: Vec<(Labels, Sample)>,
    /// Samples that revised what was counted, since the last tick.
    pub revisions: Vec<Revision>,
    /// What is gone for so long that its rows can go too, since the last tick.
    pub forgotten: Vec<super::Forgotten>,
}

/// Of whom a budget is, for its judgement.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) slo: &'a Slo,
    pub(super) objective: &'a Arc<str>,
    pub(super) group: Option<&'a Labels>,
    pub(super) target: Target,
}

impl Engine {
    /// Reaches `now` and judges all budgets. A tick that comes late judges the present; while samples are missing nothing is
    /// judged.
    pub fn tick(&mut self, now: Timestamp) -> Step {
        let mut step = Step::default();
        if self.is_catching_up() {
            return step;
        }
        self.reach(now.millis(), i64::MAX);
        self.give_up_asking();
        step.revisions = std::mem::take(&mut self.revisions);
        step.forgotten = std::mem::take(&mut self.forgotten);
        for slot in self.slots.of_catalog.clone() {
            self.judge_slot(slot, &mut step);
        }
        self.judge_composites(&mut step);
        self.export(&mut step);
        step
    }

    /// Judges the groups first: while one of them is told of, the whole says nothing new.
    fn judge_slot(&mut self, slot: u32, step: &mut Step) {
        let found = &self.slots.all[slot as usize];
        let Some(slo) = found.slo.clone() else {
            return;
        };
        let budgets: Vec<_> = found
            .budgets
            .iter()
            .map(|((_, group), stream)| (group.is_none(), *stream))
            .collect();
        let mut firing: Vec<Arc<str>> = Vec::new();
        for (_, stream) in budgets.iter().filter(|(is_whole, _)| !is_whole) {
            firing.extend(self.judge_stream(*stream, &slo, &[], step));
        }
        for (_, stream) in budgets.iter().filter(|(is_whole, _)| *is_whole) {
            self.judge_stream(*stream, &slo, &firing, step);
        }
    }

    /// Judges one budget, unless it is the silent whole of one in `told`; returns its objective when it fires.
    fn judge_stream(
        &mut self,
        stream: u32,
        slo: &Slo,
        told: &[Arc<str>],
        step: &mut Step,
    ) -> Option<Arc<str>> {
        self.refresh_spans(stream);
        let budget = self.streams.get_mut(stream)?;
        let mut judged = std::mem::take(&mut budget.judged);
        let budget = self.streams.get(stream)?;
        let target = target(slo, &budget.objective, budget.group.as_ref());
        if let Some(target) = target {
            let of = Of {
                slo,
                objective: &budget.objective,
                group: budget.group.as_ref(),
                target,
            };
            let is_told = told.contains(&budget.objective);
            self.read(stream, |history| {
                self.judge(of, history, &mut judged, is_told, step)
            });
        }
        let objective = budget.objective.clone();
        let fires = judged.burn.severity().is_some();
        self.streams.get_mut(stream)?.judged = judged;
        fires.then_some(objective)
    }

    fn judge(
        &self,
        of: Of<'_>,
        history: &dyn History,
        judged: &mut Judged,
        is_told: bool,
        step: &mut Step,
    ) {
        let now = self.judged_at();
        self.forecast(of, history, judged, now);
        let window = &of.slo.windows[0];
        let budget = Budget::read(history, window, of.target, now, judged.profile.as_deref());
        let is_changed = self.judge_state(of, history, judged, &budget, step);
        let is_waiting = is_told && judged.burn.is_idle();
        let outcome = match is_waiting {
            true => crate::burn::Outcome::default(),
            false => {
                let nothing = Labels::empty();
                let subject = subject(of, &nothing);
                judged
                    .burn
                    .tick(&subject, history, judged.exhaustion.as_ref(), now)
            }
        };
        step.alerts.extend(outcome.alerts);
        step.decisions.extend(outcome.decisions);
        if is_changed || outcome.is_changed {
            step.rows.push(judged.row(of.key(), &of.slo.alerts));
        }
    }

    fn judge_state(
        &self,
        of: Of<'_>,
        history: &dyn History,
        judged: &mut Judged,
        budget: &Budget,
        step: &mut Step,
    ) -> bool {
        let now = self.judged_at();
        let recent = history.between(now - self.options.lateness, now);
        let observed = Observation {
            remaining: budget.remaining(),
            is_fresh: recent.covered > 0 || recent.valid() > 0,
        };
        let policy = &of.slo.budget;
        let (standing, transition) = policy.step(judged.standing, observed, of.slo.no_data, now);
        judged.standing = Some(standing);
        let Some(transition) = transition else {
            return false;
        };
        let origin = Arc::from(of.slo.origin.as_str());
        step.decisions
            .push(transition.decision(of.name(), origin, policy, budget));
        step.transitions.push(StateChange {
            key: of.key(),
            transition,
        });
        true
    }

    /// Learns traffic and forecasts now and then, where a budget needs it; budgets take turns.
    fn forecast(&self, of: Of<'_>, history: &dyn History, judged: &mut Judged, now: Timestamp) {
        let is_calendar = matches!(of.slo.windows[0], Window::Calendar { .. });
        let is_wanted = is_calendar || of.slo.alerts.exhaustion.is_some();
        if !is_wanted || now.millis() < judged.forecast_at {
            return;
        }
        let seed = seed_of(&of.key());
        let turn = (seed % (FORECAST_EVERY / SLICE).unsigned_abs()) as i64 * SLICE;
        let hour = (now.millis() - turn).div_euclid(FORECAST_EVERY);
        judged.forecast_at = (hour + 1) * FORECAST_EVERY + turn;
        judged.profile = Profile::read(history, now).map(Box::new);
        if of.slo.alerts.exhaustion.is_some() {
            let look_ahead = LookAhead::seeded(seed);
            let profile = judged.profile.as_deref();
            let window = &of.slo.windows[0];
            let projection = Projection::read(history, window, of.target, now, profile, look_ahead);
            judged.exhaustion = projection.map(|projection| projection.exhaustion());
        }
    }

    /// Returns the time up to which whole slices have passed.
    pub(super) fn judged_at(&self) -> Timestamp {
        Timestamp::from_millis(self.now).align_down(SLICE)
    }
}

/// A seed for the forecasts of a budget, the same after a restart.
pub(super) fn seed_of(key: &BudgetKey) -> u64 {
    let group = key.group.as_ref().map_or(0, Labels::stable_hash);
    xxhash_rust::xxh3::xxh3_64_with_seed(key.slo.as_bytes(), group ^ key.objective.len() as u64)
}

/// Returns what a burn alert is about.
pub(super) fn subject<'a>(of: Of<'a>, nothing: &'a Labels) -> Subject<'a> {
    Subject {
        id: &of.slo.id,
        service: &of.slo.service,
        name: &of.slo.name,
        objective: of.objective,
        target: of.target,
        window: &of.slo.windows[0],
        labels: &of.slo.labels,
        group: of.group.unwrap_or(nothing),
        origin: &of.slo.origin,
        no_data: of.slo.no_data,
        policy: &of.slo.alerts,
        url: "",
    }
}

impl Of<'_> {
    pub(super) fn key(&self) -> BudgetKey {
        BudgetKey {
            slo: self.slo.id.clone(),
            objective: self.objective.clone(),
            group: self.group.cloned(),
        }
    }

    /// Returns the name of the budget for people.
    pub(super) fn name(&self) -> String {
        self.key().to_string()
    }
}

/// `service/name`, the objective and the group where there is one.
impl std::fmt::Display for BudgetKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.slo)?;
        if !self.objective.is_empty() {
            write!(f, " {}", self.objective)?;
        }
        match &self.group {
            Some(group) => write!(f, " {group}"),
            None => Ok(()),
        }
    }
}
