//! `plimsoll completions`: what a shell needs to complete our command line.

use clap::{Command, CommandFactory};
use clap_complete::{Shell, generate};

use super::{Arguments as CommandLine, Failure, print};

/// Print the completions for a shell
///
/// bash, for this session: source <(plimsoll completions bash). For all: plimsoll completions bash >
/// /etc/bash_completion.d/plimsoll
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Which shell
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut text = Vec::new();
    generate(arguments.shell, &mut shown(), "plimsoll", &mut text);
    print(&String::from_utf8_lossy(&text))
}

/// Returns the command line without what is hidden: the generators complete that as well.
fn shown() -> Command {
    let all = CommandLine::command();
    let commands = all
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    Command::new("plimsoll")
        .version("")
        .args(all.get_arguments())
        .subcommands(commands)
}
