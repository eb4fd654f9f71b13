//! Priorities and panic.

use super::*;

/// Ten endpoints of priority 0 and ten of priority 1, so many of which pass their checks.
fn two_levels(panic_below: f64, first: u32, second: u32) -> Bench {
    let names: Vec<String> = (0..20).map(|n| format!("e{n}*1@{}", n / 10)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut bench = Bench::new(
        Options {
            panic_below,
            ..checked()
        },
        &names,
    );
    for number in 0..20 {
        let well = if number < 10 {
            number < first
        } else {
            number - 10 < second
        };
        for _ in 0..3 {
            bench.check(&format!("e{number}"), well);
        }
    }
    bench
}

fn level_shares(bench: &Bench) -> Vec<f64> {
    let levels = bench.upstream.view(bench.now).levels;
    levels
        .iter()
        .map(|level| (100.0 * level.share).round())
        .collect()
}

/// The table of Envoy's documentation ("Priority levels"), with an overprovisioning of 1.4.
#[test]
fn levels_share_as_in_envoy() {
    let check = |first, second, wanted: [f64; 2]| {
        let bench = two_levels(0.0, first, second);
        assert_eq!(level_shares(&bench), wanted, "{first}0 %, {second}0 %");
    };
    check(10, 10, [100.0, 0.0]);
    check(8, 10, [100.0, 0.0]);
    check(7, 10, [98.0, 2.0]);
    check(5, 10, [70.0, 30.0]);
    check(2, 10, [28.0, 72.0]);
    check(0, 10, [0.0, 100.0]);
    check(2, 2, [50.0, 50.0]);
    check(5, 0, [100.0, 0.0]);
    check(0, 0, [0.0, 0.0]);
}

#[test]
fn health_is_ignored_when_too_few_are_healthy() {
    let mut bench = two_levels(0.5, 1, 3);
    // 14 % and 42 %: less than everything, and both below half.
    assert_eq!(
        level_shares(&bench),
        [50.0, 50.0],
        "by numbers of endpoints"
    );
    let pick = bench.pick().unwrap();
    assert_eq!(pick.why, Why::Panic);
    let shares = bench.shares(4000);
    assert_eq!(shares.len(), 20, "all of them are used");
}

#[test]
fn nobody_panics_while_another_level_carries_everything() {
    let mut bench = two_levels(0.5, 1, 8);
    assert_eq!(level_shares(&bench), [14.0, 86.0]);
    let shares = bench.shares(2000);
    assert_eq!(shares.len(), 9, "the healthy ones");
}

#[test]
fn without_panic_nothing_goes_to_who_is_down() {
    let mut bench = two_levels(0.0, 0, 0);
    assert_eq!(bench.pick(), Err(NoEndpoint::NoneHealthy));
}

#[test]
fn panic_does_not_reach_who_was_never_checked() {
    let mut bench = Bench::new(
        Options {
            panic_below: 0.9,
            ..checked()
        },
        &["a", "b", "c"],
    );
    assert_eq!(bench.pick(), Err(NoEndpoint::NoneHealthy));
    bench.check("a", true);
    bench.check("a", true);
    let pick = bench.pick().unwrap();
    assert_eq!(
        (bench.name(pick.endpoint).as_str(), pick.why),
        ("a", Why::Policy)
    );
    for _ in 0..3 {
        bench.check("b", false);
    }
    let shares = bench.shares(100);
    assert_eq!(shares.len(), 2, "one is up, one is down: {shares:?}");
    bench
        .upstream
        .reconfigure(checked(), &specs(&["a", "b", "c"]), bench.now);
    assert_eq!(
        bench.shares(100).len(),
        1,
        "half of those that were checked are up"
    );
}

#[test]
fn a_retry_goes_to_the_backup_when_nobody_else_is_left() {
    let mut bench = Bench::new(bare(), &["a", "b*1@1"]);
    assert_eq!(bench.shares(50).len(), 1, "the backup is not used");
    let tried = [bench.id("a")];
    let ask = Ask {
        tried: &tried,
        ..Ask::default()
    };
    let pick = bench.upstream.pick(&ask, bench.now).unwrap();
    assert_eq!(bench.name(pick.endpoint), "b");
}

#[test]
fn a_key_stays_at_its_level() {
    let mut bench = two_levels(0.0, 5, 10);
    let policy = balance::Policy::Maglev(balance::HashOptions { bound: None });
    let options = Options {
        policy,
        ..bench.upstream.options().clone()
    };
    let declared: Vec<EndpointSpec> = {
        let names: Vec<String> = (0..20).map(|n| format!("e{n}*1@{}", n / 10)).collect();
        specs(&names.iter().map(String::as_str).collect::<Vec<_>>())
    };
    bench.upstream.reconfigure(options, &declared, bench.now);
    let mut first_level = 0;
    for key in 0..1000_u64 {
        let ask = Ask {
            key: Some(balance::key_of_bytes(&key.to_le_bytes())),
            ..Ask::default()
        };
        let homes: Vec<EndpointId> = (0..3)
            .map(|_| bench.upstream.pick(&ask, bench.now).unwrap().endpoint)
            .collect();
        assert_eq!(homes[0], homes[1]);
        assert_eq!(homes[0], homes[2]);
        first_level += u32::from(homes[0].0 < 10);
    }
    assert!(
        (650..750).contains(&first_level),
        "{first_level} instead of 70 %"
    );
}
