//! What an operator asks of a running server beside queries: targets, configuration, status, administration.

use std::time::Duration;

use anyhow::ensure;
use plimsoll_e2e::{Home, Server, wait_until};
use serde_json::{Value, json};

use crate::target::Target;

const SCRAPED_MAX: Duration = Duration::from_secs(30);

fn config(target: &Target, retention: &str) -> String {
    format!(
        "global:\n  scrape_interval: 1s\n  external_labels: {{cluster: test}}\nplimsoll:\n  host_metrics:\n    enabled: false\n\
         storage:\n  tsdb:\n    retention:\n      time: {retention}\n\
         scrape_configs:\n- job_name: web\n  basic_auth: {{username: ann, password: hunter2}}\n  static_configs:\n  \
         - targets: ['{}', '127.0.0.1:1', 'dropped:1']\n    labels: {{team: x}}\n  relabel_configs:\n  \
         - {{source_labels: [__address__], regex: 'dropped.*', action: drop}}\n  \
         - {{source_labels: [__address__], regex: '[^:]+:(.*)', target_label: port}}\n",
        target.address
    )
}

fn start(home: &Home, more: &[&str]) -> Server {
    Server::start_with(home, home.serve_command().unwrap().args(more)).unwrap()
}

#[test]
fn targets_are_shown_as_prometheus_shows_them() {
    let target = Target::start("# HELP exposed Told.\n# TYPE exposed gauge\nexposed 1\n").unwrap();
    let home = Home::new().unwrap();
    home.configure(&config(&target, "1d")).unwrap();
    let server = start(&home, &[]);
    let targets = wait_until(SCRAPED_MAX, "both targets scraped", || {
        let found = server
            .api
            .data("/api/v1/targets", &[("scrapePool", "web")])?;
        let health = |at: usize| found["activeTargets"][at]["health"].clone();
        let health = [health(0), health(1)];
        let both = health.contains(&json!("up")) && health.contains(&json!("down"));
        ensure!(both, "{found}");
        Ok(found)
    })
    .unwrap();
    let active = targets["activeTargets"].as_array().unwrap();
    let of = |health: &str| {
        active
            .iter()
            .find(|target| target["health"] == health)
            .unwrap()
    };
    let (up, down) = (of("up"), of("down"));
    let address = target.address.to_string();
    assert_eq!(up["scrapePool"], "web");
    assert_eq!(up["scrapeUrl"], format!("http://{address}/metrics"));
    assert_eq!(up["discoveredLabels"]["__address__"], *address);
    assert_eq!(up["discoveredLabels"]["__metrics_path__"], "/metrics");
    let port = target.address.port().to_string();
    assert_eq!(
        up["labels"],
        json!({"instance": address, "job": "web", "port": port, "team": "x"})
    );
    assert_eq!(
        (&up["scrapeInterval"], &up["lastError"]),
        (&json!("1s"), &json!(""))
    );
    assert!(up["lastScrapeDuration"].as_f64().unwrap() > 0.0, "{up}");
    assert!(up["lastScrape"].as_str().unwrap().ends_with('Z'), "{up}");
    assert!(
        down["lastError"].as_str().unwrap().contains("connect"),
        "{down}"
    );
    assert_eq!(
        targets["droppedTargets"][0]["discoveredLabels"]["__address__"],
        "dropped:1"
    );
    assert_eq!(targets["droppedTargetCounts"]["web"], 1);
    let pools = server.api.data("/api/v1/scrape_pools", &[]).unwrap();
    assert_eq!(pools, json!({"scrapePools": ["plimsoll", "web"]}));

    let metadata = [("match_target", "{team=\"x\"}"), ("metric", "exposed")];
    let metadata = server
        .api
        .data("/api/v1/targets/metadata", &metadata)
        .unwrap();
    assert_eq!(metadata[0]["help"], "Told.");
    assert_eq!(metadata[0]["target"]["instance"], *address);

    let steps = [
        ("scrapePool", "web"),
        ("labels", "{\"__address__\": \"a:80\"}"),
    ];
    let steps = server
        .api
        .data("/api/v1/targets/relabel_steps", &steps)
        .unwrap();
    assert_eq!(
        steps["steps"][1],
        json!({
            "rule": {"source_labels": ["__address__"], "separator": ";", "regex": "[^:]+:(.*)",
                "target_label": "port", "replacement": "$1", "action": "replace"},
            "output": {"__address__": "a:80", "port": "80"}, "keep": true
        })
    );
}

