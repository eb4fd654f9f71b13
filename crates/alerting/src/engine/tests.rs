//! A world around the engine: a store that keeps its rows, receivers that write down what they hear.

mod delivering;
mod grouping;
mod keeping_back;
mod own_alerts;
mod properties;
mod reloading;
mod restarting;
mod scale;

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_notify::Verdict;
use plimsoll_types::{Alert, Annotations, Labels, Timestamp};

use super::*;
use crate::rows::{Change, HistoryRow, Outcome, Rows};
use crate::{AlertQuery, Why, config};

/// 2026-11-21 12:00:00 UTC, a Saturday.
pub(super) const NOON: Timestamp = Timestamp::from_millis(1_795_262_400_000);
const ONE_RECEIVER: &str = "
route: {receiver: team, group_by: [alertname], group_wait: 30s, group_interval: 5m, repeat_interval: 4h}
receivers:
- name: team
  webhook_configs: [{url: 'http://127.0.0.1:1/'}]
";

/// What a receiver heard.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Heard {
    pub(super) at: Timestamp,
    pub(super) receiver: String,
    pub(super) group_key: String,
    pub(super) id: String,
    /// Reason, then the alerts as `+name` while they fire and `-name` when they are over.
    pub(super) text: String,
}

/// The engine, its store, and its receivers.
pub(super) struct World {
    pub(super) engine: Engine,
    pub(super) rows: Rows,
    pub(super) history: Vec<HistoryRow>,
    pub(super) now: Timestamp,
    pub(super) config: Arc<Config>,
    pub(super) settings: Settings,
    pub(super) heard: Vec<Heard>,
    /// Attempts that wait for an answer.
    pub(super) open: Vec<Attempt>,
    /// Receivers that do not take notices, and what they answer.
    pub(super) broken: BTreeMap<String, Verdict>,
    /// Whether attempts stay open until they are answered by hand.
    pub(super) is_slow: bool,
    pub(super) last: Step,
    /// By how many milliseconds our clock is ahead of that of who posts alerts.
    pub(super) ahead: i64,
    /// All steps, and all attempts with what fired when they began, until somebody takes them.
    pub(super) steps: Vec<Step>,
    pub(super) started: Vec<((Timestamp, Vec<Labels>), Attempt)>,
}

pub(super) fn parsed(text: &str) -> Arc<Config> {
    let loaded = config::parse("alertmanager.yml".as_ref(), text, &Default::default());
    Arc::new(loaded.unwrap_or_else(|error| panic!("{error}")).config)
}

pub(super) fn labels(text: &str) -> Labels {
    Labels::from_pairs(
        text.split(' ')
            .map(|pair| pair.split_once('=').unwrap_or(("alertname", pair))),
    )
}

impl World {
    pub(super) fn new(text: &str) -> Self {
        let config = parsed(text);
        let settings = Settings::default();
        let (engine, _) = Engine::restore(config.clone(), settings.clone(), Rows::default(), NOON);
        Self {
            engine,
            rows: Rows::default(),
            history: Vec::new(),
            now: NOON,
            config,
            settings,
            heard: Vec::new(),
            open: Vec::new(),
            broken: BTreeMap::new(),
            is_slow: false,
            last: Step::default(),
            ahead: 0,
            steps: Vec::new(),
            started: Vec::new(),
        }
    }

    /// Carries out a step as a shell does: rows first, then attempts, then their answers.
    pub(super) fn take(&mut self, step: Step) {
        self.rows.apply(&step.changes);
        self.history
            .extend(step.changes.iter().filter_map(|change| match change {
                Change::AddHistory(row) => Some(row.clone()),
                _ => None,
            }));
        self.open.extend(step.start.iter().cloned());
        let firing = self
            .engine
            .book
            .iter()
            .filter(|(_, entry)| !entry.is_resolved);
        let firing: Vec<Labels> = firing.map(|(_, entry)| entry.labels.clone()).collect();
        for attempt in &step.start {
            let seen = (self.engine.last_now, firing.clone());
            self.started.push((seen, attempt.clone()));
        }
        let before = std::mem::replace(&mut self.last, step);
        self.steps.push(before);
        while !self.is_slow && !self.open.is_empty() {
            self.answer();
        }
    }

    /// The receiver of the oldest open attempt answers.
    pub(super) fn answer(&mut self) {
        let attempt = self.open.remove(0);
        let verdict = self.hear(&attempt);
        let delivery = attempt.delivery;
        self.step(Event::Answered { delivery, verdict });
    }

    fn hear(&mut self, attempt: &Attempt) -> Verdict {
        let notice = &attempt.notice;
        if let Some(verdict) = self.broken.get(&notice.receiver) {
            return verdict.clone();
        }
        let mut text = String::from(notice.reason.as_str());
        for alert in &notice.alerts {
            let sign = if alert.is_resolved { '-' } else { '+' };
            let name = &alert.alert.labels;
            let name = name
                .get("name")
                .or(name.get("alertname"))
                .unwrap_or_default();
            text.push_str(&format!(" {sign}{name}"));
        }
        self.heard.push(Heard {
            at: self.now,
            receiver: notice.receiver.clone(),
            group_key: notice.group_key.clone(),
            id: notice.id.clone(),
            text,
        });
        Verdict::sent()
    }

