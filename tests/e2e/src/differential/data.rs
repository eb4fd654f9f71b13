//! Random series: an hour of them, about every 15 seconds.
//!
//! For Debian's Prometheus, queries are asked at half seconds, and every range, offset and step in them is a whole number
//! of quarter seconds, the steps of subqueries even of seconds. Samples lie at other fractions of a second, so that no
//! window can begin or end exactly where a sample lies. For a current one, everything lies on multiples of five seconds,
//! so that windows begin and end where samples lie all the time.

mod histograms;

use plimsoll_testkit::Seed;
use plimsoll_types::{Labels, Sample, Timestamp, stale_nan};
use plimsoll_wire::push::Series;

use histograms::histograms;

/// When the data begins, in seconds since the epoch: 2023-11-14 22:13:20 UTC.
pub(super) const START: i64 = 1_700_000_000;
/// When it ends.
pub(super) const END: i64 = START + 3_600;

/// Distance of samples in milliseconds.
const INTERVAL: i64 = 15_000;
/// Fractions of a second, in milliseconds, that no window has.
const FRACTIONS: [i64; 4] = [137, 391, 613, 871];
/// Values are whole numbers of this, so that sums of them are exact.
const GRAIN: f64 = 1.0 / 64.0;
/// Upper bounds of the buckets of a classic histogram.
const BOUNDS: [&str; 6] = ["0.1", "0.5", "1", "2.5", "10", "+Inf"];

const JOBS: [&str; 3] = ["api", "db", "web"];
const ZONES: [&str; 3] = ["east", "north", "west"];

/// The language of the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// That of 2.42.
    Debian,
    /// That of 3.13 and later, with all that is experimental.
    Current,
}

/// The metrics of a seed: each has its own, so that many share a server.
#[derive(Clone, Debug)]
pub(super) struct Names {
    pub(super) dialect: Dialect,
    /// Counters without gaps, with resets, far from zero.
    pub(super) counter: String,
    /// Gauges with gaps and staleness markers.
    pub(super) gauge: String,
    /// Gauges without two equal values.
    pub(super) distinct: String,
    /// Gauges with NaN, infinities and whole numbers.
    pub(super) special: String,
    /// One series per job, for `group_left`.
    pub(super) info: String,
    /// Buckets of classic histograms.
    pub(super) bucket: String,
    /// Native histograms with exponential buckets.
    pub(super) exponential: String,
    /// Native histograms with custom buckets.
    pub(super) custom: String,
}

impl Names {
    pub(super) fn of(seed: u64, dialect: Dialect) -> Self {
        let name = |kind: &str| format!("s{seed}_{kind}");
        Self {
            dialect,
            counter: name("requests_total"),
            gauge: name("temperature"),
            distinct: name("load"),
            special: name("weird"),
            info: name("build_info"),
            bucket: name("latency_bucket"),
            exponential: name("sizes"),
            custom: name("waits"),
        }
    }
}

/// Returns all series of a seed.
pub(super) fn series(names: &Names, random: &mut Seed) -> Vec<Series> {
    let (dialect, mut all) = (names.dialect, Vec::new());
    for job in JOBS {
        for zone in ZONES {
            let labels = |name: &str| labels(name, &[("job", job), ("zone", zone)]);
            all.push(one(labels(&names.counter), counter(dialect, random)));
            // Not every series exists, so that some find no partner.
            if random.percent(80) {
                all.push(one(labels(&names.gauge), gauge(dialect, random)));
            }
            all.push(one(
                labels(&names.distinct),
                distinct(dialect, random, all.len()),
            ));
            if random.percent(70) {
                all.push(one(labels(&names.special), special(dialect, random)));
            }
        }
        let version = format!("1.{}", random.below(3));
        let info = labels(&names.info, &[("job", job), ("version", &version)]);
        all.push(one(
            info,
            times(dialect, random).map(|time| (time, 1.0)).collect(),
        ));
        all.extend(buckets(names, job, random));
        if dialect == Dialect::Current {
            for name in [&names.exponential, &names.custom] {
                let times = times(dialect, random).collect();
                let samples = histograms(name == &names.custom, times, random);
                let labels = labels(name, &[("job", job)]);
                let series = Series {
                    labels,
                    samples,
                    ..Series::default()
                };
                all.push(series);
            }
        }
    }
    all
}

