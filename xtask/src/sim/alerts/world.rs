//! Lets a story happen: processes, their store, who posts and who receives, each event at its time.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, ensure};
use plimsoll_alerting::{Attempt, Config, DeliveryId, Draft, Event, MatcherSets, Post, SilenceId};
use plimsoll_notify::Verdict;
use plimsoll_testkit::Seed;
use plimsoll_types::{Alert, Annotations, Matcher, Timestamp};

use super::judge::Judge;
use super::receivers::Effect;
use super::replica::{EPOCH_MILLIS, Replica};
use super::store::Store;
use super::story::{LENGTH_MILLIS, Story, What};

/// How often a process looks at the store.
const POLL_MILLIS: i64 = 2_000;
/// How often who posts says again what fires or is over.
const RESEND_MILLIS: i64 = 60_000;
/// How long an alert lives after a post.
const LIFE_MILLIS: i64 = 240_000;
/// For how long the end of an alert is said again.
const RESOLVED_MILLIS: i64 = 900_000;
/// How often it is asked why somebody was not told.
const EXPLAIN_MILLIS: i64 = 45_000;
/// More wake-ups at one moment than that lead nowhere.
const WAKES_MAX: u32 = 200;

/// How a story is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Plain,
    /// The store forgets some of what it said was durable.
    Lying,
    /// Everything that a replica does is printed.
    Watched,
}

/// What a run was made of.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Done {
    pub(super) effects: usize,
    pub(super) repeats: usize,
    pub(super) attempts: usize,
    pub(super) deaths: usize,
    pub(super) degraded: usize,
    pub(super) explained: usize,
    pub(super) left_open: usize,
}

impl Done {
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            effects: self.effects + other.effects,
            repeats: self.repeats + other.repeats,
            attempts: self.attempts + other.attempts,
            deaths: self.deaths + other.deaths,
            degraded: self.degraded + other.degraded,
            explained: self.explained + other.explained,
            left_open: self.left_open + other.left_open,
        }
    }
}

enum Do {
    Start(usize),
    Poll(usize),
    Wake(usize, u32),
    Post {
        alert: usize,
        replica: usize,
    },
    Silence {
        silence: usize,
        id: Option<SilenceId>,
    },
    Fault(What),
    Taken(Box<Effect>),
    Answer {
        replica: usize,
        incarnation: u32,
        delivery: DeliveryId,
        verdict: Verdict,
    },
    Explain,
}

pub(super) struct World<'a> {
    story: &'a Story,
    configs: Vec<Arc<Config>>,
    store: Store,
    replicas: Vec<Replica>,
    queue: BTreeMap<(i64, u64), Do>,
    number: u64,
    at: i64,
    seed: Seed,
    judge: Judge<'a>,
    /// When each process is woken next.
    planned: Vec<Option<i64>>,
    wakes: (i64, u32),
    done: Done,
}

/// Tells a story.
pub(super) fn tell(story: &Story, manner: Manner) -> anyhow::Result<Done> {
    let configs = story
        .setups
        .iter()
        .map(|setup| Ok(Arc::new(setup.parse()?)));
    let configs = configs.collect::<anyhow::Result<Vec<_>>>()?;
    let skews = story.skews.iter().enumerate();
    let replicas = skews.map(|(number, skew)| {
        Replica::new(
            number,
            *skew,
            Arc::clone(&configs[0]),
            manner == Manner::Watched,
        )
    });
    let mut world = World {
        replicas: replicas.collect(),
        store: Store::new(story.skews.len(), manner == Manner::Lying),
        judge: Judge::new(story, configs.clone()),
        configs,
        story,
        queue: BTreeMap::new(),
        number: 0,
        at: 0,
        seed: Seed::new(story.seed ^ 0x5eed),
        planned: vec![None; story.skews.len()],
        wakes: (0, 0),
        done: Done::default(),
    };
    world.fill();
    while let Some(((at, _), next)) = world.queue.pop_first() {
        if at > LENGTH_MILLIS {
            break;
        }
        world.at = at;
        world.happen(next).with_context(|| format!("at {at}"))?;
    }
    let (done, leader) = (
        world.done,
        world.replicas.iter().find(|one| one.is_leading(world.at)),
    );
    let leader = leader.context("nobody leads in the end")?;
    let judged = world.judge.finish(&world.store, leader)?;
    Ok(done.and(judged))
}

