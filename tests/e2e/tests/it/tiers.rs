//! A store whose samples are gone answers from windows, and says so.

use std::sync::Arc;

use plimsoll_e2e::{Home, Server, now_millis};
use plimsoll_testkit::FakeClock;
use plimsoll_tsdb::{Config, Db, Metrics, Settings};
use plimsoll_types::{Appender, Durability, Labels, Sample, Timestamp, WriteBatch};
use serde_json::Value;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Writes a counter of one a minute for six days, and lets housekeeping make windows.
fn fill(home: &Home, now: i64) {
    let config = Config::new(Settings::new(home.data())).unwrap();
    let clock = Arc::new(FakeClock::new(Timestamp::from_millis(now)));
    let db = Db::open(config, clock, Metrics::default()).unwrap();
    let id = db
        .resolve(&Labels::from_pairs([
            ("__name__", "requests_total"),
            ("job", "api"),
        ]))
        .unwrap();
    let begin = now - now % DAY - 6 * DAY;
    let samples = (begin..now).step_by(MINUTE as usize).map(|time| {
        let value = ((time - begin) / MINUTE) as f64;
        (id, Sample::float(Timestamp::from_millis(time), value))
    });
    let batch = WriteBatch {
        samples: samples.collect(),
        ..WriteBatch::default()
    };
    let written = db.append(&batch, Durability::Synced).unwrap();
    assert!(written.rejected.is_empty());
    db.seal_all().unwrap();
    assert!(db.maintain().unwrap().tier_parts_made > 0);
    db.close();
}

fn range(server: &Server, query: &str, (start, end): (i64, i64)) -> Value {
    let [start, end] = [start, end].map(|millis| (millis / 1000).to_string());
    let parameters = [
        ("query", query),
        ("start", &start),
        ("end", &end),
        ("step", "3600"),
    ];
    let reply = server.api.get("/api/v1/query_range", &parameters).unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    serde_json::from_str(&reply.text()).unwrap()
}

fn values(answer: &Value) -> Vec<f64> {
    let values = answer["data"]["result"][0]["values"].as_array().unwrap();
    values
        .iter()
        .map(|pair| pair[1].as_str().unwrap().parse().unwrap())
        .collect()
}

fn infos(answer: &Value) -> Vec<String> {
    let infos = answer["infos"].as_array().cloned().unwrap_or_default();
    infos
        .iter()
        .map(|info| info.as_str().unwrap().to_string())
        .collect()
}

#[test]
fn a_long_panel_goes_on_after_its_samples() {
    let home = Home::new().unwrap();
    let now = now_millis();
    fill(&home, now);
    home.configure(
        "global:\n  scrape_interval: 10y\nplimsoll:\n  retention: 1d\n  host_metrics:\n    enabled: false\n",
    )
    .unwrap();
    let server = Server::start(&home).unwrap();
    let today = now - now % DAY;
    let panel = (today - 5 * DAY, now - now % HOUR);
    let answer = range(&server, "increase(requests_total[1h])", panel);
    let found = values(&answer);
    assert_eq!(found.len() as i64, (panel.1 - panel.0) / HOUR + 1);
    assert!(
        found.iter().all(|value| (value - 60.0).abs() < 1e-6),
        "{found:?}"
    );
    let said = infos(&answer);
    assert!(
        said.len() == 1 && said[0].contains("answered from 5m windows where samples are gone"),
        "{said:?}"
    );
    // What is there is answered as ever.
    let answer = range(
        &server,
        "increase(requests_total[1h])",
        (now - 5 * HOUR, now),
    );
    assert!(infos(&answer).is_empty(), "{answer}");
    // Three hours are three windows of an hour.
    let answer = range(&server, "max_over_time(requests_total[3h])", panel);
    let said = infos(&answer);
    assert!(
        said.iter()
            .any(|said| said.contains("answered from 1h windows")),
        "{said:?}"
    );
    assert_eq!(values(&answer)[0], (DAY / MINUTE) as f64);
    let answer = range(
        &server,
        "quantile_over_time(0.5, requests_total[1h])",
        panel,
    );
    let said = infos(&answer);
    assert!(
        said[0].contains("quantile_over_time cannot be answered from windows"),
        "{said:?}"
    );
    assert!(server.stop().unwrap().success());
}
