//! `plimsoll serve` with the command line that a Prometheus was started with.

use plimsoll_e2e::{Home, Server, binary, now_millis};

use crate::cli::{plimsoll, refused};

/// A command in Prometheus' spellings.
fn in_prometheus_spelling(home: &Home, more: &[&str]) -> std::process::Command {
    let mut command = std::process::Command::new(binary().unwrap());
    command
        .arg("serve")
        .arg(format!("--config.file={}", home.config().display()))
        .arg(format!("--storage.tsdb.path={}", home.data().display()))
        .arg("--web.listen-address=127.0.0.1:0")
        .args(more);
    command
}

#[test]
fn the_flags_of_a_prometheus_start_it() {
    let home = Home::new().unwrap();
    let flags = [
        "--storage.tsdb.retention.time=30d",
        "--storage.tsdb.retention.size=10GB",
        "--web.console.templates=/etc/prometheus/consoles",
        "--web.enable-lifecycle",
        "--web.enable-remote-write-receiver",
        "--query.max-samples=5",
        "--query.timeout=1m",
        "--enable-feature=exemplar-storage,promql-experimental-functions",
        "--log.level=info",
    ];
    let server = Server::start_with(&home, &mut in_prometheus_spelling(&home, &flags)).unwrap();
    let log = server.program.log();
    let without_effect = "--web.console.templates of Prometheus has no effect here";
    assert!(log.contains(without_effect), "{log}");
    assert!(!log.contains("retention.size"), "{log}");
    assert!(!log.contains("exemplar-storage"), "{log}");

    let url = format!("http://{}", server.api.address);
    let seconds = now_millis() / 1000;
    let lines: String = (0..6)
        .map(|n| format!("many{{n=\"{n}\"}} 1 {seconds}000\n"))
        .collect();
    assert_eq!(server.import_text(&lines).unwrap().status, 204);
    let time = seconds.to_string();
    let ask = |expression: &str| plimsoll(&["query", &url, expression, "--time", &time]);
    assert_eq!(
        ask("count(limitk(1, nothing)) or vector(7)").stdout,
        format!("{{}} 7 @{time}\n")
    );
    refused(
        &ask("many"),
        1,
        &["the limit is 5 samples (--query.max-samples)"],
    );
}

#[test]
fn what_cannot_be_honoured_is_refused() {
    let home = Home::new().unwrap();
    for (flag, expected) in [
        ("--web.config.file=web.yml", "no TLS"),
        ("--web.external-url=http://127.0.0.1/prefix/", "let a proxy"),
        ("--query.timeout=0", "wanted more than 0"),
        ("--storage.tsdb.retention.time=1h", "at least 4h"),
        ("--no-such-flag", "unexpected argument"),
    ] {
        let output = in_prometheus_spelling(&home, &[flag]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{flag}: {said}");
        assert!(said.contains(expected), "{said}");
        assert!(output.stdout.is_empty());
    }
    assert!(!home.data().exists(), "a refusal leaves nothing behind");
}
