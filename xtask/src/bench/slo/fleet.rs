//! The four programs: two that judge and two that only scrape.

use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, ensure};
use plimsoll_e2e::{Home, wait_until};
use plimsoll_runtime::clock::{Clock, SystemClock};

use super::definitions::Definitions;
use super::exporter::Exporter;
use super::table::MIB;
use super::{Options, verify};
use crate::bench::contender::{Contender, OURS, PROMETHEUS};
use crate::bench::spending::{cpu_time, memory};

const WARM_UP: Duration = Duration::from_secs(60);
const CATCH_UP_MAX: Duration = Duration::from_secs(300);
const PROGRESS: Duration = Duration::from_secs(30);
/// Of how many objectives counts are compared.
const COMPARED: usize = 5;

/// Of a pair: the one that only scrapes, and the one that judges too.
pub(super) const PLAIN: usize = 0;
pub(super) const JUDGING: usize = 1;

/// Figures by pair, [`PLAIN`] and [`JUDGING`], and in it by program, [`OURS`] and [`PROMETHEUS`].
pub(super) type Figures = [[f64; 2]; 2];

/// What was measured of the four programs.
pub(super) struct Measured {
    /// CPU seconds per second that passed.
    pub(super) cpu: Figures,
    /// MiB in the end.
    pub(super) resident: Figures,
    /// Series that are stored and not stale in the end.
    pub(super) series: Figures,
}

/// All of them with what they are about.
pub(super) struct Fleet<'a> {
    pub(super) options: &'a Options,
    pub(super) definitions: &'a Definitions,
    pub(super) exporter: &'a Exporter,
    pub(super) homes: &'a [Home; 2],
    pub(super) pairs: Vec<Vec<Contender>>,
}

