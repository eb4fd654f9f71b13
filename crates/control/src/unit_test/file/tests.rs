use super::*;

fn read_all(text: &str) -> Result<TestFile, Diagnostics> {
    let source = Source::new("test.yml".as_ref(), text).unwrap();
    read(source, &Features::default(), &|_| true)
}

fn refused(text: &str) -> String {
    read_all(text).unwrap_err().to_string()
}

#[test]
fn every_field_is_read() {
    let file = read_all(
        "rule_files: [a.yml]\nevaluation_interval: 30s\ngroup_eval_order: [b, a]\nfuzzy_compare: true\ntests:\n\
         - name: n\n  interval: 10s\n  start_timestamp: 2026-01-01T00:00:00Z\n  external_labels: {a: 1}\n  \
           external_url: http://x\n  input_series:\n  - {series: 'up{a=\"b\"}', values: 1 _ 2}\n  \
           alert_rule_test:\n  - eval_time: 1m\n    alertname: A\n    exp_alerts:\n    -\n    \
             - exp_labels: {x: 1}\n      exp_annotations: {y: ''}\n  \
           promql_expr_test:\n  - expr: up\n    eval_time: 2m\n    exp_samples:\n    \
             - {labels: 'up{a=\"b\"}', value: 2}\n    - {histogram: '{{count:1}}'}\n",
    )
    .unwrap();
    assert_eq!(file.interval, Duration::from_secs(30));
    assert_eq!((file.order.len(), file.is_fuzzy), (2, true));
    let test = &file.tests[0];
    let start = test.start.millis();
    assert_eq!(start, 1_767_225_600_000);
    assert_eq!(test.external_labels.get("a"), Some("1"));
    let times = test.series[0].samples.iter();
    let times: Vec<i64> = times
        .map(|sample| sample.timestamp.millis() - start)
        .collect();
    assert_eq!(times, [0, 20_000]);
    let names = |index: usize| -> Vec<&str> {
        let expected: &ExpectedAlert = &test.alerts[0].expected[index];
        expected.labels.keys().map(String::as_str).collect()
    };
    assert_eq!(
        (names(0), names(1)),
        (vec!["alertname"], vec!["alertname", "x"])
    );
    assert_eq!(test.alerts[0].expected[1].annotations["y"], "");
    let histogram = test.exprs[0].expected[1].histogram.as_deref();
    assert_eq!(histogram, Some("{{count:1}}"));
}

#[test]
fn defaults_are_those_of_promtool() {
    let file = read_all("").unwrap();
    assert!(file.tests.is_empty());
    let file =
        read_all("evaluation_interval: 0\ntests:\n- input_series:\n  - {series: a, values: 1x1}\n")
            .unwrap();
    assert_eq!(file.interval, INTERVAL);
    let samples = &file.tests[0].series[0].samples;
    assert_eq!(samples[1].timestamp.millis(), 60_000);
}

#[test]
fn what_is_wrong_is_told_with_its_very_place() {
    let found = refused(
        "tests:\n- input_series:\n  - series: 'a{b=\"c\"'\n    values: 1 2y\n  - {series: '{}', values: 1}\n  \
         alert_rule_test:\n  - eval_time: 1m\n  promql_expr_test:\n  - expr: \"raet(up[5m])\"\n    \
           exp_samples:\n    - {labels: '{a=b}'}\n    - {histogram: 1}\n  - eval_time: 1m\n  start_timestamp: soon\n",
    );
    let places: Vec<&str> = found
        .lines()
        .filter(|line| line.starts_with("test.yml:"))
        .collect();
    for (place, expected) in places.iter().zip([
        "test.yml:14:20: error: \"soon\" is no point in time",
        "test.yml:3:21: error: not a series",
        "test.yml:5:14: error: a series needs a name",
        "test.yml:7:5: error: a test of alerts needs `alertname`",
        "test.yml:9:12: error: the expression is no PromQL",
        "test.yml:11:20: error: not the labels of a sample",
        "test.yml:12:19: error: expected one histogram",
        "test.yml:13:5: error: a test of an expression needs `expr`",
    ]) {
        assert!(place.starts_with(expected), "{place} / {expected}");
    }
    assert_eq!(places.len(), 8, "{found}");
    let values = refused("tests:\n- input_series:\n  - {series: a, values: 1 2y}\n");
    assert!(
        values.starts_with("test.yml:3:27: error: not the values of a series"),
        "{values}"
    );
}

#[test]
fn unknown_fields_and_repeated_groups_are_refused() {
    assert!(refused("test: []\n").contains("did you mean `tests`?"));
    assert!(refused("tests:\n- alert_rule_tests: []\n").starts_with("test.yml:2:3: error"));
    assert!(refused("group_eval_order: [a, a]\n").contains("in the order twice"));
}

#[test]
fn what_does_not_run_is_not_judged() {
    let text = "tests:\n- {name: a, input_series: [{series: '1', values: 1}]}\n- {name: b}\n";
    let source = Source::new("test.yml".as_ref(), text).unwrap();
    let file = read(source, &Features::default(), &|name| name == "b").unwrap();
    assert_eq!((file.tests.len(), file.tests[0].index), (1, 1));
}

#[test]
fn of_a_series_that_is_there_twice_the_last_counts() {
    let text = "tests:\n- input_series:\n  - {series: a, values: 1}\n  - {series: b, values: 1}\n  - {series: a, values: 2 3}\n";
    let file = read_all(text).unwrap();
    let counts = file.tests[0]
        .series
        .iter()
        .map(|series| series.samples.len());
    assert_eq!(counts.collect::<Vec<_>>(), [2, 1]);
}
