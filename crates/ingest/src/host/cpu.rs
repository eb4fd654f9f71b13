//! Time per processor and mode, from `/proc/stat`, and thermal throttling, from sysfs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use super::Collector;
use super::error::Error;
use super::exposition::{Exposition, Family};
use super::source::Host;

/// Processors exposed at most: what Linux can be built for (`NR_CPUS`).
const CPUS_MAX: usize = 8192;

/// `USER_HZ`, in which the kernel prints processor time on every architecture we build for.
const TICKS_PER_SECOND: f64 = 100.0;

/// An idle counter that falls by this much means that the processor was taken out and put back
/// (3 seconds, as in node_exporter); by less, that the kernel corrected itself.
const HOTPLUG_TICKS: u64 = 300;

const SECONDS: Family<'_> = Family::counter(
    "node_cpu_seconds_total",
    "Time that a processor has spent in a mode.",
);
const GUEST: Family<'_> = Family::counter(
    "node_cpu_guest_seconds_total",
    "Time that a processor has run virtual machines; also part of the modes user and nice.",
);
const CORE_THROTTLES: Family<'_> = Family::counter(
    "node_cpu_core_throttles_total",
    "Times that a core was slowed down because of heat.",
);
const PACKAGE_THROTTLES: Family<'_> = Family::counter(
    "node_cpu_package_throttles_total",
    "Times that a processor package was slowed down because of heat.",
);

/// The modes in the order of the columns of `/proc/stat`.
const MODES: [&str; 8] = [
    "user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal",
];
const IDLE: usize = 3;
const GUEST_USER: usize = 8;
const GUEST_NICE: usize = 9;

/// Ticks per mode, then those for guests; columns that an old kernel lacks are zero.
pub(super) type Ticks = [u64; 10];

/// Exposes processor time and throttling.
#[derive(Debug)]
pub(super) struct Cpu;

impl Collector for Cpu {
    fn name(&self) -> &'static str {
        "cpu"
    }

    fn collect(&self, host: &Host, out: &mut Exposition) -> Result<(), Error> {
        let now = parse_cpus(&host.read_proc("stat")?)?;
        let is_cut = now.len() > CPUS_MAX;
        let mut seen = host.cpu_seen.lock().unwrap_or_else(PoisonError::into_inner);
        for (cpu, ticks) in seen.update(now) {
            expose_times(*cpu, ticks, out);
        }
        expose_throttles(host, out);
        if is_cut {
            return Err(Error::limit("processors", CPUS_MAX));
        }
        Ok(())
    }
}

fn expose_times(cpu: u32, ticks: &Ticks, out: &mut Exposition) {
    let cpu = cpu.to_string();
    let seconds = |ticks: u64| ticks as f64 / TICKS_PER_SECOND;
    for (mode, ticks) in MODES.iter().zip(ticks) {
        out.add(&SECONDS, &[("cpu", &cpu), ("mode", mode)], seconds(*ticks));
    }
    for (mode, column) in [("nice", GUEST_NICE), ("user", GUEST_USER)] {
        out.add(
            &GUEST,
            &[("cpu", &cpu), ("mode", mode)],
            seconds(ticks[column]),
        );
    }
}

/// Parses the lines `cpu0 1 2 3 ...`; the line `cpu`, their sum, is left out.
pub(super) fn parse_cpus(text: &str) -> Result<BTreeMap<u32, Ticks>, Error> {
    let mut cpus = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let mut words = line.split_ascii_whitespace();
        let Some(id) = words.next().and_then(|word| word.strip_prefix("cpu")) else {
            continue;
        };
        if id.is_empty() {
            continue;
        }
        let malformed = || Error::malformed("a processor's number and ticks", index + 1);
        let id = id.parse().map_err(|_| malformed())?;
        let mut ticks = Ticks::default();
        let mut columns = 0;
        for (into, word) in ticks.iter_mut().zip(words) {
            *into = word.parse().map_err(|_| malformed())?;
            columns += 1;
        }
        if columns <= IDLE {
            return Err(malformed());
        }
        cpus.insert(id, ticks);
    }
    Ok(cpus)
}

/// The highest ticks seen per processor.
///
/// The kernel's `idle` and `iowait` may step back a little from read to read; a counter that does
/// looks restarted, and `rate` would count its whole value once more. So a mode never falls, unless
/// the processor itself came back new.
#[derive(Debug, Default)]
pub(crate) struct Seen(BTreeMap<u32, Ticks>);

