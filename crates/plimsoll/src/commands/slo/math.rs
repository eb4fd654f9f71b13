//! `plimsoll slo math`: the arithmetic of reliability, without a server.

mod availability;
mod burn;
mod cost;
mod nines;
mod shown;
mod traffic;
mod window;

use clap::Subcommand;

use crate::commands::Failure;

/// Compute what people compute on paper: minutes per window, availability of systems, burn rates
#[derive(Subcommand)]
pub(crate) enum Command {
    Nines(nines::Arguments),
    Availability(availability::Arguments),
    Burn(burn::Arguments),
    Cost(cost::Arguments),
    Traffic(traffic::Arguments),
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Nines(arguments) => nines::run(arguments),
        Command::Availability(arguments) => availability::run(arguments),
        Command::Burn(arguments) => burn::run(arguments),
        Command::Cost(arguments) => cost::run(arguments),
        Command::Traffic(arguments) => traffic::run(arguments),
    }
}
