//! `plimsoll completions`: what a shell needs to complete our command line.

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use super::{Arguments as CommandLine, Failure, print};

/// Print the completions for a shell
///
/// bash: plimsoll completions bash > /etc/bash_completion.d/plimsoll
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Which shell
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut text = Vec::new();
    generate(
        arguments.shell,
        &mut CommandLine::command(),
        "plimsoll",
        &mut text,
    );
    print(&String::from_utf8_lossy(&text))
}
