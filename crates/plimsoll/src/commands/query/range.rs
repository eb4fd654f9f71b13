//! `plimsoll query range`: at every step of a range.

use plimsoll_runtime::clock::{Clock, SystemClock};

use super::{Output, Server, ask, time};
use crate::commands::Failure;

/// How much is asked for when no beginning is given, as in promtool.
const DEFAULT_RANGE_SECONDS: f64 = 300.0;
/// How many steps are asked for when no distance is given, as in promtool.
const DEFAULT_STEPS: f64 = 250.0;

/// Ask for every step of a range
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The question, in PromQL; before it, as in promtool, the server
    #[arg(value_name = "[SERVER] EXPRESSION", required = true, num_args = 1..=2)]
    words: Vec<String>,
    #[command(flatten)]
    server: Server,
    /// Where the range begins: Unix seconds or RFC 3339; 5 minutes before its end when absent
    #[arg(long, value_name = "TIME", value_parser = time::checked, allow_hyphen_values = true)]
    start: Option<String>,
    /// Where the range ends, the last step included; now when absent
    #[arg(long, value_name = "TIME", value_parser = time::checked, allow_hyphen_values = true)]
    end: Option<String>,
    /// The distance of two steps; a 250th of the range when absent
    #[arg(long, value_name = "DURATION")]
    step: Option<String>,
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
    let read = |text: Option<&String>| text.and_then(|text| time::seconds(text));
    let now = || SystemClock::new().now().millis() as f64 / 1000.0;
    let end = read(arguments.end.as_ref()).unwrap_or_else(now);
    let start = read(arguments.start.as_ref()).unwrap_or(end - DEFAULT_RANGE_SECONDS);
    let step = arguments
        .step
        .unwrap_or_else(|| ((end - start) / DEFAULT_STEPS).ceil().max(1.0).to_string());
    let (start, end) = (start.to_string(), end.to_string());
    let parameters = [
        ("query", &*arguments.words[0]),
        ("start", &start),
        ("end", &end),
        ("step", &step),
    ];
    ask(&server, "api/v1/query_range", &parameters, arguments.output)
}
