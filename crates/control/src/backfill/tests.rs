use std::fs;

use plimsoll_promql::{Control, Engine, Features, Value, parse, parse_points};
use plimsoll_testkit::MemoryStore;
use plimsoll_types::{Appender, Durability, Queryable, WriteBatch};

use super::*;

/// A store that is asked and written into.
struct Local {
    engine: Engine,
    store: MemoryStore,
    asked: usize,
}

impl Local {
    /// Holds one series with a value a minute.
    fn new(values: &str) -> Self {
        let local = Self {
            engine: Engine::default(),
            store: MemoryStore::new(),
            asked: 0,
        };
        let points = parse_points(values).unwrap().into_iter().enumerate();
        let samples = points.filter_map(|(index, point)| match point? {
            plimsoll_promql::SeriesPoint::Float(value) => {
                let at = Timestamp::from_millis(60_000 * index as i64);
                Some((
                    Labels::from_pairs([("__name__", "a")]),
                    Sample::float(at, value),
                ))
            }
            plimsoll_promql::SeriesPoint::Histogram { .. } => None,
        });
        write(&local.store, samples.collect());
        local
    }

    /// Returns the samples of a metric as text, times in seconds.
    fn shown(&self, metric: &str) -> Vec<String> {
        let dump = self.store.dump();
        let found = dump.iter().filter(|(labels, _)| labels.starts_with(metric));
        let samples = found.flat_map(|(_, samples)| samples);
        samples
            .map(|(time, value)| format!("{}:{value}", time / 1000))
            .collect()
    }
}

fn write(store: &MemoryStore, samples: Vec<(Labels, Sample)>) {
    let samples = samples.into_iter();
    let samples = samples.map(|(labels, sample)| (store.resolve(&labels).unwrap(), sample));
    let batch = WriteBatch {
        samples: samples.collect(),
        ..WriteBatch::default()
    };
    store.append(&batch, Durability::Periodic).unwrap();
}

struct Asked<'a>(&'a mut Local);
struct Written(MemoryStore);

impl Past for Asked<'_> {
    fn range(
        &mut self,
        expr: &Expr,
        start: Timestamp,
        end: Timestamp,
        step: Duration,
    ) -> Result<Vec<RangeSeries>, String> {
        self.0.asked += 1;
        let result =
            self.0
                .engine
                .range(&self.0.store, expr, start, end, step, &Control::unlimited());
        match result.map_err(|error| error.to_string())?.value {
            Value::Matrix(series) => Ok(series),
            other => panic!("{other:?}"),
        }
    }
}

impl Target for Written {
    fn write(&mut self, samples: Vec<(Labels, Sample)>) -> Result<(), String> {
        write(&self.0, samples);
        Ok(())
    }
}

fn rules(text: &str) -> RuleSet {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rules.yml");
    fs::write(&path, text).unwrap();
    let mut set = RuleSet::load(&[path], &Features::default()).unwrap();
    // The slots of a group depend on its path, which a temporary folder makes anew each time.
    for group in &mut set.groups {
        group.file = "rules.yml".into();
    }
    set
}

fn run(local: &mut Local, set: &RuleSet, minutes: i64) -> Summary {
    let span = Span {
        start: Timestamp::EPOCH,
        end: Timestamp::from_millis(60_000 * minutes),
        interval: Duration::from_secs(60),
    };
    let mut target = Written(local.store.clone());
    backfill(set, span, &mut Asked(local), &mut target, &mut |_| {}).unwrap()
}

/// Returns how many milliseconds the group's slots lie after the minute.
fn phase(name: &str) -> i64 {
    let key = GroupKey::new("rules.yml", name);
    let schedule = Schedule::new(&key, Duration::from_secs(60));
    schedule
        .slot_at(Timestamp::from_millis(60_000))
        .millis()
        .rem_euclid(60_000)
}

