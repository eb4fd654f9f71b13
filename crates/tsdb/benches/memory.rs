//! What an active series costs in memory, and a sample in CPU: labels like those of a Kubernetes cluster, through the
//! real store into a temporary directory, with the allocator of the product.
//!
//! `cargo bench -p plimsoll-tsdb --bench memory -- [series] [scrapes]`; resident bytes are the process', the WAL's
//! buffers included.
#![expect(clippy::print_stdout, reason = "a bench's report is its output")]

use std::fs;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_testkit::FakeClock;
use plimsoll_tsdb::{Config, Db, Metrics, Settings};
use plimsoll_types::{
    Appender, Durability, Labels, Matcher, Queryable, Sample, SampleColumns, SeriesRef, StoreAdmin,
    TimeRange, Timestamp, WriteBatch,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The start of a window.
const BEGIN_MILLIS: i64 = 1_700_006_400_000;
const INTERVAL_MILLIS: i64 = 15_000;
/// Series of one pod: so many come in one batch.
const SERIES_PER_POD: usize = 250;
const SCRAPES_SHOWN: [i64; 6] = [1, 2, 20, 120, 240, 480];

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let mut given = std::env::args().skip(1).filter_map(|one| one.parse().ok());
    let (series, scrapes) = (given.next().unwrap_or(100_000), given.next().unwrap_or(480));
    match run(series, scrapes as i64) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("bench memory: failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(series: usize, scrapes: i64) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let clock = FakeClock::new(Timestamp::from_millis(BEGIN_MILLIS + 500 * INTERVAL_MILLIS));
    let config = Config::new(Settings::new(directory.path()))?;
    let db = Db::open(config, Arc::new(clock), Metrics::default())?;
    let mut refs: Vec<SeriesRef> = Vec::with_capacity(series);
    refs.resize(series, SeriesRef(0));
    let pods = series / SERIES_PER_POD;
    let before = resident_bytes()?;
    let show = |what: &str, spent: Duration, operations: usize| -> Result<()> {
        let resident = resident_bytes()?.saturating_sub(before);
        println!(
            "{what:<24} {:>6} B resident per series, {:>8.0} ns of CPU each",
            resident / series as u64,
            spent.as_nanos() as f64 / operations.max(1) as f64
        );
        Ok(())
    };
    let (mut generating, mut bytes) = (Duration::ZERO, 0);
    let cpu = cpu_time()?;
    for pod in 0..pods {
        let begin = cpu_time()?;
        let labels: Vec<Labels> = (0..SERIES_PER_POD).map(|at| labels(pod, at)).collect();
        bytes += labels.iter().map(Labels::byte_count).sum::<usize>();
        generating += cpu_time()?.saturating_sub(begin);
        for (at, labels) in labels.iter().enumerate() {
            refs[pod * SERIES_PER_POD + at] = db.resolve(labels)?;
        }
    }
    println!("labels of {} B", bytes / series);
    show(
        "resolved",
        cpu_time()?.saturating_sub(cpu + generating),
        series,
    )?;
    resolve_again(&db, pods, &show)?;
    let (mut spent, mut since) = (Duration::ZERO, 0);
    for scrape in 0..scrapes {
        spent += append(&db, scrape, &refs)?;
        since += series;
        if SCRAPES_SHOWN.contains(&(scrape + 1)) {
            show(&format!("{} samples", scrape + 1), spent, since)?;
            (spent, since) = (Duration::ZERO, 0);
        }
    }
    ask(&db)?;
    seal(&db, &show)?;
    // The next window begins, and what the last one held has gone back.
    for scrape in 480..500 {
        spent += append(&db, scrape, &refs)?;
    }
    show("20 of the next window", spent, 20 * series)
}

/// Asks for each series once more, as remote write does with every sample.
fn resolve_again(
    db: &Db,
    pods: usize,
    show: &dyn Fn(&str, Duration, usize) -> Result<()>,
) -> Result<()> {
    let mut spent = Duration::ZERO;
    for pod in 0..pods {
        let labels: Vec<Labels> = (0..SERIES_PER_POD).map(|at| labels(pod, at)).collect();
        let begin = own_cpu_time()?;
        for labels in &labels {
            db.resolve(labels)?;
        }
        spent += own_cpu_time()?.saturating_sub(begin);
    }
    show("resolved again", spent, pods * SERIES_PER_POD)
}

fn ask(db: &Db) -> Result<()> {
    let of_metric = Matcher::equal("__name__", &metric(17));
    let millis = |spent: Duration| spent.as_secs_f64() * 1e3;
    for name in ["select, first", "select"] {
        let begin = own_cpu_time()?;
        let mut selection = db.select(std::slice::from_ref(&of_metric), TimeRange::ALL)?;
        let found = own_cpu_time()?;
        let (mut columns, mut samples) = (SampleColumns::default(), 0);
        for index in 0..selection.labels.len() {
            selection.source.read(index, &mut columns)?;
            samples += columns.len();
        }
        println!(
            "{name:<24} {} series found in {:.2} ms of CPU, {samples} samples read in {:.2} ms",
            selection.labels.len(),
            millis(found.saturating_sub(begin)),
            millis(own_cpu_time()?.saturating_sub(found)),
        );
    }
    let begin = own_cpu_time()?;
    let counted = db.statistics(10)?;
    println!(
        "{:<24} {} pairs in {:.2} ms of CPU",
        "statistics",
        counted.head.label_pairs,
        millis(own_cpu_time()?.saturating_sub(begin))
    );
    Ok(())
}

fn seal(db: &Db, show: &dyn Fn(&str, Duration, usize) -> Result<()>) -> Result<()> {
    let cpu = cpu_time()?;
    let peak = peak_bytes()?;
    db.seal_all()?;
    let spent = cpu_time()?.saturating_sub(cpu);
    println!(
        "{:<24} {:.1} s, the peak went from {} to {} MiB",
        "seal",
        spent.as_secs_f64(),
        peak >> 20,
        peak_bytes()? >> 20
    );
    show("sealed", Duration::ZERO, 0)
}

/// Appends a scrape of all pods, and returns the CPU time of it.
fn append(db: &Db, scrape: i64, refs: &[SeriesRef]) -> Result<Duration> {
    let mut batch = WriteBatch::default();
    let mut spent = Duration::ZERO;
    for pod in 0..refs.len() / SERIES_PER_POD {
        fill(&mut batch, pod, scrape, refs);
        let begin = own_cpu_time()?;
        db.append(&batch, Durability::Periodic)?;
        spent += own_cpu_time()?.saturating_sub(begin);
    }
    db.sync()?;
    Ok(spent)
}

fn metric(number: usize) -> String {
    format!("container_network_receive_{number}_bytes_total")
}

/// Thirteen labels at most, 230 bytes; a third of the series are buckets.
fn labels(pod: usize, at: usize) -> Labels {
    let name = match at % 3 {
        0 => format!("http_request_duration_{}_seconds_bucket", at / 30),
        _ => metric(at),
    };
    let (node, deployment) = (pod / 30, pod / 7);
    let mut pairs = vec![
        ("__name__", name),
        ("cluster", "prod-eu-west-1".into()),
        ("container", format!("app-{}", deployment % 40)),
        ("endpoint", "https-metrics".into()),
        (
            "id",
            format!("/kubepods/burstable/pod{:08x}", pod * 2_654_435_761),
        ),
        (
            "instance",
            format!("10.{}.{}.{}:9100", node >> 8, node & 0xff, pod % 30),
        ),
        ("job", "kubelet".into()),
        ("namespace", format!("team-{}", deployment % 25)),
        ("node", format!("ip-10-0-{node}.eu-west-1.compute.internal")),
        (
            "pod",
            format!("app-{deployment}-{:08x}", pod * 2_246_822_519),
        ),
    ];
    if at.is_multiple_of(3) {
        pairs.push(("le", format!("{}", 0.005 * f64::from(1 << (at / 3 % 10)))));
    }
    Labels::from_pairs(pairs)
}

/// Of ten series six never change, one counts, one counts hundredths, one is a size in bytes, one is noise.
fn fill(batch: &mut WriteBatch, pod: usize, scrape: i64, refs: &[SeriesRef]) {
    batch.clear();
    // Each target has its own moment.
    let moment = (pod as i64 * 37) % INTERVAL_MILLIS;
    let time = Timestamp::from_millis(BEGIN_MILLIS + scrape * INTERVAL_MILLIS + moment);
    for at in 0..SERIES_PER_POD {
        let series = pod * SERIES_PER_POD + at;
        let noise = mixed(series as u64 ^ (scrape as u64) << 32);
        let steps = scrape as u64;
        let value = match at % 10 {
            0..6 => at as f64,
            6 => (steps * 100 + noise % 60 + (series as u64) * 1000) as f64,
            7 => (steps * 700 + noise % 400 + (series as u64) * 10) as f64 / 100.0,
            8 => ((noise % (1 << 20)) * 64 + (1 << 30)) as f64,
            _ => noise as f64 / u64::MAX as f64,
        };
        batch
            .samples
            .push((refs[series], Sample::float(time, value)));
    }
}

/// splitmix64.
fn mixed(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// User and system time of all threads in nanoseconds, as the scheduler counts it.
fn cpu_time() -> Result<Duration> {
    let mut all = Duration::ZERO;
    for task in fs::read_dir("/proc/self/task")? {
        all += on_cpu(&task?.path().join("schedstat"))?;
    }
    Ok(all)
}

fn own_cpu_time() -> Result<Duration> {
    on_cpu("/proc/thread-self/schedstat".as_ref())
}

fn on_cpu(path: &std::path::Path) -> Result<Duration> {
    let text = fs::read_to_string(path)?;
    let nanos = text.split_ascii_whitespace().next().ok_or("no schedstat")?;
    Ok(Duration::from_nanos(nanos.parse()?))
}

fn resident_bytes() -> Result<u64> {
    status("VmRSS:")
}

fn peak_bytes() -> Result<u64> {
    status("VmHWM:")
}

fn status(field: &str) -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kib = line.and_then(|line| line.split_ascii_whitespace().next());
    Ok(kib
        .ok_or("/proc/self/status lacks a field")?
        .parse::<u64>()?
        << 10)
}
