use std::io::Read;
use std::path::PathBuf;

use http::{HeaderValue, Method, Version};
use plimsoll_traffic::{Criticality, EndpointId, FailureKind, Moment, Outcome, Why};
use plimsoll_types::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::names::{BackendId, Names, RouteId};
use crate::record::Attempt;
use crate::signals::{Live, LiveBackend, Options, Recorder};

fn signals() -> std::sync::Arc<Signals> {
    let names = std::sync::Arc::new(Names::default());
    let (route, backend) = (names.route("shop"), names.backend("web"));
    let signals = Signals::new(Options::default(), names, Timestamp::EPOCH);
    signals.set_live(Live {
        listeners: vec!["front".into()],
        routes: vec![route],
        backends: vec![LiveBackend {
            id: backend,
            endpoints: vec![(EndpointId(0), "a".into()), (EndpointId(1), "b".into())],
        }],
    });
    signals
}

fn record() -> Record {
    Record {
        at: Timestamp::from_millis(1_795_326_000_007),
        began: Moment::ORIGIN,
        client: "[2001:db8::1]:4711".parse().unwrap(),
        listener: 0,
        method: Method::POST,
        uri: "/cart?token=secret".parse().unwrap(),
        host: "shop.example".into(),
        user_agent: None,
        version: Version::HTTP_2,
        route: Some(RouteId(0)),
        backend: Some(BackendId(0)),
        criticality: Criticality::P0,
        status: 200,
        grpc_status: None,
        reason: Reason::Ok,
        duration: Duration::from_micros(12_345),
        head_after: Duration::from_micros(12_001),
        queue_wait: Duration::ZERO,
        bytes_in: 3,
        bytes_out: 9_007_199_254_740_993,
        trace_id: [0xab; 16],
        span_id: [0x01; 8],
        attempts: vec![attempt(0, Outcome::Success)],
        retry_refused: None,
    }
}

fn attempt(endpoint: u32, outcome: Outcome) -> Attempt {
    Attempt {
        endpoint: EndpointId(endpoint),
        why: Why::Policy,
        is_hedge: false,
        is_reused: true,
        began_after: Duration::from_micros(50),
        took: Duration::from_millis(2),
        outcome,
    }
}

fn line(record: &Record) -> String {
    let signals = signals();
    let directory = signals.directory();
    let mut bytes = Vec::new();
    write_line(record, &directory, &mut Default::default(), &mut bytes);
    String::from_utf8(bytes).unwrap()
}

