//! The engine against a second one, written from the text of the reference with no thought of speed.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_rules::{Element, GroupEngine, Outcome};
use plimsoll_types::Labels;
use proptest::prelude::*;

use crate::support::{Rows, Stored, at, element, engine, nothing_asked, shown};

/// What the rule says, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Says {
    pub(crate) interval: i64,
    pub(crate) hold: i64,
    pub(crate) keep: i64,
    pub(crate) limit: usize,
    pub(crate) offset: i64,
}

impl Says {
    pub(crate) fn text(&self) -> String {
        format!(
            "interval: {}s\nlimit: {}\nquery_offset: {}s\nrules:\n- {{alert: A, expr: up, for: {}s, keep_firing_for: {}s, labels: {{severity: page}}}}",
            self.interval, self.limit, self.offset, self.hold, self.keep
        )
    }

    pub(crate) fn engine(&self) -> GroupEngine {
        engine(&self.text())
    }
}

/// What happens at a slot: how many slots were left out before, and which elements are there; `None` is a failure.
pub(crate) type Event = (i64, Option<BTreeSet<u8>>);

pub(crate) fn says() -> impl Strategy<Value = Says> {
    let times = |max: i64| (0..max).prop_map(|n| n * 15);
    (
        1i64..5,
        times(9),
        times(9),
        prop_oneof![3 => Just(0usize), 1 => Just(2)],
        0i64..2,
    )
        .prop_map(|(interval, hold, keep, limit, offset)| Says {
            interval: interval * 15,
            hold,
            keep,
            limit,
            offset: offset * 7,
        })
}

pub(crate) fn events() -> impl Strategy<Value = Vec<Event>> {
    let elements = prop::collection::btree_set(0u8..3, 0..4);
    let run = (
        1usize..6,
        prop_oneof![9 => Just(0i64), 1 => 1i64..40],
        prop_oneof![8 => elements.prop_map(Some), 1 => Just(None)],
    );
    prop::collection::vec(run, 1..25).prop_map(|runs| {
        let runs = runs.into_iter();
        runs.flat_map(|(count, gap, elements)| {
            (0..count).map(move |n| (if n == 0 { gap } else { 0 }, elements.clone()))
        })
        .collect()
    })
}

pub(crate) fn elements(there: &BTreeSet<u8>) -> Vec<Element> {
    let name = |n: &u8| format!("i{n}");
    there
        .iter()
        .map(|n| element(&[("__name__", "up"), ("instance", &name(n))], f64::from(*n)))
        .collect()
}

#[derive(Clone, Debug, PartialEq)]
struct Naive {
    state: &'static str,
    active_at: i64,
    fired_at: Option<i64>,
    keeps_since: Option<i64>,
    resolved_at: Option<i64>,
    sent_at: Option<i64>,
}

/// The alerts by element, and what was written last.
#[derive(Default)]
struct Reference {
    alerts: BTreeMap<u8, Naive>,
    series: BTreeSet<String>,
}

struct Expected {
    samples: Vec<String>,
    notices: Vec<(u8, i64, i64)>,
    failed: bool,
}

impl Reference {
    /// The alerts without when they were sent, which is no change.
    fn unsent(&self) -> BTreeMap<u8, Naive> {
        let mut alerts = self.alerts.clone();
        alerts.values_mut().for_each(|alert| alert.sent_at = None);
        alerts
    }

    fn evaluate(&mut self, says: &Says, slot: i64, there: Option<&BTreeSet<u8>>) -> Expected {
        let failed = Expected {
            samples: Vec::new(),
            notices: Vec::new(),
            failed: true,
        };
        let Some(there) = there else {
            return failed;
        };
        for n in there {
            if self
                .alerts
                .get(n)
                .is_none_or(|alert| alert.state == "inactive")
            {
                self.alerts.insert(
                    *n,
                    Naive {
                        state: "pending",
                        active_at: slot,
                        fired_at: None,
                        keeps_since: None,
                        resolved_at: None,
                        sent_at: None,
                    },
                );
            }
        }
        let numbers: Vec<u8> = self.alerts.keys().copied().collect();
        for n in numbers {
            self.advance(says, slot, n, there.contains(&n));
        }
        let live = self
            .alerts
            .values()
            .filter(|alert| alert.state != "inactive")
            .count();
        if says.limit > 0 && live > says.limit {
            self.alerts.clear();
            return failed;
        }
        Expected {
            samples: self.samples(),
            notices: self.notices(says, slot),
            failed: false,
        }
    }

    fn advance(&mut self, says: &Says, slot: i64, n: u8, is_there: bool) {
        let mut alert = self.alerts[&n].clone();
        match (alert.state, is_there) {
            ("pending", false) => {
                self.alerts.remove(&n);
                return;
            }
            ("pending", true) if slot - alert.active_at >= says.hold => {
                alert.state = "firing";
                alert.fired_at = Some(slot);
            }
            ("firing", true) => alert.keeps_since = None,
            ("firing", false) => {
                if says.keep > 0 && alert.keeps_since.is_none() {
                    alert.keeps_since = Some(slot);
                }
                let keeps = alert
                    .keeps_since
                    .is_some_and(|since| slot - since < says.keep);
                if !keeps {
                    alert.state = "inactive";
                    alert.resolved_at = Some(slot);
                }
            }
            ("inactive", false) if slot - alert.resolved_at.unwrap() > 900 => {
                self.alerts.remove(&n);
                return;
            }
            _ => {}
        }
        self.alerts.insert(n, alert);
    }

