//! A breaker before an endpoint that dies or hangs for a while, again and again.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::ensure;
use plimsoll_runtime::random::{Random, SeededRandom};
use plimsoll_traffic::breaker::{Admission, Breaker, Change, Options, State};
use plimsoll_traffic::{FailureKind, Moment, Outcome};

use super::super::Agenda;
use super::{Tally, Tell, exponential, log_uniform};

/// How long phases go on.
const TROUBLE: Duration = Duration::from_secs(120);

/// How long a call that hangs takes.
const HANG: Duration = Duration::from_secs(1);

enum Event {
    Call,
    Ended {
        outcome: Outcome,
        is_probe: bool,
        began: Moment,
    },
    /// The endpoint changes.
    Turn,
}

struct World {
    options: Options,
    rate: f64,
    /// Mean length of a phase, in seconds.
    phase: f64,
    /// Whether it hangs when it is ill, or refuses.
    hangs: bool,
    random: SeededRandom,
    agenda: Agenda<Event>,
    breaker: Breaker,
    is_ill: bool,
    /// When the state changed last, as its changes told, and how long it should be open.
    told: (State, Moment, Duration),
    /// When the probe that runs began.
    probes: VecDeque<Moment>,
    /// Calls that failed in this illness, and closings of the breaker in it.
    failed: u64,
    closings: u64,
    tally: Tally,
    tell: Tell,
}

pub(super) fn play(seed: u64, tell: Tell) -> anyhow::Result<Tally> {
    let mut world = World::draw(seed, tell);
    world.agenda.at(Moment::ORIGIN, Event::Call);
    world.agenda.at(Moment::ORIGIN, Event::Turn);
    let calm = world.options.open_max * 2 + HANG * 10;
    let end = Moment::ORIGIN.after(TROUBLE + calm);
    while world.agenda.now() < end {
        let event = world.agenda.next().expect("calls never end");
        world.step(event)?;
    }
    ensure!(
        world.breaker.state() == State::Closed,
        "all has been well for {calm:?}, and it is not closed"
    );
    Ok(world.tally)
}

impl World {
    fn draw(seed: u64, tell: Tell) -> Self {
        let mut random = SeededRandom::new(seed);
        let open = Duration::from_secs_f64(log_uniform(&mut random, 0.5, 10.0));
        let options = Options {
            consecutive: Some(3 + random.below(10) as u32),
            volume_min: 20,
            open,
            open_max: open.mul_f64(1.0 + 10.0 * random.fraction()),
            probes: 1 + random.below(3) as u32,
            ..Options::default()
        };
        tell.line(|| format!("seed {seed}: {options:?}"));
        let mut tally = Tally::default();
        for name in NAMES {
            tally.count(name, 0);
        }
        Self {
            options,
            rate: log_uniform(&mut random, 5.0, 300.0),
            phase: log_uniform(&mut random, 0.05, 30.0),
            hangs: random.below(2) == 0,
            random,
            agenda: Agenda::new(),
            breaker: Breaker::new(options),
            is_ill: true,
            told: (State::Closed, Moment::ORIGIN, Duration::ZERO),
            probes: VecDeque::new(),
            failed: 0,
            closings: 0,
            tally,
            tell,
        }
    }

    fn step(&mut self, event: Event) -> anyhow::Result<()> {
        match event {
            Event::Turn => self.turn(),
            Event::Call => {
                let wait = exponential(&mut self.random) / self.rate;
                self.agenda
                    .after(Duration::from_secs_f64(wait), Event::Call);
                self.call()?;
            }
            Event::Ended {
                outcome,
                is_probe,
                began,
            } => self.ended(outcome, is_probe, began)?,
        }
        ensure!(
            self.breaker.state() == self.told.0,
            "it is {:?}, and told of {:?}",
            self.breaker.state(),
            self.told.0
        );
        Ok(())
    }

    fn turn(&mut self) {
        let end = Moment::ORIGIN.after(TROUBLE);
        let now = self.agenda.now();
        self.is_ill = now < end && !self.is_ill;
        (self.failed, self.closings) = (0, 0);
        self.tally.count("turns", 1);
        if now < end {
            let wait = Duration::from_secs_f64(exponential(&mut self.random) * self.phase);
            self.agenda.at(now.after(wait).min(end), Event::Turn);
        }
    }

