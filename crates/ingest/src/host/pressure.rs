//! Time lost to contention (PSI), from `/proc/pressure/*`.

use super::Collector;
use super::error::Error;
use super::exposition::{Exposition, Family};
use super::source::Host;

/// A file of `/proc/pressure` with the families for its `some` and its `full` line. Processors have
/// no `full` of their own: some task always runs, so the kernel prints zeros there.
const RESOURCES: [(&str, Family<'_>, Option<Family<'_>>); 3] = [
    (
        "pressure/cpu",
        Family::counter(
            "node_pressure_cpu_waiting_seconds_total",
            "Time in which at least one task waited for a processor.",
        ),
        None,
    ),
    (
        "pressure/io",
        Family::counter(
            "node_pressure_io_waiting_seconds_total",
            "Time in which at least one task waited for input or output.",
        ),
        Some(Family::counter(
            "node_pressure_io_stalled_seconds_total",
            "Time in which every task that had work waited for input or output.",
        )),
    ),
    (
        "pressure/memory",
        Family::counter(
            "node_pressure_memory_waiting_seconds_total",
            "Time in which at least one task waited for memory.",
        ),
        Some(Family::counter(
            "node_pressure_memory_stalled_seconds_total",
            "Time in which every task that had work waited for memory.",
        )),
    ),
];

/// Exposes pressure stall information.
#[derive(Debug)]
pub(super) struct Pressure;

impl Collector for Pressure {
    fn name(&self) -> &'static str {
        "pressure"
    }

    fn collect(&self, host: &Host, out: &mut Exposition) -> Result<(), Error> {
        for (file, waiting, stalled) in &RESOURCES {
            let totals = parse_pressure(&host.read_proc(file)?)?;
            if let Some(micros) = totals.some {
                out.add(waiting, &[], seconds(micros));
            }
            if let (Some(family), Some(micros)) = (stalled, totals.full) {
                out.add(family, &[], seconds(micros));
            }
        }
        Ok(())
    }
}

/// Divides twice, as node_exporter does, so that the last bit agrees too.
fn seconds(micros: u64) -> f64 {
    micros as f64 / 1000.0 / 1000.0
}

/// Totals in microseconds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    /// At least one task waited.
    some: Option<u64>,
    /// All tasks waited.
    full: Option<u64>,
}

/// Parses `some avg10=0.00 avg60=0.00 avg300=0.00 total=12` and the `full` line; other lines are
/// left for kernels to come.
pub(super) fn parse_pressure(text: &str) -> Result<Totals, Error> {
    let mut totals = Totals::default();
    for (index, line) in text.lines().enumerate() {
        let mut words = line.split_ascii_whitespace();
        let into = match words.next() {
            Some("some") => &mut totals.some,
            Some("full") => &mut totals.full,
            _ => continue,
        };
        let total = words
            .find_map(|word| word.strip_prefix("total="))
            .and_then(|total| total.parse().ok())
            .ok_or_else(|| Error::malformed("`total=` and microseconds", index + 1))?;
        *into = Some(total);
    }
    Ok(totals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_totals() {
        let text = "some avg10=1.91 avg60=0.61 avg300=0.95 total=33489094\n\
                    full avg10=0.00 avg60=0.00 avg300=0.00 total=7\nlater x=1\n";
        let wanted = Totals {
            some: Some(33_489_094),
            full: Some(7),
        };
        assert_eq!(parse_pressure(text).unwrap(), wanted);
        assert_eq!(parse_pressure("").unwrap(), Totals::default());
    }

    #[test]
    fn refuses_a_line_without_a_total() {
        for hostile in [
            "some",
            "some total=",
            "full total=-1",
            "some total=99999999999999999999",
        ] {
            assert!(parse_pressure(hostile).is_err(), "{hostile}");
        }
    }
}
