//! Bad input over HTTP: each piece is refused with its reason, what is good beside it is kept, and the server goes on.

use plimsoll_e2e::{Home, Reply, Server, now_millis};
use plimsoll_types::{Labels, Sample, Timestamp, stale_nan};
use plimsoll_wire::compression::snappy;
use plimsoll_wire::push::Series;
use plimsoll_wire::remote_write::{Version, encode};
use serde_json::{Value, json};

const MIB: usize = 1 << 20;
/// A NaN that is neither the staleness marker nor the one that arithmetic makes.
const PAYLOAD_BITS: u64 = 0x7ff8_dead_beef_0001;

fn series(labels: &[(&str, &str)], samples: &[(i64, f64)]) -> Series {
    let samples = samples.iter();
    Series {
        labels: Labels::from_pairs(labels.iter().copied()),
        samples: samples
            .map(|(at, value)| Sample::float(Timestamp::from_millis(*at), *value))
            .collect(),
        ..Series::default()
    }
}

fn write(server: &Server, version: Version, body: &[u8]) -> Reply {
    let headers = [
        ("Content-Type", version.content_type()),
        ("Content-Encoding", "snappy"),
    ];
    server.api.post("/api/v1/write", &headers, body).unwrap()
}

fn check(reply: &Reply, status: u16, expected: &str) {
    let text = reply.text();
    assert_eq!(reply.status, status, "{text}");
    assert!(text.contains(expected), "{expected:?} is not in {text}");
    assert!(
        text.len() < 2000,
        "an error repeats only a little of what it refuses: {} bytes",
        text.len()
    );
}

/// A good push after a bad one is stored, and the bad one left nothing.
fn check_goes_on(server: &Server) {
    let reply = write(
        server,
        Version::V2,
        &snappy(&encode(
            Version::V2,
            &[series(&[("__name__", "good")], &[(now_millis(), 1.0)])],
        )),
    );
    assert_eq!(reply.status, 204, "{}", reply.text());
    assert_eq!(server.export("{__name__=~\"bad.*\"}").unwrap(), "");
}

#[test]
fn what_cannot_be_read_is_refused_whole() {
    let home = Home::new().unwrap();
    let server = Server::start(&home).unwrap();
    let bomb = snappy(&vec![0; 130 * MIB]);
    assert!(bomb.len() < 16 * MIB, "a bomb is small");
    for version in [Version::V1, Version::V2] {
        check(&write(&server, version, b"no snappy at all"), 400, "snappy");
        check(&write(&server, version, b""), 400, "snappy");
        check(&write(&server, version, &bomb), 413, "128 MiB");
        // Claims 2 GiB and brings nothing.
        check(
            &write(&server, version, &[0x80, 0x80, 0x80, 0x80, 0x08]),
            413,
            "128 MiB",
        );
        check(&write(&server, version, &snappy(&[0xff; 100])), 400, "");
        let torn = encode(
            version,
            &[series(&[("__name__", "bad")], &[(now_millis(), 1.0)])],
        );
        check(
            &write(&server, version, &snappy(&torn[..torn.len() - 3])),
            400,
            "",
        );
        check(&write(&server, version, &vec![0; 33 * MIB]), 413, "limit");
        check_goes_on(&server);
    }
    check(
        &server.import_text("bad 1\nbad{x= 2\n").unwrap(),
        400,
        "line 2, column 8",
    );
    check(
        &server.import_text(&"#".repeat(33 * MIB)).unwrap(),
        413,
        "limit",
    );
    assert_eq!(
        server.import_text("").unwrap().status,
        204,
        "nothing is nothing wrong"
    );
    check_goes_on(&server);
}

#[test]
fn an_unknown_media_type_is_415() {
    let home = Home::new().unwrap();
    let server = Server::start(&home).unwrap();
    for headers in [
        &[("Content-Type", "application/json")][..],
        &[(
            "Content-Type",
            "application/x-protobuf;proto=io.prometheus.write.v3.Request",
        )],
        &[
            ("Content-Type", "application/x-protobuf"),
            ("Content-Encoding", "zstd"),
        ],
    ] {
        let reply = server.api.post("/api/v1/write", headers, b"x").unwrap();
        check(&reply, 415, "wanted Content-");
    }
    let encoding = [("Content-Encoding", "br")];
    check(
        &server.api.post("/api/v1/import", &encoding, b"x").unwrap(),
        415,
        "gzip",
    );
    check_goes_on(&server);
}