    fn call(&mut self) -> anyhow::Result<()> {
        let now = self.agenda.now();
        let is_probe = match self.breaker.admits(now) {
            Admission::Yes => false,
            Admission::Probe => true,
            Admission::No { until } => {
                ensure!(until > now, "it may go, and may not");
                self.tally.count("calls refused", 1);
                return Ok(());
            }
        };
        if is_probe {
            self.begin_probe(now)?;
        }
        ensure!(
            is_probe || self.told.0 == State::Closed,
            "a call while {:?}",
            self.told.0
        );
        let fine = Duration::from_secs_f64(exponential(&mut self.random) * 0.01);
        let (outcome, took) = match (self.is_ill, self.hangs) {
            (false, _) => (Outcome::Success, fine),
            (true, true) => (Outcome::Failed(FailureKind::TryTimeout), HANG),
            (true, false) => (Outcome::Failed(FailureKind::Refused), Duration::ZERO),
        };
        if self.is_ill {
            self.fail()?;
        }
        let ended = Event::Ended {
            outcome,
            is_probe,
            began: now,
        };
        self.agenda.after(took, ended);
        Ok(())
    }

    fn begin_probe(&mut self, now: Moment) -> anyhow::Result<()> {
        let (state, since, open_for) = self.told;
        if state == State::Open {
            let open = now.since(since);
            ensure!(
                open >= open_for,
                "a probe after {open:?}, and it should be open for {open_for:?}"
            );
        } else {
            self.tally.count("probes that followed another", 1);
        }
        let patience = self.options.open;
        self.probes.retain(|began| now.since(*began) < patience);
        ensure!(self.probes.is_empty(), "another probe runs");
        self.probes.push_back(now);
        let change = self.breaker.begin_probe(now);
        self.note(change)
    }

    /// Without a breaker every call of an illness fails. With it: those until it opens, those that ran meanwhile, and probes.
    fn fail(&mut self) -> anyhow::Result<()> {
        self.failed += 1;
        self.tally.count("calls failed", 1);
        let running = if self.hangs {
            self.rate * HANG.as_secs_f64()
        } else {
            1.0
        };
        let until_open = f64::from(self.options.consecutive.unwrap_or(0));
        // A row that is as good as certain: four standard deviations of what runs at a time, and calls that were fine still.
        let most = until_open + running + 4.0 * running.sqrt() + 30.0;
        let most = most * (1 + self.closings) as f64 + self.probes_most();
        ensure!(
            self.failed as f64 <= most,
            "{} calls of one illness failed, more than {most:.0}",
            self.failed
        );
        Ok(())
    }

    /// Probes cannot come closer than the open time.
    fn probes_most(&self) -> f64 {
        TROUBLE.as_secs_f64() / self.options.open.as_secs_f64() + 1.0
    }

    fn ended(&mut self, outcome: Outcome, is_probe: bool, began: Moment) -> anyhow::Result<()> {
        if is_probe {
            self.probes.retain(|running| *running != began);
        }
        let change = self.breaker.done(outcome, is_probe, self.agenda.now());
        self.note(change)
    }

    fn note(&mut self, change: Option<Change>) -> anyhow::Result<()> {
        let Some(change) = change else {
            return Ok(());
        };
        let now = self.agenda.now();
        self.tell
            .line(|| format!("{:.3}: {change:?}", now.since(Moment::ORIGIN).as_secs_f64()));
        ensure!(
            change.from == self.told.0,
            "a change from {:?}, and it was {:?}",
            change.from,
            self.told.0
        );
        let name = match change.to {
            State::Open => "openings",
            State::HalfOpen => "half-openings",
            State::Closed => "closings",
        };
        self.tally.count(name, 1);
        self.closings += u64::from(change.to == State::Closed);
        if change.to == State::Open {
            let least = self.options.open;
            let most = self.options.open_max.max(least);
            ensure!(
                (least..=most).contains(&change.open_for),
                "open for {:?}",
                change.open_for
            );
            let is_longer = u64::from(change.open_for > least);
            self.tally
                .count("openings that are longer than the first", is_longer);
        }
        self.told = (change.to, now, change.open_for);
        Ok(())
    }
}

/// What must happen in some world.
const NAMES: [&str; 8] = [
    "turns",
    "calls failed",
    "calls refused",
    "openings",
    "half-openings",
    "closings",
    "openings that are longer than the first",
    "probes that followed another",
];
