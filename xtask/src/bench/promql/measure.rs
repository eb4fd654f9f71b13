//! What a process spends: CPU time and peak memory, as the kernel counts them.

use std::fmt;
use std::thread::sleep;
use std::time::Duration;

use anyhow::ensure;
use plimsoll_runtime::clock::{Clock, SystemClock};

use super::questions::Question;
use crate::bench::contender::Contender;
use crate::bench::spending::{cpu_time, forget_peak};

/// The kernel counts CPU time in hundredths of a second, so a question is asked until it has cost this much.
const CPU_ENOUGH: Duration = Duration::from_millis(600);
const ASKED_MIN: u32 = 5;
const ASKED_MAX: u32 = 300;
/// How long all must be idle before anything is measured: Prometheus looks for work once a minute.
const QUIET: Duration = Duration::from_secs(65);
const QUIET_MAX: Duration = Duration::from_secs(420);

/// What an answer cost.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    pub(super) cpu_millis: f64,
    /// The most memory that the whole process had in RAM meanwhile.
    pub(super) peak_mib: f64,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0} ms CPU, {:.0} MiB", self.cpu_millis, self.peak_mib)
    }
}

/// Measures one call.
pub(super) fn cost(
    contender: &mut Contender,
    call: impl FnOnce(&Contender) -> anyhow::Result<()>,
) -> anyhow::Result<Cost> {
    let id = contender.program.id();
    forget_peak(id)?;
    let before = cpu_time(id)?;
    call(contender)?;
    Ok(Cost {
        cpu_millis: (cpu_time(id)? - before).as_secs_f64() * 1000.0,
        peak_mib: contender.program.peak_resident_bytes()? as f64 / f64::from(1 << 20),
    })
}

/// Asks every contender until the CPU time is enough to be counted; returns the cost of one answer each.
pub(super) fn repeatedly(
    contenders: &mut [Contender],
    question: &Question,
) -> anyhow::Result<Vec<Cost>> {
    contenders
        .iter_mut()
        .map(|contender| {
            let mut asked = 0;
            let mut total = cost(contender, |contender| {
                let id = contender.program.id();
                let before = cpu_time(id)?;
                while asked < ASKED_MAX
                    && (asked < ASKED_MIN || cpu_time(id)? - before < CPU_ENOUGH)
                {
                    question.ask(&contender.api)?;
                    asked += 1;
                }
                Ok(())
            })?;
            total.cpu_millis /= f64::from(asked);
            Ok(total)
        })
        .collect()
}

/// Waits until nobody spends CPU time on what was loaded.
pub(super) fn settle(contenders: &mut [Contender]) -> anyhow::Result<()> {
    let clock = SystemClock::new();
    let now = || clock.monotonic().since_origin();
    let began = now();
    let spent = |contenders: &[Contender]| -> anyhow::Result<Duration> {
        contenders.iter().map(|c| cpu_time(c.program.id())).sum()
    };
    let (mut quiet_since, mut known) = (began, spent(contenders)?);
    while now() - quiet_since < QUIET {
        ensure!(now() - began < QUIET_MAX, "they never came to rest");
        sleep(Duration::from_secs(5));
        contenders
            .iter_mut()
            .try_for_each(|contender| contender.program.check_alive())?;
        let total = spent(contenders)?;
        if total - known > Duration::from_millis(500) {
            quiet_since = now();
        }
        known = total;
    }
    Ok(())
}
