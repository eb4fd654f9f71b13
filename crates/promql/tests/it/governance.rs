//! What a query may take, what it says about itself, and that rewriting it changes nothing.

use std::time::Duration;

use plimsoll_promql::{
    Control, Engine, MemoryBudget, Options, PlanNode, QueryErrorKind, QueryResult, Value, parse,
};
use plimsoll_types::{ByteCount, Labels, Sample, Timestamp};
use proptest::prelude::*;

use crate::storage::Memory;

const STEP: i64 = 15;
const STEPS: i64 = 41;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn ask(
    engine: &Engine,
    storage: &Memory,
    query: &str,
    control: &Control,
) -> Result<QueryResult, plimsoll_promql::QueryError> {
    let (expr, step) = (parse(query).unwrap(), Duration::from_secs(STEP as u64));
    engine.range(storage, &expr, at(0), at(STEP * (STEPS - 1)), step, control)
}

/// `a` and `b` by `x` and `y`, a sample at every step.
fn counters() -> Memory {
    let mut storage = Memory::default();
    for (name, x, y) in [
        ("a", 1, 1),
        ("a", 1, 2),
        ("a", 2, 1),
        ("b", 1, 1),
        ("b", 2, 2),
    ] {
        let labels = [
            ("__name__", name.to_string()),
            ("x", x.to_string()),
            ("y", y.to_string()),
        ];
        let samples = (0..STEPS).map(|i| Sample::float(at(STEP * i), (i * x * y) as f64));
        storage.add(Labels::from_pairs(labels), samples);
    }
    storage
}

fn plan(query: &str) -> String {
    let control = Control::unlimited().with_plan();
    let result = ask(&Engine::default(), &counters(), query, &control).unwrap();
    shown(result.stats.plan.unwrap())
}

/// Leaves out how large things are inside, which is nobody's promise.
fn shown(plan: PlanNode) -> String {
    fn forget(mut node: PlanNode) -> PlanNode {
        if let Some(cost) = &mut node.cost {
            cost.bytes_peak = 0;
        }
        node.children = node.children.into_iter().map(forget).collect();
        node
    }
    forget(plan).to_string()
}