fn parsed(record: &Record) -> Value {
    let line = line(record);
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

fn log(file: PathBuf, sample: u32) -> AccessLog {
    let options = model::AccessLog {
        file: Some(file),
        sample,
    };
    AccessLog::open(options).unwrap()
}

fn run(recorder: &Recorder, record: &Record) {
    recorder.begin(record.route, record.criticality);
    recorder.finish(record);
}

fn lines(path: &std::path::Path) -> Vec<String> {
    let mut text = String::new();
    std::fs::File::open(path)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_line_says_it_all_but_the_query() {
    let expected = json!({
        "time": "2026-11-22T05:40:00.007Z",
        "client": "[2001:db8::1]:4711",
        "listener": "front",
        "method": "POST",
        "host": "shop.example",
        "path": "/cart",
        "protocol": "HTTP/2",
        "route": "shop",
        "backend": "web",
        "endpoint": "a",
        "criticality": "P0",
        "status": 200,
        "class": "2xx",
        "reason": "ok",
        "duration_ms": 12.345,
        "head_ms": 12.001,
        "queue_ms": 0.0,
        "bytes_in": 3,
        "bytes_out": 9_007_199_254_740_993_u64,
        "attempts": 1,
        "trace_id": "abababababababababababababababab",
        "span_id": "0101010101010101",
    });
    assert_eq!(parsed(&record()), expected);
}

#[test]
fn the_page_names_every_field_and_every_word() {
    let page = include_str!("../../../../docs/formats/access-log.md");
    let whole = Record {
        grpc_status: Some(0),
        user_agent: Some(HeaderValue::from_static("curl/8")),
        retry_refused: Some("budget"),
        attempts: vec![attempt(0, Outcome::Cancelled), attempt(1, Outcome::Success)],
        ..record()
    };
    let shown = parsed(&whole);
    let fields = shown.as_object().unwrap().keys();
    let tries = shown["tries"][0].as_object().unwrap().keys();
    let reasons = Reason::ALL.iter().map(|reason| reason.as_str());
    let words = fields.chain(tries).map(String::as_str).chain(reasons);
    for word in words.chain(crate::signals::OUTCOMES) {
        assert!(page.contains(&format!("`{word}`")), "{word}");
    }
}

#[test]
fn what_there_is_not_is_left_out_and_what_there_is_besides_is_told() {
    let own = Record {
        route: None,
        backend: None,
        attempts: Vec::new(),
        ..record()
    };
    let shown = parsed(&own);
    let from = Record {
        client: "192.0.2.100:65535".parse().unwrap(),
        ..record()
    };
    assert_eq!(parsed(&from)["client"], "192.0.2.100:65535");
    for field in [
        "route",
        "backend",
        "endpoint",
        "tries",
        "grpc_status",
        "user_agent",
    ] {
        assert_eq!(shown.get(field), None);
    }
    let tried = Record {
        grpc_status: Some(14),
        user_agent: Some(HeaderValue::from_static("curl/8")),
        retry_refused: Some("budget"),
        attempts: vec![
            attempt(0, Outcome::Failed(FailureKind::Refused)),
            Attempt {
                is_hedge: true,
                is_reused: false,
                why: Why::Panic,
                ..attempt(1, Outcome::Success)
            },
        ],
        ..record()
    };
    let shown = parsed(&tried);
    assert_eq!(shown["grpc_status"], 14);
    assert_eq!(shown["class"], "5xx");
    assert_eq!(
        (&shown["user_agent"], &shown["retry_refused"]),
        (&json!("curl/8"), &json!("budget"))
    );
    let tries = json!([
        {"endpoint": "a", "why": "policy", "outcome": "refused", "began_ms": 0.05, "took_ms": 2.0,
         "hedge": false, "reused": true},
        {"endpoint": "b", "why": "panic", "outcome": "success", "began_ms": 0.05, "took_ms": 2.0,
         "hedge": true, "reused": false},
    ]);
    assert_eq!(shown["tries"], tries);
    assert_eq!(shown["endpoint"], "b");
}

#[test]
fn hostile_text_stays_within_its_field() {
    let hostile = Record {
        host: "a\",\"status\":200,\"x\":\"\\\u{1b}[2J\n\u{85}\u{7f}".into(),
        user_agent: Some(HeaderValue::from_bytes(b"\xff\xfe \"quoted\" \\").unwrap()),
        uri: format!("/{}", "x".repeat(5000)).parse().unwrap(),
        ..record()
    };
    let text = line(&hostile);
    assert!(
        text.chars().all(|character| !character.is_control()),
        "{text}"
    );
    let shown = parsed(&hostile);
    assert_eq!(shown["host"], hostile.host.as_ref());
    assert_eq!(shown["user_agent"], "\u{fffd}\u{fffd} \"quoted\" \\");
    let path = shown["path"].as_str().unwrap();
    assert_eq!(path.len(), 2048 + 3);
    assert!(path.ends_with("..."));
}

#[test]
fn a_character_is_not_cut_in_two() {
    let host = "\u{20ac}".repeat(1000);
    let shown = parsed(&Record {
        host: host.as_str().into(),
        ..record()
    });
    let shown = shown["host"].as_str().unwrap();
    assert_eq!(shown, format!("{}...", "\u{20ac}".repeat(682)));
}

#[test]
fn times_are_those_of_the_calendar() {
    for (millis, expected) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (951_826_154_321, "2000-02-29T12:09:14.321Z"),
    ] {
        let shown = parsed(&Record {
            at: Timestamp::from_millis(millis),
            ..record()
        });
        assert_eq!(shown["time"], expected);
    }
}

proptest! {
    #[test]
    fn every_line_is_json_and_one_line(
        host in any::<String>(),
        agent in prop::collection::vec(any::<u8>(), 0..700),
        path in "(/[a-zA-Z0-9%._~-]{0,20}){1,4}",
        millis in any::<i32>(),
        micros: u32,
    ) {
        let record = Record {
            host: host.as_str().into(),
            user_agent: HeaderValue::from_bytes(&agent).ok(),
            uri: path.parse().unwrap(),
            at: Timestamp::from_millis(i64::from(millis) * 1000),
            duration: Duration::from_micros(u64::from(micros)),
            ..record()
        };
        let line = line(&record);
        prop_assert!(!line.contains('\n'));
        let shown: Value = serde_json::from_str(&line).unwrap();
        if host.len() <= 2048 {
            prop_assert_eq!(&shown["host"], host.as_str());
        }
        prop_assert_eq!(&shown["path"], path.as_str());
        let expected = f64::from(micros) / 1000.0;
        prop_assert_eq!(shown["duration_ms"].as_f64(), Some(expected));
    }
}

#[test]
fn lines_of_all_workers_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let signals = signals();
    signals.set_access_log(Some(log(path.clone(), 1)));
    let (one, other) = (signals.recorder(), signals.recorder());
    run(&one, &record());
    run(&other, &record());
    drop(other);
    run(&one, &record());
    assert_eq!(lines(&path).len(), 0);
    signals.write_lines();
    assert_eq!(lines(&path).len(), 3);
    signals.write_lines();
    assert_eq!(lines(&path).len(), 3);
}

