//! Receivers against a store in memory: what is acknowledged is there and durable, what is not says why.

mod store;

use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::Poll;

use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_testkit::FakeClock;
use plimsoll_types::{
    Exemplar, Histogram, Metadata, MetricType, Sample, SeriesRef, StorageErrorKind, Written,
};
use plimsoll_wire::compression::snappy;
use plimsoll_wire::push::Series;
use plimsoll_wire::remote_write::{Version, encode, encode_families};

use super::*;
use store::Store;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

struct Bench {
    store: Arc<Store>,
    metrics: Metrics,
    receiver: Receiver,
}

fn bench() -> Bench {
    bench_with(Limits::default())
}

fn bench_with(limits: Limits) -> Bench {
    let store = Arc::new(Store::new());
    let clock: Arc<dyn Clock> = Arc::new(FakeClock::new(NOW));
    let tasks = Tasks::new(Shutdown::new(), Arc::clone(&clock), &Registry::new());
    let metrics = Metrics::default();
    let appender: Arc<dyn Appender> = store.clone();
    let receiver = Receiver::new(appender, clock, tasks, limits, metrics.clone());
    Bench {
        store,
        metrics,
        receiver,
    }
}

impl Bench {
    async fn push(&self, format: Format, body: &[u8]) -> Outcome {
        let is_remote_write = matches!(format, Format::RemoteWrite(_));
        let (encoding, body) = match is_remote_write {
            true => (Encoding::Snappy, snappy(body)),
            false => (Encoding::Identity, body.to_vec()),
        };
        let push = Push {
            format,
            encoding,
            body: body.into(),
            extra_labels: Labels::empty(),
        };
        self.receiver.receive(push).await
    }

    async fn push_series(&self, series: &[Series]) -> Outcome {
        let body = encode(Version::V2, series);
        self.push(Format::RemoteWrite(Version::V2), &body).await
    }
}

fn series(name: &str, times: &[i64]) -> Series {
    let sample = |time: &i64| Sample::float(Timestamp::from_millis(*time), 1.0);
    Series {
        labels: Labels::from_pairs([("__name__", name)]),
        samples: times.iter().map(sample).collect(),
        ..Series::default()
    }
}

fn floats(floats: u64) -> Written {
    Written {
        floats,
        ..Written::default()
    }
}

#[tokio::test]
async fn every_protocol_reaches_the_store() {
    let bench = bench();
    let influx = Format::Influx {
        precision: influx::Precision::Milliseconds,
        db: "telegraf".into(),
    };
    let text = Format::Exposition {
        format: exposition::Format::PrometheusText004,
        timestamp: None,
    };
    let json = br#"{"metric":{"__name__":"c"},"values":[1,2],"timestamps":[1,2]}"#;
    for (format, body, expected) in [
        (
            Format::RemoteWrite(Version::V1),
            encode(Version::V1, &[series("a", &[1])]),
            1,
        ),
        (
            Format::RemoteWrite(Version::V2),
            encode(Version::V2, &[series("b", &[1])]),
            1,
        ),
        (Format::VmJson, json.to_vec(), 2),
        (influx, b"d,host=x f=1,g=\"text\" 1".to_vec(), 1),
        (text, b"e 5\n".to_vec(), 1),
    ] {
        let protocol = format.protocol();
        let outcome = bench.push(format, &body).await;
        assert_eq!(outcome.kind(), OutcomeKind::Stored, "{protocol}");
        assert_eq!(outcome.written(), floats(expected), "{protocol}");
        assert_eq!(outcome.message(), "");
    }
    assert_eq!(
        bench.store.shown(),
        [
            "a 1 @ 1",
            "b 1 @ 1",
            "c 1 @ 1",
            "c 2 @ 2",
            r#"d_f{db="telegraf", host="x"} 1 @ 1"#,
            "e 5 @ 1700000000000",
        ]
    );
    assert_eq!(bench.metrics.rejected("text_field"), 1);
}

