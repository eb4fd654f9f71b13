//! Two replicas that share a store of state: each slot of each group is evaluated by at most one of them, a group whose
//! replica dies or freezes is evaluated elsewhere within the promised time, and no alert begins anew on the way.
//!
//! Replicas are killed, started, frozen and thawed, in the middle of slots too; the store of state goes away for all of
//! them. What time passes while nobody runs, or while the store is away and so nobody can take over, does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::thread::yield_now;
use std::time::Duration;

use anyhow::{Context, ensure};
use plimsoll_runtime::clock::{Clock, SystemClock};
use plimsoll_state::{Holder, MemoryStore as RowStore, Retention, Store};
use plimsoll_testkit::{FakeClock, MemoryStore, Seed};
use plimsoll_types::Timestamp;
use tokio::runtime::Runtime;

use super::life::{BEAT, Beat, Fate, World};
use super::process::{Name, Process};
use super::story::Point;

const FILE: &str = "replicas.yml";
const BEGIN_MILLIS: i64 = 1_700_000_000_000;
const LENGTH_MILLIS: i64 = 4 * 60_000;
const STEP: Duration = Duration::from_millis(500);
const INTERVAL_SECONDS: i64 = 5;
const SILENCE_MAX: Duration = Duration::from_secs(15);
/// An evaluation is held up for no longer than this by anything but death: two intervals, since one may just have begun.
const SLACK_MILLIS: i64 = 2 * INTERVAL_SECONDS * 1000 + STEP.as_millis() as i64;
/// How long the keeper of the leases waits between two rounds. Who waits so long is at rest.
const ROUND: Duration = Duration::from_millis(1_500);
/// Waits of these lengths are limits of work under way: of a query, and of a question to the store of state.
const LIMITS: [Duration; 2] = [Duration::from_secs(130), Duration::from_secs(3)];
const HUNG: Duration = Duration::from_secs(30);

/// What happens to whom, and when.
#[derive(Clone, Debug)]
struct Story {
    seed: u64,
    groups: u64,
    events: Vec<(i64, What)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// A replica dies; another one is started after so long.
    Kill { place: usize, down: i64 },
    /// It dies in the middle of a slot.
    KillAt {
        place: usize,
        point: Point,
        down: i64,
    },
    /// It is frozen for so long.
    Freeze { place: usize, length: i64 },
    /// It is frozen in the middle of a slot.
    FreezeAt {
        place: usize,
        point: Point,
        length: i64,
    },
    /// The store of state is away for all.
    Away { length: i64 },
}

/// Runs seeds.
pub(super) fn run(first: u64, seeds: u64) -> anyhow::Result<()> {
    let (mut slots, mut takeovers, mut longest) = (0, 0, 0);
    for seed in first..first + seeds {
        let story = Story::draw(seed);
        match tell(&story) {
            Ok(done) => {
                slots += done.slots;
                takeovers += done.takeovers;
                longest = longest.max(done.longest_millis);
            }
            Err(error) => return Err(failed(story, error)),
        }
    }
    ensure!(
        slots > 0 && takeovers > 0,
        "nobody took anything over, so nothing was shown"
    );
    println!(
        "sim rules: {seeds} seeds of two replicas, {slots} slots, none evaluated twice; {takeovers} takeovers, the longest \
         silence {:.1} s of {:.1} s",
        longest as f64 / 1000.0,
        (SILENCE_MAX.as_millis() as i64 + SLACK_MILLIS) as f64 / 1000.0
    );
    Ok(())
}

fn failed(story: Story, error: anyhow::Error) -> anyhow::Error {
    let (mut story, mut error) = (story, error);
    eprintln!(
        "seed {} of two replicas failed, looking for a shorter story",
        story.seed
    );
    let without = |story: &Story, index: usize| {
        let mut story = story.clone();
        story.events.remove(index);
        story
    };
    while let Some((shorter, why)) = (0..story.events.len())
        .map(|index| without(&story, index))
        .find_map(|shorter| tell(&shorter).err().map(|why| (shorter, why)))
    {
        (story, error) = (shorter, why);
    }
    let seed = story.seed;
    eprintln!("the shortest story that fails:\n{story}");
    error.context(format!(
        "repeat it with: cargo xtask sim rules --only replicas --first {seed} --seeds 1"
    ))
}

impl Story {
    fn draw(number: u64) -> Self {
        let seed = &mut Seed::new(number);
        let mut events: Vec<(i64, What)> = (0..2 + seed.below(5))
            .map(|_| {
                (
                    40_000 + seed.below(LENGTH_MILLIS as u64 - 90_000) as i64,
                    what(seed),
                )
            })
            .collect();
        events.sort_by_key(|(at, _)| *at);
        Self {
            seed: number,
            groups: 1 + seed.below(6),
            events,
        }
    }
}

