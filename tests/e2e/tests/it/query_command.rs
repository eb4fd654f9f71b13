//! `plimsoll query` against a server that runs, and against none.

use std::net::TcpListener;

use plimsoll_e2e::{Home, Server, find, now_millis, promtool};
use serde_json::{Value, json};

use crate::cli::{plimsoll, refused};

/// A server with `asked{job="a"} 1.5` and `asked{job="b"} 2`; its URL and the second of the samples.
fn asked(home: &Home) -> (Server, String, String) {
    let server = Server::start(home).unwrap();
    let seconds = now_millis() / 1000;
    let lines = format!("asked{{job=\"a\"}} 1.5 {seconds}000\nasked{{job=\"b\"}} 2 {seconds}000\n");
    assert_eq!(server.import_text(&lines).unwrap().status, 204);
    let url = format!("http://{}", server.api.address);
    (server, url, seconds.to_string())
}

#[test]
fn a_point_in_time_is_answered_in_every_form() {
    let home = Home::new().unwrap();
    let (_server, url, time) = asked(&home);
    let ask = |form: &str| {
        let ended = plimsoll(&[
            "query", "--server", &url, "asked", "--time", &time, "-o", form,
        ]);
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{ended:?}");
        ended.stdout
    };
    assert_eq!(
        ask("table"),
        format!("asked{{job=\"a\"}} 1.5 @{time}\nasked{{job=\"b\"}} 2 @{time}\n")
    );
    assert_eq!(
        ask("promql"),
        format!("asked{{job=\"a\"}} => 1.5 @[{time}]\nasked{{job=\"b\"}} => 2 @[{time}]\n")
    );
    assert_eq!(
        ask("csv"),
        format!("timestamp,value,__name__,job\r\n{time},1.5,asked,a\r\n{time},2,asked,b\r\n")
    );
    let answer: Value = serde_json::from_str(&ask("json")).unwrap();
    let seconds: i64 = time.parse().unwrap();
    assert_eq!(
        answer["data"]["result"][1]["value"],
        json!([seconds, "2"]),
        "{answer}"
    );
}

#[test]
fn a_range_is_drawn_and_its_points_are_printed_on_demand() {
    let home = Home::new().unwrap();
    let (_server, url, time) = asked(&home);
    let end = (time.parse::<i64>().unwrap() + 1).to_string();
    let range = [
        "sum(asked)",
        "--start",
        &time,
        "--end",
        &end,
        "--step",
        "1s",
    ];
    let ask = |verb: &[&str], form: &str| {
        let line = [&["query"], verb, &range[..], &["--output", form]].concat();
        let ended = plimsoll(&line);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.stdout
    };
    for verb in [
        &["--server", &*url][..],
        &["range", "--server", &url],
        &["range", &url],
    ] {
        let drawn = ask(verb, "table");
        assert!(drawn.starts_with("{}  ▁▁ "), "{drawn}");
        assert!(
            drawn.ends_with("min 3.5 max 3.5 last 3.5 (2 points)\n"),
            "{drawn}"
        );
        assert_eq!(drawn.lines().count(), 1);
        assert_eq!(
            ask(verb, "csv"),
            format!("timestamp,value\r\n{time},3.5\r\n{end},3.5\r\n")
        );
        assert_eq!(
            ask(verb, "promql"),
            format!("{{}} =>\n3.5 @[{time}]\n3.5 @[{end}]\n")
        );
    }
}

