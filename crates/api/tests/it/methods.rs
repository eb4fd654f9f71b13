//! Methods and origins, as Prometheus answers them.

use axum::body::Body;
use axum::http::Request;

use crate::harness::{Answer, Server};

async fn ask(server: &Server, method: &str, path: &str, origin: Option<&str>) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    server.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_path_names_the_methods_it_has() {
    let server = Server::new();
    for (method, path, allow) in [
        ("DELETE", "/api/v1/query", "GET, OPTIONS, POST"),
        ("PUT", "/api/v1/query_range", "GET, OPTIONS, POST"),
        ("HEAD", "/api/v1/query?query=1", "GET, OPTIONS, POST"),
        ("POST", "/api/v1/metadata", "GET, OPTIONS"),
        ("POST", "/api/v1/label/job/values", "GET, OPTIONS"),
        ("GET", "/api/v1/write", "OPTIONS, POST"),
        ("GET", "/api/v1/read", "OPTIONS, POST"),
        ("GET", "/api/v1/admin/tsdb/snapshot", "OPTIONS, POST, PUT"),
        ("POST", "/federate?match[]=up", "GET, OPTIONS"),
        ("POST", "/-/healthy", "GET, HEAD, OPTIONS"),
        ("GET", "/-/quit", "OPTIONS, POST, PUT"),
    ] {
        let answer = ask(&server, method, path, None).await;
        assert_eq!(answer.status, 405, "{method} {path}");
        assert_eq!(answer.headers["allow"], allow, "{method} {path}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.body, "Method Not Allowed\n", "{method} {path}");
    }
    assert_eq!(ask(&server, "HEAD", "/-/healthy", None).await.status, 200);
}

#[tokio::test]
async fn options_are_answered() {
    let server = Server::new();
    for path in ["/api/v1/query", "/api/v1/nope"] {
        let answer = ask(&server, "OPTIONS", path, None).await;
        assert_eq!(answer.status, 204, "{path}");
        assert_eq!(answer.headers["vary"], "Origin");
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
    let answer = ask(&server, "OPTIONS", "/-/healthy", None).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["allow"], "GET, HEAD, OPTIONS");
    assert_eq!(ask(&server, "OPTIONS", "/nope", None).await.status, 404);
}

#[tokio::test]
async fn pages_of_allowed_origins_may_read_and_others_may_not() {
    let server = Server::new();
    let allowed = "http://localhost:3000";
    for (method, status) in [("GET", 200), ("OPTIONS", 204)] {
        let answer = ask(&server, method, "/api/v1/query?query=1", Some(allowed)).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.headers["access-control-allow-origin"], allowed);
        assert_eq!(
            answer.headers["access-control-allow-methods"],
            "GET, POST, OPTIONS"
        );
        assert_eq!(
            answer.headers["access-control-allow-headers"],
            "Accept, Authorization, Content-Type, Origin"
        );
        assert_eq!(answer.headers["access-control-expose-headers"], "Date");
        let answer = ask(
            &server,
            method,
            "/api/v1/query?query=1",
            Some("https://evil.example"),
        )
        .await;
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
    let path = "/api/v1/import/prometheus";
    assert_eq!(
        ask(&server, "POST", path, Some(allowed)).await.status,
        403,
        "reading is not writing"
    );
    let answer = ask(&server, "GET", "/federate", Some(allowed)).await;
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
}