fn labels(name: &str, pairs: &[(&str, &str)]) -> Labels {
    Labels::from_pairs([("__name__", name)].iter().chain(pairs).copied())
}

fn one(labels: Labels, points: Vec<(i64, f64)>) -> Series {
    let samples = points
        .into_iter()
        .map(|(time, value)| Sample::float(Timestamp::from_millis(time), value));
    Series {
        labels,
        samples: samples.collect(),
        ..Series::default()
    }
}

/// Returns the times of one series, which all have the same fraction of a second.
fn times(dialect: Dialect, random: &mut Seed) -> impl Iterator<Item = i64> + use<> {
    let fraction = FRACTIONS[random.below(FRACTIONS.len() as u64) as usize];
    let phase = random.below(14) as i64 * 1000;
    let first = START * 1000
        + match dialect {
            Dialect::Debian => phase + fraction,
            Dialect::Current => phase - phase % 5_000,
        };
    (0..(END - START) * 1000 / INTERVAL).map(move |index| first + index * INTERVAL)
}

fn counter(dialect: Dialect, random: &mut Seed) -> Vec<(i64, f64)> {
    let mut value = 1_000_000.0;
    let times: Vec<i64> = times(dialect, random).collect();
    let mut next = |time| {
        value = match random.percent(3) {
            true => 900_000.0,
            false => value + random.below(6_400) as f64 * GRAIN,
        };
        (time, value)
    };
    times.into_iter().map(&mut next).collect()
}

fn gauge(dialect: Dialect, random: &mut Seed) -> Vec<(i64, f64)> {
    let (mut points, mut missing) = (Vec::new(), 0);
    for time in times(dialect, random) {
        if missing > 0 {
            missing -= 1;
            continue;
        }
        if random.percent(4) {
            missing = random.below(40);
            // An end is announced, or it shows by itself.
            if random.percent(50) {
                points.push((time, stale_nan()));
            }
            continue;
        }
        points.push((time, (random.below(12_800) as f64 - 6_400.0) * GRAIN));
    }
    points
}

/// The first digits are random, the last ones tell the series.
fn distinct(dialect: Dialect, random: &mut Seed, series: usize) -> Vec<(i64, f64)> {
    let times: Vec<i64> = times(dialect, random).collect();
    let value = |time| {
        (
            time,
            random.below(4_096) as f64 * 2.0 + series as f64 * GRAIN,
        )
    };
    times.into_iter().map(value).collect()
}

fn special(dialect: Dialect, random: &mut Seed) -> Vec<(i64, f64)> {
    let times: Vec<i64> = times(dialect, random).collect();
    let value = |time| {
        let value = match random.below(12) {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => f64::NEG_INFINITY,
            3 => -0.0,
            number => number as f64 - 6.0,
        };
        (time, value)
    };
    times.into_iter().map(value).collect()
}

fn buckets(names: &Names, job: &str, random: &mut Seed) -> Vec<Series> {
    let dialect = names.dialect;
    let times: Vec<i64> = times(dialect, random).collect();
    let mut counts = [0_u64; BOUNDS.len()];
    let mut points = vec![Vec::new(); BOUNDS.len()];
    for time in times {
        for count in &mut counts {
            *count += random.below(16);
        }
        let mut below = 0;
        for (count, points) in counts.iter().zip(&mut points) {
            below += count;
            points.push((time, (100_000 + below) as f64));
        }
    }
    let series = BOUNDS.iter().zip(points);
    let series = series.map(|(bound, points)| {
        one(
            labels(&names.bucket, &[("job", job), ("le", bound)]),
            points,
        )
    });
    series.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_makes_the_same_series_away_from_all_windows() {
        let make = || series(&Names::of(7, Dialect::Debian), &mut Seed::new(7));
        let (first, second) = (make(), make());
        assert_eq!(first.len(), second.len());
        assert!(first.len() > 40);
        for (a, b) in first.iter().zip(&second) {
            assert_eq!(a, b);
            for sample in &a.samples {
                assert_ne!(sample.timestamp.millis() % 250, 0);
            }
        }
    }
}