fn what(seed: &mut Seed) -> What {
    let place = seed.below(2) as usize;
    let points = [
        Point::BeforeCommit,
        Point::AfterCommit,
        Point::BeforeAppend,
        Point::BeforeSend,
        Point::AfterSend,
    ];
    let point = points[seed.below(5) as usize];
    let length = 1_000 + seed.below(45_000) as i64;
    match seed.below(9) {
        0..2 => What::Kill {
            place,
            down: length,
        },
        2..4 => What::KillAt {
            place,
            point,
            down: length,
        },
        4..6 => What::Freeze { place, length },
        6..8 => What::FreezeAt {
            place,
            point,
            length,
        },
        _ => What::Away { length },
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} groups", self.groups)?;
        for (at, what) in &self.events {
            writeln!(f, "{:9.3} s: {what:?}", *at as f64 / 1000.0)?;
        }
        Ok(())
    }
}

/// What a run showed.
struct Done {
    slots: u64,
    takeovers: u64,
    longest_millis: i64,
}

struct Run {
    world: World,
    places: [Place; 2],
    starts: u64,
    /// Steps during which nobody could have evaluated or taken over.
    excused: BTreeSet<i64>,
    /// Who was frozen and went on, with the steps in between. Whoever comes back before his lease ends keeps it, and the
    /// time that others wait for him begins anew.
    thawed: BTreeSet<(String, i64)>,
    /// When somebody died or froze: who takes a group over may die before his first slot, and then others wait for his
    /// lease to end too.
    blows: Vec<i64>,
    runtime: Runtime,
    groups: usize,
}

/// Where a replica runs, or will.
#[derive(Default)]
struct Place {
    process: Option<Process>,
    start_at: i64,
    /// For how long it stays dead or frozen when it meets its fate.
    fate_length: i64,
    thaw_at: Option<i64>,
    /// The steps since it was frozen.
    frozen: Vec<i64>,
}

fn tell(story: &Story) -> anyhow::Result<Done> {
    std::fs::write(FILE, rules(story.groups))?;
    let mut run = Run::new(story)?;
    let mut events = story.events.iter().peekable();
    let mut now = 0;
    while now < LENGTH_MILLIS {
        run.start_and_thaw(now)?;
        run.step(now)?;
        now += STEP.as_millis() as i64;
        while let Some((_, what)) = events.next_if(|(at, _)| *at <= now) {
            run.event(*what, now);
        }
    }
    run.judge(story)
}

/// A group has a beat, an alert that fires for ever, and one that changes its state all the time.
fn rules(groups: u64) -> String {
    let mut text = "groups:\n".to_owned();
    for group in 0..groups {
        text.push_str(&format!(
            "- name: g{group}\n  interval: {INTERVAL_SECONDS}s\n  rules:\n  - record: g{group}{BEAT}\n    expr: vector(1)\n  \
             - alert: Always{group}\n    expr: vector(1)\n    for: 20s\n  \
             - alert: Swings{group}\n    expr: vector(time()) % 40 > 20\n"
        ));
    }
    text
}

impl Run {
    fn new(story: &Story) -> anyhow::Result<Self> {
        let clock = FakeClock::new(at(0));
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        Ok(Self {
            world: World {
                rows: RowStore::new(shared, Retention::default()),
                samples: MemoryStore::new(),
                notices: Arc::default(),
                away_until: Arc::default(),
                lies: false,
                beats: Arc::default(),
                clock,
            },
            places: Default::default(),
            starts: 0,
            excused: BTreeSet::new(),
            thawed: BTreeSet::new(),
            blows: Vec::new(),
            runtime: tokio::runtime::Builder::new_current_thread().build()?,
            groups: story.groups as usize,
        })
    }

    fn start_and_thaw(&mut self, now: i64) -> anyhow::Result<()> {
        for place in &mut self.places {
            if place.process.is_none() && place.start_at <= now {
                self.starts += 1;
                let name = Name {
                    owner: format!("replica {}", self.starts),
                    silence_max: Some(SILENCE_MAX),
                };
                let process = Process::start(&self.world, name)?;
                process.load(Path::new(FILE))?;
                place.process = Some(process);
            }
            if place.thaw_at.is_some_and(|thaw_at| thaw_at <= now) {
                place.thaw_at = None;
                let frozen = std::mem::take(&mut place.frozen);
                if let Some(process) = &place.process {
                    process.life.set_stopped(false);
                    let owner = &process.owner;
                    self.thawed
                        .extend(frozen.into_iter().map(|step| (owner.clone(), step)));
                }
            }
        }
        Ok(())
    }

