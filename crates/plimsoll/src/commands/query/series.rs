//! `plimsoll query series`: which series there are.

use super::answer::labels;
use super::between::Between;
use super::{Output, Server, print_list};
use crate::commands::Failure;

/// List the series that selectors find
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The server, where promtool has it
    #[arg(value_name = "SERVER")]
    place: Option<String>,
    #[command(flatten)]
    server: Server,
    /// A selector; several find what any of them finds
    #[arg(long = "match", value_name = "SELECTOR", required = true)]
    selectors: Vec<String>,
    #[command(flatten)]
    between: Between,
    /// How the answer is printed: table has a line per series
    #[arg(
        long,
        short,
        value_enum,
        value_name = "FORMAT",
        default_value = "table"
    )]
    output: Output,
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let server = match arguments.place {
        Some(place) => arguments.server.at(place),
        None => arguments.server,
    };
    let parameters = arguments.between.parameters(&arguments.selectors);
    let body = server.ask("api/v1/series", &parameters)?;
    print_list(&server, &body, arguments.output, |series| {
        labels(series).to_string()
    })
}
