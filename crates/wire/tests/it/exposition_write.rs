//! What is written, letter by letter, where another program reads it.

use plimsoll_wire::exposition::{
    Entry, ErrorKind, Escaping, Format, Negotiated, Options, Parser, openmetrics, prometheus_text,
    read_families, write_families,
};

const OPENMETRICS: &str = r#"# HELP requests Requests "served".
# TYPE requests counter
requests_total{path="/a\\b"} 7 # {trace_id="x"} 1 2
requests_created{path="/a\\b"} 1.5
# HELP latency_seconds Time to answer.
# TYPE latency_seconds histogram
# UNIT latency_seconds seconds
latency_seconds_bucket{le="0.1"} 1
latency_seconds_bucket{le="+Inf"} 2
latency_seconds_sum 1234567
latency_seconds_count 2
# TYPE build info
build_info{version="1"} 1
# TYPE mode stateset
mode{mode="on"} 1
# TYPE queue gaugehistogram
queue_bucket{le="+Inf"} 3
queue_gcount 3
queue_gsum 4
# TYPE x unknown
x 1 1.5
# EOF
"#;

fn rewrite(input: &str, format: Format, escaping: Escaping) -> Vec<u8> {
    let families = read_families(
        Format::OpenMetricsText100,
        input.as_bytes(),
        Options::default(),
    )
    .unwrap();
    write_families(&families, Negotiated { format, escaping })
}

#[test]
fn openmetrics_becomes_text_as_every_client_library_writes_it() {
    let text = rewrite(
        OPENMETRICS,
        Format::PrometheusText004,
        Escaping::Underscores,
    );
    assert_eq!(
        String::from_utf8_lossy(&text),
        r#"# HELP requests_total Requests "served".
# TYPE requests_total counter
requests_total{path="/a\\b"} 7
# HELP requests_created Requests "served".
# TYPE requests_created gauge
requests_created{path="/a\\b"} 1.5
# HELP latency_seconds Time to answer.
# TYPE latency_seconds histogram
latency_seconds_bucket{le="0.1"} 1
latency_seconds_bucket{le="+Inf"} 2
latency_seconds_sum 1.234567e+06
latency_seconds_count 2
# TYPE build_info gauge
build_info{version="1"} 1
# TYPE mode gauge
mode{mode="on"} 1
# TYPE queue histogram
queue_bucket{le="+Inf"} 3
# TYPE queue_gcount gauge
queue_gcount 3
# TYPE queue_gsum gauge
queue_gsum 4
# TYPE x untyped
x 1 1500
"#
    );
    prometheus_text::validate(&text).unwrap();
}

#[test]
fn openmetrics_stays_openmetrics() {
    let text = rewrite(
        OPENMETRICS,
        Format::OpenMetricsText100,
        Escaping::Underscores,
    );
    let text = String::from_utf8(text).unwrap();
    openmetrics::validate(text.as_bytes()).unwrap();
    assert!(
        text.starts_with("# TYPE requests counter\n# HELP requests Requests \\\"served\\\".\n"),
        "{text}"
    );
    assert!(
        text.contains("requests_total{path=\"/a\\\\b\"} 7.0 # {trace_id=\"x\"} 1.0 2\n"),
        "{text}"
    );
    assert!(text.contains("# UNIT latency_seconds seconds\n"), "{text}");
}

#[test]
fn names_are_escaped_for_clients_that_do_not_take_them() {
    let input =
        "# TYPE \"my.metric\" gauge\n{\"my.metric\",\"a.b\"=\"c.d\",\"1\"=\"2\"} 1\n# EOF\n";
    let text =
        |escaping| String::from_utf8(rewrite(input, Format::PrometheusText100, escaping)).unwrap();
    assert_eq!(
        text(Escaping::Underscores),
        "# TYPE my_metric gauge\nmy_metric{_=\"2\",a_b=\"c.d\"} 1\n"
    );
    assert_eq!(
        text(Escaping::AllowUtf8),
        "# TYPE \"my.metric\" gauge\n{\"my.metric\",\"1\"=\"2\",\"a.b\"=\"c.d\"} 1\n"
    );
}

/// Shows the series of a protobuf exposition.
fn series(input: &[u8], options: Options) -> Vec<String> {
    let mut parser = Parser::new(Format::PrometheusProto, input, options).unwrap();
    let mut shown = Vec::new();
    while let Some(entry) = parser.next_entry().unwrap() {
        if let Entry::Sample(sample) = entry {
            shown.push(sample.series.raw().to_owned());
        }
    }
    shown
}