    /// Lets half a second pass and waits until all have done what there was to do.
    fn step(&mut self, now: i64) -> anyhow::Result<()> {
        self.world.clock.advance(STEP);
        for process in self
            .places
            .iter()
            .filter_map(|place| place.process.as_ref())
        {
            process.clock.tick();
        }
        let clock = SystemClock::new();
        let deadline = clock.monotonic().after(HUNG);
        while !self.is_quiet()? {
            ensure!(clock.monotonic() < deadline, "a replica hangs");
            yield_now();
        }
        for place in &mut self.places {
            let Some(process) = &place.process else {
                continue;
            };
            if process.life.is_stopped() {
                if place.frozen.is_empty() {
                    self.blows.push(now + STEP.as_millis() as i64);
                }
                place.frozen.push(now);
            }
            if process.life.is_dead() {
                self.blows.push(now + STEP.as_millis() as i64);
                place.frozen.clear();
                place.start_at = now + place.fate_length;
                place.process.take().context("it was there")?.kill();
            } else if process.life.is_stopped() && place.thaw_at.is_none() {
                place.thaw_at = Some(now + place.fate_length);
            }
        }
        let runs = |place: &Place| {
            place
                .process
                .as_ref()
                .is_some_and(|process| !process.life.is_stopped())
        };
        if self.is_away() || !self.places.iter().any(runs) {
            self.excused.insert(now);
        }
        Ok(())
    }

    /// Says whether all who live wait for nothing but time.
    fn is_quiet(&self) -> anyhow::Result<bool> {
        let store: &dyn Store = &self.world.rows;
        let holders = self.runtime.block_on(store.holders())?;
        let is_quiet = |process: &Process| {
            if process.life.is_dead() || process.life.is_stopped() {
                return true;
            }
            let Some(waits) = process.clock.waits() else {
                return false;
            };
            let is_own = |holder: &&Holder| {
                holder.owner == process.owner
                    && holder.name.starts_with("rules/")
                    && !holder.is_expired
            };
            let held = holders.iter().filter(is_own).count();
            // Beside the groups, which wait for their next slot, only the keeper waits for so short a time.
            let interval = Duration::from_secs(INTERVAL_SECONDS as u64);
            let groups = waits
                .iter()
                .filter(|wait| **wait <= interval && **wait != ROUND);
            let is_working = waits.iter().any(|wait| LIMITS.contains(wait));
            !is_working && waits.contains(&ROUND) && groups.count() >= held
        };
        Ok(self
            .places
            .iter()
            .filter_map(|place| place.process.as_ref())
            .all(is_quiet))
    }

