//! What is shown: see [`crate::view`].

use std::sync::Arc;

use plimsoll_types::{Labels, Timestamp};

use super::Engine;
use super::composites::{key, subject as composite_subject};
use super::groups::target;
use super::judging::{Of, seed_of, subject};
use super::rows::Judged;
use super::slot::{Slot, Version};
use super::streams::{Budget as Counted, Group};
use crate::composite::CompositeBudget;
use crate::projection::{LookAhead, Profile, Projection};
use crate::view::{
    Address, BudgetView, Figures, HistoryPoint, HistoryQuestion, Promise, SloView, WindowView,
};
use crate::{Budget, Composite, History, Slo, Target, Window};

impl Engine {
    /// Returns how an SLO counted, the current way last; empty when there is none.
    pub fn versions(&self, id: &str) -> Vec<Version> {
        self.slots
            .find(id)
            .map(|slot| slot.versions.clone())
            .unwrap_or_default()
    }

    /// Returns all SLOs and composites in the order of their ids, without groups, conditions and forecasts.
    pub fn views(&self) -> Vec<SloView> {
        let slots = self.slots.in_force();
        let slos =
            slots.filter_map(|(_, slot)| Some(self.slo_view(slot, slot.slo.as_ref()?, false)));
        let composites = self.catalog.composites.iter();
        let composites = composites.map(|composite| self.composite_view(composite, false));
        let mut views: Vec<SloView> = slos.chain(composites).collect();
        views.sort_by(|a, b| a.promise.id().cmp(b.promise.id()));
        views
    }

    /// Returns an SLO or a composite with everything.
    pub fn view(&self, id: &str) -> Option<SloView> {
        if let Some((slot, slo)) = self
            .slots
            .find(id)
            .and_then(|slot| Some((slot, slot.slo.as_ref()?)))
        {
            return Some(self.slo_view(slot, slo, true));
        }
        let composite = self
            .catalog
            .composites
            .iter()
            .find(|composite| *composite.id == *id)?;
        Some(self.composite_view(composite, true))
    }

    /// Returns slices of a budget, ascending; `None` when there is no such budget. The number of slices is the caller's to
    /// limit.
    pub fn history(
        &self,
        address: &Address,
        question: &HistoryQuestion,
    ) -> Option<Vec<HistoryPoint>> {
        self.read_budget(address, |history, window, target| {
            let mut points = Vec::new();
            let end = question.to.min(Timestamp::from_millis(self.now));
            history.walk(question.from, end, question.step, &mut |at, counts| {
                let until = (at + question.step).min(self.judged_at());
                let remaining = Budget::read(history, window, target, until, None).remaining();
                points.push(HistoryPoint {
                    at,
                    counts,
                    remaining: remaining.map(|remaining| remaining.to_f64()),
                });
            });
            points
        })
    }

    /// Copies the events of a budget of an SLO, whatever its method, with corrections, in slices of `slice`, a multiple of
    /// the base slice; coarser in fact where the ledger is. `None` when there is no such budget.
    pub fn events(
        &self,
        address: &Address,
        from: Timestamp,
        to: Timestamp,
        slice: std::time::Duration,
    ) -> Option<crate::Timeline> {
        let slot = self.slots.find(&address.id)?;
        let (stream, _) = find(slot, slot.slo.as_ref()?, address)?;
        let budget = self.streams.get(stream)?;
        let to = to.min(self.now());
        Some(self.read_events(budget, |history| {
            crate::Timeline::of(history, from, to, slice)
        }))
    }

    /// Calls `use_it` with the history of a budget, with corrections, its first window and its target; `None` when there is
    /// no such budget.
    pub fn read_budget<R>(
        &self,
        address: &Address,
        use_it: impl FnOnce(&dyn History, &Window, Target) -> R,
    ) -> Option<R> {
        if let Some(slot) = self.slots.find(&address.id) {
            let slo = slot.slo.as_ref()?;
            let (stream, target) = find(slot, slo, address)?;
            return self.read(stream, |history| use_it(history, &slo.windows[0], target));
        }
        let composite = self
            .catalog
            .composites
            .iter()
            .find(|found| *found.id == *address.id)?;
        let is_whole =
            address.group.is_none() && address.objective.as_deref().unwrap_or("").is_empty();
        is_whole.then(|| {
            self.with_composed(composite, |composed| {
                use_it(composed, &composite.windows[0], composite.target)
            })
        })
    }

