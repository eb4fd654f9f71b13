//! `plimsoll gateway force`: a person knows better than health.

use clap::ValueEnum;
use serde_json::json;

use super::answer::{Gateway, Named, endpoint_line};
use crate::commands::Failure;
use crate::commands::slo::Output;

/// Order an endpoint up or down whatever is measured, or let health decide again
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll gateway force checkout 10.0.0.7:8000 down\n  \
    plimsoll gateway force checkout 10.0.0.7:8000 pardon")]
pub(super) struct Arguments {
    #[command(flatten)]
    named: Named,
    /// What it is from now on
    #[arg(value_enum, value_name = "WHAT")]
    what: What,
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

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// It counts as healthy
    Up,
    /// It gets nothing, and its connections are closed
    Down,
    /// Health decides
    Auto,
    /// Its breaker is closed and its ejection ended; health decides from there
    Pardon,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Named { backend, endpoint } = &arguments.named;
    let order = match arguments.what {
        What::Up => "force_up",
        What::Down => "force_down",
        What::Auto => "auto",
        What::Pardon => "pardon",
    };
    let order = json!({"order": order, "backend": backend, "endpoint": endpoint});
    let data = arguments.gateway.order(&order)?;
    arguments.output.print(&data, endpoint_line)
}
