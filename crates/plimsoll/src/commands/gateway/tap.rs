//! `plimsoll gateway tap`: requests as they end.

use serde_json::Value;

use super::answer::{Gateway, length, or_dash};
use crate::commands::shown::{harmless, text};
use crate::commands::slo::Output;
use crate::commands::{Failure, print_more};

/// Show requests as they end, all or those that a filter passes, until it is interrupted
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll gateway tap --route checkout --class 5xx\n  \
    plimsoll gateway tap --at-least 1s --count 10 --output json")]
pub(super) struct Arguments {
    /// Of this route
    #[arg(long, value_name = "NAME")]
    route: Option<String>,
    /// Of this backend
    #[arg(long, value_name = "NAME")]
    backend: Option<String>,
    /// Of which this endpoint was tried
    #[arg(long, value_name = "NAME")]
    endpoint: Option<String>,
    /// Of this class: 1xx to 5xx, 499; may be repeated
    #[arg(long, value_name = "CLASS")]
    class: Vec<String>,
    /// That ended for this reason, such as no_endpoint; may be repeated
    #[arg(long, value_name = "REASON")]
    reason: Vec<String>,
    /// With this status
    #[arg(long, value_name = "STATUS")]
    status: Option<u16>,
    /// With this method
    #[arg(long, value_name = "METHOD")]
    method: Option<String>,
    /// Whose path begins so
    #[arg(long, value_name = "PREFIX")]
    path: Option<String>,
    /// Of this client
    #[arg(long, value_name = "ADDRESS")]
    client: Option<std::net::IpAddr>,
    /// Of this criticality: P0 to P3
    #[arg(long, value_name = "CLASS")]
    criticality: Option<String>,
    /// That took this long or longer, such as 500ms
    #[arg(long, value_name = "DURATION")]
    at_least: Option<String>,
    /// Of this trace
    #[arg(long, value_name = "ID")]
    trace: Option<String>,
    /// End after so many
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
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
    let mut left = arguments.count;
    let each = |line: &str| {
        let Some(shown) = shown(arguments.output, line)? else {
            return Ok(true);
        };
        if !print_more(&shown)? {
            return Ok(false);
        }
        left = left.map(|left| left - 1);
        Ok(left != Some(0))
    };
    arguments.gateway.lines("tap", &parameters(arguments), each)
}

fn parameters(arguments: &Arguments) -> Vec<(&'static str, String)> {
    let texts = [
        ("route", arguments.route.clone()),
        ("backend", arguments.backend.clone()),
        ("endpoint", arguments.endpoint.clone()),
        ("status", arguments.status.map(|status| status.to_string())),
        ("method", arguments.method.clone()),
        ("path_prefix", arguments.path.clone()),
        ("client", arguments.client.map(|client| client.to_string())),
        ("criticality", arguments.criticality.clone()),
        ("at_least", arguments.at_least.clone()),
        ("trace_id", arguments.trace.clone()),
    ];
    let texts = texts.into_iter();
    let texts = texts.filter_map(|(name, value)| value.map(|value| (name, value)));
    let classes = arguments.class.iter().map(|class| ("class", class.clone()));
    let reasons = arguments.reason.iter();
    let reasons = reasons.map(|reason| ("reason", reason.clone()));
    texts.chain(classes).chain(reasons).collect()
}

/// Returns what is printed of a line; nothing of one that is no request.
fn shown(output: Output, line: &str) -> Result<Option<String>, Failure> {
    if line.is_empty() {
        return Ok(None);
    }
    let request: Value = serde_json::from_str(line).map_err(|error| {
        let line = harmless(line);
        Failure::failed(format!("the server sent what is no JSON: {error}: {line}"))
    })?;
    if let Some(missed) = request["missed"].as_u64() {
        eprintln!("warning: {missed} requests were not shown: they came faster than they are read");
        return Ok(None);
    }
    Ok(Some(match output {
        Output::Json => format!("{line}\n"),
        Output::Table => told(&request),
    }))
}

/// Writes a request in a line: columns as wide as they mostly are, because the next one is not known yet.
fn told(request: &Value) -> String {
    let seconds = request["duration_ms"]
        .as_f64()
        .map(|millis| millis / 1000.0);
    let attempts = match request["attempts"].as_u64() {
        Some(attempts @ 2..) => format!(" ({attempts} attempts)"),
        _ => String::new(),
    };
    format!(
        "{} {:3} {:<12} {:>7} {} {}{} {} {}{attempts}\n",
        text(&request["time"]),
        request["status"].as_u64().unwrap_or_default(),
        text(&request["reason"]),
        length(&seconds.into()),
        text(&request["method"]),
        text(&request["host"]),
        text(&request["path"]),
        or_dash(&request["route"]),
        or_dash(&request["endpoint"])
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_a_line() {
        let line = "{\"time\":\"2026-11-22T06:00:00.000Z\",\"status\":503,\"reason\":\"no_endpoint\",\
            \"duration_ms\":12.5,\"method\":\"GET\",\"host\":\"shop\",\"path\":\"/a\\u001b\",\"route\":\"cart\",\"attempts\":3}";
        let expected = "2026-11-22T06:00:00.000Z 503 no_endpoint   12.5ms GET shop/a\\u{1b} cart - (3 attempts)\n";
        assert_eq!(shown(Output::Table, line).unwrap().unwrap(), expected);
        let json = shown(Output::Json, line).unwrap().unwrap();
        assert_eq!(json, format!("{line}\n"));
    }

    #[test]
    fn what_is_no_request_is_not_printed() {
        assert!(shown(Output::Table, "").unwrap().is_none());
        assert!(shown(Output::Json, "{\"missed\":7}").unwrap().is_none());
        assert!(shown(Output::Table, "<html>").is_err());
    }
}