#[test]
fn the_verbs_of_promtool_take_its_arguments_and_print_its_lines() {
    let home = Home::new().unwrap();
    let (_server, url, time) = asked(&home);
    let series = plimsoll(&["query", "series", &url, "--match", "asked", "--match", "no"]);
    assert_eq!(series.stdout, "asked{job=\"a\"}\nasked{job=\"b\"}\n");
    let labels = plimsoll(&["query", "labels", &url, "job", "--match", "asked"]);
    assert_eq!(labels.stdout, "a\nb\n");
    let nothing = plimsoll(&["query", "labels", &url, "no"]);
    assert_eq!((nothing.code, &*nothing.stdout), (Some(0), ""));
    assert_eq!(nothing.stderr, "nothing found\n");
    // A server before the expression means the same with and without a verb.
    let words = [&*url, "asked", "--time", &time, "-o", "promql"];
    let plain = plimsoll(&[&["query"], &words[..]].concat());
    let instant = plimsoll(&[&["query", "instant"], &words[..]].concat());
    assert_eq!((plain.code, &plain.stdout), (Some(0), &instant.stdout));

    if find("promtool").unwrap().is_some() {
        let at = format!("--time={time}");
        let output = promtool(&["query", "instant", &at, &url, "asked"]).unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), instant.stdout);
    }
}

#[test]
fn nothing_found_is_no_failure() {
    let home = Home::new().unwrap();
    let (_server, url, time) = asked(&home);
    let ended = plimsoll(&["query", &url, "nothing"]);
    assert_eq!((ended.code, &*ended.stdout), (Some(0), ""));
    assert_eq!(ended.stderr, "no series: nothing matches at this time\n");
    let ended = plimsoll(&["query", "range", &url, "nothing", "--end", &time]);
    assert_eq!((ended.code, &*ended.stdout), (Some(0), ""));
    assert_eq!(ended.stderr, "no series: nothing matches in this range\n");
}

#[test]
fn a_wrong_expression_is_shown_with_its_place() {
    let home = Home::new().unwrap();
    let (_server, url, _) = asked(&home);
    let ask = |expression: &str| plimsoll(&["query", &url, expression]);
    let caret = "\n  raet(asked[5m])\n  ^^^^ did you mean \"rate\"?\n";
    refused(
        &ask("raet(asked[5m])"),
        1,
        &["error: 1:1: parse error: unknown function", caret],
    );
    refused(
        &ask("sum(asked"),
        1,
        &["error: 1:10: parse error", "\n           ^"],
    );
    refused(
        &ask("rate(asked)"),
        1,
        &["expected type range vector", "got instant vector", "^^^^^"],
    );
    refused(
        &ask("asked + on () asked"),
        1,
        &["many-to-many matching not allowed"],
    );
}

#[test]
fn wrong_usage_is_told_before_anything_is_asked() {
    let time = "expected Unix seconds or RFC 3339, such as 2026-01-02T15:04:05Z";
    for (line, expected) in [
        (&["query", "up", "--time", "now"][..], &["'now'", time][..]),
        (
            &["query", "range", "up", "--start", "-1h"],
            &["'-1h'", time],
        ),
        (&["query", "labels", "job", "--end", "x"], &["'x'", time]),
        (&["query", "up", "--start", "1"], &["--end <TIME>"]),
        (
            &["query", "up", "--output", "xml"],
            &["table, json, csv, promql"],
        ),
        (&["query", "series"], &["--match"]),
        (&["query"], &["EXPRESSION"]),
        (
            &["query", "localhost:9090", "up"],
            &["\"localhost:9090\" is no URL such as http://"],
        ),
        (
            &["query", "--server", "ftp://127.0.0.1", "up"],
            &["expected http:// or https://"],
        ),
    ] {
        refused(&plimsoll(line), 2, expected);
    }
}

#[test]
fn a_server_that_is_not_there_is_told_apart() {
    // Free a moment ago.
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    drop(taken);
    let ended = plimsoll(&["query", &format!("http://{address}"), "up"]);
    refused(&ended, 4, &[&address, "plimsoll serve"]);

    let home = Home::new().unwrap();
    let (_server, url, _) = asked(&home);
    let ended = plimsoll(&["query", &format!("{url}/prefix"), "up"]);
    refused(
        &ended,
        1,
        &[
            "/prefix/api/v1/query answered 404",
            "prefix it is served under",
        ],
    );
    let ended = plimsoll(&["query", &url.replace("http", "https"), "up"]);
    refused(&ended, 4, &["TLS failed", "begins with http://"]);
}
