//! `plimsoll silence expire`: ends silences.

use serde_json::Value;

use crate::commands::Failure;
use crate::commands::alert::Alerting;
use crate::commands::shown::{counted, harmless};

/// End silences, also those that have not begun and those that come again
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll silence expire 8ac1c7be-5a6c-4d5b-9d5e-0b8f5a1d2c3e\n  \
    plimsoll silence expire $(plimsoll silence list job=db --output ids)")]
pub(crate) struct Arguments {
    /// The ids
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
    #[command(flatten)]
    server: Alerting,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    // Whoever knows no silences at all must not be taken for one that does not know these.
    let _: Value = arguments.server.get("status", &[])?;
    let mut failed = 0;
    for id in &arguments.ids {
        let shown = harmless(id);
        match end(&arguments.server, id) {
            Ok(()) => eprintln!("{shown} is over"),
            Err(failure) => {
                eprint!("{shown}: {failure}");
                failed += 1;
            }
        }
    }
    match failed {
        0 => Ok(()),
        _ => Err(Failure::failed(format!(
            "{} could not be ended",
            counted(failed, "silence")
        ))),
    }
}

fn end(server: &Alerting, id: &str) -> Result<(), Failure> {
    // An id is a part of a path, and must not be more than one.
    if !id
        .chars()
        .all(|character| character.is_ascii_alphanumeric() || character == '-')
    {
        return Err(Failure::usage(
            "that is no id; plimsoll silence list shows them",
        ));
    }
    let ended = server.delete(&format!("silence/{id}"));
    ended.map_err(
        |failure| match failure.to_string().contains("answered 404") {
            true => Failure::failed("no silence has this id"),
            false => failure,
        },
    )
}
