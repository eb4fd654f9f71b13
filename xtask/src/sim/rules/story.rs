//! What happens in a run, all of it drawn beforehand: so a story can be made shorter and told.

use std::fmt;

use plimsoll_testkit::Seed;

use super::definitions::{File, Group};

/// Distance of the samples of sources.
pub(super) const SAMPLE_MILLIS: i64 = 5_000;
/// How long a run is: longer than resolved alerts are kept.
pub(super) const LENGTH_MILLIS: i64 = 24 * 60_000;
/// Towards the end nothing happens any more, so that what is owed can be paid.
const QUIET_MILLIS: i64 = 3 * 60_000;
/// When the first thing happens: every group has been evaluated by then.
const BEGIN_MILLIS: i64 = 70_000;

/// A run.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) seed: u64,
    pub(super) file: File,
    pub(super) sources: Vec<Source>,
    /// In the order of their times.
    pub(super) events: Vec<Event>,
}

/// A series that rules ask for: its values, each from a time on; `None` ends it for a while.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) metric: String,
    pub(super) job: String,
    pub(super) instance: String,
    pub(super) steps: Vec<(i64, Option<f64>)>,
}

/// Something that happens so many milliseconds after the beginning.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Event {
    pub(super) at: i64,
    pub(super) what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    /// The process dies while it does nothing.
    Kill { down: i64 },
    /// The process is asked to stop, and does.
    Stop { down: i64 },
    /// The process dies at the next of these.
    KillAt { point: Point, skip: u32, down: i64 },
    /// The store of state fails for so long.
    Away { length: i64 },
    /// The next commit is carried out, and its answer is lost.
    AnswerLost,
    /// The rule file is another one from now on.
    Reload(File),
}

/// Where in a slot a process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Point {
    /// Before the store of state has the commit.
    BeforeCommit,
    /// After it has; nobody hears of it.
    AfterCommit,
    /// Before samples are stored.
    BeforeAppend,
    /// Before notices leave.
    BeforeSend,
    /// After they left.
    AfterSend,
}

impl Story {
    /// Draws a run.
    pub(super) fn draw(number: u64) -> Self {
        let seed = &mut Seed::new(number);
        let file = File::draw(seed);
        let sources = (0..3)
            .flat_map(|metric| (0..=seed.below(3)).map(move |instance| (metric, instance)))
            .collect::<Vec<_>>();
        let sources = sources
            .into_iter()
            .map(|(metric, instance)| Source::draw(seed, metric, instance));
        let sources = sources.collect();
        let events = events(seed, &file);
        Self {
            seed: number,
            file,
            sources,
            events,
        }
    }
}

impl Source {
    fn draw(seed: &mut Seed, metric: u64, instance: u64) -> Self {
        let (mut steps, mut at) = (Vec::new(), 0);
        while at < LENGTH_MILLIS {
            let value = match seed.below(10) {
                0..3 => None,
                value => Some((value - 3) as f64),
            };
            steps.push((at, value));
            // Short enough to flap, long enough to fire.
            let steps_max = [6, 24, 120][seed.below(3) as usize];
            at += (1 + seed.below(steps_max) as i64) * SAMPLE_MILLIS;
        }
        Self {
            metric: format!("m{metric}"),
            job: ["a", "b"][seed.below(2) as usize].to_owned(),
            instance: format!("i{instance}"),
            steps,
        }
    }

    /// Returns the value at a time.
    pub(super) fn value(&self, at: i64) -> Option<f64> {
        let step = self.steps.iter().rev().find(|(from, _)| *from <= at);
        step.and_then(|(_, value)| *value)
    }
}

fn events(seed: &mut Seed, first: &File) -> Vec<Event> {
    let span = (LENGTH_MILLIS - QUIET_MILLIS - BEGIN_MILLIS) as u64;
    let count = 2 + seed.below(7);
    let mut times: Vec<i64> = (0..count)
        .map(|_| BEGIN_MILLIS + seed.below(span) as i64)
        .collect();
    times.sort_unstable();
    let mut file = first.clone();
    times
        .into_iter()
        .map(|at| Event {
            at,
            what: what(seed, &mut file),
        })
        .collect()
}

fn what(seed: &mut Seed, file: &mut File) -> What {
    let down = match seed.below(3) {
        0 => 0,
        1 => seed.below(5_000) as i64,
        _ => seed.below(60_000) as i64,
    };
    match seed.below(10) {
        0..2 => What::Kill { down },
        2 => What::Stop { down },
        3..7 => What::KillAt {
            point: [
                Point::BeforeCommit,
                Point::AfterCommit,
                Point::BeforeAppend,
                Point::BeforeSend,
                Point::AfterSend,
            ][seed.below(5) as usize],
            skip: seed.below(4) as u32,
            down,
        },
        7 => What::Away {
            length: 1_000 + seed.below(60_000) as i64,
        },
        8 => What::AnswerLost,
        _ => {
            file.change(seed);
            What::Reload(file.clone())
        }
    }
}

/// Tells the story to a person.
impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "rules.yml:\n{}", self.file)?;
        for source in &self.sources {
            write!(
                f,
                "{}{{job={:?},instance={:?}}}:",
                source.metric, source.job, source.instance
            )?;
            for (at, value) in &source.steps {
                let value = value.map_or("gone".to_owned(), |value| value.to_string());
                write!(f, " {}s={value}", at / 1000)?;
            }
            writeln!(f)?;
        }
        for event in &self.events {
            write!(f, "{:9.3} s: ", event.at as f64 / 1000.0)?;
            match &event.what {
                What::Kill { down } => writeln!(f, "killed while idle, down for {down} ms")?,
                What::Stop { down } => writeln!(f, "stopped, down for {down} ms")?,
                What::KillAt { point, skip, down } => {
                    writeln!(
                        f,
                        "to be killed {point:?} after {skip} more, down for {down} ms"
                    )?;
                }
                What::Away { length } => writeln!(f, "the store of state is away for {length} ms")?,
                What::AnswerLost => writeln!(f, "the answer to a commit is lost")?,
                What::Reload(file) => writeln!(f, "reload:\n{file}")?,
            }
        }
        Ok(())
    }
}

/// Returns stories that are the same but for one thing that is not there, the largest things first.
pub(super) fn shorter(story: &Story) -> Vec<Story> {
    let mut list = Vec::new();
    for index in 0..story.events.len() {
        let mut events = story.events.clone();
        events.remove(index);
        list.push(Story {
            events,
            ..story.clone()
        });
    }
    for group in 0..story.file.groups.len() {
        list.push(story.with_files(|file| {
            file.groups
                .retain(|known| known.name != story.file.groups[group].name)
        }));
    }
    for group in &story.file.groups {
        for rule in &group.rules {
            let keep = |file: &mut File| {
                let groups = file.groups.iter_mut();
                groups.for_each(|group: &mut Group| {
                    group.rules.retain(|known| known.name != rule.name)
                });
            };
            list.push(story.with_files(keep));
        }
    }
    for index in 0..story.sources.len() {
        let mut sources = story.sources.clone();
        sources.remove(index);
        list.push(Story {
            sources,
            ..story.clone()
        });
    }
    list.retain(|story| {
        story
            .file
            .groups
            .iter()
            .all(|group| !group.rules.is_empty())
            && !story.file.groups.is_empty()
    });
    list
}

impl Story {
    fn with_files(&self, change: impl Fn(&mut File)) -> Self {
        let mut story = self.clone();
        change(&mut story.file);
        for event in &mut story.events {
            if let What::Reload(file) = &mut event.what {
                change(file);
            }
        }
        story
    }
}
