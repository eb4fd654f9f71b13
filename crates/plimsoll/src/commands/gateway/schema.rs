//! `plimsoll gateway schema`: the JSON Schema of the gateway's file.

use crate::commands::{Failure, print};

/// Print the JSON Schema of the gateway's file, for editors
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll gateway schema > plimsoll-gateway.schema.json\n\n\
    An editor uses it for a file that begins with:\n  \
    # yaml-language-server: $schema=plimsoll-gateway.schema.json")]
pub(super) struct Arguments {}

pub(super) fn run(_: &Arguments) -> Result<(), Failure> {
    let schema = plimsoll_gateway::config::schema();
    let text = serde_json::to_string_pretty(&schema).map_err(Failure::failed)?;
    print(&format!("{text}\n"))
}
