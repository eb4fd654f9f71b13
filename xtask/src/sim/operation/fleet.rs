//! Machines that are scraped, and everybody else who uses the store.

use std::time::Duration;

use anyhow::{Context, ensure};
use plimsoll_testkit::{NodeExporter, Seed, wait};
use plimsoll_tsdb::Db;
use plimsoll_types::{
    Appender, Durability, Labels, MatchOp, Matcher, Queryable, Sample, SampleColumns, SeriesRef,
    StoreAdmin, TimeRange, Timestamp, WriteBatch,
};

use super::{BEGIN_MILLIS, STEPS_PER_HOUR};

/// Two steps, as often as the real maintenance.
const STEPS_PER_MAINTENANCE: u64 = 2;
/// A machine goes and a new one comes.
const STEPS_PER_CHURN: u64 = STEPS_PER_HOUR / 12;
const STEPS_PER_PUSH: u64 = 4;
const STEPS_PER_DASHBOARD: u64 = 8;
const STEPS_PER_DELETION: u64 = STEPS_PER_HOUR / 2;
const STEPS_PER_CLEANING: u64 = 2 * STEPS_PER_HOUR - 1;
const STEPS_PER_SNAPSHOT: u64 = STEPS_PER_HOUR;
const PUSHED_SERIES: u64 = 200;

/// A store and its users.
pub(super) struct Fleet<'a> {
    db: &'a Db,
    machines: Vec<Machine>,
    next_machine: u64,
    random: Seed,
    snapshot: Option<String>,
    pub(super) samples: u64,
    pub(super) questions: u64,
    pub(super) parts_merged: usize,
    pub(super) parts_removed: usize,
}

struct Machine {
    exporter: NodeExporter,
    refs: Vec<SeriesRef>,
}

impl<'a> Fleet<'a> {
    pub(super) fn new(db: &'a Db, machines: u64, random: Seed) -> Self {
        Self {
            db,
            machines: Vec::new(),
            next_machine: machines,
            random,
            snapshot: None,
            samples: 0,
            questions: 0,
            parts_merged: 0,
            parts_removed: 0,
        }
        .with_machines(0..machines)
    }

    fn with_machines(mut self, numbers: std::ops::Range<u64>) -> Self {
        let exporters = numbers.map(NodeExporter::new);
        self.machines = exporters
            .map(|exporter| Machine {
                exporter,
                refs: Vec::new(),
            })
            .collect();
        self
    }

    /// Does everything that is due at a step.
    ///
    /// # Errors
    /// Whatever the store refuses: nothing here is wrong, and no disk fails.
    pub(super) fn step(&mut self, now: Timestamp, step: u64) -> anyhow::Result<()> {
        let is_due = |every: u64| step.is_multiple_of(every);
        if is_due(STEPS_PER_CHURN) {
            let index = self.random.below(self.machines.len() as u64) as usize;
            self.machines[index] = Machine {
                exporter: NodeExporter::new(self.next_machine),
                refs: Vec::new(),
            };
            self.next_machine += 1;
        }
        self.scrape(step)?;
        if is_due(STEPS_PER_PUSH) {
            self.push(now)?;
        }
        self.db.sync()?;
        self.evaluate_rules(now)?;
        if is_due(STEPS_PER_DASHBOARD) {
            self.look_at_dashboard(now)?;
        }
        if is_due(STEPS_PER_DELETION) {
            self.delete(now)?;
        }
        if is_due(STEPS_PER_CLEANING) {
            self.db.clean_tombstones()?;
        }
        if is_due(STEPS_PER_SNAPSHOT) {
            self.snapshot()?;
        }
        if is_due(STEPS_PER_MAINTENANCE) {
            let done = self.db.maintain()?;
            self.parts_merged += done.parts_merged;
            self.parts_removed += done.parts_removed;
        }
        Ok(())
    }

    fn scrape(&mut self, step: u64) -> anyhow::Result<()> {
        for machine in &mut self.machines {
            if machine.refs.is_empty() {
                let labels = machine.exporter.labels();
                let refs = labels.iter().map(|labels| self.db.resolve(labels));
                machine.refs = refs.collect::<Result<_, _>>()?;
            }
            // Everything that happened in the interval that is over.
            let index = step.cast_signed() - 1;
            let (time, values) = machine.exporter.scrape(BEGIN_MILLIS, index);
            let timestamp = Timestamp::from_millis(time);
            let samples = machine.refs.iter().zip(values);
            let samples = samples.map(|(id, value)| (*id, Sample::float(timestamp, value)));
            append(self.db, samples.collect(), Durability::Periodic)?;
            self.samples += machine.refs.len() as u64;
        }
        Ok(())
    }

