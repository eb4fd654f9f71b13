//! `plimsoll query series`: which series there are.

use super::answer::labels;
use super::{Output, Server, print_list, time};
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
    /// Leave out what has ended before: Unix seconds or RFC 3339
    #[arg(long, value_name = "TIME", value_parser = time::checked, allow_hyphen_values = true)]
    start: Option<String>,
    /// Leave out what began after
    #[arg(long, value_name = "TIME", value_parser = time::checked, allow_hyphen_values = true)]
    end: Option<String>,
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
    let selectors = arguments.selectors.iter();
    let mut parameters: Vec<_> = selectors.map(|selector| ("match[]", &**selector)).collect();
    parameters.extend(arguments.start.iter().map(|time| ("start", &**time)));
    parameters.extend(arguments.end.iter().map(|time| ("end", &**time)));
    let body = server.ask("api/v1/series", &parameters)?;
    print_list(&server, &body, arguments.output, |series| {
        labels(series).to_string()
    })
}
