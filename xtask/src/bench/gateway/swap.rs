//! A configuration with very many routes replaces another one, in this process.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_gateway::config;
use plimsoll_gateway::gateway::{Gateway, Needs};
use plimsoll_gateway::model::Config;
use plimsoll_gateway::names::Names;
use plimsoll_gateway::signals::{self, Signals};
use plimsoll_runtime::clock::{Clock, SystemClock};

use super::table::Table;

/// Routes of a backend.
const ROUTES_PER_BACKEND: usize = 10;
const SWAPS: usize = 9;

/// Measures reading and swapping; the worst of a few swaps counts.
pub(super) fn measure(routes: usize, table: &mut Table) -> anyhow::Result<()> {
    let clock = Arc::new(SystemClock::new());
    let names = Arc::new(Names::default());
    let signals = Signals::new(signals::Options::default(), Arc::clone(&names), clock.now());
    let began = clock.monotonic();
    let first = read(&text(routes, 0))?;
    let reading = clock.monotonic().since(began);
    let needs = Needs {
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        names,
        signals,
        seed: 7,
    };
    let gateway = Gateway::new(first, needs)?;
    let mut worst = Duration::ZERO;
    for turn in 1..=SWAPS {
        // A tenth of the routes is another one each time.
        let next = read(&text(routes, turn * routes / 10))?;
        let began = clock.monotonic();
        gateway.apply(next)?;
        worst = worst.max(clock.monotonic().since(began));
    }
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    table.swap(routes, millis(reading), millis(worst));
    Ok(())
}

fn read(text: &str) -> anyhow::Result<Config> {
    Ok(config::parse(Path::new("gateway.yml"), text)?.config)
}

/// Returns a configuration with routes of these numbers.
fn text(routes: usize, first: usize) -> String {
    let mut text = "version: plimsoll/v1\ngateway:\n  listeners:\n  \
                    - {name: web, address: \"127.0.0.1:8080\"}\n  backends:\n"
        .to_owned();
    let line = |text: &mut String, line: std::fmt::Arguments| {
        text.write_fmt(line).expect("a string takes everything");
    };
    for backend in 0..routes.div_ceil(ROUTES_PER_BACKEND) {
        let name = format_args!(
            "  - {{name: b{backend}, endpoints: [\"http://127.0.0.1:{}\"]}}\n",
            10_000 + backend
        );
        line(&mut text, name);
    }
    text.push_str("  routes:\n");
    for (index, number) in (first..first + routes).enumerate() {
        let backend = index / ROUTES_PER_BACKEND;
        line(
            &mut text,
            format_args!(
                "  - {{name: r{number}, hosts: [h{}.example], match: [{{path: {{prefix: /p{number}}}}}], to: b{backend}}}\n",
                number % 50
            ),
        );
    }
    text
}
