//! Pushing: statuses, headers, and what is stored.

use axum::body::Body;
use axum::body::Bytes;
use axum::http::Request;
use plimsoll_ingest::push::Limits;
use plimsoll_types::{ByteCount, Labels, Sample, StorageErrorKind, Timestamp};
use plimsoll_wire::compression::snappy;
use plimsoll_wire::push::Series;
use plimsoll_wire::remote_write::{Version, encode};

use crate::harness::{Answer, Server};

fn series(labels: &[(&str, &str)], value: f64) -> Series {
    Series {
        labels: Labels::from_pairs(labels.iter().copied()),
        samples: vec![Sample::float(Timestamp::from_millis(90_000), value)],
        ..Series::default()
    }
}

async fn write(server: &Server, version: Version, series: &[Series]) -> Answer {
    server
        .post(
            "/api/v1/write",
            version.content_type(),
            snappy(&encode(version, series)),
        )
        .await
}

fn written(answer: &Answer) -> &str {
    let header = answer
        .headers
        .get("x-prometheus-remote-write-samples-written");
    header
        .and_then(|value| value.to_str().ok())
        .unwrap_or("missing")
}

#[tokio::test]
async fn remote_write_of_both_versions_is_stored_and_counted() {
    for version in [Version::V1, Version::V2] {
        let server = Server::new();
        let answer = write(&server, version, &[series(&[("__name__", "a")], 1.5)]).await;
        assert_eq!(
            (answer.status.as_u16(), written(&answer)),
            (204, "1"),
            "{}",
            answer.body
        );
        assert_eq!(server.store.dump()["a"], [(90_000, "1.5".to_string())]);
    }
}

#[tokio::test]
async fn what_is_valid_is_stored_even_beside_what_is_not() {
    let server = Server::new();
    let answer = write(
        &server,
        Version::V2,
        &[
            series(&[("__name__", "a")], 1.0),
            series(&[("job", "nameless")], 2.0),
        ],
    )
    .await;
    assert_eq!((answer.status.as_u16(), written(&answer)), (400, "1"));
    assert!(answer.body.contains("__name__"), "{}", answer.body);
    assert_eq!(server.store.dump().len(), 1);
}

#[tokio::test]
async fn hostile_bodies_are_refused_with_a_reason() {
    let server = Server::new();
    let protobuf = Version::V1.content_type();
    let check = async |content_type: &str, body: Vec<u8>, status: u16, part: &str| {
        let answer = server.post("/api/v1/write", content_type, body).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
        assert!(answer.body.contains(part), "{}", answer.body);
        assert_eq!(written(&answer), "0");
    };
    check("text/plain", Vec::new(), 415, "application/x-protobuf").await;
    check(
        "application/x-protobuf;proto=other",
        Vec::new(),
        415,
        "other",
    )
    .await;
    check(protobuf, b"no snappy at all".to_vec(), 400, "snappy").await;
    check(protobuf, snappy(b"\xff\xff\xff\xff"), 400, "").await;
    // Claims 4 GiB in five bytes.
    check(protobuf, vec![0xff, 0xff, 0xff, 0xff, 0x0f], 413, "128 MiB").await;
    check(protobuf, vec![0; (32 << 20) + 1], 413, "limit").await;
    assert!(server.store.dump().is_empty());
}

#[tokio::test]
async fn a_store_in_trouble_asks_for_a_retry() {
    let server = Server::new();
    let good = [series(&[("__name__", "a")], 1.0)];
    for (failure, status, retry_after) in [
        (StorageErrorKind::Overloaded, 503, Some("1")),
        (StorageErrorKind::ReadOnly, 429, Some("10")),
        (StorageErrorKind::Io, 500, None),
    ] {
        server.store.set_failure(Some(failure));
        let answer = write(&server, Version::V1, &good).await;
        assert_eq!(
            (answer.status.as_u16(), written(&answer)),
            (status, "0"),
            "{failure:?}"
        );
        let found = answer.headers.get("retry-after");
        let found = found.and_then(|seconds| seconds.to_str().ok());
        assert_eq!(found, retry_after, "{failure:?}");
    }
    server.store.set_failure(None);
    server.store.set_series_limit(0);
    let new = [series(&[("__name__", "b")], 1.0)];
    assert_eq!(write(&server, Version::V1, &new).await.status.as_u16(), 429);
}