#[test]
fn the_plan_tells_what_every_operator_did() {
    insta::assert_snapshot!(plan("sum by (x) (rate(a[1m])) / 2"), @r#"
    /             series 2  samples 80  time 0.0ns
      sum by (x)  series 2  samples 80  time 0.0ns
        rate      series 3  samples 120  time 0.0ns
          a[1m]   series 3  samples 123  time 0.0ns  read 3 series, 123 samples
    "#);
}

#[test]
fn what_is_written_twice_is_evaluated_once() {
    let query = "(sum(rate(a[1m])) - sum(rate(b[1m]))) / sum(rate(a[1m]))";
    let storage = counters();
    let result = ask(&Engine::default(), &storage, query, &Control::unlimited()).unwrap();
    assert_eq!(storage.reads(), 5, "three series of a, two of b");
    // The place is the one that would have been evaluated last.
    let infos = result.infos.join("\n");
    assert!(
        infos.contains("(1:30)") && infos.contains("(1:50)"),
        "{infos}"
    );
    insta::assert_snapshot!(plan(query), @r"
    /              series 1  samples 40  time 0.0ns
      -            series 1  samples 40  time 0.0ns
        sum        series 1  samples 40  time 0.0ns  (shared with 1:41)
          rate     series 3  samples 120  time 0.0ns
            a[1m]  series 3  samples 123  time 0.0ns  read 3 series, 123 samples
        sum        series 1  samples 40  time 0.0ns
          rate     series 2  samples 80  time 0.0ns
            b[1m]  series 2  samples 82  time 0.0ns  read 2 series, 82 samples
      sum          series 1  samples 40  time 0.0ns  (same as 1:2)
    ");
}

#[test]
fn what_no_step_changes_is_evaluated_once() {
    insta::assert_snapshot!(plan("a / on () group_left () sum(b @ 300)"), @r#"
    / on () group_left ()  series 3  samples 123  time 0.0ns
      a                    series 3  samples 123  time 0.0ns  read 3 series, 123 samples
      sum                  series 1  samples 1  time 0.0ns  (once for 41 steps)
        b @ 300.000        series 2  samples 2  time 0.0ns  read 2 series, 40 samples
    "#);
}

#[test]
fn a_plan_can_be_had_without_reading_a_sample() {
    let (storage, engine) = (counters(), Engine::default());
    let expr = parse("topk(scalar(sum(b)), rate(a{x=\"1\"}[1m])) > 1").unwrap();
    let steps = (at(0), at(600), Duration::from_secs(15));
    let plan = engine.explain(&storage, &expr, steps, &Control::unlimited());
    assert_eq!(storage.reads(), 0);
    insta::assert_snapshot!(shown(plan.unwrap()), @r#"
    >
      topk(scalar(sum(b)))
        rate
          a{x="1"}[1m]      series 2
        scalar
          sum
            b               series 2
    "#);
}

#[test]
fn samples_are_counted_as_prometheus_counts_them() {
    let storage = counters();
    for (query, total, first, last) in [
        ("a", 3 * 41, 3, 3),
        ("sum(a) / sum(a offset 1m)", 3 * 41 + 3 * 37, 3, 6),
        ("rate(a[1m])", 3 * (1 + 2 + 3 + 38 * 4), 3, 12),
        ("a @ 300", 3 * 41, 3, 3),
        // What a subquery shows counts, not what it reads.
        ("max_over_time(sum(a)[1m:15s])", 1 + 2 + 3 + 38 * 4, 1, 4),
        ("1 + 1", 0, 0, 0),
    ] {
        let control = Control::unlimited().with_samples_per_step();
        // Without sharing, as in Prometheus.
        let stats = ask(&Engine::default(), &storage, query, &control)
            .unwrap()
            .stats;
        assert_eq!(stats.samples_queryable, total, "{query}");
        let steps = &stats.samples_per_step;
        assert_eq!(steps.len(), STEPS as usize);
        assert_eq!((steps[0], steps[40]), (first, last), "{query}");
        assert_eq!(steps.iter().sum::<u64>(), total, "{query}");
    }
}

#[test]
fn a_result_stays_charged_until_its_account_is_closed() {
    let budget = MemoryBudget::new(ByteCount::MIB.times(64));
    let account = budget.query(ByteCount::MIB);
    let control = Control::unlimited().with_memory(account.clone());
    let result = ask(&Engine::default(), &counters(), "a", &control).unwrap();
    let Value::Matrix(matrix) = &result.value else {
        panic!("a range query gives a matrix");
    };
    let samples = 3 * STEPS as usize * size_of::<Sample>();
    assert!(matrix.len() == 3 && account.bytes() >= samples);
    drop((control, account));
    assert_eq!(budget.used(), ByteCount(0));
}

#[test]
fn all_queries_together_have_a_limit() {
    let budget = MemoryBudget::new(ByteCount::MIB.times(64));
    let hog = budget.query(ByteCount::MIB.times(64));
    hog.add(56 << 20).unwrap();
    let heavy = budget.query(ByteCount::MIB.times(16));
    let control = Control::unlimited().with_memory(heavy);
    let engine = Engine::default();
    // Small ones still find room, larger ones do not.
    ask(&engine, &counters(), "a", &control).unwrap();
    let query = "sum_over_time(sum(a)[1h:20ms])";
    let error = ask(&engine, &counters(), query, &control).unwrap_err();
    assert_eq!(error.kind(), QueryErrorKind::TotalMemoryLimit);
    assert!(error.is_retryable());
    assert!(error.to_string().contains("64 MiB for all"), "{error}");
    drop(hog);
    ask(&engine, &counters(), query, &control).unwrap();
}

#[test]
fn a_thousand_million_steps_are_refused_before_anything_is_read() {
    let storage = counters();
    let engine = Engine::default();
    for query in [
        "sum_over_time(a[11d:1ms])",
        "sum(a) + count_over_time(b[1000d:50ms])",
    ] {
        let error = ask(&engine, &storage, query, &Control::unlimited()).unwrap_err();
        assert_eq!(error.kind(), QueryErrorKind::MemoryLimit, "{query}");
        assert_eq!(storage.reads(), 0, "{query}");
    }
}

#[test]
fn work_has_a_limit_of_its_own() {
    let control = |units: u64| Control::unlimited().with_work_max(units);
    let query = "max_over_time(sum(a)[10m:1s])";
    let first = control(1 << 30);
    ask(&Engine::default(), &counters(), query, &first).unwrap();
    let done = first.progress().work();
    assert!(done > 4096, "{done}");
    let error = ask(&Engine::default(), &counters(), query, &control(done / 2)).unwrap_err();
    assert_eq!(error.kind(), QueryErrorKind::WorkLimit);
}

#[test]
fn time_spent_waiting_is_part_of_the_time_a_query_has() {
    let control = Control::new(|| Duration::from_secs(60)).with_timeout(Duration::from_secs(10));
    let late = control.clone().with_beginning(Duration::from_secs(49));
    ask(&Engine::default(), &counters(), "a", &control).unwrap();
    let error = ask(&Engine::default(), &counters(), "a", &late).unwrap_err();
    assert_eq!(error.kind(), QueryErrorKind::Timeout);
}

/// Series of `a` and `b` in any combination of labels, with gaps.
fn data() -> impl Strategy<Value = Memory> {
    let value = prop_oneof![
        4 => (-3..10i32).prop_map(|v| Some(f64::from(v))),
        1 => Just(None),
    ];
    let series = (
        prop::sample::select(vec!["a", "b"]),
        prop::sample::select(vec!["", "1", "2"]),
        prop::sample::select(vec!["", "1", "2"]),
        prop::collection::vec(value, 8),
    );
    prop::collection::vec(series, 0..10).prop_map(|all| {
        let mut storage = Memory::default();
        let mut seen = std::collections::HashSet::new();
        for (name, x, y, values) in all {
            let labels = Labels::from_pairs([("__name__", name), ("x", x), ("y", y)]);
            if !seen.insert(labels.clone()) {
                continue;
            }
            let samples = values.iter().enumerate().filter_map(|(i, value)| {
                value.map(|value| Sample::float(at(75 * i as i64), value))
            });
            storage.add(labels, samples);
        }
        storage
    })
}

/// Expressions in which the optimiser finds much to do.
fn expression() -> impl Strategy<Value = String> {
    let selector = (
        prop::sample::select(vec!["a", "b", "{__name__=~\"a|b\"}"]),
        prop::sample::select(vec![
            "",
            "x=\"1\"",
            "y=\"2\"",
            "x=\"1\",y=\"1\"",
            "x!=\"1\"",
        ]),
    );
    let selector = selector.prop_map(|(name, matchers)| match name.strip_suffix('}') {
        Some(open) if !matchers.is_empty() => format!("{open},{matchers}}}"),
        Some(_) => name.to_string(),
        None => format!("{name}{{{matchers}}}"),
    });
    selector.prop_recursive(4, 16, 2, |inner| {
        let wrapped = (
            inner.clone(),
            prop::sample::select(vec![
                "sum by (x) (@)",
                "sum by (x, y) (@)",
                "max without (y) (@)",
                "count(@)",
                "topk by (x) (1, @)",
                "-@",
                "(@)",
                "abs(@) + 2 * 3",
                "max_over_time(@[5m:1m])",
                "rate(@[5m:1m])",
                "label_replace(@, \"x\", \"2\", \"y\", \"1\")",
                "@ > bool (1 - 1)",
                "clamp_min(@, 4 / 2)",
                "count_values(\"x\", @)",
            ]),
        );
        let joined = (
            inner.clone(),
            prop::sample::select(vec![
                "/ on (x)",
                "* on (x) group_left ()",
                "+ on (x, y) group_right ()",
                "- ignoring (y)",
                "and on (x)",
                "and",
                "or on (x)",
                "unless on (y)",
                "> on (x) group_left ()",
            ]),
            inner,
        );
        prop_oneof![
            wrapped.prop_map(|(inner, form)| format!("({})", form.replace('@', &inner))),
            joined.prop_map(|(left, op, right)| format!("({left} {op} {right})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn rewriting_changes_no_result(storage in data(), inner in expression(), twice in any::<bool>()) {
        // The same part in two places is what sharing is about.
        let query = match twice {
            true => format!("sum by (x) ({inner}) / on (x) sum by (x) ({inner})"),
            false => inner,
        };
        let expr = parse(&query).unwrap();
        let run = |optimizes: bool, at_once: bool| {
            let engine = Engine::new(Options { optimizes, ..Options::default() });
            let control = Control::unlimited();
            let result = match at_once {
                true => engine.instant(&storage, &expr, at(300), &control),
                false => {
                    let step = Duration::from_secs(40);
                    engine.range(&storage, &expr, at(0), at(600), step, &control)
                }
            };
            let said = |mut result: QueryResult| {
                // Nothing here asks for an order.
                if let Value::Vector(samples) = &mut result.value {
                    samples.sort_by_key(|sample| sample.labels.to_string());
                }
                let value = format!("{:?}", result.value);
                (value, [result.warnings, result.infos].concat())
            };
            match result {
                Ok(result) => said(result),
                Err(error) => (error.to_string(), Vec::new()),
            }
        };
        for at_once in [true, false] {
            let ((rewritten, said), (written, wanted)) = (run(true, at_once), run(false, at_once));
            prop_assert_eq!(rewritten, written, "{}", &query);
            // Of series that are not read nothing can be said; a part that is written twice may be evaluated where it
            // stands first or second.
            let text = |said: &str| said.rsplit_once(" (").map_or("", |(text, _)| text).to_string();
            let wanted: Vec<String> = wanted.iter().map(|said| text(said)).collect();
            let new = said.iter().find(|said| !wanted.contains(&text(said)));
            prop_assert!(new.is_none(), "{}: {:?}", query, new);
        }
    }
}