#[tokio::test]
async fn each_kind_of_content_is_counted_for_its_header() {
    let bench = bench();
    let mut mixed = series("a", &[1, 2]);
    let histogram = Sample::histogram(Timestamp::from_millis(3), Arc::new(Histogram::default()));
    mixed.samples.push(histogram);
    mixed.exemplars.push(Exemplar {
        labels: Labels::from_pairs([("trace_id", "x")]),
        value: 1.0,
        timestamp: Timestamp::from_millis(1),
    });
    let expected = Written {
        floats: 2,
        histograms: 1,
        exemplars: 1,
    };
    assert_eq!(bench.push_series(&[mixed]).await.written(), expected);
}

async fn is_pending(mut future: Pin<&mut impl Future>) -> bool {
    poll_fn(|ctx| Poll::Ready(future.as_mut().poll(ctx).is_pending())).await
}

#[tokio::test]
async fn nothing_is_acknowledged_before_it_is_durable() {
    let bench = bench();
    bench.store.synced.forget_permits(usize::MAX);
    let series = [series("a", &[1])];
    let mut answer = std::pin::pin!(bench.push_series(&series));
    while bench.store.commits_awaited.load(Ordering::SeqCst) == 0 {
        assert!(is_pending(answer.as_mut()).await);
        tokio::task::yield_now().await;
    }
    assert!(is_pending(answer.as_mut()).await);
    assert_eq!(bench.store.shown(), ["a 1 @ 1"]);
    bench.store.synced.add_permits(1);
    assert_eq!(answer.await.kind(), OutcomeKind::Stored);
}

#[tokio::test]
async fn what_is_valid_is_stored_beside_what_is_not() {
    let bench = bench();
    let long = Labels::from_pairs([("__name__", "big"), ("b", &"x".repeat(10 << 20))]);
    let big = Series {
        labels: long,
        ..series("big", &[1, 2])
    };
    let outcome = bench.push_series(&[big, series("good", &[1])]).await;
    assert_eq!(outcome.kind(), OutcomeKind::PartlyRefused);
    assert!(!outcome.kind().is_retryable());
    assert_eq!(outcome.written(), floats(1));
    let message = outcome.message();
    assert!(message.starts_with(
        "refused 1, stored 1 samples, 0 histograms and 0 exemplars: series 0 big{b=\"xxx"
    ));
    assert!(message.ends_with("has 10485760 bytes, the limit is 64 KiB"));
    assert!(message.len() < 500 && !message.contains('\n'));
    assert_eq!(bench.store.shown(), ["good 1 @ 1"]);
    assert_eq!(bench.metrics.rejected("label_limit"), 2);
}

#[tokio::test]
async fn samples_outside_the_accepted_time_are_named() {
    let bench = bench();
    bench.store.lock().oldest = Timestamp::from_millis(10);
    bench.store.lock().latest = Timestamp::from_millis(20);
    let outcome = bench
        .push_series(&[series("a", &[9, 10]), series("b", &[20, 21, 22])])
        .await;
    assert_eq!(outcome.kind(), OutcomeKind::PartlyRefused);
    assert_eq!(outcome.written(), floats(2));
    assert_eq!(
        outcome.message(),
        "refused 3, stored 2 samples, 0 histograms and 0 exemplars: \
         a at 9 ms: the sample is older than the retention, which begins at 10 ms; \
         b at 21 ms: the sample is too far in the future, the latest accepted time is 20 ms; \
         and 1 more"
    );
    assert_eq!(bench.metrics.rejected("too_old"), 1);
    assert_eq!(bench.metrics.rejected("too_far_in_future"), 2);
}

#[tokio::test]
async fn a_bad_request_stores_nothing() {
    let bench = bench();
    let v1 = Format::RemoteWrite(Version::V1);
    let outcome = bench.push(v1.clone(), b"\x0a\x05garb").await;
    assert_eq!(outcome.kind(), OutcomeKind::Malformed);
    let push = |body: &'static [u8], encoding| Push {
        format: v1.clone(),
        encoding,
        body: body.into(),
        extra_labels: Labels::empty(),
    };
    for encoding in [Encoding::Snappy, Encoding::Gzip] {
        let outcome = bench.receiver.receive(push(b"\xff\xff", encoding)).await;
        assert_eq!(outcome.kind(), OutcomeKind::Malformed, "{encoding:?}");
    }
    assert_eq!(bench.store.lock().appends, 0);
}

