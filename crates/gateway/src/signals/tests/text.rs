//! `/metrics`.

use plimsoll_runtime::metrics::Registry;

use super::*;

#[test]
fn the_text_has_what_the_store_has() {
    let world = World::new();
    let registry = Registry::new();
    world.signals.register(&registry);
    let recorder = world.signals.recorder();
    run(&recorder, &record());
    run(
        &recorder,
        &Record {
            duration: Duration::from_millis(300),
            ..record()
        },
    );
    let text = registry.render();
    let labels = r#"backend="web",class="2xx",criticality="P1",endpoint="a""#;
    for line in [
        format!(r#"plimsoll_gateway_requests_total{{{labels},reason="ok",route="shop"}} 2"#),
        format!(r#"plimsoll_gateway_request_duration_seconds_count{{{labels},route="shop"}} 2"#),
        // The edge belongs to its bucket.
        format!(
            r#"plimsoll_gateway_request_duration_seconds_bucket{{le="0.3",{labels},route="shop"}} 2"#
        ),
        format!(
            r#"plimsoll_gateway_request_duration_seconds_bucket{{le="0.2",{labels},route="shop"}} 1"#
        ),
        format!(
            r#"plimsoll_gateway_request_duration_seconds_bucket{{le="+Inf",{labels},route="shop"}} 2"#
        ),
        r#"plimsoll_gateway_requests_in_flight{criticality="P1",route="shop"} 0.0"#.into(),
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[test]
fn names_are_those_of_the_store() {
    let world = World::new();
    let registry = Registry::new();
    world.signals.register(&registry);
    let mut documented: Vec<String> = registry
        .descriptions()
        .into_iter()
        .map(|one| one.name)
        .collect();
    let mut exported: Vec<String> = families::all().map(super::super::export::name).collect();
    documented.sort();
    exported.sort();
    let page = include_str!("../../../../../docs/gateway-signals.md");
    for name in &exported {
        let name = name.trim_start_matches("plimsoll_gateway_");
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
    assert_eq!(documented, exported);
}
