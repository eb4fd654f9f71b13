//! The engine: everything that decides who is told what and when, as one state machine.
//!
//! ```text
//! Event, now --> step --> changes (durable first), attempts to start, decisions, answers
//!                 |
//!                 +-- what time did: ends of alerts, silences, heartbeats, flushes of groups, attempts
//!                 +-- what the event says
//!                 +-- what is due at once because of it
//! ```
//!
//! Whoever runs it makes the changes of a step durable before anything else of the step counts, in the order of the
//! steps. A crash at any point then loses nothing: an attempt that was started is in phase `Leased`, and is made once more
//! under the same key; what was posted and not committed was not answered either.
//!
//! The clock may be set: back, and all that waits moves back with it; forward, and what waits is due at once.

mod alone;
mod answer;
mod attempt;
mod clock;
mod decide;
mod dissolve;
mod due;
mod event;
mod failover;
mod flush;
mod join;
mod merged;
mod own;
mod post;
mod reload;
mod restore;
mod silences;
mod survey;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::Timestamp;

pub(crate) use words::time;

pub use event::{Attempt, Event, Post, Refusal, RefusalReason, SilenceError, Step};

use crate::barrier::Barrier;
use crate::book::{Book, Bounds, GroupIndex};
use crate::config::Config;
use crate::delivery::{DeliveryId, Outbox};
use crate::group::{Groups, Policies};
use crate::heartbeat::Heartbeats;
use crate::inhibit::Inhibitor;
use crate::rows::{Change, ChannelKey, Rows};
use crate::silence::{SilencePolicy, Silences};
use crate::view::Counts;

/// What the engine has to know besides the configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where readers reach us, without a slash at the end: notices say so.
    pub external_url: String,
    /// How long expired silences and the numbers of notices to groups that are gone are kept; Alertmanager: 120 h.
    pub retention: Duration,
    /// Whether this replica decides and sends from the start.
    pub is_leading: bool,
}

impl Default for Settings {
    /// Without a URL, 120 h, leading.
    fn default() -> Self {
        Self {
            external_url: String::new(),
            retention: Duration::from_secs(120 * 3600),
            is_leading: true,
        }
    }
}

/// Something to be done at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    Group(GroupIndex),
    /// The order in which they were queued comes first.
    Delivery(u64, DeliveryId),
}

/// Everything that is known of alerts, groups, silences and notices on their way, and all that follows from it.
///
/// ```
/// use std::sync::Arc;
/// use plimsoll_alerting::{Engine, Event, Post, Settings, config};
/// use plimsoll_types::{Alert, Annotations, Labels, Timestamp};
///
/// let text = "route: {receiver: team, group_wait: 30s}\nreceivers:\n- name: team\n  webhook_configs: [{url: http://127.0.0.1:1/}]\n";
/// let config = config::parse("alertmanager.yml".as_ref(), text, &Default::default()).expect("valid").config;
/// let now = Timestamp::from_millis(1_700_000_000_000);
/// let mut engine = Engine::new(Arc::new(config), Settings::default(), now);
/// let alert = Alert {
///     labels: Labels::from_pairs([("alertname", "Down")]),
///     annotations: Annotations::default(),
///     starts_at: now,
///     ends_at: Some(now.saturating_add_millis(300_000)),
///     generator_url: String::new(),
/// };
/// let step = engine.step(Event::Posted(vec![Post { alert, is_timeout: true }]), now);
/// assert!(step.refused.is_empty() && step.start.is_empty());
/// let wake_at = engine.wake_at().expect("group_wait");
/// assert_eq!(wake_at.millis_since(now), 30_000);
/// let step = engine.step(Event::Due, wake_at);
/// assert_eq!(step.start[0].notice.reason.as_str(), "first notification");
/// ```
#[derive(Debug)]
pub struct Engine {
    config: Arc<Config>,
    settings: Settings,
    policies: Policies,
    book: Book,
    groups: Groups,
    outbox: Outbox,
    silences: Silences,
    inhibitor: Inhibitor,
    heartbeats: Heartbeats,
    barrier: Barrier,
    /// What of groups and deliveries is next.
    timers: BTreeSet<(Timestamp, Timer)>,
    /// The last numbers of channels whose group is gone, and when they can be forgotten.
    sequences: BTreeMap<ChannelKey, (i64, Timestamp)>,
    forget_at: BTreeSet<(Timestamp, ChannelKey)>,
    is_leading: bool,
    is_degraded: bool,
    /// What was told without the database.
    alone: alone::Alone,
    /// Whether what was durable before is known: one that leads without the database may never have seen it.
    has_read_rows: bool,
    /// The time of the last event: the clock may be set back, the engine's time is not.
    last_now: Timestamp,
    /// The place of the next delivery in the queue.
    next_place: u64,
    counts: Counts,
}

impl Engine {
    /// Makes an engine that knows nothing, and knows that: of alerts that nobody told it of it explains that rows may be
    /// about them that it has not read.
    pub fn new(config: Arc<Config>, settings: Settings, now: Timestamp) -> Self {
        let is_leading = settings.is_leading;
        Self {
            policies: Policies::new(&config),
            book: Book::default(),
            groups: Groups::default(),
            outbox: Outbox::default(),
            silences: Silences::new(silence_policy(&config, is_leading)),
            inhibitor: Inhibitor::new(&config.inhibit_rules),
            heartbeats: Heartbeats::new(&config.plimsoll.heartbeats, now),
            barrier: Barrier::new(now, config.plimsoll.warm_up),
            timers: BTreeSet::new(),
            sequences: BTreeMap::new(),
            forget_at: BTreeSet::new(),
            is_leading,
            is_degraded: false,
            alone: alone::Alone::default(),
            has_read_rows: false,
            last_now: now,
            next_place: 0,
            counts: Counts::default(),
            settings,
            config,
        }
    }

