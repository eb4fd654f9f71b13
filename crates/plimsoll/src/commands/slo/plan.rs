//! `plimsoll slo plan`: what would have been under another promise.

use serde_json::{Value, json};

use super::answer::{Named, Objectives, Output, percent};
use crate::commands::Failure;
use crate::commands::shown::{counted, list, table as columns, text};

/// Live through the past with other targets, windows or methods: who would have been paged, what would have been frozen
///
/// The past is that of the ledger, whose slices are an hour long after three days; pages are told only where they are short
/// enough for the windows of the rules.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll slo plan checkout/availability --target 99.5 --target 99.99\n  \
    plimsoll slo plan checkout/availability --window 7d --method timeslices\n  \
    plimsoll slo plan checkout/availability --target 99.99 --deploy 2026-11-03T10:00:00Z --freezes-from critical")]
pub(crate) struct Arguments {
    #[command(flatten)]
    named: Named,
    /// Another target, in percent; may be repeated
    #[arg(long = "target", value_name = "PERCENT")]
    targets: Vec<String>,
    /// Another window, such as 7d; may be repeated
    #[arg(long = "window", value_name = "DURATION")]
    windows: Vec<String>,
    /// Another method: occurrences, timeslices or ratio_timeslices; may be repeated
    #[arg(long = "method", value_name = "METHOD")]
    methods: Vec<String>,
    /// The first time; 30 days before the end when absent
    #[arg(long, value_name = "TIME")]
    start: Option<String>,
    /// The end; now when absent
    #[arg(long, value_name = "TIME")]
    end: Option<String>,
    /// When something was deployed; may be repeated
    #[arg(long = "deploy", value_name = "TIME")]
    deploys: Vec<String>,
    /// From which state on deploys are frozen
    #[arg(long, value_name = "STATE", default_value = "critical", value_parser = ["caution", "critical", "exhausted"])]
    freezes_from: String,
    /// Which objective, where there are several; the first when absent
    #[arg(long, value_name = "NAME")]
    objective: Option<String>,
    #[command(flatten)]
    server: Objectives,
    /// How it is printed
    #[arg(
        long,
        short,
        value_enum,
        value_name = "FORMAT",
        default_value = "table"
    )]
    output: Output,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let changes = changes(arguments);
    if changes.is_empty() {
        return Err(Failure::usage(
            "what would be different? say it with --target, --window or --method",
        ));
    }
    let mut parameters = vec![("freezes_from", arguments.freezes_from.clone())];
    parameters.extend(changes.into_iter().map(|change| ("change", change)));
    let deploys = arguments.deploys.iter();
    parameters.extend(deploys.map(|deploy| ("deploy", deploy.clone())));
    for (name, value) in [
        ("start", &arguments.start),
        ("end", &arguments.end),
        ("objective", &arguments.objective),
    ] {
        parameters.extend(value.clone().map(|value| (name, value)));
    }
    let path = arguments.named.path("plan");
    let data = arguments.server.data(&path, &parameters)?;
    arguments.output.print(&data, report)
}

/// Returns a plan for each thing that is changed, one at a time: so it shows what each is worth.
fn changes(arguments: &Arguments) -> Vec<String> {
    let mut changes = Vec::new();
    for (name, values) in [
        ("objective", &arguments.targets),
        ("window", &arguments.windows),
        ("method", &arguments.methods),
    ] {
        let plans = values
            .iter()
            .map(|value| json!({ name: value }).to_string());
        changes.extend(plans);
    }
    changes
}

fn report(data: &Value) -> String {
    let outages = list(&data["outages"]).count();
    let mut report = format!(
        "{} to {}, in slices of {}: {}\n",
        text(&data["from"]),
        text(&data["to"]),
        text(&data["resolution"]),
        counted(outages, "outage")
    );
    let lines: Vec<_> = list(&data["plans"]).map(line).collect();
    let head = [
        "PLAN", "TARGET", "WINDOW", "METHOD", "KEPT", "WORST", "PAGES", "TICKETS", "NOTICED",
        "FROZEN",
    ];
    report.push_str(&columns(&head, &lines));
    if list(&data["plans"]).any(|plan| plan["pages"].is_null()) {
        report
            .push_str("pages are not told where slices are longer than the windows of the rules\n");
    }
    report
}

fn line(plan: &Value) -> Vec<String> {
    let number = |value: &Value| value.as_u64().map_or("-".into(), |count| count.to_string());
    let consumed = list(&plan["periods"]).filter_map(|period| period["consumed"].as_f64());
    let worst = consumed.max_by(f64::total_cmp);
    vec![
        name(plan),
        format!("{} %", text(&plan["target"])),
        text(&plan["window"]),
        text(&plan["method"]),
        percent(&plan["kept"]),
        percent(&worst.into()),
        number(&plan["pages"]),
        number(&plan["tickets"]),
        number(&plan["outagesNoticed"]),
        list(&plan["frozen"]).count().to_string(),
    ]
}

/// Names a plan by what it changes.
fn name(plan: &Value) -> String {
    let name = text(&plan["name"]);
    let change: Option<Value> = serde_json::from_str(&name).ok();
    let fields = change.as_ref().and_then(Value::as_object);
    match fields {
        Some(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(field, value)| format!("{field} {}", text(value)));
            fields.collect::<Vec<_>>().join(", ")
        }
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn each_change_is_a_plan_of_its_own() {
        let words = [
            "x", "a/b", "--target", "99", "--window", "7d", "--target", "99.5",
        ];
        let line = Line::parse_from(words);
        let expected = [
            r#"{"objective":"99"}"#,
            r#"{"objective":"99.5"}"#,
            r#"{"window":"7d"}"#,
        ];
        assert_eq!(changes(&line.arguments), expected);
        assert!(Line::try_parse_from(["x", "a/b", "--freezes-from", "never"]).is_err());
        assert_eq!(name(&json!({"name": expected[0]})), "objective 99");
        assert_eq!(name(&json!({"name": "in force"})), "in force");
    }

    #[test]
    fn pages_that_are_not_known_are_no_zero() {
        let data = json!({
            "from": "a", "to": "b", "resolution": "1h", "outages": [{}],
            "plans": [{
                "name": "in force", "target": "99.9", "window": "30d", "method": "occurrences", "kept": 0.5,
                "periods": [{"consumed": 1.46}, {"consumed": null}, {"consumed": 0.2}],
                "pages": null, "tickets": null, "outagesNoticed": null, "frozen": ["t"],
            }],
        });
        let report = report(&data);
        assert!(
            report.starts_with("a to b, in slices of 1h: 1 outage\n"),
            "{report}"
        );
        assert!(
            report.contains("146.000 %  -      -        -        1\n"),
            "{report}"
        );
        assert!(
            report.ends_with("than the windows of the rules\n"),
            "{report}"
        );
    }
}
