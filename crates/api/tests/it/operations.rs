//! What operators ask.

use axum::body::Body;
use axum::http::Request;
use plimsoll_api::ReloadError;

use crate::harness::Server;

#[tokio::test]
async fn metrics_come_in_the_format_that_was_asked_for() {
    let server = Server::new();
    let plain = server.get("/metrics").await;
    assert_eq!(
        plain.headers["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    assert!(
        plain
            .body
            .contains("plimsoll_build_info{version=\"1.2.3\"} 1"),
        "{}",
        plain.body
    );
    assert!(!plain.body.contains("# EOF"));
    let request =
        Request::get("/metrics").header("accept", "application/openmetrics-text; version=1.0.0");
    let openmetrics = server.send(request.body(Body::empty()).unwrap()).await;
    assert!(
        openmetrics.body.ends_with("# EOF\n"),
        "{}",
        openmetrics.body
    );
}

#[tokio::test]
async fn ready_only_when_told() {
    let server = Server::new();
    assert_eq!(server.get("/-/healthy").await.status, 200);
    assert_eq!(server.get("/-/ready").await.status, 503);
    server.app.set_ready(true);
    assert_eq!(server.get("/-/ready").await.status, 200);
}

#[tokio::test]
async fn a_reload_is_answered_with_its_outcome() {
    let mut server = Server::new();
    let mut reloads = std::mem::replace(&mut server.reloads, tokio::sync::mpsc::channel(1).1);
    for (outcome, status) in [
        (Ok(String::new()), 200),
        (Ok("restart to apply it\n".to_string()), 200),
        (
            Err(ReloadError::Refused("prometheus.yml:1:1: error".into())),
            400,
        ),
        (Err(ReloadError::Failed("no disk".into())), 500),
    ] {
        let answering = async {
            let request = reloads.recv().await.unwrap();
            request.send(outcome.clone()).unwrap();
        };
        let (answer, ()) = tokio::join!(server.post("/-/reload", "", ""), answering);
        assert_eq!(answer.status, status);
        let text = match outcome {
            Ok(text) | Err(ReloadError::Refused(text) | ReloadError::Failed(text)) => text,
        };
        assert_eq!(answer.body, text);
    }
    assert_eq!(server.get("/-/reload").await.status, 405);
}

#[tokio::test]
async fn grafana_learns_what_we_are() {
    let server = Server::new();
    let answer = server.get("/api/v1/status/buildinfo").await.json();
    assert_eq!(answer["data"]["version"], "1.2.3");
    assert_eq!(answer["data"].get("features"), None);
    assert_eq!(server.get("/api/v1/unknown").await.status, 404);
}

#[tokio::test]
async fn quitting_must_have_been_allowed() {
    let server = Server::new();
    let refused = server.post("/-/quit", "", "").await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.body, "Lifecycle API is not enabled.");
    let server = Server::surfaced(|surface| surface.quit = Some(Default::default()));
    let answer = server.post("/-/quit", "", "").await;
    assert_eq!(answer.status, 200);
    server.quit.wait().await;
}