#[test]
fn the_configuration_is_shown_without_secrets_and_a_reload_tells_what_waits() {
    let target = Target::start("exposed 1\n").unwrap();
    let home = Home::new().unwrap();
    home.configure(&config(&target, "1d")).unwrap();
    let server = start(&home, &["--query.timeout=30s"]);
    let yaml = || server.api.data("/api/v1/status/config", &[]).unwrap()["yaml"].clone();
    let before = yaml().as_str().unwrap().to_owned();
    assert!(
        before.contains("password: <secret>") && !before.contains("hunter2"),
        "{before}"
    );
    assert!(before.contains("cluster: test"), "{before}");
    let flags = server.api.data("/api/v1/status/flags", &[]).unwrap();
    assert_eq!(flags["query.timeout"], "30s");

    let slower = "plimsoll:\n  merge_bytes_per_second: 1MiB\n";
    let changed = config(&target, "2d").replace("plimsoll:\n", slower);
    home.configure(&changed).unwrap();
    let reply = server.api.post("/-/reload", &[], b"").unwrap();
    assert_eq!(reply.status, 200);
    let waits = reply.text();
    assert!(waits.contains("plimsoll.merge_bytes_per_second"), "{waits}");
    assert!(!waits.contains("retention"), "{waits}");
    assert!(yaml().as_str().unwrap().contains("time: 2d"));
    let runtime = || server.api.data("/api/v1/status/runtimeinfo", &[]).unwrap();
    assert_eq!(runtime()["storageRetention"], "2d");
    assert_eq!(runtime()["reloadConfigSuccess"], true);

    home.configure("nonsense: 1\n").unwrap();
    assert_eq!(server.api.post("/-/reload", &[], b"").unwrap().status, 400);
    assert_eq!(runtime()["reloadConfigSuccess"], false);
    let metrics = server.api.get("/metrics", &[]).unwrap().text();
    assert!(
        metrics.contains("plimsoll_config_last_reload_successful 0"),
        "{metrics}"
    );
}

#[test]
fn series_are_deleted_and_snapshots_taken_when_that_is_allowed() {
    let home = Home::new().unwrap();
    let mut server = start(&home, &["--web.enable-admin-api", "--web.enable-lifecycle"]);
    assert_eq!(
        server
            .import_text("gone{a=\"1\"} 1\nstays 2\n")
            .unwrap()
            .status,
        204
    );
    let admin = "/api/v1/admin/tsdb";
    let form = [("match[]", "gone")];
    let reply = server
        .api
        .post_form(&format!("{admin}/delete_series"), &form)
        .unwrap();
    assert_eq!(reply.status, 204, "{}", reply.text());
    let values = |server: &Server| {
        server
            .api
            .data("/api/v1/query", &[("query", "{__name__=~\"gone|stays\"}")])
            .unwrap()
    };
    let found = values(&server);
    assert_eq!(found["result"].as_array().map(Vec::len), Some(1), "{found}");
    let reply = server
        .api
        .post(&format!("{admin}/clean_tombstones"), &[], b"")
        .unwrap();
    assert_eq!(reply.status, 204, "{}", reply.text());
    let reply = server
        .api
        .post(&format!("{admin}/snapshot"), &[], b"")
        .unwrap();
    let answer: Value = reply.json().unwrap();
    let name = answer["data"]["name"]
        .as_str()
        .unwrap_or_else(|| panic!("{answer}"));
    assert!(home.data().join("snapshots").join(name).is_dir(), "{name}");
    let tsdb = server
        .api
        .data("/api/v1/status/tsdb", &[("limit", "1")])
        .unwrap();
    assert_eq!(
        tsdb["seriesCountByMetricName"].as_array().map(Vec::len),
        Some(1),
        "{tsdb}"
    );
    assert!(
        tsdb["headStats"]["numSeries"].as_u64().unwrap() >= 1,
        "{tsdb}"
    );

    let reply = server.api.post("/-/quit", &[], b"").unwrap();
    assert_eq!(reply.status, 200);
    wait_until(SCRAPED_MAX, "the end", || {
        ensure!(server.program.exit_status()?.is_some(), "it still runs");
        Ok(())
    })
    .unwrap();
    let again = start(&home, &[]);
    let found = values(&again);
    assert_eq!(
        found["result"].as_array().map(Vec::len),
        Some(1),
        "deleted for good: {found}"
    );
    let refused = again
        .api
        .post(&format!("{admin}/snapshot"), &[], b"")
        .unwrap();
    assert_eq!(
        (refused.status, &refused.json().unwrap()["error"]),
        (500, &json!("admin APIs disabled"))
    );
}

#[test]
fn federation_names_this_server() {
    let target = Target::start("exposed 1\n").unwrap();
    let home = Home::new().unwrap();
    home.configure(&config(&target, "1d")).unwrap();
    let server = start(&home, &[]);
    assert_eq!(server.import_text("told{a=\"1\"} 5\n").unwrap().status, 204);
    let reply = server.api.get("/federate", &[("match[]", "told")]).unwrap();
    let text = reply.text();
    let line = "told{a=\"1\",cluster=\"test\",instance=\"\"} 5 ";
    assert!(
        text.starts_with(&format!("# TYPE told untyped\n{line}")),
        "{text}"
    );
}
