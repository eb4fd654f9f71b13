//! `cargo xtask bench`: what things cost, measured. What measures one crate is a bench of that crate, which this task
//! builds and starts; what measures whole programs beside each other is below. The exit code is the verdict.

mod alerts;
mod connection;
mod contender;
mod decisions;
mod faults;
mod gateway;
mod metrics;
mod promql;
mod rules;
mod slo;
mod spending;

use crate::process;

/// What is measured, and how it is built.
#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(clap::Subcommand)]
enum Subject {
    /// Append, WAL, sealing, restart and size of the embedded store
    Storage(Storage),
    /// Queries, beside Debian's prometheus and victoria-metrics over the same data
    Promql(promql::Options),
    /// The metrics store, beside Debian's prometheus and victoria-metrics over the same data
    Metrics(metrics::Options),
    /// Rules evaluated every few seconds, beside Debian's prometheus over the same data
    Rules(rules::Options),
    /// Alerts, silences and inhibition, beside Debian's Alertmanager
    Alerts(alerts::Options),
    /// Burn alerts: how good they are beside the policies of others, on months with labelled incidents
    Decisions(decisions::Options),
    /// Objectives: counting, judging and asking for 1,000 of them with ten groups each
    Slo(slo::Options),
    /// The gateway, beside Debian's nginx and haproxy and a bare proxy of hyper's
    Gateway(gateway::Options),
    /// The gateway, nginx and haproxy while one backend of three dies, hangs, fails, slows down and flaps
    Faults(faults::Options),
    /// A process of the gateway's bench
    #[command(hide = true)]
    GatewayPart(gateway::PartOptions),
}

#[derive(clap::Args)]
struct Storage {
    /// Build with optimisations; without them the figures mean little
    #[arg(long)]
    release: bool,
}

/// Builds and runs a bench.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    match &options.subject {
        Subject::Storage(options) => storage(options),
        Subject::Promql(options) => promql::run(options),
        Subject::Metrics(options) => metrics::run(options),
        Subject::Rules(options) => rules::run(options),
        Subject::Alerts(options) => alerts::run(options),
        Subject::Decisions(options) => decisions::run(options),
        Subject::Slo(options) => slo::run(options),
        Subject::Gateway(options) => gateway::run(options),
        Subject::Faults(options) => faults::run(options),
        Subject::GatewayPart(options) => gateway::run_part(options),
    }
}

fn storage(options: &Storage) -> anyhow::Result<()> {
    let mut command = process::cargo();
    command.args(["bench", "--quiet", "--locked"]);
    command.args(["--package", "plimsoll-tsdb", "--bench", "storage"]);
    if !options.release {
        eprintln!(
            "built without optimisations: sizes are right, speeds mean little; add --release"
        );
        command.args(["--profile", "dev"]);
    }
    process::run(&mut command)
}
