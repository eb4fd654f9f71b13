//! What happens in a run, all of it drawn beforehand: so a story can be made shorter and told.

use std::fmt;

use plimsoll_testkit::Seed;
use plimsoll_types::Labels;

use super::receivers::Moods;
use super::setup::{RECEIVERS, Setup, pick};

/// Until when things go wrong.
pub(super) const QUIET_MILLIS: i64 = 25 * 60_000;
/// From then until the end all is well, so that what is owed can be paid: an hour would change nothing.
pub(super) const LENGTH_MILLIS: i64 = QUIET_MILLIS + 15 * 60_000;

/// A run.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) seed: u64,
    /// The configurations; the first is there at the begin.
    pub(super) setups: Vec<Setup>,
    pub(super) alerts: Vec<Life>,
    pub(super) silences: Vec<Quiet>,
    pub(super) receivers: Vec<Moods>,
    /// By how much the clock of each replica is ahead, in milliseconds.
    pub(super) skews: Vec<i64>,
    /// In the order of their times.
    pub(super) events: Vec<Event>,
    /// How much the alerts at the begin are older than the first start, in milliseconds.
    pub(super) age: i64,
}

/// An alert: when it fires, in milliseconds since the begin.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Life {
    pub(super) labels: Labels,
    pub(super) spans: Vec<(i64, i64)>,
    /// When who posts it begins to.
    pub(super) phase: i64,
}

/// A silence that somebody posts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Quiet {
    pub(super) posted: i64,
    pub(super) label: (&'static str, String),
    /// When it begins, after it is posted.
    pub(super) delay: i64,
    pub(super) length: i64,
    /// When somebody ends it, after it is posted.
    pub(super) expired: Option<i64>,
}

/// Something that happens to a process or the store.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Event {
    pub(super) at: i64,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum What {
    /// A process dies and comes back.
    Kill { replica: usize, down: i64 },
    /// A process does nothing for a while.
    Pause { replica: usize, length: i64 },
    /// The store answers nobody.
    Away { length: i64 },
    /// The store does not answer one of them.
    Cut { replica: usize, length: i64 },
    /// The next commit of a process is carried out, and its answer is lost.
    AnswerLost { replica: usize },
    /// The process reads another configuration.
    Reload { replica: usize, setup: usize },
}

impl Story {
    pub(super) fn draw(number: u64, replicas: usize) -> Self {
        let seed = &mut Seed::new(number);
        let first = Setup::draw(seed);
        let second = first.changed(seed);
        let alerts = (0..3 + seed.below(8)).map(|_| Life::draw(seed)).collect();
        let mut alerts: Vec<Life> = alerts;
        alerts.sort_by(|a, b| a.labels.cmp(&b.labels));
        alerts.dedup_by(|a, b| a.labels == b.labels);
        let silences = (0..seed.below(4)).map(|_| Quiet::draw(seed)).collect();
        let receivers = (0..RECEIVERS).map(|_| match seed.percent(30) {
            true => Moods::good(),
            false => Moods::draw(seed, QUIET_MILLIS),
        });
        let receivers = receivers.collect();
        let skews = (0..replicas).map(|_| seed.below(6_000) as i64 - 3_000);
        let skews = skews.collect();
        Self {
            seed: number,
            setups: vec![first, second],
            alerts,
            silences,
            receivers,
            skews,
            events: events(seed, replicas),
            age: pick(seed, &[0, 0, 600_000]),
        }
    }
}

/// Something that stories can do without, to look for what else there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Trouble {
    /// Clocks that differ
    Skew,
    /// Receivers with a fallback
    Fallback,
    /// Everything that happens to processes and their store
    Faults,
    /// Silences
    Silences,
}

impl Story {
    pub(super) fn without(mut self, trouble: Trouble) -> Self {
        match trouble {
            Trouble::Skew => self.skews.fill(0),
            Trouble::Fallback => self
                .setups
                .iter_mut()
                .for_each(|setup| setup.has_fallback = false),
            Trouble::Faults => self.events.clear(),
            Trouble::Silences => self.silences.clear(),
        }
        self
    }
}

impl Life {
    fn draw(seed: &mut Seed) -> Self {
        let labels = Labels::from_pairs([
            ("alertname", pick(seed, &["A", "B", "C", "D"])),
            ("severity", pick(seed, &["page", "warn", "info"])),
            ("cluster", pick(seed, &["a", "b"])),
            ("instance", pick(seed, &["1", "2", "3"])),
        ]);
        let (mut spans, mut at) = (Vec::new(), seed.below(3) as i64 * seed.below(60_000) as i64);
        while at < QUIET_MILLIS {
            let longest = pick(seed, &[30_000, 300_000, 1_500_000]);
            let length = 5_000 + seed.below(longest);
            let end = at + length as i64;
            // Half of those that would end in the quiet fire until after the end.
            let end = if end > QUIET_MILLIS && seed.percent(50) {
                i64::MAX
            } else {
                end.min(QUIET_MILLIS)
            };
            spans.push((at, end));
            at = end.saturating_add(5_000 + seed.below(400_000) as i64);
        }
        Self {
            labels,
            spans,
            phase: seed.below(60_000) as i64,
        }
    }

