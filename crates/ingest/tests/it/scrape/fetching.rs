//! How answers are asked for and read, and what becomes of targets that answer badly.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::response::Response;
use plimsoll_types::{
    BucketCounts, Counts, Histogram, Labels, MatchOp, Matcher, Metadata, MetricType, Queryable,
    SampleColumns, Span, StartTimestamp, TimeRange, Timestamp, Value,
};
use plimsoll_wire::exposition::{
    Family, FamilyExemplar, FamilySample, Negotiated, negotiate, write_families,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::world::{Server, TIMEOUT, World, job, status, text, typed};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn gzipped(body: Vec<u8>) -> Response {
    let builder = http::Response::builder().header("content-type", "text/plain");
    let builder = builder.header("content-encoding", "gzip");
    builder.body(Body::from(body)).unwrap()
}

/// Scrapes a target twice and returns the values of `a`, `up` and `scrape_body_size_bytes`.
async fn outcome(address: &str, more: &str) -> [Vec<String>; 3] {
    let more = format!(", extra_scrape_metrics: true{more}");
    let mut world = World::with(&[job("j", address, &more)]).await;
    world.scrape(1).await;
    ["a", "up", "scrape_body_size_bytes"].map(|name| world.metric(name))
}

async fn is_up(address: &str, more: &str) -> bool {
    let [a, up, _] = outcome(address, more).await;
    assert_eq!(
        a.len(),
        usize::from(up == ["1"]),
        "samples come with up 1 only"
    );
    up == ["1"]
}

fn families() -> Vec<Family> {
    let labels = |name| Labels::from_pairs([("__name__", name)]);
    let histogram = Histogram {
        schema: 3,
        sum: 7.5,
        positive_spans: vec![Span {
            offset: -1,
            length: 2,
        }],
        counts: Counts::Integer(BucketCounts {
            count: 3,
            zero: 0,
            positive: vec![1, 2],
            negative: vec![],
        }),
        ..Histogram::default()
    };
    let of_histogram = FamilySample {
        value: Value::Histogram(Arc::new(histogram)),
        start: StartTimestamp::from_millis(500_000),
        exemplars: vec![FamilyExemplar {
            labels: Labels::from_pairs([("trace_id", "abc")]),
            value: 1.5,
            timestamp: Some(Timestamp::from_millis(999_000)),
        }],
        ..FamilySample::float(labels("h"), 0.0)
    };
    let family = |name: &str, metric_type, help: &str, sample| Family {
        name: name.into(),
        metadata: Metadata {
            metric_type,
            help: help.into(),
            unit: String::new(),
        },
        samples: vec![sample],
    };
    vec![
        family(
            "a",
            MetricType::Gauge,
            "Help of a.",
            FamilySample::float(labels("a"), 4.0),
        ),
        family("h", MetricType::Histogram, "", of_histogram),
    ]
}

async fn negotiating() -> Server {
    Server::start(|request| {
        let accept = request.headers["accept"].to_str().unwrap();
        let negotiated: Negotiated = negotiate(accept);
        typed(
            &negotiated.content_type(),
            write_families(&families(), negotiated),
        )
    })
    .await
}

#[tokio::test]
async fn every_format_is_asked_for_and_read() {
    for protocol in [
        "PrometheusText0.0.4",
        "PrometheusText1.0.0",
        "OpenMetricsText1.0.0",
        "PrometheusProto",
    ] {
        let server = negotiating().await;
        let more = format!(", scrape_protocols: [{protocol}]");
        let mut world = World::with(&[job("j", &server.address, &more)]).await;
        world.scrape(1).await;
        assert_eq!(world.metric("up"), ["1"], "{protocol}");
        assert_eq!(world.metric("a"), ["4"], "{protocol}");
        let metadata = world.store.metadata(Some("a"), 1).unwrap();
        assert_eq!(metadata[0].1[0].help, "Help of a.", "{protocol}");
    }
}

#[tokio::test]
async fn a_native_histogram_arrives_whole() {
    let server = negotiating().await;
    let more = ", scrape_native_histograms: true";
    let mut world = World::with(&[job("j", &server.address, more)]).await;
    world.scrape(1).await;
    let matcher = Matcher::new(MatchOp::Equal, "__name__", "h").unwrap();
    let mut selection = world
        .store
        .select(std::slice::from_ref(&matcher), TimeRange::ALL)
        .unwrap();
    assert_eq!(selection.labels.len(), 1);
    let mut columns = SampleColumns::default();
    selection.source.read(0, &mut columns).unwrap();
    let sample = columns.get(0);
    let sent = &families()[1].samples[0];
    let (Value::Histogram(found), Value::Histogram(expected)) = (&sample.value, &sent.value) else {
        panic!("not a histogram: {sample:?}");
    };
    assert_eq!((found.schema, found.sum), (expected.schema, expected.sum));
    assert_eq!(
        (&found.counts, &found.positive_spans),
        (&expected.counts, &expected.positive_spans)
    );
    assert_eq!(sample.start, sent.start);
    let exemplars = world
        .store
        .exemplars(&[vec![matcher]], TimeRange::ALL)
        .unwrap();
    let exemplar = &exemplars[0].1[0];
    assert_eq!(exemplar.labels.get("trace_id"), Some("abc"));
    assert_eq!(
        (exemplar.value, exemplar.timestamp.millis()),
        (1.5, 999_000)
    );
}

#[tokio::test]
async fn asks_as_prometheus_does() {
    let server = Server::text("a 1\n").await;
    assert!(is_up(&server.address, "").await);
    let headers = &server.requests()[0].headers;
    assert_eq!(headers["x-prometheus-scrape-timeout-seconds"], "7.001");
    assert_eq!(headers["accept-encoding"], "gzip");
    assert!(
        headers["user-agent"]
            .to_str()
            .unwrap()
            .starts_with("Plimsoll/")
    );
    let accept = headers["accept"].to_str().unwrap();
    assert!(
        accept
            .starts_with("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,")
    );
    assert!(
        is_up(
            &server.address,
            ", enable_compression: false, metric_name_validation_scheme: legacy"
        )
        .await
    );
    let headers = &server.requests()[1].headers;
    assert_eq!(headers["accept-encoding"], "identity");
    assert!(
        headers["accept"]
            .to_str()
            .unwrap()
            .contains("escaping=underscores")
    );
}

#[tokio::test]
async fn a_body_may_be_compressed_and_must_be_when_it_says_so() {
    let good = Server::start(|_| gzipped(gzip(b"a 1\n"))).await;
    let [a, up, size] = outcome(&good.address, "").await;
    assert_eq!(
        (a, up, size),
        (vec!["1".into()], vec!["1".into()], vec!["4".into()])
    );
    let liar = Server::start(|_| gzipped(b"a 1\n".to_vec())).await;
    assert!(!is_up(&liar.address, "").await);
    let torn = Server::start(|_| gzipped(gzip(b"a 1\n")[..12].to_vec())).await;
    assert!(!is_up(&torn.address, "").await);
    let bomb = gzip(&vec![b'#'; 64 << 20]);
    let bomb = Server::start(move |_| gzipped(bomb.clone())).await;
    let [a, up, size] = outcome(&bomb.address, ", body_size_limit: 1MB").await;
    assert_eq!((a, up, size), (vec![], vec!["0".into()], vec!["-1".into()]));
}

#[tokio::test]
async fn a_content_type_must_be_known_or_assumed() {
    for content_type in ["", "text/html", "application/json"] {
        let server = Server::start(move |_| typed(content_type, "a 1\n")).await;
        assert!(!is_up(&server.address, "").await, "{content_type:?}");
        let more = ", fallback_scrape_protocol: PrometheusText0.0.4";
        assert!(is_up(&server.address, more).await, "{content_type:?}");
    }
    let server = Server::start(|_| Response::new(Body::from("a 1\n"))).await;
    assert!(!is_up(&server.address, "").await, "no header at all");
}

/// Answers each connection with these bytes, the last part again and again while the peer takes it.
#[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
async fn raw(head: &'static [u8], endless: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut peer, _)) = listener.accept().await {
            let _ = peer.read(&mut [0; 4096]).await;
            let mut sent = peer.write_all(head).await;
            while sent.is_ok() && !endless.is_empty() {
                sent = peer.write_all(endless).await;
            }
        }
    });
    address
}

