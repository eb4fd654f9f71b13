//! `plimsoll slo list`: all objectives, and how each is kept.

use serde_json::Value;

use super::answer::{Objectives, Output, group, percent};
use crate::commands::Failure;
use crate::commands::shown::{list, table as columns, text};

/// List objectives with their budgets, the most used up first
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll slo list\n  \
    plimsoll slo list --service checkout\n  \
    plimsoll slo list --state exhausted --output json")]
pub(crate) struct Arguments {
    /// Only those of a service
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Only those in this state: no_data, healthy, caution, critical or exhausted
    #[arg(long, value_name = "STATE", value_parser = ["no_data", "healthy", "caution", "critical", "exhausted"])]
    state: Option<String>,
    #[command(flatten)]
    server: Objectives,
    /// How they are printed
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
    let mut parameters = Vec::new();
    for (name, value) in [("service", &arguments.service), ("state", &arguments.state)] {
        parameters.extend(value.clone().map(|value| (name, value)));
    }
    let data = arguments.server.data("", &parameters)?;
    arguments.output.print(&data, table)
}

fn table(data: &Value) -> String {
    let mut lines: Vec<(f64, Vec<String>)> = Vec::new();
    for slo in list(&data["slos"]) {
        for budget in list(&slo["budgets"]) {
            let window = &budget["window"];
            // What has no figures stands at the end.
            let remaining = window["remaining"].as_f64().unwrap_or(f64::INFINITY);
            lines.push((remaining, line(slo, budget, window)));
        }
    }
    lines.sort_by(|(left, _), (right, _)| left.total_cmp(right));
    let lines: Vec<_> = lines.into_iter().map(|(_, line)| line).collect();
    let head = [
        "SLO",
        "OBJECTIVE",
        "TARGET",
        "WINDOW",
        "STATE",
        "LEFT",
        "KEPT",
        "FIRING",
    ];
    columns(&head, &lines)
}

fn line(slo: &Value, budget: &Value, window: &Value) -> Vec<String> {
    vec![
        text(&slo["id"]),
        group(budget),
        format!("{} %", text(&budget["target"])),
        text(&window["window"]),
        text(&budget["state"]),
        percent(&window["remaining"]),
        percent(&window["compliance"]),
        text(&budget["firing"]["severity"]),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_most_used_up_stands_first() {
        let budget = |remaining: Value| {
            json!({
                "objective": "", "target": "99.9", "state": "healthy", "firing": null,
                "window": {"window": "30d", "remaining": remaining, "compliance": 0.9995},
            })
        };
        let data = json!({"slos": [
            {"id": "a/none", "budgets": [budget(Value::Null)]},
            {"id": "a/much", "budgets": [budget(json!(0.5))]},
            {"id": "a/spent", "budgets": [budget(json!(-0.46))]},
        ]});
        let table = table(&data);
        let ids: Vec<&str> = table
            .lines()
            .filter_map(|line| line.split(' ').next())
            .collect();
        assert_eq!(ids, ["SLO", "a/spent", "a/much", "a/none"]);
        assert!(table.contains("-46.000 %"), "{table}");
    }
}