#[tokio::test]
async fn bodies_beyond_a_limit_are_refused_with_the_limit_named() {
    let limits = Limits {
        body: ByteCount::KIB.times(64),
        decompressed: ByteCount::KIB.times(128),
        ..Limits::default()
    };
    let bench = bench_with(limits);
    let v2 = Format::RemoteWrite(Version::V2);
    let bomb = bench.push(v2, &vec![0; 1 << 20]).await;
    assert_eq!(bomb.kind(), OutcomeKind::TooLarge);
    assert_eq!(
        bomb.message(),
        "the decompressed body is larger than the limit of 128 KiB"
    );
    let long = bench.push(Format::VmJson, &vec![b' '; 65 << 10]).await;
    assert_eq!(long.kind(), OutcomeKind::TooLarge);
    assert_eq!(long.message(), "the body has 65 KiB, the limit is 64 KiB");
    assert_eq!(bench.store.lock().appends, 0);
}

#[tokio::test]
async fn too_many_waiting_bytes_are_refused_at_once() {
    let limits = Limits {
        pending: ByteCount::KIB,
        ..Limits::default()
    };
    let bench = bench_with(limits);
    let outcome = bench.push(Format::VmJson, &[b'\n'; 4096]).await;
    assert_eq!(outcome.kind(), OutcomeKind::Overloaded);
    assert!(outcome.kind().is_retryable());
    assert_eq!(
        outcome.message(),
        "the limit of 1 KiB of waiting bodies is reached"
    );
    let outcome = bench.push(Format::VmJson, b"\n").await;
    assert_eq!(
        outcome.kind(),
        OutcomeKind::Stored,
        "a small one still fits"
    );
}

#[tokio::test]
async fn errors_of_the_store_can_be_retried_and_claim_nothing_as_written() {
    for (kind, expected) in [
        (StorageErrorKind::Io, OutcomeKind::Failed),
        (StorageErrorKind::Overloaded, OutcomeKind::Overloaded),
        (StorageErrorKind::ReadOnly, OutcomeKind::NoSpace),
        (StorageErrorKind::Closed, OutcomeKind::Unavailable),
    ] {
        for at_commit in [false, true] {
            let bench = bench();
            match at_commit {
                true => bench.store.lock().commit_error = Some(kind),
                false => bench.store.lock().append_error = Some(kind),
            }
            let outcome = bench.push_series(&[series("a", &[1])]).await;
            assert_eq!(outcome.kind(), expected, "{kind:?} {at_commit}");
            assert!(outcome.kind().is_retryable());
            assert_eq!(outcome.written(), Written::default());
            assert_eq!(outcome.message(), format!("the store says {kind:?}"));
        }
    }
}

#[tokio::test]
async fn new_series_over_the_limit_do_not_stop_the_known_ones() {
    let bench = bench();
    bench.push_series(&[series("known", &[1])]).await;
    bench.store.lock().series_limit = 1;
    let outcome = bench
        .push_series(&[series("new", &[1, 2]), series("known", &[2])])
        .await;
    assert_eq!(outcome.kind(), OutcomeKind::SeriesLimit);
    assert_eq!(outcome.written(), floats(1));
    assert_eq!(bench.store.shown(), ["known 1 @ 1", "known 1 @ 2"]);
    assert_eq!(bench.metrics.rejected("series_limit"), 2);
}

#[tokio::test]
async fn a_series_that_vanishes_is_found_again_once() {
    let forget = |references: &[u64]| references.iter().copied().map(SeriesRef).collect();
    let bench = bench();
    let mut second = series("b", &[1, 2]);
    second.exemplars.push(Exemplar {
        labels: Labels::empty(),
        value: 1.0,
        timestamp: Timestamp::EPOCH,
    });
    bench.store.lock().forget = vec![forget(&[2])];
    let all = [series("a", &[1]), second, series("c", &[1])];
    let outcome = bench.push_series(&all).await;
    assert_eq!(outcome.kind(), OutcomeKind::Stored);
    assert_eq!(outcome.written().floats, 4);
    assert_eq!(
        bench.store.shown(),
        ["a 1 @ 1", "b 1 @ 1", "b 1 @ 2", "c 1 @ 1"]
    );
    assert_eq!(bench.store.lock().exemplars[0].0, SeriesRef(4));

    let again: Vec<BTreeSet<_>> = vec![forget(&[1]), forget(&[5]), forget(&[6])];
    bench.store.lock().forget = again;
    let outcome = bench.push_series(&all).await;
    assert_eq!(outcome.kind(), OutcomeKind::Overloaded);
}

