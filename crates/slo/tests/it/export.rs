//! Rules for Prometheus: of Sloth's documents, of Pyrra's, and of our own files.

use std::path::Path;

use plimsoll_promql::{Features, parse};
use plimsoll_runtime::config::Source;
use plimsoll_slo::export::sloth::{AlertWindows, Options, of_catalog, rules};
use plimsoll_slo::export::{RuleFile, RuleKind, pyrra};
use plimsoll_slo::import::{Format, sloth};
use plimsoll_slo::{Catalog, file, import};

const SPEC: &str = r#"
version: prometheus/v1
service: shop
labels: {team: a}
slos:
  - name: requests
    objective: 99.99
    labels: {tier: "1"}
    sli:
      events:
        error_query: sum(rate(r{code="500"}[{{.window}}]))
        total_query: sum(rate(r[{{.window}}]))
    alerting:
      name: Burns
      labels: {severity: x, team: b}
      page_alert: {labels: {severity: critical}}
      ticket_alert: {annotations: {summary: mine}}
"#;

fn source(text: &str) -> Source {
    Source::new(Path::new("x.yml"), text).unwrap()
}

fn made(text: &str, options: &Options) -> RuleFile {
    let source = source(text);
    let (spec, _) = sloth::read(&source, Format::of(&source).unwrap()).unwrap();
    rules(&spec, options).unwrap()
}

fn refused(text: &str, options: &Options) -> String {
    let source = source(text);
    let format = Format::of(&source).unwrap();
    let made = sloth::read(&source, format).and_then(|(spec, _)| rules(&spec, options));
    made.unwrap_err().to_string()
}

fn expr<'a>(file: &'a RuleFile, name: &str) -> &'a str {
    let mut all = file.groups.iter().flat_map(|group| &group.rules);
    let found = all.find(|rule| matches!(&rule.kind, RuleKind::Record(found) | RuleKind::Alert(found) if found == name));
    &found
        .unwrap_or_else(|| panic!("there is no rule {name}"))
        .expr
}

/// Says which rules there are, by name and in order.
fn names(file: &RuleFile) -> Vec<&str> {
    let all = file.groups.iter().flat_map(|group| &group.rules);
    all.map(|rule| match &rule.kind {
        RuleKind::Record(name) | RuleKind::Alert(name) => &**name,
    })
    .collect()
}

fn all_parse(file: &RuleFile) {
    for rule in file.groups.iter().flat_map(|group| &group.rules) {
        parse(&rule.expr).unwrap_or_else(|error| panic!("{error}\n{}", rule.expr));
    }
}

#[test]
fn the_rounding_of_sloth_is_kept() {
    let file = made(SPEC, &Options::default());
    assert_eq!(
        expr(&file, "slo:objective:ratio"),
        "vector(0.9998999999999999)"
    );
    assert!(
        expr(&file, "Burns").contains("> (14.4 * 0.00010000000000005117))"),
        "{}",
        expr(&file, "Burns")
    );
    assert_eq!(expr(&file, "slo:time_period:days"), "vector(30)");
}

#[test]
fn labels_of_the_nearer_place_win() {
    let mut options = Options::default();
    options
        .labels
        .insert("tier".into(), "from the command line".into());
    let file = made(SPEC, &options);
    let first = &file.groups[0].rules[0];
    assert_eq!(first.labels["tier"], "from the command line");
    assert_eq!(first.labels["team"], "a");
    assert_eq!(first.labels["sloth_window"], "5m");
    let [page, ticket] = &file.groups[2].rules[..] else {
        panic!("there are two alerts");
    };
    assert_eq!(
        (&*page.labels["severity"], &*page.labels["team"]),
        ("critical", "b")
    );
    assert_eq!(
        (&*ticket.labels["severity"], &*ticket.annotations["summary"]),
        ("x", "mine")
    );
    assert_eq!(page.labels["sloth_severity"], "page");
    assert!(
        !page.labels.contains_key("sloth_id"),
        "it comes with the series"
    );
}

