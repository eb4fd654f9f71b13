//! One story, told twice at the same time: by processes that die, and by the reference that does not.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, ensure};
use plimsoll_control::RuleSet;
use plimsoll_promql::Features;
use plimsoll_rules::view::{AlertView, GroupView};
use plimsoll_rules::{Group, GroupEngine, GroupKey};
use plimsoll_runtime::clock::Clock;
use plimsoll_state::{AlertRow, Fault, MemoryStore as RowStore, Retention, Store};
use plimsoll_testkit::{FakeClock, MemoryStore};
use plimsoll_types::{Annotations, Labels, Sample, Timestamp, stale_nan};
use tokio::runtime::Runtime;

use super::definitions::File;
use super::judge;
use super::life::{Fate, World};
use super::process::{Name, Process, asker, group};
use super::reference::{Extent, Facts, Reference, Rows, Stored, append};
use super::story::{LENGTH_MILLIS, SAMPLE_MILLIS, Source, Story, What};

/// What rule files are called: their path is a part of every group's phase, so it is the same everywhere.
const FILE: &str = "rules.yml";
const BEGIN_MILLIS: i64 = 1_700_000_000_000;
/// Until when processes may die.
const DEATHS_END_MILLIS: i64 = LENGTH_MILLIS - 3 * 60_000;
/// After the store of state was away for a while, this long until what waited is durable for certain.
const SETTLED_MILLIS: i64 = 40_000;

/// What a run did, so that a run in which nothing happens is noticed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Done {
    pub(super) slots: u64,
    pub(super) deaths: u64,
    pub(super) deaths_in_slots: u64,
    pub(super) notices: u64,
    pub(super) rows: u64,
}

/// Tells a story; fails when the two end differently.
pub(super) fn tell(story: &Story) -> anyhow::Result<Done> {
    tell_in(story, false)
}

/// As [`tell`], over a store of state that lies when `lies` is set.
pub(super) fn tell_in(story: &Story, lies: bool) -> anyhow::Result<Done> {
    let mut run = Run::new(story, lies)?;
    run.go()?;
    run.judge()
}

struct Run<'a> {
    story: &'a Story,
    world: World,
    reference: Reference,
    /// The reference's engines with the last slot that is over.
    groups: BTreeMap<String, Track>,
    process: Option<Process>,
    /// When the next process starts.
    start_at: Timestamp,
    starts: u64,
    next_event: usize,
    /// Until then what waits for the store of state would be lost with the process, as it should; that is another story.
    settled_at: Timestamp,
    runtime: Runtime,
    done: Done,
}

struct Track {
    /// Taken while a reload is under way.
    engine: Option<GroupEngine>,
    last: Timestamp,
}

impl Track {
    fn engine(&self) -> &GroupEngine {
        self.engine
            .as_ref()
            .expect("it is taken and put back in one place")
    }

    fn due(&self) -> Timestamp {
        self.engine().schedule().due(self.last)
    }
}

impl<'a> Run<'a> {
    fn new(story: &'a Story, lies: bool) -> anyhow::Result<Self> {
        let begin = Timestamp::from_millis(BEGIN_MILLIS);
        let clock = FakeClock::new(begin);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let world = World {
            rows: RowStore::new(Arc::clone(&shared), Retention::default()),
            samples: MemoryStore::new(),
            notices: Arc::default(),
            away_until: Arc::new(Mutex::new(None)),
            lies,
            beats: Arc::default(),
            clock,
        };
        let reference = Reference::new(MemoryStore::new(), asker(&world, shared).engine);
        for source in &story.sources {
            let samples = samples(source);
            append(&world.samples, &samples)?;
            append(&reference.samples, &samples)?;
        }
        write(&story.file)?;
        Ok(Self {
            story,
            world,
            reference,
            groups: BTreeMap::new(),
            process: None,
            start_at: begin,
            starts: 0,
            next_event: 0,
            settled_at: begin,
            runtime: tokio::runtime::Builder::new_current_thread().build()?,
            done: Done::default(),
        })
    }

