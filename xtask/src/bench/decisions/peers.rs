//! The policies of others, as PromQL with exact ratios at every step would evaluate them. Their recorded approximations
//! and the time between two evaluations are left out: this is what their rules decide at best.

use super::generator::{ALLOWED, STEP, Trace};
use super::score::Firing;

const MINUTE: usize = 60 / STEP as usize;
const HOUR: usize = 60 * MINUTE;
const DAY: usize = 24 * HOUR;

/// One condition: all of its windows burn faster than so many times what the budget allows, for so many steps.
pub(crate) struct Rule {
    factor: f64,
    windows: &'static [usize],
    hold: usize,
    /// Whether burning exactly at the factor is enough, as in the Workbook's first try.
    is_inclusive: bool,
}

/// Rules that share an alert name.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    /// Each alert fires while one of its rules holds.
    alerts: &'static [&'static [Rule]],
}

const fn rule(factor: f64, windows: &'static [usize], hold: usize) -> Rule {
    Rule {
        factor,
        windows,
        hold,
        is_inclusive: false,
    }
}

const PAGE: &[Rule] = &[
    rule(14.4, &[HOUR, 5 * MINUTE], 0),
    rule(6.0, &[6 * HOUR, 30 * MINUTE], 0),
];
const TICKET: &[Rule] = &[
    rule(3.0, &[DAY, 2 * HOUR], 0),
    rule(1.0, &[3 * DAY, 6 * HOUR], 0),
];
const ALL_TIERS: &[Rule] = &[
    rule(14.4, &[HOUR, 5 * MINUTE], 0),
    rule(6.0, &[6 * HOUR, 30 * MINUTE], 0),
    rule(3.0, &[DAY, 2 * HOUR], 0),
    rule(1.0, &[3 * DAY, 6 * HOUR], 0),
];

pub(crate) const ALL: &[Peer] = &[
    Peer {
        name: "Workbook 1: over the objective in 10m",
        alerts: &[&[Rule {
            factor: 1.0,
            windows: &[10 * MINUTE],
            hold: 0,
            is_inclusive: true,
        }]],
    },
    Peer {
        name: "Workbook 2: over the objective in 36h",
        alerts: &[&[rule(1.0, &[36 * HOUR], 0)]],
    },
    Peer {
        name: "Workbook 3: over the objective in 1m for 1h",
        alerts: &[&[rule(1.0, &[MINUTE], HOUR)]],
    },
    Peer {
        name: "Workbook 4: 36x in 1h",
        alerts: &[&[rule(36.0, &[HOUR], 0)]],
    },
    Peer {
        name: "Workbook 5: 14.4x in 1h or 6x in 6h (page)",
        alerts: &[&[rule(14.4, &[HOUR], 0), rule(6.0, &[6 * HOUR], 0)]],
    },
    Peer {
        name: "Workbook 6 and Sloth: two windows (page)",
        alerts: &[PAGE],
    },
    Peer {
        name: "Workbook 6: page or ticket as one alert",
        alerts: &[ALL_TIERS],
    },
    Peer {
        name: "Sloth: a page alert and a ticket alert",
        alerts: &[PAGE, TICKET],
    },
    Peer {
        name: "Pyrra: its two page tiers",
        alerts: &[
            &[rule(14.0, &[HOUR, 5 * MINUTE], 2 * MINUTE)],
            &[rule(7.0, &[6 * HOUR, 30 * MINUTE], 15 * MINUTE)],
        ],
    },
    Peer {
        name: "Pyrra: all four tiers",
        alerts: &[
            &[rule(14.0, &[HOUR, 5 * MINUTE], 2 * MINUTE)],
            &[rule(7.0, &[6 * HOUR, 30 * MINUTE], 15 * MINUTE)],
            &[rule(2.0, &[DAY, 2 * HOUR], HOUR)],
            &[rule(1.0, &[4 * DAY, 6 * HOUR], 3 * HOUR)],
        ],
    },
    Peer {
        name: "Coroot: 14.4x 1h/5m, 6x 6h/15m",
        alerts: &[&[
            rule(14.4, &[HOUR, 5 * MINUTE], 0),
            rule(6.0, &[6 * HOUR, 15 * MINUTE], 0),
        ]],
    },
    Peer {
        name: "one window: 14.4x in 1h for 2m, 1x in 6h for 30m",
        alerts: &[
            &[rule(14.4, &[HOUR], 2 * MINUTE)],
            &[rule(1.0, &[6 * HOUR], 30 * MINUTE)],
        ],
    },
];

impl Peer {
    /// Runs a month and returns when its alerts fired.
    pub(crate) fn run(&self, trace: &Trace) -> Vec<Firing> {
        let firings = self.alerts.iter().flat_map(|rules| fires(rules, trace));
        let mut firings: Vec<Firing> = firings.collect();
        firings.sort_by(|a, b| a.begin.total_cmp(&b.begin));
        firings
    }
}

fn fires(rules: &[Rule], trace: &Trace) -> Vec<Firing> {
    // How many steps each rule has held.
    let mut held = vec![0; rules.len()];
    let mut firings = Vec::new();
    let mut begin = None;
    let seconds = |step: usize| step as f64 * f64::from(STEP);
    for step in 0..=trace.steps() {
        for (rule, held) in rules.iter().zip(&mut held) {
            *held = if rule.holds(trace, step) {
                *held + 1
            } else {
                0
            };
        }
        let is_firing = rules
            .iter()
            .zip(&held)
            .any(|(rule, held)| *held > rule.hold);
        match (begin, is_firing) {
            (None, true) => begin = Some(seconds(step)),
            (Some(since), false) => {
                firings.push(Firing {
                    begin: since,
                    end: seconds(step),
                });
                begin = None;
            }
            _ => (),
        }
    }
    let end = seconds(trace.steps());
    firings.extend(begin.map(|begin| Firing { begin, end }));
    firings
}

impl Rule {
    fn holds(&self, trace: &Trace, step: usize) -> bool {
        let bound = self.factor * ALLOWED;
        self.windows.iter().rev().all(|steps| {
            let (bad, valid) = trace.between(step as i64 - *steps as i64, step as i64);
            let (bad, bound) = (bad as f64, bound * valid as f64);
            bad > bound || (self.is_inclusive && valid > 0 && bad >= bound)
        })
    }
}
