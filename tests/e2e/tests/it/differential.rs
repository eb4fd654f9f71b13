//! Random queries over random data: what Debian's Prometheus says and what we say.

use plimsoll_e2e::{Agreement, Differential};

/// `cargo xtask fuzz promql` runs more.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=6;
const QUERIES: usize = 50;

#[test]
fn random_queries_are_answered_as_prometheus_answers_them() {
    let Some(differential) = Differential::start().unwrap() else {
        return;
    };
    let mut agreement = Agreement::default();
    for seed in SEEDS {
        let found = differential.run(seed, QUERIES);
        agreement.add(found.unwrap_or_else(|error| panic!("{error:#}")));
    }
    println!("{agreement:?}");
    assert!(agreement.answered > 200, "{agreement:?}");
    assert!(agreement.points > 1_000, "{agreement:?}");
}