    fn go(&mut self) -> anyhow::Result<()> {
        let end = at(LENGTH_MILLIS);
        loop {
            if self.process.is_none() && self.start_at <= self.now() {
                self.start()?;
            }
            let next = self.next();
            if next > end {
                return Ok(());
            }
            let wait = next.millis_since(self.now()).max(0);
            self.world.clock.advance(Duration::from_millis(wait as u64));
            if let Some(process) = &self.process {
                process.clock.tick();
            }
            self.slots()?;
            self.events()?;
        }
    }

    fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    /// Returns when something happens next.
    fn next(&self) -> Timestamp {
        let slots = match &self.process {
            Some(_) => self.groups.values().map(Track::due).min(),
            None => Some(self.start_at),
        };
        let event = self
            .story
            .events
            .get(self.next_event)
            .map(|event| at(event.at));
        let disarm = Some(at(DEATHS_END_MILLIS)).filter(|disarm| *disarm > self.now());
        // Of times that are over, as after a wait for the store, now.
        let next = [slots, event, disarm].into_iter().flatten().min();
        next.unwrap_or(at(LENGTH_MILLIS + 1)).max(self.now())
    }

    fn start(&mut self) -> anyhow::Result<()> {
        self.starts += 1;
        let name = Name {
            owner: format!("process {}", self.starts),
            silence_max: None,
        };
        let process = Process::start(&self.world, name)?;
        process.load(Path::new(FILE))?;
        let groups = read()?.len();
        // Before anything happens: a group that cannot read its rows waits for time to pass, and time waits for its slot.
        process.shows("its rows are read back", |_| process.life.reads() >= groups)?;
        self.process = Some(process);
        let now = self.now();
        self.adopt(|track| track.last = track.engine().schedule().slot_at(now))
    }

    /// Gives the reference what the rule file says now.
    fn adopt(&mut self, begin: impl Fn(&mut Track)) -> anyhow::Result<()> {
        for definition in read()? {
            let name = definition.name.clone();
            let now = self.now();
            let track = self.groups.entry(name.clone()).or_insert_with(|| {
                let engine =
                    Reference::group(GroupKey::new(FILE, name.as_str()), Arc::clone(&definition));
                let last = engine.schedule().slot_at(now);
                let engine = Some(engine);
                Track { engine, last }
            });
            let old = track.engine.take().context("an engine was lost")?;
            track.engine = Some(self.reference.adopt(old, definition));
            begin(track);
        }
        Ok(())
    }

    /// Lets all slots that are due take place.
    fn slots(&mut self) -> anyhow::Result<()> {
        let now = self.now();
        let due: Vec<String> = self
            .groups
            .iter()
            .filter(|(_, track)| track.due() <= now)
            .map(|(name, _)| name.clone())
            .collect();
        if due.is_empty() || self.process.is_none() {
            return Ok(());
        }
        let mut is_alive = true;
        for name in &due {
            let slot = self.groups[name].due();
            let process = self.process.as_ref().context("the process was lost")?;
            is_alive &= process.shows("the end of a slot", |groups| {
                group(groups, name).is_ok_and(|group| group.last_slot == Some(slot))
            })?;
        }
        match is_alive {
            true => self.whole_slots(&due),
            false => self.torn_slots(&due),
        }
    }

    fn whole_slots(&mut self, due: &[String]) -> anyhow::Result<()> {
        for name in due {
            self.done.slots += 1;
            let track = self.groups.get_mut(name).context("a group was lost")?;
            let slot = track.due();
            let engine = track.engine.as_mut().context("an engine was lost")?;
            self.reference.slot(engine, slot, &Extent::All)?;
            track.last = slot;
            let process = self.process.as_ref().context("the process was lost")?;
            let (wanted, found) = (engine.view(), process.groups());
            same_alerts(&wanted, group(&found, name)?)
                .with_context(|| format!("{name} after its slot at {}", shown(slot)))?;
        }
        Ok(())
    }