#[tokio::test]
async fn json_lines_come_back_as_they_went_in() {
    let server = Server::new();
    let line = r#"{"metric":{"__name__":"up","job":"x"},"values":[1,null,"-Infinity",2.5],"timestamps":[10,20,30,40]}"#;
    let answer = server
        .post("/api/v1/import", "application/json", line)
        .await;
    assert_eq!(answer.status.as_u16(), 204, "{}", answer.body);
    let answer = server.get("/api/v1/export?match[]=up").await;
    assert_eq!(answer.body.trim_end(), line);
    let answer = server
        .get("/api/v1/export?match[]=up&start=0.015&end=0.025")
        .await;
    assert!(
        answer.body.contains(r#""timestamps":[20]"#),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn influx_lines_become_series() {
    let server = Server::new();
    let answer = server
        .post(
            "/write?db=d&precision=s",
            "text/plain",
            "cpu,host=h usage=1.5,idle=2i 60\n",
        )
        .await;
    assert_eq!(answer.status.as_u16(), 204, "{}", answer.body);
    let dump = server.store.dump();
    assert_eq!(
        dump[r#"cpu_usage{db="d", host="h"}"#],
        [(60_000, "1.5".to_string())]
    );
    assert_eq!(
        dump[r#"cpu_idle{db="d", host="h"}"#],
        [(60_000, "2".to_string())]
    );
    let answer = server
        .post("/write?precision=fortnights", "text/plain", "cpu usage=1\n")
        .await;
    assert_eq!(answer.status.as_u16(), 400);
}

#[tokio::test]
async fn text_gets_extra_labels_and_a_time() {
    let server = Server::new();
    let path = "/api/v1/import/prometheus?extra_label=job=x&timestamp=5000";
    let answer = server.post(path, "text/plain", "a 1\nb 2 6000\n").await;
    assert_eq!(answer.status.as_u16(), 204, "{}", answer.body);
    let dump = server.store.dump();
    assert_eq!(dump[r#"a{job="x"}"#], [(5000, "1".to_string())]);
    assert_eq!(dump[r#"b{job="x"}"#], [(6000, "2".to_string())]);
    let answer = server
        .post("/api/v1/import/prometheus", "text/plain", "a 1\nb {\n")
        .await;
    assert_eq!(answer.status.as_u16(), 400);
    assert!(answer.body.contains("line 2"), "{}", answer.body);
    let encoded = Request::post("/api/v1/import/prometheus").header("content-encoding", "br");
    let answer = server
        .send(encoded.body(Body::from("a 1\n")).unwrap())
        .await;
    assert_eq!(answer.status.as_u16(), 415);
}

/// A body whose first part is there and whose rest never comes.
fn unfinished(length: usize) -> Body {
    use futures_util::StreamExt;
    let first = Ok::<_, std::io::Error>(Bytes::from(vec![b'\n'; length]));
    let rest = futures_util::stream::pending();
    Body::from_stream(futures_util::stream::once(async { first }).chain(rest))
}

#[tokio::test]
async fn bodies_that_are_being_read_count_together() {
    let server = Server::limited(Limits {
        pending: ByteCount::KIB.times(64),
        ..Limits::default()
    });
    let path = "/api/v1/import/prometheus";
    let mut slow = std::pin::pin!(server.post(path, "text/plain", unfinished(40 << 10)));
    let waits =
        std::future::poll_fn(|ctx| std::task::Poll::Ready(slow.as_mut().poll(ctx).is_pending()));
    assert!(waits.await);
    let text = vec![b'\n'; 40 << 10];
    let form = [b"query=1&x=".to_vec(), text.clone()].concat();
    let media = "application/x-www-form-urlencoded";
    let overload = "the limit of 64 KiB of waiting bodies is reached";
    let answer = server.post(path, "text/plain", text.clone()).await;
    assert_eq!(
        (answer.status.as_u16(), answer.body.trim_end()),
        (503, overload)
    );
    let answer = server.post("/api/v1/query", media, form.clone()).await;
    answer.is_error(503, "unavailable", overload);

    // A client that is silent for a minute gives its share back.
    server.clock.advance(std::time::Duration::from_secs(60));
    let answer = slow.await;
    assert_eq!(answer.status.as_u16(), 503, "{}", answer.body);
    assert!(
        answer.body.contains("nothing came for 60s"),
        "{}",
        answer.body
    );
    let answer = server.post(path, "text/plain", text).await;
    assert_eq!(answer.status.as_u16(), 204, "{}", answer.body);
    assert_eq!(server.post("/api/v1/query", media, form).await.status, 200);
}
