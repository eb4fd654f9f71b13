//! `plimsoll silence preview`: what a silence would keep back, before it is made.

use clap::ValueEnum;
use serde_json::json;

use super::draft::{Draft, Signature, preview};
use crate::commands::alert::{Alerting, alerts_table};
use crate::commands::shown::now;
use crate::commands::{Failure, print};

/// Show which alerts a silence would be about; makes none
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll silence preview 'instance=~\"db-.*\"'")]
pub(crate) struct Arguments {
    #[command(flatten)]
    draft: Draft,
    #[command(flatten)]
    server: Alerting,
    /// How they are printed
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
enum Output {
    /// For people
    Table,
    /// A list of alerts, as the server answers it
    Json,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let now = now();
    let silence = arguments.draft.silence(Signature::default(), now)?;
    let preview = preview(&arguments.server, &silence)?;
    eprintln!("{}", preview.summary());
    match arguments.output {
        Output::Json => print(&format!("{}\n", json!(preview.alerts))),
        Output::Table if preview.alerts.is_empty() => Ok(()),
        Output::Table => print(&alerts_table(&preview.alerts, now)),
    }
}
