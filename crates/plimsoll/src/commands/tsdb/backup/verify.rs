//! `plimsoll tsdb backup verify`.

use plimsoll_backup::{find, list, verify};
use plimsoll_types::ByteCount;

use super::{From, Shown, failure};
use crate::commands::{Failure, print};

/// Read backups back and compare every byte's checksum; exits with 1 when anything is damaged
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    from: From,
    /// One backup, by the beginning of its name; all of them when absent
    #[arg(long, value_name = "ID")]
    id: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let repository = arguments.from.open()?;
    let mut text = String::new();
    let mut damaged = 0;
    let backups = match &arguments.id {
        Some(id) => vec![find(&repository, Some(id)).map_err(|error| failure(&error))?],
        None => {
            let mut backups = Vec::new();
            for listed in list(&repository).map_err(|error| failure(&error))? {
                match listed.backup {
                    Ok(backup) => backups.push(backup),
                    Err(error) => {
                        damaged += 1;
                        text.push_str(&format!("{}\n", error.chain()));
                    }
                }
            }
            backups
        }
    };
    if backups.is_empty() && damaged == 0 {
        let shown = repository.shown();
        return Err(Failure::failed(format!("there is no backup in {shown}")));
    }
    let verified = verify(&repository, &backups, &Shown::new("reading"));
    let verified = verified.map_err(|error| failure(&error))?;
    for error in &verified.damaged {
        text.push_str(&format!("{}\n", error.chain()));
    }
    damaged += verified.damaged.len();
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    text.push_str(&format!(
        "{} backup{}: {} objects, {} are as they were written\n",
        backups.len(),
        plural(backups.len()),
        verified.objects,
        ByteCount(verified.bytes)
    ));
    print(&text)?;
    match damaged {
        0 => Ok(()),
        count => Err(Failure::failed(format!(
            "{count} object{} damaged or missing; make a new backup while the store is there",
            plural(count)
        ))),
    }
}
