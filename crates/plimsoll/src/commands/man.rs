//! `plimsoll man`: the manual pages.

use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::{Arguments as CommandLine, Failure, print};

/// Write the manual pages, one per command, or print the first one
///
/// All of them: plimsoll man /usr/local/share/man/man1. One to look at: plimsoll man | man -l -
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where the pages go, made when it does not exist; without it the page of plimsoll itself is printed
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut command = CommandLine::command();
    // A page about `help` would say nothing.
    command = command.disable_help_subcommand(true);
    command.build();
    match &arguments.directory {
        Some(directory) => {
            std::fs::create_dir_all(directory)
                .map_err(|error| Failure::failed(format!("{}: {error}", directory.display())))?;
            write_all(&command, "plimsoll", directory)
        }
        None => print(&String::from_utf8_lossy(&page(&command, "plimsoll")?)),
    }
}

fn write_all(command: &Command, name: &str, directory: &Path) -> Result<(), Failure> {
    let path = directory.join(format!("{name}.1"));
    std::fs::write(&path, page(command, name)?)
        .map_err(|error| Failure::failed(format!("{}: {error}", path.display())))?;
    let shown = command
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    for command in shown {
        write_all(
            command,
            &format!("{name}-{}", command.get_name()),
            directory,
        )?;
    }
    Ok(())
}

fn page(command: &Command, name: &str) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    Man::new(command.clone())
        .title(name)
        .render(&mut text)
        .map_err(Failure::failed)?;
    Ok(text)
}
