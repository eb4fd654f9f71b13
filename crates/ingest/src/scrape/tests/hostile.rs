//! Targets that mean harm, stores that fail, clocks that jump: what is kept stays bounded, and every series ends once.

use std::sync::atomic::{AtomicBool, Ordering};

use plimsoll_types::{Appended, SeriesRef, StorageError};

use super::*;

#[tokio::test]
async fn endless_new_names_in_scrapes_that_fail_leave_nothing_behind() {
    let mut target = Loop::new();
    let drop_all = RelabelConfig::new(RuleParts {
        source_labels: vec!["__name__".into()],
        regex: "dropped.*".into(),
        action: crate::relabel::Action::Drop,
        ..RuleParts::default()
    });
    Arc::make_mut(&mut target.runner.rules).metric_relabel = vec![drop_all.unwrap()];
    assert!(target.scrape(Ok("a 1\n")).await);
    let lines = |target: &Loop| Memory::with(&target.runner.memory, |memory| memory.line_count());
    for round in 0..20 {
        let body =
            format!("kept{round} 1\ndropped{round} 1\n# HELP x{round} y\nbroken{round} {{\n");
        assert!(!target.scrape(Ok(&body)).await);
        assert_eq!(lines(&target), 1);
    }
    for round in 0..20 {
        assert!(
            target
                .scrape(Ok(&format!("kept{round} 1\ndropped{round} 1\n")))
                .await
        );
        assert_eq!(lines(&target), 2);
    }
}

#[test]
fn a_million_labels_are_refused_before_they_are_relabelled() {
    let mut bench = Bench::new();
    let labels: String = (0..1_000_000).map(|i| format!("l{i}=\"1\",")).collect();
    bench.fails(
        &format!("a{{{labels}}} 1\n"),
        "1000001 labels are more than",
    );
    assert_eq!(bench.store.series_count(), 0);
    bench.fails(
        &format!("a{{x=\"{}\"}} 1\n", "v".repeat(10 << 20)),
        "more than label_value_length_limit 65536",
    );
    bench.fails("a{\"\"=\"1\"} 1\n", "");
}

#[test]
fn long_help_is_cut() {
    let mut bench = Bench::new();
    let help = "\u{e4}".repeat(1 << 20);
    bench.scrape(&format!("# HELP a {help}\na 1\n")).unwrap();
    let found = bench.store.metadata(None, 1).unwrap();
    assert_eq!(found[0].1[0].help, "\u{e4}".repeat(512));
}

#[test]
fn exemplars_that_are_too_long_cost_no_sample() {
    let mut bench = Bench::new();
    let target = Labels::empty();
    let harvest = Harvest {
        rules: &bench.rules,
        target: &target,
        appender: &bench.store,
        now: Timestamp::from_millis(1),
        end: Timestamp::from_millis(1),
    };
    let body = format!(
        "# TYPE a counter\na_total{{x=\"1\"}} 1 # {{t=\"1\"}} 1\na_total{{x=\"2\"}} 1 # {{t=\"{}\"}} 1\n# EOF\n",
        "\u{e4}".repeat(128)
    );
    let mut batch = WriteBatch::default();
    let format = Format::OpenMetricsText100;
    let (counted, reaped) = harvest.reap(&mut bench.cache, format, body.as_bytes(), &mut batch);
    reaped.unwrap();
    assert_eq!((counted.kept, counted.exemplars_skipped), (2, 1));
    assert_eq!((batch.samples.len(), batch.exemplars.len()), (2, 1));
}

