//! Harvesting and reporting against a store in memory, and whole loops against a target on loopback.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_testkit::{FakeClock, MemoryStore};
use plimsoll_types::{
    Appender, Durability, Labels, Queryable, StorageErrorKind, Timestamp, WriteBatch,
};
use plimsoll_wire::exposition::Format;

mod hostile;
mod model;

use super::cache::Cache;
use super::fetch::{Fetch, FetchError, Fetched, Fetching};
use super::harvest::{Counted, Harvest, HarvestError};
use super::rules::Rules;
use super::runner::{Runner, Surroundings};
use super::target::Target;
use super::work::{Memory, bury};
use crate::config::ScrapeLimits;
use crate::relabel::{RelabelConfig, RuleParts};

/// A target with its cache, scraped by hand.
struct Bench {
    store: MemoryStore,
    cache: Cache,
    rules: Rules,
    now: i64,
}

impl Bench {
    fn new() -> Self {
        Self {
            store: MemoryStore::new(),
            cache: Cache::default(),
            rules: Rules::internal(),
            now: 0,
        }
    }

    /// Scrapes `body` one second after the time before.
    fn scrape(&mut self, body: &str) -> Result<Counted, HarvestError> {
        self.now += 1000;
        let target = Labels::from_pairs([("job", "j")]);
        let harvest = Harvest {
            rules: &self.rules,
            target: &target,
            appender: &self.store,
            now: Timestamp::from_millis(self.now),
            end: Timestamp::from_millis(self.now),
        };
        let mut batch = WriteBatch::default();
        let format = Format::PrometheusText004;
        let (counted, reaped) = harvest.reap(&mut self.cache, format, body.as_bytes(), &mut batch);
        self.store.append(&batch, Durability::Periodic).unwrap();
        reaped.map(|()| counted)
    }

