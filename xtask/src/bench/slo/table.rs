//! The table that is printed, with the goals.

use std::time::Duration;

use anyhow::ensure;

use super::Options;
use super::fleet::{Figures, JUDGING, Measured, PLAIN};
use super::full::{Answers, Ledger};
use crate::bench::contender::{OURS, PROMETHEUS};

pub(super) const MIB: f64 = 1_048_576.0;

/// Ours must not need more of one core, memory and time than this, and no more CPU than this share of Prometheus'.
const CORE_MAX: f64 = 0.05;
const MIB_MAX: f64 = 200.0;
const WINDOW_MILLIS_MAX: f64 = 1.0;
const RATIO_MAX: f64 = 0.1;

/// Returns what judging costs each program.
fn difference(figures: &Figures) -> [f64; 2] {
    [OURS, PROMETHEUS].map(|index| figures[JUDGING][index] - figures[PLAIN][index])
}

impl Measured {
    pub(super) fn print(&self, options: &Options, table: &mut Table) {
        let Options { slos, groups, .. } = options;
        let alone = difference(&self.cpu);
        let name = "objectives alone, CPU seconds per second";
        table.pair(
            &format!("{slos} objectives of {groups} groups, every 10 s: {name}"),
            alone,
            Some(CORE_MAX),
        );
        // Where theirs cost nothing that could be measured there is no ratio.
        let theirs = Some(alone[PROMETHEUS]).filter(|theirs| *theirs > 0.0);
        let ratio = theirs.map_or(f64::NAN, |theirs| alone[OURS] / theirs);
        table.ours("the same by that of Prometheus", ratio, Some(RATIO_MAX));
        table.pair("whole program with objectives", self.cpu[JUDGING], None);
        let scraped = slos * groups * 2;
        table.pair(
            &format!("whole program without: {scraped} series scraped every 10 s"),
            self.cpu[PLAIN],
            None,
        );
        table.pair(
            "series stored because of them",
            difference(&self.series),
            None,
        );
        table.pair(
            "objectives alone, resident MiB",
            difference(&self.resident),
            Some(MIB_MAX),
        );
        let resident = &self.resident;
        table.pair(
            "whole program with objectives, MiB",
            resident[JUDGING],
            None,
        );
        table.pair("whole program without, MiB", resident[PLAIN], None);
    }
}

impl Ledger {
    pub(super) fn print(&self, options: &Options, table: &mut Table) {
        let (budgets, days) = (self.budgets, options.days);
        let name = format!("{budgets} budgets of {days} days and their series in memory, MiB");
        table.ours(&name, self.mib, None);
        let snapshot = self.snapshot_cpu.as_secs_f64();
        table.ours("a snapshot, CPU seconds, every 10 min", snapshot, None);
        let millis = |time: Duration| time.as_secs_f64() * 1000.0;
        let Answers {
            median,
            worst,
            count,
        } = self.answers;
        let name = format!("events of a window, ms: median of {count}");
        table.ours(&name, millis(median), None);
        table.ours(
            "events of a window, ms: worst",
            millis(worst),
            Some(WINDOW_MILLIS_MAX),
        );
    }
}

/// Rows as they are printed.
#[derive(Default)]
pub(super) struct Table {
    is_begun: bool,
    /// Names of goals that were missed.
    missed: Vec<String>,
}

impl Table {
    /// Fails when a goal was missed.
    pub(super) fn verdict(&self) -> anyhow::Result<()> {
        let missed = self.missed.join("; ");
        ensure!(self.missed.is_empty(), "goals were missed: {missed}");
        Ok(())
    }

    fn pair(&mut self, what: &str, [ours, theirs]: [f64; 2], goal: Option<f64>) {
        let others = format!("{theirs:.3} | {:.2}", ours / theirs);
        self.row(what, ours, &others, goal);
    }

    fn ours(&mut self, what: &str, value: f64, goal: Option<f64>) {
        self.row(what, value, "- | -", goal);
    }

    fn row(&mut self, what: &str, value: f64, others: &str, goal: Option<f64>) {
        if !self.is_begun {
            println!(
                "| what | plimsoll | prometheus | ratio | goal | met |\n|---|---|---|---|---|---|"
            );
            self.is_begun = true;
        }
        // What is no number meets no goal.
        let (goal, met) = match goal {
            Some(goal) if value <= goal => (format!("<= {goal}"), "yes"),
            Some(goal) => {
                self.missed.push(what.to_owned());
                (format!("<= {goal}"), "**no**")
            }
            None => ("-".to_owned(), "-"),
        };
        println!("| {what} | {value:.4} | {others} | {goal} | {met} |");
    }
}