    fn samples(&mut self) -> Vec<String> {
        let (mut series, mut samples) = (BTreeSet::new(), Vec::new());
        for (n, alert) in self
            .alerts
            .iter()
            .filter(|(_, alert)| alert.state != "inactive")
        {
            let of_state = format!(
                r#"ALERTS{{alertname="A", alertstate="{}", instance="i{n}", severity="page"}}"#,
                alert.state
            );
            let for_state =
                format!(r#"ALERTS_FOR_STATE{{alertname="A", instance="i{n}", severity="page"}}"#);
            samples.push(format!("{of_state} 1"));
            samples.push(format!("{for_state} {}", alert.active_at));
            series.extend([of_state, for_state]);
        }
        samples.extend(
            self.series
                .difference(&series)
                .map(|gone| format!("{gone} stale")),
        );
        self.series = series;
        samples.sort();
        samples
    }

    fn notices(&mut self, says: &Says, slot: i64) -> Vec<(u8, i64, i64)> {
        let mut notices = Vec::new();
        for (n, alert) in &mut self.alerts {
            let is_news = match (alert.sent_at, alert.resolved_at) {
                (None, _) => true,
                (Some(sent), Some(resolved)) if resolved > sent => true,
                (Some(sent), _) => sent + 60 < slot,
            };
            if alert.state != "pending" && is_news {
                alert.sent_at = Some(slot);
                let end = alert
                    .resolved_at
                    .unwrap_or(slot + 4 * says.interval.max(60));
                notices.push((*n, alert.fired_at.unwrap(), end));
            }
        }
        notices
    }
}

pub(crate) fn evaluate(
    engine: &mut GroupEngine,
    slot: i64,
    there: Option<&BTreeSet<u8>>,
) -> Outcome {
    let result = there.map(elements).ok_or_else(|| "failed".to_owned());
    engine.step(0, at(slot), result, &nothing_asked())
}

fn notices(outcome: &Outcome) -> Vec<(u8, i64, i64)> {
    let mut notices: Vec<_> = outcome
        .notices
        .iter()
        .map(|alert| {
            let number = alert.labels.get("instance").unwrap()[1..].parse().unwrap();
            let seconds = |time: plimsoll_types::Timestamp| time.millis() / 1000;
            (
                number,
                seconds(alert.starts_at),
                seconds(alert.ends_at.unwrap()),
            )
        })
        .collect();
    notices.sort_unstable();
    notices
}

/// Labels, state, and in seconds since when it is active, fires, and fires on.
pub(crate) type ShownAlert = (Labels, &'static str, i64, Option<i64>, Option<i64>);

/// Says of each pending or firing alert what an API shows.
pub(crate) fn view(engine: &GroupEngine) -> Vec<ShownAlert> {
    let view = engine.view();
    let alerting = view.rules[0].alerting.as_ref().unwrap();
    let mut alerts: Vec<_> = alerting
        .alerts
        .iter()
        .map(|alert| {
            let seconds = |time: plimsoll_types::Timestamp| time.millis() / 1000;
            (
                alert.labels.clone(),
                alert.state.as_str(),
                seconds(alert.active_at),
                alert.fired_at.map(seconds),
                alert.keep_firing_since.map(seconds),
            )
        })
        .collect();
    alerts.sort();
    alerts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn states_samples_and_notices_are_those_of_the_reference(says in says(), events in events()) {
        let (mut engine, mut reference) = (says.engine(), Reference::default());
        let (mut rows, mut stored) = (Rows::default(), Stored::default());
        let mut slot = 1_000_000;
        for (gap, there) in &events {
            slot += says.interval * (1 + gap);
            let outcome = evaluate(&mut engine, slot, there.as_ref());
            let before = reference.unsent();
            let expected = reference.evaluate(&says, slot, there.as_ref());
            prop_assert_eq!(outcome.error.is_some(), expected.failed, "{:?}", outcome.error);
            prop_assert_eq!(shown(&outcome.samples), expected.samples);
            prop_assert_eq!(notices(&outcome), expected.notices);
            prop_assert!(outcome.samples.iter().all(|(_, sample)| sample.timestamp == at(slot - says.offset)));
            let known: Vec<_> = reference.alerts.iter().filter(|(_, alert)| alert.state != "inactive")
                .map(|(n, alert)| (instance(*n), alert.state, alert.active_at, alert.fired_at, alert.keeps_since)).collect();
            prop_assert_eq!(view(&engine), known);
            rows.apply(&outcome.changes);
            stored.append(&outcome.samples);
            // What is durable is all that there is, and nothing else.
            let durable: Vec<_> = rows.all().into_iter().map(|row| (row.labels, row.state.as_str(), row.resolved_at.map(|t| t.millis() / 1000))).collect();
            let all: Vec<_> = reference.alerts.iter().map(|(n, alert)| (instance(*n), alert.state, alert.resolved_at)).collect();
            prop_assert_eq!(durable, all);
            // A row for every alert that changed, and for nothing else.
            let after = reference.unsent();
            let changed: Vec<u8> = (0..3).filter(|n| before.get(n) != after.get(n)).collect();
            prop_assert_eq!(outcome.changes.len(), changed.len(), "{:?}", outcome);
            // And a decision, but for the end of what was resolved long ago.
            let is_old = |n: &u8| before.get(n).is_some_and(|alert| alert.state == "inactive") && !after.contains_key(n);
            let decided = changed.iter().filter(|n| expected.failed || !is_old(n)).count();
            prop_assert_eq!(outcome.decisions.len(), decided, "{:?}", outcome);
        }
    }
}

fn instance(n: u8) -> Labels {
    Labels::from_pairs([
        ("alertname", "A"),
        ("instance", &format!("i{n}")),
        ("severity", "page"),
    ])
}
