//! Other projects' examples, imported: what is kept of them, and what is said where something is not.

use std::path::{Path, PathBuf};

use plimsoll_promql::Features;
use plimsoll_runtime::config::Source;
use plimsoll_slo::file;
use plimsoll_slo::import::{Imported, Options, Verdict, import};
use plimsoll_slo::sli::{Ask, Source as Events};

/// Returns a folder of other projects' files; `None` (and says so) where there are none.
#[expect(clippy::print_stdout, reason = "tells that a test was skipped")]
fn testdata(folder: &str) -> Option<PathBuf> {
    let set = std::env::var_os("PLIMSOLL_TESTDATA").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata");
    let path = set.unwrap_or_else(beside).join(folder);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: {} does not exist", path.display());
    None
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_yaml = path
                .extension()
                .is_some_and(|ending| ending == "yaml" || ending == "yml");
            match path.is_dir() {
                true if path.ends_with("_gen") || path.ends_with("windows") => {}
                true => folders.push(path),
                false if is_yaml => files.push(path),
                false => {}
            }
        }
    }
    files.sort();
    files
}

fn imported(path: &Path) -> Imported {
    let text = std::fs::read_to_string(path).unwrap();
    import(&[(path, &text)], &Options::default()).unwrap()
}

/// Imports a text and returns the only file of ours, and the report.
fn one(text: &str) -> (String, String) {
    let imported = import(&[(Path::new("x.yml"), text)], &Options::default()).unwrap();
    let yaml = imported
        .documents
        .first()
        .map(|document| document.to_yaml());
    (yaml.unwrap_or_default(), imported.report.to_string())
}

fn read(yaml: &str) -> file::SloFile {
    let source = Source::new(Path::new("made.yml"), yaml).unwrap();
    file::check(&source, &Features::default()).unwrap_or_else(|error| panic!("{error}\n{yaml}"))
}

/// Imports a text that is not refused, holds what is made against the checks of our files, and returns it.
fn kept(text: &str) -> (String, String) {
    let (yaml, report) = one(text);
    assert!(report.ends_with(" 0 refused\n"), "{report}");
    read(&yaml);
    (yaml, report)
}

fn sloth(sli: &str) -> String {
    format!(
        "version: prometheus/v1\nservice: shop\nslos:\n  - name: a\n    objective: 99.9\n    sli: {sli}\n    alerting: {{page_alert: {{disable: true}}, ticket_alert: {{disable: true}}}}\n"
    )
}

#[test]
fn examples_of_others_are_imported_and_read_as_files_of_ours() {
    for (folder, least) in [("sloth", 11), ("pyrra", 14), ("openslo", 4)] {
        let Some(folder) = testdata(folder) else {
            continue;
        };
        let files = files(&folder);
        assert!(files.len() >= least, "{}", folder.display());
        for path in files {
            let imported = imported(&path);
            let refused = imported.report.count(Verdict::Refused);
            assert_eq!(refused, 0, "{}\n{}", path.display(), imported.report);
            for document in &imported.documents {
                read(&document.to_yaml());
            }
        }
    }
}

#[test]
fn sums_of_rates_become_selectors_that_are_counted() {
    let events = |errors: &str, total: &str| {
        let events = format!("{{events: {{error_query: '{errors}', total_query: '{total}'}}}}");
        kept(&sloth(&events))
    };
    let (yaml, report) = events(
        "sum(rate(r_total{code=~\"5..\"}[{{.window}}])) OR on() vector(0)",
        "sum(rate(r_total[{{.window}}]))",
    );
    assert!(
        yaml.contains("valid: r_total\n        bad: r_total{code=~\"5..\"}\n"),
        "{yaml}"
    );
    assert!(report.starts_with("kept: shop/a\n"), "{report}");
    let (yaml, _) = events(
        "sum by (zone) (rate(l_count[{{.window}}])) - sum by (zone) (rate(l_bucket{le=\"0.3\"}[{{.window}}]))",
        "sum by (zone) (rate(l_count[{{.window}}]))",
    );
    assert!(
        yaml.contains("latency:\n        histogram: l\n        below: 300ms\n"),
        "{yaml}"
    );
    assert!(yaml.contains("by:\n        - zone\n"), "{yaml}");
}

#[test]
fn queries_that_are_no_sums_are_asked_and_it_is_said_why() {
    let text = sloth(
        "{events: {error_query: 'sum(rate(a[{{.window}}])) * 2', total_query: 'sum(rate(b[{{.window}}]))'}}",
    );
    let (yaml, report) = kept(&text);
    assert!(
        report.contains("x.yml:6:") && report.contains("it uses `*`"),
        "{report}"
    );
    let file = read(&yaml);
    let Events::Asks { every, ask } = &file.catalog.slos[0].sli.source else {
        panic!("it is asked");
    };
    assert_eq!(every.as_secs(), 300);
    assert!(
        matches!(ask, Ask::Rates { bad: Some(bad), .. } if &**bad == "sum(rate(a[$window])) * 2")
    );
    let (yaml, _) = kept(&sloth(
        "{raw: {error_ratio_query: '1 - avg(avg_over_time(up[{{.window}}]))'}}",
    ));
    assert!(yaml.contains("ratio:"), "{yaml}");
}

