//! `cargo xtask sim`: what takes years or bad luck in production, in minutes and by seed.

mod alerts;
mod operation;
mod rules;
mod storage;
mod traffic;

/// What is simulated.
#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(clap::Subcommand)]
enum Subject {
    /// The store on a simulated disk that dies, fails or rots: nothing acknowledged may be lost
    Storage(storage::Options),
    /// Hours of normal operation with a clock of their own: memory, files and merge debt must stay flat
    Operation(operation::Options),
    /// Rules evaluated by processes that die at any point: nobody must notice afterwards
    Rules(rules::Options),
    /// Alerts, replicas that die and receivers that fail: nothing lost, nothing twice, no leak
    Alerts(alerts::Options),
    /// Services that die, hang, flap, slow down and return behind the judgement of the gateway: it must lose few requests
    Traffic(traffic::Options),
}

/// Runs a simulation.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    match &options.subject {
        Subject::Storage(options) => storage::run(options),
        Subject::Operation(options) => operation::run(options),
        Subject::Rules(options) => rules::run(options),
        Subject::Alerts(options) => alerts::run(options),
        Subject::Traffic(options) => traffic::run(options),
    }
}

/// Runs the few seeds that belong to every `cargo xtask ci`.
pub(crate) fn smoke() -> anyhow::Result<()> {
    storage::smoke()?;
    rules::smoke()?;
    alerts::smoke()?;
    traffic::smoke()
}
