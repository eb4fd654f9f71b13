//! Boot time, interrupts, context switches and tasks, from `/proc/stat`.

use super::Collector;
use super::error::Error;
use super::exposition::{Exposition, Family};
use super::source::{Host, number};

/// A line of `/proc/stat` and the family that its first number goes to.
static LINES: [(&str, Family<'_>); 6] = [
    (
        "btime",
        Family::gauge(
            "node_boot_time_seconds",
            "When the machine started, in seconds since 1970-01-01T00:00:00Z.",
        ),
    ),
    (
        "intr",
        Family::counter("node_intr_total", "Interrupts that the kernel has served."),
    ),
    (
        "ctxt",
        Family::counter(
            "node_context_switches_total",
            "Changes from one task to another, over all processors.",
        ),
    ),
    (
        "processes",
        Family::counter(
            "node_forks_total",
            "Processes and threads that were started.",
        ),
    ),
    (
        "procs_running",
        Family::gauge("node_procs_running", "Tasks that run or could run now."),
    ),
    (
        "procs_blocked",
        Family::gauge(
            "node_procs_blocked",
            "Tasks that wait for input or output now.",
        ),
    ),
];

/// Exposes what `/proc/stat` says about the whole machine.
#[derive(Debug)]
pub(super) struct Stat;

impl Collector for Stat {
    fn name(&self) -> &'static str {
        "stat"
    }

    fn collect(&self, host: &Host, out: &mut Exposition) -> Result<(), Error> {
        for (family, value) in parse_stat(&host.read_proc("stat")?)? {
            out.add(family, &[], value);
        }
        Ok(())
    }
}

/// Parses the lines that belong to the whole machine; those of single processors are for `cpu`.
pub(super) fn parse_stat(text: &str) -> Result<Vec<(&'static Family<'static>, f64)>, Error> {
    let mut values = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut words = line.split_ascii_whitespace();
        let key = words.next().unwrap_or_default();
        let Some((_, family)) = LINES.iter().find(|(wanted, _)| *wanted == key) else {
            continue;
        };
        let value = words
            .next()
            .and_then(number)
            .ok_or_else(|| Error::malformed("a number after the name", index + 1))?;
        values.push((family, value));
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_first_number_of_the_known_lines() {
        let text = "cpu  1 2\nintr 9 1 2 3\nctxt 8\nbtime 7\nprocesses 6\nprocs_running 5\n\
                    procs_blocked 4\nsoftirq 3 3\n";
        let values: Vec<_> = parse_stat(text)
            .unwrap()
            .into_iter()
            .map(|(family, value)| (family.name, value))
            .collect();
        let wanted = [
            ("node_intr_total", 9.0),
            ("node_context_switches_total", 8.0),
            ("node_boot_time_seconds", 7.0),
            ("node_forks_total", 6.0),
            ("node_procs_running", 5.0),
            ("node_procs_blocked", 4.0),
        ];
        assert_eq!(values, wanted);
    }

    #[test]
    fn refuses_a_known_line_without_a_number() {
        for hostile in ["btime", "ctxt x", "intr NaN"] {
            assert!(parse_stat(hostile).is_err(), "{hostile}");
        }
        assert!(parse_stat("unknown x\n\n").unwrap().is_empty());
    }
}