#[test]
fn what_sloth_refuses_is_refused_with_its_place() {
    for (text, expected) in [
        (
            "version: prometheus/v1\nservice: a\n",
            "the document has no SLO",
        ),
        (
            &sloth("{raw: {error_ratio_query: 'up'}}"),
            "x.yml:6:36: error: the query has no `{{.window}}`",
        ),
        (
            &sloth("{raw: {error_ratio_query: 'rate(up[{{.window}}]'}}"),
            "the query is no PromQL",
        ),
        (
            &sloth("{plugin: {id: mine}}"),
            "the SLI plugin `mine` is a Go program that is not here",
        ),
        (&sloth("{}"), "an SLO needs an `sli`"),
        (
            &sloth("{raw: {error_ratio_query: 'rate(up[{{.window}}])'}}").replace("99.9", "101"),
            "at most 100",
        ),
        // Legal there, and a promise that cannot be kept here.
        (
            &sloth("{raw: {error_ratio_query: 'rate(up[{{.window}}])'}}").replace("99.9", "100"),
            "leaves no budget",
        ),
        (
            "kind: Pod\napiVersion: v1\n",
            "unknown kind of document `v1`",
        ),
        ("version: prometheus/v1\nservice: [\n", "x.yml:"),
    ] {
        let (yaml, report) = one(text);
        assert!(yaml.is_empty(), "{yaml}");
        assert!(
            report.contains(expected) && report.contains("1 refused"),
            "{expected}\n{report}"
        );
    }
}

#[test]
fn one_bad_slo_keeps_no_other_from_being_imported() {
    let good = sloth("{raw: {error_ratio_query: 'rate(up[{{.window}}])'}}");
    let bad = good.replace("name: a", "name: b").replace("99.9", "100");
    let again = good.clone();
    let text = format!("{good}---\n{bad}---\n{again}");
    let imported = import(&[(Path::new("x.yml"), &text)], &Options::default()).unwrap();
    assert_eq!(
        imported.report.count(Verdict::Refused),
        2,
        "{}",
        imported.report
    );
    assert!(
        imported
            .report
            .to_string()
            .contains("there is another SLO shop/a")
    );
    assert_eq!(imported.documents[0].slos.len(), 1);
}

const OPENSLO: &str = r#"apiVersion: openslo/v1
kind: SLO
metadata: {name: checkout, displayName: Checkout}
spec:
  service: shop
  indicatorRef: errors
  timeWindow: [{duration: 1M, isRolling: false, calendar: {startTime: "2026-01-01 00:00:00", timeZone: Europe/Athens}}]
  budgetingMethod: Timeslices
  objectives:
    - {displayName: Gold, target: 0.995, timeSliceTarget: 0.95, timeSliceWindow: 1m}
    - {displayName: SLA, targetPercent: 99, timeSliceTarget: 0.95, timeSliceWindow: 1m}
  alertPolicies: [{alertPolicyRef: fast}]
---
apiVersion: openslo/v1
kind: SLI
metadata: {name: errors}
spec:
  ratioMetric:
    counter: true
    bad: {metricSource: {type: Prometheus, spec: {query: 'r_total{code="500"}'}}}
    total: {metricSource: {metricSourceRef: main, spec: {query: r_total}}}
---
apiVersion: openslo/v1
kind: DataSource
metadata: {name: main}
spec: {type: Prometheus}
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: fast}
spec:
  conditions:
    - kind: AlertCondition
      metadata: {name: burns}
      spec:
        severity: page
        condition: {kind: burnrate, op: lte, threshold: 2, lookbackWindow: 1h, alertAfter: 5m}
"#;

#[test]
fn openslo_objects_are_found_by_their_names() {
    let (yaml, report) = kept(OPENSLO);
    for expected in [
        "calendar: month\n      zone: Europe/Athens",
        "timeslices:\n        length: 1m\n        objective: 95",
        "- name: gold\n        objective: 99.5",
        "- name: sla\n        objective: 99\n",
        "valid: r_total\n        bad: r_total{code=\"500\"}",
        "factor: 2\n          long: 1h\n          for: 5m",
    ] {
        assert!(yaml.contains(expected), "{expected}\n{yaml}");
    }
    // The trap of the specification's own example.
    assert!(
        report.contains("`op: lte` alerts while the budget burns slowly"),
        "{report}"
    );
}

#[test]
fn openslo_that_names_nothing_is_refused() {
    let without = |part: &str| {
        let parts: Vec<&str> = OPENSLO
            .split("---\n")
            .filter(|text| !text.contains(part))
            .collect();
        one(&parts.join("---\n")).1
    };
    assert!(without("kind: SLI").contains("there is no SLI `errors` in the files"));
    assert!(without("kind: AlertPolicy").contains("there is no alert policy `fast`"));
    let (_, report) = one(&OPENSLO.replace("type: Prometheus, spec", "type: Datadog, spec"));
    assert!(
        report.contains("a source of the type Datadog has no PromQL"),
        "{report}"
    );
}

