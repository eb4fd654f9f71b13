//! `cargo xtask sim operation`: hours of normal operation in minutes, on the real disk with a clock of its own.
//!
//! A fleet of machines is scraped every 15 s; machines come and go; batches are pushed, ranges and rules are asked,
//! series are deleted, snapshots come and go. Windows and retention are shortened, so that sealing, merging and removal
//! reach their steady state in the first quarter of the time. From then on nothing may grow: the second quarter
//! is compared with the last.

mod fleet;
mod gauges;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::disk::SystemDisk;
use plimsoll_runtime::metrics::Registry;
use plimsoll_testkit::{FakeClock, Seed};
use plimsoll_tsdb::{Config, Db, Metrics, RetentionRule, Settings, TierRetention};
use plimsoll_types::{ByteCount, Matcher, Timestamp};

use fleet::Fleet;
use gauges::{Gauges, NAMES};

/// The begin of a day and of an hour.
const BEGIN_MILLIS: i64 = 1_700_006_400_000;
const STEP: Duration = Duration::from_secs(15);
const STEPS_PER_HOUR: u64 = 240;
const WINDOW: Duration = Duration::from_mins(5);
const RETENTION: Duration = Duration::from_hours(1);
/// A step at which nothing is in motion: whole windows, and just maintained.
const STEPS_PER_MEASUREMENT: u64 = 20;

/// How long, and how much.
#[derive(clap::Args)]
pub(super) struct Options {
    /// How many hours pass on the store's clock
    #[arg(long, default_value_t = 8)]
    hours: u64,
    /// How many machines of 500 series are scraped at a time
    #[arg(long, default_value_t = 6)]
    machines: u64,
    /// Decides what is pushed, asked and deleted
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs the fleet and compares the second quarter with the last.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    ensure!(
        options.hours >= 4,
        "wanted 4 hours or more, so that a quarter holds the retention; found {}",
        options.hours
    );
    let directory = tempfile::tempdir()?;
    let clock = FakeClock::new(Timestamp::from_millis(BEGIN_MILLIS));
    let (metrics, registry) = (Metrics::default(), Registry::new());
    metrics.register(&registry);
    let config = Config::new(settings(directory.path().join("store")))?;
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let db = Db::open_on(config, Arc::new(SystemDisk), shared, metrics)?;
    let mut fleet = Fleet::new(&db, options.machines, Seed::new(options.seed));
    println!("{}", gauges::header());
    let mut measured = Vec::new();
    for step in 1..=options.hours * STEPS_PER_HOUR {
        clock.advance(STEP);
        fleet
            .step(clock.now(), step)
            .with_context(|| format!("at {} of the store's clock", clock.now()))?;
        if step % STEPS_PER_MEASUREMENT == 0 {
            let gauges = Gauges::measure(&db, &registry, directory.path())?;
            if step % (STEPS_PER_HOUR / 2) == 0 {
                println!("{}", gauges.row(step as f64 / STEPS_PER_HOUR as f64));
            }
            measured.push(gauges);
        }
    }
    judge(&measured)?;
    let (samples, questions) = (fleet.samples, fleet.questions);
    ensure!(
        samples > 0 && questions > 0 && fleet.parts_merged > 0 && fleet.parts_removed > 0,
        "something never happened, so nothing was shown"
    );
    println!(
        "sim operation: {} h, {samples} samples, {questions} questions, {} parts merged, {} removed; memory, files and \
         merge debt stay flat",
        options.hours, fleet.parts_merged, fleet.parts_removed
    );
    Ok(())
}

fn settings(directory: std::path::PathBuf) -> Settings {
    let short = |matchers, raw| RetentionRule {
        matchers,
        raw,
        // Windows are made of days that are over, and until then their samples are held: these hours would show neither.
        five_minutes: Duration::ZERO,
        hour: Duration::ZERO,
    };
    Settings {
        group_delay: Duration::ZERO,
        window: WINDOW,
        seal_grace: Duration::from_mins(1),
        segment_bytes: ByteCount::MIB,
        retention: RETENTION,
        tier_retention: TierRetention {
            five_minutes: Duration::ZERO,
            hour: Duration::ZERO,
        },
        retention_rules: vec![
            short(vec![Matcher::equal("device", "dev9")], RETENTION / 2),
            short(Vec::new(), RETENTION),
        ],
        ..Settings::new(directory)
    }
}

/// Compares the averages of the second quarter and of the last: what is measured may swing, but not grow.
fn judge(measured: &[Gauges]) -> anyhow::Result<()> {
    let quarter = measured.len() / 4;
    let before = Gauges::average(&measured[quarter..2 * quarter]);
    let after = Gauges::average(&measured[3 * quarter..]);
    let grown: Vec<String> = NAMES
        .iter()
        .zip(before.iter().zip(&after))
        .filter(|(limit, (before, after))| **after > limit.most(**before))
        .map(|(limit, (before, after))| {
            let most = limit.most(*before);
            format!(
                "{}: {before:.1} in the second quarter, {after:.1} in the last, at most {most:.1} would be flat",
                limit.name
            )
        })
        .collect();
    ensure!(grown.is_empty(), "not flat: {}", grown.join("; "));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_is_named() {
        let flat = vec![Gauges::of([50.0; NAMES.len()]); 16];
        assert!(judge(&flat).is_ok());
        for index in 0..NAMES.len() {
            let grows = |at: usize| {
                let mut values = [50.0; NAMES.len()];
                values[index] += 10.0 * at as f64;
                Gauges::of(values)
            };
            let error = judge(&(0..16).map(grows).collect::<Vec<_>>()).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(NAMES[index].name), "{text}");
        }
    }
}
