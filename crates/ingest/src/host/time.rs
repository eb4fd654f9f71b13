//! The wall clock, and what the kernel derives it from.

use std::path::Path;

use super::Collector;
use super::error::Error;
use super::exposition::{Exposition, Family};
use super::source::Host;

const NOW: Family<'_> = Family::gauge(
    "node_time_seconds",
    "Wall time of this host, in seconds since 1970-01-01T00:00:00Z.",
);
const AVAILABLE: Family<'_> = Family::gauge(
    "node_time_clocksource_available_info",
    "A clock source that the kernel could use; the value is always 1.",
);
const CURRENT: Family<'_> = Family::gauge(
    "node_time_clocksource_current_info",
    "The clock source that the kernel uses; the value is always 1.",
);
const CLOCK_SOURCES: &str = "devices/system/clocksource";
/// Linux has one; the kernel's interface allows more.
const CLOCK_SOURCES_MAX: usize = 64;

/// Exposes the wall clock and its source.
#[derive(Debug)]
pub(super) struct Time;

impl Collector for Time {
    fn name(&self) -> &'static str {
        "time"
    }

    fn collect(&self, host: &Host, out: &mut Exposition) -> Result<(), Error> {
        out.add(&NOW, &[], host.clock.now().seconds());
        let (names, more) = host.list_sys(CLOCK_SOURCES, CLOCK_SOURCES_MAX)?;
        for name in &names {
            let Some(device) = name.strip_prefix("clocksource") else {
                continue;
            };
            let directory = Path::new(CLOCK_SOURCES).join(name);
            for (file, family) in [
                ("available_clocksource", &AVAILABLE),
                ("current_clocksource", &CURRENT),
            ] {
                let sources = host.attribute(&directory.join(file)).unwrap_or_default();
                for source in sources.split_ascii_whitespace() {
                    out.add(family, &[("clocksource", source), ("device", device)], 1.0);
                }
            }
        }
        if more {
            return Err(Error::limit("clock sources", CLOCK_SOURCES_MAX));
        }
        Ok(())
    }
}