    /// The process died while these slots were under way.
    fn torn_slots(&mut self, due: &[String]) -> anyhow::Result<()> {
        self.done.deaths_in_slots += 1;
        let (rows, stored) = (self.rows()?, stored(&self.world.samples));
        let extent = Extent::Torn {
            rows: &rows,
            stored: &stored,
        };
        for name in due {
            let track = self.groups.get_mut(name).context("a group was lost")?;
            let slot = track.due();
            let engine = track.engine.as_mut().context("an engine was lost")?;
            self.reference
                .slot(engine, slot, &extent)
                .with_context(|| format!("{name} died in its slot at {}", shown(slot)))?;
        }
        self.died(self.armed_down());
        Ok(())
    }

    /// Returns for how long the process stays dead that was to be killed last.
    fn armed_down(&self) -> i64 {
        let past = self.story.events[..self.next_event].iter().rev();
        let mut downs = past.filter_map(|event| match event.what {
            What::KillAt { down, .. } => Some(down),
            _ => None,
        });
        downs.next().unwrap_or(0)
    }

    fn died(&mut self, down: i64) {
        self.done.deaths += 1;
        if let Some(process) = self.process.take() {
            process.kill();
        }
        self.start_at = self.now().saturating_add_millis(down);
    }

    fn events(&mut self) -> anyhow::Result<()> {
        if self.now() == at(DEATHS_END_MILLIS)
            && let Some(process) = &self.process
        {
            process.life.disarm();
        }
        while let Some(event) = self.story.events.get(self.next_event) {
            if at(event.at) > self.now() {
                break;
            }
            self.next_event += 1;
            self.event(&event.what)?;
        }
        Ok(())
    }

    fn event(&mut self, what: &What) -> anyhow::Result<()> {
        let is_settled = self.settled_at <= self.now();
        let Some(process) = &self.process else {
            // Nobody is there to be killed; a file may change all the same.
            return match what {
                What::Reload(file) => write(file),
                _ => Ok(()),
            };
        };
        match what {
            What::Kill { down } if is_settled => {
                self.compare_rows().context("before it is killed")?;
                self.died(*down);
            }
            What::Stop { down } if is_settled => {
                self.process.take().context("the process was lost")?.stop();
                self.compare_rows().context("after it was stopped")?;
                self.done.deaths += 1;
                self.start_at = self.now().saturating_add_millis(*down);
            }
            What::KillAt { point, skip, .. } if is_settled => {
                process.life.arm(*point, *skip, Fate::Dies)
            }
            What::Away { length } => {
                process.life.disarm();
                let until = self.now().saturating_add_millis(*length);
                *self
                    .world
                    .away_until
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner) = Some(until);
                self.settled_at = until.saturating_add_millis(SETTLED_MILLIS);
            }
            What::AnswerLost => self.world.rows.inject(Fault::AnswerLost),
            What::Reload(file) => self.reload(file)?,
            What::Kill { .. } | What::Stop { .. } | What::KillAt { .. } => {}
        }
        Ok(())
    }

    fn reload(&mut self, file: &File) -> anyhow::Result<()> {
        write(file)?;
        let process = self.process.as_ref().context("the process was lost")?;
        process.load(Path::new(FILE))?;
        let wanted: BTreeMap<String, u32> = read()?
            .iter()
            .map(|group| (group.name.clone(), group.place.line))
            .collect();
        process.shows("the new file", |groups| {
            groups
                .iter()
                .all(|group| wanted.get(&*group.key.name) == Some(&group.place.line))
        })?;
        let now = self.now();
        self.adopt(|track| {
            let schedule = track.engine().schedule();
            if !schedule.is_slot(track.last) || track.engine().last_slot().is_none() {
                track.last = schedule.slot_at(now);
            }
        })
    }

    /// Reads what is durable.
    fn rows(&self) -> anyhow::Result<Rows> {
        let mut rows = Rows::new();
        let store: &dyn Store = &self.world.rows;
        for name in self.groups.keys() {
            for row in self
                .runtime
                .block_on(store.rows(AlertRow::of_group(FILE, name)))?
            {
                let facts = Facts {
                    state: row.phase.name(),
                    active_at: row.active_at,
                    fired_at: row.fired_at,
                    resolved_at: row.resolved_at,
                    keep_firing_since: row.keep_firing_since,
                };
                rows.insert((row.group, row.rule, row.labels), facts);
            }
        }
        Ok(rows)
    }

    fn compare_rows(&self) -> anyhow::Result<()> {
        let rows = self.rows()?;
        for track in self.groups.values() {
            judge::same_rows(track.engine(), &self.reference.rows, &rows)?;
        }
        Ok(())
    }

    fn judge(mut self) -> anyhow::Result<Done> {
        if let Some(process) = self.process.take() {
            process.stop();
        }
        self.compare_rows().context("in the end")?;
        judge::same_samples(&self.reference.samples, &self.world.samples)?;
        let notices = self
            .world
            .notices
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        judge::same_notices(&self.reference.notices, &notices)?;
        self.done.notices = notices.len() as u64;
        self.done.rows = self.reference.rows.len() as u64;
        Ok(self.done)
    }
}

