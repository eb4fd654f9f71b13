//! Templates that fail, and notices that may be sent twice.

use std::sync::Arc;

use plimsoll_notify::Verdict;

use crate::bench::{Bench, LONG, Poster, notice};
use crate::peer::{Peer, Reply};

#[tokio::test]
async fn a_template_that_fails_loses_nothing() {
    let peer = Peer::start(vec![Reply::status("200 OK", &[], "")]);
    let mut poster = Poster::to(peer.url());
    poster.title = "{{ .Nothing.There }}".into();
    poster.body = "{{ template \"missing\" . }}".into();
    let bench = Bench::new();
    assert!(bench.send(&poster.integration()).await.is_sent());
    let body = peer.request().body;
    assert!(
        body.starts_with("|[FIRING:1] Down (template error: template: "),
        "{body}"
    );
    assert!(body.contains("\"missing\" not defined"), "{body}");
    assert!(
        body.contains("  instance = web-1\n  summary: it burns\n"),
        "{body}"
    );
    let counted = bench.registry.render();
    let line =
        "plimsoll_notify_template_failures_total{integration=\"poster\",receiver=\"team\"} 1";
    assert!(counted.contains(line), "{counted}");
}

#[tokio::test]
async fn a_template_of_an_address_that_fails_is_refused() {
    let mut poster = Poster::to("http://127.0.0.1:1/");
    poster.channel = "{{ .Nothing.There }}".into();
    match Bench::new().send(&poster.integration()).await {
        Verdict::Refused { reason } => assert!(reason.contains("Nothing"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

/// What a template costs is bounded, and so is what it may not see: there is no way to the secrets.
#[tokio::test]
async fn a_template_without_an_end_is_a_template_that_fails() {
    let peer = Peer::start(vec![Reply::status("200 OK", &[], "")]);
    let mut poster = Poster::to(peer.url());
    poster.title = "{{ define \"x\" }}{{ template \"x\" . }}{{ end }}{{ template \"x\" . }}".into();
    assert!(Bench::new().send(&poster.integration()).await.is_sent());
    assert!(peer.request().body.contains("template error"));
}

#[tokio::test]
async fn a_notice_that_may_be_sent_twice_says_so() {
    let peer = Peer::start(vec![Reply::status("200 OK", &[], "")]);
    let mut poster = Poster::to(peer.url());
    poster.title = "{{ template \"slack.default.title\" . }}".into();
    let mut notice = notice();
    notice.is_degraded = true;
    let bench = Bench::new();
    let integration = poster.integration();
    let verdict = bench.sender.send(&integration, Arc::new(notice), LONG);
    assert!(verdict.await.is_sent());
    let body = peer.request().body;
    assert!(
        body.starts_with("|DEGRADED, MAY REPEAT: [FIRING:1] Down (web-1)|"),
        "{body}"
    );
}