impl World<'_> {
    /// Plans what does not depend on anything.
    fn fill(&mut self) {
        let story = self.story;
        for replica in 0..self.replicas.len() {
            self.plan(replica as i64 * 700, Do::Start(replica));
            self.plan(replica as i64 * 700 + 100, Do::Poll(replica));
        }
        for alert in 0..story.alerts.len() {
            for at in post_times(story, alert) {
                for replica in 0..self.replicas.len() {
                    self.plan(at + replica as i64 * 15, Do::Post { alert, replica });
                }
            }
        }
        for (silence, quiet) in story.silences.iter().enumerate() {
            self.plan(quiet.posted, Do::Silence { silence, id: None });
        }
        for event in &story.events {
            self.plan(event.at, Do::Fault(event.what));
        }
        self.plan(EXPLAIN_MILLIS, Do::Explain);
    }

    fn plan(&mut self, at: i64, next: Do) {
        self.number += 1;
        self.queue.insert((at, self.number), next);
    }

    fn happen(&mut self, next: Do) -> anyhow::Result<()> {
        match next {
            Do::Start(replica) => {
                self.replicas[replica].start(self.at);
                self.judge.started(replica, self.at);
            }
            Do::Poll(replica) => self.poll(replica),
            Do::Wake(replica, incarnation) => return self.wake(replica, incarnation),
            Do::Post { alert, replica } => self.post(alert, replica),
            Do::Silence { silence, id } => self.silence(silence, id),
            Do::Fault(what) => self.fault(what),
            Do::Taken(effect) => return self.judge.taken(*effect),
            Do::Answer {
                replica,
                incarnation,
                delivery,
                verdict,
            } => self.answer(replica, incarnation, delivery, verdict),
            Do::Explain => return self.explain(),
        }
        Ok(())
    }

    fn poll(&mut self, replica: usize) {
        self.plan(self.at + POLL_MILLIS, Do::Poll(replica));
        if !self.replicas[replica].is_up(self.at) {
            return;
        }
        let begin = self.replicas[replica].poll(&mut self.store, self.at);
        self.begin(replica, begin);
    }

    fn wake(&mut self, replica: usize, incarnation: u32) -> anyhow::Result<()> {
        let process = &self.replicas[replica];
        self.planned[replica] = None;
        if process.incarnation != incarnation || process.engine.is_none() {
            self.begin(replica, Vec::new());
            return Ok(());
        }
        if self.at < process.paused_until {
            self.plan(process.paused_until, Do::Wake(replica, incarnation));
            return Ok(());
        }
        let wakes = if self.wakes.0 == self.at {
            self.wakes.1 + 1
        } else {
            1
        };
        self.wakes = (self.at, wakes);
        ensure!(
            wakes < WAKES_MAX,
            "the engine of {replica} wants to be woken again and again"
        );
        self.tell(replica, Event::Due);
        Ok(())
    }

    fn tell(&mut self, replica: usize, event: Event) -> super::replica::Told {
        let (begin, told) = self.replicas[replica].tell(event, &mut self.store, self.at);
        self.begin(replica, begin);
        told
    }

    /// Begins attempts, and plans the next wake-up.
    fn begin(&mut self, replica: usize, attempts: Vec<Attempt>) {
        for attempt in attempts {
            self.attempt(replica, attempt);
        }
        let process = &self.replicas[replica];
        let wake_at = process.engine.as_ref().and_then(|engine| engine.wake_at());
        if let Some(wake_at) = wake_at {
            let at = process.world(wake_at).max(self.at);
            if self.planned[replica].is_none_or(|planned| at < planned) {
                let incarnation = process.incarnation;
                self.planned[replica] = Some(at);
                self.plan(at, Do::Wake(replica, incarnation));
            }
        }
    }

    fn attempt(&mut self, replica: usize, attempt: Attempt) {
        self.done.attempts += 1;
        let receiver = attempt
            .notice
            .receiver
            .trim_start_matches('r')
            .parse::<usize>();
        let moods = &self.story.receivers[receiver.unwrap_or_default()];
        let latency = 2 + self.seed.below(300) as i64;
        let course = moods.at(self.at).course(latency);
        if let Some(after) = course.taken_after {
            let effect = Effect {
                at: self.at + after,
                index: attempt.integration.index,
                notice: attempt.notice,
                replica,
                is_confirmed: course.verdict.is_sent(),
            };
            self.plan(self.at + after, Do::Taken(Box::new(effect)));
        }
        let answer = Do::Answer {
            replica,
            incarnation: self.replicas[replica].incarnation,
            delivery: attempt.delivery,
            verdict: course.verdict,
        };
        self.plan(self.at + course.answered_after, answer);
    }

    fn answer(&mut self, replica: usize, incarnation: u32, delivery: DeliveryId, verdict: Verdict) {
        let process = &self.replicas[replica];
        if process.incarnation != incarnation || process.engine.is_none() {
            return;
        }
        let paused_until = process.paused_until;
        if self.at < paused_until {
            let answer = Do::Answer {
                replica,
                incarnation,
                delivery,
                verdict,
            };
            return self.plan(paused_until, answer);
        }
        self.tell(replica, Event::Answered { delivery, verdict });
    }

    fn post(&mut self, alert: usize, replica: usize) {
        let life = &self.story.alerts[alert];
        let Some((start, end)) = self.said(alert) else {
            return;
        };
        if !self.replicas[replica].is_ready(self.at) {
            return;
        }
        let time = |millis: i64| Timestamp::from_millis(EPOCH_MILLIS + millis);
        let alert_posted = Alert {
            labels: life.labels.clone(),
            annotations: Annotations::default(),
            starts_at: time(start),
            ends_at: Some(time(end.unwrap_or(self.at + LIFE_MILLIS))),
            generator_url: String::new(),
        };
        let post = Post {
            alert: alert_posted,
            is_timeout: false,
        };
        let told = self.tell(replica, Event::Posted(vec![post]));
        if told.is_durable {
            self.judge.posted(alert, self.at, end);
        }
    }

    /// Returns since when an alert fires as it is said now, and when it ended.
    fn said(&self, alert: usize) -> Option<(i64, Option<i64>)> {
        let life = &self.story.alerts[alert];
        let begin = |start: i64| if start == 0 { -self.story.age } else { start };
        if let Some((start, _)) = life.firing_at(self.at) {
            return Some((begin(start), None));
        }
        let mut over = life.spans.iter().rev();
        let (start, end) = over.find(|(_, end)| *end <= self.at)?;
        Some((begin(*start), Some(*end)))
    }

    fn silence(&mut self, silence: usize, id: Option<SilenceId>) {
        let quiet = &self.story.silences[silence];
        let mut ready = self.replicas.iter().filter(|one| one.is_ready(self.at));
        let Some(replica) = ready.next().map(|one| one.number) else {
            // Who did not get through tries again.
            return self.plan(self.at + 5_000, Do::Silence { silence, id });
        };
        let event = match id {
            Some(id) => Event::ExpireSilence(id),
            None => {
                let (name, value) = &quiet.label;
                let now = self.replicas[replica].local(self.at);
                let sets = MatcherSets::for_alerts(vec![vec![Matcher::equal(name, value)]]);
                let draft = Draft {
                    id: None,
                    matchers: sets.expect("a matcher of a value"),
                    receivers: MatcherSets::default(),
                    starts_at: Some(now.saturating_add_millis(quiet.delay)),
                    ends_at: now.saturating_add_millis(quiet.delay + quiet.length),
                    created_by: "somebody".into(),
                    comment: format!("silence {silence}"),
                    annotations: Annotations::default(),
                    recurrence: None,
                    until_resolved: None,
                };
                let fresh = SilenceId::from_random(
                    u128::from(self.seed.bits()) << 64 | u128::from(self.seed.bits()),
                );
                Event::SetSilence {
                    draft: Box::new(draft),
                    fresh,
                }
            }
        };
        self.judge.silencing(silence, self.at, id.is_some());
        let told = self.tell(replica, event);
        match (told.is_durable, told.silence) {
            (true, Some(set)) if id.is_none() => {
                self.judge.silenced(silence, self.at);
                if let Some(after) = quiet.expired {
                    self.plan(
                        self.at + after,
                        Do::Silence {
                            silence,
                            id: Some(set),
                        },
                    );
                }
            }
            (true, _) => {}
            (false, _) => self.plan(self.at + 5_000, Do::Silence { silence, id }),
        }
    }

    fn fault(&mut self, what: What) {
        match what {
            What::Kill { replica, down } => {
                if self.replicas[replica].engine.is_some() {
                    self.done.deaths += 1;
                    self.replicas[replica].die();
                    self.plan(self.at + down, Do::Start(replica));
                }
            }
            What::Pause { replica, length } => {
                self.replicas[replica].paused_until = self.at + length;
            }
            What::Away { length } => self.store.go_away(self.at + length),
            What::Cut { replica, length } => self.store.cut(replica, self.at + length),
            What::AnswerLost { replica } => self.store.lose_answer(replica),
            What::Reload { replica, setup } => {
                let config = Arc::clone(&self.configs[setup]);
                let begin = self.replicas[replica].reload(config, &mut self.store, self.at);
                self.begin(replica, begin);
            }
        }
    }

    fn explain(&mut self) -> anyhow::Result<()> {
        self.plan(self.at + EXPLAIN_MILLIS, Do::Explain);
        for replica in &self.replicas {
            if replica.is_up(self.at) && replica.is_leading(self.at) && replica.is_settled() {
                self.judge.explained(replica, self.at)?;
            }
        }
        Ok(())
    }
}

/// Returns when an alert is posted: when it changes, and again and again as long as it fires and for a while after.
fn post_times(story: &Story, alert: usize) -> Vec<i64> {
    let life = &story.alerts[alert];
    let mut times = Vec::new();
    for (number, (start, end)) in life.spans.iter().enumerate() {
        let next = life
            .spans
            .get(number + 1)
            .map_or(i64::MAX, |(start, _)| *start);
        // Who begins to post when we do, or fails over, says everything at a time of its own.
        let first = if *start == 0 { life.phase } else { *start };
        let firing = (first..*end.min(&LENGTH_MILLIS)).step_by(RESEND_MILLIS as usize);
        times.extend(firing);
        let last = end
            .saturating_add(RESOLVED_MILLIS)
            .min(next)
            .min(LENGTH_MILLIS);
        if *end < last {
            times.extend((*end..last).step_by(RESEND_MILLIS as usize));
        }
    }
    times
}
