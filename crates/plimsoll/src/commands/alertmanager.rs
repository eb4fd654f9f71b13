//! `plimsoll alertmanager`: routing alerts and telling receivers, and nothing else, with Alertmanager's own flags.

mod composition;
mod flags;
mod reload;

use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::clock::SystemClock;
use plimsoll_runtime::config::Diagnostic;
use plimsoll_runtime::logging;

use super::Failure;
pub(crate) use flags::Arguments;

/// How long threads may take to end once the store is closed.
const THREADS_TIMEOUT: Duration = Duration::from_secs(2);

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    arguments.refuse_strangers()?;
    let loaded = arguments.file().load();
    let loaded = loaded.map_err(|found| Failure::rendered(format!("{found}\n")))?;
    logging::install(&arguments.log_filter, arguments.log_format.into())
        .map_err(|error| Failure::usage(format!("--log-filter: {error}")))?;
    tell_warnings(&arguments, &loaded.warnings);
    for name in arguments.without_effect() {
        tracing::warn!("{name} of Alertmanager has no effect here");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("the threads could not be started: {error}")))?;
    let clock = Arc::new(SystemClock::new());
    let outcome = runtime.block_on(composition::serve(arguments, loaded, clock));
    runtime.shutdown_timeout(THREADS_TIMEOUT);
    outcome
}

/// Tells what a configuration has that has no effect: with place and caret for people, as events for programs.
fn tell_warnings(arguments: &Arguments, warnings: &[Diagnostic]) {
    for warning in warnings {
        match arguments.log_format {
            flags::LogFormat::Text => eprintln!("{warning}"),
            flags::LogFormat::Json => tracing::warn!("{warning}"),
        }
    }
}
