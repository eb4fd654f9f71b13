//! `plimsoll gateway breakers`: what breakers and ejections keep requests from.

use plimsoll_types::Timestamp;
use serde_json::{Value, json};

use super::answer::{Gateway, away};
use crate::commands::Failure;
use crate::commands::shown::{list, now, table as columns, text};
use crate::commands::slo::Output;

/// List the breakers of all endpoints, those that are not closed first
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll gateway breakers\n  \
    plimsoll gateway breakers checkout --output json")]
pub(super) struct Arguments {
    /// Only those of a backend
    #[arg(value_name = "BACKEND")]
    backend: Option<String>,
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
    let backend = arguments.backend.clone();
    let backend = backend.map(|backend| ("backend", backend));
    let data = arguments.gateway.data("endpoints", backend.as_slice())?;
    arguments
        .output
        .print(&chosen(&data), |data| table(data, now()))
}

/// Takes what is about breakers.
fn chosen(data: &Value) -> Value {
    let with = list(&data["endpoints"]).filter(|endpoint| endpoint["breaker"].is_string());
    let mut breakers: Vec<Value> = with
        .map(|endpoint| {
            json!({
                "backend": endpoint["backend"],
                "endpoint": endpoint["name"],
                "breaker": endpoint["breaker"],
                "openUntil": endpoint["breakerOpenUntil"],
                "ejectedUntil": endpoint["ejectedUntil"],
                "state": endpoint["state"],
                "reason": endpoint["reason"],
            })
        })
        .collect();
    breakers.sort_by_key(|breaker| breaker["breaker"] == "closed");
    json!({"breakers": breakers})
}

fn table(data: &Value, now: Timestamp) -> String {
    let lines: Vec<_> = list(&data["breakers"])
        .map(|breaker| {
            vec![
                text(&breaker["backend"]),
                text(&breaker["endpoint"]),
                text(&breaker["breaker"]),
                away(&breaker["openUntil"], now),
                away(&breaker["ejectedUntil"], now),
                text(&breaker["state"]),
                text(&breaker["reason"]),
            ]
        })
        .collect();
    let head = [
        "BACKEND", "ENDPOINT", "BREAKER", "PROBED", "RETURNS", "STATE", "WHY",
    ];
    columns(&head, &lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_closed_stands_first() {
        let endpoint = |name: &str, breaker: Value| json!({"backend": "shop", "name": name, "breaker": breaker, "state": "up", "reason": ""});
        let data = json!({"endpoints": [
            endpoint("a", json!("closed")), endpoint("b", json!("open")), endpoint("c", Value::Null),
        ]});
        let shown = chosen(&data);
        let names: Vec<String> = list(&shown["breakers"])
            .map(|breaker| text(&breaker["endpoint"]))
            .collect();
        assert_eq!(names, ["b", "a"]);
        assert!(table(&shown, now()).contains("shop     b         open     -"));
    }
}
