//! `/federate`: what another Prometheus scrapes from us.

use axum::body::Body;
use axum::http::Request;
use std::sync::Arc;

use plimsoll_types::{
    Appender, BucketCounts, CUSTOM_BUCKETS_SCHEMA, Counts, Durability, Histogram, Labels, Sample,
    Span, Timestamp, Value, WriteBatch,
};
use plimsoll_wire::exposition::{Family, Format, Options, read_families};

use crate::harness::Server;

const LINES: &str =
    "b{job=\"x\",instance=\"i\"} 1.5e6 99000\nb 2 100000\na{cluster=\"own\"} NaN 90000\nold 1 0\n";

async fn with_data(external: bool) -> Server {
    let server = Server::surfaced(|surface| {
        if external {
            let mut in_force = surface.status.in_force();
            in_force.external_labels = Labels::from_pairs([("cluster", "eu"), ("zone", "1")]);
            surface.status.replace(in_force);
        }
    });
    let answer = server
        .post("/api/v1/import/prometheus", "text/plain", LINES)
        .await;
    assert_eq!(answer.status, 204, "{}", answer.body);
    server
}

#[tokio::test]
async fn the_latest_samples_come_as_text() {
    let server = with_data(false).await;
    let answer = server
        .get("/federate?match[]=b&match[]=a&match[]={__name__=~%22a|b%22}")
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.headers["content-type"],
        "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
    );
    assert_eq!(
        answer.body,
        "# TYPE a untyped\na{cluster=\"own\",instance=\"\"} NaN 90000\n# TYPE b untyped\n\
         b{instance=\"\"} 2 100000\nb{instance=\"i\",job=\"x\"} 1.5e+06 99000\n"
    );
    assert_eq!(server.get("/federate").await.body, "");
}

#[tokio::test]
async fn external_labels_are_added_where_there_are_none() {
    let server = with_data(true).await;
    let answer = server
        .get("/federate?match[]=a&match[]=b{job=%22x%22}")
        .await;
    assert_eq!(
        answer.body,
        "# TYPE a untyped\na{cluster=\"own\",instance=\"\",zone=\"1\"} NaN 90000\n# TYPE b untyped\n\
         b{instance=\"i\",job=\"x\",cluster=\"eu\",zone=\"1\"} 1.5e+06 99000\n"
    );
}

#[tokio::test]
async fn what_ended_or_is_old_is_left_out() {
    let server = with_data(false).await;
    // 6 min later everything is beyond the lookback.
    server.clock.advance(std::time::Duration::from_secs(360));
    assert_eq!(server.get("/federate?match[]=a&match[]=b").await.body, "");
    let server = with_data(false).await;
    assert_eq!(
        server
            .get("/federate?match[]=old")
            .await
            .body
            .lines()
            .count(),
        2,
        "100 s old"
    );
    server.get("/api/v1/query?query=old").await.is_data(
        r#"{"resultType":"vector","result":[{"metric":{"__name__":"old"},"value":[100,"1"]}]}"#,
    );
}

#[tokio::test]
async fn a_client_of_protobuf_gets_it() {
    let server = with_data(true).await;
    let request = Request::get("/federate?match[]=b").header(
        "accept",
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
    );
    let response = server.respond(request.body(Body::empty()).unwrap()).await;
    let content_type = response.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        content_type.starts_with("application/vnd.google.protobuf; proto=io."),
        "{content_type}"
    );
    let body = http_body_util::BodyExt::collect(response.into_body())
        .await
        .unwrap()
        .to_bytes();
    // A pair of ten bytes: the name and no value.
    let blank = b"\x0a\x0a\x0a\x08instance";
    assert!(
        body.windows(blank.len()).any(|bytes| bytes == blank),
        "the scraper adds no label of its own"
    );
    let families = read_families(Format::PrometheusProto, &body, Options::default()).unwrap();
    assert_eq!(families.len(), 1);
    let shown: Vec<String> = families[0]
        .samples
        .iter()
        .map(|s| s.labels.to_string())
        .collect();
    assert_eq!(
        shown,
        [
            r#"b{cluster="eu", zone="1"}"#,
            r#"b{cluster="eu", instance="i", job="x", zone="1"}"#
        ]
    );
}

#[tokio::test]
async fn a_selector_that_is_none_is_refused_in_plain_words() {
    let answer = Server::new().get("/federate?match[]=up(").await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.starts_with("1:"), "{}", answer.body);
    let all = Server::new().get("/federate?match[]={}").await;
    assert_eq!((all.status.as_u16(), &*all.body), (200, ""));
}

#[tokio::test]
async fn custom_buckets_become_classic_ones() {
    let server = Server::new();
    let histogram = Histogram {
        schema: CUSTOM_BUCKETS_SCHEMA,
        sum: 9.0,
        counts: Counts::Integer(BucketCounts {
            count: 6,
            zero: 0,
            positive: vec![1, 2, 3],
            negative: vec![],
        }),
        positive_spans: vec![Span {
            offset: 0,
            length: 3,
        }],
        custom_bounds: vec![0.5, 2.0],
        ..Histogram::default()
    };
    let series = server
        .store
        .resolve(&Labels::from_pairs([("__name__", "h")]))
        .unwrap();
    let mut batch = WriteBatch::default();
    let at = Timestamp::from_millis(99_000);
    batch
        .samples
        .push((series, Sample::histogram(at, Arc::new(histogram))));
    drop(server.store.append(&batch, Durability::Periodic).unwrap());
    assert_eq!(
        server.get("/federate?match[]=h").await.body,
        "",
        "no histograms in text"
    );
    let families = protobuf(&server, "/federate?match[]=h").await;
    let mut shown: Vec<String> = families[0]
        .samples
        .iter()
        .map(|sample| match sample.value {
            Value::Float(value) => format!("{} {value}", sample.labels),
            Value::Histogram(_) => "native".into(),
        })
        .collect();
    shown.sort();
    let expected = [
        "h_bucket{le=\"+Inf\"} 6",
        "h_bucket{le=\"0.5\"} 1",
        "h_bucket{le=\"2.0\"} 3",
        "h_count 6",
        "h_sum 9",
    ];
    assert_eq!(shown, expected);
}

async fn protobuf(server: &Server, path: &str) -> Vec<Family> {
    let request = Request::get(path).header(
        "accept",
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
    );
    let response = server.respond(request.body(Body::empty()).unwrap()).await;
    let body = http_body_util::BodyExt::collect(response.into_body())
        .await
        .unwrap()
        .to_bytes();
    read_families(Format::PrometheusProto, &body, Options::default()).unwrap()
}
