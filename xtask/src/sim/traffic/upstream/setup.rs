//! Worlds as they are drawn.

use std::time::Duration;

use plimsoll_runtime::random::{Random, SeededRandom};
use plimsoll_traffic::balance::{self, Policy};
use plimsoll_traffic::{AdminState, EndpointSpec, Options, breaker, health};

/// For how long things go wrong.
pub(super) const TROUBLE: Duration = Duration::from_secs(90);

/// How long they are well afterwards: longer than any ejection, open breaker and slow start of these worlds together.
pub(super) const CALM: Duration = Duration::from_secs(120);

/// A world.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) seed: u64,
    pub(super) options: Options,
    pub(super) endpoints: Vec<EndpointSpec>,
    /// Requests per second, and from when on.
    pub(super) rate: f64,
    pub(super) opens: Duration,
    /// What servers do from when on, by number; one more than there are endpoints, which may come.
    pub(super) moods: Vec<(Duration, usize, Mood)>,
    /// What persons do.
    pub(super) deeds: Vec<(Duration, Deed)>,
}

/// How a server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    /// It answers.
    Fine,
    /// Nothing listens.
    Dead,
    /// It takes everything and answers nothing.
    Hangs,
    /// It answers 500 at once, and its checks as well if so.
    Fails { are_checks_failing: bool },
    /// It answers ten times as late.
    Slow,
    /// Dead and fine by turns of this many milliseconds.
    Flaps(u64),
}

/// What a person does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Deed {
    Order(usize, AdminState),
    Weigh(usize, u32),
    /// The endpoint of this number goes away, if there are others.
    Remove(usize),
    /// And comes, if it is away.
    Add(usize),
    /// Another policy, by its place in the list.
    Policy(usize),
    Pardon(usize),
}

impl Setup {
    pub(super) fn draw(seed: u64) -> Self {
        let mut random = SeededRandom::new(seed);
        let count = 1 + random.below(8) as usize;
        let has_backup = random.below(3) == 0;
        let endpoints: Vec<_> = (0..count)
            .map(|number| spec(number, has_backup, &mut random))
            .collect();
        let moods = moods(count, &mut random);
        let deeds = deeds(count, &mut random);
        Self {
            seed,
            options: options(seed, &mut random),
            endpoints,
            rate: 20.0 + 100.0 * random.fraction(),
            opens: Duration::ZERO,
            moods,
            deeds,
        }
    }
}

/// Returns the endpoint of a number as it is declared.
pub(super) fn spec(number: usize, has_backup: bool, random: &mut SeededRandom) -> EndpointSpec {
    EndpointSpec {
        name: format!("s{number}"),
        weight: 1 + random.below(5) as u32,
        priority: u8::from(has_backup && number % 2 == 1),
    }
}

fn options(seed: u64, random: &mut SeededRandom) -> Options {
    let kinds = balance::ALL;
    let schedule = health::active::Schedule {
        interval: Duration::from_secs(2),
        fast_interval: Duration::from_millis(500),
        down_interval: Duration::from_secs(1),
        timeout: Duration::from_secs(1),
        ..health::active::Schedule::default()
    };
    let passive = health::passive::Options {
        base: Duration::from_secs(5),
        max: Duration::from_secs(20),
        max_ejected: [0.1, 0.34, 0.5, 1.0][random.below(4) as usize],
        ..health::passive::Options::default()
    };
    let breaker = breaker::Options {
        open: Duration::from_secs(2),
        open_max: Duration::from_secs(20),
        probes: 1 + random.below(3) as u32,
        ..breaker::Options::default()
    };
    Options {
        // By turns, so that a few seeds show all.
        policy: policy(seed as usize % kinds.len()),
        checks: (random.below(4) > 0).then_some(schedule),
        passive: (random.below(4) > 0).then_some(passive),
        breaker: (random.below(4) > 0).then_some(breaker),
        slow_start: Duration::from_secs([0, 0, 10][random.below(3) as usize]),
        panic_below: [0.0, 0.5, 0.5][random.below(3) as usize],
        overprovisioning: 1.4,
    }
}

/// Returns a policy by its place in the list.
pub(super) fn policy(place: usize) -> Policy {
    balance::ALL[place % balance::ALL.len()].policy()
}

fn moods(count: usize, random: &mut SeededRandom) -> Vec<(Duration, usize, Mood)> {
    let changes = random.below(12);
    let mut moods: Vec<_> = (0..changes)
        .map(|_| {
            let mood = match random.below(7) {
                0 => Mood::Dead,
                1 => Mood::Hangs,
                2 => Mood::Fails {
                    are_checks_failing: true,
                },
                3 => Mood::Fails {
                    are_checks_failing: false,
                },
                4 => Mood::Slow,
                5 => Mood::Flaps(200 + random.below(5000)),
                _ => Mood::Fine,
            };
            (
                within(random),
                random.below(count as u64 + 1) as usize,
                mood,
            )
        })
        .collect();
    if random.below(4) == 0 {
        // Everything at once, for a while.
        let start = within(random);
        let all = 0..=count;
        moods.extend(all.clone().map(|number| (start, number, Mood::Dead)));
        let end = start + Duration::from_secs(15);
        moods.extend(all.map(|number| (end, number, Mood::Fine)));
    }
    moods
}

fn deeds(count: usize, random: &mut SeededRandom) -> Vec<(Duration, Deed)> {
    let number = |random: &mut SeededRandom| random.below(count as u64) as usize;
    let changes = random.below(8);
    (0..changes)
        .map(|_| {
            let deed = match random.below(9) {
                0 => Deed::Order(number(random), AdminState::ForcedDown),
                1 => Deed::Order(number(random), AdminState::ForcedUp),
                2 => Deed::Order(number(random), AdminState::Draining),
                3 => Deed::Order(number(random), AdminState::Auto),
                4 => Deed::Weigh(number(random), random.below(8) as u32),
                5 => Deed::Remove(number(random)),
                6 => Deed::Add(random.below(count as u64 + 1) as usize),
                7 => Deed::Policy(random.below(16) as usize),
                _ => Deed::Pardon(number(random)),
            };
            (within(random), deed)
        })
        .collect()
}

fn within(random: &mut SeededRandom) -> Duration {
    TROUBLE.mul_f64(random.fraction())
}
