//! `plimsoll rules backfill`: against a server that runs, and in the data directory of one that does not.

use plimsoll_e2e::{Home, Server, now_millis};
use serde_json::Value;

use crate::cli::{Ended, plimsoll};

const RULES: &str = "groups:\n- name: g\n  rules:\n  - {record: b, expr: a * 2, labels: {x: y}}\n  \
                     - {record: c, expr: 'max_over_time(b[5m]) + 1'}\n  - {alert: A, expr: a}\n";
/// How long ago the past begins, and how long it is.
const AGO_MINUTES: i64 = 240;
const MINUTES: i64 = 30;

/// Starts a server with half an hour of `a` that began four hours ago; returns the second of its beginning.
fn with_past(home: &Home) -> (Server, i64) {
    let server = Server::start(home).unwrap();
    let begin = now_millis() / 60_000 * 60 - AGO_MINUTES * 60;
    let lines: String = (0..MINUTES)
        .map(|minute| format!("a {minute} {}000\n", begin + 60 * minute))
        .collect();
    assert_eq!(server.import_text(&lines).unwrap().status, 204);
    (server, begin)
}

fn backfill(home: &Home, begin: i64, place: &[&str]) -> Ended {
    let rules = home.write("rules.yml", RULES.as_bytes()).unwrap();
    let (start, end) = (begin.to_string(), (begin + 60 * (MINUTES - 1)).to_string());
    let line = ["rules", "backfill", "--start", &start, "--end", &end];
    plimsoll(&[&line, place, &[rules.to_str().unwrap()]].concat())
}

/// Returns all samples of a metric.
fn samples(server: &Server, metric: &str, begin: i64) -> Vec<Value> {
    let url = format!("http://{}", server.api.address);
    let (time, query) = ((begin + 60 * MINUTES).to_string(), format!("{metric}[1h]"));
    let ended = plimsoll(&[
        "query", "--server", &url, &query, "--time", &time, "-o", "json",
    ]);
    let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
    let values = answer["data"]["result"][0]["values"].as_array();
    values.cloned().unwrap_or_default()
}

#[test]
fn a_running_server_is_asked_and_given_the_results() {
    let home = Home::new().unwrap();
    let (server, begin) = with_past(&home);
    let url = format!("http://{}", server.api.address);
    let ended = backfill(&home, begin, &["--url", &url]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stdout.starts_with("2 recording rules evaluated, "),
        "{ended:?}"
    );
    assert!(
        ended.stderr.contains("1 alerting rules were left out"),
        "{ended:?}"
    );
    let (b, c) = (
        samples(&server, "b{x=\"y\"}", begin),
        samples(&server, "c", begin),
    );
    assert!(
        (28..=30).contains(&b.len()) && b.len() == c.len(),
        "{b:?} {c:?}"
    );
    // Each is twice the minute before its slot, and c one more than the highest b of 5 minutes.
    let value = |sample: &Value| sample[1].as_str().unwrap().parse::<f64>().unwrap();
    for (b, c) in b.iter().zip(&c) {
        let minute = (b[0].as_f64().unwrap() - begin as f64).div_euclid(60.0);
        assert_eq!((value(b), value(c)), (2.0 * minute, 2.0 * minute + 1.0));
    }
    let again = backfill(&home, begin, &["--url", &url]);
    assert_eq!((again.code, again.stdout), (Some(0), ended.stdout));
    assert_eq!(samples(&server, "b{x=\"y\"}", begin), b);
}

#[test]
fn a_data_directory_is_written_into_when_no_server_has_it() {
    let home = Home::new().unwrap();
    let (server, begin) = with_past(&home);
    let data = home.data();
    let place = ["--data-dir", data.to_str().unwrap()];
    let refused = backfill(&home, begin, &place);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains("a server runs on it"),
        "{refused:?}"
    );
    server.stop().unwrap();
    let ended = backfill(&home, begin, &place);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let server = Server::start(&home).unwrap();
    assert!(samples(&server, "c", begin).len() >= 28);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let home = Home::new().unwrap();
    let rules = home.write("rules.yml", RULES.as_bytes()).unwrap();
    let rules = rules.to_str().unwrap();
    let run = |line: &[&str]| plimsoll(&[&["rules", "backfill"], line, &[rules]].concat());
    let backwards = run(&["--start", "100", "--end", "50"]);
    assert_eq!(backwards.code, Some(2), "{backwards:?}");
    assert_eq!(run(&["--start", "soon"]).code, Some(2));
    let nobody = run(&[
        "--start",
        "0",
        "--end",
        "600",
        "--url",
        "http://127.0.0.1:1",
    ]);
    assert_eq!(nobody.code, Some(1), "{nobody:?}");
    assert!(nobody.stderr.contains("repeat the command"), "{nobody:?}");
    let bad = home.write("bad.yml", b"groups: 1\n").unwrap();
    let bad = plimsoll(&["rules", "backfill", "--start", "0", bad.to_str().unwrap()]);
    assert_eq!(bad.code, Some(1));
    assert!(bad.stderr.contains("bad.yml:1:9: error"), "{bad:?}");
}