#[tokio::test]
async fn waiting_for_the_disk_keeps_nobody_from_decoding() {
    let limits = Limits {
        concurrency: 1,
        ..Limits::default()
    };
    let bench = bench_with(limits);
    bench.store.synced.forget_permits(usize::MAX);
    let all = [series("a", &[1])];
    let mut first = std::pin::pin!(bench.push_series(&all));
    let mut second = std::pin::pin!(bench.push_series(&all));
    while bench.store.commits_awaited.load(Ordering::SeqCst) < 2 {
        assert!(is_pending(first.as_mut()).await);
        assert!(is_pending(second.as_mut()).await);
        tokio::task::yield_now().await;
    }
    bench.store.synced.add_permits(2);
    assert_eq!(first.await.kind(), OutcomeKind::Stored);
    assert_eq!(second.await.kind(), OutcomeKind::Stored);
}

#[tokio::test]
async fn what_another_receiver_decoded_is_written_the_same_way() {
    let bench = bench();
    let decoded = Decoded {
        series: vec![series("a", &[1])],
        ..Decoded::default()
    };
    let outcome = bench.receiver.write("otlp", decoded).await;
    assert_eq!(outcome.kind(), OutcomeKind::Stored);
    assert_eq!(bench.store.shown(), ["a 1 @ 1"]);
}

#[tokio::test]
async fn a_large_push_is_split_and_its_refusals_keep_their_names() {
    let bench = bench();
    bench.store.lock().oldest = Timestamp::from_millis(1);
    let mut times: Vec<i64> = (1..30_001).collect();
    times[20_000] = 0;
    let outcome = bench
        .push_series(&[series("a", &[1]), series("b", &times), series("c", &[1])])
        .await;
    assert_eq!(outcome.written(), floats(30_001));
    assert!(outcome.message().contains("exemplars: b at 0 ms: "));
    assert_eq!(bench.store.lock().appends, 2);
}

#[tokio::test]
async fn metadata_by_family_waits_for_a_series() {
    let bench = bench();
    let metadata = Metadata {
        metric_type: MetricType::Histogram,
        unit: String::new(),
        help: "How long it takes".into(),
    };
    let families = encode_families(&[("http_seconds".into(), metadata.clone())]);
    let v1 = Format::RemoteWrite(Version::V1);
    let outcome = bench.push(v1, &families).await;
    assert_eq!(outcome.kind(), OutcomeKind::Stored);
    assert_eq!(bench.store.lock().metadata, []);
    let of_family = [series("up", &[1]), series("http_seconds_bucket", &[1])];
    bench.push_series(&of_family).await;
    assert_eq!(bench.store.lock().metadata, [(SeriesRef(2), metadata)]);
    bench.push_series(&of_family).await;
    assert_eq!(bench.store.lock().metadata.len(), 1, "told once");
    // A series that is recognised hears of news all the same.
    let other = Metadata::default();
    let families = encode_families(&[("http_seconds".into(), other.clone())]);
    bench
        .push(Format::RemoteWrite(Version::V1), &families)
        .await;
    bench.push_series(&of_family).await;
    assert_eq!(bench.store.lock().metadata[1..], [(SeriesRef(2), other)]);
}

#[tokio::test]
async fn what_the_store_did_not_take_is_not_recognised() {
    let bench = bench();
    let metadata = Metadata {
        metric_type: MetricType::Gauge,
        unit: String::new(),
        help: "How much there is".into(),
    };
    let mut gauge = series("a", &[1]);
    gauge.metadata = Some(metadata.clone());
    let body = encode(Version::V2, &[gauge]);
    bench.store.lock().append_error = Some(StorageErrorKind::Overloaded);
    let outcome = bench.push(Format::RemoteWrite(Version::V2), &body).await;
    assert_eq!(outcome.kind(), OutcomeKind::Overloaded);
    bench.store.lock().append_error = None;
    let outcome = bench.push(Format::RemoteWrite(Version::V2), &body).await;
    assert_eq!(outcome.kind(), OutcomeKind::Stored);
    assert_eq!(bench.store.lock().metadata, [(SeriesRef(1), metadata)]);
}

