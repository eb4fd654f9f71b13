//! `plimsoll gateway maintenance`: a route that is answered by the gateway while its service is worked on.

use clap::ValueEnum;
use serde_json::{Value, json};

use super::answer::{Gateway, number};
use crate::commands::Failure;
use crate::commands::shown::text;
use crate::commands::slo::Output;

/// Answer a route's requests here, or let the file decide again
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll gateway maintenance checkout on --body 'back at noon'\n  \
    plimsoll gateway maintenance checkout off")]
pub(super) struct Arguments {
    /// The route's name
    #[arg(value_name = "ROUTE")]
    route: String,
    /// Whether it is in maintenance by order
    #[arg(value_enum, value_name = "ON_OR_OFF")]
    switch: Switch,
    /// The status of the answer
    #[arg(long, value_name = "STATUS", default_value = "503", value_parser = clap::value_parser!(u16).range(200..=599))]
    status: u16,
    /// The text of the answer
    #[arg(long, value_name = "TEXT", default_value = "in maintenance")]
    body: String,
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

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    /// Requests are answered here
    On,
    /// The file decides
    Off,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let route = &arguments.route;
    let order = match arguments.switch {
        Switch::On => json!({
            "order": "maintenance", "route": route, "status": arguments.status, "body": arguments.body,
        }),
        Switch::Off => json!({"order": "end_maintenance", "route": route}),
    };
    let data = arguments.gateway.order(&order)?;
    arguments.output.print(&data, line)
}

fn line(data: &Value) -> String {
    let route = &data["route"];
    let name = text(&route["name"]);
    let maintenance = &route["maintenance"];
    if !maintenance.is_object() {
        return format!("{name}: requests go on\n");
    }
    let by = match maintenance["isOrdered"] == true {
        true => "by order",
        false => "because the file says so",
    };
    format!(
        "{name}: in maintenance {by}, answers {}\n",
        number(&maintenance["status"])
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_keeps_it_is_told() {
        let of =
            |maintenance: Value| line(&json!({"route": {"name": "a", "maintenance": maintenance}}));
        assert_eq!(of(Value::Null), "a: requests go on\n");
        assert_eq!(
            of(json!({"status": 503, "isOrdered": false})),
            "a: in maintenance because the file says so, answers 503\n"
        );
    }
}
