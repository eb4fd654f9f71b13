use std::time::Duration;

use plimsoll_promql::Features;
use plimsoll_runtime::config::{Diagnostics, Source};

use super::{SloFile, check, is_native};
use crate::sli::{self, Ask, Reading, Source as Events, Weight};
use crate::{Basis, Catalog, CompositeKind, CorrectionKind, Method, NoData, Severity, Slo, Window};

fn read(text: &str) -> Result<SloFile, Diagnostics> {
    let source = Source::new("slo.yml".as_ref(), text).unwrap();
    check(&source, &Features::default())
}

/// Makes a file of one SLO from the lines of its entry.
fn file_of(entry: &str) -> String {
    let entry = entry.trim().replace('\n', "\n    ");
    format!("version: plimsoll/v1\nservice: checkout\nslos:\n  - {entry}\n")
}

fn slo(entry: &str) -> Slo {
    let file = read(&file_of(entry)).unwrap_or_else(|error| panic!("{error}"));
    Slo::clone(&file.catalog.slos[0])
}

/// Returns each finding as `line:column: message`.
fn found(text: &str) -> Vec<String> {
    let list = match read(text) {
        Ok(file) => file.warnings,
        Err(errors) => errors.0,
    };
    let line = |one: &plimsoll_runtime::config::Diagnostic| {
        format!("{}:{}: {}", one.line, one.column, one.message)
    };
    list.iter().map(line).collect()
}

const SLI: &str = "sli: {events: {valid: a, bad: 'a{code=\"500\"}'}}";

fn wrong(lines: &str, expected: &str) {
    let text = file_of(&format!("name: x\n{lines}"));
    let found = found(&text);
    assert!(
        found.iter().any(|line| line.contains(expected)),
        "{text}\nexpected {expected:?}, found {found:#?}"
    );
}

#[test]
fn the_example_of_every_kind_is_read() {
    for kind in sli::ALL {
        let slo = slo(kind.example);
        assert_eq!(slo.sli.kind, kind.name);
        let warnings = read(&file_of(kind.example)).unwrap().warnings;
        assert!(warnings.is_empty(), "{}: {warnings:?}", kind.name);
        match &slo.sli.source {
            Events::Watches(watches) => assert!(!watches.is_empty()),
            Events::Asks { every, .. } => assert!(!every.is_zero()),
        }
    }
}

#[test]
fn an_event_has_one_place_whichever_two_are_given() {
    // What a bad event adds, summed over the watches that its series is in.
    let bad_event = |sli: &str| {
        let slo = slo(&format!(
            "name: x\nobjective: 99\nsli: {{events: {{{sli}}}}}"
        ));
        let Events::Watches(watches) = &slo.sli.source else {
            panic!("{:?}", slo.sli);
        };
        let hit = watches.iter().filter(|watch| {
            let mut matchers = watch.matchers.iter();
            matchers.all(|matcher| match matcher.name() {
                "code" => matcher.matches("500"),
                _ => matcher.matches("a"),
            })
        });
        hit.fold((0, 0), |(good, bad), watch| {
            (good + watch.weight.good, bad + watch.weight.bad)
        })
    };
    for sli in [
        "valid: a, bad: 'a{code=\"500\"}'",
        "valid: a, good: 'a{code!=\"500\"}'",
        "total: a, good: 'a{code!=\"500\"}'",
        "good: 'a{code!=\"500\"}', bad: 'a{code=\"500\"}'",
    ] {
        assert_eq!(bad_event(sli), (0, 1), "{sli}");
    }
}