impl Fleet<'_> {
    /// Lets all scrape the exporter, and one of each pair judge, from a start on.
    pub(super) fn configure(&mut self, snapshot: &[u8]) -> anyhow::Result<()> {
        let config = self.exporter.config();
        let [plain, judging] = self.homes;
        plain.configure(&config)?;
        plain.write("prometheus.yml", config.as_bytes())?;
        for (number, text) in self.definitions.files.iter().enumerate() {
            judging.write(&format!("slo-{number}.yml"), text.as_bytes())?;
        }
        judging.configure(&format!(
            "{config}plimsoll:\n  slo:\n    files: ['slo-*.yml']\n"
        ))?;
        judging.write("rules.yml", self.definitions.rules.as_bytes())?;
        let config = format!("{config}rule_files: [rules.yml]\n");
        judging.write("prometheus.yml", config.as_bytes())?;
        std::fs::write(judging.data().join("slo.snapshot"), snapshot)?;
        for contender in self.pairs.iter_mut().flatten() {
            let ready = contender.restart()?;
            eprintln!(
                "{} is ready after {:.1} s",
                contender.name,
                ready.as_secs_f64()
            );
        }
        Ok(())
    }

    fn judging(&self) -> &Contender {
        &self.pairs[JUDGING][OURS]
    }

    /// Waits until ours has counted what was stored, and all have evaluated everything a few times.
    pub(super) fn wait_until_current(&self) -> anyhow::Result<()> {
        let api = self.judging().api;
        let wanted = self.options.slos * (self.options.groups + 1);
        wait_until(CATCH_UP_MAX, "counts from the store", || {
            let budgets = verify::metric(&api, "plimsoll_slo_streams")?;
            ensure!(budgets == wanted as f64, "{budgets} of {wanted} budgets");
            let is_behind = verify::metric(&api, "plimsoll_slo_catching_up")?;
            ensure!(is_behind == 0.0, "samples are read from the store");
            let judged = verify::metric(&api, "plimsoll_slo_tick_duration_seconds_count")?;
            ensure!(judged > 0.0, "nothing was judged yet");
            Ok(())
        })
        .with_context(|| self.judging().program.log())?;
        self.pass(
            "warming up",
            WARM_UP.min(Duration::from_secs(self.options.seconds)),
        )
    }

    /// Measures all of them for a while.
    pub(super) fn measure(&self) -> anyhow::Result<Measured> {
        Ok(Measured {
            cpu: self.cpu()?,
            resident: self.resident()?,
            series: self.series()?,
        })
    }

    /// Returns CPU seconds per second that passes.
    fn cpu(&self) -> anyhow::Result<Figures> {
        let api = self.judging().api;
        let ticks = [
            "plimsoll_slo_tick_duration_seconds_count",
            "plimsoll_slo_tick_duration_seconds_sum",
        ];
        let read = || -> anyhow::Result<[f64; 2]> {
            Ok([
                verify::metric(&api, ticks[0])?,
                verify::metric(&api, ticks[1])?,
            ])
        };
        let ticked = read()?;
        let clock = SystemClock::new();
        let began = clock.monotonic();
        let before = self.spent()?;
        self.pass("measuring", Duration::from_secs(self.options.seconds))?;
        let (after, passed) = (self.spent()?, clock.monotonic().since(began).as_secs_f64());
        let [count, sum] = read()?;
        eprintln!(
            "ours judged {} times, {:.1} ms each",
            count - ticked[0],
            (sum - ticked[1]) / (count - ticked[0]) * 1000.0
        );
        Ok([PLAIN, JUDGING].map(|pair| {
            [OURS, PROMETHEUS].map(|index| (after[pair][index] - before[pair][index]) / passed)
        }))
    }

    /// Waits, with a word now and then.
    fn pass(&self, what: &str, length: Duration) -> anyhow::Result<()> {
        let mut left = length;
        while !left.is_zero() {
            let step = left.min(PROGRESS);
            sleep(step);
            left -= step;
            let [plain, judging] = self.spent()?;
            eprintln!(
                "{what}: {} s to go; CPU so far: plimsoll {:.1} s and {:.1} s without, prometheus {:.1} s and {:.1} s",
                left.as_secs(),
                judging[OURS],
                plain[OURS],
                judging[PROMETHEUS],
                plain[PROMETHEUS]
            );
        }
        Ok(())
    }

    fn spent(&self) -> anyhow::Result<Figures> {
        self.each(|contender| Ok(cpu_time(contender.program.id())?.as_secs_f64()))
    }

    /// Returns MiB.
    fn resident(&self) -> anyhow::Result<Figures> {
        self.each(|contender| Ok(memory(contender.program.id())?.resident as f64 / MIB))
    }

    fn series(&self) -> anyhow::Result<Figures> {
        self.each(|contender| contender.api.value("count({__name__!=\"\"})"))
    }

    fn each(&self, of: impl Fn(&Contender) -> anyhow::Result<f64>) -> anyhow::Result<Figures> {
        let mut figures = Figures::default();
        for (pair, figures) in self.pairs.iter().zip(&mut figures) {
            for (contender, figure) in pair.iter().zip(figures) {
                *figure = of(contender)?;
            }
        }
        Ok(figures)
    }

    pub(super) fn verify(&self) -> anyhow::Result<()> {
        let (slos, groups) = (self.options.slos, self.options.groups);
        let api = self.judging().api;
        for number in 0..COMPARED.min(slos) {
            verify::counts(&api, number * slos / COMPARED.min(slos), groups)?;
        }
        for name in [
            "plimsoll_slo_ticks_missed_total",
            "plimsoll_slo_samples_overflowed_total",
        ] {
            let missed = verify::metric(&api, name)?;
            ensure!(missed == 0.0, "{name} is {missed}");
        }
        let prometheus = self.pairs[JUDGING][PROMETHEUS].api;
        verify::rules(&prometheus, self.definitions.rule_count)?;
        // When it misses slots it does less than it should, and would need more.
        let missed = verify::metric(&prometheus, "prometheus_rule_group_iterations_missed_total")?;
        eprintln!(
            "counts are those of the exporter; prometheus missed {missed} evaluations of groups"
        );
        Ok(())
    }
}