    fn slo_view(&self, slot: &Slot, slo: &Arc<Slo>, is_full: bool) -> SloView {
        let mut budgets = Vec::new();
        for objective in &slo.objectives {
            let of_objective = slot
                .budgets
                .iter()
                .filter(|((name, _), _)| *name == objective.name);
            let shown = of_objective.filter(|((_, group), _)| is_full || group.is_none());
            let streams =
                shown.filter_map(|(_, stream)| Some((*stream, self.streams.get(*stream)?)));
            budgets.extend(streams.filter_map(|(stream, budget)| {
                self.read(stream, |history| {
                    self.budget_view(slo, budget, history, is_full)
                })?
            }));
        }
        let groups = slot.budgets.keys().filter_map(|(_, group)| group.as_ref());
        let mut groups: Vec<&Labels> = groups.collect();
        groups.sort_unstable();
        groups.dedup();
        let is_other = |group: &&Labels| group.iter().any(|(_, value)| value == super::OTHER);
        let ledgers = slot
            .budgets
            .values()
            .filter_map(|stream| self.streams.get(*stream));
        SloView {
            promise: Promise::Slo(slo.clone()),
            versions: slot.versions.clone(),
            since: ledgers
                .filter_map(|budget| History::since(&budget.ledger))
                .min(),
            groups: groups.len(),
            is_folded: groups.iter().any(is_other),
            missing_buckets: match is_full {
                true => self.missing_buckets(slot, slo),
                false => Vec::new(),
            },
            budgets,
        }
    }

    fn budget_view(
        &self,
        slo: &Slo,
        budget: &Counted,
        history: &dyn History,
        is_full: bool,
    ) -> Option<BudgetView> {
        let group = budget.group.as_ref();
        let of = Of {
            slo,
            objective: &budget.objective,
            group,
            target: target(slo, &budget.objective, group)?,
        };
        let now = self.judged_at();
        let windows = slo
            .windows
            .iter()
            .map(|window| self.window_view(of, budget, history, window));
        let nothing = Labels::empty();
        let conditions = match is_full {
            true => subject(of, &nothing).conditions(&budget.judged.burn, history, now),
            false => Vec::new(),
        };
        let rules = slo.alerts.rules.iter().cloned();
        Some(BudgetView {
            objective: budget.objective.clone(),
            group: budget.group.clone(),
            target: of.target,
            standing: budget.judged.standing,
            firing: firing(&budget.judged),
            windows: windows.collect(),
            conditions: rules.zip(conditions).collect(),
            projection: is_full.then(|| projection(of, history, now)).flatten(),
        })
    }

    fn window_view(
        &self,
        of: Of<'_>,
        budget: &Counted,
        history: &dyn History,
        window: &Window,
    ) -> WindowView {
        let now = self.judged_at();
        let profile = budget.judged.profile.as_deref();
        let figures = Budget::read(history, window, of.target, now, profile);
        let plain = self.read_plain(budget, |plain| {
            Budget::read(plain, window, of.target, now, profile)
        });
        let period = figures.period;
        WindowView {
            window: window.clone(),
            figures: Figures::Counted {
                budget: figures,
                uncorrected: (plain.counts != figures.counts).then_some(plain),
                events: self.read_events(budget, |events| events.between(period.from, period.now)),
            },
        }
    }

    fn composite_view(&self, composite: &Arc<Composite>, is_full: bool) -> SloView {
        let now = self.judged_at();
        let nothing = Labels::empty();
        let idle = Judged::default();
        let judged = self.composites.get(&key(composite).slo).unwrap_or(&idle);
        let (windows, conditions, since) = self.with_composed(composite, |composed| {
            let windows = composite.windows.iter().map(|window| WindowView {
                window: window.clone(),
                figures: Figures::Composed(CompositeBudget::read(
                    composed,
                    window,
                    composite.target,
                    now,
                )),
            });
            let conditions = match is_full {
                true => {
                    composite_subject(composite, &nothing).conditions(&judged.burn, composed, now)
                }
                false => Vec::new(),
            };
            (windows.collect(), conditions, composed.since())
        });
        let rules = composite.alerts.rules.iter().cloned();
        SloView {
            promise: Promise::Composite(composite.clone()),
            versions: Vec::new(),
            since,
            groups: 0,
            is_folded: false,
            missing_buckets: Vec::new(),
            budgets: vec![BudgetView {
                objective: Arc::from(""),
                group: None,
                target: composite.target,
                standing: judged.standing,
                firing: firing(judged),
                windows,
                conditions: rules.zip(conditions).collect(),
                projection: None,
            }],
        }
    }
}

fn firing(judged: &Judged) -> Option<(crate::Severity, Timestamp)> {
    judged.burn.severity().zip(judged.burn.since())
}

fn projection(of: Of<'_>, history: &dyn History, now: Timestamp) -> Option<Projection> {
    let profile = Profile::read(history, now);
    let look_ahead = LookAhead::seeded(seed_of(&of.key()));
    Projection::read(
        history,
        &of.slo.windows[0],
        of.target,
        now,
        profile.as_ref(),
        look_ahead,
    )
}

fn find(slot: &Slot, slo: &Slo, address: &Address) -> Option<(u32, Target)> {
    let objective = match &address.objective {
        Some(name) => slo
            .objectives
            .iter()
            .find(|objective| *objective.name == *name.as_str())?,
        None => slo.objectives.first()?,
    };
    let group: Group = address.group.clone();
    let target = target(slo, &objective.name, group.as_ref())?;
    let stream = slot.budgets.get(&(objective.name.clone(), group))?;
    Some((*stream, target))
}
