//! `plimsoll query`: asks a running server, with promtool's verbs or without any.

mod answer;
mod between;
mod csv;
mod instant;
mod labels;
mod promql_lines;
mod range;
mod series;
mod sparkline;
mod table;
mod time;

use clap::{Subcommand, ValueEnum};
use serde_json::Value;

use super::server::{Server, read_answer};
use super::{Failure, print};

pub(super) use time::seconds;

/// Ask a running server
///
/// Without a verb the question is for one point in time, and with --start for every step from --start to --end.
#[derive(clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  \
        plimsoll query 'sum by (mode) (rate(node_cpu_seconds_total[5m]))'\n  \
        plimsoll query range 'up' --start 2026-01-01T00:00:00Z --end 2026-01-01T06:00:00Z\n  \
        plimsoll query labels job\n  \
        plimsoll query instant http://prometheus:9090 up"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    question: Question,
}

#[derive(Subcommand)]
enum Command {
    Instant(instant::Arguments),
    Range(range::Arguments),
    Series(series::Arguments),
    Labels(labels::Arguments),
}

/// A question without a verb.
#[derive(clap::Args)]
struct Question {
    /// The question, in PromQL; before it, as in promtool, the server
    #[arg(value_name = "[SERVER] EXPRESSION", required = true, num_args = 1..=2)]
    words: Vec<String>,
    #[command(flatten)]
    server: Server,
    /// The point in time: Unix seconds or RFC 3339; now when absent
    #[arg(long, value_name = "TIME", value_parser = time::checked, allow_hyphen_values = true, conflicts_with_all = ["start", "end", "step"])]
    time: Option<String>,
    /// Where the range begins: Unix seconds or RFC 3339
    #[arg(long, value_name = "TIME", value_parser = time::checked, allow_hyphen_values = true, requires = "end")]
    start: Option<String>,
    /// Where the range ends, the last step included
    #[arg(long, value_name = "TIME", value_parser = time::checked, allow_hyphen_values = true, requires = "start")]
    end: Option<String>,
    /// The distance of two steps
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "1m",
        requires = "start"
    )]
    step: String,
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

/// How an answer is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// One line per series; for a range a drawing with lowest, highest and last value
    Table,
    /// The server's answer as it came
    Json,
    /// One line per sample: timestamp, value, and a column per label
    Csv,
    /// As promtool prints it
    Promql,
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        Some(Command::Instant(arguments)) => instant::run(arguments),
        Some(Command::Range(arguments)) => range::run(arguments),
        Some(Command::Series(arguments)) => series::run(arguments),
        Some(Command::Labels(arguments)) => labels::run(arguments),
        None => arguments.question.ask(),
    }
}

impl Question {
    fn ask(mut self) -> Result<(), Failure> {
        let server = self.server.or_first_of(&mut self.words, 2);
        let mut parameters = vec![("query", &*self.words[0])];
        let path = match (&self.start, &self.end) {
            (Some(start), Some(end)) => {
                parameters.extend([("start", &**start), ("end", end), ("step", &self.step)]);
                "api/v1/query_range"
            }
            _ => {
                parameters.extend(self.time.iter().map(|time| ("time", &**time)));
                "api/v1/query"
            }
        };
        ask(&server, path, &parameters, self.output)
    }
}

/// Asks for a value and prints it.
fn ask(
    server: &Server,
    path: &str,
    parameters: &[(&str, &str)],
    output: Output,
) -> Result<(), Failure> {
    let body = server.ask(path, parameters)?;
    if output == Output::Json {
        return print(&format!("{body}\n"));
    }
    let answer = read_answer(server, &body)?;
    let value = answer::Answer::read(&answer["data"])?;
    let text = match output {
        Output::Csv => csv::render(&value),
        Output::Promql => promql_lines::render(&value),
        Output::Table | Output::Json => table::render(&value),
    };
    if text.is_empty() {
        let when = match value {
            answer::Answer::Range(_) => "in this range",
            _ => "at this time",
        };
        eprintln!("no series: nothing matches {when}");
    }
    print(&text)
}

/// Prints a list of the server's, a line each or as it came.
fn print_list(
    server: &Server,
    body: &str,
    output: Output,
    line: impl Fn(&Value) -> String,
) -> Result<(), Failure> {
    if output == Output::Json {
        return print(&format!("{body}\n"));
    }
    let answer = read_answer(server, body)?;
    let entries = answer["data"].as_array();
    let lines = entries
        .into_iter()
        .flatten()
        .map(|entry| line(entry) + "\n");
    let text: String = lines.collect();
    if text.is_empty() {
        eprintln!("nothing found");
    }
    print(&text)
}
