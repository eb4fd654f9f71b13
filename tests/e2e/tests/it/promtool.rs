//! Debian's promtool, pointed at us as its users point it at Prometheus.

use plimsoll_e2e::{Home, Server, find, now_millis, promtool};

/// Runs promtool against a server; returns what it printed and whether it was content.
fn run(arguments: &[&str]) -> (String, bool) {
    let output = promtool(arguments).unwrap();
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8(text).unwrap(), output.status.success())
}

#[test]
fn its_queries_are_answered() {
    if find("promtool").unwrap().is_none() {
        return;
    }
    let home = Home::new().unwrap();
    let server = Server::start(&home).unwrap();
    let url = format!("http://{}", server.api.address);
    let at = now_millis() / 1000;
    let lines: String = (0..5)
        .flat_map(|index| {
            let millis = (at - 60 * index) * 1000;
            [
                format!("load{{job=\"a\"}} {index} {millis}\n"),
                format!("load{{job=\"b\"}} 7 {millis}\n"),
            ]
        })
        .collect();
    assert_eq!(server.import_text(&lines).unwrap().status, 204);
    let time = format!("--time={at}");

    let (text, is_content) = run(&["query", "instant", &time, &url, "load"]);
    assert!(is_content, "{text}");
    assert_eq!(
        text,
        format!("load{{job=\"a\"}} => 0 @[{at}]\nload{{job=\"b\"}} => 7 @[{at}]\n")
    );
    let start = format!("--start={}", at - 120);
    let end = format!("--end={at}");
    let (text, is_content) = run(&[
        "query",
        "range",
        &start,
        &end,
        "--step=1m",
        &url,
        "sum(load)",
    ]);
    assert!(is_content, "{text}");
    assert_eq!(text.matches(" @[").count(), 3, "{text}");
    assert!(text.contains("9 @[") && text.contains("7 @["), "{text}");
    let (text, is_content) = run(&[
        "query",
        "series",
        "--match=load",
        "--match=up{job=\"x\"}",
        &url,
    ]);
    assert!(is_content, "{text}");
    assert_eq!(
        text,
        "{__name__=\"load\", job=\"a\"}\n{__name__=\"load\", job=\"b\"}\n"
    );
    let (text, is_content) = run(&["query", "labels", &url, "job"]);
    assert!(is_content && text.contains("a\nb\n"), "{text}");
}

#[test]
fn its_users_see_what_is_wrong_with_a_query() {
    if find("promtool").unwrap().is_none() {
        return;
    }
    let home = Home::new().unwrap();
    let server = Server::start(&home).unwrap();
    let url = format!("http://{}", server.api.address);
    let (text, is_content) = run(&["query", "instant", &url, "sum("]);
    assert!(!is_content);
    assert!(
        text.contains(
            "bad_data: invalid parameter \"query\": 1:5: parse error: unclosed left parenthesis"
        ),
        "{text}"
    );
    let (text, is_content) = run(&["query", "series", "--match={}", &url]);
    assert!(!is_content);
    assert!(text.contains("at least one non-empty matcher"), "{text}");
}
