//! From discovered labels to requests, and from limits to refusals.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::world::{Script, Server, World, job, status, typed};

fn relabel(source: &str, regex: &str, target: &str, replacement: &str) -> String {
    format!(
        "{{source_labels: [{source}], regex: '{regex}', target_label: {target}, replacement: '{replacement}'}}"
    )
}

#[tokio::test]
async fn relabelling_decides_what_is_asked_for() {
    let server = Server::text("a 1\n").await;
    let rules = [
        relabel("__address__", ".*", "__param_module", "relabelled"),
        relabel("__address__", ".*", "__metrics_path__", "/probe"),
        relabel("__scheme__,__metrics_path__", "(.*)", "seen", "$1"),
        relabel("__scrape_interval__", "10s", "__scrape_interval__", "20s"),
    ];
    let more = format!(
        ", params: {{module: [first, second], other: ['x y']}}, relabel_configs: [{}]",
        rules.join(", ")
    );
    let mut world = World::with(&[job("j", &server.address, &more)]).await;
    world.scrape(1).await;
    world.scrape(1).await;
    let uri = server.requests()[0].uri.to_string();
    assert_eq!(uri, "/probe?module=relabelled&module=second&other=x+y");
    let series = format!(
        "a{{instance=\"{}\", job=\"j\", seen=\"http;/probe\"}}",
        server.address
    );
    assert_eq!(world.values(&series), ["1", "1"]);
    let times = world.times(&series);
    assert_eq!(times[1] - times[0], 20_000);
}

#[tokio::test]
async fn a_scheme_may_be_relabelled() {
    let server = Server::text("a 1\n").await;
    let rule = relabel("__scheme__", "https", "__scheme__", "http");
    let more = format!(", scheme: https, relabel_configs: [{rule}]");
    let mut world = World::with(&[job("j", &server.address, &more)]).await;
    world.scrape(1).await;
    assert_eq!(world.metric("up"), ["1"]);
}

#[tokio::test]
async fn targets_are_kept_and_dropped() {
    let server = Server::text("a 1\n").await;
    let targets = |action: &str| {
        format!(
            "{{job_name: j, static_configs: [{{targets: ['{0}'], labels: {{zone: a}}}}, {{targets: ['{0}'], labels: {{zone: b}}}}], \
             relabel_configs: [{{source_labels: [zone], regex: b, action: {action}}}]}}",
            server.address
        )
    };
    for (action, zone) in [("keep", "b"), ("drop", "a")] {
        let mut world = World::with(&[targets(action)]).await;
        world.scrape(1).await;
        let series = format!(
            "a{{instance=\"{}\", job=\"j\", zone=\"{zone}\"}}",
            server.address
        );
        assert_eq!(world.values(&series), ["1"], "{action}");
        assert_eq!(world.metric("up"), ["1"], "{action}");
    }
}

#[tokio::test]
async fn more_targets_than_the_limit_are_all_down() {
    let server = Server::text("a 1\n").await;
    let with_limit = |limit| {
        format!(
            "{{job_name: j, target_limit: {limit}, static_configs: [{{targets: ['{0}'], labels: {{zone: a}}}}, \
             {{targets: ['{0}'], labels: {{zone: b}}}}]}}",
            server.address
        )
    };
    let mut world = World::with(&[with_limit(1)]).await;
    let up = |world: &World, zone| {
        world.values(&format!(
            "up{{instance=\"{}\", job=\"j\", zone=\"{zone}\"}}",
            server.address
        ))
    };
    world.scrape(2).await;
    world.scrape(2).await;
    assert_eq!(
        (up(&world, "a"), up(&world, "b")),
        (vec!["0".into()], vec!["0".into()])
    );
    assert!(server.requests().is_empty(), "nobody is asked");
    world.apply(&[with_limit(2)]).await;
    world.scrape(2).await;
    world.scrape(2).await;
    assert_eq!(up(&world, "a"), ["0", "1"]);
}

#[tokio::test]
async fn limits_on_labels_and_samples_bring_the_target_down() {
    let server = Server::text("a{long_name=\"long value\"} 1\nb 1\n").await;
    let cases = [
        ("label_limit: 3", false),
        ("label_limit: 4", true),
        ("label_name_length_limit: 8", false),
        ("label_name_length_limit: 9", true),
        ("label_value_length_limit: 9", false),
        ("label_value_length_limit: 30", true),
        ("sample_limit: 1", false),
        ("sample_limit: 2", true),
        ("body_size_limit: 10B", false),
    ];
    for (limit, is_up) in cases {
        let mut world = World::with(&[job("j", &server.address, &format!(", {limit}"))]).await;
        world.scrape(1).await;
        assert_eq!(
            world.metric("up"),
            [if is_up { "1" } else { "0" }],
            "{limit}"
        );
        assert_eq!(world.metric("b").len(), usize::from(is_up), "{limit}");
        if limit == "sample_limit: 1" {
            assert_eq!(world.metric("scrape_samples_scraped"), ["2"]);
            assert_eq!(world.metric("scrape_samples_post_metric_relabeling"), ["2"]);
        }
    }
}

