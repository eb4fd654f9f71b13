//! Remote read, with requests made by hand.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use http_body_util::BodyExt;
use plimsoll_types::ByteCount;
use plimsoll_types::{
    Appender, Durability, Histogram, Labels, Sample, Timestamp, Value, WriteBatch,
};
use plimsoll_wire::compression::{snappy, snappy_capped};
use plimsoll_wire::remote_read::{Encoding, decode};

use crate::harness::Server;

/// Writes a field of protobuf.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    assert!(bytes.len() < 128, "one byte is enough for lengths here");
    [&[number << 3 | 2, bytes.len() as u8], bytes].concat()
}

/// A query of 0 to 100 s with matchers `(type, name, value)`.
fn query(matchers: &[(u8, &str, &str)]) -> Vec<u8> {
    // End: 100,000 as a varint.
    let mut query = vec![2 << 3, 0xa0, 0x8d, 0x06];
    for (kind, name, value) in matchers {
        let matcher = [
            vec![8, *kind],
            field(2, name.as_bytes()),
            field(3, value.as_bytes()),
        ];
        query.extend(field(3, &matcher.concat()));
    }
    field(1, &query)
}

async fn ask(server: &Server, request: &[u8]) -> Response {
    ask_at(server, "/api/v1/read", request).await
}

async fn ask_at(server: &Server, path: &str, request: &[u8]) -> Response {
    let request = Request::post(path).body(Body::from(snappy(request)));
    server.respond(request.unwrap()).await
}

async fn bytes(response: Response) -> Vec<u8> {
    response
        .into_body()
        .collect()
        .await
        .unwrap()
        .to_bytes()
        .to_vec()
}

/// The fields of a message that have a length: their numbers and contents, others left out.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut found = Vec::new();
    let varint = |bytes: &mut &[u8]| {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let (byte, rest) = bytes.split_first().unwrap();
            *bytes = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        value
    };
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        match key & 7 {
            0 => found.push((key >> 3, varint(&mut bytes).to_le_bytes().to_vec())),
            1 => {
                found.push((key >> 3, bytes[..8].to_vec()));
                bytes = &bytes[8..];
            }
            _ => {
                let length = varint(&mut bytes) as usize;
                found.push((key >> 3, bytes[..length].to_vec()));
                bytes = &bytes[length..];
            }
        }
    }
    found
}

fn labels(series: &[(u64, Vec<u8>)]) -> String {
    let pair = |bytes: &[u8]| {
        let parts = fields(bytes);
        let text = |index: usize| String::from_utf8(parts[index].1.clone()).unwrap();
        (text(0), text(1))
    };
    let pairs = series
        .iter()
        .filter(|(number, _)| *number == 1)
        .map(|(_, bytes)| pair(bytes));
    Labels::from_pairs(pairs).to_string()
}

