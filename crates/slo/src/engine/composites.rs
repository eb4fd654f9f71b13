//! Composites: judged from the histories of their components.

use std::sync::Arc;

use plimsoll_types::{Decision, Labels, Timestamp};

use super::Engine;
use super::judging::Step;
use super::rows::{BudgetKey, Judged, StateChange};
use crate::burn::Subject;
use crate::composite::{Composed, CompositeBudget, Source};
use crate::state::{Observation, Transition};
use crate::{Component, Composite, History, NoData};

/// How deep composites are made of composites at most; a file that has them in a circle is refused.
const DEPTH_MAX: usize = 16;

impl Engine {
    pub(super) fn judge_composites(&mut self, step: &mut Step) {
        let catalog = self.catalog.clone();
        for composite in &catalog.composites {
            let mut judged = self.composites.remove(&composite.id).unwrap_or_default();
            self.with_composed(composite, |composed| {
                self.judge_composite(composite, composed, &mut judged, step);
            });
            self.composites.insert(composite.id.clone(), judged);
        }
        let is_there = |id: &Arc<str>| {
            catalog
                .composites
                .iter()
                .any(|composite| composite.id == *id)
        };
        self.composites.retain(|id, _| is_there(id));
    }

    fn judge_composite(
        &self,
        composite: &Composite,
        composed: &Composed<'_>,
        judged: &mut Judged,
        step: &mut Step,
    ) {
        let now = self.judged_at();
        let budget = CompositeBudget::read(composed, &composite.windows[0], composite.target, now);
        let recent = composed.between(now - self.options.lateness, now);
        let observed = Observation {
            remaining: budget.remaining(),
            is_fresh: recent.covered > 0,
        };
        let (standing, transition) =
            composite
                .budget
                .step(judged.standing, observed, NoData::Ignore, now);
        judged.standing = Some(standing);
        if let Some(transition) = &transition {
            step.decisions
                .push(decision(composite, transition, &budget));
            step.transitions.push(StateChange {
                key: key(composite),
                transition: *transition,
            });
        }
        let nothing = Labels::empty();
        let outcome = judged
            .burn
            .tick(&subject(composite, &nothing), composed, None, now);
        step.alerts.extend(outcome.alerts);
        step.decisions.extend(outcome.decisions);
        if transition.is_some() || outcome.is_changed {
            step.rows
                .push(judged.row(key(composite), &composite.alerts));
        }
    }

    /// Calls `use_it` with a composite and the histories of its components.
    pub(super) fn with_composed<R>(
        &self,
        composite: &Composite,
        use_it: impl FnOnce(&Composed<'_>) -> R,
    ) -> R {
        let mut use_it = Some(use_it);
        let mut result = None;
        self.compose(composite, DEPTH_MAX, &mut |composed| {
            result = use_it.take().map(|use_it| use_it(composed));
        });
        result.expect("a composite is composed once")
    }

    fn compose(&self, composite: &Composite, depth: usize, use_it: &mut dyn FnMut(&Composed<'_>)) {
        self.gather(composite, &composite.components, Vec::new(), depth, use_it);
    }

    /// Adds the sources of the components one by one: each is borrowed while those after it are added.
    fn gather<'a>(
        &'a self,
        composite: &'a Composite,
        rest: &'a [Component],
        parts: Vec<(&'a Component, Source<'_>)>,
        depth: usize,
        use_it: &mut dyn FnMut(&Composed<'_>),
    ) {
        let Some((component, rest)) = rest.split_first() else {
            use_it(&Composed::new(composite.kind, parts));
            return;
        };
        let inner = self
            .catalog
            .composites
            .iter()
            .find(|other| other.id == component.id);
        if let (Some(inner), true) = (inner, depth > 0) {
            self.compose(inner, depth - 1, &mut |composed| {
                let mut parts = parts.clone();
                parts.push((component, Source::Composite(composed)));
                self.gather(composite, rest, parts, depth, use_it);
            });
            return;
        }
        let stream = self.component_stream(component);
        let read = stream.and_then(|stream| {
            self.read(stream, |history| {
                let mut parts = parts.clone();
                parts.push((component, Source::History(history)));
                self.gather(composite, rest, parts, depth, use_it);
            })
        });
        if read.is_none() {
            let nothing = crate::Timeline::new(Timestamp::EPOCH, crate::Span::SLICE, []);
            let mut parts = parts;
            parts.push((component, Source::History(&nothing)));
            self.gather(composite, rest, parts, depth, use_it);
        }
    }

    fn component_stream(&self, component: &Component) -> Option<u32> {
        let slot = self.slots.find(&component.id)?;
        let objective = slot.slo.as_ref()?.objectives.get(component.objective)?;
        slot.budgets.get(&(objective.name.clone(), None)).copied()
    }
}

pub(super) fn key(composite: &Composite) -> BudgetKey {
    BudgetKey {
        slo: composite.id.clone(),
        objective: Arc::from(""),
        group: None,
    }
}

/// Returns what the alert of a composite is about.
pub(super) fn subject<'a>(composite: &'a Composite, nothing: &'a Labels) -> Subject<'a> {
    Subject {
        id: &composite.id,
        service: &composite.service,
        name: &composite.name,
        objective: "",
        target: composite.target,
        window: &composite.windows[0],
        labels: &composite.labels,
        group: nothing,
        origin: &composite.origin,
        no_data: NoData::Ignore,
        policy: &composite.alerts,
        url: "",
    }
}

fn decision(composite: &Composite, transition: &Transition, budget: &CompositeBudget) -> Decision {
    let share = |fraction: Option<crate::Fraction>| match fraction {
        Some(fraction) => format!("{} %", fraction.to_percent(2)),
        None => "unknown".to_owned(),
    };
    let before = transition.from.map_or("new", |from| from.state.as_str());
    let state = transition.to.state;
    let parts = budget.parts.iter().map(|part| {
        let bad = part
            .figure
            .map(|figure| format!("{:.4} % bad", figure.share * 100.0));
        (
            part.id.to_string().into(),
            bad.unwrap_or_else(|| "no data".to_owned()),
        )
    });
    let known = [
        ("before".into(), before.to_owned()),
        ("target".into(), format!("{} %", composite.target)),
        ("consumed".into(), share(budget.consumed())),
    ];
    let remaining = share(transition.remaining);
    Decision {
        at: transition.to.since,
        kind: "budget.state".into(),
        subject: composite.id.to_string(),
        rule: Arc::from(composite.origin.as_str()),
        inputs: known.into_iter().chain(parts).collect(),
        outcome: format!("the budget is {state} with {remaining} of it left; it was {before}"),
        counterfactual: "other shares of bad events in its components".to_owned(),
    }
}
