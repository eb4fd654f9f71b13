//! A ledger that is full: an engine in this process is given every counter's past, as fine as a ledger keeps it.
//!
//! Its snapshot is what the server starts with, and its windows are asked here, where nothing else is measured with them.

use std::time::Duration;

use anyhow::{Context, ensure};
use plimsoll_runtime::clock::{Clock, SystemClock};
use plimsoll_slo::engine::{Engine, Options, SeriesId};
use plimsoll_slo::view::Address;
use plimsoll_types::{Labels, Sample, Timestamp};

use super::Options as Wanted;
use super::definitions::{Definitions, NAME};
use super::exporter::Exporter;
use super::table::MIB;
use super::traffic::{Counter, region, service};
use crate::bench::spending::cpu_time;

pub(super) const HOUR: i64 = 3_600_000;
/// How old, in milliseconds, what is kept in slices of how many milliseconds.
const TIERS: [(i64, i64); 4] = [
    (72 * HOUR, HOUR),
    (6 * HOUR, 300_000),
    (900_000, 60_000),
    (0, 10_000),
];
/// The windows of the default burn rules and of the objective.
const WINDOWS: [u64; 11] = [
    30,
    120,
    300,
    1800,
    3600,
    7200,
    6 * 3600,
    86_400,
    3 * 86_400,
    7 * 86_400,
    30 * 86_400,
];
/// How often each window is asked; the best answer counts, since others run on the machine too.
const TRIES: usize = 3;

/// What was measured of the engine in this process.
pub(super) struct Ledger {
    pub(super) answers: Answers,
    pub(super) budgets: u64,
    pub(super) mib: f64,
    pub(super) snapshot: Vec<u8>,
    pub(super) snapshot_cpu: Duration,
}

impl Ledger {
    pub(super) fn fill(
        options: &Wanted,
        definitions: &Definitions,
        exporter: &Exporter,
    ) -> anyhow::Result<Self> {
        let full = Full::load(definitions, exporter, options.days)?;
        let answers = full.ask(options.slos, options.groups)?;
        let (budgets, bytes) = full.size();
        let (snapshot, snapshot_cpu) = full.snapshot()?;
        eprintln!(
            "{budgets} budgets and their series hold {:.1} MiB, their snapshot {:.1} MiB",
            bytes as f64 / MIB,
            snapshot.len() as f64 / MIB
        );
        Ok(Self {
            answers,
            budgets,
            mib: bytes as f64 / MIB,
            snapshot,
            snapshot_cpu,
        })
    }
}

/// An engine whose ledgers are full.
struct Full {
    engine: Engine,
    series: Vec<(SeriesId, Counter)>,
    now: i64,
}

/// How long windows take to answer.
pub(super) struct Answers {
    pub(super) median: Duration,
    pub(super) worst: Duration,
    pub(super) count: usize,
}

impl Full {
    fn load(definitions: &Definitions, exporter: &Exporter, days: i64) -> anyhow::Result<Self> {
        let end = SystemClock::new().now().align_down(10_000).millis();
        let begin = (end - days * 24 * HOUR).div_euclid(HOUR) * HOUR;
        let since = Timestamp::from_millis(begin);
        let catalog = definitions.catalog.clone();
        let mut engine = Engine::new(catalog, Options::default(), since);
        ensure!(engine.catch_up(since).is_none(), "nothing was missed");
        let instance = exporter.instance();
        let mut series = Vec::new();
        for counter in exporter.counters() {
            let id = engine.series(&counter.labels(&instance));
            series.push((id.context("an objective wants every counter")?, counter));
        }
        let mut full = Self {
            engine,
            series,
            now: begin,
        };
        for (age, step) in TIERS {
            full.advance((end - age).div_euclid(step) * step, step);
        }
        Ok(full)
    }

    /// Counts a sample of every counter each `step` milliseconds, up to a time.
    fn advance(&mut self, until: i64, step: i64) {
        while self.now < until {
            let at = Timestamp::from_millis(self.now);
            for (id, counter) in &self.series {
                let sample = Sample::float(at, counter.value(self.now));
                self.engine.observe(*id, &sample);
            }
            self.now += step;
            // Nothing is judged: it would take long and change no count.
            let now = Timestamp::from_millis(self.now);
            self.engine.lose(self.engine.now());
            while self.engine.catch_up(now).is_some() {}
        }
    }

    /// Returns how many budgets there are, and the bytes that they and their series hold.
    fn size(&self) -> (u64, usize) {
        (self.engine.tallies().streams, self.engine.byte_count())
    }

    /// Returns a snapshot, and the CPU time that it took.
    fn snapshot(&self) -> anyhow::Result<(Vec<u8>, Duration)> {
        let before = cpu_time(std::process::id())?;
        let mut bytes = Vec::new();
        self.engine.write_snapshot(&mut bytes)?;
        Ok((bytes, cpu_time(std::process::id())? - before))
    }

    /// Asks every window of every budget.
    fn ask(&self, slos: usize, regions: usize) -> anyhow::Result<Answers> {
        let mut times = Vec::with_capacity(slos * (regions + 1) * WINDOWS.len());
        for slo in 0..slos {
            for group in [None].into_iter().chain((0..regions).map(Some)) {
                let address = Address {
                    id: format!("{}/{NAME}", service(slo)),
                    objective: None,
                    group: group.map(|group| Labels::from_pairs([("region", &*region(group))])),
                };
                for length in WINDOWS {
                    times.push(self.time(&address, Duration::from_secs(length))?);
                }
            }
        }
        times.sort_unstable();
        Ok(Answers {
            median: times[times.len() / 2],
            worst: times[times.len() - 1],
            count: times.len(),
        })
    }

    fn time(&self, address: &Address, length: Duration) -> anyhow::Result<Duration> {
        let clock = SystemClock::new();
        let now = self.engine.now();
        let mut best = Duration::MAX;
        for _ in 0..TRIES {
            let began = clock.monotonic();
            let counts = self
                .engine
                .read_budget(address, |history, _, _| history.between(now - length, now));
            best = best.min(clock.monotonic().since(began));
            let valid = counts.context("there is no such budget")?.valid();
            ensure!(valid > 0, "{address:?}: nothing was counted in {length:?}");
        }
        Ok(best)
    }
}
