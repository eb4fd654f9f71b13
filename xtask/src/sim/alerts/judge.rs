//! What must hold, whatever happens: nothing lost, no duplicate effect, no leak, every silence explained.
//!
//! The judge knows the world: what fires, what was promised with a 2xx, what receivers have seen. It never asks the engine
//! what is true, only what it says about it.

mod end;
mod explained;
mod leaks;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::ensure;
use plimsoll_alerting::{Config, Fingerprint};
use plimsoll_notify::Reason;

use super::receivers::{Content, Effect};
use super::story::Story;
use super::world::Done;

/// Group, receiver, index of the webhook.
type Channel = (String, String, usize);

/// What a receiver believes of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Belief {
    is_resolved: bool,
    starts_at: i64,
}

pub(super) struct Judge<'a> {
    story: &'a Story,
    configs: Vec<Arc<Config>>,
    fingerprints: Vec<u64>,
    effects: Vec<Effect>,
    /// Contents by idempotency key.
    contents: BTreeMap<String, (Content, bool)>,
    beliefs: BTreeMap<Channel, BTreeMap<u64, Belief>>,
    /// When a receiver was told last, and whether who told it heard of that.
    last: BTreeMap<Channel, (i64, bool)>,
    /// Per alert: accepted posts, each with its time and the end if it said one.
    posted: Vec<Vec<Accepted>>,
    /// Per silence: when it was promised, and when somebody began to end it.
    silences: Vec<(Option<i64>, Option<i64>)>,
    /// When which replica began to run.
    starts: Vec<(i64, usize)>,
    done: Done,
}

#[derive(Clone, Copy, Debug)]
struct Accepted {
    at: i64,
    end: Option<i64>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(story: &'a Story, configs: Vec<Arc<Config>>) -> Self {
        let fingerprints = story.alerts.iter();
        let fingerprints = fingerprints.map(|life| Fingerprint::of(&life.labels).as_u64());
        Self {
            fingerprints: fingerprints.collect(),
            configs,
            effects: Vec::new(),
            contents: BTreeMap::new(),
            beliefs: BTreeMap::new(),
            last: BTreeMap::new(),
            posted: vec![Vec::new(); story.alerts.len()],
            silences: vec![(None, None); story.silences.len()],
            starts: Vec::new(),
            done: Done::default(),
            story,
        }
    }

    pub(super) fn started(&mut self, replica: usize, at: i64) {
        self.starts.push((at, replica));
    }

    /// A post was answered with 2xx.
    pub(super) fn posted(&mut self, alert: usize, at: i64, end: Option<i64>) {
        self.posted[alert].push(Accepted { at, end });
    }

    pub(super) fn silencing(&mut self, silence: usize, at: i64, is_end: bool) {
        if is_end {
            self.silences[silence].1.get_or_insert(at);
        }
    }

    pub(super) fn silenced(&mut self, silence: usize, at: i64) {
        self.silences[silence].0.get_or_insert(at);
    }

    /// A receiver has a notice.
    pub(super) fn taken(&mut self, effect: Effect) -> anyhow::Result<()> {
        let (content, notice) = (effect.content(), &effect.notice);
        let is_degraded = notice.is_degraded;
        if let Some((before, was_degraded)) = self.contents.get(&notice.id) {
            ensure!(
                *before == content || is_degraded || *was_degraded,
                "{} says {before:?} and {content:?}",
                notice.id
            );
            self.done.repeats += 1;
            // Who honours the key takes it once.
            return Ok(());
        }
        self.contents
            .insert(notice.id.clone(), (content.clone(), is_degraded));
        let channel = effect.channel();
        let (is_news, is_other) = self.believe(&channel, &content);
        let last = (effect.at, effect.is_confirmed);
        let last = self.last.insert(channel.clone(), last);
        self.done.effects += 1;
        self.done.degraded += usize::from(is_degraded);
        // Who does not know whether something arrived tells it again when it is not the same any more, or was not
        // in between.
        let has_changed = is_other || last.is_some_and(|(last, _)| self.changes(last, effect.at));
        // An end that nobody confirmed is told again, since an incident would stay open for ever else: under its key, but
        // for who began after the first attempt.
        let has_ends = notice.alerts.iter().any(|alert| alert.is_resolved);
        let may_differ = has_changed || has_ends && self.is_disturbed(last, effect.at);
        let is_correction = may_differ && self.is_unconfirmed(last, effect.at);
        // Who told it without the store said that it may come again.
        let was_degraded = self
            .effects
            .iter()
            .rev()
            .find(|known| known.channel() == channel);
        let may_repeat = is_degraded || was_degraded.is_some_and(|known| known.notice.is_degraded);
        if !is_news && !is_correction && !may_repeat {
            self.is_repeat(&effect, last)?;
        }
        if !is_degraded {
            self.no_leak(&effect, &channel)?;
        }
        self.effects.push(effect);
        Ok(())
    }

