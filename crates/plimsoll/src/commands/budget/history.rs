//! `plimsoll budget history`: how a budget was used up.

use serde_json::Value;

use crate::commands::Failure;
use crate::commands::shown::{list, table as columns, text};
use crate::commands::slo::{Named, Objectives, Output, percent};

/// Show what was counted slice by slice, and what was left of the budget
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll budget history checkout/availability --step 1h\n  \
    plimsoll budget history checkout/latency --objective p99 --label region=eu\n  \
    plimsoll budget history checkout/availability --start 2026-11-01T00:00:00Z --step 1d --output json")]
pub(crate) struct Arguments {
    #[command(flatten)]
    named: Named,
    /// The first time; a day before the end when absent
    #[arg(long, value_name = "TIME")]
    start: Option<String>,
    /// The end; now when absent
    #[arg(long, value_name = "TIME")]
    end: Option<String>,
    /// How long each slice is, a multiple of 10s
    #[arg(long, value_name = "DURATION", default_value = "1h")]
    step: String,
    /// Which objective, where there are several; the first when absent
    #[arg(long, value_name = "NAME")]
    objective: Option<String>,
    /// Which group of its dimensions, label by label; the whole when absent
    #[arg(long = "label", value_name = "NAME=VALUE")]
    labels: Vec<String>,
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
    let mut parameters = vec![("step", arguments.step.clone())];
    for (name, value) in [
        ("start", &arguments.start),
        ("end", &arguments.end),
        ("objective", &arguments.objective),
    ] {
        parameters.extend(value.clone().map(|value| (name, value)));
    }
    let labels = arguments.labels.iter();
    parameters.extend(labels.map(|label| ("label", label.clone())));
    let path = arguments.named.path("history");
    let data = arguments.server.data(&path, &parameters)?;
    arguments.output.print(&data, table)
}

fn table(data: &Value) -> String {
    let lines = list(&data["slices"]).map(|slice| {
        let number = |name: &str| slice[name].to_string();
        // What was not measured is no zero.
        let counts = match slice["coveredSlices"].as_i64().unwrap_or(0) > 0 {
            true => [number("good"), number("bad"), number("excluded")],
            false => ["-".to_owned(), "-".to_owned(), "-".to_owned()],
        };
        let mut line = vec![text(&slice["at"])];
        line.extend(counts);
        line.push(percent(&slice["remaining"]));
        line
    });
    let lines: Vec<_> = lines.collect();
    columns(&["FROM", "GOOD", "BAD", "LEFT OUT", "LEFT"], &lines)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_not_measured_is_no_zero() {
        let data = json!({"slices": [
            {"at": "2026-11-22T00:00:00Z", "good": 0, "bad": 0, "excluded": 0, "coveredSlices": 0, "remaining": null},
            {"at": "2026-11-22T01:00:00Z", "good": 0, "bad": 0, "excluded": 0, "coveredSlices": 6, "remaining": 1.0},
        ]});
        let table = table(&data);
        let lines: Vec<&str> = table.lines().collect();
        let words = |line: &str| {
            line.split_whitespace()
                .skip(1)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(words(lines[1]), "- - - -");
        assert_eq!(words(lines[2]), "0 0 0 100.000 %");
    }
}
