//! `plimsoll budget correct list`: what was corrected, by whom and why.

use serde_json::Value;

use crate::commands::Failure;
use crate::commands::shown::{list, table as columns, text};
use crate::commands::slo::{Named, Objectives, Output};

/// List the corrections of an SLO, those that were taken back among them
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  plimsoll budget correct list checkout/availability")]
pub(crate) struct Arguments {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    server: Objectives,
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

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let path = arguments.named.path("corrections");
    let data = arguments.server.data(&path, &[])?;
    arguments.output.print(&data, table)
}

fn table(data: &Value) -> String {
    let lines = list(&data["corrections"]).map(|one| {
        vec![
            text(&one["id"]),
            text(&one["kind"]),
            text(&one["from"]),
            text(&one["for"]),
            text(&one["repeat"]),
            text(&one["match"]),
            match one["revoked"].as_str() {
                Some(_) => format!("taken back {}", text(&one["revoked"])),
                None => "in force".into(),
            },
            text(&one["author"]),
            text(&one["reason"]),
        ]
    });
    let lines: Vec<_> = lines.collect();
    let head = [
        "ID", "KIND", "FROM", "FOR", "REPEAT", "GROUPS", "STATE", "BY", "REASON",
    ];
    columns(&head, &lines)
}
