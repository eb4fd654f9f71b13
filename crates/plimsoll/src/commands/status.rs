//! `plimsoll status`: what a server promises about data, what its last start found, and how its store is.

mod offline;
mod render;

use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::Value;

use super::server::{Server, read_answer};
use super::{Failure, print};

/// Tell what a server promises about data, what its last start found, and how its store is
///
/// With --dir it tells of a data directory what a start would find now, and changes nothing.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
        plimsoll status\n  \
        plimsoll status --server http://127.0.0.1:9880 --output json\n  \
        plimsoll status --dir data")]
pub(crate) struct Arguments {
    #[command(flatten)]
    server: Server,
    /// A data directory instead of a server
    #[arg(long, value_name = "DIR", conflicts_with = "server")]
    dir: Option<PathBuf>,
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
enum Output {
    /// For people
    Table,
    /// As the server answers it
    Json,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let status = match &arguments.dir {
        Some(directory) => offline::status(directory)?,
        None => {
            let body = arguments.server.get("api/v1/status/store", &[])?;
            read_answer(&arguments.server, &body)?["data"].take()
        }
    };
    match arguments.output {
        Output::Json => print(&format!("{status}\n")),
        Output::Table => print(&render::render(&status)),
    }
}

/// Returns a number; 0 for what another version does not tell.
fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}
