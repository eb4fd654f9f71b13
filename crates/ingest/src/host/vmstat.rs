//! Paging, swapping and out-of-memory kills, from `/proc/vmstat`.

use std::sync::LazyLock;

use regex::Regex;

use super::Collector;
use super::error::Error;
use super::exposition::{Exposition, Family};
use super::source::{Host, number};

/// Fields exposed at most; the pattern matches about ten on Linux 6.
const FIELDS_MAX: usize = 512;
const HELP: &str = "The field of /proc/vmstat that the name carries, since the machine started.";

/// node_exporter's default `--collector.vmstat.fields`.
static FIELDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("^(oom_kill|pgpg|pswp|pg.*fault).*").expect("a constant pattern is valid")
});

/// Exposes the default fields of vmstat.
#[derive(Debug)]
pub(super) struct VirtualMemory;

impl Collector for VirtualMemory {
    fn name(&self) -> &'static str {
        "vmstat"
    }

    fn collect(&self, host: &Host, out: &mut Exposition) -> Result<(), Error> {
        let text = host.read_proc("vmstat")?;
        let fields = parse_vmstat(&text)?;
        for (name, value) in fields.iter().take(FIELDS_MAX) {
            out.add(
                &Family::untyped(&format!("node_vmstat_{name}"), HELP),
                &[],
                *value,
            );
        }
        if fields.len() > FIELDS_MAX {
            return Err(Error::limit("fields of vmstat", FIELDS_MAX));
        }
        Ok(())
    }
}

/// Parses `name value` lines and returns those that the default pattern selects.
pub(super) fn parse_vmstat(text: &str) -> Result<Vec<(&str, f64)>, Error> {
    let mut fields = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let malformed = || Error::malformed("`name value`", index + 1);
        let (name, value) = line.split_once(' ').ok_or_else(malformed)?;
        let value = number(value.trim()).ok_or_else(malformed)?;
        if FIELDS.is_match(name) {
            fields.push((name, value));
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selects_the_default_fields() {
        let text = "nr_free_pages 1\npgpgin 2\npswpout 3\npgmajfault 4\noom_kill 5\npgfree 6\n";
        assert_eq!(
            parse_vmstat(text).unwrap(),
            [
                ("pgpgin", 2.0),
                ("pswpout", 3.0),
                ("pgmajfault", 4.0),
                ("oom_kill", 5.0)
            ]
        );
    }

    #[test]
    fn refuses_lines_without_a_number() {
        for hostile in ["pgpgin", "pgpgin x", "pgpgin 1 2", "\n", "pgpgin NaN"] {
            assert!(parse_vmstat(hostile).is_err(), "{hostile}");
        }
    }
}
