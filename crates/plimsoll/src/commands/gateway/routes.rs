//! `plimsoll gateway routes`: which requests go where.

use serde_json::Value;

use super::answer::{Gateway, length, percent};
use crate::commands::Failure;
use crate::commands::shown::{list, table as columns, text};
use crate::commands::slo::Output;

/// List routes: what they match, and what is done
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll gateway routes\n  \
    plimsoll gateway routes checkout --output json")]
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
    let data = arguments.gateway.data("routes", name.as_slice())?;
    arguments.output.print(&data, table)
}

fn table(data: &Value) -> String {
    let lines: Vec<_> = list(&data["routes"]).map(line).collect();
    let head = [
        "ROUTE", "HOSTS", "MATCHES", "TO", "TIMEOUT", "CLASS", "LIMITS", "NOTES",
    ];
    columns(&head, &lines)
}

fn line(route: &Value) -> Vec<String> {
    vec![
        text(&route["name"]),
        joined(&route["hosts"], " ", "any"),
        joined(&route["matches"], "; or ", "everything"),
        action(&route["action"]),
        length(&route["timeoutSeconds"]),
        text(&route["criticality"]),
        joined(&route["limits"], " ", "-"),
        notes(route),
    ]
}

fn joined(values: &Value, with: &str, none: &str) -> String {
    let all: Vec<String> = list(values).map(text).collect();
    match all.is_empty() {
        true => none.to_owned(),
        false => all.join(with),
    }
}

/// Says what a route does.
pub(super) fn action(action: &Value) -> String {
    let status = || action["status"].as_u64().unwrap_or_default();
    match action["kind"].as_str() {
        Some("redirect") => format!("redirect {}", status()),
        Some("answer") => format!("answer {}", status()),
        _ => {
            let shares: Vec<_> = list(&action["shares"]).collect();
            let only = shares.len() == 1;
            let told = shares.iter().map(|share| match only {
                true => text(&share["backend"]),
                false => format!("{} {}", text(&share["backend"]), percent(&share["share"])),
            });
            told.collect::<Vec<_>>().join(", ")
        }
    }
}

/// Says what is not as usual.
fn notes(route: &Value) -> String {
    let mut notes = Vec::new();
    let maintenance = &route["maintenance"];
    if maintenance.is_object() {
        let by = match maintenance["isOrdered"] == true {
            true => "ordered",
            false => "file",
        };
        notes.push(format!("maintenance {} ({by})", maintenance["status"]));
    }
    match list(&route["faults"]).count() {
        0 => {}
        1 => notes.push("1 fault".to_owned()),
        count => notes.push(format!("{count} faults")),
    }
    if route["mirror"].is_object() {
        let mirror = &route["mirror"];
        notes.push(format!(
            "mirrors {} to {}",
            percent(&mirror["share"]),
            text(&mirror["backend"])
        ));
    }
    notes.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_split_and_a_maintenance_are_told() {
        let data = json!({"routes": [{
            "name": "shop", "hosts": ["*.shop.example"], "matches": ["path below /a", "method GET"],
            "action": {"kind": "forward", "shares": [
                {"backend": "old", "share": 0.95}, {"backend": "new", "share": 0.05},
            ]},
            "timeoutSeconds": 15.0, "criticality": "P0", "limits": [], "mirror": null,
            "maintenance": {"status": 503, "isOrdered": true}, "faults": [{}],
        }]});
        let shown = table(&data);
        let line = shown.lines().nth(1).unwrap();
        assert_eq!(
            line,
            "shop   *.shop.example  path below /a; or method GET  old 95 %, new 5 %  15s      P0     -       \
             maintenance 503 (ordered), 1 fault"
        );
    }
}