    /// A batch job: some of its samples are minutes late.
    fn push(&mut self, now: Timestamp) -> anyhow::Result<()> {
        let mut samples = Vec::new();
        for number in 0..PUSHED_SERIES {
            let labels = [
                ("__name__", "batch_value".into()),
                ("number", number.to_string()),
            ];
            let id = self.db.resolve(&Labels::from_pairs(labels))?;
            let late = self.random.below(20 * 60_000) as i64;
            let late = late * i64::from(self.random.percent(10));
            let time = now.saturating_add_millis(-late);
            samples.push((id, Sample::float(time, self.random.unit())));
        }
        self.samples += PUSHED_SERIES;
        append(self.db, samples, Durability::Synced)
    }

    /// Small questions about the last minutes, as rules ask them.
    fn evaluate_rules(&mut self, now: Timestamp) -> anyhow::Result<()> {
        for _ in 0..4 {
            let metric = format!("node_metric_{}_total", self.random.below(50));
            self.ask(&[Matcher::equal("__name__", &metric)], now, 5)?;
        }
        Ok(())
    }

    /// A wide question, and what an editor of queries asks.
    fn look_at_dashboard(&mut self, now: Timestamp) -> anyhow::Result<()> {
        let device = format!("dev{}", self.random.below(10));
        self.ask(&[Matcher::equal("device", &device)], now, 60)?;
        let regex = Matcher::new(MatchOp::Regex, "__name__", "node_metric_4.*")?;
        let found = self.db.series(&[vec![regex]], last(now, 30), 1000)?;
        ensure!(!found.is_empty(), "no series found");
        let values = (self.db).label_values("instance", &[], TimeRange::ALL, 1000)?;
        ensure!(!values.is_empty(), "no instance found");
        self.questions += 2;
        Ok(())
    }

    fn ask(&mut self, matchers: &[Matcher], now: Timestamp, minutes: u64) -> anyhow::Result<()> {
        let mut selection = self.db.select(matchers, last(now, minutes))?;
        ensure!(selection.warnings.is_empty(), "{:?}", selection.warnings);
        let mut columns = SampleColumns::default();
        let mut samples = 0;
        for index in 0..selection.labels.len() {
            selection.source.read(index, &mut columns)?;
            samples += columns.len();
        }
        ensure!(samples > 0, "nothing found by {matchers:?}");
        self.questions += 1;
        Ok(())
    }

    /// Deletes what one machine sent in the quarter of an hour before the last.
    fn delete(&mut self, now: Timestamp) -> anyhow::Result<()> {
        let index = self.random.below(self.machines.len() as u64) as usize;
        let labels = self.machines[index].exporter.labels();
        let instance = labels[0].get("instance").context("no instance")?;
        let end = now.saturating_add_millis(-15 * 60_000);
        let range = TimeRange::new(end.saturating_add_millis(-15 * 60_000), end);
        let selector = vec![Matcher::equal("instance", instance)];
        Ok(self.db.delete_series(&[selector], range)?)
    }

    /// Makes a snapshot in the place of the last one.
    fn snapshot(&mut self) -> anyhow::Result<()> {
        let directory = self.db.config().directory().join("snapshots");
        if let Some(old) = self.snapshot.take() {
            std::fs::remove_dir_all(directory.join(old))?;
        }
        self.snapshot = Some(self.db.snapshot(false)?);
        Ok(())
    }
}

fn last(now: Timestamp, minutes: u64) -> TimeRange {
    let length = Duration::from_mins(minutes).as_millis() as i64;
    TimeRange::new(now.saturating_add_millis(-length), now)
}

fn append(
    db: &Db,
    samples: Vec<(SeriesRef, Sample)>,
    durability: Durability,
) -> anyhow::Result<()> {
    let batch = WriteBatch {
        samples,
        ..WriteBatch::default()
    };
    let appended = db.append(&batch, durability)?;
    ensure!(
        appended.rejected.is_empty(),
        "refused: {:?}",
        appended.rejected[0]
    );
    Ok(wait(appended.commit)?)
}