    fn fails(&mut self, body: &str, expected: &str) {
        let error = self.scrape(body).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    fn samples(&self, series: &str) -> Vec<(i64, String)> {
        self.store.dump().remove(series).unwrap_or_default()
    }
}

fn at(points: &[(i64, &str)]) -> Vec<(i64, String)> {
    points.iter().map(|(t, v)| (*t, (*v).to_string())).collect()
}

#[test]
fn a_series_that_goes_is_ended_once() {
    let mut bench = Bench::new();
    bench.scrape("a 1\nb 1\n").unwrap();
    bench.scrape("a 2\n").unwrap();
    bench.scrape("a 3\n").unwrap();
    bench.scrape("a 4\nb 4\n").unwrap();
    assert_eq!(
        bench.samples(r#"a{job="j"}"#),
        at(&[(1000, "1"), (2000, "2"), (3000, "3"), (4000, "4")])
    );
    assert_eq!(
        bench.samples(r#"b{job="j"}"#),
        at(&[(1000, "1"), (2000, "stale"), (4000, "4")])
    );
}

#[test]
fn a_broken_body_brings_nothing_and_ends_everything() {
    let mut bench = Bench::new();
    bench.scrape("a 1\n").unwrap();
    bench.fails("a 2\nb 2\nc {\n", "");
    bench.fails("a 3\nc {\n", "");
    bench.scrape("a 4\n").unwrap();
    assert_eq!(
        bench.samples(r#"a{job="j"}"#),
        at(&[(1000, "1"), (2000, "stale"), (4000, "4")])
    );
    assert_eq!(bench.samples(r#"b{job="j"}"#), at(&[]));
    assert_eq!(
        bench.store.series_count(),
        1,
        "series of a failed scrape leave no trace"
    );
}

#[test]
fn the_same_series_under_another_spelling_is_not_ended() {
    let mut bench = Bench::new();
    bench.scrape("a{x=\"1\",y=\"2\"} 1\n").unwrap();
    bench.scrape("a{y=\"2\",x=\"1\"} 2\n").unwrap();
    assert_eq!(
        bench.samples(r#"a{job="j", x="1", y="2"}"#),
        at(&[(1000, "1"), (2000, "2")])
    );
}

#[test]
fn a_repeated_line_counts_once() {
    let mut bench = Bench::new();
    let counted = bench.scrape("a 1\na 2\n").unwrap();
    assert_eq!((counted.scraped, counted.kept, counted.repeated), (2, 1, 1));
    let counted = bench.scrape("a 3\na 4\n").unwrap();
    assert_eq!((counted.kept, counted.added, counted.repeated), (1, 0, 1));
    assert_eq!(
        bench.samples(r#"a{job="j"}"#),
        at(&[(1000, "1"), (2000, "3")])
    );
}

#[test]
fn explicit_timestamps_are_used_and_never_ended() {
    let mut bench = Bench::new();
    bench.scrape("a 1 10\na 2 20\n").unwrap();
    bench.scrape("b 1\n").unwrap();
    assert_eq!(bench.samples(r#"a{job="j"}"#), at(&[(10, "1"), (20, "2")]));
    bench.rules.honors_timestamps = false;
    bench.scrape("c 1 10\n").unwrap();
    bench.scrape("b 1\n").unwrap();
    assert_eq!(
        bench.samples(r#"c{job="j"}"#),
        at(&[(3000, "1"), (4000, "stale")])
    );
}

#[test]
fn metric_relabelling_drops_and_renames() {
    let mut bench = Bench::new();
    let rule = |parts| RelabelConfig::new(parts).unwrap();
    bench.rules.metric_relabel = vec![
        rule(RuleParts {
            source_labels: vec!["__name__".into()],
            regex: "secret.*".into(),
            action: crate::relabel::Action::Drop,
            ..RuleParts::default()
        }),
        rule(RuleParts {
            source_labels: vec!["__name__".into()],
            regex: "old_(.*)".into(),
            target_label: "__name__".into(),
            replacement: "new_$1".into(),
            ..RuleParts::default()
        }),
    ];
    for round in 1..=2 {
        let counted = bench.scrape("secret_a 1\nold_b 2\n").unwrap();
        assert_eq!((counted.scraped, counted.kept), (2, 1), "round {round}");
    }
    assert_eq!(bench.store.series_count(), 1);
    assert_eq!(
        bench.samples(r#"new_b{job="j"}"#),
        at(&[(1000, "2"), (2000, "2")])
    );
}

#[test]
fn limits_fail_the_scrape_and_say_which() {
    let check = |limits: ScrapeLimits, body: &str, expected: &str| {
        let mut bench = Bench::new();
        bench.rules.limits = limits;
        bench.scrape("fine 1\n").unwrap();
        bench.fails(body, expected);
        assert_eq!(bench.store.series_count(), 1);
        assert_eq!(
            bench.samples(r#"fine{job="j"}"#),
            at(&[(1000, "1"), (2000, "stale")])
        );
    };
    let none = ScrapeLimits::default();
    check(
        ScrapeLimits {
            sample: Some(2),
            ..none
        },
        "a 1\nb 1\nc 1\n",
        "sample_limit 2",
    );
    check(
        ScrapeLimits {
            label: Some(3),
            ..none
        },
        "a{x=\"1\",y=\"2\"} 1\n",
        "4 labels are more than label_limit 3",
    );
    check(
        ScrapeLimits {
            label_name_length: Some(8),
            ..none
        },
        "a{too_long_a_name=\"\",long_names=\"1\"} 1\n",
        "label_name_length_limit 8",
    );
    check(
        ScrapeLimits {
            label_value_length: Some(4),
            ..none
        },
        "a{x=\"12345\"} 1\n",
        "more than label_value_length_limit 4",
    );
}

#[test]
fn a_million_series_are_refused_by_the_limit_per_metric() {
    let mut bench = Bench::new();
    bench.rules.metric_series_max = 100_000;
    let body: String = (0..1_000_000)
        .map(|i| format!("m{{i=\"{i}\"}} 1\n"))
        .collect();
    bench.fails(
        &body,
        "more series of the metric m than the limit of 100000",
    );
    assert_eq!(bench.store.series_count(), 0);
}

#[test]
fn metadata_follows_its_series_and_its_changes() {
    let mut bench = Bench::new();
    bench
        .scrape("# HELP a_total one\n# TYPE a_total counter\na_total 1\nalone 1\n")
        .unwrap();
    let help = |bench: &Bench| {
        let found = bench.store.metadata(None, 10).unwrap();
        found
            .into_iter()
            .map(|(name, list)| (name, list[0].help.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(help(&bench), [("a_total".to_string(), "one".to_string())]);
    bench
        .scrape("# HELP a_total two\n# TYPE a_total counter\na_total 1\nalone 1\n")
        .unwrap();
    assert_eq!(help(&bench), [("a_total".to_string(), "two".to_string())]);
}

/// A target whose answers are given one by one.
#[derive(Clone, Default)]
struct Script(Arc<Mutex<Vec<Result<String, ()>>>>);

impl Fetch for Script {
    fn fetch(&self, _timeout: Duration) -> Fetching<'_> {
        let next = self.0.lock().unwrap().remove(0);
        Box::pin(std::future::ready(match next {
            Ok(body) => Ok(Fetched::plain(Format::PrometheusText004, body)),
            Err(()) => Err(FetchError::Status(http::StatusCode::BAD_GATEWAY)),
        }))
    }
}

struct Loop {
    runner: Runner,
    store: MemoryStore,
    clock: FakeClock,
    script: Script,
}

impl Loop {
    fn new() -> Self {
        let (store, clock, script) = (
            MemoryStore::new(),
            FakeClock::new(Timestamp::from_millis(100_000)),
            Script::default(),
        );
        let registry = Registry::new();
        let tasks = Tasks::new(Shutdown::new(), Arc::new(clock.clone()), &registry);
        let target = Target {
            labels: Labels::from_pairs([("job", "j"), ("instance", "i")]),
            url: "http://127.0.0.1:1/metrics".parse().unwrap(),
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(10),
        };
        let runner = Runner {
            target: Arc::new(target),
            rules: Arc::new(Rules::internal()),
            fetch: Arc::new(script.clone()),
            memory: Arc::new(Mutex::new(Memory::default())),
            is_over_limit: Arc::default(),
            progress: Default::default(),
            around: Surroundings {
                appender: Arc::new(store.clone()),
                clock: Arc::new(clock.clone()),
                tasks,
                metrics: super::Metrics::new(&registry),
                overview: super::Overview::default(),
            },
        };
        Self {
            runner,
            store,
            clock,
            script,
        }
    }

    async fn scrape(&self, answer: Result<&str, ()>) -> bool {
        self.script.0.lock().unwrap().push(answer.map(String::from));
        self.clock.advance(Duration::from_secs(10));
        let due = plimsoll_runtime::clock::Clock::now(&self.clock);
        self.runner.scrape(due).await.is_ok()
    }

    fn values(&self, name: &str) -> Vec<String> {
        let series = format!(r#"{name}{{instance="i", job="j"}}"#);
        self.store
            .dump()
            .remove(&series)
            .unwrap_or_default()
            .into_iter()
            .map(|(_, v)| v)
            .collect()
    }
}

#[tokio::test]
async fn up_tells_what_happened() {
    let target = Loop::new();
    assert!(target.scrape(Ok("a 1\nb 1\n")).await);
    assert!(!target.scrape(Err(())).await);
    assert!(!target.scrape(Ok("a 1\nb {\n")).await);
    assert!(target.scrape(Ok("a 4\n")).await);
    assert_eq!(target.values("up"), ["1", "0", "0", "1"]);
    assert_eq!(target.values("a"), ["1", "stale", "4"]);
    assert_eq!(target.values("b"), ["1", "stale"]);
    assert_eq!(
        target.values("scrape_samples_scraped"),
        ["2", "0", "1", "1"]
    );
    assert_eq!(target.values("scrape_series_added"), ["2", "0", "0", "0"]);
}

#[tokio::test]
async fn a_store_that_forgot_its_series_is_told_again() {
    let target = Loop::new();
    assert!(target.scrape(Ok("a 1\n")).await);
    target.store.forget_refs();
    assert!(target.scrape(Ok("a 2\n")).await);
    assert_eq!(target.values("a"), ["1", "2"]);
    assert_eq!(target.values("up"), ["1", "1"]);
}

#[tokio::test]
async fn a_store_that_takes_nothing_loses_one_scrape_only() {
    let target = Loop::new();
    target.store.set_failure(Some(StorageErrorKind::ReadOnly));
    assert!(!target.scrape(Ok("a 1\n")).await);
    target.store.set_failure(None);
    assert!(target.scrape(Ok("a 2\n")).await);
    assert_eq!(target.values("a"), ["2"]);
}

#[tokio::test]
async fn a_target_that_is_gone_takes_its_series_with_it() {
    let target = Loop::new();
    target.scrape(Ok("a 1\n")).await;
    let runner = &target.runner;
    bury(
        &runner.target,
        &runner.rules,
        &runner.memory,
        &target.store,
        Timestamp::from_millis(200_000),
    );
    assert_eq!(target.values("a"), ["1", "stale"]);
    assert_eq!(target.values("up"), ["1", "stale"]);
}
