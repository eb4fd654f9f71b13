//! Pages in a browser on the same machine.

use axum::body::Body;
use axum::http::Request;

use crate::harness::Server;

async fn status(server: &Server, method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from("a 1\n")).expect("a request");
    server.send(request).await.status.as_u16()
}

#[tokio::test]
async fn a_page_of_another_site_cannot_write() {
    let server = Server::new();
    let host = ("host", "localhost:9880");
    for path in [
        "/api/v1/import/prometheus",
        "/api/v1/import",
        "/api/v1/write",
        "/write",
        "/api/v2/write",
        "/-/reload",
    ] {
        for page in [
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
        ] {
            assert_eq!(
                status(&server, "POST", path, &[host, page]).await,
                403,
                "{path}"
            );
        }
    }
    let path = "/api/v1/import/prometheus";
    let own = ("origin", "http://localhost:9880");
    assert_eq!(status(&server, "POST", path, &[host, own]).await, 204);
    assert_eq!(status(&server, "POST", path, &[host]).await, 204);
    let grafana = ("origin", "http://localhost:3000");
    let query = "/api/v1/query?query=1";
    assert_eq!(status(&server, "POST", query, &[host, grafana]).await, 200);
}

#[tokio::test]
async fn a_name_that_was_made_to_point_here_is_no_name_of_ours() {
    let server = Server::new();
    for path in ["/api/v1/query?query=1", "/metrics", "/nowhere"] {
        let host = ("host", "evil.example:9880");
        assert_eq!(status(&server, "GET", path, &[host]).await, 403, "{path}");
    }
    let host = ("host", "127.0.0.1:9880");
    assert_eq!(status(&server, "GET", "/metrics", &[host]).await, 200);
    let open = Server::listening_on(([0, 0, 0, 0], 9880).into());
    let host = ("host", "plimsoll.example");
    assert_eq!(status(&open, "GET", "/metrics", &[host]).await, 200);
}
