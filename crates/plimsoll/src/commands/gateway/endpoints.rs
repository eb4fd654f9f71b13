//! `plimsoll gateway endpoints`: each endpoint, whether it is used, and why.

use plimsoll_types::Timestamp;
use serde_json::{Value, json};

use super::answer::{Gateway, away, length, number, or_dash};
use crate::commands::Failure;
use crate::commands::shown::{list, now, table as columns, text};
use crate::commands::slo::Output;

/// List endpoints: whether each is used and why, its load, and what checks found
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll gateway endpoints\n  \
    plimsoll gateway endpoints checkout --state ejected\n  \
    plimsoll gateway endpoints checkout --check")]
pub(super) struct Arguments {
    /// Only those of a backend
    #[arg(value_name = "BACKEND")]
    backend: Option<String>,
    /// Only those in this state, such as up, down, ejected, draining
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    /// Check each of them once, now, and print what was found; it does not count
    #[arg(long)]
    check: bool,
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
    let mut parameters = Vec::new();
    for (name, value) in [("backend", &arguments.backend), ("state", &arguments.state)] {
        parameters.extend(value.clone().map(|value| (name, value)));
    }
    let data = arguments.gateway.data("endpoints", &parameters)?;
    match arguments.check {
        true => check(arguments, &data),
        false => arguments.output.print(&data, |data| table(data, now())),
    }
}

fn table(data: &Value, now: Timestamp) -> String {
    let lines: Vec<_> = list(&data["endpoints"])
        .map(|endpoint| line(endpoint, now))
        .collect();
    let head = [
        "BACKEND",
        "ENDPOINT",
        "STATE",
        "WEIGHT",
        "IN FLIGHT",
        "CONNECTIONS",
        "LATENCY",
        "BREAKER",
        "CHECKED",
        "WHY",
    ];
    columns(&head, &lines)
}

fn line(endpoint: &Value, now: Timestamp) -> Vec<String> {
    vec![
        text(&endpoint["backend"]),
        text(&endpoint["name"]),
        text(&endpoint["state"]),
        number(&endpoint["weight"]),
        number(&endpoint["inFlight"]),
        number(&endpoint["connections"]),
        length(&endpoint["latencySeconds"]),
        or_dash(&endpoint["breaker"]),
        match text(&endpoint["checks"]) {
            status if status.is_empty() => "-".into(),
            status => format!("{status} {}", away(&endpoint["checkedAt"], now)),
        },
        why(endpoint, now),
    ]
}

/// Says why an endpoint stands so, until when, and why its last check failed when that is not the same.
fn why(endpoint: &Value, now: Timestamp) -> String {
    let reason = text(&endpoint["reason"]);
    let mut all: Vec<String> = Vec::new();
    all.extend((!reason.is_empty()).then_some(reason));
    if endpoint["ejectedUntil"].is_string() {
        all.push(format!("returns {}", away(&endpoint["ejectedUntil"], now)));
    }
    let error = text(&endpoint["checkError"]);
    if !error.is_empty() && !all.iter().any(|told| told.contains(&error)) {
        all.push(error);
    }
    all.join("; ")
}

/// Has all endpoints of a list checked, one after the other.
fn check(arguments: &Arguments, data: &Value) -> Result<(), Failure> {
    let mut checked = Vec::new();
    for endpoint in list(&data["endpoints"]) {
        let (backend, name) = (endpoint["backend"].as_str(), endpoint["name"].as_str());
        let (backend, name) = (backend.unwrap_or_default(), name.unwrap_or_default());
        checked.push(arguments.gateway.check(backend, name)?);
    }
    let checked = json!({"checks": checked});
    arguments.output.print(&checked, check_table)
}

fn check_table(data: &Value) -> String {
    let lines: Vec<_> = list(&data["checks"])
        .map(|check| {
            let verdict = match check["hasPassed"] == true {
                true => "passed",
                false => "failed",
            };
            vec![
                text(&check["backend"]),
                text(&check["endpoint"]),
                verdict.to_owned(),
                length(&check["tookSeconds"]),
                text(&check["error"]),
            ]
        })
        .collect();
    columns(&["BACKEND", "ENDPOINT", "CHECK", "TOOK", "WHY"], &lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ejected_endpoint_says_until_when() {
        let endpoint = json!({
            "backend": "shop", "name": "a:1", "state": "ejected", "weight": 1, "inFlight": 0, "connections": 2,
            "latencySeconds": 0.0123, "breaker": "closed", "checks": "up", "checkedAt": "1970-01-01T00:00:08Z",
            "reason": "5 failures in a row, the last one: status 503", "ejectedUntil": "1970-01-01T00:00:40Z",
            "checkError": null,
        });
        let data = json!({"endpoints": [endpoint]});
        let shown = table(&data, Timestamp::from_millis(10_000));
        assert_eq!(
            shown.lines().nth(1).unwrap(),
            "shop     a:1       ejected  1       0          2            12.3ms   closed   up 2s ago  \
             5 failures in a row, the last one: status 503; returns in 30s"
        );
    }

    #[test]
    fn a_check_error_is_told_once() {
        let endpoint =
            json!({"reason": "GET x: refused, 3 in a row", "checkError": "GET x: refused"});
        assert_eq!(why(&endpoint, now()), "GET x: refused, 3 in a row");
        let endpoint = json!({"reason": "", "checkError": "GET x: refused"});
        assert_eq!(why(&endpoint, now()), "GET x: refused");
    }
}
