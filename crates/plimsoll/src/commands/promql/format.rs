//! `plimsoll promql format`: an expression in its canonical form.

use plimsoll_promql::{parse_with, pretty};

use crate::commands::features::EnabledFeatures;
use crate::commands::{Failure, print};

/// Print an expression in its canonical form, over several lines when it is long
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The expression
    expression: String,
    #[command(flatten)]
    features: EnabledFeatures,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let expr = parse_with(&arguments.expression, &arguments.features.parsed())
        .map_err(|error| Failure::failed(error.render()))?;
    print(&format!("{}\n", pretty(&expr)))
}
