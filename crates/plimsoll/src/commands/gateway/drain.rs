//! `plimsoll gateway drain` and `undrain`: an endpoint that gets nothing new, until what runs there is finished.

use std::time::Duration;

use plimsoll_runtime::clock::{Clock, SystemClock};
use serde_json::{Value, json};

use super::answer::{Gateway, Named, endpoint_line};
use crate::commands::shown::{counted, list};
use crate::commands::slo::Output;
use crate::commands::{Failure, print};

/// How often it is looked whether a drain is over.
const LOOK: Duration = Duration::from_millis(250);

/// Send an endpoint nothing new but what sticks to it; what runs is finished
///
/// With --wait it returns when nothing runs there any more, and fails when that takes too long. The order outlives
/// reloads, not the process; undrain ends it.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll gateway drain checkout 10.0.0.7:8000\n  \
    plimsoll gateway drain checkout 10.0.0.7:8000 --wait 60 && systemctl restart checkout")]
pub(super) struct Arguments {
    #[command(flatten)]
    named: Named,
    /// Wait until nothing runs there, at most so long
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
    #[command(flatten)]
    gateway: Gateway,
    /// How it is printed
    #[arg(
        long,
        short,
        value_enum,
        value_name = "FORMAT",
        default_value = "table"
    )]
    output: Output,
}

/// End a drain: health decides again
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  plimsoll gateway undrain checkout 10.0.0.7:8000")]
pub(super) struct UndrainArguments {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    gateway: Gateway,
    /// How it is printed
    #[arg(
        long,
        short,
        value_enum,
        value_name = "FORMAT",
        default_value = "table"
    )]
    output: Output,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Named { backend, endpoint } = &arguments.named;
    let order = json!({"order": "drain", "backend": backend, "endpoint": endpoint});
    let mut data = arguments.gateway.order(&order)?;
    if let Some(seconds) = arguments.wait {
        data = wait(arguments, data, Duration::from_secs(seconds))?;
    }
    arguments.output.print(&data, endpoint_line)
}

pub(super) fn undrain(arguments: &UndrainArguments) -> Result<(), Failure> {
    let Named { backend, endpoint } = &arguments.named;
    let order = json!({"order": "undrain", "backend": backend, "endpoint": endpoint});
    let data = arguments.gateway.order(&order)?;
    arguments.output.print(&data, endpoint_line)
}

/// Returns the endpoint when nothing runs there.
fn wait(arguments: &Arguments, mut data: Value, longest: Duration) -> Result<Value, Failure> {
    let clock = SystemClock::new();
    let end = clock.monotonic().after(longest);
    loop {
        let left = data["endpoint"]["inFlight"].as_u64();
        let Some(left @ 1..) = left else {
            return Ok(data);
        };
        if clock.monotonic() >= end {
            // What was asked for holds all the same.
            print(&endpoint_line(&data))?;
            let left = counted(left as usize, "request");
            return Err(Failure::failed(format!("{left} still run there")));
        }
        std::thread::sleep(LOOK);
        data = look(arguments)?;
    }
}

fn look(arguments: &Arguments) -> Result<Value, Failure> {
    let Named { backend, endpoint } = &arguments.named;
    let parameters = [("backend", backend.clone())];
    let data = arguments.gateway.data("endpoints", &parameters)?;
    let mut all = list(&data["endpoints"]);
    let found = all.find(|one| one["name"] == **endpoint);
    let found = found.ok_or_else(|| {
        Failure::failed(format!(
            "the backend {backend:?} has no endpoint {endpoint:?} any more"
        ))
    })?;
    Ok(json!({"endpoint": found}))
}
