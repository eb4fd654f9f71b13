//! `cargo xtask bench decisions`: how good the default burn alerts are, beside the policies of others on the same months.
//!
//! Months with labelled incidents are made from published seeds at three rates of traffic. What counts is in `score.rs`:
//! how often an alert fires per incident, how many of the firings an incident caused, how many incidents were found, how
//! fast, and how fast the alert ended. At 100 requests per second there are bars, and the exit code says whether they were
//! met; at low traffic nobody finds everything without false alerts, and the rows show what each policy gives up.

mod draw;
mod generator;
mod ours;
mod peers;
mod score;

use std::num::NonZero;
use std::thread;

use anyhow::ensure;
use plimsoll_slo::burn;

use generator::Trace;
use score::Score;

/// How the bench is run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many months are made for each rate of traffic
    #[arg(long, value_name = "COUNT", default_value_t = 120)]
    months: u64,
    /// The seed of the first month; the others follow
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,
}

/// A rate of traffic, in requests per second.
struct Rate {
    name: &'static str,
    per_second: f64,
    has_bars: bool,
}

const RATES: [Rate; 3] = [
    Rate {
        name: "100 requests per second",
        per_second: 100.0,
        has_bars: true,
    },
    Rate {
        name: "1 request per second",
        per_second: 1.0,
        has_bars: false,
    },
    Rate {
        name: "60 requests per hour",
        per_second: 60.0 / 3600.0,
        has_bars: false,
    },
];

/// What the default policy has to reach at 100 requests per second.
const FIRINGS_MAX: f64 = 1.05;
const PRECISION_MIN: f64 = 0.98;
const RECALL_MIN: f64 = 0.95;
const DETECTION_MINUTES_MAX: f64 = 3.0;
const RESET_MINUTES_MAX: f64 = 10.0;

/// A policy with its score.
struct Row {
    name: String,
    score: Score,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    ensure!(options.months > 0, "wanted a month or more");
    ensure!(
        options.seed.checked_add(options.months).is_some(),
        "there are no seeds after the last one"
    );
    let mut missed = Vec::new();
    for rate in &RATES {
        let rows = measure(options, rate);
        print(options, rate, &rows);
        if rate.has_bars {
            missed = verdict(&rows[0].score);
        }
    }
    ensure!(missed.is_empty(), "bars were missed: {}", missed.join("; "));
    Ok(())
}

/// Runs all policies over the same months; ours first.
fn measure(options: &Options, rate: &Rate) -> Vec<Row> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get) as u64;
    let last = options.seed + options.months;
    let parts: Vec<Vec<Row>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers)
            .map(|worker| {
                let seeds = (options.seed + worker..last).step_by(workers as usize);
                scope.spawn(move || months(seeds, rate.per_second))
            })
            .collect();
        let join = |worker: thread::ScopedJoinHandle<'_, Vec<Row>>| worker.join();
        let parts = workers.into_iter().map(join);
        parts
            .map(|part| part.expect("nothing in a month panics"))
            .collect()
    });
    let mut parts = parts.into_iter();
    let mut rows = parts.next().unwrap_or_default();
    for part in parts {
        for (row, other) in rows.iter_mut().zip(part) {
            row.score.join(other.score);
        }
    }
    rows
}

fn months(seeds: impl Iterator<Item = u64>, per_second: f64) -> Vec<Row> {
    let policies = [
        ("**plimsoll**", ours::policy(burn::rules())),
        (
            "Workbook 6 with our hysteresis and evidence",
            ours::policy(burn::workbook_rules()),
        ),
    ];
    let ours = policies.iter().map(|(name, _)| (*name).to_owned());
    let peers = peers::ALL.iter().map(|peer| peer.name.to_owned());
    let row = |name| Row {
        name,
        score: Score::default(),
    };
    let mut rows: Vec<Row> = ours.chain(peers).map(row).collect();
    for seed in seeds {
        let trace = Trace::new(seed, per_second);
        let (own, others) = rows.split_at_mut(policies.len());
        for ((_, policy), row) in policies.iter().zip(own) {
            let (firings, pages) = ours::run(policy, &trace);
            row.score.add(&trace.events, &firings);
            row.score.pages += pages;
        }
        for (peer, row) in peers::ALL.iter().zip(others) {
            row.score.add(&trace.events, &peer.run(&trace));
        }
    }
    rows
}

fn print(options: &Options, rate: &Rate, rows: &[Row]) {
    let incidents = rows
        .first()
        .map_or(0.0, |row| row.score.incidents_per_month());
    println!(
        "\n{}: {} months, seeds {} to {}, {incidents:.1} incidents per month\n",
        rate.name,
        options.months,
        options.seed,
        options.seed + options.months - 1,
    );
    println!(
        "| policy | firings per month | firings per incident | merged precision | recall \
         | detection p50, min | p90, min | reset p50, min |\n|---|---|---|---|---|---|---|---|"
    );
    for Row { name, score } in rows {
        println!(
            "| {name} | {:.1} | {:.2} | {:.3} | {:.3} | {:.1} | {:.1} | {:.1} |",
            score.firings_per_month(),
            score.firings_per_incident(),
            score.precision(),
            score.recall(),
            score.detection_minutes(0.5),
            score.detection_minutes(0.9),
            score.reset_minutes(0.5),
        );
    }
}

/// Says which bars the default policy missed.
fn verdict(score: &Score) -> Vec<String> {
    let bars = [
        (
            "firings per incident",
            score.firings_per_incident(),
            FIRINGS_MAX,
            true,
        ),
        ("merged precision", score.precision(), PRECISION_MIN, false),
        ("recall", score.recall(), RECALL_MIN, false),
        (
            "detection p50, min",
            score.detection_minutes(0.5),
            DETECTION_MINUTES_MAX,
            true,
        ),
        (
            "reset p50, min",
            score.reset_minutes(0.5),
            RESET_MINUTES_MAX,
            true,
        ),
    ];
    let mut missed = Vec::new();
    println!("\n| bar | wanted | found | met |\n|---|---|---|---|");
    for (name, found, bar, is_most) in bars {
        // What is no number meets no bar.
        let is_met = if is_most { found <= bar } else { found >= bar };
        let (sign, met) = (
            if is_most { "<=" } else { ">=" },
            if is_met { "yes" } else { "**no**" },
        );
        println!("| {name} | {sign} {bar} | {found:.3} | {met} |");
        if !is_met {
            missed.push(name.to_owned());
        }
    }
    missed
}
