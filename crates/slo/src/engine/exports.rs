//! Series about budgets for the store: in own names, and for the whole of an SLO in the names of Sloth and Pyrra too, so
//! that their dashboards go on.
//!
//! There are many more groups than SLOs: of a group there is only what cannot be had from other series.
//!
//! | of | own names | names of Sloth and Pyrra |
//! |---|---|---|
//! | the whole of an objective | all of [`names`] | yes |
//! | a group | [`EVENTS`](names::EVENTS), [`REMAINING`](names::REMAINING), [`STATE`](names::STATE) | no |
//! | a composite | all but events and coverage | no |

mod peers;

use plimsoll_types::{Labels, LabelsBuilder, METRIC_NAME, Sample, Timestamp, format_duration};

use super::Engine;
use super::composites::key;
use super::groups::target;
use super::judging::Step;
use super::streams::Budget as Counted;
use crate::burn::window_length;
use crate::composite::CompositeBudget;
use crate::ledger::SLICE;
use crate::sli::Source;
use crate::state::Standing;
use crate::{Budget, BudgetState, BurnRule, Counts, History, Slo, Target, Window};

/// The names of the series.
pub mod names {
    /// The promised share of good events, from 0 to 1.
    pub const OBJECTIVE: &str = "plimsoll_slo_objective_ratio";
    /// Events that were counted, by `result`: good, bad or, where the SLI leaves some out, excluded; of methods with slices
    /// too.
    pub const EVENTS: &str = "plimsoll_slo_events_total";
    /// The share of the budget that remains, by `window`; negative when more was used up than there was.
    pub const REMAINING: &str = "plimsoll_slo_budget_remaining_ratio";
    /// How many times as fast as allowed a window burned, by `window`.
    pub const BURN: &str = "plimsoll_slo_burn_rate_ratio";
    /// The state: 0 no data, 1 healthy, 2 caution, 3 critical, 4 exhausted.
    pub const STATE: &str = "plimsoll_slo_budget_state";
    /// The share of the window's time in which something was measured, by `window`.
    pub const COVERAGE: &str = "plimsoll_slo_coverage_ratio";
}

/// Where samples of one budget at one time go.
struct Series<'a> {
    base: LabelsBuilder,
    at: Timestamp,
    samples: &'a mut Vec<(Labels, Sample)>,
}

impl Series<'_> {
    fn push(&mut self, name: &str, extra: &[(&str, &str)], value: f64) {
        if !value.is_finite() {
            return;
        }
        let mut labels = self.base.clone();
        labels.set(METRIC_NAME, name);
        for (name, value) in extra {
            labels.set(name, value);
        }
        let sample = Sample::float(self.at, value);
        self.samples.push((labels.build(), sample));
    }
}

impl Engine {
    /// Adds the series to a step whose turn it is: all of them in the first one, each SLO and composite at its own of the
    /// slices between two times from then on, because ten thousand budgets at once are many samples to hold.
    pub(super) fn export(&mut self, step: &mut Step) {
        let before = self.exported.replace(self.now);
        let slots = self.slots.in_force();
        for (_, slot) in slots.filter(|(index, _)| self.is_turn(*index, before)) {
            let Some(slo) = &slot.slo else {
                continue;
            };
            for stream in slot.budgets.values() {
                if let Some(budget) = self.streams.get(*stream) {
                    self.read(*stream, |history| {
                        self.export_budget(slo, budget, history, &mut step.samples)
                    });
                }
            }
        }
        self.export_composites(before, &mut step.samples);
    }

    /// Says whether what has this number is exported between `before` and now.
    fn is_turn(&self, number: u32, before: Option<i64>) -> bool {
        let every = (self.options.export_every.as_millis() as i64).max(1);
        let turn = i64::from(number) % (every / SLICE).max(1) * SLICE;
        let period = |at: i64| at.saturating_sub(turn).div_euclid(every);
        before.is_none_or(|before| period(before) < period(self.now))
    }

