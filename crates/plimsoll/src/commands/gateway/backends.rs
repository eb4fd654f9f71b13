//! `plimsoll gateway backends`: who answers, and how each does as a whole.

use serde_json::Value;

use super::answer::{Gateway, number, or_dash};
use crate::commands::Failure;
use crate::commands::shown::{list, table as columns, text};
use crate::commands::slo::Output;

/// List backends: how they balance, how they are checked, and how many endpoints can be used
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll gateway backends\n  \
    plimsoll gateway backends checkout --output json")]
pub(super) struct Arguments {
    /// Only this one
    #[arg(value_name = "NAME")]
    name: Option<String>,
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
    let name = arguments.name.clone().map(|name| ("name", name));
    let data = arguments.gateway.data("backends", name.as_slice())?;
    arguments.output.print(&data, table)
}

fn table(data: &Value) -> String {
    let lines: Vec<_> = list(&data["backends"]).map(line).collect();
    let head = [
        "BACKEND",
        "POLICY",
        "USABLE",
        "IN FLIGHT",
        "LIMIT",
        "WAITING",
        "CHECK",
        "ROUTES",
        "NOTES",
    ];
    columns(&head, &lines)
}

fn line(backend: &Value) -> Vec<String> {
    let routes: Vec<String> = list(&backend["routes"]).map(text).collect();
    let door = &backend["concurrency"];
    let waiting = door["waiting"].as_object().into_iter();
    let waiting = waiting
        .flat_map(|all| all.values())
        .filter_map(Value::as_u64);
    vec![
        text(&backend["name"]),
        text(&backend["policy"]),
        format!("{} of {}", backend["endpointsUsable"], backend["endpoints"]),
        number(&backend["inFlight"]),
        number(&door["limit"]),
        match door.is_object() {
            true => waiting.sum::<u64>().to_string(),
            false => "-".into(),
        },
        or_dash(&backend["check"]),
        routes.join(" "),
        notes(backend),
    ]
}

fn notes(backend: &Value) -> String {
    let panicking = list(&backend["levels"]).filter(|level| level["isPanicking"] == true);
    let mut notes: Vec<String> = panicking
        .map(|level| format!("PANIC at priority {}: health is ignored", level["priority"]))
        .collect();
    if let Some(withheld @ 1..) = backend["ejectionsWithheld"].as_u64() {
        notes.push(format!("{withheld} ejections withheld"));
    }
    notes.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_panic_is_told() {
        let data = json!({"backends": [{
            "name": "shop", "policy": "peak_ewma", "check": null, "routes": ["a", "b"],
            "levels": [{"priority": 0, "isPanicking": true}], "ejectionsWithheld": 3,
            "concurrency": {"limit": 20, "waiting": {"P0": 1, "P1": 2, "P2": 0, "P3": 0}},
            "endpoints": 3, "endpointsUsable": 1, "inFlight": 4,
        }]});
        let shown = table(&data);
        let line = shown.lines().nth(1).unwrap();
        assert!(
            line.starts_with("shop     peak_ewma  1 of 3  4          20     3        -      a b"),
            "{line}"
        );
        assert!(
            line.ends_with("PANIC at priority 0: health is ignored, 3 ejections withheld"),
            "{line}"
        );
    }
}
