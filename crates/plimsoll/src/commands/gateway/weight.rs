//! `plimsoll gateway weight`: how much an endpoint gets.

use serde_json::json;

use super::answer::{Gateway, Named, endpoint_line};
use crate::commands::Failure;
use crate::commands::slo::Output;

/// Set an endpoint's weight, until the file says another one; 0 takes no new requests
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  plimsoll gateway weight checkout 10.0.0.7:8000 5")]
pub(super) struct Arguments {
    #[command(flatten)]
    named: Named,
    /// Relative to the weights of the others
    #[arg(value_name = "WEIGHT", value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    weight: u32,
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
    let Named { backend, endpoint } = &arguments.named;
    let weight = arguments.weight;
    let order =
        json!({"order": "weight", "backend": backend, "endpoint": endpoint, "weight": weight});
    let data = arguments.gateway.order(&order)?;
    arguments.output.print(&data, endpoint_line)
}
