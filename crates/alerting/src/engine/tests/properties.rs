//! Random lives of an engine, and what holds in all of them.
//!
//! - A restart at any point changes nothing of what is heard, but for the warm-up.
//! - Nothing is lost: when all is well again, everybody knows what fires and what is over, and what was decided was heard,
//!   or there is a row that says why not.
//! - No duplicate: attempts under one key say the same; a receiver that takes a key once hears nothing twice.
//! - No leak: what begins to be told is neither silenced nor inhibited at that moment, judged by looking at everything.
//! - Every alert that is not told has an explanation.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_types::Matcher;
use proptest::prelude::*;

use super::*;
use crate::rows::Part;
use crate::{Draft, Fingerprint, MatcherSets, SilenceId};

const CONFIGS: [&str; 4] = [
    "
route:
  receiver: team
  group_by: [alertname]
  group_wait: 30s
  group_interval: 2m
  repeat_interval: 20m
  routes: [{receiver: pager, matchers: [severity=page], continue: true}, {receiver: team}]
receivers:
- {name: team, webhook_configs: [{url: 'http://127.0.0.1:1/', send_resolved: false}, {url: 'http://127.0.0.1:2/'}]}
- {name: pager, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
inhibit_rules: [{source_matchers: [severity=page], target_matchers: [severity=warn], equal: [site]}]
plimsoll: {warm_up: WARM_UP}
",
    "
route:
  receiver: team
  group_by: [site]
  group_wait: 10s
  group_interval: 1m
  repeat_interval: 20m
  routes: [{receiver: pager, matchers: [severity=page]}]
receivers:
- {name: team, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
- {name: pager, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
inhibit_rules: [{source_matchers: [severity=page], target_matchers: [severity=warn], equal: [site]}]
plimsoll: {warm_up: WARM_UP}
",
    "
route: {receiver: pager, group_by: ['...'], group_wait: 0s, group_interval: 1m, repeat_interval: 20m}
receivers:
- {name: pager, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
inhibit_rules: [{source_matchers: [severity=page], target_matchers: [severity=warn], equal: [site]}]
plimsoll: {resolve_interval: 5s, warm_up: WARM_UP}
",
    "
route:
  receiver: team
  group_by: [alertname]
  group_wait: 30s
  group_interval: 2m
  repeat_interval: 20m
  routes: [{receiver: pager, matchers: [severity=page], continue: true}, {receiver: team}]
receivers:
- {name: team, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
- {name: pager, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
inhibit_rules: [{source_matchers: [severity=page], target_matchers: [severity=warn], equal: [site]}]
plimsoll:
  warm_up: WARM_UP
  receivers:
  - {name: team, fallback: [pager], fallback_after: {failures: 3, age: 5m}, rate_limit: {notices: 20, per: 1m}}
",
];
const ALERTS: [&str; 8] = [
    "A severity=page site=x name=a",
    "A severity=page site=y name=b",
    "A severity=warn site=x name=c",
    "B severity=warn site=x name=d",
    "B severity=warn site=y name=e",
    "B severity=info site=x name=f",
    "C severity=info site=y name=g",
    "C severity=page site=z name=h",
];
const LONGEST: i64 = 50 * 60;

#[derive(Clone, Debug)]
enum Happening {
    Fire(usize),
    FireSince(usize, i64),
    Resolve(usize),
    Pass(i64),
    Silence(usize, i64),
    Unsilence,
    Break(usize, Option<u64>),
    Refuse(usize),
    Mend(usize),
    /// Attempts stay open.
    Slow,
    /// Open attempts are answered.
    Quick,
    /// A crash; whether the open attempts reached their receivers.
    Restart(bool),
    Reload(usize),
    /// By how many seconds our clock is ahead of that of senders from now on.
    SetClock(i64),
    Degrade(bool),
}

fn quiet_life() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        4 => (0..ALERTS.len()).prop_map(Happening::Fire),
        3 => (0..ALERTS.len()).prop_map(Happening::Resolve),
        4 => (1_i64..200).prop_map(Happening::Pass),
        1 => (0_usize..3, 10_i64..600).prop_map(|(name, seconds)| Happening::Silence(name, seconds)),
        1 => Just(Happening::Unsilence),
    ];
    prop::collection::vec(one, 1..30)
}

fn wild_life() -> impl Strategy<Value = Vec<Happening>> {
    let receiver = 0_usize..2;
    let one = prop_oneof![
        5 => (0..ALERTS.len()).prop_map(Happening::Fire),
        1 => (0..ALERTS.len(), 0_i64..600).prop_map(|(alert, age)| Happening::FireSince(alert, age)),
        4 => (0..ALERTS.len()).prop_map(Happening::Resolve),
        6 => (1_i64..200).prop_map(Happening::Pass),
        1 => (0_usize..3, 10_i64..600).prop_map(|(name, seconds)| Happening::Silence(name, seconds)),
        1 => Just(Happening::Unsilence),
        2 => (receiver.clone(), prop::option::of(1_u64..100)).prop_map(|(at, after)| Happening::Break(at, after)),
        1 => receiver.clone().prop_map(Happening::Refuse),
        2 => receiver.prop_map(Happening::Mend),
        1 => Just(Happening::Slow),
        1 => Just(Happening::Quick),
        2 => any::<bool>().prop_map(Happening::Restart),
        1 => (0..CONFIGS.len()).prop_map(Happening::Reload),
        1 => (0_i64..1500).prop_map(Happening::SetClock),
        1 => any::<bool>().prop_map(Happening::Degrade),
    ];
    prop::collection::vec(one, 1..60)
}

/// A world, and what an onlooker knows without asking the engine.
struct Onlooker {
    world: World,
    warm_up: &'static str,
    firing: BTreeSet<usize>,
    silences: Vec<(SilenceId, usize)>,
    made: u128,
    /// By key, what the attempts said.
    said: BTreeMap<String, (String, Vec<Part>)>,
    /// What the receivers took, by key.
    taken: BTreeSet<String>,
    /// Every alert that was decided to be told as firing, by the key of the notice.
    decided: BTreeMap<String, Vec<Part>>,
}

impl Onlooker {
    fn new(config: usize, warm_up: &'static str) -> Self {
        Self {
            world: World::new(&CONFIGS[config].replace("WARM_UP", warm_up)),
            warm_up,
            firing: BTreeSet::new(),
            silences: Vec::new(),
            made: 0,
            said: BTreeMap::new(),
            taken: BTreeSet::new(),
            decided: BTreeMap::new(),
        }
    }

    fn live(&mut self, happening: &Happening) {
        let names = ["team", "pager"];
        let world = &mut self.world;
        match happening {
            Happening::Fire(at) => {
                self.firing.insert(*at);
                world.fire(&[ALERTS[*at]]);
            }
            Happening::FireSince(at, age) => {
                self.firing.insert(*at);
                world.fire_since(&[ALERTS[*at]], -age);
            }
            Happening::Resolve(at) => {
                self.firing.remove(at);
                world.resolve(&[ALERTS[*at]]);
            }
            Happening::Pass(seconds) => world.seconds(*seconds),
            Happening::Silence(at, seconds) => self.silence(*at, *seconds),
            Happening::Unsilence => self.unsilence(),
            Happening::Break(at, after) => world.unavailable(names[*at], *after),
            Happening::Refuse(at) => {
                world
                    .broken
                    .insert(names[*at].into(), Verdict::refused("400"));
            }
            Happening::Mend(at) => {
                world.broken.remove(names[*at]);
            }
            Happening::Slow => world.is_slow = true,
            Happening::Quick => {
                world.is_slow = false;
                while !world.open.is_empty() {
                    world.answer();
                }
            }
            Happening::Restart(reached) => {
                let open = std::mem::take(&mut world.open);
                for attempt in open.iter().filter(|_| *reached) {
                    world.hear(attempt);
                }
                world.restart();
                // What was due meanwhile comes before anything else that happens.
                world.step(Event::Due);
            }
            Happening::Reload(at) => world.reload(&CONFIGS[*at].replace("WARM_UP", self.warm_up)),
            Happening::SetClock(seconds) => {
                let change = seconds * 1000 - world.ahead;
                world.ahead += change;
                world.set_clock(change);
            }
            Happening::Degrade(is_degraded) => world.step(Event::Degraded(*is_degraded)),
        }
    }

    fn silence(&mut self, at: usize, seconds: i64) {
        let name = ["A", "B", "C"][at];
        let sets = vec![vec![Matcher::equal("alertname", name)]];
        let draft = Draft {
            id: None,
            matchers: MatcherSets::for_alerts(sets).expect("matchers"),
            receivers: MatcherSets::default(),
            starts_at: None,
            ends_at: self.world.now.saturating_add_millis(seconds * 1000),
            created_by: "ann".into(),
            comment: "x".into(),
            annotations: Annotations::default(),
            recurrence: None,
            until_resolved: None,
        };
        self.made += 1;
        let fresh = SilenceId::from_random(self.made);
        self.world.step(Event::SetSilence {
            draft: Box::new(draft),
            fresh,
        });
        self.silences.push((fresh, at));
    }

    fn unsilence(&mut self) {
        for (id, _) in std::mem::take(&mut self.silences) {
            self.world.step(Event::ExpireSilence(id));
        }
    }

    /// Looks at what the steps since the last time did.
    fn check(&mut self) {
        for step in std::mem::take(&mut self.world.steps) {
            for change in &step.changes {
                if let Change::PutDelivery(row) = change {
                    let firing = row.parts.iter().filter(|part| !part.is_resolved());
                    self.decided
                        .insert(row.id.to_string(), firing.copied().collect());
                }
            }
            for attempt in &step.start {
                self.check_key(attempt);
            }
        }
        for (at, attempt) in std::mem::take(&mut self.world.started) {
            self.check_leaks(at, &attempt);
        }
        for heard in std::mem::take(&mut self.world.heard) {
            self.taken.insert(heard.id);
        }
    }

    fn check_key(&mut self, attempt: &Attempt) {
        let notice = &attempt.notice;
        let place = format!(
            "{} {} {}",
            notice.receiver, attempt.integration.index, notice.group_key
        );
        let mut parts: Vec<Part> = notice
            .alerts
            .iter()
            .map(|alert| Part {
                fingerprint: Fingerprint::from_u64(alert.fingerprint),
                starts_at: alert.alert.starts_at,
                ends_at: alert.alert.ends_at,
            })
            .collect();
        parts.sort_by_key(|part| part.fingerprint);
        assert!(!parts.is_empty(), "a notice tells something");
        let before = self
            .said
            .insert(notice.id.clone(), (place.clone(), parts.clone()));
        if let Some(before) = before {
            assert_eq!(before, (place, parts), "one key, one content");
        }
    }

    /// Judges by looking at all that fires and all silences, as they were when the attempt began.
    fn check_leaks(&self, (now, firing): (Timestamp, Vec<Labels>), attempt: &Attempt) {
        for alert in attempt.notice.firing() {
            let own = &alert.alert.labels;
            let of = |labels: &Labels, name: &str| labels.get(name).map(String::from);
            let is_inhibited = of(own, "severity").as_deref() == Some("warn")
                && firing.iter().any(|source| {
                    of(source, "severity").as_deref() == Some("page")
                        && of(source, "site") == of(own, "site")
                });
            assert!(!is_inhibited, "{own} leaked past an inhibition at {now}");
            let silences = self.world.rows.silences.iter();
            let mut silences = silences.filter(|one| {
                let since = one.updated_at.min(one.starts_at);
                since < now && now < one.ends_at && one.matchers.matches(own)
            });
            assert_eq!(
                silences.next(),
                None,
                "{own} leaked past a silence at {now}"
            );
        }
    }

    /// All is well again for long enough.
    fn mend(&mut self) {
        self.world.broken.clear();
        self.live(&Happening::Quick);
        self.unsilence();
        self.check();
        for _ in 0..6 {
            let firing: Vec<usize> = self.firing.iter().copied().collect();
            for at in firing {
                self.live(&Happening::Fire(at));
            }
            self.world.seconds(400);
            self.check();
        }
    }

    /// Everybody knows what fires, and nothing else is left.
    fn check_the_end(&mut self) {
        let world = &self.world;
        assert_eq!(world.rows.deliveries, [], "nothing is on its way");
        let firing: BTreeSet<Fingerprint> = self
            .firing
            .iter()
            .map(|at| Fingerprint::of(&labels(ALERTS[*at])))
            .collect();
        let left: BTreeSet<Fingerprint> = world
            .rows
            .alerts
            .iter()
            .map(|row| row.fingerprint)
            .collect();
        assert_eq!(left, firing, "what is over is gone");
        for text in self.firing.iter().map(|at| ALERTS[*at]) {
            for (receiver, why) in world.why(text) {
                let is_explained = matches!(why, Why::NothingNew { .. } | Why::Inhibited { .. });
                assert!(is_explained, "{text} and {receiver}: {why:?}");
            }
        }
        for (key, parts) in &self.decided {
            let outcome = world
                .history
                .iter()
                .rfind(|row| row.delivery.to_string() == *key);
            let outcome = outcome.map(|row| row.outcome.as_str());
            let is_known = matches!(
                outcome,
                Some("sent" | "superseded" | "withdrawn" | "failed_over" | "dead" | "orphaned")
            );
            assert!(
                is_known,
                "the end of {key} is in the history: {outcome:?} {parts:?}"
            );
            assert!(
                outcome != Some("sent") || self.taken.contains(key),
                "{key} was taken"
            );
        }
        self.check_that_nothing_got_lost();
    }

    /// What was superseded is told by a later notice of its channel, if it is not withdrawn in the end.
    fn check_that_nothing_got_lost(&self) {
        let history = &self.world.history;
        for (at, row) in history.iter().enumerate() {
            if row.outcome != Outcome::Superseded {
                continue;
            }
            let after = history[at + 1..]
                .iter()
                .filter(|later| later.channel == row.channel);
            let mut ends = after.filter(|later| {
                !matches!(later.outcome, Outcome::Superseded | Outcome::Failed { .. })
            });
            assert!(
                ends.next().is_some(),
                "{} was superseded by nothing",
                row.delivery
            );
        }
    }
}

proptest! {
    #[test]
    fn a_restart_at_any_point_changes_nothing(
        config in 0..CONFIGS.len(),
        life in quiet_life(),
        restarts in prop::collection::btree_set(0_usize..30, 1..8),
    ) {
        let total: i64 = life.iter().map(|one| match one { Happening::Pass(seconds) => *seconds, _ => 0 }).sum();
        prop_assume!(total < LONGEST);
        let mut lives = [0, 1].map(|_| Onlooker::new(config, "0s"));
        for (at, happening) in life.iter().enumerate() {
            for one in &mut lives {
                one.live(happening);
            }
            if restarts.contains(&at) {
                lives[1].live(&Happening::Restart(false));
            }
        }
        let [smooth, restarted] = lives;
        // Groups that are flushed at the same moment are told in any order.
        let [smooth, restarted] = [smooth, restarted].map(|mut one| {
            one.world.heard.sort();
            one.world.heard
        });
        prop_assert_eq!(smooth, restarted);
    }

    #[test]
    fn nothing_is_lost_doubled_or_leaked(config in 0..CONFIGS.len(), life in wild_life()) {
        let mut onlooker = Onlooker::new(config, "75s");
        for happening in &life {
            onlooker.live(happening);
            onlooker.check();
        }
        onlooker.mend();
        onlooker.check_the_end();
    }
}