    fn export_budget(
        &self,
        slo: &Slo,
        budget: &Counted,
        history: &dyn History,
        samples: &mut Vec<(Labels, Sample)>,
    ) {
        let Some(target) = target(slo, &budget.objective, budget.group.as_ref()) else {
            return;
        };
        let now = self.judged_at();
        let mut base = base(&slo.labels, &slo.service, &slo.name);
        base.set("objective", &budget.objective);
        for (name, value) in budget.group.iter().flat_map(|group| group.iter()) {
            base.set(name, value);
        }
        let at = Timestamp::from_millis(self.now);
        let is_whole = budget.group.is_none();
        let mut series = Series { base, at, samples };
        let events = budget.ledger.total_before(now.millis());
        export_events(&mut series, events, leaves_out(slo));
        for window in &slo.windows {
            let profile = budget.judged.profile.as_deref();
            let figures = Budget::read(history, window, target, now, profile);
            let name = window_name(window);
            let window = [("window", name.as_str())];
            if let Some(remaining) = figures.remaining() {
                series.push(names::REMAINING, &window, remaining.to_f64());
            }
            if is_whole {
                series.push(names::COVERAGE, &window, figures.coverage().to_f64());
            }
        }
        export_state(&mut series, budget.judged.standing);
        if is_whole {
            series.push(names::OBJECTIVE, &[], 1.0 - target.allowed());
            export_burns(&mut series, &slo.alerts.rules, target, history, now);
            let named = peers::Named::new(slo, &budget.objective, target);
            peers::export(&named, history, at, now, samples);
        }
    }

    fn export_composites(&self, before: Option<i64>, samples: &mut Vec<(Labels, Sample)>) {
        let now = self.judged_at();
        let composites = (0..).zip(&self.catalog.composites);
        for (_, composite) in composites.filter(|(number, _)| self.is_turn(*number, before)) {
            let base = base(&composite.labels, &composite.service, &composite.name);
            let at = Timestamp::from_millis(self.now);
            let mut series = Series { base, at, samples };
            series.push(names::OBJECTIVE, &[], 1.0 - composite.target.allowed());
            self.with_composed(composite, |composed| {
                for window in &composite.windows {
                    let figures = CompositeBudget::read(composed, window, composite.target, now);
                    if let Some(remaining) = figures.remaining() {
                        let name = window_name(window);
                        series.push(names::REMAINING, &[("window", &name)], remaining.to_f64());
                    }
                }
                export_burns(
                    &mut series,
                    &composite.alerts.rules,
                    composite.target,
                    composed,
                    now,
                );
            });
            let judged = self.composites.get(&key(composite).slo);
            export_state(&mut series, judged.and_then(|judged| judged.standing));
        }
    }
}

fn base(labels: &Labels, service: &str, name: &str) -> LabelsBuilder {
    let mut base = labels.to_builder();
    base.set("service", service).set("slo", name);
    base
}

/// Exports events; excluded ones where the SLI leaves some out, or did once.
fn export_events(series: &mut Series<'_>, counts: Counts, leaves_out: bool) {
    for (result, count) in [("good", counts.good), ("bad", counts.bad)] {
        series.push(names::EVENTS, &[("result", result)], count as f64);
    }
    if leaves_out || counts.excluded != 0 {
        let excluded = counts.excluded as f64;
        series.push(names::EVENTS, &[("result", "excluded")], excluded);
    }
}

fn leaves_out(slo: &Slo) -> bool {
    match &slo.sli.source {
        Source::Watches(watches) => watches.iter().any(|watch| !watch.exclude.is_empty()),
        Source::Asks { .. } => false,
    }
}

/// Exports how fast each window of the rules burns.
fn export_burns(
    series: &mut Series<'_>,
    rules: &[BurnRule],
    target: Target,
    history: &dyn History,
    now: Timestamp,
) {
    let mut lengths: Vec<_> = rules
        .iter()
        .flat_map(|rule| [Some(rule.long), rule.short])
        .flatten()
        .collect();
    lengths.sort_unstable();
    lengths.dedup();
    for length in lengths {
        let counts = history.between(now - length, now);
        if let Some(ratio) = error_ratio(counts) {
            let name = format_duration(length);
            series.push(names::BURN, &[("window", &name)], ratio / target.allowed());
        }
    }
}

fn export_state(series: &mut Series<'_>, standing: Option<Standing>) {
    let state = standing.map_or(BudgetState::NoData, |standing| standing.state);
    let number = BudgetState::ALL.iter().position(|known| *known == state);
    series.push(names::STATE, &[], number.unwrap_or(0) as f64);
}

/// Returns the share of bad events; `None` without events.
fn error_ratio(counts: Counts) -> Option<f64> {
    let valid = counts.valid();
    (valid > 0).then(|| counts.bad.clamp(0, valid) as f64 / valid as f64)
}

/// Returns the name of a window in labels: `30d`, or `month` for one of the calendar.
fn window_name(window: &Window) -> String {
    match window {
        Window::Rolling(_) => format_duration(window_length(window)),
        Window::Calendar { unit, .. } => unit.as_str().to_owned(),
    }
}
