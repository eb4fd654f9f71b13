//! `plimsoll gateway orders`: what people ordered and is still in force.

use plimsoll_types::Timestamp;
use serde_json::Value;

use super::answer::{Gateway, away, length, number, percent};
use crate::commands::Failure;
use crate::commands::shown::{list, now, table as columns, text};
use crate::commands::slo::Output;

/// List orders that are in force: drains, forced endpoints, weights, maintenance, faults
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  plimsoll gateway orders")]
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
    let data = arguments.gateway.data("orders", &[])?;
    arguments.output.print(&data, |data| table(data, now()))
}

fn table(data: &Value, now: Timestamp) -> String {
    let mut lines = Vec::new();
    for endpoint in list(&data["endpoints"]) {
        let of = format!(
            "{} {}",
            text(&endpoint["backend"]),
            text(&endpoint["endpoint"])
        );
        let admin = text(&endpoint["admin"]);
        if admin != "auto" {
            let flight = format!("{} in flight", number(&endpoint["inFlight"]));
            lines.push(vec![of.clone(), admin, flight]);
        }
        if endpoint["weight"] != endpoint["weightDeclared"] {
            let weight = format!("weight {}", number(&endpoint["weight"]));
            let declared = format!("the file says {}", number(&endpoint["weightDeclared"]));
            lines.push(vec![of, weight, declared]);
        }
    }
    for route in list(&data["routes"]) {
        let of = text(&route["route"]);
        let maintenance = &route["maintenance"];
        if maintenance.is_object() {
            let what = format!("maintenance {}", number(&maintenance["status"]));
            lines.push(vec![of.clone(), what, text(&maintenance["body"])]);
        }
        lines.extend(list(&route["faults"]).map(|one| {
            let ends = format!("ends {}", away(&one["until"], now));
            vec![of.clone(), fault(one), ends]
        }));
    }
    match lines.is_empty() {
        true => "nothing is ordered\n".to_owned(),
        false => columns(&["OF", "ORDER", "DETAIL"], &lines),
    }
}

/// Says what a fault does.
pub(super) fn fault(fault: &Value) -> String {
    let effect = &fault["effect"];
    let what = match effect["kind"].as_str() {
        Some("delay") => format!("delay {}", length(&effect["seconds"])),
        Some("abort") => format!("abort {}", number(&effect["status"])),
        _ => "reset".to_owned(),
    };
    let only = match text(&fault["only"]) {
        only if only.is_empty() => only,
        only => format!(" where {only}"),
    };
    format!("fault: {what} of {}{only}", percent(&fault["share"]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_orders_are_in_one_table() {
        let data = json!({
            "endpoints": [{"backend": "shop", "endpoint": "a:1", "admin": "draining", "weight": 5,
                "weightDeclared": 1, "inFlight": 2}],
            "routes": [{"route": "cart", "maintenance": null, "faults": [{
                "share": 0.1, "only": "header x-test is there", "until": "1970-01-01T00:01:00Z",
                "effect": {"kind": "delay", "seconds": 0.2},
            }]}],
        });
        let expected = "\
OF        ORDER                                                    DETAIL
shop a:1  draining                                                 2 in flight
shop a:1  weight 5                                                 the file says 1
cart      fault: delay 200ms of 10 % where header x-test is there  ends in 1m
";
        assert_eq!(table(&data, Timestamp::from_millis(0)), expected);
        let nothing = json!({"endpoints": [], "routes": []});
        assert_eq!(table(&nothing, now()), "nothing is ordered\n");
    }
}