#[tokio::test]
async fn samples_come_all_at_once() {
    let server = Server::with_data().await;
    let request = [
        query(&[(0, "__name__", "up")]),
        query(&[(2, "job", "b|c")]),
        query(&[(0, "job", "none")]),
    ];
    let response = ask(&server, &request.concat()).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/x-protobuf");
    assert_eq!(response.headers()["content-encoding"], "snappy");
    let body = snappy_capped(&bytes(response).await, ByteCount::MIB).unwrap();
    let results = fields(&body);
    assert_eq!(results.len(), 3, "one for each query");
    let of = |index: usize| -> Vec<String> {
        fields(&results[index].1)
            .iter()
            .map(|(_, series)| labels(&fields(series)))
            .collect()
    };
    assert_eq!(of(0), [r#"up{job="a"}"#, r#"up{job="b"}"#]);
    assert_eq!(of(1), [r#"up{job="b"}"#]);
    assert!(of(2).is_empty());
    // The first sample of the first series: 1 at 90 s.
    let series = fields(&fields(&results[0].1)[0].1);
    let sample = fields(&series.iter().find(|(number, _)| *number == 2).unwrap().1);
    assert_eq!(sample[0].1, 1f64.to_le_bytes());
    assert_eq!(sample[1].1, 90_000u64.to_le_bytes());
}

#[tokio::test]
async fn chunks_come_as_a_stream() {
    let server = Server::with_data().await;
    let series = server
        .store
        .resolve(&Labels::from_pairs([("__name__", "h")]))
        .unwrap();
    let mut batch = WriteBatch::default();
    for millis in [1000, 2000] {
        let histogram = Arc::new(Histogram::default());
        batch.samples.push((
            series,
            Sample::histogram(Timestamp::from_millis(millis), histogram),
        ));
    }
    drop(server.store.append(&batch, Durability::Periodic).unwrap());
    let accepts = field(2, &[1]);
    let request = [
        query(&[(0, "job", "a")]),
        query(&[(0, "__name__", "h")]),
        accepts,
    ]
    .concat();
    let response = ask(&server, &request).await;
    assert_eq!(
        response.headers()["content-type"],
        "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"
    );
    let body = bytes(response).await;
    let (mut rest, mut found) = (&body[..], Vec::new());
    while !rest.is_empty() {
        // Lengths below 128 here; the checksum is tested where frames are made.
        let length = usize::from(rest[0]);
        let message = fields(&rest[5..5 + length]);
        rest = &rest[5 + length..];
        let series = fields(&message[0].1);
        let chunk = fields(&series.iter().find(|(number, _)| *number == 2).unwrap().1);
        let encoding = Encoding::from_number(u64::from(chunk[2].1[0])).unwrap();
        let mut samples = Vec::new();
        decode(encoding, &chunk[3].1, |sample| samples.push(sample)).unwrap();
        found.push((labels(&series), encoding, samples, message.len()));
    }
    assert_eq!(found.len(), 2);
    assert_eq!(
        (&*found[0].0, found[0].1),
        (r#"up{job="a"}"#, Encoding::Xor)
    );
    let times: Vec<i64> = found[0]
        .2
        .iter()
        .map(|sample| sample.timestamp.millis())
        .collect();
    assert_eq!(times, [90_000, 100_000]);
    assert_eq!((&*found[1].0, found[1].1), ("h", Encoding::Histogram));
    assert!(matches!(found[1].2[1].value, Value::Histogram(_)));
    assert_eq!(
        (found[0].3, found[1].3),
        (1, 2),
        "the number of the second query is written"
    );
}

#[tokio::test]
async fn what_selects_the_server_selects_nothing_in_it() {
    let server = Server::surfaced(|surface| {
        let mut in_force = surface.status.in_force();
        in_force.external_labels = Labels::from_pairs([("cluster", "eu"), ("job", "mine")]);
        surface.status.replace(in_force);
    });
    let lines = "up{job=\"a\"} 1 90000\n";
    server
        .post("/api/v1/import/prometheus", "text/plain", lines)
        .await;
    for (cluster, expected) in [("eu", 1), ("us", 0)] {
        let request = query(&[(0, "cluster", cluster), (0, "__name__", "up")]);
        let body = bytes(ask(&server, &request).await).await;
        let body = snappy_capped(&body, ByteCount::MIB).unwrap();
        let series = fields(&fields(&body)[0].1);
        assert_eq!(series.len(), expected, "{cluster}");
        if let Some((_, series)) = series.first() {
            assert_eq!(labels(&fields(series)), r#"up{cluster="eu", job="a"}"#);
        }
    }
}

#[tokio::test]
async fn bad_requests_and_too_large_answers_are_refused_by_name() {
    let server = Server::surfaced(|surface| surface.read_limits.samples_max = 3);
    let lines = "up{job=\"a\"} 1 90000\nup{job=\"a\"} 1 91000\nup{job=\"b\"} 1 90000\nup{job=\"b\"} 1 91000\n";
    server
        .post("/api/v1/import/prometheus", "text/plain", lines)
        .await;
    let check = async |response: Response, status: u16, part: &str| {
        assert_eq!(response.status(), status);
        let text = String::from_utf8(bytes(response).await).unwrap();
        assert!(text.contains(part), "{text}");
    };
    let all = query(&[(0, "__name__", "up")]);
    check(ask(&server, &all).await, 400, "exceeded sample limit (3)").await;
    let stream = [all.clone(), field(2, &[1])].concat();
    assert_eq!(
        ask(&server, &stream).await.status(),
        200,
        "streams have no such limit"
    );
    let foreign = [all, field(2, &[9])].concat();
    check(
        ask(&server, &foreign).await,
        400,
        "does not support any of the requested response types",
    )
    .await;
    check(ask(&server, &query(&[(2, "job", "(")])).await, 400, "").await;
    check(
        ask(&server, &query(&[(7, "job", "x")])).await,
        400,
        "invalid matcher type",
    )
    .await;
    let plain = Request::post("/api/v1/read").body(Body::from("x")).unwrap();
    check(server.respond(plain).await, 400, "snappy").await;
}

#[tokio::test]
async fn what_a_proxy_adds_holds_here_too() {
    let server = Server::with_data().await;
    let up = query(&[(0, "__name__", "up")]);
    let response = ask_at(&server, "/api/v1/read?extra_label=job=a", &up).await;
    let body = snappy_capped(&bytes(response).await, ByteCount::MIB).unwrap();
    let found = fields(&fields(&body)[0].1);
    assert_eq!(found.len(), 1);
    assert_eq!(labels(&fields(&found[0].1)), r#"up{job="a"}"#);
    let several = "/api/v1/read?extra_filters={a=%221%22}&extra_filters={a=%222%22}";
    assert_eq!(ask_at(&server, several, &up).await.status(), 400);
}
