//! kill -9 between two slots, or after the commit and before samples and notices left: everything goes on.

use std::collections::BTreeSet;

use plimsoll_rules::{AlertState, Element, GroupEngine, Outcome};
use plimsoll_types::{Labels, Sample, Timestamp};
use proptest::prelude::*;

use crate::model::{elements, events, says, view};
use crate::support::{
    Rows, Stored, at, element, engine, nothing_asked, shown, step, unsent_changes,
};

/// A server: an engine, its durable rows, its store.
struct Server {
    engine: GroupEngine,
    rows: Rows,
    stored: Stored,
}

impl Server {
    fn new(engine: GroupEngine) -> Self {
        Self {
            engine,
            rows: Rows::default(),
            stored: Stored::default(),
        }
    }

    fn restart(&mut self, engine: GroupEngine) {
        self.engine = engine;
        let changes = self.engine.restore(self.rows.all());
        assert!(changes.is_empty(), "{changes:?}");
        self.stored.inherit(&mut self.engine);
    }

    fn visible(&self) -> Vec<String> {
        let visible: Vec<_> = self
            .stored
            .visible()
            .map(|(labels, sample)| (labels.clone(), sample.clone()))
            .collect();
        shown(&visible)
    }
}

impl Server {
    /// Evaluates a slot; of a process that is killed after its commit neither samples nor notices leave.
    fn slot(&mut self, slot: Timestamp, there: Option<&BTreeSet<u8>>, is_killed: bool) -> Outcome {
        let result = there.map(elements).ok_or_else(|| "failed".to_owned());
        let outcome = self.engine.step(0, slot, result, &nothing_asked());
        self.rows.apply(&outcome.changes);
        let markers = self.engine.finish(slot);
        if !is_killed {
            self.stored.append(&outcome.samples);
            self.stored.append(&markers);
        }
        outcome
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_restart_at_any_slot_changes_no_state_and_no_time(
        says in says(),
        events in events(),
        crashes in prop::collection::vec((0usize..200, any::<bool>()), 1..5),
    ) {
        let (mut undisturbed, mut crashing) = (Server::new(says.engine()), Server::new(says.engine()));
        // Slots of the group, so that the series in the store are known as the group's own.
        let mut slot = undisturbed.engine.schedule().first(at(1_000_000));
        let (mut is_settled, mut sent) = (true, BTreeSet::new());
        for (number, (gap, there)) in events.iter().enumerate() {
            slot = slot.saturating_add_millis(says.interval * 1000 * (1 + gap));
            let crash = crashes.iter().find(|(at, _)| at % events.len() == number);
            let loses = crash.is_some_and(|(_, loses)| *loses);
            let expected = undisturbed.slot(slot, there.as_ref(), false);
            let found = crashing.slot(slot, there.as_ref(), loses);
            prop_assert_eq!(unsent_changes(&found.changes), unsent_changes(&expected.changes));
            prop_assert_eq!(&found.decisions, &expected.decisions);
            if !loses {
                let notices = found.notices.iter();
                sent.extend(notices.map(|alert| (alert.labels.clone(), alert.starts_at.millis() / 1000)));
            }
            is_settled = !loses && (is_settled || expected.error.is_none());
            if is_settled {
                prop_assert_eq!(crashing.visible(), undisturbed.visible());
                // A notice may be sent once more after a restart, but none is lost.
                for (labels, _, _, fired_at, _) in view(&undisturbed.engine) {
                    if let Some(fired_at) = fired_at {
                        prop_assert!(sent.contains(&(labels, fired_at)), "{:?}", sent);
                    }
                }
            }
            if crash.is_some() {
                crashing.restart(says.engine());
            }
            prop_assert_eq!(view(&crashing.engine), view(&undisturbed.engine));
        }
    }
}

#[test]
fn a_short_for_and_keep_firing_for_go_on() {
    const FILE: &str = "rules:\n- {alert: A, expr: up, for: 60s, keep_firing_for: 90s}";
    let there = [element(&[("i", "1")], 1.0)];
    let mut rows = Rows::default();
    let mut first = engine(FILE);
    rows.apply(&step(&mut first, 0, &there).changes);
    let mut second = engine(FILE);
    assert!(second.restore(rows.all()).is_empty());
    rows.apply(&step(&mut second, 60, &there).changes);
    assert_eq!(rows.all()[0].state, AlertState::Firing);
    rows.apply(&step(&mut second, 90, &[]).changes);
    let mut third = engine(FILE);
    third.restore(rows.all());
    assert_eq!(view(&third)[0].4, Some(90));
    rows.apply(&step(&mut third, 179, &[]).changes);
    assert_eq!(rows.all()[0].state, AlertState::Firing);
    let outcome = step(&mut third, 180, &[]);
    assert_eq!(outcome.notices[0].ends_at, Some(at(180)));
}

#[test]
fn what_fires_is_sent_again_at_once() {
    const FILE: &str = "rules:\n- {alert: A, expr: up, annotations: {a: text}}";
    let there = [element(&[], 1.0)];
    let mut rows = Rows::default();
    let outcome = step(&mut engine(FILE), 0, &there);
    rows.apply(&outcome.changes);
    let mut second = engine(FILE);
    second.restore(rows.all());
    let again = step(&mut second, 30, &there);
    assert_eq!(again.notices[0].starts_at, outcome.notices[0].starts_at);
    assert_eq!(again.notices[0].annotations, outcome.notices[0].annotations);
    assert!(again.changes.is_empty());
}

#[test]
fn an_end_that_nobody_heard_of_is_told_though_the_alert_begins_anew() {
    const FILE: &str = "rules:\n- {alert: A, expr: up, for: 60s}";
    let there = [element(&[], 1.0)];
    let mut rows = Rows::default();
    let mut first = engine(FILE);
    for slot in [0, 60] {
        rows.apply(&step(&mut first, slot, &there).changes);
    }
    // Killed after the commit: the end is durable and was not sent.
    rows.apply(&step(&mut first, 70, &[]).changes);
    let mut second = engine(FILE);
    second.restore(rows.all());
    let outcome = step(&mut second, 80, &there);
    let told: Vec<_> = outcome.notices.iter().collect();
    assert_eq!(
        (told.len(), told[0].starts_at, told[0].ends_at),
        (1, at(60), Some(at(70)))
    );
    assert_eq!(view(&second)[0].1, "pending");
    assert!(step(&mut second, 90, &there).notices.is_empty(), "once");
    // Who told it does not tell it again.
    assert_eq!(step(&mut first, 80, &there).notices, []);
}

#[test]
fn rows_of_a_rule_that_is_gone_go_too() {
    let mut rows = Rows::default();
    rows.apply(
        &step(
            &mut engine("rules:\n- {alert: A, expr: up}"),
            0,
            &[element(&[], 1.0)],
        )
        .changes,
    );
    let mut other =
        engine("rules:\n- {alert: B, expr: up}\n- {record: A, expr: up, labels: {x: y}}");
    rows.apply(&other.restore(rows.all()));
    assert!(rows.all().is_empty());
    // A rule that records under the alert's name is the same to Prometheus, but has no alerts.
    rows.apply(
        &step(
            &mut engine("rules:\n- {alert: A, expr: up}"),
            0,
            &[element(&[], 1.0)],
        )
        .changes,
    );
    rows.apply(&engine("rules:\n- {record: A, expr: up}").restore(rows.all()));
    assert!(rows.all().is_empty());
}

#[test]
fn series_of_recording_rules_end_after_a_restart_too() {
    const FILE: &str = "interval: 10s\nquery_offset: 3s\nrules:\n- {record: r, expr: up}\n- {record: r, expr: up, labels: {b: ''}}";
    let mut first = engine(FILE);
    let slot = first.schedule().first(at(1000));
    let mut stored = Stored::default();
    for (rule, job) in [(0, "a"), (1, "b")] {
        let result = Ok(vec![element(&[("job", job)], 1.0)]);
        stored.append(&first.step(rule, slot, result, &nothing_asked()).samples);
    }
    // Not the group's: written by somebody else at some other time.
    let foreign = (
        Labels::from_pairs([("__name__", "r"), ("job", "c")]),
        Sample::float(slot, 1.0),
    );
    stored.append(std::slice::from_ref(&foreign));
    let mut second = engine(FILE);
    stored.inherit(&mut second);
    let slot = second.schedule().due(slot);
    let write = |engine: &mut GroupEngine, rule, slot, result: Result<&[Element], &str>| {
        let result = result.map(<[Element]>::to_vec).map_err(str::to_owned);
        engine.step(rule, slot, result, &nothing_asked());
    };
    write(&mut second, 0, slot, Ok(&[]));
    write(&mut second, 1, slot, Err("too slow"));
    assert!(
        second.finish(slot).is_empty(),
        "the second rule may write them still"
    );
    let slot = second.schedule().due(slot);
    write(&mut second, 0, slot, Ok(&[]));
    write(&mut second, 1, slot, Ok(&[element(&[("job", "b")], 1.0)]));
    let ended = second.finish(slot);
    assert_eq!(shown(&ended), [r#"r{job="a"} stale"#]);
    assert_eq!(ended[0].1.timestamp, second.evaluated_at(slot));
    assert!(second.finish(slot).is_empty());
}

#[test]
fn a_series_of_one_recording_rule_ends_before_the_rules_that_read_it() {
    const FILE: &str = "interval: 10s\nrules:\n- {record: r, expr: up}\n- {alert: A, expr: r}";
    let mut first = engine(FILE);
    let slot = first.schedule().first(at(1000));
    let mut stored = Stored::default();
    stored.append(
        &first
            .step(0, slot, Ok(vec![element(&[], 1.0)]), &nothing_asked())
            .samples,
    );
    let mut second = engine(FILE);
    stored.inherit(&mut second);
    let slot = second.schedule().due(slot);
    let outcome = second.step(0, slot, Ok(Vec::new()), &nothing_asked());
    assert_eq!(shown(&outcome.samples), ["r stale"]);
    assert!(second.finish(slot).is_empty());
}

#[test]
fn while_data_may_be_missing_nothing_that_was_there_before_is_over() {
    const FILE: &str = "rules:\n- {alert: A, expr: up, for: 60s}";
    let (there, gone) = ([element(&[("job", "a")], 1.0)], []);
    let both = [there[0].clone(), element(&[("job", "b")], 1.0)];
    let mut rows = Rows::default();
    let mut first = engine(FILE);
    rows.apply(&step(&mut first, 0, &there).changes);
    rows.apply(&step(&mut first, 60, &both).changes);
    let mut second = engine(FILE);
    second.restore(rows.all());
    second.settle_until(at(1000));
    let outcome = step(&mut second, 700, &gone);
    assert!(outcome.changes.is_empty(), "{outcome:?}");
    assert_eq!(
        outcome.notices[0].ends_at,
        Some(at(700 + 240)),
        "it fires on"
    );
    // The one that is seen is judged again, the other one once everything must have come back.
    assert!(step(&mut second, 760, &there).changes.is_empty());
    let outcome = step(&mut second, 820, &gone);
    assert_eq!(outcome.notices[0].ends_at, Some(at(820)), "resolved");
    assert_eq!(outcome.decisions.len(), 1);
    let outcome = step(&mut second, 1000, &gone);
    assert_eq!(outcome.decisions[0].kind, "alert.forgotten");
}
