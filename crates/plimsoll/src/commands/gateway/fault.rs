//! `plimsoll gateway fault`: something is broken on purpose, for a time.

use serde_json::{Value, json};

use super::answer::{Gateway, away};
use super::orders::fault;
use crate::commands::Failure;
use crate::commands::shown::{list, now, text};
use crate::commands::slo::Output;

/// Delay, abort or reset a share of a route's requests for a time, or end all such orders
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll gateway fault checkout --delay 200ms --share 10 --for 10m\n  \
    plimsoll gateway fault checkout --abort 503 --header 'x-test: 1' --for 5m\n  \
    plimsoll gateway fault checkout --end")]
#[command(group(clap::ArgGroup::new("effect").required(true)))]
pub(super) struct Arguments {
    /// The route's name
    #[arg(value_name = "ROUTE")]
    route: String,
    /// Let requests wait so long before they go on, such as 200ms
    #[arg(long, value_name = "DURATION", group = "effect")]
    delay: Option<String>,
    /// Answer them with this status
    #[arg(long, value_name = "STATUS", group = "effect")]
    abort: Option<u16>,
    /// Reset their connections
    #[arg(long, group = "effect")]
    reset: bool,
    /// End all faults that were ordered for the route
    #[arg(long, group = "effect", conflicts_with_all = ["lasts", "header"])]
    end: bool,
    /// Of so many percent of requests
    #[arg(long, value_name = "PERCENT", default_value = "100")]
    share: f64,
    /// Only of requests with this header, or with this value of it: name, or name: value
    #[arg(long, value_name = "HEADER")]
    header: Option<String>,
    /// After which time it ends by itself, at most 1d
    #[arg(
        long = "for",
        id = "lasts",
        value_name = "DURATION",
        required_unless_present = "end"
    )]
    lasts: Option<String>,
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
    let data = arguments.gateway.order(&order(arguments))?;
    arguments.output.print(&data, lines)
}

fn order(arguments: &Arguments) -> Value {
    if arguments.end {
        return json!({"order": "end_faults", "route": arguments.route});
    }
    let header = arguments
        .header
        .as_deref()
        .map(|text| match text.split_once(':') {
            Some((name, value)) => json!({"name": name.trim(), "value": value.trim()}),
            None => json!({"name": text.trim()}),
        });
    json!({
        "order": "fault",
        "route": arguments.route,
        "share": arguments.share / 100.0,
        "header": header,
        "delay": arguments.delay,
        "abort": arguments.abort,
        "reset": arguments.reset.then_some(true),
        "for": arguments.lasts,
    })
}

fn lines(data: &Value) -> String {
    let route = &data["route"];
    let name = text(&route["name"]);
    let faults = list(&route["faults"]).map(|one| {
        let ends = match one["until"].is_string() {
            true => format!("ends {}", away(&one["until"], now())),
            false => "has no end".to_owned(),
        };
        format!("{name}: {}, {ends}\n", fault(one))
    });
    let faults: String = faults.collect();
    match faults.is_empty() {
        true => format!("{name}: no faults\n"),
        false => faults,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn a_fault_has_one_effect_and_an_end() {
        let read = |line: &str| Line::try_parse_from(line.split(' ')).ok();
        for wrong in [
            "x shop",
            "x shop --delay 1s",
            "x shop --delay 1s --abort 503 --for 1m",
            "x shop --end --for 1m",
        ] {
            assert!(read(wrong).is_none(), "{wrong}");
        }
        let line = read("x shop --abort 503 --share 10 --header x-test:1 --for 1m").unwrap();
        let expected = json!({
            "order": "fault", "route": "shop", "share": 0.1, "header": {"name": "x-test", "value": "1"},
            "delay": null, "abort": 503, "reset": null, "for": "1m",
        });
        assert_eq!(order(&line.arguments), expected);
        let line = read("x shop --end").unwrap();
        assert_eq!(order(&line.arguments)["order"], "end_faults");
    }
}