#[test]
fn the_examples_of_budgeting_methods_keep_their_method() {
    let Some(folder) = testdata("openslo") else {
        return;
    };
    let folder = folder.join("budgeting-method");
    let yaml = |name: &str| imported(&folder.join(name)).documents[0].to_yaml();
    assert!(yaml("ratio-timeslices.yaml").contains("ratio_timeslices:\n        length: 1m"));
    let slices = yaml("timeslices-slo.yaml");
    assert!(
        slices.contains("objective: 99\n") && slices.contains("calendar: month"),
        "{slices}"
    );
    assert!(yaml("occurences-slo.yaml").contains("good: \"< 500\""));
}

#[test]
fn pyrra_keeps_its_windows_and_groups() {
    let text = r#"
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: a, namespace: monitoring, labels: {pyrra.dev/team: x, prometheus: k8s}}
spec:
  target: "99.5"
  window: 4w
  alerting: {name: Burns, absent: false}
  indicator:
    ratio:
      errors: {metric: 't_total{job="j",code="500"}'}
      total: {metric: 't_total{job="j"}'}
      grouping: [handler]
"#;
    let (yaml, report) = kept(text);
    for expected in [
        "service: monitoring",
        "team: x",
        "window: 4w",
        "name: Burns",
        "factor: 14\n          long: 1h\n          short: 5m\n          for: 2m",
        "by:\n        - handler",
    ] {
        assert!(yaml.contains(expected), "{expected}\n{yaml}");
    }
    assert!(!yaml.contains("k8s"), "{yaml}");
    assert!(report.starts_with("kept: monitoring/a"), "{report}");
    let native = text.replace(
        "    ratio:\n      errors: {metric: 't_total{job=\"j\",code=\"500\"}'}\n",
        "    latencyNative:\n      latency: 1s\n",
    );
    assert!(kept(&native).0.contains("form: native\n        below: 1s"));
    assert!(
        one(&text.replace("ratio:", "both:"))
            .1
            .contains("one of ratio, latency")
    );
}

#[test]
fn fields_of_pyrra_that_do_nothing_are_told() {
    let text = "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata: {name: a, namespace: shop}\n\
                spec: {target: '99', window: 2w, wimdow: 4w, indicator: {bool_gauge: {metric: up}}}\n";
    let (_, report) = one(text);
    assert!(report.contains("wimdow"), "{report}");
    for target in ["abc", "0", "101", "1) or vector(1"] {
        let (_, report) = one(&text.replace("'99'", &format!("'{target}'")));
        assert!(
            report.contains("a target is above 0 and at most 100"),
            "{report}"
        );
    }
}

#[test]
fn an_slo_without_objectives_is_refused_and_not_forgotten() {
    let text = "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\nspec: {service: shop, objectives: []}\n";
    let (_, report) = one(text);
    assert!(report.contains("an SLO needs `objectives`"), "{report}");
    assert!(report.contains("1 refused"), "{report}");
}

#[test]
fn documents_behind_many_lines_are_not_kept_a_thousand_times() {
    let text = format!(
        "{}{}",
        "\n".repeat(4_000_000),
        "---\nversion: a\n".repeat(900)
    );
    let found = plimsoll_slo::import::documents(Path::new("x.yml"), &text).unwrap_err();
    assert!(
        found.to_string().contains("too many lines before them"),
        "{found}"
    );
}

#[test]
fn hostile_documents_end_in_a_report() {
    let parts = [
        "version: prometheus/v1\n",
        "service: a\n",
        "slos:\n",
        "  - name: b\n",
        "    objective: 99\n",
        "    sli:\n",
        "      events: {error_query: 'sum(rate(a[{{.window}}]))', total_query: \"sum(rate(b[{{.window}}]))\"}\n",
        "---\n",
        "apiVersion: openslo/v1\n",
        "kind: SLO\n",
        "spec: {objectives: [{target: 0.9}], timeWindow: [{duration: 1w}]}\n",
        "apiVersion: pyrra.dev/v1alpha1\n",
        "kind: ServiceLevelObjective\n",
        "metadata: {name: x}\n",
        "spec: []\n",
    ];
    bolero::check!()
        .with_type::<(Vec<u8>, String)>()
        .for_each(|(order, noise)| {
            let mut text: String = order
                .iter()
                .take(40)
                .map(|byte| parts[*byte as usize % parts.len()])
                .collect();
            text.push_str(noise);
            if let Ok(imported) = import(&[(Path::new("x.yml"), &text)], &Options::default()) {
                let _ = imported.report.to_string();
                for document in &imported.documents {
                    read(&document.to_yaml());
                }
            }
        });
}
