//! `plimsoll query instant`: at one point in time.

use super::{Output, Server, ask, time};
use crate::commands::Failure;

/// Ask for one point in time
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The question, in PromQL; before it, as in promtool, the server
    #[arg(value_name = "[SERVER] EXPRESSION", required = true, num_args = 1..=2)]
    words: Vec<String>,
    #[command(flatten)]
    server: Server,
    /// The point in time: Unix seconds or RFC 3339; now when absent
    #[arg(long, value_name = "TIME", value_parser = time::checked, allow_hyphen_values = true)]
    time: Option<String>,
    /// How the answer is printed
    #[arg(
        long,
        short,
        value_enum,
        value_name = "FORMAT",
        default_value = "table"
    )]
    output: Output,
}

pub(super) fn run(mut arguments: Arguments) -> Result<(), Failure> {
    let server = arguments.server.or_first_of(&mut arguments.words, 2);
    let mut parameters = vec![("query", &*arguments.words[0])];
    parameters.extend(arguments.time.iter().map(|time| ("time", &**time)));
    ask(&server, "api/v1/query", &parameters, arguments.output)
}