/// Fails when a group shows other alerts than it should.
fn same_alerts(wanted: &GroupView, found: &GroupView) -> anyhow::Result<()> {
    let alerts = |group: &GroupView| -> Vec<(String, Vec<AlertView>)> {
        let rules = group.rules.iter().filter_map(|rule| {
            let mut alerts = rule.alerting.as_ref()?.alerts.clone();
            alerts.iter_mut().for_each(forget_old_value);
            Some((rule.name.to_string(), alerts))
        });
        rules.collect()
    };
    let (wanted, found) = (alerts(wanted), alerts(found));
    ensure!(wanted == found, "wanted {wanted:#?}\nfound {found:#?}");
    Ok(())
}

/// What is kept firing shows the last value that its process saw; after a restart that is the last durable one.
fn forget_old_value(alert: &mut AlertView) {
    if alert.keep_firing_since.is_some() {
        alert.value = 0.0;
        alert.annotations = Annotations::default();
    }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(BEGIN_MILLIS + millis)
}

/// Shows a time as the story has it.
fn shown(at: Timestamp) -> String {
    format!("{:.3} s", (at.millis() - BEGIN_MILLIS) as f64 / 1000.0)
}

fn samples(source: &Source) -> Vec<(Labels, Sample)> {
    let labels = Labels::from_pairs([
        ("__name__", &*source.metric),
        ("job", &source.job),
        ("instance", &source.instance),
    ]);
    let (mut samples, mut was_there) = (Vec::new(), false);
    for time in (0..LENGTH_MILLIS).step_by(SAMPLE_MILLIS as usize) {
        let value = source.value(time);
        let sample = match (value, was_there) {
            (Some(value), _) => Some(value),
            (None, true) => Some(stale_nan()),
            (None, false) => None,
        };
        samples.extend(sample.map(|value| (labels.clone(), Sample::float(at(time), value))));
        was_there = value.is_some();
    }
    samples
}

fn write(file: &File) -> anyhow::Result<()> {
    Ok(std::fs::write(FILE, file.to_string())?)
}

fn read() -> anyhow::Result<Vec<Arc<Group>>> {
    let set = RuleSet::load(&[FILE.into()], &Features::default())?;
    Ok(set
        .groups
        .into_iter()
        .map(|group| group.definition)
        .collect())
}

fn stored(samples: &MemoryStore) -> Stored {
    let series = samples.dump().into_iter();
    series
        .flat_map(|(series, samples)| {
            samples
                .into_iter()
                .map(move |(time, _)| (time, series.clone()))
        })
        .collect()
}
