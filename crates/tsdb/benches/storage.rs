//! What storage costs: a set like that of node exporters, scraped every 15 s for 2 h, through the real store into a
//! temporary directory. `cargo xtask bench storage --release` runs it; `docs/benchmarks.md` holds the figures.
#![expect(clippy::print_stdout, reason = "a bench's report is its output")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::clock::{Clock, SystemClock};
use plimsoll_testkit::{FakeClock, NodeExporter};
use plimsoll_tsdb::{Config, Db, Metrics, Settings};
use plimsoll_types::{
    Appender, Durability, Queryable, Sample, SampleColumns, TimeRange, Timestamp, WriteBatch,
};

const TARGETS: u64 = 40;
const SCRAPES: i64 = 480;
/// The start of a window.
const BEGIN_MILLIS: i64 = 1_700_006_400_000;
/// The noise alone carries 0.39 B/sample, real data is calmer.
const GOAL_BYTES_PER_SAMPLE: f64 = 0.70;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    match run() {
        Ok(sealed) => {
            println!(
                "bench storage: {sealed:.2} B/sample sealed (goal {GOAL_BYTES_PER_SAMPLE:.2} on synthetic data)"
            );
            ExitCode::from(u8::from(sealed > GOAL_BYTES_PER_SAMPLE))
        }
        Err(error) => {
            println!("bench storage: failed: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns the bytes of a sealed sample.
fn run() -> Result<f64> {
    let directory = tempfile::tempdir()?;
    let samples = (TARGETS * NodeExporter::SERIES * SCRAPES as u64) as f64;
    let per_sample = |bytes: u64| bytes as f64 / samples;
    let rate = |spent: &Spent| samples / spent.cpu.as_secs_f64().max(0.01) / 1e6;

    let before = resident_bytes()?;
    let db = open(directory.path())?;
    let (spent, ()) = measure(|| append(&db))?;
    let series = TARGETS * NodeExporter::SERIES;
    row("series", format!("{series}"));
    row("samples", format!("{samples}"));
    row(
        "append",
        format!("{:.2} M samples per CPU second", rate(&spent)),
    );
    let resident = resident_bytes()?.saturating_sub(before);
    row(
        "memory",
        format!(
            "{} B per active series, with 2 h of samples",
            resident / series
        ),
    );
    db.close();
    drop(db);
    row(
        "wal",
        format!(
            "{:.3} B/sample",
            per_sample(size(&directory.path().join("wal"))?)
        ),
    );

    let (spent, db) = measure(|| open(directory.path()))?;
    row("restart with all in the WAL", spent.to_string());
    let (spent, _) = measure(|| Ok(db.seal_all()?))?;
    row(
        "seal",
        format!("{:.2} M samples per CPU second", rate(&spent)),
    );
    drop(db);
    let (spent, db) = measure(|| open(directory.path()))?;
    row("restart with all in a part", spent.to_string());
    let (spent, found) = measure(|| read(&db))?;
    row(
        "read all",
        format!("{:.2} M samples per CPU second", rate(&spent)),
    );
    if found as f64 != samples {
        return Err(format!("{found} samples were read back").into());
    }
    let parts = directory.path().join("parts");
    for (name, bytes) in files(&parts)? {
        row(&name, format!("{:.4} B/sample", per_sample(bytes)));
    }
    Ok(per_sample(size(&parts)?))
}

fn row(name: &str, value: impl AsRef<str>) {
    println!("{name:<28} {}", value.as_ref());
}

fn open(directory: &Path) -> Result<Db> {
    let end = BEGIN_MILLIS + SCRAPES * NodeExporter::INTERVAL_MILLIS;
    let clock = FakeClock::new(Timestamp::from_millis(end));
    // All scrapes are in one window, as after merging, so that one part is measured.
    let config = Config::new(Settings {
        window: Duration::from_hours(2),
        ..Settings::new(directory)
    })?;
    Ok(Db::open(config, Arc::new(clock), Metrics::default())?)
}

/// Appends scrape by scrape, as scrapes come; one sync per round stands for the one per second.
fn append(db: &Db) -> Result<()> {
    let mut machines = Vec::new();
    for target in 0..TARGETS {
        let machine = NodeExporter::new(target);
        let labels = machine.labels();
        let refs = labels.iter().map(|labels| db.resolve(labels));
        let refs = refs.collect::<std::result::Result<Vec<_>, _>>()?;
        machines.push((machine, refs));
    }
    let mut batch = WriteBatch::default();
    for index in 0..SCRAPES {
        for (machine, refs) in &mut machines {
            let (time, values) = machine.scrape(BEGIN_MILLIS, index);
            let time = Timestamp::from_millis(time);
            let samples = values.into_iter().map(|value| Sample::float(time, value));
            batch.clear();
            batch.samples.extend(refs.iter().copied().zip(samples));
            db.append(&batch, Durability::Periodic)?;
        }
        db.sync()?;
    }
    Ok(())
}

/// Returns how many samples there are.
fn read(db: &Db) -> Result<usize> {
    let mut selection = db.select(&[], TimeRange::ALL)?;
    let mut columns = SampleColumns::default();
    let mut found = 0;
    for index in 0..selection.labels.len() {
        selection.source.read(index, &mut columns)?;
        found += columns.len();
    }
    Ok(found)
}

/// What a step took.
struct Spent {
    elapsed: Duration,
    cpu: Duration,
}

impl std::fmt::Display for Spent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (elapsed, cpu) = (self.elapsed.as_secs_f64(), self.cpu.as_secs_f64());
        write!(f, "{elapsed:.2} s, {cpu:.2} CPU seconds")
    }
}

fn measure<T>(step: impl FnOnce() -> Result<T>) -> Result<(Spent, T)> {
    let clock = SystemClock::new();
    let (begin, cpu) = (clock.monotonic(), cpu_time()?);
    let outcome = step()?;
    let spent = Spent {
        elapsed: clock.monotonic().since(begin),
        cpu: cpu_time()?.saturating_sub(cpu),
    };
    Ok((spent, outcome))
}

/// Returns user and system time of all threads, as proc(5) tells it: fields 14 and 15, in hundredths of a second.
fn cpu_time() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The second field is a name in brackets that may hold spaces.
    let (_, fields) = stat.rsplit_once(')').ok_or("/proc/self/stat has no name")?;
    let mut ticks = 0;
    for field in fields.split_ascii_whitespace().skip(11).take(2) {
        ticks += field.parse::<u64>()?;
    }
    Ok(Duration::from_millis(ticks * 10))
}

fn resident_bytes() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_ascii_whitespace().next());
    Ok(kib
        .ok_or("/proc/self/status has no VmRSS")?
        .parse::<u64>()?
        << 10)
}

fn size(directory: &Path) -> Result<u64> {
    Ok(files(directory)?.into_iter().map(|(_, bytes)| bytes).sum())
}

/// Returns the names and sizes of all files below a directory.
fn files(directory: &Path) -> Result<Vec<(String, u64)>> {
    let mut found = Vec::new();
    let mut directories: Vec<PathBuf> = vec![directory.into()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory)? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true => directories.push(entry.path()),
                false => {
                    let name = entry.file_name().to_string_lossy().into_owned();
                    found.push((name, entry.metadata()?.len()));
                }
            }
        }
    }
    found.sort();
    Ok(found)
}
