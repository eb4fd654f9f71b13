//! What is folded when there are too many series.

use super::*;

#[test]
fn requests_beyond_the_bound_share_a_series() {
    let world = World::with(Options {
        cells_max: 2,
        ..Options::default()
    });
    let recorders = [world.signals.recorder(), world.signals.recorder()];
    for (index, status) in [200, 302, 404, 500, 200].into_iter().enumerate() {
        let record = Record { status, ..record() };
        run(&recorders[index % 2], &record);
    }
    world.export(5);
    let requests = world.values("plimsoll_gateway_requests_total");
    assert_eq!(requests.values().sum::<f64>(), 5.0, "{requests:?}");
    let folded = requests
        .keys()
        .filter(|labels| labels.contains(r#"endpoint="_other""#));
    assert!(folded.clone().all(|labels| !labels.contains("route")));
    assert!(folded.count() >= 1 && requests.len() <= 2 + Class::ALL.len());
    let durations = world.values("plimsoll_gateway_request_duration_seconds");
    assert_eq!(durations.values().sum::<f64>(), 5.0);
}

#[test]
fn endpoints_beyond_the_bound_share_a_series() {
    let world = World::with(Options {
        cells_max: 1,
        ..Options::default()
    });
    for endpoint in [0, 1, 1] {
        world
            .signals
            .checked(BackendId(0), EndpointId(endpoint), true);
    }
    world.export(5);
    let checks = world.values("plimsoll_gateway_checks_total");
    let expected = BTreeMap::from([
        (
            r#"{backend="web", endpoint="_other", result="passed"}"#.to_owned(),
            2.0,
        ),
        (
            r#"{backend="web", endpoint="a", result="passed"}"#.to_owned(),
            1.0,
        ),
    ]);
    assert_eq!(checks, expected);
}

#[test]
fn an_endpoint_that_nobody_declared_has_no_name() {
    let world = World::new();
    let unknown = Record {
        attempts: vec![attempt(77, Outcome::Success)],
        ..record()
    };
    run(&world.signals.recorder(), &unknown);
    world.export(5);
    let requests = world.values("plimsoll_gateway_requests_total");
    assert_eq!(requests.values().sum::<f64>(), 1.0);
    assert!(requests.keys().all(|labels| !labels.contains("endpoint")));
}
