//! Samples that are kept in memory to be written, measured on disk, and read back.

use plimsoll_testkit::Seed;

use super::fleet::Pair;

/// How far two samples of synthetic data are apart.
const STEP: i64 = 15_000;
/// Half a day of a few hundred series: what a series costs by itself hardly shows in the bytes per sample.
const SAMPLES: usize = 2_880;
const SERIES: u64 = 500;

/// Series of several targets.
#[derive(Clone, Debug, Default)]
pub(super) struct DataSet {
    pub(super) name: &'static str,
    pub(super) targets: Vec<TargetData>,
}

/// What was scraped from one target.
#[derive(Clone, Debug, Default)]
pub(super) struct TargetData {
    /// The value of the label `job`, which no other target has.
    pub(super) job: String,
    /// The times of the scrapes in milliseconds, ascending.
    pub(super) times: Vec<i64>,
    pub(super) series: Vec<SeriesData>,
}

/// One series: not every scrape need have it.
#[derive(Clone, Debug, Default)]
pub(super) struct SeriesData {
    /// Sorted by name.
    pub(super) labels: Vec<(String, String)>,
    /// The number of the scrape and the value, ascending.
    pub(super) points: Vec<(u32, f64)>,
}

impl SeriesData {
    pub(super) fn pairs(&self) -> Vec<Pair<'_>> {
        let labels = self.labels.iter();
        labels.map(|(name, value)| (&**name, &**value)).collect()
    }
}

impl DataSet {
    pub(super) fn samples(&self) -> u64 {
        let series = self.targets.iter().flat_map(|target| &target.series);
        series.map(|series| series.points.len() as u64).sum()
    }

    /// Returns the first and the last time.
    pub(super) fn range(&self) -> Option<(i64, i64)> {
        let first = self
            .targets
            .iter()
            .filter_map(|target| target.times.first());
        let last = self.targets.iter().filter_map(|target| target.times.last());
        Some((*first.min()?, *last.max()?))
    }
}

/// Counters of events that arrive by chance, from one in a few scrapes to some thousands per scrape.
pub(super) fn counters(end: i64) -> DataSet {
    synthetic("counters", end, |number, random, state| {
        let mean = (number * number % 4_000) as f64 / 2.0 + 0.2;
        *state += arrivals(mean, random);
        *state
    })
}

/// Draws a number of events: Poisson's distribution, by its own definition for small means and by the normal one, which
/// it comes close to, for large ones.
fn arrivals(mean: f64, random: &mut Seed) -> f64 {
    if mean > 30.0 {
        // The sum of twelve draws has a variance of 1.
        let normal: f64 = (0..12).map(|_| random.unit()).sum::<f64>() - 6.0;
        return (mean + normal * mean.sqrt()).round();
    }
    let (mut count, mut left) = (0.0, random.unit());
    while left > (-mean).exp() {
        left *= random.unit();
        count += 1.0;
    }
    count
}

/// Gauges: half are bytes in pages, half readings of two decimals, all walking up and down.
pub(super) fn gauges(end: i64) -> DataSet {
    synthetic("gauges", end, |number, random, state| {
        let step = random.below(201) as f64 - 100.0;
        *state = (*state + step).max(0.0);
        match number % 2 {
            0 => *state * 4_096.0,
            _ => state.round() / 100.0,
        }
    })
}

/// Floats whose 52 bits behind the point are all random: 6.5 bytes of each that nothing can take away.
pub(super) fn noisy(end: i64) -> DataSet {
    synthetic("noisy floats", end, |_, random, _| {
        f64::from_bits(1.0_f64.to_bits() | random.bits() >> 12)
    })
}

fn synthetic(
    name: &'static str,
    end: i64,
    mut next: impl FnMut(u64, &mut Seed, &mut f64) -> f64,
) -> DataSet {
    let begin = end - STEP * SAMPLES as i64;
    let times = (0..SAMPLES as i64).map(|index| begin + index * STEP);
    let series = (0..SERIES).map(|number| {
        let mut random = Seed::new(number);
        let mut state = random.below(1_000_000) as f64;
        let points = (0..SAMPLES as u32).map(|at| (at, next(number, &mut random, &mut state)));
        SeriesData {
            labels: labels(name, number),
            points: points.collect(),
        }
    });
    let target = TargetData {
        job: name.into(),
        times: times.collect(),
        series: series.collect(),
    };
    DataSet {
        name,
        targets: vec![target],
    }
}

fn labels(job: &str, number: u64) -> Vec<(String, String)> {
    let pairs = [
        ("__name__", format!("bench_metric_{}", number / 50)),
        ("device", format!("dev{}", number % 50)),
        ("instance", "127.0.0.1:9100".into()),
        ("job", job.into()),
    ];
    pairs.map(|(name, value)| (name.into(), value)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(set: &DataSet) -> impl Iterator<Item = Vec<f64>> {
        let series = &set.targets[0].series;
        series
            .iter()
            .map(|s| s.points.iter().map(|p| p.1).collect())
    }

    #[test]
    fn each_kind_is_what_its_name_says() {
        let end = 1_700_000_000_000;
        assert!(values(&counters(end)).all(|values| values.is_sorted()));
        for mean in [0.2, 29.0, 31.0, 2_000.0] {
            let mut random = Seed::new(1);
            let drawn: Vec<f64> = (0..10_000).map(|_| arrivals(mean, &mut random)).collect();
            let average = drawn.iter().sum::<f64>() / 1e4;
            let variance = drawn.iter().map(|d| (d - average).powi(2)).sum::<f64>() / 1e4;
            // Both are the mean.
            assert!((average / mean - 1.0).abs() < 0.05, "{mean}: {average}");
            assert!((variance / mean - 1.0).abs() < 0.1, "{mean}: {variance}");
        }
        assert!(
            values(&counters(end))
                .flatten()
                .all(|value| value.fract() == 0.0)
        );
        assert!(values(&gauges(end)).all(|values| !values.is_sorted()));
        let noisy: Vec<f64> = values(&noisy(end)).flatten().collect();
        let bits: std::collections::BTreeSet<u64> = noisy.iter().map(|v| v.to_bits()).collect();
        assert_eq!(bits.len(), noisy.len());
        assert!(noisy.iter().all(|value| (1.0..2.0).contains(value)));
    }

    #[test]
    fn the_last_sample_lies_just_before_the_end() {
        let set = gauges(1_700_000_000_000);
        assert_eq!(set.samples(), SAMPLES as u64 * SERIES);
        let (first, last) = set.range().unwrap();
        assert_eq!(last, 1_700_000_000_000 - STEP);
        assert_eq!(last - first, STEP * (SAMPLES as i64 - 1));
        assert!(set.targets[0].series.iter().all(|s| s.labels.is_sorted()));
    }
}
