//! What a budget takes: there may be a hundred thousand.

use super::*;

const HOUR: i64 = 3600;
/// How old, in seconds, what is kept in slices of how many seconds.
const TIERS: [(i64, i64); 4] = [(72 * HOUR, HOUR), (6 * HOUR, 300), (900, 60), (0, 10)];

/// Returns what a counter of so many events a second says, which has its ebb and flow by day.
fn counted(per_second: f64, seconds: i64) -> f64 {
    let wave = 0.7 * 86_400.0 / std::f64::consts::TAU;
    let angle = (seconds as f64 / 86_400.0).fract() * std::f64::consts::TAU;
    let passed = seconds as f64 + 1e8 + wave * angle.sin();
    (per_second * passed).floor()
}

/// Counts a month of an SLO with groups, as fine as a ledger keeps it.
fn full(regions: &[&str]) -> Engine {
    let mut slo = slo(Source::Watches(requests()));
    slo.windows = vec![Window::Rolling(Duration::from_secs(30 * 86_400))];
    slo.dimensions = by_region(100);
    let mut engine = engine(slo);
    let (mut now, end) = (0, 31 * 24 * HOUR);
    for (age, step) in TIERS {
        while now < end - age {
            for (region, code, per_second) in regions
                .iter()
                .flat_map(|region| [(region, "200", 30.0), (region, "500", 0.02)])
            {
                feed(
                    &mut engine,
                    &series(code, region),
                    now,
                    counted(per_second, now),
                );
            }
            now += step;
            engine.lose(engine.now());
            while engine.catch_up(at(now)).is_some() {}
        }
    }
    engine
}

#[test]
fn a_budget_of_a_month_takes_nine_kilobytes_with_its_series() {
    let engine = full(&["eu", "us", "asia"]);
    let budgets = engine.tallies().streams as usize;
    assert_eq!(budgets, 4, "the whole and three groups");
    let each = engine.byte_count() / budgets;
    assert!(each < 9_000, "{each} bytes");
    let month = counts(&engine, Some("eu"), HOUR, 30 * 24 * HOUR);
    // A sample counts in the slice that it lies in: what was counted since the one at 0, up to the last one of the month.
    let passed = |per_second| counted(per_second, 30 * 24 * HOUR - 300) - counted(per_second, 0);
    let of_all = (passed(30.0) as i64, passed(0.02) as i64);
    assert_eq!(good_bad(month), of_all);
}
