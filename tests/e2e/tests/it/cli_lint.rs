//! `plimsoll check rules --lint`: what is legal and not meant, with and without a server to ask.

use plimsoll_e2e::{Home, Server};

use crate::cli::{plimsoll, plimsoll_reading, refused};

const RULES: &str = "groups:\n- name: g\n  labels: {team: a, severity: ticket}\n  rules:\n  - alert: Gone\n    \
                     expr: count(known{job=\"a\"}) < 1\n    annotations: {summary: s, runbook_url: 'https://r.example'}\n";

#[test]
fn findings_have_their_place_and_are_fatal_on_demand() {
    let lint = |line: &[&str]| plimsoll_reading(RULES, &[&["check", "rules"], line].concat());
    let quiet = lint(&[]);
    assert_eq!((quiet.code, &*quiet.stderr), (Some(0), ""), "{quiet:?}");
    let told = lint(&["--lint", "all"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    let expected = "standard input:6:11: warning: `<` is never true: the left side is 1 or more, the right side is 1 \
                    [mistake: unreachable-condition]\n  |\n6 |     expr: count(known{job=\"a\"}) < 1\n  |           \
                    ^^^^^^^^^^^^^^^^^^^^^^^^^ a count of nothing is nothing, not 0: use absent()\n";
    assert_eq!(told.stderr, expected);
    let fatal = lint(&["--lint", "all", "--lint-fatal"]);
    assert_eq!(fatal.code, Some(3), "{fatal:?}");
    assert!(
        fatal.stderr.ends_with("error: 1 lint finding\n"),
        "{fatal:?}"
    );
    for line in [
        &["--lint", "none"][..],
        &["--lint", "missing-for,short-range"],
        &["--lint", "all", "--disable", "unreachable-condition"],
    ] {
        let ended = lint(&[line, &["--lint-fatal"]].concat());
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{line:?}");
    }
    refused(
        &lint(&["--lint", "unreachable-conditon"]),
        2,
        &[
            "there is no lint \"unreachable-conditon\"",
            "did you mean unreachable-condition?",
        ],
    );
}

#[test]
fn a_comment_silences_a_finding() {
    let silenced = RULES.replace(
        "< 1\n",
        "< 1  # plimsoll: disable=unreachable-condition it is a test\n",
    );
    let ended = plimsoll_reading(
        &silenced,
        &["check", "rules", "--lint", "all", "--lint-fatal"],
    );
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{ended:?}");
}

#[test]
fn a_server_tells_what_it_has_stored() {
    let home = Home::new().unwrap();
    let server = Server::start(&home).unwrap();
    let now = plimsoll_e2e::now_millis();
    let text: String = (0..5)
        .map(|at| format!("known{{job=\"a\"}} 1 {}\n", now - at * 60_000))
        .collect();
    assert!(server.import_text(&text).unwrap().status / 100 == 2);
    let url = format!("http://{}", server.api.address);
    let rules = "groups:\n- name: g\n  rules:\n  - record: a:b:c\n    expr: knwon\n  - record: a:b:d\n    \
                 expr: known{jbo=\"a\"}\n  - record: a:b:e\n    expr: rate(known{job=\"a\"}[1m]) + a:b:c\n";
    let ended = plimsoll_reading(rules, &["check", "rules", "--against", &url]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for expected in [
        ":5:11: warning: the server has no metric knwon [mistake: unknown-metric]",
        ":7:11: warning: no series of known has the label jbo [mistake: unknown-metric]",
        "rate over 1m where samples are",
    ] {
        assert!(
            ended.stderr.contains(expected),
            "{expected}: {}",
            ended.stderr
        );
    }
    assert_eq!(
        ended.stderr.matches("warning: ").count(),
        3,
        "{}",
        ended.stderr
    );
    server.stop().unwrap();
    let gone = plimsoll(&[
        "check",
        "rules",
        "--against",
        &url,
        home.config().to_str().unwrap(),
    ]);
    refused(&gone, 4, &[&url]);
}
