//! `plimsoll tsdb backup list`.

use plimsoll_backup::list;
use plimsoll_types::ByteCount;

use super::{From, Output, failure, json};
use crate::commands::tsdb::print::time;
use crate::commands::{Failure, print};

/// List the backups, oldest first
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    from: From,
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
    let repository = arguments.from.open()?;
    let found = list(&repository).map_err(|error| failure(&error))?;
    if found.is_empty() {
        eprintln!("there is no backup in {}", repository.shown());
    }
    if arguments.output == Output::Json {
        let view = |listed: &plimsoll_backup::Listed| match &listed.backup {
            Ok(backup) => json(backup),
            Err(error) => serde_json::json!({"id": listed.id.as_str(), "error": error.chain()}),
        };
        let all: Vec<_> = found.iter().map(view).collect();
        return print(&format!("{}\n", serde_json::Value::from(all)));
    }
    let mut text = String::new();
    if !found.is_empty() {
        text = format!(
            "{:32} {:>20} {:>7} {:>7} {:>10} {:>10}\n",
            "backup", "made", "parts", "files", "size", "new"
        );
    }
    for listed in found {
        let line = match listed.backup {
            Ok(backup) => format!(
                "{:32} {:>20} {:>7} {:>7} {:>10} {:>10}\n",
                backup.id.as_str(),
                time(backup.created),
                backup.parts(),
                backup.files.len(),
                ByteCount(backup.bytes()).to_string(),
                ByteCount(backup.uploaded_bytes).to_string(),
            ),
            Err(error) => format!("{:32} {}\n", listed.id.as_str(), error.chain()),
        };
        text.push_str(&line);
    }
    print(&text)
}
