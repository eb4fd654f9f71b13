//! Months of traffic with labelled incidents, made from seeds.
//!
//! Traffic is Poisson with a daily wave, `rate x (1 + 0.7 sin)`. Each month has an error ratio of its own, 0.005 % to
//! 0.03 %, and random numbers of five kinds of events. What an event spends is the share of the month's budget that its
//! errors are on average; from 2 % on it is an incident that somebody should have been told of.

use super::draw::Draw;

/// Seconds between two looks at the service.
pub(crate) const STEP: u32 = 15;
const DAY: f64 = 86_400.0;
pub(crate) const DAYS: f64 = 30.0;
/// No events in so many days at the beginning and at the end.
const QUIET_DAYS: f64 = 2.0;
const STEPS: usize = (DAYS * DAY) as usize / STEP as usize;
/// The share of bad events that the objective of 99.9 % allows.
pub(crate) const ALLOWED: f64 = 0.001;
/// The share of the month's budget from which on an event is significant.
const SIGNIFICANT: f64 = 0.02;

/// A kind of event: how many per month, how bad, and for how long, in seconds.
struct Kind {
    per_month: f64,
    bad: (f64, f64),
    seconds: (f64, f64),
}

const KINDS: [Kind; 5] = [
    // Everything fails.
    Kind {
        per_month: 1.5,
        bad: (1.0, 1.0),
        seconds: (120.0, 900.0),
    },
    // A part fails.
    Kind {
        per_month: 2.0,
        bad: (0.04, 0.4),
        seconds: (600.0, 3_600.0),
    },
    // A slow burn.
    Kind {
        per_month: 1.0,
        bad: (0.003, 0.01),
        seconds: (6.0 * 3_600.0, 24.0 * 3_600.0),
    },
    // A blip.
    Kind {
        per_month: 6.0,
        bad: (0.2, 1.0),
        seconds: (15.0, 45.0),
    },
    // A small blip.
    Kind {
        per_month: 6.0,
        bad: (0.005, 0.03),
        seconds: (120.0, 480.0),
    },
];

/// Something that went wrong, in seconds since the month began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) begin: f64,
    pub(crate) end: f64,
    /// The share of events that are bad while it lasts.
    bad: f64,
    /// The share of the month's budget that it spends on average.
    pub(crate) spent: f64,
}

impl Event {
    /// An event that nothing is known of but when it was and what it spent.
    #[cfg(test)]
    pub(crate) fn new(begin: f64, end: f64, spent: f64) -> Self {
        let bad = 1.0;
        Self {
            begin,
            end,
            bad,
            spent,
        }
    }

    pub(crate) fn is_significant(&self) -> bool {
        self.spent >= SIGNIFICANT
    }
}

/// A month of one service.
pub(crate) struct Trace {
    /// Events up to the end of each step, from the beginning; one longer than there are steps.
    valid: Vec<i64>,
    /// Bad ones among them.
    bad: Vec<i64>,
    pub(crate) events: Vec<Event>,
}

impl Trace {
    /// Makes a month of a service with so many requests per second.
    pub(crate) fn new(seed: u64, rate: f64) -> Self {
        let mut draw = Draw::new(seed);
        let base = draw.uniform(0.000_05, 0.000_3);
        let events = events(&mut draw);
        let good = good_shares(&events);
        let mut trace = Self {
            valid: vec![0],
            bad: vec![0],
            events,
        };
        let (mut valid, mut bad) = (0, 0);
        for (step, good) in good.iter().enumerate() {
            let mean = rate * wave(f64::from(step as u32 * STEP)) * f64::from(STEP);
            let share = 1.0 - good * (1.0 - base);
            // A Poisson number of requests of which each fails by chance is two Poisson numbers.
            let failed = i64::from(draw.poisson(mean * share));
            valid += failed + i64::from(draw.poisson(mean * (1.0 - share)));
            bad += failed;
            trace.valid.push(valid);
            trace.bad.push(bad);
        }
        trace
    }