#[test]
fn rules_write_what_they_would_have_written_and_end_their_series() {
    let mut local = Local::new("1 2 stale _x9 3");
    let set = rules(
        "groups:\n- name: g\n  rules:\n  - {record: b, expr: a * 2, labels: {x: y}}\n  - {alert: A, expr: a}\n",
    );
    let summary = run(&mut local, &set, 14);
    assert_eq!((summary.rules, summary.alerts, summary.failed), (1, 1, 0));
    let phase = phase("g") as f64 / 1000.0;
    let at = |minute: i64| (60.0 * minute as f64 + phase).floor() as i64;
    let expected = [
        format!("{}:2", at(0)),
        format!("{}:4", at(1)),
        format!("{}:stale", at(2)),
        format!("{}:6", at(12)),
        format!("{}:6", at(13)),
    ];
    let shown = local.shown("b{x=\"y\"}");
    assert_eq!(shown[..5], expected, "{shown:?}");
    assert_eq!(summary.samples, shown.len() as u64);
}

#[test]
fn twice_is_once() {
    let mut local = Local::new("1+1x300");
    let set = rules(
        "groups:\n- name: g\n  rules:\n  - {record: b, expr: a}\n  - {record: c, expr: 'sum_over_time(b[10m])'}\n",
    );
    let first = run(&mut local, &set, 300);
    let before = (local.shown("b"), local.shown("c"));
    assert_eq!(run(&mut local, &set, 300), first);
    assert_eq!((local.shown("b"), local.shown("c")), before);
    // Windows of two hours, not one query per slot.
    assert!(local.asked <= 2 * 2 * 3, "{}", local.asked);
}

#[test]
fn rules_see_what_rules_before_them_wrote() {
    let mut local = Local::new("1x200");
    let set = rules(
        "groups:\n- name: g\n  rules:\n  - {record: b, expr: a + 1}\n  - {record: c, expr: b + 1}\n- name: h\n  rules:\n  - {record: d, expr: 'max_over_time(c[5m]) + 1'}\n",
    );
    run(&mut local, &set, 200);
    assert!(
        local
            .shown("d")
            .iter()
            .skip(1)
            .all(|shown| shown.ends_with(":4")),
        "{:?}",
        local.shown("d")
    );
    assert!(local.shown("d").len() > 195);
}

#[test]
fn a_rule_that_reads_itself_goes_slot_by_slot() {
    let mut local = Local::new("1x5");
    let set = rules("groups:\n- name: g\n  rules:\n  - {record: b, expr: (b or vector(0)) + 1}\n");
    run(&mut local, &set, 5);
    let values: Vec<String> = local
        .shown("b")
        .iter()
        .map(|shown| shown.split(':').next_back().unwrap().into())
        .collect();
    assert_eq!(values[..5], ["1", "2", "3", "4", "5"]);
    let expr = parse("sum(rate({__name__=~\"a|b\"}[5m]))").unwrap();
    assert!(may_read(&expr, "b") && !may_read(&expr, "c"));
}

#[test]
fn an_evaluation_that_fails_stores_nothing_and_is_told() {
    let mut local = Local::new("1x5");
    let set = rules(
        "groups:\n- name: g\n  limit: 1\n  rules:\n  - {record: b, expr: 'a or label_replace(a > 0, \"x\", \"y\", \"\", \"\")'}\n",
    );
    let summary = run(&mut local, &set, 4);
    assert_eq!((summary.samples, local.shown("b").len()), (0, 0));
    assert!(summary.failed >= 4);
    assert!(
        summary.failures[0].contains("exceeded limit of 1 with 2 series"),
        "{:?}",
        summary.failures
    );
    let names = local
        .store
        .label_names(&[], plimsoll_types::TimeRange::ALL, 9)
        .unwrap();
    assert_eq!(names, ["__name__"]);
}

#[test]
fn what_cannot_be_asked_ends_it() {
    struct Away;
    impl Past for Away {
        fn range(
            &mut self,
            _: &Expr,
            _: Timestamp,
            _: Timestamp,
            _: Duration,
        ) -> Result<Vec<RangeSeries>, String> {
            Err("away".into())
        }
    }
    let set = rules("groups:\n- name: g\n  rules:\n  - {record: b, expr: a}\n");
    let span = Span {
        start: Timestamp::EPOCH,
        end: Timestamp::from_millis(600_000),
        interval: Duration::from_secs(60),
    };
    let mut target = Written(MemoryStore::new());
    let error = backfill(&set, span, &mut Away, &mut target, &mut |_| {}).unwrap_err();
    assert_eq!(error, "rules.yml: g: b: away");
}
