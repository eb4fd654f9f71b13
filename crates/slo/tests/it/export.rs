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
fn validation_of_another_dialect_changes_no_rule() {
    let plain = made(SPEC, &Options::default()).to_yaml();
    let validated = with_plugins(
        "{chain: [{id: sloth.dev/contrib/validate_victoria_metrics/v1, priority: -1}]}",
    );
    assert_eq!(made(&validated, &Options::default()).to_yaml(), plain);
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
    let mut options = Options::default();
    let (specs, losses) = of_catalog(&catalog(), &mut options.windows).unwrap();
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

/// Returns what the exports to Sloth's and to Pyrra's rules say is lost of one SLO of ours.
fn lost(slo: &str) -> [String; 2] {
    let text = format!("version: plimsoll/v1\nservice: shop\nslos:\n  - {slo}\n");
    let file = file::check(&source(&text), &Features::default());
    let catalog = Catalog::merge(vec![file.unwrap_or_else(|error| panic!("{error}"))]).unwrap();
    let (_, sloth) = of_catalog(&catalog, &mut Options::default().windows).unwrap();
    let (_, pyrra) = pyrra::of_catalog(&catalog);
    [sloth.join("\n"), pyrra.join("\n")]
}

#[test]
fn what_rules_cannot_say_is_told() {
    let slo = |more: &str| {
        format!(
            "{{name: a, objective: 99.9, sli: {{events: {{valid: r_total, bad: 'r_total{{code=\"5\"}}'}}}}{more}}}"
        )
    };
    let check = |more: &str, sloth: &str, pyrra: &str| {
        let [of_sloth, of_pyrra] = lost(&slo(more));
        assert!(of_sloth.contains(sloth), "{more}: {of_sloth}");
        assert!(of_pyrra.contains(pyrra), "{more}: {of_pyrra}");
    };
    let none = ", alerts: none";
    assert_eq!(lost(&slo(none)), ["", ""]);
    check("", "Sloth's four windows", "Pyrra's four windows");
    let one = "rules have one window: the first rolling one";
    check(", windows: [30d, 7d]", one, one);
    check(", no_data: freeze", "`no_data`", "`no_data`");
    check(
        ", alerts: {name: B, exhausts_in: 7d}",
        "`exhausts_in`",
        "`exhausts_in`",
    );
    let groups =
        ", dimensions: {by: [region], objectives: [{match: 'region=\"eu\"', objective: 99.95}]}";
    check(
        groups,
        "one objective for all groups",
        "one objective for all groups",
    );
    check(
        ", alerts: {name: B, page: {labels: {a: b}}}",
        "four windows",
        "no labels",
    );
    check(
        ", window: 2d",
        "windows of its alerts are longer than its own",
        "",
    );
    let pages = "{severity: page, factor: 14.4, long: 1h, short: 5m}, {severity: page, factor: 6, long: 6h, short: 30m}";
    let workbook = format!(", alerts: {{name: B, windows: [{pages}]}}");
    let [of_sloth, of_pyrra] = lost(&slo(&workbook));
    assert_eq!(of_sloth, "");
    assert!(of_pyrra.contains("Pyrra's four windows"), "{of_pyrra}");
}

#[test]
fn what_came_from_pyrra_goes_back_without_a_loss() {
    let text = "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata: {name: a, namespace: shop}\n\
                spec: {target: '99', window: 2w, indicator: {ratio: {errors: {metric: 'r_total{code=\"5\"}'}, total: {metric: r_total}}}}\n";
    let imported = import::import(&[(Path::new("x.yml"), text)], &import::Options::default());
    let own = imported.unwrap().documents[0].to_yaml();
    let file = file::check(&source(&own), &Features::default()).unwrap();
    let (objectives, losses) = pyrra::of_catalog(&Catalog::merge(vec![file]).unwrap());
    assert_eq!((objectives.len(), losses), (1, Vec::<String>::new()));
}

#[test]
fn edges_of_buckets_have_the_unit_of_their_metric() {
    let text = "version: plimsoll/v1\nservice: shop\nslos:\n  - {name: a, objective: 99, sli: {latency: {histogram: l_milliseconds, unit: milliseconds, below: 300ms}}}\n";
    let file = file::check(&source(text), &Features::default()).unwrap();
    let (objectives, _) = pyrra::of_catalog(&Catalog::merge(vec![file]).unwrap());
    let files = pyrra::rules(&objectives);
    let increase = &files[0].groups[0].rules[1].expr;
    assert!(
        increase.contains("l_milliseconds_bucket{le=\"300\"}"),
        "{increase}"
    );
}

#[test]
fn a_gauge_that_is_compared_otherwise_is_no_bool_gauge_of_pyrra_s() {
    let gauge = |good: &str| {
        let [_, pyrra] = lost(&format!(
            "{{name: a, objective: 99, alerts: none, sli: {{gauge: {{metric: g, good: '{good}'}}}}}}"
        ));
        pyrra
    };
    assert_eq!(gauge("== 1"), "");
    assert_eq!(gauge("<= 1"), "shop/a: Pyrra's gauges are 1 or 0");
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
    let (objectives, _) = import::pyrra::read(&source(text)).unwrap();
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