#[tokio::test]
async fn a_file_adds_and_removes_targets() {
    let (one, two) = (Server::text("a 1\n").await, Server::text("a 2\n").await);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("targets.json");
    let list = |targets: &[&str]| {
        std::fs::write(
            &file,
            serde_json::json!([{ "targets": targets }]).to_string(),
        )
        .unwrap()
    };
    list(&[&one.address]);
    let config = format!(
        "{{job_name: j, file_sd_configs: [{{files: ['{}']}}]}}",
        file.display()
    );
    let world = World::with(&[config]).await;
    let values = |world: &World, server: &Server, name: &str| {
        world.values(&format!(
            "{name}{{instance=\"{}\", job=\"j\"}}",
            server.address
        ))
    };
    // The discovery waits for the clock and so does each loop, unless it is fetching.
    while values(&world, &one, "a").is_empty() {
        world.clock.step(2).await;
    }
    list(&[&one.address, &two.address]);
    while values(&world, &two, "a").is_empty() {
        world.clock.step_when(|sleepers| sleepers >= 2).await;
    }
    list(&[&two.address]);
    while values(&world, &one, "up")
        .last()
        .is_none_or(|up| up != "stale")
    {
        world.clock.step_when(|sleepers| sleepers >= 2).await;
    }
    assert_eq!(
        values(&world, &one, "a").last().map(String::as_str),
        Some("stale")
    );
    assert_ne!(
        values(&world, &two, "up").last().map(String::as_str),
        Some("stale")
    );
}

#[tokio::test]
async fn a_server_lists_the_targets() {
    let target = Server::text("a 1\n").await;
    let listed = Arc::new(Mutex::new(
        serde_json::json!([{"targets": [target.address], "labels": {"x": "y"}}]).to_string(),
    ));
    let answer = listed.clone();
    let discovery =
        Server::start(move |_| typed("application/json", answer.lock().unwrap().clone())).await;
    let config = format!(
        "{{job_name: j, http_sd_configs: [{{url: 'http://{}/', refresh_interval: 60s}}]}}",
        discovery.address
    );
    let mut world = World::with(&[config]).await;
    world.scrape(2).await;
    let series = format!("a{{instance=\"{}\", job=\"j\", x=\"y\"}}", target.address);
    assert_eq!(world.values(&series), ["1"]);
    *listed.lock().unwrap() = "[]".into();
    while world
        .values(&series)
        .last()
        .is_none_or(|value| value != "stale")
    {
        world.clock.step(2).await;
        world.written().await;
    }
    assert_eq!(world.metric("up").last().map(String::as_str), Some("stale"));
}

#[tokio::test]
async fn a_reload_while_discovery_is_down_keeps_the_targets() {
    let target = Server::text("a 1\n").await;
    let listed = serde_json::json!([{"targets": [target.address]}]).to_string();
    let is_down = Arc::new(AtomicBool::new(false));
    let answer = is_down.clone();
    let discovery = Server::start(move |_| match answer.load(Ordering::SeqCst) {
        false => typed("application/json", listed.clone()),
        true => status(503),
    })
    .await;
    let config = |more: &str| {
        format!(
            "{{job_name: j, http_sd_configs: [{{url: 'http://{}/', refresh_interval: 60s}}]{more}}}",
            discovery.address
        )
    };
    let mut world = World::with(&[config("")]).await;
    world.scrape(2).await;
    is_down.store(true, Ordering::SeqCst);
    let asked = discovery.requests().len();
    world
        .apply(&[config(", static_configs: [{targets: []}]")])
        .await;
    while world.metric("a").len() < 3 || discovery.requests().len() == asked {
        world.clock.step_when(|sleepers| sleepers >= 2).await;
    }
    let values = world.metric("a");
    assert!(values.iter().all(|value| value == "1"), "{values:?}");
}

#[tokio::test]
async fn a_body_of_nothing_is_a_target_without_metrics() {
    let script = Script::default();
    let body = script.clone();
    let server = Server::start(move |_| body.answer()).await;
    let mut world = World::with(&[job("j", &server.address, "")]).await;
    script.set("a 1\n");
    world.scrape(1).await;
    script.set("");
    world.scrape(1).await;
    assert_eq!(world.metric("up"), ["1", "1"]);
    assert_eq!(world.metric("a"), ["1", "stale"]);
}