#[test]
fn every_field_is_read() {
    let slo = slo(r#"
name: availability
description: Orders can be placed.
labels: {tier: core}
objective: 99.95%
windows: [30d, {calendar: month, zone: Europe/Athens}]
method: {timeslices: {length: 1m, objective: 99}}
sli: {events: {valid: a, bad: 'a{code="500"}', exclude: [{match: 'code="429"', reason: client}]}}
dimensions: {by: [region, cell], limit: 5, objectives: [{match: 'region="eu"', objective: 99.99}]}
no_data: bad
alerts:
  name: OrdersFail
  annotations: {runbook: "https://example.org/orders"}
  page: {labels: {severity: critical}}
  windows:
    - {severity: ticket, factor: 3, long: 1d, short: 2h, of: budget, sustained: 50%}
    - {severity: page, budget: 5%, in: 1h, for: 1m}
  exhausts_in: 7d
  exhausts_severity: page
  hysteresis: {off: 0.8, keep: 1m}
  evidence: {bad_min: 5, chance: 0}
budget: {states: {caution: 60%, critical: {below: 30%, dwell: 2h}}, leave_by: 2%, dwell: 1h}
corrections:
  - {id: move, kind: exclude, from: 2026-01-01T00:00:00Z, for: 1h, repeat: FREQ=WEEKLY;BYDAY=SU,
     zone: Europe/Athens, match: 'region="eu"', reason: the move, author: ann}
"#);
    assert_eq!(
        (&*slo.id, &*slo.origin),
        ("checkout/availability", "slo.yml:4")
    );
    assert_eq!(slo.objectives[0].target.to_string(), "99.95");
    assert_eq!(
        slo.windows[0],
        Window::Rolling(Duration::from_secs(30 * 86_400))
    );
    assert!(
        matches!(&slo.windows[1], Window::Calendar { zone, .. } if zone.iana_name() == Some("Europe/Athens"))
    );
    assert!(matches!(
        slo.method,
        Method::Timeslices {
            target: Some(_),
            rate_min: None,
            ..
        }
    ));
    let dimensions = slo.dimensions.unwrap();
    assert_eq!((&*dimensions.labels[0], dimensions.limit), ("cell", 5));
    assert_eq!(dimensions.targets[0].targets[0].to_string(), "99.99");
    assert_eq!(slo.no_data, NoData::Bad);
    let alerts = slo.alerts;
    assert_eq!(alerts.name.as_deref(), Some("OrdersFail"));
    assert_eq!(alerts.page_labels.get("severity"), Some("critical"));
    let [page, ticket] = &alerts.rules[..] else {
        panic!("{:?}", alerts.rules);
    };
    assert_eq!(
        (page.severity, page.factor, page.hold.as_secs()),
        (Severity::Page, 36.0, 60)
    );
    assert_eq!((ticket.basis, ticket.sustained), (Basis::Budget, 0.5));
    assert_eq!(
        (alerts.bad_min, alerts.chance_max, alerts.hysteresis.off),
        (5, 0.0, 0.8)
    );
    assert_eq!(alerts.exhaustion_severity, Severity::Page);
    let states: Vec<_> = slo
        .budget
        .states
        .iter()
        .map(|rule| (rule.below, rule.dwell.as_secs()))
        .collect();
    assert_eq!(states[1..], [(0.6, 3600), (0.3, 7200), (0.1, 3600)]);
    assert_eq!(slo.corrections[0].kind, CorrectionKind::Exclude);
    assert!(slo.corrections[0].repeat.is_some());
}

#[test]
fn thresholds_become_buckets_of_their_objective() {
    let slo = slo(r#"
name: latency
objectives: [{name: p95, objective: 95, below: 300ms}, {name: p99, objective: 99, below: 1s}]
sli: {latency: {histogram: "h_milliseconds{job='a'}", unit: milliseconds}}
"#);
    assert_eq!(slo.objectives[0].threshold, Some(0.3));
    let Events::Watches(watches) = &slo.sli.source else {
        panic!("{:?}", slo.sli);
    };
    assert_eq!((watches[0].objective, watches[0].needed), (None, false));
    assert_eq!((watches[2].objective, watches[2].needed), (Some(1), true));
    assert_eq!(watches[1].weight, Weight { good: 1, bad: -1 });
    let edge = watches[1]
        .matchers
        .iter()
        .find(|matcher| matcher.name() == "le");
    assert!(edge.unwrap().matches("300.0") && !edge.unwrap().matches("0.3"));
    let native = slo_native();
    assert!(matches!(native[1], Reading::AtOrBelow(bound) if bound == 0.3));
}

fn slo_native() -> Vec<Reading> {
    let slo =
        slo("name: x\nobjective: 99\nsli: {latency: {histogram: h, form: native, below: 0.3}}");
    let Events::Watches(watches) = slo.sli.source else {
        panic!("no watches");
    };
    watches.iter().map(|watch| watch.reading).collect()
}

#[test]
fn a_throughput_is_judged_in_slices() {
    let slo = slo("name: x\nobjective: 99\nsli: {throughput: {events: a, at_least: 6000/m}}");
    let Method::Timeslices {
        rate_min, length, ..
    } = slo.method
    else {
        panic!("{:?}", slo.method);
    };
    assert_eq!((rate_min, length.as_secs()), (Some(100.0), 60));
    wrong(
        "objective: 99\nmethod: occurrences\nsli: {throughput: {events: a, at_least: 1}}",
        "timeslices",
    );
}

#[test]
fn a_query_of_a_gauge_gives_good_and_bad_elements() {
    let slo = slo("name: x\nobjective: 99\nsli: {gauge: {query: 'min by (a) (b)', good: '>= 1'}}");
    let Events::Asks {
        ask: Ask::Boolean(text),
        ..
    } = slo.sli.source
    else {
        panic!("no question");
    };
    assert_eq!(&*text, "(min by (a) (b)) >= bool 1");
}

#[test]
fn what_contradicts_itself_is_refused_with_its_place() {
    let a = "objective: 99\nsli: {events: {";
    wrong(
        &format!("{a}valid: a, good: b, bad: c}}}}"),
        "6:11: `good`, `bad` and `valid` together",
    );
    wrong(
        &format!("{a}valid: a}}}}"),
        "6:11: two of `good`, `bad` and `valid` are needed",
    );
    wrong(
        &format!("{a}valid: a, bad: a}}}}"),
        "`bad` and `valid` select the same series",
    );
    wrong(
        &format!("{a}valid: 'a{{x=\"1\"}}', bad: 'a{{x=\"2\"}}'}}}}"),
        "no series is in both",
    );
    wrong(
        &format!("{a}valid: a, bad: 'rate(b[5m])'}}}}"),
        "found an expression",
    );
    wrong(
        &format!("{a}valid: a, bad: 'b{{'}}}}"),
        "6:38: the selector is no PromQL",
    );
    wrong(
        &format!("{a}valid: a, bad: '{{x=\"1\"}}'}}}}"),
        "a selector needs the name of its metric",
    );
    wrong(
        &format!("{a}valid: a, bda: b}}}}"),
        "6:30: unknown field `bda`",
    );
    wrong(
        "objective: 99\nsli: {events: {valid: a, bad: b}, ratio: {bad: c}}",
        "one SLI of one kind",
    );
    wrong("objective: 99\nsli: {}", "`sli` needs a kind");
    wrong("objective: 99", "4:5: an SLO needs an `sli`");
    wrong(SLI, "an SLO needs an `objective`");
    wrong(
        &format!("objective: 99\n{SLI}\nobjectives: [{{name: a, objective: 9}}]"),
        "exclude each other",
    );
    wrong(
        &format!("objective: 99\nwindow: 1d\nwindows: [30d]\n{SLI}"),
        "exclude each other",
    );
    wrong(
        &format!("objective: 99\nno_data: bad\n{SLI}"),
        "needs `method: timeslices`",
    );
}

#[test]
fn what_cannot_be_is_refused_with_its_place() {
    for (lines, expected) in [
        ("objective: 100", "5:16: an objective of 100 % or more"),
        ("objective: 99.999999999", "at most seven digits"),
        (
            "objective: 99\nwindow: 500d",
            "6:13: a window of 500d is longer than the ledger keeps: 400d",
        ),
        ("objective: 99\nwindow: 15s", "at least 1m"),
        (
            "objective: 99\nwindow: {calendar: fortnight}",
            "unknown period of the calendar `fortnight`",
        ),
        (
            "objective: 99\nwindow: {calendar: month, zone: Mars}",
            "unknown time zone",
        ),
        (
            "objective: 99\nmethod: {timeslices: {length: 15s}}",
            "multiple of 10s",
        ),
        (
            "objective: 99\nmethod: {timeslices: {length: 40s}}",
            "slices of 40s cannot be judged exactly",
        ),
        (
            "objective: 99\nmethod: {ratio_timeslices: {length: 90s}}",
            "cannot be judged exactly",
        ),
        (
            "objective: 90\nalerts: {windows: [{severity: page, factor: 14.4, long: 1h}]}",
            "6:49: burning 14.4 times",
        ),
        (
            "objective: 99\nalerts: {windows: [{severity: page, factor: 2, long: 1h, short: 2h}]}",
            "not shorter",
        ),
        (
            "objective: 99\nalerts: {windows: [{severity: page, factor: 2, long: 60d}]}",
            "looks back over 60d",
        ),
        (
            "objective: 99\nalerts: {labels: {severity: x}}",
            "is set by Plimsoll",
        ),
        (
            "objective: 99\nbudget: {states: {critical: 60%}}",
            "each state begins at less",
        ),
        ("objective: 99\ndimensions: {by: [le]}", "no groups"),
        (
            "objective: 99\ndimensions: {by: [a], limit: 1000000}",
            "from 1 to 10000",
        ),
        (
            "objective: 99\ndimensions: {by: [a], objectives: [{match: 'b=\"1\"', objective: 9}]}",
            "none of the labels",
        ),
        (
            "objective: 99\ncorrections: [{id: a, kind: exclude, from: now, for: 1h, reason: r, author: b}]",
            "expected a time",
        ),
        (
            "objective: 99\ncorrections: [{id: a, kind: bad, from: 2026-01-01T00:00:00Z, for: 1h, repeat: FREQ=HOURLY, reason: r, author: b}]",
            "FREQ=HOURLY is not supported",
        ),
        ("objective: 99\nlabels: {'a b': c}", "is no name of a label"),
    ] {
        wrong(&format!("{lines}\n{SLI}"), expected);
    }
}

#[test]
fn what_is_surely_not_meant_is_warned_of() {
    let warned = |sli: &str, expected: &str| {
        let text = file_of(&format!("name: x\nobjective: 99\n{sli}"));
        let file = read(&text).unwrap_or_else(|error| panic!("{error}"));
        let mut messages = file.warnings.iter().map(|warning| &warning.message);
        assert!(
            messages.any(|one| one.contains(expected)),
            "{sli}: {:?}",
            file.warnings
        );
    };
    warned(
        "sli: {events: {valid: a, bad: b}}",
        "is another metric than",
    );
    warned(
        "sli: {events: {valid: 'a{job=\"x\"}', bad: 'a{code=\"5\"}'}}",
        "has no job=\"x\"",
    );
    warned(
        "sli: {events: {good: 'a{x=\"1\"}', bad: 'a{y=\"1\"}'}}",
        "count twice",
    );
    let query = "sli: {queries: {valid: 'sum(increase(a[5m]))', bad: 'sum(increase(b[$window]))'}}";
    warned(query, "more or less than once");
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let found = found(
        "version: plimsoll/v2\nslos:\n- name: a\n  objective: 100\n  window: 1000d\n  sli: {events: {valid: a}}\n\
         - name: b b\n  sli: {ratio: {bad: 'sum('}}\n",
    );
    assert_eq!(found.len(), 8, "{found:#?}");
}

#[test]
fn rules_that_a_target_cannot_reach_are_left_out_of_the_default() {
    let rules = |target: &str| {
        slo(&format!("name: x\nobjective: {target}\n{SLI}"))
            .alerts
            .rules
    };
    assert_eq!(rules("99.9"), crate::burn::rules());
    assert!(!rules("90").is_empty());
    assert!(rules("90").iter().all(|rule| rule.factor <= 10.0));
    let none = slo(&format!("name: x\nobjective: 99\nalerts: none\n{SLI}")).alerts;
    assert!(none.name.is_none() && none.rules.is_empty());
}

#[test]
fn files_are_put_together_by_name() {
    let composite = |of: &str| {
        format!(
            "version: plimsoll/v1\nservice: shop\ncomposites:\n- name: journey\n  kind: series\n  objective: 99\n  of: [{of}]\n"
        )
    };
    let merge = |texts: &[String]| {
        let files = texts
            .iter()
            .map(|text| read(text).unwrap_or_else(|error| panic!("{error}")));
        Catalog::merge(files.collect()).map_err(|error| error.to_string())
    };
    let tiers = "name: x\nobjectives: [{name: a, objective: 9}, {name: b, objective: 8}]";
    let one = file_of(&format!("{tiers}\n{SLI}"));
    let good = composite("{slo: checkout/x, objective: b}");
    let catalog = merge(&[one.clone(), good]).unwrap();
    assert_eq!(catalog.composites[0].kind, CompositeKind::Series);
    assert_eq!(catalog.composites[0].components[0].objective, 1);
    for (of, expected) in [
        (
            "{slo: checkout/x}",
            "`checkout/x` has several objectives: a, b",
        ),
        ("{slo: checkout/x, objective: c}", "has no objective `c`"),
        ("{slo: y}", "there is no SLO `shop/y`"),
        ("{slo: journey}", "contains itself"),
    ] {
        let error = merge(&[one.clone(), composite(of)]).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let error = merge(&[one.clone(), one]).unwrap_err();
    assert!(
        error.starts_with("slo.yml:4:11: error: `checkout/x` is there twice"),
        "{error}"
    );
}

#[test]
fn a_file_of_ours_is_known_by_its_version() {
    assert!(is_native("# objectives\nversion: plimsoll/v1\n"));
    assert!(is_native("service: a\nversion: \"plimsoll/v9\"\n"));
    assert!(!is_native("version: prometheus/v1\n"));
    assert!(!is_native("groups: []\n"));
}
