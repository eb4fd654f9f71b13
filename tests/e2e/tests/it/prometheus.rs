//! Debian's Prometheus and node exporter as the measure of what is right.
//!
//! ```text
//!                 +--> Prometheus 2.42 --remote write--> receiver (plimsoll)
//! node exporter --+                                        |
//!                 +--> scraper (plimsoll)                  +--> /metrics --> Prometheus
//! ```
//!
//! All of it in one test, because the programs take their time to gather something worth asking about.

mod queries;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use plimsoll_e2e::{
    Api, Home, NodeExporter, Prometheus, Server, compare, find, now_millis, promtool, wait_until,
};
use serde_json::Value;

/// A scrape a second, on two busy cores.
const GATHERING_MAX: Duration = Duration::from_secs(60);
/// Enough for the longest window before the first step: where a counter begins inside a window, Prometheus 2 and 3
/// extrapolate to its zero differently.
const SCRAPES: f64 = 20.0;
const SETTLING_MAX: Duration = Duration::from_secs(15);
const JOBS: [&str; 3] = ["node", "plimsoll", "prometheus"];

struct Cast {
    exporter: NodeExporter,
    prometheus: Prometheus,
    receiver: Server,
    scraper: Server,
}

#[test]
fn agrees_with_prometheus() {
    for name in ["prometheus", "prometheus-node-exporter", "promtool"] {
        if find(name).unwrap().is_none() {
            return;
        }
    }
    let homes = [Home::new().unwrap(), Home::new().unwrap()];
    let mut cast = start(&homes).unwrap();
    let time = gather(&cast).unwrap();
    let failures: Vec<String> = [
        ("queries", queries_agree(&cast, &time)),
        ("series", series_agree(&cast)),
        ("labels", labels_agree(&cast)),
        ("metadata", metadata_agrees(&cast)),
        (
            "own scrape",
            settled("own scrape", || own_scrape_agrees(&cast)),
        ),
        (
            "scraped by Prometheus",
            settled("us up", || prometheus_scrapes_us(&cast)),
        ),
        (
            "promtool check metrics",
            promtool_accepts_our_metrics(&cast),
        ),
        ("promtool query", promtool_asks_us(&cast)),
        ("staleness", a_target_that_ends_is_gone_at_once(&mut cast)),
    ]
    .into_iter()
    .filter_map(|(name, outcome)| Some(format!("{name}: {:#}", outcome.err()?)))
    .collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

fn start(homes: &[Home; 2]) -> Result<Cast> {
    let exporter = NodeExporter::start(&homes[0])?;
    let receiver = Server::start(&homes[0])?;
    let node = exporter.address;
    let ours = receiver.api.address;
    let prometheus = Prometheus::start(&homes[0], |own| prometheus_config(own, node, ours))?;
    homes[1].configure(&format!(
        "global:\n  scrape_interval: 1s\nscrape_configs:\n- job_name: node\n  static_configs:\n  - targets: ['{node}']\nplimsoll:\n  host_metrics:\n    enabled: false\n"
    ))?;
    let scraper = Server::start(&homes[1])?;
    Ok(Cast {
        exporter,
        prometheus,
        receiver,
        scraper,
    })
}

/// One shard, so that samples arrive in the order of their time whatever their series.
fn prometheus_config(own: SocketAddr, node: SocketAddr, ours: SocketAddr) -> String {
    let jobs: String = [("node", node), ("plimsoll", ours), ("prometheus", own)]
        .iter()
        .map(|(job, target)| {
            format!("- job_name: {job}\n  static_configs:\n  - targets: ['{target}']\n")
        })
        .collect();
    format!(
        "global:\n  scrape_interval: 1s\nscrape_configs:\n{jobs}\
         remote_write:\n- url: http://{ours}/api/v1/write\n  send_exemplars: true\n  send_native_histograms: true\n  \
         metadata_config: {{send: true, send_interval: 1s}}\n  \
         queue_config: {{min_shards: 1, max_shards: 1, batch_send_deadline: 200ms}}\n"
    )
}

/// Waits for enough samples, and returns a point in time up to which both have everything.
fn gather(cast: &Cast) -> Result<queries::Time> {
    let prometheus = cast.prometheus.api;
    wait_until(GATHERING_MAX, "enough scrapes", || {
        // What histograms of requests are made of.
        prometheus.get("/api/v1/status/buildinfo", &[])?;
        for job in JOBS {
            let count = prometheus.value(&format!("count_over_time(up{{job=\"{job}\"}}[5m])"))?;
            ensure!(count >= SCRAPES, "{job}: {count}");
        }
        Ok(())
    })?;
    let second = now_millis() / 1000 * 1000;
    for api in [prometheus, cast.receiver.api] {
        wait_until(GATHERING_MAX, "samples of that time", || {
            for job in JOBS {
                let newest = api.value(&format!("timestamp(up{{job=\"{job}\"}}) * 1000"))?;
                ensure!(newest as i64 >= second + 1000, "{job}: {newest}, {second}");
            }
            Ok(())
        })?;
    }
    Ok(queries::Time::between(&scrapes(prometheus)?, second))
}

/// Returns the times of all scrapes, in milliseconds.
fn scrapes(api: Api) -> Result<Vec<i64>> {
    let data = api.query("up[5m]", None)?;
    let series = data["result"].as_array().context("no result")?;
    let points = series
        .iter()
        .filter_map(|series| series["values"].as_array())
        .flatten();
    let seconds = points.filter_map(|point| point[0].as_f64());
    Ok(seconds
        .map(|seconds| (seconds * 1000.0).round() as i64)
        .collect())
}

fn queries_agree(cast: &Cast, time: &queries::Time) -> Result<()> {
    let (theirs, ours) = (cast.prometheus.api, cast.receiver.api);
    let mut failures = Vec::new();
    let (mut points, mut count) = (0, 0);
    for expression in queries::all(time) {
        let (at, start) = (time.seconds(0), time.seconds(-6));
        let instant = [("query", expression.as_str()), ("time", &at)];
        let range = [
            ("query", expression.as_str()),
            ("start", &start),
            ("end", &at),
            ("step", "1"),
        ];
        let questions: [(&str, &[(&str, &str)]); 2] =
            [("/api/v1/query", &instant), ("/api/v1/query_range", &range)];
        // A range vector has no steps.
        let wanted = if queries::RANGE_VECTORS.contains(&&*expression) {
            1
        } else {
            2
        };
        for (path, parameters) in questions.into_iter().take(wanted) {
            let outcome = theirs
                .data(path, parameters)
                .context("Prometheus")
                .and_then(|theirs| compare(&theirs, &ours.data(path, parameters)?));
            count += 1;
            match outcome {
                Ok(found) => points += found,
                Err(error) => failures.push(format!("{path} {expression}: {error:#}")),
            }
        }
    }
    ensure!(
        failures.is_empty(),
        "{} of {count}:\n{}",
        failures.len(),
        failures.join("\n")
    );
    ensure!(points > 3_000, "only {points} points were compared");
    Ok(())
}

/// Two scrapers do not see a new device or a late answer at the same moment, but both see it soon.
fn settled(what: &str, check: impl FnMut() -> Result<()>) -> Result<()> {
    wait_until(SETTLING_MAX, what, check)
}

fn set(data: &Value) -> BTreeSet<String> {
    data.as_array()
        .into_iter()
        .flatten()
        .map(ToString::to_string)
        .collect()
}

fn same(what: &str, theirs: &BTreeSet<String>, ours: &BTreeSet<String>) -> Result<()> {
    ensure!(!theirs.is_empty(), "{what}: Prometheus has nothing");
    let missing: Vec<_> = theirs.difference(ours).take(5).collect();
    let strange: Vec<_> = ours.difference(theirs).take(5).collect();
    ensure!(
        missing.is_empty() && strange.is_empty(),
        "{what}: missing {missing:?}, too much {strange:?}"
    );
    Ok(())
}

/// Of Prometheus' own series, new ones appear while we ask it; those of the exporter stay.
fn series_agree(cast: &Cast) -> Result<()> {
    for selector in [
        "{job=\"node\"}",
        "up",
        "node_cpu_seconds_total{mode=~\"idle|user\"}",
        "{__name__=~\"scrape_.+\"}",
    ] {
        let ask = |api: Api| api.data("/api/v1/series", &[("match[]", selector)]);
        same(
            selector,
            &set(&ask(cast.prometheus.api)?),
            &set(&ask(cast.receiver.api)?),
        )?;
    }
    Ok(())
}

fn labels_agree(cast: &Cast) -> Result<()> {
    let node = "{job=\"node\"}";
    let questions: [(&str, &[(&str, &str)]); 6] = [
        ("/api/v1/labels", &[("match[]", node)]),
        (
            "/api/v1/labels",
            &[("match[]", "up"), ("match[]", "node_uname_info")],
        ),
        ("/api/v1/label/__name__/values", &[("match[]", node)]),
        ("/api/v1/label/mode/values", &[]),
        ("/api/v1/label/job/values", &[("match[]", "up")]),
        ("/api/v1/label/instance/values", &[("match[]", "up")]),
    ];
    for (path, parameters) in questions {
        let ask = |api: Api| api.data(path, parameters);
        let (theirs, ours) = (ask(cast.prometheus.api)?, ask(cast.receiver.api)?);
        ensure!(theirs == ours, "{path} {parameters:?}: {theirs} and {ours}");
    }
    Ok(())
}

fn metadata_agrees(cast: &Cast) -> Result<()> {
    let theirs = cast.prometheus.api.data("/api/v1/metadata", &[])?;
    let families = theirs.as_object().context("no object")?;
    let families = families
        .iter()
        .filter(|(name, _)| name.starts_with("node_"));
    let families: Vec<_> = families.collect();
    ensure!(families.len() > 100, "{} families", families.len());
    // It comes once a second, for series that come after it.
    wait_until(GATHERING_MAX, "metadata", || {
        let ours = cast.receiver.api.data("/api/v1/metadata", &[])?;
        for (name, theirs) in &families {
            ensure!(
                ours[name.as_str()] == **theirs,
                "{name}: {theirs} and {}",
                ours[name.as_str()]
            );
        }
        Ok(())
    })
}

/// Label sets of the exporter's series. Prometheus 3 and we write bounds and quantiles in one way, 2.42 as they came.
fn node_series(api: Api) -> Result<BTreeSet<String>> {
    let data = api.data("/api/v1/series", &[("match[]", "{job=\"node\"}")])?;
    let mut found = BTreeSet::new();
    for series in data.as_array().into_iter().flatten() {
        let mut series = series.clone();
        for bound in ["le", "quantile"] {
            let number = series[bound]
                .as_str()
                .and_then(|text| text.parse::<f64>().ok());
            if let Some(number) = number {
                series[bound] = number.to_string().into();
            }
        }
        found.insert(series.to_string());
    }
    Ok(found)
}

fn own_scrape_agrees(cast: &Cast) -> Result<()> {
    let (theirs, ours) = (cast.prometheus.api, cast.scraper.api);
    same("series", &node_series(theirs)?, &node_series(ours)?)?;
    for expression in [
        "node_memory_MemTotal_bytes",
        "node_boot_time_seconds",
        "node_uname_info",
        "node_filesystem_size_bytes",
        "node_network_mtu_bytes",
        "node_exporter_build_info",
        "node_time_zone_offset_seconds",
        "count by (mode) (node_cpu_seconds_total)",
        "up{job=\"node\"}",
        "scrape_samples_scraped{job=\"node\"}",
        "scrape_samples_post_metric_relabeling{job=\"node\"}",
    ] {
        let time = (now_millis() / 1000).to_string();
        let ask = |api: Api| api.query(expression, Some(&time));
        let count = compare(&ask(theirs)?, &ask(ours)?).context(expression)?;
        ensure!(count > 0, "{expression}: nothing");
    }
    let duration = ours.value("scrape_duration_seconds{job=\"node\"}")?;
    ensure!(
        duration > 0.0 && duration < 1.0,
        "scrape_duration_seconds {duration}"
    );
    Ok(())
}

fn prometheus_scrapes_us(cast: &Cast) -> Result<()> {
    let api = cast.prometheus.api;
    let up = api.value("up{job=\"plimsoll\"}")?;
    ensure!(up == 1.0, "up is {up}");
    let pushed = api.value(
        "rate(plimsoll_push_samples_total{job=\"plimsoll\",protocol=\"remote_write_1\"}[10s])",
    )?;
    ensure!(
        pushed > 0.0,
        "what it pushed to us is not in what it scrapes from us"
    );
    Ok(())
}

fn promtool_accepts_our_metrics(cast: &Cast) -> Result<()> {
    let reply = cast.receiver.api.get("/metrics", &[])?;
    let content_type = reply.header("content-type").unwrap_or_default();
    ensure!(
        content_type.starts_with("text/plain; version=0.0.4"),
        "{content_type}"
    );
    let mut child = std::process::Command::new("/usr/bin/promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().context("no stdin")?;
    std::io::Write::write_all(&mut input, &reply.body)?;
    drop(input);
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    ensure!(
        output.status.success() && said.is_empty(),
        "{}: {said}",
        output.status
    );
    Ok(())
}

fn promtool_asks_us(cast: &Cast) -> Result<()> {
    let url = format!("http://{}", cast.receiver.api.address);
    let ask = |arguments: &[&str], expected: &str| -> Result<()> {
        let output = promtool(arguments)?;
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(
            output.status.success() && said.contains(expected),
            "promtool {arguments:?}: {} {said} {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    };
    let end = (now_millis() / 1000).to_string();
    let start = format!("--start={}", now_millis() / 1000 - 10);
    ask(
        &["query", "instant", &url, "up{job=\"node\"}"],
        "job=\"node\"} => 1 @[",
    )?;
    ask(
        &[
            "query",
            "range",
            &start,
            &format!("--end={end}"),
            "--step=1s",
            &url,
            "sum(up)",
        ],
        "3 @[",
    )?;
    ask(
        &["query", "series", "--match=up", &start, &url],
        "{__name__=\"up\"",
    )?;
    ask(&["query", "labels", &url, "job"], "prometheus")
}

/// The exporter ends: both of us know at the next scrape, and the receiver hears of it from Prometheus.
fn a_target_that_ends_is_gone_at_once(cast: &mut Cast) -> Result<()> {
    cast.exporter.program.kill()?;
    for (who, api) in [
        ("Prometheus", cast.prometheus.api),
        ("scraper", cast.scraper.api),
        ("receiver", cast.receiver.api),
    ] {
        wait_until(GATHERING_MAX, who, || {
            let up = api.value("up{job=\"node\"}")?;
            ensure!(up == 0.0, "up is {up}");
            let left = api.vector("{__name__=~\"node_.+\"}")?;
            match left.first() {
                Some(series) => Err(anyhow!("{} series, such as {series:?}", left.len())),
                None => Ok(()),
            }
        })?;
    }
    Ok(())
}
