//! What a process spends, as the kernel counts it: CPU time and memory.

use std::fs;
use std::time::Duration;

use anyhow::Context;

/// Memory of a process in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Memory {
    /// What lies in RAM now.
    pub(super) resident: u64,
    /// The part of it that is no file: what the program itself holds.
    pub(super) anonymous: u64,
    /// The most that ever lay in RAM, or since [`forget_peak`].
    pub(super) peak: u64,
}

/// Returns user and system time of all threads, those that ended included.
pub(super) fn cpu_time(id: u32) -> anyhow::Result<Duration> {
    let text = fs::read_to_string(format!("/proc/{id}/stat"))?;
    let ticks = cpu_ticks(&text)?;
    let per_second = rustix::param::clock_ticks_per_second();
    Ok(Duration::from_secs_f64(ticks as f64 / per_second as f64))
}

/// Returns the memory of a process.
pub(super) fn memory(id: u32) -> anyhow::Result<Memory> {
    parse_memory(&fs::read_to_string(format!("/proc/{id}/status"))?)
}

/// Lets the peak of a process begin anew.
pub(super) fn forget_peak(id: u32) -> anyhow::Result<()> {
    Ok(fs::write(format!("/proc/{id}/clear_refs"), "5")?)
}

fn cpu_ticks(stat: &str) -> anyhow::Result<u64> {
    // The name in parentheses may hold anything, so fields are counted from its end.
    let fields = stat.rsplit_once(')').context("no name in stat")?.1;
    let ticks = fields.split_whitespace().skip(11).take(2);
    Ok(ticks.map(str::parse::<u64>).sum::<Result<u64, _>>()?)
}

fn parse_memory(status: &str) -> anyhow::Result<Memory> {
    let bytes = |name: &str| -> anyhow::Result<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let kib = kib.with_context(|| format!("no {name} in status"))?;
        Ok(kib.trim().parse::<u64>()? * 1024)
    };
    Ok(Memory {
        resident: bytes("VmRSS:")?,
        anonymous: bytes("RssAnon:")?,
        peak: bytes("VmHWM:")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_parentheses_hides_no_field() {
        let stat = "7 (a) b (c)) S 1 1 1 0 -1 4194304 90 0 0 0 250 31 9 9 20 0 8 0 77";
        assert_eq!(cpu_ticks(stat).unwrap(), 281);
        assert!(cpu_ticks("7 a S 1").is_err());
    }

    #[test]
    fn memory_is_told_in_bytes() {
        let status = "Name:\tx\nVmHWM:\t     300 kB\nVmRSS:\t     200 kB\nRssAnon:\t     150 kB\n";
        let expected = Memory {
            resident: 200 * 1024,
            anonymous: 150 * 1024,
            peak: 300 * 1024,
        };
        assert_eq!(parse_memory(status).unwrap(), expected);
        assert!(parse_memory("VmRSS:\t 1 kB\n").is_err());
    }
}
