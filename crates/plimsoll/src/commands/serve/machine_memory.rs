//! How much memory there is: of the machine, or of the control group that holds less.

use plimsoll_types::ByteCount;

/// What is assumed where nothing can be read.
const UNKNOWN: ByteCount = ByteCount::GIB.times(2);

/// Returns the memory of the machine or, in a container, what that may use.
pub(super) fn available() -> ByteCount {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let machine = total(&read("/proc/meminfo"));
    // Version 2, as a container sees its own group; without a limit it says "max".
    let group = read("/sys/fs/cgroup/memory.max").trim().parse().ok();
    let known = [machine, group.map(ByteCount)].into_iter().flatten();
    known.min().unwrap_or(UNKNOWN)
}

/// Reads `MemTotal: 16384 kB`.
fn total(meminfo: &str) -> Option<ByteCount> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(ByteCount::KIB.times(kibibytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_tells_its_memory() {
        let text = "MemFree: 1 kB\nMemTotal:       16384 kB\nMemFree: 2 kB\n";
        assert_eq!(total(text), Some(ByteCount::MIB.times(16)));
        assert_eq!(total("MemTotal: much"), None);
        assert!(available() > ByteCount::MIB);
    }
}