#[test]
fn windows_of_28_days_and_of_files_are_used() {
    let options = Options {
        period: std::time::Duration::from_secs(28 * 86_400),
        ..Options::default()
    };
    let file = made(SPEC, &options);
    assert!(
        names(&file).contains(&"slo:sli_error:ratio_rate4w"),
        "{:?}",
        names(&file)
    );
    assert!(expr(&file, "Burns").contains("(13.44 * "));
    let custom = "apiVersion: sloth.slok.dev/v1\nkind: AlertWindows\nspec:\n  sloPeriod: 7d\n  page:\n    quick: {errorBudgetPercent: 8, shortWindow: 5m, longWindow: 1h}\n    slow: {errorBudgetPercent: 12.5, shortWindow: 30m, longWindow: 6h}\n  ticket:\n    quick: {errorBudgetPercent: 20, shortWindow: 2h, longWindow: 1d}\n    slow: {errorBudgetPercent: 42, shortWindow: 6h, longWindow: 3d}\n";
    let mut options = Options {
        period: std::time::Duration::from_secs(7 * 86_400),
        ..Options::default()
    };
    assert!(refused(SPEC, &options).contains("no alert windows for a period of 1w"));
    options
        .windows
        .add(AlertWindows::read(&source(custom)).unwrap());
    let file = made(SPEC, &options);
    assert!(expr(&file, "Burns").contains("ratio_rate5m"));
    assert!(expr(&file, "Burns").contains("(13.44 * "));
    assert!(names(&file).contains(&"slo:sli_error:ratio_rate1w"));
    assert_eq!(expr(&file, "slo:time_period:days"), "vector(7)");
}

#[test]
fn the_period_is_computed_from_events_when_asked() {
    let options = Options {
        is_unoptimized: true,
        ..Options::default()
    };
    let file = made(SPEC, &options);
    let expected = "(sum(rate(r{code=\"500\"}[30d])))\n/\n(sum(rate(r[30d])))\n";
    assert_eq!(expr(&file, "slo:sli_error:ratio_rate30d"), expected);
}

#[test]
fn parts_are_left_out_when_asked() {
    let recordings = Options {
        without_alerts: true,
        ..Options::default()
    };
    let file = made(SPEC, &recordings);
    assert_eq!(file.groups.len(), 2);
    let alerts = Options {
        without_recordings: true,
        ..Options::default()
    };
    assert_eq!(names(&made(SPEC, &alerts)), ["Burns", "Burns"]);
}

fn with_plugins(chain: &str) -> String {
    SPEC.replace("    sli:\n", &format!("    plugins: {chain}\n    sli:\n"))
}

#[test]
fn plugins_run_by_priority() {
    // A negative priority runs before there are any rules, so that nothing is labelled.
    let info =
        "{id: sloth.dev/contrib/info_labels/v1, priority: PRIORITY, config: {labels: {a: b}}}";
    for (priority, expected) in [("-1", false), ("0", true), ("5", true)] {
        let chain = format!("{{chain: [{}]}}", info.replace("PRIORITY", priority));
        let file = made(&with_plugins(&chain), &Options::default());
        let info = file.groups[1].rules.last().unwrap();
        assert_eq!(info.labels.contains_key("a"), expected, "{priority}");
    }
}

#[test]
fn a_chain_that_overrides_makes_only_its_own_rules() {
    let chain = "{override_previous: true, chain: [{id: sloth.dev/core/alert_rules/v1}]}";
    let file = made(&with_plugins(chain), &Options::default());
    assert_eq!(names(&file), ["Burns", "Burns"]);
}

#[test]
fn plugins_that_cannot_run_are_refused_with_their_place() {
    for (chain, expected) in [
        (
            "{chain: [{id: mine/v1}]}",
            "x.yml:9:28: error: the plugin `mine/v1` is a program that is not here",
        ),
        (
            "{chain: [{id: sloth.dev/contrib/info_labels/v1}]}",
            "it needs `labels`",
        ),
        (
            "{chain: [{id: sloth.dev/contrib/rule_intervals/v1, config: {interval: {every: 5m}}}]}",
            "unknown field `every`",
        ),
        (
            "{chain: [{id: sloth.dev/contrib/rule_intervals/v1, config: {interval: {default: x}}}]}",
            "`default`",
        ),
    ] {
        let found = refused(&with_plugins(chain), &Options::default());
        assert!(found.contains(expected), "{expected}\n{found}");
    }
}

const OWN: &str = r#"
version: plimsoll/v1
service: shop
slos:
  - name: requests
    objective: 99.9
    sli:
      events:
        valid: r_total{job="x"}
        bad: r_total{job="x",code=~"5.."}
        exclude: [{match: 'code="429"', reason: client}, {match: 'code="400",user!=""', reason: client}]
    dimensions: {by: [region]}
    alerts: {name: Burns, page: {labels: {a: b}}, windows: [{severity: page, factor: 14.4, long: 1h, short: 5m}]}
  - name: latency
    objectives: [{name: p95, objective: 95, below: 300ms}, {name: p99, objective: 99, below: 1s}]
    window: 7d
    sli: {latency: {histogram: l_seconds}}
  - name: up
    objective: 99
    window: {calendar: month}
    sli: {probe: {success: up}}
  - name: lag
    objective: 99
    sli: {gauge: {metric: lag, good: "<= 5"}}
  - name: asked
    objective: 99
    sli: {queries: {good: 'sum(rate(a[$window]))', valid: 'sum(rate(b[$window]))', counting: rates}}
