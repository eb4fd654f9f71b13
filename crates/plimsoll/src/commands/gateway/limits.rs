//! `plimsoll gateway limits`: how much is let in, and how much of it is used.

use serde_json::Value;

use super::answer::{Gateway, length, number, percent};
use crate::commands::Failure;
use crate::commands::shown::{list, table as columns, text};
use crate::commands::slo::Output;

/// Show limits: rates, requests in flight, queues, and the retry budget
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll gateway limits\n  \
    plimsoll gateway limits --output json")]
pub(super) struct Arguments {
    #[command(flatten)]
    gateway: Gateway,
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
    let data = arguments.gateway.data("limits", &[])?;
    arguments.output.print(&data, page)
}

fn page(data: &Value) -> String {
    let budget = number(&data["retryBudget"]);
    let mut page = format!("{budget} retries and hedges are left of the shared budget\n");
    let mut add = |head: &[&str], lines: Vec<Vec<String>>| {
        if !lines.is_empty() {
            page.push('\n');
            page.push_str(&columns(head, &lines));
        }
    };
    let rates = list(&data["rates"]).map(rate).collect();
    add(
        &[
            "ROUTE",
            "LIMIT",
            "KEY",
            "RATE",
            "BURST",
            "KEYS",
            "FORGOTTEN",
            "NOTES",
        ],
        rates,
    );
    let bulkheads = list(&data["inFlight"]).map(|one| {
        vec![
            text(&one["route"]),
            number(&one["inFlight"]),
            number(&one["max"]),
        ]
    });
    add(&["ROUTE", "IN FLIGHT", "MOST"], bulkheads.collect());
    let doors = list(&data["concurrency"]).map(door).collect();
    add(
        &[
            "BACKEND",
            "KIND",
            "IN FLIGHT",
            "LIMIT",
            "WAITING P0-P3",
            "ADMITTED P0-P3",
            "MEAN WAIT",
            "LONGEST",
        ],
        doors,
    );
    page
}

fn rate(rate: &Value) -> Vec<String> {
    let is_dry_run = rate["isDryRun"] == true;
    vec![
        text(&rate["route"]),
        text(&rate["name"]),
        text(&rate["key"]),
        format!(
            "{} per {}",
            number(&rate["count"]),
            length(&rate["perSeconds"])
        ),
        number(&rate["burst"]),
        number(&rate["keys"]),
        number(&rate["forgotten"]),
        if is_dry_run { "only counts" } else { "" }.to_owned(),
    ]
}

fn door(door: &Value) -> Vec<String> {
    let classes = ["P0", "P1", "P2", "P3"];
    let waiting = classes.map(|class| number(&door["waiting"][class]));
    let admitted = classes.map(|class| percent(&door["admitted"][class]));
    vec![
        text(&door["backend"]),
        text(&door["kind"]),
        number(&door["inFlight"]),
        number(&door["limit"]),
        waiting.join(" "),
        admitted.join(" "),
        length(&door["meanWaitSeconds"]),
        length(&door["longestWaitSeconds"]),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_there_is_none_of_has_no_table() {
        let data = json!({"retryBudget": 10, "rates": [], "inFlight": [], "concurrency": []});
        assert_eq!(
            page(&data),
            "10 retries and hedges are left of the shared budget\n"
        );
        let data = json!({"retryBudget": 10, "rates": [{
            "route": "a", "name": "per-client", "key": "client", "count": 50, "perSeconds": 1.0, "burst": 100,
            "keys": 3, "forgotten": 0, "isDryRun": true,
        }], "inFlight": [], "concurrency": []});
        let page = page(&data);
        assert!(
            page.ends_with(
                "a      per-client  client  50 per 1000ms  100    3     0          only counts\n"
            ),
            "{page}"
        );
    }
}