    /// Makes an engine that goes on where the rows end, as if there had been no restart. What was on its way when the last
    /// one stopped is tried again at the first event; the changes of the step have to be made durable as always.
    pub fn restore(
        config: Arc<Config>,
        settings: Settings,
        rows: Rows,
        now: Timestamp,
    ) -> (Self, Step) {
        let mut engine = Self::new(config, settings, now);
        engine.has_read_rows = true;
        let mut step = Step::default();
        engine.take_rows(rows, now, &mut step);
        engine.keep_own_changes(&mut step);
        (engine, step)
    }

    /// Changes the configuration. Groups whose route stays keep their timers and what was told; a notice on its way to a
    /// receiver that is gone is told by the receivers that the alerts have now.
    pub fn reload(&mut self, config: Arc<Config>, now: Timestamp) -> Step {
        let mut step = Step::default();
        let now = self.at(now);
        self.catch_up(now, &mut step);
        self.take_config(config, now, &mut step);
        self.advance(now, &mut step);
        self.keep_own_changes(&mut step);
        step
    }

    /// Takes an event. `now` is the wall time; who leads acts on all that is due by then, whatever the event is.
    pub fn step(&mut self, event: Event, now: Timestamp) -> Step {
        let mut step = Step::default();
        let now = self.at(now);
        self.catch_up(now, &mut step);
        self.take(event, now, &mut step);
        self.advance(now, &mut step);
        self.keep_own_changes(&mut step);
        step
    }

    /// Returns when [`Event::Due`] has something to do; `None` when only another event has. It may be a time that has passed:
    /// one step does not do everything when very much is due. When the clock may be set, tell [`Event::Due`] every few
    /// seconds anyhow, since what waits can only be moved once that is known.
    pub fn wake_at(&self) -> Option<Timestamp> {
        let own = self.is_leading.then(|| self.own_wake_at()).flatten();
        let forgotten = self.silences.gc_at(self.settings.retention);
        let silences = [self.silences.wake_at(), forgotten];
        let all = silences.into_iter().chain([self.book.next_end(), own]);
        all.flatten().min()
    }

    /// Returns the configuration in force.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Says whether this replica decides and sends.
    pub fn is_leading(&self) -> bool {
        self.is_leading
    }

    /// Says whether notices are marked as sent without the database.
    pub fn is_degraded(&self) -> bool {
        self.is_degraded
    }

    /// Returns the silences.
    pub fn silences(&self) -> &Silences {
        &self.silences
    }

    fn take(&mut self, event: Event, now: Timestamp, step: &mut Step) {
        match event {
            Event::Posted(posts) => self.take_posts(posts, now, step),
            Event::SetSilence { draft, fresh } => self.set_silence(*draft, fresh, now, step),
            Event::ExpireSilence(id) => self.expire_silence(id, now, step),
            Event::Due => {}
            Event::Answered { delivery, verdict } => self.take_answer(delivery, verdict, now, step),
            Event::Merged(rows) => self.take_merged(*rows, now, step),
            Event::ToldAlone(alone) => self.take_told(*alone, now, step),
            Event::Degraded(is_degraded) => self.degrade(is_degraded),
            Event::Leading(is_leading) => self.lead(is_leading, now, step),
        }
    }

    /// Who does not lead writes what was posted to it, and nothing else: all other rows are the leader's.
    fn keep_own_changes(&self, step: &mut Step) {
        if !self.is_leading {
            let is_posted =
                |change: &Change| matches!(change, Change::PutAlert(_) | Change::PutSilence(_));
            step.changes.retain(is_posted);
        }
    }

    fn bounds(&self) -> Bounds {
        let limits = self.config.plimsoll.limits;
        Bounds {
            alerts: limits.alerts as u64,
            bytes: limits.bytes.0,
        }
    }

    fn own_wake_at(&self) -> Option<Timestamp> {
        let timer = self.timers.first().map(|(at, _)| *at);
        let forgotten = self.forget_at.first().map(|(at, _)| *at);
        let all = [timer, forgotten, self.heartbeats.wake_at()];
        all.into_iter().flatten().min()
    }
}

/// What views and explanations look at.
impl Engine {
    pub(crate) fn book(&self) -> &Book {
        &self.book
    }

    pub(crate) fn groups_known(&self) -> &Groups {
        &self.groups
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    pub(crate) fn policies(&self) -> &Policies {
        &self.policies
    }

    pub(crate) fn inhibitor(&self) -> &Inhibitor {
        &self.inhibitor
    }

    pub(crate) fn heartbeats_known(&self) -> &Heartbeats {
        &self.heartbeats
    }

    pub(crate) fn has_read_rows(&self) -> bool {
        self.has_read_rows
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }
}

/// Returns what silences may be. Who does not lead tells nobody that one ends, and so takes none for announced.
fn silence_policy(config: &Config, is_leading: bool) -> SilencePolicy {
    let own = &config.plimsoll.silences;
    let notice = own.notice.as_ref().filter(|_| is_leading);
    SilencePolicy {
        max_duration: own.max_duration,
        notify_before_expiry: notice.map(|notice| notice.before),
        silences_max: config.plimsoll.limits.silences,
        ..SilencePolicy::default()
    }
}

#[cfg(test)]
mod tests;
