//! Hedges before a service of which some answers are late, and all for a while.

use std::time::Duration;

use anyhow::ensure;
use plimsoll_runtime::random::{Random, SeededRandom};
use plimsoll_traffic::Moment;
use plimsoll_traffic::hedge::{Delay, Options, admits};
use plimsoll_traffic::retry::{Budget, BudgetOptions, Refusal};

use super::super::Agenda;
use super::{Tally, Tell, exponential, log_uniform};

const END: Duration = Duration::from_secs(240);

/// For this long every answer takes 30 times as long: to hedge all of them would double the load just when it hurts.
const SLOW: std::ops::Range<Duration> = Duration::from_secs(120)..Duration::from_secs(150);

/// Before this nothing is known; nor is it judged.
const WARM: Duration = Duration::from_secs(30);

const BUDGET: BudgetOptions = BudgetOptions {
    ratio: 0.1,
    reserve_per_second: 1,
    ttl: Duration::from_secs(10),
};

enum Event {
    Request,
    /// The first attempt of a request has not answered in time.
    Late(usize),
    /// A request is answered.
    Answered(usize),
}

struct Request {
    began: Moment,
    /// What the first attempt would take, and the second, if there is one.
    first: Duration,
    hedged: Option<(Moment, Duration)>,
    took: Option<Duration>,
}

struct World {
    rate: f64,
    /// Share of answers that are late, and how many times.
    late_share: f64,
    late_times: f64,
    random: SeededRandom,
    agenda: Agenda<Event>,
    budget: Budget,
    delay: Delay,
    requests: Vec<Request>,
    hedges: Vec<Moment>,
    refused: u64,
}

pub(super) fn play(seed: u64, tell: Tell) -> anyhow::Result<Tally> {
    let mut world = World::draw(seed);
    world.agenda.at(Moment::ORIGIN, Event::Request);
    let end = Moment::ORIGIN.after(END);
    while world.agenda.now() < end {
        let event = world.agenda.next().expect("requests never end");
        world.step(event)?;
    }
    world.judge(tell)
}

impl World {
    fn draw(seed: u64) -> Self {
        let mut random = SeededRandom::new(seed);
        let now = Moment::ORIGIN;
        let options = Options::Percentile {
            share: 0.95,
            answers_min: 100,
        };
        Self {
            rate: log_uniform(&mut random, 30.0, 150.0),
            late_share: 0.015 + 0.02 * random.fraction(),
            late_times: 30.0 + 50.0 * random.fraction(),
            random,
            agenda: Agenda::new(),
            budget: Budget::new(BUDGET, now),
            delay: Delay::new(options, now),
            requests: Vec::new(),
            hedges: Vec::new(),
            refused: 0,
        }
    }

    fn step(&mut self, event: Event) -> anyhow::Result<()> {
        match event {
            Event::Request => self.begin(),
            Event::Late(request) => self.hedge(request)?,
            Event::Answered(request) => self.answered(request),
        }
        Ok(())
    }

    fn begin(&mut self) {
        let now = self.agenda.now();
        let wait = exponential(&mut self.random) / self.rate;
        self.agenda
            .after(Duration::from_secs_f64(wait), Event::Request);
        self.budget.deposit(now);
        let (number, first) = (self.requests.len(), self.attempt());
        self.requests.push(Request {
            began: now,
            first,
            hedged: None,
            took: None,
        });
        self.agenda.after(first, Event::Answered(number));
        if let Some(delay) = self.delay.delay(now) {
            self.agenda.after(delay, Event::Late(number));
        }
    }

    /// Draws what an attempt takes that begins now.
    fn attempt(&mut self) -> Duration {
        let is_late = self.random.fraction() < self.late_share;
        let times = if is_late { self.late_times } else { 1.0 };
        let is_slow = SLOW.contains(&self.agenda.now().since(Moment::ORIGIN));
        let slowness = if is_slow { 30.0 } else { 1.0 };
        let seconds = 0.01 + 0.005 * exponential(&mut self.random);
        Duration::from_secs_f64(seconds * times * slowness)
    }

    fn hedge(&mut self, number: usize) -> anyhow::Result<()> {
        let now = self.agenda.now();
        if self.requests[number].took.is_some() {
            return Ok(());
        }
        match admits(true, true, &self.budget, now) {
            Ok(()) => {}
            Err(Refusal::BudgetSpent) => {
                self.refused += 1;
                return Ok(());
            }
            Err(other) => anyhow::bail!("a GET was refused: {other}"),
        }
        let second = self.attempt();
        self.requests[number].hedged = Some((now, second));
        self.hedges.push(now);
        self.agenda.after(second, Event::Answered(number));
        self.judge_window(now)
    }

    fn answered(&mut self, number: usize) {
        let now = self.agenda.now();
        let request = &mut self.requests[number];
        if request.took.is_some() {
            return;
        }
        request.took = Some(now.since(request.began));
        self.delay.record(now.since(request.began), now);
        let is_by_hedge = request
            .hedged
            .filter(|(began, took)| began.after(*took) == now);
        if let Some((began, _)) = is_by_hedge {
            self.delay.record(now.since(began), now);
        }
    }

    /// The window that ends now holds no more hedges than the requests of two of them pay, and the reserve.
    fn judge_window(&self, now: Moment) -> anyhow::Result<()> {
        let window = BUDGET.ttl * 9 / 10;
        let is_recent = |at: &&Moment| now.since(**at) < window;
        let hedges = self.hedges.iter().rev().take_while(is_recent).count();
        let is_paying = |request: &&Request| now.since(request.began) <= BUDGET.ttl * 2;
        let paying = self.requests.iter().rev().take_while(is_paying).count();
        let reserve = f64::from(BUDGET.reserve_per_second) * BUDGET.ttl.as_secs_f64();
        let most = BUDGET.ratio * paying as f64 + reserve;
        ensure!(
            hedges as f64 <= most,
            "{hedges} hedges within {window:?}, and {most:.1} are paid"
        );
        Ok(())
    }

    fn judge(&self, tell: Tell) -> anyhow::Result<Tally> {
        let is_calm = |at: Moment| {
            let at = at.since(Moment::ORIGIN);
            at > WARM && at < SLOW.start - WARM
        };
        let calm = || {
            self.requests
                .iter()
                .filter(|request| is_calm(request.began))
        };
        let with = percentile_99(calm().filter_map(|request| request.took).collect());
        let without = percentile_99(calm().map(|request| request.first).collect());
        let hedges = self.hedges.iter().filter(|at| is_calm(**at)).count();
        let share = hedges as f64 / calm().count() as f64;
        let refused = self.refused;
        tell.line(|| {
            format!("p99 {with:?}, without {without:?}; {share:.3} hedged, {refused} refused")
        });
        ensure!(
            with < without / 3,
            "p99 is {with:?} with hedges, {without:?} without"
        );
        // One in twenty is later than p95, to a bucket and to chance.
        ensure!(
            share < 0.08,
            "{share:.3} of the requests are hedged in calm times"
        );
        let mut tally = Tally::default();
        tally.count("requests", self.requests.len() as u64);
        tally.count("hedges", self.hedges.len() as u64);
        tally.count("hedges that the budget refused", self.refused);
        Ok(tally)
    }
}

fn percentile_99(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all[all.len() * 99 / 100]
}