impl Seen {
    /// Takes a reading of the first `CPUS_MAX` processors and forgets those that are gone.
    fn update(&mut self, now: BTreeMap<u32, Ticks>) -> &BTreeMap<u32, Ticks> {
        let before = std::mem::take(&mut self.0);
        for (cpu, mut ticks) in now.into_iter().take(CPUS_MAX) {
            if let Some(highest) = before.get(&cpu)
                && highest[IDLE].saturating_sub(ticks[IDLE]) < HOTPLUG_TICKS
            {
                for (ticks, highest) in ticks.iter_mut().zip(highest) {
                    *ticks = (*ticks).max(*highest);
                }
            }
            self.0.insert(cpu, ticks);
        }
        &self.0
    }
}

/// Counts each core and each package once, though every processor (hyper-thread) shows both.
fn expose_throttles(host: &Host, out: &mut Exposition) {
    let root = Path::new("devices/system/cpu");
    let Ok((names, _)) = host.list_sys("devices/system/cpu", CPUS_MAX) else {
        return;
    };
    let read = |path: PathBuf| {
        host.attribute(&path)
            .and_then(|text| text.parse::<u64>().ok())
    };
    let mut packages = BTreeSet::new();
    let mut cores = BTreeSet::new();
    for name in names.iter().filter(|name| is_cpu_directory(name)) {
        let cpu = root.join(name);
        let package = read(cpu.join("topology/physical_package_id"));
        let core = read(cpu.join("topology/core_id"));
        let (Some(package), Some(core)) = (package, core) else {
            continue;
        };
        let label = package.to_string();
        let throttled = read(cpu.join("thermal_throttle/core_throttle_count"));
        if let Some(count) = throttled.filter(|_| cores.insert((package, core))) {
            let labels = [("core", &*core.to_string()), ("package", &label)];
            out.add(&CORE_THROTTLES, &labels, count as f64);
        }
        let throttled = read(cpu.join("thermal_throttle/package_throttle_count"));
        if let Some(count) = throttled.filter(|_| packages.insert(package)) {
            out.add(&PACKAGE_THROTTLES, &[("package", &label)], count as f64);
        }
    }
}

fn is_cpu_directory(name: &str) -> bool {
    name.strip_prefix("cpu")
        .is_some_and(|id| id.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(cpu: u32, user: u64, idle: u64) -> BTreeMap<u32, Ticks> {
        BTreeMap::from([(cpu, [user, 0, 0, idle, 0, 0, 0, 0, 0, 0])])
    }

    #[test]
    fn reads_processors_and_not_their_sum() {
        let cpus = parse_cpus("cpu  9 9\ncpu0 1 2 3 4 5 6 7 8 9 10 11\ncpu7 1 2 3 4\nintr 1\n");
        let wanted = BTreeMap::from([
            (0, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
            (7, [1, 2, 3, 4, 0, 0, 0, 0, 0, 0]),
        ]);
        assert_eq!(cpus.unwrap(), wanted);
    }

    #[test]
    fn refuses_broken_processors() {
        for hostile in [
            "cpux 1 2 3 4",
            "cpu0",
            "cpu0 1 2 3",
            "cpu0 -1 2 3 4",
            "cpu99999999999 1 2 3 4",
        ] {
            assert!(parse_cpus(hostile).is_err(), "{hostile}");
        }
    }

    #[test]
    fn a_small_step_back_is_held_and_a_large_one_is_a_new_processor() {
        let mut seen = Seen::default();
        seen.update(one(0, 50, 1000));
        assert_eq!(*seen.update(one(0, 49, 701)), one(0, 50, 1000));
        assert_eq!(*seen.update(one(0, 60, 1001)), one(0, 60, 1001));
        assert_eq!(*seen.update(one(0, 1, 701)), one(0, 1, 701));
        assert_eq!(*seen.update(one(1, 2, 3)), one(1, 2, 3));
    }

    #[test]
    fn tells_processor_directories_from_others() {
        assert!(is_cpu_directory("cpu0"));
        assert!(!is_cpu_directory("cpufreq"));
        assert!(!is_cpu_directory("cpu"));
    }
}
