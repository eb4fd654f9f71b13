//! The `process_*` metrics that every client library of the field has, with the same names.

use std::fs;

use prometheus_client::collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::Description;

/// Name without `_total`, kind, unit, help.
const METRICS: [(&str, &str, &str, &str); 6] = [
    (
        "process_cpu_seconds",
        "counter",
        "seconds",
        "CPU time used by the process, user and system together",
    ),
    (
        "process_resident_memory_bytes",
        "gauge",
        "bytes",
        "Memory of the process that is in RAM",
    ),
    (
        "process_virtual_memory_bytes",
        "gauge",
        "bytes",
        "Address space of the process",
    ),
    (
        "process_start_time_seconds",
        "gauge",
        "seconds",
        "When the process started, in seconds since 1970",
    ),
    (
        "process_open_fds",
        "gauge",
        "",
        "File descriptors that are open",
    ),
    (
        "process_max_fds",
        "gauge",
        "",
        "File descriptors that may be open",
    ),
];

pub(super) fn descriptions() -> impl Iterator<Item = Description> {
    METRICS.into_iter().map(|(name, kind, unit, help)| {
        let suffix = if kind == "counter" { "_total" } else { "" };
        Description {
            name: format!("{name}{suffix}"),
            kind: kind.into(),
            unit: unit.into(),
            help: help.into(),
        }
    })
}

/// Reads `/proc/self` whenever the metrics are rendered; what cannot be read is left out.
#[derive(Debug)]
pub(super) struct Collector;

impl collector::Collector for Collector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let values = Facts::read().values();
        for ((name, kind, _, help), value) in METRICS.into_iter().zip(values) {
            let Some(value) = value else { continue };
            // The encoder adds the final stop only to metrics it keeps itself.
            let help = format!("{help}.");
            if kind == "counter" {
                let metric = ConstCounter::new(value);
                metric.encode(encoder.encode_descriptor(
                    name,
                    &help,
                    None,
                    metric.metric_type(),
                )?)?;
            } else {
                let metric = ConstGauge::new(value);
                metric.encode(encoder.encode_descriptor(
                    name,
                    &help,
                    None,
                    metric.metric_type(),
                )?)?;
            }
        }
        Ok(())
    }
}

/// What `/proc` says.
#[derive(Debug, Default, PartialEq)]
struct Facts {
    stat: Option<Stat>,
    boot_time_seconds: Option<f64>,
    open_fds: Option<f64>,
    max_fds: Option<f64>,
}

impl Facts {
    fn read() -> Self {
        let text = |path: &str| fs::read_to_string(path).ok();
        Self {
            stat: text("/proc/self/stat").as_deref().and_then(Stat::parse),
            boot_time_seconds: text("/proc/stat")
                .as_deref()
                .and_then(|text| field_after(text, "btime ")),
            open_fds: fs::read_dir("/proc/self/fd")
                .ok()
                .map(|entries| entries.count() as f64),
            max_fds: text("/proc/self/limits")
                .as_deref()
                .and_then(|text| field_after(text, "Max open files ")),
        }
    }

    /// Returns the values in the order of [`METRICS`].
    fn values(&self) -> [Option<f64>; METRICS.len()] {
        let ticks_per_second = rustix::param::clock_ticks_per_second() as f64;
        let page_bytes = rustix::param::page_size() as f64;
        let stat = self.stat.as_ref();
        let started = stat.map(|stat| stat.start_ticks / ticks_per_second);
        [
            stat.map(|stat| stat.cpu_ticks / ticks_per_second),
            stat.map(|stat| stat.resident_pages * page_bytes),
            stat.map(|stat| stat.virtual_bytes),
            self.boot_time_seconds
                .zip(started)
                .map(|(boot, started)| boot + started),
            self.open_fds,
            self.max_fds,
        ]
    }
}

/// The fields of `/proc/self/stat` that we need; see proc_pid_stat(5).
#[derive(Debug, PartialEq)]
struct Stat {
    cpu_ticks: f64,
    start_ticks: f64,
    virtual_bytes: f64,
    resident_pages: f64,
}

impl Stat {
    fn parse(text: &str) -> Option<Self> {
        // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        // The manual counts from 1, and two fields are cut off.
        let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
        Some(Self {
            cpu_ticks: field(14)? + field(15)?,
            start_ticks: field(22)?,
            virtual_bytes: field(23)?,
            resident_pages: field(24)?,
        })
    }
}

fn field_after(text: &str, prefix: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(prefix))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_past_an_odd_program_name() {
        let text = "42 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 100 50 13 14 15 16 17 18 9999 4096000 77 0";
        assert_eq!(
            Stat::parse(text),
            Some(Stat {
                cpu_ticks: 150.0,
                start_ticks: 9999.0,
                virtual_bytes: 4_096_000.0,
                resident_pages: 77.0
            })
        );
        assert_eq!(Stat::parse("42 (short) S 1"), None);
        assert_eq!(Stat::parse(""), None);
    }

    #[test]
    fn knows_this_process() {
        let [cpu, resident, virtual_bytes, started, open, max] =
            Facts::read().values().map(Option::unwrap);
        assert!(cpu >= 0.0 && open >= 3.0 && max >= open);
        assert!(resident > 100_000.0 && virtual_bytes >= resident);
        assert!(started > 1.6e9, "{started}");
    }
}
