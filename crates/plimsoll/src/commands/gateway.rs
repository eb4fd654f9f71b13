//! `plimsoll gateway`: requests of services, taken in, balanced and counted; and what a gateway that runs says.

mod answer;
mod backends;
mod breakers;
mod check;
mod drain;
mod endpoints;
mod explain;
mod fault;
mod force;
mod limits;
mod maintenance;
mod orders;
mod routes;
mod schema;
mod tap;
mod top;
mod weight;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Subcommand;

use super::{Failure, serve};
pub(super) use check::{alone, is_gateway};

/// Take requests in for services, and ask a gateway that runs
///
/// Without a command it runs: what comes in on --listen is balanced over all --to, with health checks, timeouts, retries and
/// breakers, or as --config says. Its golden signals are in the store of --data-dir, and the API is on --api.
#[derive(clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  \
        plimsoll gateway --listen 127.0.0.1:8080 --to http://127.0.0.1:8000\n  \
        plimsoll gateway --config gateway.yml\n  \
        plimsoll gateway endpoints\n  \
        plimsoll gateway drain checkout 10.0.0.7:8000 --wait 60"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    run: RunArguments,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What is asked of a gateway that runs, or of a file.
#[derive(Subcommand)]
enum Command {
    Routes(routes::Arguments),
    Backends(backends::Arguments),
    Endpoints(endpoints::Arguments),
    Breakers(breakers::Arguments),
    Limits(limits::Arguments),
    Orders(orders::Arguments),
    Drain(drain::Arguments),
    Undrain(drain::UndrainArguments),
    Force(force::Arguments),
    Weight(weight::Arguments),
    Maintenance(maintenance::Arguments),
    Fault(fault::Arguments),
    Top(top::Arguments),
    Tap(Box<tap::Arguments>),
    Explain(explain::Arguments),
    Check(check::Arguments),
    Schema(schema::Arguments),
}

#[derive(clap::Args)]
struct RunArguments {
    /// Where requests are taken in, such as 127.0.0.1:8080; with --to
    #[arg(long, value_name = "ADDR", requires = "to")]
    listen: Option<String>,
    /// Who answers them, such as http://127.0.0.1:8000; may be repeated
    #[arg(long, value_name = "URL", requires = "listen")]
    to: Vec<String>,
    /// The file with listeners, backends and routes
    #[arg(long, value_name = "FILE", conflicts_with_all = ["listen", "to"])]
    config: Option<PathBuf>,
    /// Where the API, /metrics and the store are asked
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9880")]
    api: SocketAddr,
    /// Where the data is kept; made when it does not exist
    #[arg(long, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
    /// A socket over which the next process takes the listeners over without losing a request
    #[arg(long, value_name = "PATH")]
    handover: Option<PathBuf>,
    /// Listen on addresses that others can reach, in plain text and without accounts
    #[arg(long)]
    insecure: bool,
    /// Whatever else `plimsoll serve` takes, such as -- --retention 30d
    #[arg(last = true, value_name = "SERVE_FLAGS")]
    serve: Vec<String>,
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let Some(command) = arguments.command else {
        return serve::run(arguments.run.into_serve()?);
    };
    match command {
        Command::Routes(arguments) => routes::run(&arguments),
        Command::Backends(arguments) => backends::run(&arguments),
        Command::Endpoints(arguments) => endpoints::run(&arguments),
        Command::Breakers(arguments) => breakers::run(&arguments),
        Command::Limits(arguments) => limits::run(&arguments),
        Command::Orders(arguments) => orders::run(&arguments),
        Command::Drain(arguments) => drain::run(&arguments),
        Command::Undrain(arguments) => drain::undrain(&arguments),
        Command::Force(arguments) => force::run(&arguments),
        Command::Weight(arguments) => weight::run(&arguments),
        Command::Maintenance(arguments) => maintenance::run(&arguments),
        Command::Fault(arguments) => fault::run(&arguments),
        Command::Top(arguments) => top::run(&arguments),
        Command::Tap(arguments) => tap::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
    }
}

impl RunArguments {
    /// The gateway is a server with these flags.
    fn into_serve(self) -> Result<serve::Arguments, Failure> {
        if self.config.is_none() && self.listen.is_none() {
            return Err(Failure::usage(
                "a gateway needs --listen ADDR with --to URL, or --config FILE\n\
                 for what one that runs says, see plimsoll gateway --help",
            ));
        }
        let own = ["--listen".to_owned(), self.api.to_string()];
        let insecure = self.insecure.then(|| "--insecure".to_owned());
        let line = own.into_iter().chain(insecure).chain(self.serve);
        let gateway =
            serve::GatewayArguments::new(self.config, self.listen, self.to, self.handover);
        serve::Arguments::of_gateway(line, self.data_dir, gateway)
    }
}
