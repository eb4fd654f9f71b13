//! The tables that are printed, with the goals.

use anyhow::ensure;

use super::Rounds;
use super::contender::{HYPER, NGINX, OURS};
use super::crowd::Crowd;
use super::pace::Added;

const NAMES: [&str; 5] = ["plimsoll", "hyper", "nginx", "nginx, access log", "haproxy"];
const MIB: f64 = 1_048_576.0;

/// What was promised.
const NGINX_RATIO_MAX: f64 = 1.6;
const HYPER_RATIO_MAX: f64 = 1.25;
const ADDED_P99_MICROS_MAX: f64 = 300.0;
const CROWD_MIB_MAX: f64 = 100.0;
const SWAP_MILLIS_MAX: f64 = 50.0;

/// Goals as they are met or missed.
#[derive(Default)]
pub(super) struct Table {
    goals: Vec<(String, f64, f64)>,
}

impl Table {
    pub(super) fn rounds(&mut self, rounds: &[Rounds]) {
        println!(
            "\n| proxy | CPU us/request, least | most | ratio to least of plimsoll | requests/s, most |"
        );
        println!("|---|---|---|---|---|");
        let ours = rounds[OURS].least_cpu();
        for (name, rounds) in NAMES.iter().zip(rounds) {
            let (least, most) = (rounds.least_cpu(), rounds.most_cpu());
            let ratio = ours / least;
            let per_second = rounds.most_per_second();
            println!("| {name} | {least:.2} | {most:.2} | {ratio:.2} | {per_second:.0} |");
        }
        for (other, most) in [(NGINX, NGINX_RATIO_MAX), (HYPER, HYPER_RATIO_MAX)] {
            let name = format!("CPU per request by that of {}", NAMES[other]);
            self.goal(name, ours / rounds[other].least_cpu(), most);
        }
    }

    pub(super) fn added(&mut self, per_second: f64, added: &[Added]) {
        println!("\n| proxy | p50 added at {per_second:.0}/s, us | p99 added, us |\n|---|---|---|");
        for (name, Added { p50, p99 }) in NAMES.iter().zip(added) {
            println!("| {name} | {p50:.0} | {p99:.0} |");
        }
        let name = "p99 added at half load, us".to_owned();
        self.goal(name, added[OURS].p99, ADDED_P99_MICROS_MAX);
    }

    pub(super) fn crowd(&mut self, name: &str, clients: usize, crowd: &Crowd) {
        let (resident, grown) = (crowd.resident as f64 / MIB, crowd.grown as f64 / MIB);
        let burst = crowd.burst.as_secs_f64();
        println!(
            "\n{name}: {clients} idle clients: {resident:.1} MiB, {grown:.1} of them since they came; \
             all answered at once in {burst:.2} s"
        );
        if name == NAMES[OURS] {
            self.goal(
                format!("{clients} idle clients, MiB"),
                resident,
                CROWD_MIB_MAX,
            );
            // That nobody was left without an answer was seen on the way here.
            self.goal(
                format!("of {clients} clients at once, not served"),
                0.0,
                0.0,
            );
        }
    }

    pub(super) fn swap(&mut self, routes: usize, read: f64, swapped: f64) {
        println!("\n{routes} routes: read and checked in {read:.1} ms, swapped in {swapped:.1} ms");
        self.goal(
            format!("swap of {routes} routes, ms"),
            swapped,
            SWAP_MILLIS_MAX,
        );
    }

    fn goal(&mut self, what: String, value: f64, most: f64) {
        self.goals.push((what, value, most));
    }

    /// Prints the goals and fails when one was missed.
    pub(super) fn verdict(&self) -> anyhow::Result<()> {
        println!("\n| goal | found | at most | met |\n|---|---|---|---|");
        let mut missed = Vec::new();
        for (what, value, most) in &self.goals {
            // What is no number meets no goal.
            let is_met = value <= most;
            let met = if is_met { "yes" } else { "**no**" };
            println!("| {what} | {value:.2} | {most} | {met} |");
            if !is_met {
                missed.push(what.as_str());
            }
        }
        ensure!(
            missed.is_empty(),
            "goals were missed: {}",
            missed.join("; ")
        );
        Ok(())
    }
}