#[test]
fn what_is_good_beside_it_is_stored() {
    let home = Home::new().unwrap();
    let server = Server::start(&home).unwrap();
    let now = now_millis();
    let future = now + 24 * 3_600_000;
    for (index, version) in [Version::V1, Version::V2].into_iter().enumerate() {
        let name = format!("kept{index}");
        let samples = [(0, 1.0), (now, 2.0), (future, 3.0)];
        let long = "v".repeat(10_000_000);
        let body = encode(
            version,
            &[
                series(&[("__name__", &name)], &samples),
                series(
                    &[("__name__", "bad_value"), ("label", &long)],
                    &[(now, 1.0)],
                ),
                series(
                    &[("__name__", "bad_text"), ("label", "not?utf-8")],
                    &[(now, 1.0)],
                ),
                series(&[("__name__", &name), ("last", "1")], &[(now, 4.0)]),
            ],
        );
        let reply = write(&server, version, &snappy(&without_utf8(body)));
        let expected = "refused 4, stored 2 samples, 0 histograms and 0 exemplars: ";
        check(&reply, 400, expected);
        check(&reply, 400, "10000000 bytes, the limit is 64 KiB");
        assert_eq!(
            reply.header("x-prometheus-remote-write-samples-written"),
            Some("2")
        );
        let selector = format!("{{__name__=\"{name}\"}}");
        let expected = [
            (json!({"__name__": name}), vec![Some(2.0)]),
            (json!({"__name__": name, "last": "1"}), vec![Some(4.0)]),
        ];
        assert_eq!(exported(&server, &selector), expected);
    }
    check(
        &server
            .import_text(&format!("old 1 0\nkept2 1 {now}\n"))
            .unwrap(),
        400,
        "retention",
    );
    check(
        &server.import_text(&format!("early 1 {future}\n")).unwrap(),
        400,
        "too far in the future",
    );
    assert_eq!(
        server
            .api
            .vector("{__name__=~\"old|early|kept2\"}")
            .unwrap()
            .len(),
        1
    );
    check_goes_on(&server);
}

/// Returns the labels and values of the series that a selector finds; nothing stands for a NaN.
fn exported(server: &Server, selector: &str) -> Vec<(Value, Vec<Option<f64>>)> {
    let lines = server.export(selector).unwrap();
    let read = |line: &str| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        let values = line["values"]
            .as_array()
            .unwrap()
            .iter()
            .map(Value::as_f64)
            .collect();
        (line["metric"].take(), values)
    };
    lines.lines().map(read).collect()
}

/// Makes the marked text something that is no UTF-8, of the same length.
fn without_utf8(mut body: Vec<u8>) -> Vec<u8> {
    let marked = body.windows(9).position(|window| window == b"not?utf-8");
    body[marked.unwrap() + 3] = 0xff;
    body
}

/// Neither a query nor the export shows the bits of a NaN, but both tell a marker from another NaN.
#[test]
fn every_nan_stays_what_it_was() {
    let home = Home::new().unwrap();
    let mut server = Server::start(&home).unwrap();
    let now = now_millis();
    for (index, version) in [Version::V1, Version::V2].into_iter().enumerate() {
        let number = index.to_string();
        let nan = [
            (now - 2000, f64::from_bits(PAYLOAD_BITS)),
            (now - 1000, f64::NAN),
        ];
        let stale = [(now - 2000, 1.0), (now - 1000, stale_nan())];
        let body = encode(
            version,
            &[
                series(&[("__name__", "payload"), ("number", &number)], &nan),
                series(&[("__name__", "ended"), ("number", &number)], &stale),
            ],
        );
        assert_eq!(write(&server, version, &snappy(&body)).status, 204);
    }
    for _ in 0..2 {
        let at = format!("{}.{:03}", now / 1000, now % 1000);
        let found = server.api.query("payload", Some(&at)).unwrap();
        let values: Vec<_> = found["result"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["value"][1])
            .collect();
        assert_eq!(values, ["NaN", "NaN"]);
        assert_eq!(
            server.api.query("ended", Some(&at)).unwrap()["result"],
            json!([])
        );
        let count = |name: &str| {
            let query = format!("sum(count_over_time({name}[1h]))");
            let found = server.api.query(&query, Some(&at)).unwrap();
            found["result"][0]["value"][1].clone()
        };
        assert_eq!((count("payload"), count("ended")), (json!("4"), json!("2")));
        for (name, values) in [
            ("payload", vec![None, None]),
            ("ended", vec![Some(1.0), None]),
        ] {
            let expected = ["0", "1"]
                .map(|number| (json!({"__name__": name, "number": number}), values.clone()));
            assert_eq!(exported(&server, name), expected);
        }
        server.kill().unwrap();
        server = Server::start(&home).unwrap();
    }
}