#[test]
fn protobuf_histograms_are_native_or_classic_as_asked() {
    // One family `h`, a histogram of one observation with schema 0, one positive bucket, and the classic bucket le=1.
    let classic_bucket = [0x1a, 11, 0x08, 1, 0x11, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f];
    let native_buckets = [0x62, 4, 0x08, 0, 0x10, 1, 0x68, 2];
    let histogram: Vec<u8> = [&[0x08, 1][..], &classic_bucket, &native_buckets].concat();
    let metric = [&[0x3a, histogram.len() as u8][..], &histogram].concat();
    let family = [
        &[0x0a, 1, b'h', 0x18, 4, 0x22, metric.len() as u8][..],
        &metric,
    ]
    .concat();
    let input = [&[family.len() as u8][..], &family].concat();

    let default = Options::default();
    assert_eq!(series(&input, default), ["h"]);
    let classic = [
        r#"h_bucket{le="1.0"}"#,
        r#"h_bucket{le="+Inf"}"#,
        "h_sum",
        "h_count",
    ];
    let only_classic = Options {
        native_histograms: false,
        ..default
    };
    assert_eq!(series(&input, only_classic), classic);
    let both = Options {
        always_scrape_classic_histograms: true,
        ..default
    };
    assert_eq!(series(&input, both), [&["h"][..], &classic].concat());

    for cut in 1..input.len() {
        let mut parser = Parser::new(Format::PrometheusProto, &input[..cut], default).unwrap();
        let error =
            std::iter::from_fn(|| parser.next_entry().map(|entry| entry.map(drop)).transpose())
                .find_map(Result::err);
        assert!(error.is_some(), "cut after {cut} bytes");
    }
}

#[test]
fn series_text_does_not_grow_with_the_square_of_the_input() {
    fn varint(mut value: usize) -> Vec<u8> {
        let mut out = Vec::new();
        while value >= 0x80 {
            out.push(value as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
        out
    }
    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        [&[tag][..], &varint(body.len()), body].concat()
    }
    let label = [message(0x0a, b"l"), message(0x12, &vec![b'v'; 900_000])].concat();
    let metric = [
        message(0x0a, &label),
        message(0x3a, &[0x1a, 0].repeat(16_000)),
    ];
    let family = [
        &message(0x0a, b"h")[..],
        &[0x18, 4],
        &message(0x22, &metric.concat()),
    ];
    let input = message(0, &family.concat())[1..].to_vec();
    let mut parser = Parser::new(Format::PrometheusProto, &input, Options::default()).unwrap();
    let error = loop {
        match parser.next_entry() {
            Ok(Some(Entry::Sample(_))) => {
                panic!("expected a refusal before the first of the series")
            }
            Ok(Some(_)) => {}
            Ok(None) => panic!("expected a refusal"),
            Err(error) => break error,
        }
    };
    assert!(error.message().contains("bytes of series text"), "{error}");
}

#[test]
fn inconsistent_native_histograms_are_refused() {
    // Field 5 is the schema, 12 the positive spans, 13 the positive deltas (zigzag).
    for (histogram, reason) in [
        (
            &[0x08, 1, 0x62, 4, 0x08, 0, 0x10, 2, 0x68, 2][..],
            "positive spans need 2 buckets, found 1",
        ),
        (
            &[0x08, 1, 0x62, 2, 0x10, 1, 0x68, 1],
            "a bucket is -1, wanted 0 or more",
        ),
        (
            &[0x08, 9, 0x62, 2, 0x10, 1, 0x68, 2],
            "1 observations in the buckets, but the count is 9",
        ),
        (
            &[0x28, 18, 0x38, 1, 0x08, 1],
            "schema 9 is none of -4 to 8 and -53",
        ),
    ] {
        let metric = [&[0x3a, histogram.len() as u8], histogram].concat();
        let family = [
            &[0x0a, 1, b'h', 0x18, 4, 0x22, metric.len() as u8],
            &metric[..],
        ]
        .concat();
        let input = [&[family.len() as u8], &family[..]].concat();
        let mut parser = Parser::new(Format::PrometheusProto, &input, Options::default()).unwrap();
        assert!(matches!(parser.next_entry(), Ok(Some(Entry::Type { .. }))));
        let error = parser.next_entry().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidHistogram);
        let message = format!("expected a consistent native histogram: {reason}");
        assert_eq!(error.message(), message);
        assert_eq!((error.line(), error.column()), (1, 6));
    }
}

#[test]
fn a_gauge_beside_a_counter_of_its_name_stays_valid() {
    let input = "# TYPE m gauge\nm 1\n# TYPE m_total counter\nm_total 2\n";
    let families = read_families(
        Format::PrometheusText004,
        input.as_bytes(),
        Options::default(),
    );
    let negotiated = |format| Negotiated {
        format,
        escaping: Escaping::Underscores,
    };
    let families = families.unwrap();
    let text = write_families(&families, negotiated(Format::PrometheusText004));
    assert_eq!(String::from_utf8_lossy(&text), input);
    let text = write_families(&families, negotiated(Format::OpenMetricsText100));
    assert_eq!(
        String::from_utf8_lossy(&text),
        "# TYPE m gauge\nm 1.0\n# TYPE m_total unknown\nm_total 2.0\n# EOF\n"
    );
    openmetrics::validate(&text).unwrap();
}
