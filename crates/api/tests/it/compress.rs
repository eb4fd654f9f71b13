//! Answers for clients that take gzip.

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use plimsoll_types::ByteCount;
use plimsoll_wire::compression::gzip_capped;

use crate::harness::Server;

async fn ask(server: &Server, path: &str, accepts: &str) -> (Option<String>, Vec<u8>) {
    let request = Request::get(path).header("accept-encoding", accepts);
    let response = server.respond(request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), 200);
    let encoding = response.headers().get("content-encoding");
    let encoding = encoding.map(|value| value.to_str().unwrap().to_owned());
    let has_length = response.headers().contains_key("content-length");
    assert!(
        encoding.is_none() || !has_length,
        "the length of something else"
    );
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (encoding, body.to_vec())
}

#[tokio::test]
async fn long_answers_are_compressed_and_read_back() {
    let server = Server::new();
    let lines: String = (0..5_000)
        .map(|index| format!("m{{i=\"{index}\"}} {index}\n"))
        .collect();
    let answer = server
        .post("/api/v1/import/prometheus", "text/plain", lines)
        .await;
    assert_eq!(answer.status, 204, "{}", answer.body);
    let limit = ByteCount::MIB.times(16);
    for path in [
        "/api/v1/query?query=m",
        "/federate?match[]=m",
        "/api/v1/export?match[]=m",
    ] {
        let (plain, expected) = ask(&server, path, "identity").await;
        assert_eq!(plain, None, "{path}");
        assert!(expected.len() > 100_000, "{path}");
        let (encoding, body) = ask(&server, path, "deflate, gzip").await;
        assert_eq!(encoding.as_deref(), Some("gzip"), "{path}");
        assert!(
            body.len() < expected.len() / 4,
            "{path}: {} bytes",
            body.len()
        );
        assert_eq!(gzip_capped(&body, limit).unwrap(), expected, "{path}");
    }
    let (short, _) = ask(&server, "/api/v1/query?query=1", "gzip").await;
    assert_eq!(short, None, "it is not worth it");
}