    /// Notes what a receiver was told last of a group; says whether anything of it is new, and whether it
    /// differs at all. What a notice does not name is
    /// not there any more for who reads it: a group without anything that fires is closed.
    fn believe(&mut self, channel: &Channel, content: &[(u64, bool, i64)]) -> (bool, bool) {
        let beliefs = content.iter().map(|(fingerprint, is_resolved, starts_at)| {
            let belief = Belief {
                is_resolved: *is_resolved,
                starts_at: *starts_at,
            };
            (*fingerprint, belief)
        });
        let beliefs: BTreeMap<u64, Belief> = beliefs.collect();
        let before = self.beliefs.entry(channel.clone()).or_default();
        let is_news = beliefs.iter().any(|(fingerprint, belief)| {
            before.get(fingerprint).is_none_or(|before| {
                before.is_resolved != belief.is_resolved || before.starts_at < belief.starts_at
            })
        });
        let is_other = *before != beliefs;
        *before = beliefs;
        (is_news, is_other)
    }

    /// Says whether who told a receiver last may not know that it arrived: the answer was lost, or the process was.
    fn is_unconfirmed(&self, last: Option<(i64, bool)>, at: i64) -> bool {
        last.is_none_or(|(_, is_confirmed)| !is_confirmed) || self.is_disturbed(last, at)
    }

    /// Says whether something happened to a process or the store since a receiver was told last, or shortly before.
    fn is_disturbed(&self, last: Option<(i64, bool)>, at: i64) -> bool {
        let since = last.map_or(0, |(last, _)| last - 120_000);
        let mut events = self.story.events.iter();
        events.any(|event| (since..=at).contains(&event.at))
    }

    /// Says whether an alert began or ended in a time.
    fn changes(&self, from: i64, to: i64) -> bool {
        let lives = self.story.alerts.iter();
        let mut times =
            lives.flat_map(|life| life.spans.iter().flat_map(|(start, end)| [start, end]));
        times.any(|at| (from..=to).contains(at))
    }

    /// What says nothing new has to be a repetition, and its time has to have come.
    fn is_repeat(&self, effect: &Effect, last: Option<(i64, bool)>) -> anyhow::Result<()> {
        let notice = &effect.notice;
        let intervals = self.configs.iter().filter_map(|config| {
            let routes = config.route.iter().map(|(_, route)| route);
            let mut own =
                routes.filter(|route| notice.group_key.starts_with(&format!("{}:", route.key)));
            own.next()
                .map(|route| route.repeat_interval.as_millis() as i64)
        });
        let interval = intervals.min().unwrap_or(0);
        // Attempts take up to 10 s, and clocks differ.
        let passed = last.map_or(i64::MAX, |(last, _)| effect.at - last);
        ensure!(
            notice.reason == Reason::Repeat && passed >= interval - 20_000,
            "nothing new in {notice:#?}\nafter {passed} ms; it believed {:?}",
            self.beliefs.get(&effect.channel())
        );
        Ok(())
    }
}
