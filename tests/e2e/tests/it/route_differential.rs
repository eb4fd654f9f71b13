//! Random configurations of an Alertmanager: what Debian's amtool says and what we say.

use plimsoll_e2e::{RouteAgreement, RouteDifferential};

/// `cargo xtask fuzz routes` runs more.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=20;

#[test]
fn random_configurations_mean_what_amtool_says() {
    let Some(differential) = RouteDifferential::new().unwrap() else {
        return;
    };
    let mut agreement = RouteAgreement::default();
    for seed in SEEDS {
        let found = differential.run(seed);
        agreement.add(found.unwrap_or_else(|error| panic!("{error:#}")));
    }
    println!("{agreement:?}");
    assert!(agreement.forked > 20, "{agreement:?}");
    assert!(
        agreement.taken > 40 && agreement.refused > 40,
        "{agreement:?}"
    );
}