#[tokio::test]
async fn lengths_that_lie_bring_the_target_down() {
    let short = raw(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 100\r\n\r\na 1\n",
        b"",
    )
    .await;
    assert!(!is_up(&short, "").await);
    let huge = raw(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 9000000000000\r\n\r\na 1\n", b"").await;
    let [a, up, size] = outcome(&huge, "").await;
    assert_eq!((a, up, size), (vec![], vec!["0".into()], vec!["-1".into()]));
}

#[tokio::test]
async fn an_endless_body_ends_at_its_limit() {
    let endless = raw(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\na 1\n",
        &[b'#'; 1 << 16],
    )
    .await;
    let [a, up, size] = outcome(&endless, ", body_size_limit: 1MB").await;
    assert_eq!((a, up, size), (vec![], vec!["0".into()], vec!["-1".into()]));
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
async fn a_silent_target_is_given_up_after_its_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut world = World::with(&[job("j", &address, "")]).await;
    world.clock.step(1).await;
    let (mut peer, _) = listener.accept().await.unwrap();
    assert!(peer.read(&mut [0; 4096]).await.unwrap() > 0);
    // The head alone is no answer yet: the time is for the body, too.
    peer.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\na 1\n")
        .await
        .unwrap();
    world.clock.time.advance(TIMEOUT);
    world.written().await;
    assert_eq!(world.metric("up"), ["0"]);
    assert_eq!(world.metric("scrape_duration_seconds"), ["7.001"]);
    drop(peer);
    tokio::spawn(async move {
        let (mut peer, _) = listener.accept().await.unwrap();
        let _ = peer.read(&mut [0; 4096]).await;
        let answer =
            b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\na 2\n";
        peer.write_all(answer).await.unwrap();
    });
    world.scrape(1).await;
    assert_eq!(
        (world.metric("up"), world.metric("a")),
        (vec!["0".into(), "1".into()], vec!["2".into()])
    );
}

#[tokio::test]
async fn only_200_is_an_answer() {
    for code in [204, 301, 404, 500] {
        let server = Server::start(move |_| status(code)).await;
        assert!(!is_up(&server.address, "").await, "{code}");
    }
}

#[tokio::test]
async fn redirects_are_followed_unless_told_otherwise() {
    let server = Server::start(|request| match request.uri.path() {
        "/metrics" => http::Response::builder()
            .status(302)
            .header("location", "/moved")
            .body(Body::empty())
            .unwrap(),
        _ => text("a 1\n"),
    })
    .await;
    assert!(is_up(&server.address, "").await);
    assert!(!is_up(&server.address, ", follow_redirects: false").await);
    let circle = Server::start(|_| {
        http::Response::builder()
            .status(302)
            .header("location", "/metrics")
            .body(Body::empty())
            .unwrap()
    })
    .await;
    assert!(!is_up(&circle.address, "").await);
}

#[tokio::test]
async fn says_who_it_is() {
    let server = Server::start(|request| match request.headers.get("authorization") {
        Some(value) if value == "Basic bWU6c2VjcmV0" => text("a 1\n"),
        _ => status(401),
    })
    .await;
    assert!(!is_up(&server.address, "").await);
    assert!(
        is_up(
            &server.address,
            ", basic_auth: {username: me, password: secret}"
        )
        .await
    );
    assert!(
        !is_up(
            &server.address,
            ", basic_auth: {username: me, password: wrong}"
        )
        .await
    );
}

#[tokio::test]
async fn a_token_file_is_read_anew_for_each_scrape() {
    let expected = Arc::new(AtomicUsize::new(1));
    let wanted = expected.clone();
    let server = Server::start(move |request| {
        let wanted = format!("Bearer token{}", wanted.load(Ordering::SeqCst));
        match request.headers.get("authorization") {
            Some(value) if *value == *wanted => text("a 1\n"),
            _ => status(401),
        }
    })
    .await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    std::fs::write(&file, "token1\n").unwrap();
    let more = format!(
        ", authorization: {{credentials_file: '{}'}}",
        file.display()
    );
    let mut world = World::with(&[job("j", &server.address, &more)]).await;
    world.scrape(1).await;
    expected.store(2, Ordering::SeqCst);
    world.scrape(1).await;
    std::fs::write(&file, "token2\n").unwrap();
    world.scrape(1).await;
    std::fs::remove_file(&file).unwrap();
    world.scrape(1).await;
    assert_eq!(world.metric("up"), ["1", "0", "1", "0"]);
}
