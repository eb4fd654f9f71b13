//! Options and times that nobody should give, in any order.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Pick {
        key: Option<u64>,
        sticky: u32,
        tried: u32,
    },
    Done {
        running: prop::sample::Index,
        outcome: u8,
        millis: u64,
    },
    Check {
        endpoint: u32,
        passed: bool,
    },
    Order {
        endpoint: u32,
        admin: u8,
    },
    Weigh {
        endpoint: u32,
        weight: u32,
    },
    Reload {
        endpoints: Vec<(u8, u32, u8)>,
        policy: usize,
    },
    Wait {
        millis: u64,
    },
    Back {
        millis: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let endpoint = 0..6_u32;
    prop_oneof![
        6 => (any::<Option<u64>>(), 0..9_u32, 0..9_u32)
            .prop_map(|(key, sticky, tried)| Step::Pick { key, sticky, tried }),
        6 => (any::<prop::sample::Index>(), 0..5_u8, prop_oneof![0..100_u64, any::<u64>()])
            .prop_map(|(running, outcome, millis)| Step::Done { running, outcome, millis }),
        3 => (endpoint.clone(), any::<bool>())
            .prop_map(|(endpoint, passed)| Step::Check { endpoint, passed }),
        1 => (endpoint.clone(), 0..4_u8)
            .prop_map(|(endpoint, admin)| Step::Order { endpoint, admin }),
        1 => (endpoint, prop_oneof![0..4_u32, Just(u32::MAX)])
            .prop_map(|(endpoint, weight)| Step::Weigh { endpoint, weight }),
        1 => (prop::collection::vec((0..5_u8, 0..3_u32, 0..3_u8), 0..6), 0..9_usize)
            .prop_map(|(endpoints, policy)| Step::Reload { endpoints, policy }),
        2 => (0..60_000_u64).prop_map(|millis| Step::Wait { millis }),
        1 => (0..60_000_u64).prop_map(|millis| Step::Back { millis }),
    ]
}

fn options() -> impl Strategy<Value = Options> {
    let number = || {
        prop_oneof![
            Just(0.0),
            Just(0.5),
            Just(-1.0),
            Just(f64::NAN),
            Just(f64::INFINITY)
        ]
    };
    let time = || {
        prop_oneof![
            Just(Duration::ZERO),
            Just(Duration::from_secs(3)),
            Just(Duration::MAX)
        ]
    };
    let switches = any::<[bool; 3]>();
    (
        0..9_usize,
        number(),
        number(),
        time(),
        time(),
        number(),
        switches,
    )
        .prop_map(
            |(
                policy,
                panic_below,
                overprovisioning,
                slow_start,
                other,
                ratio,
                [checks, passive, breaker],
            )| Options {
                policy: policy_of(policy, other, ratio),
                checks: checks.then(|| health::active::Schedule {
                    interval: other,
                    fast_interval: slow_start,
                    jitter: ratio,
                    ..health::active::Schedule::default()
                }),
                passive: passive.then(|| health::passive::Options {
                    interval: slow_start,
                    base: other,
                    max_ejected: ratio,
                    ..health::passive::Options::default()
                }),
                breaker: breaker.then(|| breaker::Options {
                    ratio: Some(ratio),
                    open: other,
                    window: slow_start,
                    ..breaker::Options::default()
                }),
                slow_start,
                panic_below,
                overprovisioning,
            },
        )
}

fn policy_of(place: usize, time: Duration, ratio: f64) -> balance::Policy {
    match balance::ALL[place % balance::ALL.len()].policy() {
        balance::Policy::PeakEwma(_) => balance::Policy::PeakEwma(EwmaOptions {
            decay: time,
            default_latency: time,
            failure_penalty: time,
        }),
        balance::Policy::Rendezvous(_) => {
            balance::Policy::Rendezvous(balance::HashOptions { bound: Some(ratio) })
        }
        policy => policy,
    }
}

fn outcome(number: u8) -> Outcome {
    let retry_after = Some(Duration::MAX);
    match number {
        0 => Outcome::Cancelled,
        1 => Outcome::Throttled { retry_after },
        2 => Outcome::ServerError {
            status: 503,
            retry_after,
        },
        3 => Outcome::Failed(FailureKind::Truncated),
        _ => Outcome::Success,
    }
}

fn admin(number: u8) -> AdminState {
    let all = [
        AdminState::Auto,
        AdminState::ForcedUp,
        AdminState::ForcedDown,
        AdminState::Draining,
    ];
    all[usize::from(number)]
}

/// Takes a step; `running` are attempts that are not done.
fn take(bench: &mut Bench, running: &mut Vec<Pick>, step: Step) {
    let (upstream, now) = (&mut bench.upstream, bench.now);
    match step {
        Step::Pick { key, sticky, tried } => {
            let tried = [EndpointId(tried)];
            let sticky = Some(EndpointId(sticky));
            let ask = Ask {
                key,
                sticky,
                tried: &tried[usize::from(tried[0].0 > 5)..],
            };
            running.extend(upstream.pick(&ask, now));
            let _ = upstream.explain(&ask, now);
        }
        Step::Done {
            running: which,
            outcome: number,
            millis,
        } if !running.is_empty() => {
            let pick = running.swap_remove(which.index(running.len()));
            upstream.done(pick, outcome(number), Duration::from_millis(millis), now);
        }
        Step::Done { .. } => {}
        Step::Check { endpoint, passed } => {
            let result = if passed { Ok(()) } else { Err("no".to_owned()) };
            upstream.checked(EndpointId(endpoint), result, now);
        }
        Step::Order {
            endpoint,
            admin: number,
        } => {
            upstream.order(EndpointId(endpoint), admin(number), now);
        }
        Step::Weigh { endpoint, weight } => upstream.set_weight(EndpointId(endpoint), weight, now),
        Step::Reload { endpoints, policy } => {
            let spec = |(name, weight, priority): (u8, u32, u8)| EndpointSpec {
                name: name.to_string(),
                weight,
                priority,
            };
            let endpoints: Vec<EndpointSpec> = endpoints.into_iter().map(spec).collect();
            let policy = policy_of(policy, Duration::from_secs(1), 1.25);
            let options = Options {
                policy,
                ..upstream.options().clone()
            };
            upstream.reconfigure(options, &endpoints, now);
        }
        Step::Wait { millis } => bench.now = now.after(Duration::from_millis(millis)),
        Step::Back { millis } => {
            bench.now = Moment::from_nanos(now.nanos().saturating_sub(millis * 1_000_000));
        }
    }
}

proptest! {
    // Each step explains, which builds a table of Maglev.
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever comes: nothing panics, attempts are counted right, and who is chosen is declared.
    #[test]
    fn survives(options in options(), steps in prop::collection::vec(step(), 1..120)) {
        let mut bench = Bench::new(options, &["0", "1*2", "2*0", "3@1"]);
        let mut running = Vec::new();
        for step in steps {
            take(&mut bench, &mut running, step);
            let view = bench.upstream.view(bench.now);
            for endpoint in view.endpoints {
                let same = running.iter().filter(|pick| pick.endpoint == endpoint.id);
                prop_assert_eq!(endpoint.in_flight as usize, same.count());
            }
            let shares: f64 = view.levels.iter().map(|level| level.share).sum();
            prop_assert!(shares < 1.0 + 1e-9, "{}", shares);
        }
    }
}