#[tokio::test]
async fn a_series_that_is_recognised_and_gone_is_decoded_again() {
    for version in [Version::V1, Version::V2] {
        let bench = bench();
        let body = |time| encode(version, &[series("a", &[time]), series("b", &[time])]);
        let push = async |time| {
            let format = Format::RemoteWrite(version);
            bench.push(format, &body(time)).await
        };
        for time in [1, 2] {
            assert_eq!(push(time).await.kind(), OutcomeKind::Stored);
        }
        // One append for the request that was recognised, two for the one after the store forgot a series.
        assert_eq!(bench.store.lock().appends, 2);
        bench.store.lock().forget = vec![BTreeSet::from([SeriesRef(1)])];
        let outcome = push(3).await;
        assert_eq!(outcome.kind(), OutcomeKind::Stored);
        assert_eq!(outcome.written(), floats(2));
        assert_eq!(bench.store.lock().appends, 4);
        assert_eq!(push(4).await.written(), floats(2));
        assert_eq!(bench.store.lock().appends, 5);
        let state = bench.store.lock();
        let of = |id| {
            state
                .samples
                .iter()
                .filter(move |(found, _)| *found == SeriesRef(id))
        };
        let times = of(3).map(|(_, sample)| sample.timestamp.millis());
        assert_eq!(times.collect::<Vec<_>>(), [3, 4]);
    }
}

#[tokio::test]
async fn extra_labels_do_not_meet_what_was_recognised() {
    let bench = bench();
    let body = encode(Version::V1, &[series("a", &[1])]);
    let format = Format::RemoteWrite(Version::V1);
    bench.push(format.clone(), &body).await;
    let push = Push {
        format,
        encoding: Encoding::Snappy,
        body: snappy(&body).into(),
        extra_labels: Labels::from_pairs([("region", "x")]),
    };
    bench.receiver.receive(push).await;
    assert_eq!(bench.store.shown(), ["a 1 @ 1", r#"a{region="x"} 1 @ 1"#]);
}

#[tokio::test]
async fn what_is_recognised_and_refused_is_named() {
    let bench = bench();
    bench.push_series(&[series("a", &[5])]).await;
    bench.store.lock().oldest = Timestamp::from_millis(5);
    let outcome = bench.push_series(&[series("a", &[4])]).await;
    assert_eq!(outcome.kind(), OutcomeKind::PartlyRefused);
    assert!(
        outcome.message().contains("a at 4 ms"),
        "{}",
        outcome.message()
    );
}

#[tokio::test]
async fn extra_labels_replace_and_count_against_the_limit() {
    let mut limits = Limits::default();
    limits.decode.labels.count = 2;
    let bench = bench_with(limits);
    let push = Push {
        format: Format::Exposition {
            format: exposition::Format::PrometheusText004,
            timestamp: Some(Timestamp::from_millis(7)),
        },
        encoding: Encoding::Identity,
        body: "a{site=\"old\"} 1\nb 1\nc{other=\"x\"} 1\n".into(),
        extra_labels: Labels::from_pairs([("site", "north")]),
    };
    let outcome = bench.receiver.receive(push).await;
    assert_eq!(
        bench.store.shown(),
        [r#"a{site="north"} 1 @ 7"#, r#"b{site="north"} 1 @ 7"#]
    );
    assert!(outcome.message().ends_with("3 labels, the limit is 2"));
}

#[tokio::test]
async fn counts_itself_under_documented_names() {
    let bench = bench();
    let registry = Registry::new();
    bench.metrics.register(&registry);
    bench.push_series(&[series("a", &[1, 2])]).await;
    bench.push(Format::VmJson, b"{}\n{}\n").await;
    let text = registry.render();
    for line in [
        r#"plimsoll_push_samples_total{protocol="remote_write_2"} 2"#,
        r#"plimsoll_push_requests_total{protocol="remote_write_2",outcome="stored"} 1"#,
        r#"plimsoll_push_requests_total{protocol="vm_json",outcome="partly_refused"} 1"#,
        r#"plimsoll_push_rejected_samples_total{reason="syntax"} 2"#,
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}