    pub(super) fn step(&mut self, event: Event) {
        let step = self.engine.step(event, self.now);
        self.take(step);
    }

    /// Lets time pass, waking the engine whenever it wants to be.
    pub(super) fn pass(&mut self, millis: i64) {
        let end = self.now.saturating_add_millis(millis);
        while let Some(at) = self.engine.wake_at().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.step(Event::Due);
        }
        self.now = end;
        self.step(Event::Due);
    }

    /// Somebody sets the clock.
    pub(super) fn set_clock(&mut self, by_millis: i64) {
        self.now = self.now.saturating_add_millis(by_millis);
        self.step(Event::Due);
    }

    pub(super) fn seconds(&mut self, seconds: i64) {
        self.pass(seconds * 1000);
    }

    /// Posts alerts that fire since `since_seconds` from now and end in an hour.
    pub(super) fn fire_since(&mut self, names: &[&str], since_seconds: i64) {
        let posts = names.iter().map(|text| Post {
            alert: Alert {
                labels: labels(text),
                annotations: Annotations::default(),
                starts_at: self
                    .sender_now()
                    .saturating_add_millis(since_seconds * 1000),
                ends_at: Some(self.sender_now().saturating_add_millis(3_600_000)),
                generator_url: String::new(),
            },
            is_timeout: false,
        });
        let posts = posts.collect();
        self.step(Event::Posted(posts));
    }

    pub(super) fn fire(&mut self, names: &[&str]) {
        self.fire_since(names, 0);
    }

    /// Posts that alerts are over.
    pub(super) fn resolve(&mut self, names: &[&str]) {
        let posts = names.iter().map(|text| Post {
            alert: Alert {
                labels: labels(text),
                annotations: Annotations::default(),
                starts_at: self.started(text),
                ends_at: Some(self.sender_now()),
                generator_url: String::new(),
            },
            is_timeout: false,
        });
        let posts = posts.collect();
        self.step(Event::Posted(posts));
    }

    fn sender_now(&self) -> Timestamp {
        self.now.saturating_add_millis(-self.ahead)
    }

    fn started(&self, text: &str) -> Timestamp {
        let known = self.engine.book.get(crate::Fingerprint::of(&labels(text)));
        known.map_or(self.sender_now(), |entry| entry.starts_at)
    }

    /// Kill -9, and a start from what is durable.
    pub(super) fn restart(&mut self) {
        self.open.clear();
        let rows = self.rows.clone();
        let (engine, step) =
            Engine::restore(self.config.clone(), self.settings.clone(), rows, self.now);
        self.engine = engine;
        self.take(step);
    }

    pub(super) fn reload(&mut self, text: &str) {
        self.config = parsed(text);
        let step = self.engine.reload(self.config.clone(), self.now);
        self.take(step);
    }

    /// Takes what was heard since the last time: seconds after noon, receiver, text.
    #[track_caller]
    pub(super) fn expect(&mut self, expected: &[&str]) {
        let heard = std::mem::take(&mut self.heard);
        let heard: Vec<String> = heard
            .iter()
            .map(|one| {
                let millis = one.at.millis_since(NOON);
                format!("{}s {}: {}", millis as f64 / 1000.0, one.receiver, one.text)
            })
            .collect();
        assert_eq!(heard, expected);
    }

    pub(super) fn why(&self, text: &str) -> Vec<(String, Why)> {
        let explanation = self.engine.explain(&labels(text), self.now);
        let channels = explanation.channels.into_iter();
        channels
            .map(|one| (String::from(&*one.key.receiver), one.why))
            .collect()
    }

    pub(super) fn outcomes(&self) -> Vec<&'static str> {
        self.history
            .iter()
            .map(|row| row.outcome.as_str())
            .collect()
    }

    pub(super) fn unavailable(&mut self, receiver: &str, after: Option<u64>) {
        let verdict = Verdict::Retry {
            after: after.map(Duration::from_secs),
            reason: "503 from the receiver".into(),
        };
        self.broken.insert(receiver.into(), verdict);
    }
}

#[test]
fn a_step_that_does_nothing_is_empty() {
    let mut world = World::new(ONE_RECEIVER);
    world.step(Event::Due);
    assert!(world.last.is_empty());
    assert_eq!(world.engine.wake_at(), None);
    assert_eq!(world.engine.alerts(&AlertQuery::default(), world.now), []);
}

#[test]
fn an_outcome_has_a_word() {
    let retry_at = NOON;
    assert_eq!(Outcome::Failed { retry_at }.as_str(), "failed");
}
