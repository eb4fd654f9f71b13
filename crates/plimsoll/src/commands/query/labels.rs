//! `plimsoll query labels`: which values a label has.

use super::answer::harmless;
use super::between::Between;
use super::{Output, Server, print_list};
use crate::commands::Failure;

/// List the values of a label
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The name of the label; before it, as in promtool, the server
    #[arg(value_name = "[SERVER] NAME", required = true, num_args = 1..=2)]
    words: Vec<String>,
    #[command(flatten)]
    server: Server,
    /// Only of series that a selector finds; several find what any of them finds
    #[arg(long = "match", value_name = "SELECTOR")]
    selectors: Vec<String>,
    #[command(flatten)]
    between: Between,
    /// How the answer is printed: table has a line per value
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
    let parameters = arguments.between.parameters(&arguments.selectors);
    let path = format!("api/v1/label/{}/values", in_path(&arguments.words[0]));
    let body = server.get(&path, &parameters)?;
    print_list(&server, &body, arguments.output, |value| {
        harmless(value.as_str().unwrap_or_default())
    })
}

/// Writes a label's name into a path; names of other alphabets in the form that Prometheus reads there.
fn in_path(name: &str) -> String {
    url::form_urlencoded::byte_serialize(name.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}
