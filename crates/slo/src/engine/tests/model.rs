//! A model of counting that sees all samples at once, and traffic to try both with.

use proptest::prelude::*;

use super::*;

/// Seconds of a trace.
pub(super) const LENGTH: i64 = 3000;
const LATENESS: i64 = 300;
const REGIONS: [&str; 2] = ["eu", "us"];
const CODES: [&str; 2] = ["200", "500"];

/// A sample with the time at which it arrives, both in seconds.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) arrives: i64,
    pub(super) labels: Labels,
    pub(super) seconds: i64,
    pub(super) value: f64,
}

/// What one scrape of a target brings.
#[derive(Clone, Debug)]
struct Scrape {
    /// Seconds since the one before.
    after: i64,
    is_up: bool,
    /// For each series: how much it counted since, whether it was reset, whether it is there, and how late it arrives.
    series: [(u16, bool, bool, i64); 4],
    up_delay: i64,
}

fn any_scrape() -> impl Strategy<Value = Scrape> {
    let after = prop_oneof![8 => 14..17_i64, 1 => 1..10_i64, 1 => 200..700_i64];
    let delay = || prop_oneof![3 => Just(0_i64), 1 => 0..LATENESS - 10];
    let one = (
        0..50_u16,
        prop::bool::weighted(0.05),
        prop::bool::weighted(0.9),
        delay(),
    );
    let series = [one.clone(), one.clone(), one.clone(), one];
    (after, prop::bool::weighted(0.9), series, delay()).prop_map(
        |(after, is_up, series, up_delay)| Scrape {
            after,
            is_up,
            series,
            up_delay,
        },
    )
}

/// Makes samples in the order in which they arrive.
pub(super) fn any_trace() -> impl Strategy<Value = Vec<Arrival>> {
    prop::collection::vec(any_scrape(), 1..120).prop_map(|scrapes| {
        let mut values = [1000.0, 50.0, 0.0, 3.0];
        let (mut seconds, mut arrivals) = (0, Vec::new());
        for scrape in scrapes {
            seconds += scrape.after;
            if seconds >= LENGTH {
                break;
            }
            let mut push = |labels, value, delay| {
                arrivals.push(Arrival {
                    arrives: seconds + delay,
                    labels,
                    seconds,
                    value,
                });
            };
            push(up(), f64::from(u8::from(scrape.is_up)), scrape.up_delay);
            let all = REGIONS
                .iter()
                .flat_map(|region| CODES.map(|code| (code, *region)));
            for (((more, is_reset, is_there, delay), (code, region)), value) in
                scrape.series.into_iter().zip(all).zip(&mut values)
            {
                *value = f64::from(more) + if is_reset { 0.0 } else { *value };
                if scrape.is_up && is_there {
                    push(series(code, region), *value, delay);
                }
            }
        }
        arrivals.sort_by_key(|arrival| arrival.arrives);
        arrivals
    })
}

/// Counts per slice of one region, or of all.
pub(super) fn expected(trace: &[Arrival], region: Option<&str>) -> BTreeMap<i64, Counts> {
    let mut by_series: BTreeMap<Labels, BTreeMap<i64, f64>> = BTreeMap::new();
    for arrival in trace {
        let samples = by_series.entry(arrival.labels.clone()).or_default();
        samples.insert(arrival.seconds, arrival.value);
    }
    let ups = by_series.remove(&up()).unwrap_or_default();
    let mut slices: BTreeMap<i64, Counts> = BTreeMap::new();
    for (labels, samples) in &by_series {
        if region.is_some_and(|region| labels.get("region") != Some(region)) {
            continue;
        }
        let is_bad = labels.get("code") == Some("500");
        let mut before: Option<(i64, f64)> = None;
        for (seconds, value) in samples {
            let was_up = ups.range(..seconds).any(|(_, up)| *up == 1.0);
            let events = match before {
                Some((_, old)) if *value >= old => value - old,
                Some(_) => *value,
                None if was_up => *value,
                None => 0.0,
            };
            let slice = slices.entry(seconds / 10).or_default();
            match is_bad {
                true => slice.bad += events as i64,
                false => slice.good += events as i64,
            }
            let near = before.filter(|(old, _)| seconds - old <= 300);
            let first = near.map_or(seconds / 10, |(old, _)| old / 10);
            for slice in first..=seconds / 10 {
                slices.entry(slice).or_default().covered = 1;
            }
            before = Some((*seconds, *value));
        }
    }
    slices
}

/// Makes an engine that has counted a trace as it arrived, with ticks every 10 s, up to the end.
pub(super) fn run(engine: &mut Engine, trace: &[Arrival], from: i64, to: i64) {
    let mut arrivals = trace
        .iter()
        .filter(|arrival| (from..to).contains(&arrival.arrives))
        .peekable();
    for now in (from..to).step_by(10) {
        engine.tick(at(now));
        while let Some(arrival) = arrivals.next_if(|arrival| arrival.arrives < now + 10) {
            feed(engine, &arrival.labels, arrival.seconds, arrival.value);
        }
    }
    engine.tick(at(to));
}

pub(super) fn grouped() -> Slo {
    let mut slo = slo(Source::Watches(requests()));
    slo.dimensions = by_region(10);
    slo
}

/// Compares an engine with the model: each minute, and each of the slices that are still fine.
pub(super) fn check(engine: &Engine, trace: &[Arrival]) {
    for region in [None, Some("eu"), Some("us")] {
        let slices = expected(trace, region);
        if region.is_some() && slices.is_empty() {
            continue;
        }
        let fine = (engine.begin - BEGIN) / 1000;
        let minutes = (0..fine.max(0)).step_by(60).map(|from| (from, from + 60));
        let fines = (fine.max(0)..LENGTH + 600)
            .step_by(10)
            .map(|from| (from, from + 10));
        for (from, to) in minutes.chain(fines) {
            let expected: Counts = slices
                .range(from / 10..to / 10)
                .map(|(_, counts)| *counts)
                .sum();
            assert_eq!(
                counts(engine, region, from, to),
                expected,
                "{region:?} {from} to {to}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_of_arrival_counts_what_the_samples_say(trace in any_trace()) {
        let mut engine = engine(grouped());
        run(&mut engine, &trace, 0, LENGTH + 600);
        check(&engine, &trace);
        prop_assert_eq!(engine.tallies().too_late, 0);
    }

    #[test]
    fn any_split_of_a_window_and_any_roll_up_gives_the_same_sum(
        trace in any_trace(),
        mut edges in prop::collection::vec(-100..LENGTH + 700, 2..6),
    ) {
        let mut engine = engine(grouped());
        run(&mut engine, &trace, 0, LENGTH + 600);
        edges.sort_unstable();
        let (first, last) = (edges[0], edges[edges.len() - 1]);
        let whole = counts(&engine, None, first, last);
        let parts = edges.windows(2).map(|pair| counts(&engine, None, pair[0], pair[1]));
        prop_assert_eq!(parts.sum::<Counts>(), whole);
        let regions = REGIONS.map(|region| {
            let is_known = !expected(&trace, Some(region)).is_empty();
            if is_known { counts(&engine, Some(region), first, last) } else { Counts::ZERO }
        });
        let sum = regions[0] + regions[1];
        prop_assert_eq!((sum.good, sum.bad), (whole.good, whole.bad));
        prop_assert_eq!(sum.excluded, whole.excluded);
    }
}
