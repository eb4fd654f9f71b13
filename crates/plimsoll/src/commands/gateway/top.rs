//! `plimsoll gateway top`: what happens now, by route and endpoint.

mod rates;

use std::io::IsTerminal;
use std::time::Duration;

use plimsoll_runtime::clock::{Clock, Monotonic, SystemClock};
use plimsoll_types::Timestamp;
use serde_json::{Value, json};

use super::answer::{Gateway, length, number, or_dash};
use crate::commands::shown::{list, now, table as columns, text, time};
use crate::commands::slo::Output;
use crate::commands::{Failure, print_more};
use rates::Look;

/// Clears a terminal and goes to its first line.
const CLEAR: &str = "\x1b[2J\x1b[H";

/// Show what happens now: requests, errors and latency by route, backend and endpoint
///
/// On a terminal it shows it anew each second until it is interrupted; otherwise once, of one second.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll gateway top\n  \
    plimsoll gateway top --interval 10 --output json")]
pub(super) struct Arguments {
    /// Over how many seconds is measured
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = clap::value_parser!(u64).range(1..=3600))]
    interval: u64,
    /// The most lines, the busiest first
    #[arg(long, value_name = "COUNT", default_value = "30")]
    rows: usize,
    #[command(flatten)]
    gateway: Gateway,
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
    let clock = SystemClock::new();
    let is_live = std::io::stdout().is_terminal() && arguments.output == Output::Table;
    let (mut before, mut at) = look(arguments, &clock)?;
    loop {
        std::thread::sleep(Duration::from_secs(arguments.interval));
        let (after, later) = look(arguments, &clock)?;
        let rows = after.since(&before, later.since_origin() - at.since_origin());
        let endpoints = arguments.gateway.data("endpoints", &[])?;
        let data = joined(rows, &endpoints, arguments.rows);
        if !is_live {
            return arguments.output.print(&data, table);
        }
        if !print_more(&format!("{CLEAR}{}{}", head(&data, now()), table(&data)))? {
            return Ok(());
        }
        (before, at) = (after, later);
    }
}

fn look(arguments: &Arguments, clock: &SystemClock) -> Result<(Look, Monotonic), Failure> {
    let data = arguments.gateway.data("activity", &[])?;
    Ok((Look::read(&data), clock.monotonic()))
}

/// Adds what endpoints are like at the moment; endpoints without requests are left out, but for those that cannot be used.
fn joined(rows: Vec<Value>, endpoints: &Value, most: usize) -> Value {
    let same = |row: &Value, endpoint: &Value| {
        row["backend"] == endpoint["backend"] && row["endpoint"] == endpoint["name"]
    };
    let mut shown: Vec<Value> = rows.into_iter().take(most).collect();
    for row in &mut shown {
        let found = list(&endpoints["endpoints"]).find(|endpoint| same(row, endpoint));
        if let Some(endpoint) = found {
            row["state"] = endpoint["state"].clone();
            row["inFlight"] = endpoint["inFlight"].clone();
        }
    }
    let out = list(&endpoints["endpoints"]).filter(|endpoint| endpoint["isUsable"] != true);
    let out: Vec<&Value> = out.collect();
    json!({"rows": shown, "out": out})
}

fn head(data: &Value, at: Timestamp) -> String {
    let sum = |field: &str| -> f64 {
        let rows = list(&data["rows"]);
        rows.filter_map(|row| row[field].as_f64()).sum()
    };
    format!(
        "{}  {:.0} requests/s, {:.1} errors/s, {} endpoints out\n\n",
        time(at),
        sum("requestsPerSecond"),
        sum("errorsPerSecond"),
        list(&data["out"]).count()
    )
}

fn table(data: &Value) -> String {
    let lines: Vec<_> = list(&data["rows"]).map(line).collect();
    let head = [
        "ROUTE",
        "BACKEND",
        "ENDPOINT",
        "REQ/S",
        "5XX/S",
        "4XX/S",
        "499/S",
        "MEAN",
        "P99",
        "IN FLIGHT",
        "STATE",
    ];
    let mut text = columns(&head, &lines);
    for endpoint in list(&data["out"]) {
        text.push_str(&out(endpoint));
    }
    text
}

fn out(endpoint: &Value) -> String {
    let reason = match text(&endpoint["reason"]) {
        reason if reason.is_empty() => reason,
        reason => format!(": {reason}"),
    };
    format!(
        "OUT {} {} is {}{reason}\n",
        text(&endpoint["backend"]),
        text(&endpoint["name"]),
        text(&endpoint["state"])
    )
}

fn line(row: &Value) -> Vec<String> {
    let rate = |field: &str| format!("{:.1}", row[field].as_f64().unwrap_or_default());
    vec![
        or_dash(&row["route"]),
        or_dash(&row["backend"]),
        or_dash(&row["endpoint"]),
        rate("requestsPerSecond"),
        rate("errorsPerSecond"),
        rate("clientErrorsPerSecond"),
        rate("gonePerSecond"),
        length(&row["meanSeconds"]),
        length(&row["p99Seconds"]),
        number(&row["inFlight"]),
        or_dash(&row["state"]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_out_is_shown_although_nothing_goes_there() {
        let rows = vec![json!({
            "route": "cart", "backend": "shop", "endpoint": "a:1", "requestsPerSecond": 12.0, "errorsPerSecond": 0.5,
            "clientErrorsPerSecond": 0.0, "gonePerSecond": 0.0, "meanSeconds": 0.0123, "p99Seconds": 0.05,
        })];
        let endpoints = json!({"endpoints": [
            {"backend": "shop", "name": "a:1", "state": "up", "isUsable": true, "inFlight": 3},
            {"backend": "shop", "name": "b:1", "state": "ejected", "isUsable": false, "reason": "5 failures in a row"},
        ]});
        let data = joined(rows, &endpoints, 30);
        let shown = table(&data);
        assert!(
            shown.contains("cart   shop     a:1       12.0   0.5    0.0    0.0    12.3ms  50.0ms  3          up\n"),
            "{shown}"
        );
        assert!(
            shown.ends_with("OUT shop b:1 is ejected: 5 failures in a row\n"),
            "{shown}"
        );
        let head = head(&data, Timestamp::from_millis(0));
        assert_eq!(
            head,
            "1970-01-01T00:00:00Z  12 requests/s, 0.5 errors/s, 1 endpoints out\n\n"
        );
    }
}