    /// Returns the span that contains a time.
    pub(super) fn firing_at(&self, at: i64) -> Option<(i64, i64)> {
        let mut spans = self.spans.iter().copied();
        spans.find(|(start, end)| *start <= at && at < *end)
    }
}

impl Quiet {
    fn draw(seed: &mut Seed) -> Self {
        let label = match seed.below(3) {
            0 => ("alertname", pick(seed, &["A", "B", "C", "D"]).to_owned()),
            1 => ("cluster", pick(seed, &["a", "b"]).to_owned()),
            _ => ("instance", pick(seed, &["1", "2", "3"]).to_owned()),
        };
        Self {
            posted: seed.below(QUIET_MILLIS as u64 / 2) as i64,
            label,
            delay: pick(seed, &[0, 0, 60_000]),
            length: 60_000 + seed.below(600_000) as i64,
            expired: seed
                .percent(30)
                .then(|| 20_000 + seed.below(300_000) as i64),
        }
    }
}

fn events(seed: &mut Seed, replicas: usize) -> Vec<Event> {
    let count = pick(seed, &[0, 3, 8]);
    let mut events: Vec<Event> = (0..count)
        .map(|_| Event {
            at: 5_000 + seed.below(QUIET_MILLIS as u64 - 120_000) as i64,
            what: what(seed, replicas),
        })
        .collect();
    if seed.percent(40) {
        let at = 60_000 + seed.below(QUIET_MILLIS as u64 - 120_000) as i64;
        for replica in 0..replicas {
            // Somebody reloads one after the other.
            let at = at + replica as i64 * 3_000;
            let what = What::Reload { replica, setup: 1 };
            events.push(Event { at, what });
        }
    }
    events.sort_by_key(|event| event.at);
    events
}

fn what(seed: &mut Seed, replicas: usize) -> What {
    let replica = seed.below(replicas as u64) as usize;
    let short = 500 + seed.below(8_000) as i64;
    let length = pick(seed, &[short, short * 4, short * 12]).min(90_000);
    match seed.below(8) {
        0..3 => What::Kill {
            replica,
            down: length,
        },
        3 => What::Pause { replica, length },
        4 => What::Away { length },
        5 => What::Cut { replica, length },
        _ => What::AnswerLost { replica },
    }
}

/// Returns stories with less in them, the shortest first.
pub(super) fn shorter(story: &Story) -> Vec<Story> {
    let mut found = Vec::new();
    let mut push = |change: &dyn Fn(&mut Story)| {
        let mut shorter = story.clone();
        change(&mut shorter);
        found.push(shorter);
    };
    if !story.events.is_empty() {
        push(&|story| story.events.clear());
    }
    if !story.silences.is_empty() {
        push(&|story| story.silences.clear());
    }
    let good = Moods::good();
    for receiver in 0..story.receivers.len() {
        if story.receivers[receiver] != good {
            push(&|story| story.receivers[receiver] = good.clone());
        }
    }
    for alert in 0..story.alerts.len() {
        push(&|story| drop(story.alerts.remove(alert)));
    }
    for event in 0..story.events.len() {
        push(&|story| {
            story.events.remove(event);
        });
    }
    for silence in 0..story.silences.len() {
        push(&|story| drop(story.silences.remove(silence)));
    }
    for (alert, life) in story.alerts.iter().enumerate() {
        for span in 0..life.spans.len() {
            if life.spans.len() > 1 {
                push(&|story| {
                    story.alerts[alert].spans.remove(span);
                });
            }
        }
    }
    if story.skews.iter().any(|skew| *skew != 0) {
        push(&|story| story.skews.fill(0));
    }
    found
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.setups[0])?;
        let is_reloaded = self
            .events
            .iter()
            .any(|event| matches!(event.what, What::Reload { .. }));
        if is_reloaded {
            writeln!(f, "after the reload:\n{}", self.setups[1])?;
        }
        for life in &self.alerts {
            writeln!(
                f,
                "{} fires {:?}, posted from {} on",
                life.labels, life.spans, life.phase
            )?;
        }
        for silence in &self.silences {
            writeln!(f, "{silence:?}")?;
        }
        for (number, moods) in self.receivers.iter().enumerate() {
            writeln!(f, "r{number}: {moods:?}")?;
        }
        writeln!(f, "skews {:?}, age {}", self.skews, self.age)?;
        for event in &self.events {
            writeln!(f, "{} {:?}", event.at, event.what)?;
        }
        Ok(())
    }
}
