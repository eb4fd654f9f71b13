//! Extended range selectors, `fill`, `info` and start timestamps, as scripts of our own.

use plimsoll_promql::{Control, Engine, Features, Options, Value, parse_with};
use plimsoll_promqltest::{EngineSubject, engine_options, run};
use plimsoll_types::{Labels, Sample, Timestamp};

use crate::storage::Memory;

fn check(script: &str) {
    check_with(engine_options(), script);
}

fn check_with(options: Options, script: &str) {
    let report = run(script, &mut EngineSubject::new(options)).unwrap();
    let failures: String = report.failures.iter().map(|f| format!("\n{f}")).collect();
    assert!(report.is_clean() && report.total > 0, "{failures}");
}

#[test]
fn anchored_and_smoothed_know_the_ends_of_the_window() {
    check(
        r#"
load 10s
  requests_total{kind="steady"} 0+2x6
  requests_total{kind="restarted"} 5 9 4 6
  temperature 20 30 10

eval instant at 25s increase(requests_total[20s] anchored)
  {kind="steady"} 4
  {kind="restarted"} 8

eval instant at 25s increase(requests_total[20s] smoothed)
  {kind="steady"} 4
  {kind="restarted"} 7

eval instant at 25s rate(requests_total{kind="steady"}[20s] smoothed offset 10s)
  {kind="steady"} 0.15

eval instant at 25s delta(temperature[20s] smoothed)
  {} -15

eval instant at 25s changes(temperature[11s] anchored)
  {} 1

eval instant at 25s temperature smoothed
  temperature 10

eval instant at 15s temperature smoothed
  temperature 20

eval instant at 15s temperature anchored
  temperature 30

eval instant at 30s increase(requests_total[5s] smoothed)
  {kind="steady"} 1
  {kind="restarted"} 1

eval instant at 4m absent_over_time(temperature[1m] anchored)
  expect fail msg: anchored modifier can only be used with: changes, delta, increase, rate, resets - not with absent_over_time
"#,
    );
}

#[test]
fn a_range_of_an_extended_selector_has_values_at_its_ends() {
    let mut storage = Memory::default();
    let samples = [(10, 1.0), (20, 3.0), (40, 7.0)];
    let samples = samples.map(|(at, value)| Sample::float(Timestamp::from_millis(at), value));
    storage.add(Labels::from_pairs([("__name__", "a")]), samples);
    for (query, expected) in [
        ("a[20ms] anchored", vec![(15, 1.0), (20, 3.0), (35, 3.0)]),
        ("a[20ms] smoothed", vec![(15, 2.0), (20, 3.0), (35, 6.0)]),
        ("a[2ms] anchored", vec![]),
    ] {
        let expr = parse_with(query, &Features::ALL).unwrap();
        let at = Timestamp::from_millis(35);
        let result = Engine::default().instant(&storage, &expr, at, &Control::unlimited());
        let Value::Matrix(matrix) = result.unwrap().value else {
            panic!("{query} is no matrix");
        };
        let samples = matrix.into_iter().flat_map(|series| series.samples);
        let expected: Vec<Sample> = expected
            .into_iter()
            .map(|(at, value)| Sample::float(Timestamp::from_millis(at), value))
            .collect();
        assert_eq!(samples.collect::<Vec<_>>(), expected, "{query}");
    }
}

#[test]
fn fill_stands_for_what_is_missing() {
    check(
        r#"
load 1m
  errors{job="a"} 1 _ 3
  errors{job="b"} 5 5 5
  total{job="a"} 10 20 _
  total{job="c"} _ 40 40
  latency{job="a"} {{schema:0 sum:1 count:1 buckets:[1]}}
  by_code{job="a", code="1"} 1 1
  by_code{job="a", code="2"} 2 2

# A pair that a comparison drops was found all the same: nothing is filled in for it.
eval instant at 0m errors > fill_left(100) total

# One that means nothing was not.
eval instant at 0m latency{job="a"} - fill_left(2) errors
  expect info msg: PromQL info: incompatible sample types encountered for binary operator "-": histogram - float (1:1)
  {job="a"} 1
  {job="b"} -3

eval instant at 0m by_code / on (job) group_left fill(2) (total or errors{job="b"})
  {job="a", code="1"} 0.1
  {job="a", code="2"} 0.2
  {job="b"} 0.4

eval instant at 0m by_code + on (job) fill_right(1) nothing
  expect fail msg: multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)

eval instant at 0m nothing + on (job) fill_left(1) by_code
  expect fail regex: found duplicate series for the match group \{job="a"\} on the right hand-side

# What the other side adds makes two series the same, whether the comparison holds or not.
eval instant at 0m by_code > on (job) group_left (code) total
  expect fail msg: multiple matches for labels: grouping labels must ensure unique matches
"#,
    );
    // Staleness is of no interest here, so the lookback is shorter than the steps.
    let options = Options {
        lookback_delta: std::time::Duration::from_secs(30),
        ..engine_options()
    };
    check_with(
        options,
        r#"
load 1m
  errors{job="a"} 1 _ 3
  errors{job="b"} 5 5 5
  total{job="a"} 10 20 _
  total{job="c"} _ 40 40

eval range from 0m to 2m step 1m errors / fill(2) total
  {job="a"} 0.1 0.1 1.5
  {job="b"} 2.5 2.5 2.5
  {job="c"} _ 0.05 0.05
"#,
    );
}