    /// Steps of the month.
    pub(crate) fn steps(&self) -> usize {
        self.valid.len() - 1
    }

    /// Bad and valid events of the steps from `from` up to, not including, `to`; both may lie outside of the month.
    pub(crate) fn between(&self, from: i64, to: i64) -> (i64, i64) {
        let inside = |step: i64| step.clamp(0, self.steps() as i64) as usize;
        let (from, to) = (inside(from), inside(to));
        if from >= to {
            return (0, 0);
        }
        (
            self.bad[to] - self.bad[from],
            self.valid[to] - self.valid[from],
        )
    }
}

/// Traffic at a time of the day, 1 on average.
fn wave(seconds: f64) -> f64 {
    1.0 + 0.7 * (std::f64::consts::TAU * seconds / DAY).sin()
}

fn events(draw: &mut Draw) -> Vec<Event> {
    let mut events = Vec::new();
    for kind in &KINDS {
        for _ in 0..draw.poisson(kind.per_month) {
            let begin = draw.uniform(QUIET_DAYS * DAY, (DAYS - QUIET_DAYS) * DAY);
            let seconds = draw.uniform(kind.seconds.0, kind.seconds.1);
            let bad = draw.uniform(kind.bad.0, kind.bad.1);
            let mut event = Event {
                begin,
                end: (begin + seconds).min(DAYS * DAY),
                bad,
                spent: 0.0,
            };
            event.spent = spent(&event);
            events.push(event);
        }
    }
    events.sort_by(|a, b| a.begin.total_cmp(&b.begin));
    events
}

/// The share of the month's budget that an event spends on average: the wave's mean over the month is 1.
fn spent(event: &Event) -> f64 {
    let traffic: f64 = overlaps(event)
        .map(|(step, share)| share * wave(f64::from(step as u32 * STEP)) * f64::from(STEP))
        .sum();
    event.bad * traffic / (ALLOWED * DAYS * DAY)
}

/// The steps that an event touches, with the share of each that it lasts.
fn overlaps(event: &Event) -> impl Iterator<Item = (usize, f64)> + use<> {
    let step = f64::from(STEP);
    let (begin, end) = (event.begin / step, event.end / step);
    let steps = begin as usize..(end.ceil() as usize).min(STEPS);
    steps.map(move |index| {
        let at = f64::from(index as u32);
        (index, end.min(at + 1.0) - begin.max(at))
    })
}

/// The share of good events that the events of a month leave in each step.
fn good_shares(events: &[Event]) -> Vec<f64> {
    let mut good = vec![1.0; STEPS];
    for event in events {
        for (step, share) in overlaps(event) {
            good[step] *= 1.0 - event.bad * share;
        }
    }
    good
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_spends_what_its_errors_are_of_the_budget() {
        // An hour around noon of the wave's mean: half of it above the mean, half of it below.
        let noon = 12.0 * 3_600.0;
        let mut event = Event {
            begin: noon - 1_800.0,
            end: noon + 1_800.0,
            bad: 0.01,
            spent: 0.0,
        };
        event.spent = spent(&event);
        let wanted = 0.01 * 3_600.0 / (0.001 * 30.0 * 86_400.0);
        assert!((event.spent / wanted - 1.0).abs() < 1e-3, "{}", event.spent);
    }

    #[test]
    fn one_seed_makes_one_month_with_traffic_as_asked() {
        let (one, two) = (Trace::new(5, 1.0), Trace::new(5, 1.0));
        assert_eq!(one.bad, two.bad);
        let (bad, valid) = one.between(i64::MIN, i64::MAX);
        let wanted = DAYS * DAY;
        assert!((valid as f64 / wanted - 1.0).abs() < 0.01, "{valid}");
        assert!(bad > 0 && bad < valid / 50, "{bad}");
        assert!(one.events.iter().all(|event| event.spent > 0.0));
    }
}
