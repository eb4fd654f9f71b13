//! Looks at everything that screens follow. A revision is a hash of what the screens of a topic show, without times that
//! move by themselves, so that it is another one when, and only when, there is something else to load.

mod alerts;
mod gateway;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use plimsoll_rules::view::GroupView;
use plimsoll_slo::BudgetState;
use plimsoll_slo::view::{BudgetView, Figures, SloView};
use plimsoll_types::TimeRange;

use super::pulse::{CountsView, Pulse, Topic};
use crate::ui::Desk;

/// JavaScript's numbers are whole up to 2^53.
const UNUSED_BITS: u32 = 11;
/// How far back a job counts as one that sends.
const SIGNALS_SEEN_MILLIS: i64 = 5 * 60 * 1000;
/// Jobs that are told apart.
const JOBS_MAX: usize = 10_000;

/// Looks at everything; at the store only when `looks_for_signals`. Blocks.
pub(super) fn now(desk: &Desk, looks_for_signals: bool) -> Pulse {
    let (mut counts, mut revisions) = (CountsView::default(), BTreeMap::new());
    revisions.insert(Topic::Rules, rules(desk, &mut counts));
    let (alerts, silences) = alerts::look(desk, &mut counts);
    revisions.insert(Topic::Alerts, alerts);
    revisions.insert(Topic::Silences, silences);
    revisions.insert(Topic::Slos, slos(desk, &mut counts));
    revisions.insert(Topic::Targets, targets(desk, &mut counts));
    revisions.insert(Topic::Gateway, gateway::look(desk, &mut counts));
    let changes = changes(desk, silences);
    revisions.insert(Topic::Changes, changes);
    if looks_for_signals {
        revisions.insert(Topic::Signals, signals(desk));
    }
    Pulse {
        at: desk.clock.now(),
        revisions,
        counts,
    }
}

/// Makes a revision of whatever is put into a hash.
fn revision(put: impl FnOnce(&mut DefaultHasher)) -> u64 {
    let mut hasher = DefaultHasher::new();
    put(&mut hasher);
    hasher.finish() >> UNUSED_BITS
}

/// Groups, their health and the states of their alerts; not when they were evaluated, which is always a moment ago.
fn rules(desk: &Desk, counts: &mut CountsView) -> u64 {
    let groups = desk.sources.rules.as_ref().map(|rules| rules.groups());
    let groups = groups.unwrap_or_default();
    let is_routed_here = desk.sources.alerting.is_some();
    revision(|hasher| {
        for group in &groups {
            hash_group(group, hasher);
            let all = group.rules.iter().filter_map(|rule| rule.alerting.as_ref());
            for alert in all.flat_map(|alerting| &alerting.alerts) {
                match alert.state {
                    plimsoll_rules::AlertState::Pending => counts.pending += 1,
                    plimsoll_rules::AlertState::Firing if !is_routed_here => counts.firing += 1,
                    _ => {}
                }
            }
        }
    })
}

fn hash_group(group: &GroupView, hasher: &mut DefaultHasher) {
    (
        &*group.key.file,
        &*group.key.name,
        group.interval,
        group.missed,
    )
        .hash(hasher);
    for rule in &group.rules {
        (&rule.name, &rule.query, rule.health, &rule.last_error).hash(hasher);
        let alerts = rule.alerting.iter().flat_map(|alerting| &alerting.alerts);
        for alert in alerts {
            (&alert.labels, alert.state.as_str(), alert.active_at).hash(hasher);
        }
    }
}

/// Figures and states of budgets.
fn slos(desk: &Desk, counts: &mut CountsView) -> u64 {
    let Some(slos) = &desk.sources.slos else {
        return 0;
    };
    let (all, _) = slos.list();
    for view in &all {
        match worst(view) {
            Some(BudgetState::Exhausted) => counts.slos_exhausted += 1,
            Some(BudgetState::Critical) => counts.slos_critical += 1,
            _ => {}
        }
    }
    revision(|hasher| {
        for view in &all {
            view.promise.id().hash(hasher);
            (view.groups, view.versions.len()).hash(hasher);
            for budget in &view.budgets {
                hash_budget(budget, hasher);
            }
        }
    })
}

fn worst(view: &SloView) -> Option<BudgetState> {
    let whole = view.budgets.iter().filter(|budget| budget.group.is_none());
    let states = whole.filter_map(|budget| budget.standing.map(|standing| standing.state));
    let place = |state: &BudgetState| BudgetState::ALL.iter().position(|one| one == state);
    states.max_by_key(place)
}

fn hash_budget(budget: &BudgetView, hasher: &mut DefaultHasher) {
    budget.objective.hash(hasher);
    let standing = budget.standing;
    standing
        .map(|standing| (standing.state.as_str(), standing.since))
        .hash(hasher);
    let firing = budget.firing;
    firing
        .map(|(loudness, since)| (loudness.as_str(), since))
        .hash(hasher);
    for window in &budget.windows {
        match &window.figures {
            Figures::Counted { budget, .. } => {
                let counts = budget.counts;
                (counts.good, counts.bad, counts.excluded).hash(hasher);
            }
            Figures::Composed(budget) => {
                let remaining = budget.remaining().map(|share| share.to_f64().to_bits());
                remaining.hash(hasher);
            }
        }
    }
}

/// Which targets there are and whether they answer.
fn targets(desk: &Desk, counts: &mut CountsView) -> u64 {
    let pools = desk.sources.scrapes.as_ref().map(|scrapes| scrapes.pools());
    revision(|hasher| {
        for (job, pool) in pools.into_iter().flatten() {
            (job, pool.dropped_count).hash(hasher);
            for target in pool.active.iter() {
                let last = target.last_scrape();
                let error = last.as_ref().and_then(|last| last.error.as_deref());
                counts.targets_down += usize::from(error.is_some());
                (&target.target.labels, last.is_some(), error).hash(hasher);
            }
        }
    })
}

/// What was noted since the process began, and what of it is kept elsewhere.
fn changes(desk: &Desk, silences: u64) -> u64 {
    let slos = desk.sources.slos.as_ref().map(|slos| slos.list().0);
    revision(|hasher| {
        (desk.parts.journal.revision(), silences).hash(hasher);
        for view in slos.iter().flatten() {
            (view.promise.id(), view.versions.len()).hash(hasher);
        }
    })
}

/// Which jobs sent something lately, by scrapes or by pushes.
fn signals(desk: &Desk) -> u64 {
    let Some(store) = &desk.sources.store else {
        return 0;
    };
    let now = desk.clock.now();
    let lately = TimeRange::new(now.saturating_add_millis(-SIGNALS_SEEN_MILLIS), now);
    let jobs = store.label_values("job", &[], lately, JOBS_MAX);
    // A store that cannot be read is no news: who asks it is told why.
    revision(|hasher| jobs.unwrap_or_default().hash(hasher))
}