#[test]
fn info_adds_what_describes_a_series_at_its_time() {
    check(
        r#"
load 1m
  up{instance="i", job="j"} 1 2 3 4 5
  up{instance="other", job="j"} 1 2 3 4 5
  target_info{instance="i", job="j", version="1", zone="z"} 1 1 stale
  target_info{instance="i", job="j", version="2", zone="z"} _ _ 1 1 1
  disk_info{instance="i", job="j", disk="ssd"} 1 1 1 1 1
  twice_info{instance="i", job="j", n="1"} 1 1 1 1 1
  flip_info{instance="i", job="j", side="left"} 1 _ 1 1
  flip_info{instance="i", job="j", side="right"} _ 1 stale
  twice_info{instance="i", job="j", n="2"} 1 1 1 1 1

eval range from 0m to 4m step 1m info(up, {version=~".+"})
  up{instance="i", job="j", version="1"} 1 2 _ _ _
  up{instance="i", job="j", version="2"} _ _ 3 4 5

eval instant at 4m info(up offset 3m, {version=~".*"})
  up{instance="i", job="j", version="1"} 2
  up{instance="other", job="j"} 2

eval instant at 4m info(up{instance="i"}, {__name__!="target_info", __name__!~"(twice|flip).*"})
  up{instance="i", job="j", disk="ssd"} 5

eval instant at 4m info(up{instance="other"}, {__name__="twice_info"})
  up{instance="other", job="j"} 5

eval instant at 4m info(up, {__name__="twice_info"})
  expect fail regex: found duplicate series for info metric: existing \{__name__="twice_info", instance="i", job="j", n="1"\} @ 240000, new

eval range from 0m to 3m step 1m info(up{instance="i"}, {__name__="flip_info"})
  up{instance="i", job="j", side="left"} 1 _ 3 4
  up{instance="i", job="j", side="right"} _ 2 _ _

eval instant at 4m info(target_info)
  target_info{instance="i", job="j", version="2", zone="z"} 1
"#,
    );
}

#[test]
fn info_reads_only_what_may_describe_a_series() {
    let mut storage = Memory::default();
    let at = Timestamp::from_millis;
    for instance in 0..100 {
        for name in ["up", "target_info"] {
            let instance = instance.to_string();
            let pairs = [("__name__", name), ("instance", &instance), ("job", "j")];
            let labels = Labels::from_pairs(pairs);
            storage.add(labels, [Sample::float(at(0), 1.0)]);
        }
    }
    let expr = parse_with("info(up{instance=~\"3|7\"})", &Features::ALL).unwrap();
    let engine = Engine::default();
    engine
        .instant(&storage, &expr, at(0), &Control::unlimited())
        .unwrap();
    assert_eq!(storage.reads(), 4);
}

#[test]
fn start_timestamps_tell_resets_where_they_are_wanted() {
    let load = r#"
load 1m
  served_total@st _ -30s -90s -1s
  served_total 0 6 12 12

"#;
    check(&format!(
        "{load}eval instant at 3m increase(served_total[150s])\n  {{}} 22.5\n\n\
         eval instant at 3m increase(served_total[151s])\n  {{}} 24\n\n\
         eval instant at 3m resets(served_total[150s])\n  {{}} 1\n\n\
         eval instant at 3m irate(served_total[150s])\n  {{}} 0.2\n\n\
         eval instant at 3m start_timestamp(served_total)\n  {{}} 179\n\n\
         eval instant at 3m start_timestamp(served_total offset 3m)\n  {{}} 0\n"
    ));
    let options = Options {
        use_start_timestamps: false,
        ..engine_options()
    };
    check_with(
        options,
        &format!(
            "{load}eval instant at 3m resets(served_total[150s])\n  {{}} 0\n\n\
             eval instant at 3m irate(served_total[150s])\n  {{}} 0\n"
        ),
    );
}