#[test]
fn of_series_that_relabelling_makes_the_same_the_first_counts() {
    let mut bench = Bench::new();
    let rule = RelabelConfig::new(RuleParts {
        regex: "x".into(),
        action: crate::relabel::Action::LabelDrop,
        ..RuleParts::default()
    });
    bench.rules.metric_relabel = vec![rule.unwrap()];
    for _ in 0..3 {
        let counted = bench.scrape("a{x=\"1\"} 1\na{x=\"2\"} 2\n").unwrap();
        assert_eq!((counted.kept, counted.repeated), (1, 1));
    }
    bench.scrape("a{x=\"2\"} 2\n").unwrap();
    let expected = at(&[(1000, "1"), (2000, "1"), (3000, "1"), (4000, "2")]);
    assert_eq!(bench.samples(r#"a{job="j"}"#), expected);
}

#[test]
fn a_sample_limit_counts_to_the_end_of_the_body() {
    let mut bench = Bench::new();
    bench.rules.limits.sample = Some(2);
    let target = Labels::empty();
    let harvest = Harvest {
        rules: &bench.rules,
        target: &target,
        appender: &bench.store,
        now: Timestamp::from_millis(1),
        end: Timestamp::from_millis(1),
    };
    let mut batch = WriteBatch::default();
    let format = Format::PrometheusText004;
    let body = b"a 1\nb 1\nc 1\nd 1\n";
    let (counted, reaped) = harvest.reap(&mut bench.cache, format, body, &mut batch);
    assert!(reaped.unwrap_err().to_string().contains("sample_limit 2"));
    assert_eq!((counted.scraped, counted.kept, counted.added), (4, 4, 0));
    assert!(batch.is_empty());
    assert_eq!(bench.cache.len(), 0);
}

#[tokio::test]
async fn a_marker_that_could_not_be_stored_is_stored_later() {
    let target = Loop::new();
    assert!(target.scrape(Ok("a 1\nb 1\n")).await);
    target.store.set_failure(Some(StorageErrorKind::Overloaded));
    assert!(!target.scrape(Ok("a 2\n")).await);
    target.store.set_failure(None);
    assert!(target.scrape(Ok("a 3\n")).await);
    assert!(target.scrape(Ok("a 4\n")).await);
    assert_eq!(target.values("b"), ["1", "stale"]);
    assert_eq!(target.values("a"), ["1", "3", "4"]);
}

#[tokio::test]
async fn a_clock_set_back_does_not_end_series_in_their_past() {
    let target = Loop::new();
    assert!(target.scrape(Ok("a 1\nb 1\n")).await);
    target.clock.jump_to(Timestamp::from_millis(50_000));
    assert!(target.scrape(Ok("a 2\n")).await);
    let b = target
        .store
        .dump()
        .remove(r#"b{instance="i", job="j"}"#)
        .unwrap();
    assert_eq!(b, at(&[(110_000, "1"), (110_001, "stale")]));
    assert_eq!(target.values("a"), ["2", "1"]);
}

/// A store that panics when told to.
struct Panicking(MemoryStore, Arc<AtomicBool>);

impl Appender for Panicking {
    fn resolve(&self, labels: &Labels) -> Result<SeriesRef, StorageError> {
        let is_new = labels.metric_name() == Some("evil");
        assert!(!(is_new && self.1.load(Ordering::SeqCst)), "told to");
        self.0.resolve(labels)
    }

    fn append(&self, batch: &WriteBatch, durability: Durability) -> Result<Appended, StorageError> {
        self.0.append(batch, durability)
    }
}

#[tokio::test]
async fn a_panic_brings_the_target_down_and_not_for_ever() {
    let mut target = Loop::new();
    let panics = Arc::new(AtomicBool::new(true));
    target.runner.around.appender = Arc::new(Panicking(target.store.clone(), panics.clone()));
    assert!(target.scrape(Ok("a 1\nb 1\n")).await);
    assert!(!target.scrape(Ok("a 2\nevil 1\n")).await);
    panics.store(false, Ordering::SeqCst);
    assert!(target.scrape(Ok("a 3\nevil 2\n")).await);
    assert_eq!(target.values("up"), ["1", "0", "1"]);
    assert_eq!(target.values("a"), ["1", "stale", "3"]);
    assert_eq!(target.values("b"), ["1", "stale"]);
    assert_eq!(target.values("evil"), ["2"]);
}

#[tokio::test]
async fn a_source_that_hangs_takes_one_thread() {
    let (registry, clock) = (Registry::new(), FakeClock::new(Timestamp::EPOCH));
    let tasks = Tasks::new(Shutdown::new(), Arc::new(clock), &registry);
    let (release, wait) = std::sync::mpsc::sync_channel::<()>(0);
    let wait = Mutex::new(wait);
    let (begun, mut has_begun) = tokio::sync::mpsc::channel(1);
    let fetch =
        super::super::fetch::InternalFetch::new(Format::PrometheusText004, tasks, move || {
            begun.try_send(()).unwrap();
            let _ = wait.lock().unwrap().recv();
            "a 1\n".into()
        });
    let timeout = Duration::from_secs(1);
    {
        let mut first = fetch.fetch(timeout);
        tokio::select! {
            _ = &mut first => panic!("it hangs"),
            _ = has_begun.recv() => {}
        }
    }
    let error = fetch.fetch(timeout).await.unwrap_err().to_string();
    assert_eq!(error, "the collection before still runs");
    drop(release);
}
