//! The store against one that tries every silence for every alert.

use std::collections::BTreeMap;

use plimsoll_types::MatchOp;
use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Set {
        id: Option<u8>,
        matchers: MatcherSets,
        from: i64,
        length: i64,
    },
    Expire(u8),
    Put {
        id: u8,
        matchers: MatcherSets,
        from: i64,
        length: i64,
    },
    Gc,
    Due,
    Pass(i64),
}

/// Compiled once: compiling takes longer than all the rest.
fn all_matchers() -> Vec<Matcher> {
    let ops = [
        MatchOp::Equal,
        MatchOp::NotEqual,
        MatchOp::Regex,
        MatchOp::NotRegex,
    ];
    let values = [
        "x",
        "xy",
        "\u{e9}",
        "x|y",
        "x.*",
        "xy+",
        ".+",
        "",
        "\u{e9}.*|x",
        "y?",
    ];
    let of = |name: &'static str| {
        let pairs = ops
            .into_iter()
            .flat_map(move |op| values.map(|value| (op, value)));
        pairs.map(move |(op, value)| Matcher::new(op, name, value).unwrap())
    };
    of("a").chain(of("b")).collect()
}

fn any_sets() -> impl Strategy<Value = MatcherSets> {
    let set = prop::collection::vec(prop::sample::select(all_matchers()), 1..3);
    let sets = prop::collection::vec(set, 1..3);
    sets.prop_filter_map("matches the empty set", |sets| {
        MatcherSets::for_alerts(sets).ok()
    })
}

fn any_step() -> impl Strategy<Value = Step> {
    let times = || (-20_i64..40, 1_i64..60);
    prop_oneof![
        4 => (prop::option::weighted(0.3, 0_u8..12), any_sets(), times())
            .prop_map(|(id, matchers, (from, length))| Step::Set { id, matchers, from, length }),
        1 => (0_u8..12).prop_map(Step::Expire),
        1 => (0_u8..12, any_sets(), times())
            .prop_map(|(id, matchers, (from, length))| Step::Put { id, matchers, from, length }),
        1 => Just(Step::Gc),
        2 => Just(Step::Due),
        3 => (1_i64..30).prop_map(Step::Pass),
    ]
}

fn all_labels() -> Vec<Labels> {
    let values = ["", "x", "xy", "xyy", "y", "\u{e9}", "\u{e9}x", "\u{ea}"];
    let pairs = values
        .iter()
        .flat_map(|a| values.iter().map(move |b| (*a, *b)));
    pairs
        .map(|(a, b)| labels(&[("a", a), ("b", b), ("c", "z")]))
        .collect()
}

fn apply(silences: &mut Silences, step: Step, fresh: u8, now: i64) {
    match step {
        Step::Set {
            id: number,
            matchers,
            from,
            length,
        } => {
            let draft = Draft {
                id: number.map(|number| id(number.into())),
                matchers,
                ..draft(now + from, now + from + length)
            };
            let before = silences.len();
            let is_known = draft.id.is_none_or(|id| silences.get(id).is_some());
            match silences.set(draft, id(fresh.into()), at(now)) {
                Ok(set) => assert_eq!(silences.get(set.silence.id), Some(&set.silence)),
                Err(SetError::NotFound) => assert!(!is_known),
                Err(SetError::EndsInPast) => assert!(from + length <= 0),
                Err(other) => panic!("{other}"),
            }
            assert!(silences.len() <= before + 1);
        }
        Step::Expire(number) => {
            let is_known = silences.get(id(number.into())).is_some();
            assert_eq!(
                silences.expire(id(number.into()), at(now)).is_ok(),
                is_known
            );
        }
        Step::Put {
            id: number,
            matchers,
            from,
            length,
        } => {
            let draft = Draft {
                matchers,
                ..draft(now + from, now + from + length)
            };
            silences.put(draft.into_silence(id(number.into()), at(now)), at(now));
        }
        Step::Gc => drop(silences.gc(at(now), Duration::from_millis(25))),
        Step::Due => {
            silences.expire_due(at(now));
            assert!(silences.wake_at().is_none_or(|wake| wake > at(now)));
        }
        Step::Pass(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn finds_what_trying_all_finds(steps in prop::collection::vec(any_step(), 1..40)) {
        let mut silences = Silences::default();
        let alerts = all_labels();
        let mut now = 1_000;
        for (fresh, step) in (0..).zip(steps) {
            if let Step::Pass(millis) = step {
                now += millis;
            }
            apply(&mut silences, step, fresh, now);
            let all: BTreeMap<SilenceId, &Silence> =
                silences.entries.values().map(|entry| (entry.silence.id, &*entry.silence)).collect();
            // A clock may also be set back.
            for (now, every) in [(at(now), 1), (at(now - 15), 5), (at(now + 40), 5)] {
                for alert in alerts.iter().step_by(every) {
                    let expected = all.values().filter(|silence| {
                        let is_active = silence.starts_at <= now && now < silence.ends_at;
                        is_active && silence.concerns(alert, None)
                    });
                    let expected: Vec<SilenceId> = expected.map(|silence| silence.id).collect();
                    let found = silences.silenced_by(alert, None, now);
                    let found: Vec<SilenceId> = found.into_iter().map(|silence| silence.id).collect();
                    prop_assert_eq!(found, expected);
                }
            }
        }
        let ids: Vec<SilenceId> = silences.entries.keys().copied().collect();
        for id in ids {
            silences.remove(id);
            prop_assert!(silences.index.is_consistent());
        }
        prop_assert!(silences.index.is_empty());
        prop_assert!(silences.due.is_empty());
    }
}