    fn is_away(&self) -> bool {
        let until = *self
            .world
            .away_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| self.world.clock.now() < until)
    }

    fn event(&mut self, what: What, now: i64) {
        // Who thaws while the store is away cannot know that another one took over, and goes on by the stated policy:
        // two evaluate then. That is not what is looked for here.
        let is_frozen = |place: &Place| {
            let process = place.process.as_ref();
            process.is_some_and(|process| process.life.is_stopped())
        };
        let freezes = matches!(what, What::Freeze { .. } | What::FreezeAt { .. });
        let is_away = matches!(what, What::Away { .. });
        if (freezes && self.is_away()) || (is_away && self.places.iter().any(is_frozen)) {
            return;
        }
        if is_away {
            let processes = self
                .places
                .iter()
                .filter_map(|place| place.process.as_ref());
            processes.for_each(|process| process.life.disarm());
        }
        let place = match what {
            What::Away { length } => {
                let until = self.world.clock.now().saturating_add_millis(length);
                *self
                    .world
                    .away_until
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner) = Some(until);
                return;
            }
            What::Kill { place, .. }
            | What::KillAt { place, .. }
            | What::Freeze { place, .. }
            | What::FreezeAt { place, .. } => &mut self.places[place],
        };
        let Some(process) = &place.process else {
            return;
        };
        match what {
            What::Kill { down, .. } => {
                place.start_at = now + down;
                place.thaw_at = None;
                place.frozen.clear();
                self.blows.push(now);
                if let Some(process) = place.process.take() {
                    process.kill();
                }
            }
            What::KillAt { point, down, .. } => {
                place.fate_length = down;
                process.life.arm(point, 0, Fate::Dies);
            }
            What::Freeze { length, .. } => {
                place.thaw_at = Some(now + length);
                process.life.set_stopped(true);
            }
            What::FreezeAt { point, length, .. } => {
                place.fate_length = length;
                process.life.arm(point, 0, Fate::Stops);
            }
            What::Away { .. } => {}
        }
    }

    fn judge(mut self, story: &Story) -> anyhow::Result<Done> {
        for place in &mut self.places {
            if let Some(process) = place.process.take() {
                process.kill();
            }
        }
        let beats = self
            .world
            .beats
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut done = Done {
            slots: 0,
            takeovers: 0,
            longest_millis: 0,
        };
        for group in 0..self.groups {
            let of_group = beats
                .iter()
                .filter(|beat| beat.group == format!("g{group}"));
            self.judge_group(of_group.collect(), &mut done)
                .with_context(|| format!("group g{group}"))?;
        }
        self.judge_notices(story)?;
        Ok(done)
    }

    fn judge_group(&self, beats: Vec<&Beat>, done: &mut Done) -> anyhow::Result<()> {
        let mut by_slot: BTreeMap<Timestamp, &Beat> = BTreeMap::new();
        for beat in beats {
            if let Some(first) = by_slot.insert(beat.slot, beat) {
                anyhow::bail!(
                    "{} evaluated the slot {} after {} had",
                    beat.owner,
                    shown(beat.slot),
                    first.owner
                );
            }
        }
        let slots: Vec<&Beat> = by_slot.into_values().collect();
        ensure!(!slots.is_empty(), "nobody evaluated it");
        done.slots += slots.len() as u64;
        for pair in slots.windows(2) {
            let (before, after) = (pair[0], pair[1]);
            done.takeovers += u64::from(before.owner != after.owner);
            let silent = after.slot.millis_since(before.slot);
            let excused = self.excused_between(&before.owner, before.slot, after.slot);
            let counted = silent - excused;
            // For as long as a dead one's lease lasts, others let go of groups for him.
            let begin = before.slot.millis() - BEGIN_MILLIS - SILENCE_MAX.as_millis() as i64;
            let within = begin..after.slot.millis() - BEGIN_MILLIS;
            let blows = self
                .blows
                .iter()
                .filter(|blow| within.contains(blow))
                .count()
                .max(1) as i64;
            let allowed = blows * SILENCE_MAX.as_millis() as i64 + SLACK_MILLIS;
            if blows == 1 {
                done.longest_millis = done.longest_millis.max(counted);
            }
            ensure!(
                counted <= allowed,
                "nobody evaluated it from {} ({}) to {} ({}), {excused} ms of which are excused; {allowed} ms are allowed",
                shown(before.slot),
                before.owner,
                shown(after.slot),
                after.owner
            );
        }
        Ok(())
    }

    /// Returns how much of a time nobody could have evaluated. Who comes back needs a round to see what is free, and
    /// leases that ran out meanwhile are taken anew; so does the last moment before, when a lease may just have been renewed.
    fn excused_between(&self, owner: &str, from: Timestamp, to: Timestamp) -> i64 {
        let (from, to) = (from.millis() - BEGIN_MILLIS, to.millis() - BEGIN_MILLIS);
        let steps = self
            .excused
            .range(from - STEP.as_millis() as i64..to)
            .count() as i64;
        let round = if steps > 0 {
            SILENCE_MAX.as_millis() as i64
        } else {
            0
        };
        let is_frozen = |step: &&(String, i64)| step.0 == owner && (from..to).contains(&step.1);
        let frozen = self.thawed.iter().filter(is_frozen).count() as i64;
        // One step more, in which it went on.
        let frozen = frozen + i64::from(frozen > 0);
        (steps + frozen) * STEP.as_millis() as i64 + round
    }

    /// An alert whose condition always holds fires since one moment, whoever tells it.
    fn judge_notices(&self, story: &Story) -> anyhow::Result<()> {
        let notices = self
            .world
            .notices
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for group in 0..story.groups {
            let name = format!("Always{group}");
            let own = notices
                .iter()
                .filter(|notice| notice.alert.labels.get("alertname") == Some(&name));
            let starts: BTreeSet<Timestamp> = own.map(|notice| notice.alert.starts_at).collect();
            ensure!(starts.len() == 1, "{name} began to fire at {starts:?}");
        }
        Ok(())
    }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(BEGIN_MILLIS + millis)
}

fn shown(at: Timestamp) -> String {
    format!("{:.3} s", (at.millis() - BEGIN_MILLIS) as f64 / 1000.0)
}
