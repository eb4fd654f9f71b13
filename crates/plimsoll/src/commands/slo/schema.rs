//! `plimsoll slo schema`: the JSON Schema of files of objectives.

use crate::commands::{Failure, print};

/// Print the JSON Schema of files of the version plimsoll/v1, for editors
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll slo schema > plimsoll-slo.schema.json\n\n\
    An editor uses it for a file that begins with:\n  \
    # yaml-language-server: $schema=plimsoll-slo.schema.json")]
pub(crate) struct Arguments {}

pub(super) fn run(_: &Arguments) -> Result<(), Failure> {
    let schema = plimsoll_slo::schema::schema();
    let text = serde_json::to_string_pretty(&schema).map_err(Failure::failed)?;
    print(&format!("{text}\n"))
}
