//! `plimsoll query` against a server that runs, and against none.

use std::net::TcpListener;
use std::process::{Command, Output};

use plimsoll_e2e::{Home, Server, binary, now_millis};
use serde_json::{Value, json};

fn query(server: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary().unwrap());
    command
        .args(["query", "--server", server])
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn answers_as_table_and_as_json() {
    let home = Home::new().unwrap();
    let server = Server::start(&home).unwrap();
    let seconds = now_millis() / 1000;
    let lines = format!("asked{{job=\"a\"}} 1.5 {seconds}000\nasked{{job=\"b\"}} 2 {seconds}000\n");
    assert_eq!(server.import_text(&lines).unwrap().status, 204);
    let (url, time) = (
        format!("http://{}", server.api.address),
        seconds.to_string(),
    );

    let output = query(&url, &["asked", "--time", &time]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let expected = format!("asked{{job=\"a\"}} 1.5 @{seconds}\nasked{{job=\"b\"}} 2 @{seconds}\n");
    assert_eq!(text(&output.stdout), expected);

    let output = query(&url, &["sum(asked)", "--time", &time, "--output", "json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        answer["data"]["result"],
        json!([{"metric": {}, "value": [seconds, "3.5"]}])
    );

    let end = (seconds + 1).to_string();
    let output = query(
        &url,
        &[
            "sum(asked)",
            "--start",
            &time,
            "--end",
            &end,
            "--step",
            "1s",
        ],
    );
    assert_eq!(
        text(&output.stdout),
        format!("{{}} 3.5 @{seconds}\n{{}} 3.5 @{end}\n")
    );

    let output = query(&url, &["nothing"]);
    assert_eq!(
        (output.status.code(), text(&output.stdout).as_str()),
        (Some(0), "")
    );
    assert!(
        text(&output.stderr).contains("no series"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn failures_have_their_exit_codes() {
    let home = Home::new().unwrap();
    let server = Server::start(&home).unwrap();
    let url = format!("http://{}", server.api.address);
    let output = query(&url, &["sum(up"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.starts_with("error: ") && said.contains("1:7: parse error"),
        "{said}"
    );
    assert!(output.stdout.is_empty());

    let output = query("ftp://127.0.0.1", &["up"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));

    // Free a moment ago.
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = taken.local_addr().unwrap();
    drop(taken);
    let output = query(&format!("http://{address}"), &["up"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(
        said.contains(&address.to_string()) && said.contains("plimsoll serve"),
        "{said}"
    );
}