composites:
  - {name: all, kind: series, objective: 99, of: [{slo: requests}]}
"#;

fn catalog() -> Catalog {
    let file = file::check(&source(OWN), &Features::default());
    Catalog::merge(vec![file.unwrap_or_else(|error| panic!("{error}"))]).unwrap()
}

#[test]
fn our_own_files_become_rules_of_sloth_s_names() {
    let (specs, losses) = of_catalog(&catalog()).unwrap();
    let mut options = Options::default();
    options
        .windows
        .add(AlertWindows::workbook(std::time::Duration::from_secs(
            7 * 86_400,
        )));
    let file = rules(&specs[0], &options).unwrap();
    all_parse(&file);
    let first = &file.groups[0].rules[0].expr;
    let rate = "rate(r_total{job=\"x\",code!=\"429\"}[5m]) unless rate(r_total{job=\"x\",code!=\"429\",code=\"400\",user!=\"\"}[5m])";
    assert!(
        first.contains(&format!("sum by (region) ({rate})")),
        "{first}"
    );
    assert!(
        losses
            .iter()
            .any(|loss| loss.contains("shop/up: rules have no periods")),
        "{losses:?}"
    );
    assert!(
        losses
            .iter()
            .any(|loss| loss.contains("shop/all: rules have no composites")),
        "{losses:?}"
    );
    let groups: Vec<&str> = file.groups.iter().map(|group| &*group.name).collect();
    assert!(
        groups.contains(&"sloth-slo-sli-recordings-shop-latency-p95"),
        "{groups:?}"
    );
    // One severity has windows, so one alert is made.
    let burns = file.groups.iter().flat_map(|group| &group.rules);
    let burns = burns.filter(|rule| rule.kind == RuleKind::Alert("Burns".into()));
    let labels: Vec<_> = burns
        .map(|rule| (&*rule.labels["sloth_severity"], &*rule.labels["a"]))
        .collect();
    assert_eq!(labels, [("page", "b")]);
}

#[test]
fn our_own_files_become_rules_of_pyrra_s_names_where_they_can() {
    let (objectives, losses) = pyrra::of_catalog(&catalog());
    let names_of: Vec<&str> = objectives
        .iter()
        .map(|objective| &*objective.name.value)
        .collect();
    assert_eq!(names_of, ["latency-p95", "latency-p99"]);
    assert!(
        losses
            .iter()
            .any(|loss| loss == "shop/requests: Pyrra leaves out no events"),
        "{losses:?}"
    );
    for file in pyrra::rules(&objectives) {
        all_parse(&file);
    }
}

#[test]
fn pyrra_s_rules_have_its_names_and_windows() {
    let text = r#"
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: api, namespace: monitoring}
spec:
  target: "99"
  window: 2w
  indicator:
    ratio:
      errors: {metric: 'r_total{job="j",code=~"5.."}'}
      total: {metric: 'r_total{job="j"}'}
"#;
    let objectives = import::pyrra::read(&source(text)).unwrap();
    let files = pyrra::rules(&objectives);
    let [file] = files.as_slice() else {
        panic!("an object for each objective");
    };
    all_parse(file);
    assert_eq!(
        expr(file, "r:increase2w"),
        "sum by (code) (increase(r_total{job=\"j\"}[2w]))"
    );
    let share =
        "sum(rate(r_total{job=\"j\",code=~\"5..\"}[3m])) / sum(rate(r_total{job=\"j\"}[3m]))";
    assert_eq!(expr(file, "r:burnrate3m"), share);
    let alert = "r:burnrate3m{job=\"j\",slo=\"api\"} > (14 * (1-0.99)) and r:burnrate30m{job=\"j\",slo=\"api\"} > (14 * (1-0.99))";
    assert_eq!(expr(file, "ErrorBudgetBurn"), alert);
    assert_eq!(
        expr(file, "SLOMetricAbsent"),
        "absent(r_total{job=\"j\"}) == 1"
    );
    let yaml = file.to_yaml();
    assert!(
        yaml.starts_with("apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\n"),
        "{yaml}"
    );
    assert!(yaml.contains("exhaustion: 1d\n"), "{yaml}");
}
