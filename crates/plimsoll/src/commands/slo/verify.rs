//! `plimsoll slo verify`: counts raw samples again.

use serde_json::Value;

use super::answer::{Named, Objectives, Output, group};
use super::show::counts;
use crate::commands::Failure;
use crate::commands::shown::{list, text};

/// Count the stored samples of an SLO again and compare with its ledger, slice by slice
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll slo verify checkout/availability\n  \
    plimsoll slo verify checkout/availability --start 2026-11-01T00:00:00Z --end 2026-11-02T00:00:00Z\n\n\
    The exit code is 1 when they differ.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    named: Named,
    /// The first time that is counted again; a day before the end when absent
    #[arg(long, value_name = "TIME")]
    start: Option<String>,
    /// The end; now when absent
    #[arg(long, value_name = "TIME")]
    end: Option<String>,
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
    let mut parameters = Vec::new();
    for (name, value) in [("start", &arguments.start), ("end", &arguments.end)] {
        parameters.extend(value.clone().map(|value| (name, value)));
    }
    let path = arguments.named.path("verify");
    let data = arguments.server.data(&path, &parameters)?;
    arguments.output.print(&data, report)?;
    match data["agrees"] == true {
        true => Ok(()),
        false => Err(Failure::failed("the ledger and the samples differ")),
    }
}

fn report(data: &Value) -> String {
    let (from, to) = (text(&data["from"]), text(&data["to"]));
    let mut report = format!("{from} to {to}\n");
    for budget in list(&data["budgets"]) {
        let name = group(budget);
        let name = if name.is_empty() { "all" } else { &name };
        let (ledger, recounted) = (counts(&budget["ledger"]), counts(&budget["recounted"]));
        report.push_str(&match budget["differing"].as_u64() {
            Some(0) => format!("  {name}: agrees: {ledger}\n"),
            _ => format!(
                "  {name}: {} slices differ: the ledger has {ledger}, the samples give {recounted}\n",
                budget["differing"]
            ),
        });
        for one in list(&budget["differences"]) {
            let (ledger, recounted) = (counts(&one["ledger"]), counts(&one["recounted"]));
            let at = text(&one["at"]);
            report.push_str(&format!("    {at}: {ledger}; samples: {recounted}\n"));
        }
    }
    if data["tooLateSamples"].as_u64().unwrap_or(0) > 0 {
        let count = &data["tooLateSamples"];
        report.push_str(&format!(
            "{count} samples came too late to be counted since the server was started\n"
        ));
    }
    report
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_difference_is_told_with_its_slice() {
        let counts = |good: i64| json!({"good": good, "bad": 0, "excluded": 0});
        let data = json!({
            "from": "2026-11-22T00:00:00Z", "to": "2026-11-23T00:00:00Z", "tooLateSamples": 3,
            "budgets": [{
                "objective": "", "group": null, "ledger": counts(5), "recounted": counts(6), "differing": 1,
                "differences": [{"at": "2026-11-22T10:00:00Z", "ledger": counts(0), "recounted": counts(1)}],
            }],
        });
        let report = report(&data);
        assert!(
            report.contains("all: 1 slices differ: the ledger has 5 good"),
            "{report}"
        );
        assert!(report.contains("2026-11-22T10:00:00Z: 0 good"), "{report}");
        assert!(report.contains("3 samples came too late"), "{report}");
    }
}
