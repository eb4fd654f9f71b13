//! The server that does nothing but alerting.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::BodyExt;
use plimsoll_alerting::surface::Alerting;
use plimsoll_api::{AlertmanagerApp, AlertmanagerParts, BuildInfo, UiParts, alertmanager_router};
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_testkit::FakeClock;
use plimsoll_types::{Pattern, Timestamp};
use tokio::sync::mpsc;
use tower::ServiceExt;

use crate::alerting_node::{CONFIG, Node};

/// An app whose reloads nobody hears.
pub(crate) fn app(
    alerting: Arc<dyn Alerting>,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    listen: SocketAddr,
    route_prefix: &str,
) -> Arc<AlertmanagerApp> {
    AlertmanagerApp::new(AlertmanagerParts {
        alerting,
        registry: Arc::new(Registry::new()),
        clock,
        tasks,
        listen,
        reload: mpsc::channel(1).0,
        quit: None,
        build: BuildInfo {
            version: "1.2.3",
            revision: "",
        },
        cors_origin: Pattern::new("").expect("an expression"),
        route_prefix: route_prefix.to_owned(),
        ui: UiParts::in_memory(Timestamp::from_millis(90_000), "http://box:9093"),
    })
}

fn router(route_prefix: &str) -> (Router, Arc<AlertmanagerApp>) {
    let clock: Arc<dyn Clock> = Arc::new(FakeClock::new(Timestamp::from_millis(100_000)));
    let node = Node::new(CONFIG, clock.clone());
    let tasks = Tasks::new(Shutdown::new(), clock.clone(), &Registry::new());
    let listen = SocketAddr::from(([127, 0, 0, 1], 9093));
    let app = app(node, clock, tasks, listen, route_prefix);
    (alertmanager_router(app.clone()), app)
}

async fn get(router: &Router, path: &str) -> (u16, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let to = response.headers().get(header::LOCATION).cloned();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let text = match to {
        Some(to) => to.to_str().unwrap().to_owned(),
        None => String::from_utf8(body.to_vec()).unwrap(),
    };
    (status, text)
}

#[tokio::test]
async fn it_answers_alertmanager_s_paths_and_no_others() {
    let (router, app) = router("");
    assert_eq!(get(&router, "/-/ready").await.0, 503);
    app.set_ready(true);
    for path in [
        "/",
        "/-/ready",
        "/-/healthy",
        "/metrics",
        "/api/v2/status",
        "/api/v1/alerting/routes",
    ] {
        assert_eq!(get(&router, path).await.0, 200, "{path}");
    }
    let (status, text) = get(&router, "/api/v1/alerts").await;
    assert_eq!(status, 410);
    assert!(text.contains("/api/v2"), "{text}");
    assert_eq!(get(&router, "/api/v2").await.0, 404);
    assert_eq!(get(&router, "/graph").await.0, 404);
}

#[tokio::test]
async fn screens_are_told_that_there_is_nothing_but_alerting() {
    let (router, _) = router("");
    let (status, text) = get(&router, "/api/v1/ui/state").await;
    assert_eq!(status, 200, "{text}");
    assert!(text.contains(r#""kind":"alertmanager""#), "{text}");
    assert!(text.contains(r#""alerting":true,"slos":false"#), "{text}");
    assert_eq!(get(&router, "/api/v1/changes").await.0, 200);
    assert_eq!(get(&router, "/api/v1/status/files").await.0, 200);
    assert_eq!(get(&router, "/api/v1/services").await.0, 410);
}

#[tokio::test]
async fn pages_name_the_prefix() {
    let (router, _) = router("/am");
    let request = Request::get("/am/alerts").header(header::ACCEPT, "text/html");
    let request = request.body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(text.contains("&#x2f;am/minimal.css"), "{text}");
    assert!(!text.contains("href=\"/"), "{text}");
    assert_eq!(get(&router, "/am/minimal.css").await.0, 200);
}

#[tokio::test]
async fn a_prefix_stands_before_all_paths() {
    let (router, _) = router("/am");
    for path in [
        "/am",
        "/am/",
        "/am/-/healthy",
        "/am/metrics",
        "/am/api/v2/status",
    ] {
        assert_eq!(get(&router, path).await.0, 200, "{path}");
    }
    assert_eq!(get(&router, "/").await, (303, "/am/".into()));
    assert_eq!(get(&router, "/api/v2/status").await.0, 404);
    let (status, text) = get(&router, "/am/api/v2/nothing").await;
    assert_eq!(
        (status, text.contains("was not found")),
        (404, true),
        "{text}"
    );
}
