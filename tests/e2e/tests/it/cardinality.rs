//! Limits that fold, and what tells of it: the API, `tsdb analyze --server`, the metrics.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use plimsoll_e2e::{Home, Server, wait_until};
use serde_json::Value;

use crate::cli::{plimsoll, refused};
use crate::target::Target;

const SCRAPED_MAX: Duration = Duration::from_secs(30);
const PATHS: usize = 20;
const LIMIT: usize = 5;

fn config(target: &Target, limit: usize) -> String {
    format!(
        "global:\n  scrape_interval: 1s\nplimsoll:\n  host_metrics: {{enabled: false}}\n  limits:\n    rules:\n    - \
         {{match: requests_total, label: path, values: {limit}}}\nscrape_configs:\n- job_name: web\n  static_configs: \
         [{{targets: ['{}']}}]\n",
        target.address
    )
}

/// Every counter grows by one from scrape to scrape.
fn counters() -> Target {
    let scrapes = AtomicUsize::new(1000);
    Target::streaming(move |into| {
        let value = scrapes.fetch_add(1, Ordering::SeqCst);
        writeln!(into, "# TYPE requests_total counter")?;
        (0..PATHS).try_for_each(|path| writeln!(into, "requests_total{{path=\"/{path}\"}} {value}"))
    })
    .unwrap()
}

fn stored(server: &Server) -> Result<f64> {
    server.api.value("count(requests_total)")
}

#[test]
fn values_above_a_limit_are_folded_added_up_and_told_of() {
    let target = counters();
    let home = Home::new().unwrap();
    home.configure(&config(&target, LIMIT)).unwrap();
    let server = Server::start(&home).unwrap();
    let folded = (PATHS - LIMIT) as f64;
    let overflow = "requests_total{path=\"__overflow__\"}";
    let value = wait_until(SCRAPED_MAX, "three scrapes", || {
        let value = server.api.value(overflow)?;
        ensure!(value >= 2.0 * folded, "the sum is {value}");
        Ok(value)
    })
    .unwrap();
    assert_eq!(value % folded, 0.0, "each scrape adds one of each: {value}");
    assert_eq!(stored(&server).unwrap(), (LIMIT + 1) as f64);
    let counted = format!(
        "plimsoll_ingest_series_folded_total{{metric=\"requests_total\",label=\"path\"}} {folded}"
    );
    let metrics = server.api.get("/metrics", &[]).unwrap().text();
    assert!(metrics.contains(&counted), "{metrics}");
    assert!(server.program.log().contains("folded into overflow series"));
    analyzed(&server);

    home.configure(&config(&target, PATHS)).unwrap();
    server.program.hang_up().unwrap();
    wait_until(SCRAPED_MAX, "no series is folded", || {
        let stored = server.api.value("count(requests_total)")?;
        ensure!(stored == PATHS as f64, "{stored} series");
        Ok(())
    })
    .unwrap();
}

fn analyzed(server: &Server) {
    let url = format!("http://{}", server.api.address);
    let table = plimsoll(&["tsdb", "analyze", "--server", &url, "--limit", "1000"]);
    assert_eq!(table.code, Some(0), "{table:?}");
    for expected in [
        "           6  requests_total  (",
        ", last queried 20",
        "          15  requests_total  (on path, into 1 series, limit values_per_label, since 20",
        "scrape_series_added  (",
        ", not queried)",
        "metrics by series that came and went:",
    ] {
        assert!(
            table.stdout.contains(expected),
            "{expected:?} is not in\n{}",
            table.stdout
        );
    }
    let line = ["tsdb", "analyze", "--server", &url, "--output", "json"];
    let json: Value = serde_json::from_str(&plimsoll(&line).stdout).unwrap();
    assert_eq!(json["folding"][0]["members"], 15);
    assert!(json["unused"]["series"].as_u64() < json["series"].as_u64());
    assert!(json["churn"]["created"].as_u64() >= Some(6));
}

#[test]
fn a_directory_shows_what_was_queried_before_the_server_ended() {
    let home = Home::new().unwrap();
    let server = Server::start(&home).unwrap();
    let text = "seen{job=\"a\"} 1\nseen{job=\"b\"} 1\nignored 1\n";
    assert_eq!(server.import_text(text).unwrap().status, 204);
    server.api.vector("seen").unwrap();
    server.stop().unwrap();
    let data = home.data();
    let data = data.to_str().unwrap();
    let table = plimsoll(&["tsdb", "analyze", data, "--limit", "1000"]).stdout;
    assert!(table.contains("           2  seen  ("), "{table}");
    assert!(table.contains("           1  ignored  ("), "{table}");
    let json = plimsoll(&[
        "tsdb", "analyze", data, "--limit", "1000", "--output", "json",
    ]);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    let unused: Vec<&str> = json["unused"]["byMetric"]
        .as_array()
        .unwrap()
        .iter()
        .map(|metric| metric["name"].as_str().unwrap())
        .collect();
    assert!(
        unused.contains(&"ignored") && !unused.contains(&"seen"),
        "{unused:?}"
    );
}

#[test]
fn what_does_not_go_together_is_refused() {
    for line in [
        &["data", "--server", "http://127.0.0.1:1"][..],
        &["--churn", "1h", "data"],
        &["--limit", "0", "data"],
        &["--unused-after", "0s", "data"],
    ] {
        let line = [&["tsdb", "analyze"], line].concat();
        refused(&plimsoll(&line), 2, &["error: "]);
    }
}
