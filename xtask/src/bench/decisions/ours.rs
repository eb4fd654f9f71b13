//! Our own judgement, as the engine runs it, over a month of the generator.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_slo::burn::{Burn, Subject};
use plimsoll_slo::{AlertPolicy, BurnRule, Counts, History, NoData, Severity, Window};
use plimsoll_types::{Annotations, Labels, Timestamp};

use super::generator::{DAYS, STEP, Trace};
use super::score::Firing;

const STEP_MILLIS: i64 = STEP as i64 * 1000;

/// Makes a policy of these rules with everything else as it is by default.
pub(crate) fn policy(rules: Vec<BurnRule>) -> AlertPolicy {
    AlertPolicy {
        name: Some(Arc::from("Burn")),
        labels: Labels::empty(),
        annotations: Annotations::default(),
        page_labels: Labels::empty(),
        ticket_labels: Labels::empty(),
        rules,
        hysteresis: Default::default(),
        bad_min: 2,
        chance_max: 0.05,
        exhaustion: None,
        exhaustion_severity: Severity::Ticket,
    }
}

/// Runs a month and returns when the alert fired; and how often its severity became page.
pub(crate) fn run(policy: &AlertPolicy, trace: &Trace) -> (Vec<Firing>, usize) {
    let window = Window::Rolling(Duration::from_secs_f64(DAYS * 86_400.0));
    let empty = Labels::empty();
    let subject = Subject {
        id: "service/availability",
        service: "service",
        name: "availability",
        objective: "",
        target: "99.9".parse().expect("it is a percentage"),
        window: &window,
        labels: &empty,
        group: &empty,
        origin: "bench",
        no_data: NoData::Ignore,
        policy,
        url: "",
    };
    let history = Steps(trace);
    let mut burn = Burn::default();
    let (mut firings, mut pages) = (Vec::new(), 0);
    let mut begin = None;
    let mut before = None;
    for step in 0..=trace.steps() {
        burn.tick(&subject, &history, None, at(step as i64));
        let severity = burn.severity();
        let now = step as f64 * f64::from(STEP);
        pages += usize::from(severity == Some(Severity::Page) && before != severity);
        match (before, severity) {
            (None, Some(_)) => begin = Some(now),
            (Some(_), None) => firings.extend(begin.take().map(|begin| Firing { begin, end: now })),
            _ => (),
        }
        before = severity;
    }
    let end = DAYS * 86_400.0;
    firings.extend(begin.map(|begin| Firing { begin, end }));
    (firings, pages)
}

fn at(step: i64) -> Timestamp {
    Timestamp::from_millis(step * STEP_MILLIS)
}

/// The steps of a month as a ledger.
struct Steps<'a>(&'a Trace);

impl History for Steps<'_> {
    fn between(&self, from: Timestamp, to: Timestamp) -> Counts {
        let step = |at: Timestamp| at.millis().div_euclid(STEP_MILLIS);
        let (bad, valid) = self.0.between(step(from), step(to));
        Counts {
            good: valid - bad,
            bad,
            excluded: 0,
            covered: (step(to) - step(from)).max(0),
        }
    }

    fn since(&self) -> Option<Timestamp> {
        Some(at(0))
    }

    fn walk(
        &self,
        from: Timestamp,
        to: Timestamp,
        length: Duration,
        visit: &mut dyn FnMut(Timestamp, Counts),
    ) {
        let mut begin = from.align_down(length.as_millis() as i64);
        if begin < from {
            begin = begin + length;
        }
        while begin < to {
            visit(begin, self.between(begin, begin + length));
            begin = begin + length;
        }
    }
}