#[test]
fn only_what_ended_well_is_sampled() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let signals = signals();
    signals.set_access_log(Some(log(path.clone(), 3)));
    let recorder = signals.recorder();
    for _ in 0..7 {
        run(&recorder, &record());
    }
    for (status, reason) in [
        (404, Reason::Ok),
        (200, Reason::ClientGone),
        (503, Reason::Shed),
    ] {
        run(
            &recorder,
            &Record {
                status,
                reason,
                ..record()
            },
        );
    }
    signals.write_lines();
    let lines = lines(&path);
    let well = lines
        .iter()
        .filter(|line| line.contains(r#""class":"2xx""#));
    assert_eq!((well.count(), lines.len()), (2, 5));
}

#[test]
fn a_file_that_was_moved_away_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let (path, moved) = (
        folder.path().join("access.log"),
        folder.path().join("access.log.1"),
    );
    let signals = signals();
    signals.set_access_log(Some(log(path.clone(), 1)));
    let recorder = signals.recorder();
    run(&recorder, &record());
    signals.write_lines();
    std::fs::rename(&path, &moved).unwrap();
    run(&recorder, &record());
    signals.write_lines();
    signals.reopen_access_log();
    run(&recorder, &record());
    signals.write_lines();
    assert_eq!((lines(&moved).len(), lines(&path).len()), (2, 1));
    // So it is by a log that was opened anew.
    signals.set_access_log(Some(log(path.clone(), 1)));
    let counts = signals.access_log_counts().unwrap();
    assert_eq!(counts[0], ("written", 3));
    // The folder is gone: lines go where they went before.
    let other = folder.path().join("elsewhere");
    std::fs::rename(&path, &other).unwrap();
    std::fs::create_dir(&path).unwrap();
    signals.reopen_access_log();
    run(&recorder, &record());
    signals.write_lines();
    assert_eq!(lines(&other).len(), 2);
}

#[test]
fn whoever_asks_to_open_it_again_waits_for_no_disk() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path().join("access.log"), 1);
    // As while lines are written to a disk that hangs.
    let writing = log.sink();
    log.reopen();
    drop(writing);
    assert!(log.is_moved.load(Ordering::Relaxed));
}

#[test]
fn lines_that_cannot_wait_or_be_written_are_counted() {
    let full = PathBuf::from("/dev/full");
    if !full.exists() {
        println!("skipped: there is no /dev/full");
        return;
    }
    let signals = signals();
    let long = Record {
        uri: format!("/{}", "x".repeat(2000)).parse().unwrap(),
        ..record()
    };
    signals.set_access_log(Some(log(full, 1)));
    let recorder = signals.recorder();
    let fitting = WAITING_MAX.div_ceil(line(&long).len() + 1);
    for _ in 0..fitting + 5 {
        run(&recorder, &long);
    }
    signals.write_lines();
    let counts = signals.access_log_counts().unwrap();
    assert_eq!(
        counts,
        [("written", 0), ("dropped", 5), ("failed", fitting as u64)]
    );
}

#[test]
fn without_a_log_nothing_is_kept() {
    let signals = signals();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    signals.set_access_log(Some(log(path.clone(), 1)));
    let recorder = signals.recorder();
    run(&recorder, &record());
    signals.set_access_log(None);
    signals.write_lines();
    signals.set_access_log(Some(log(path.clone(), 1)));
    signals.write_lines();
    assert_eq!(lines(&path).len(), 0);
    assert!(
        AccessLog::open(model::AccessLog {
            file: Some(folder.path().into()),
            sample: 1
        })
        .is_err()
    );
}
