//! One endpoint of three dies, hangs, answers 500, slows down or flaps, and returns: with one retry no request may be lost,
//! it must be left out soon, and be used again soon after it is well.

use std::time::Duration;

use anyhow::{Context, ensure};
use plimsoll_runtime::random::{Random, SeededRandom};
use plimsoll_traffic::{EndpointSpec, EventKind, Moment, Options, breaker, health};

use super::setup::{Mood, Setup, policy};
use super::world::World;
use crate::sim::traffic::{Scenario, Tally, Tell};

pub(in crate::sim::traffic) const SCENARIO: Scenario = Scenario {
    name: "one-bad",
    about: "no request is lost with one retry, it is out soon and back soon",
    every: 1,
    play,
};

const BEGINS: Duration = Duration::from_secs(20);
const ENDS: Duration = Duration::from_secs(60);

/// An interval of ejection by rates, and the first one of these worlds may have begun just before.
const OUT_WITHIN: Duration = Duration::from_secs(20);

/// The second ejection, or an open breaker that doubled three times, and some requests.
const BACK_WITHIN: Duration = Duration::from_secs(45);

fn play(seed: u64, tell: Tell) -> anyhow::Result<Tally> {
    let setup = draw(seed);
    tell.line(|| format!("seed {seed}: {setup:#?}"));
    let mut world = World::new(&setup, setup.options.clone(), tell);
    world.play()?;
    let (_, _, mood) = setup.moods[0];
    for name in ["refused", "failed requests"] {
        let count = world.tally.get(name);
        ensure!(count == 0, "{count} {name} because one of three {mood:?}");
    }
    let (out, back) = moments(&world, mood)?;
    let seen = world.end()?;
    let mut tally = Tally::default();
    for name in [
        "requests",
        "failed attempts",
        "ejections",
        "breakers opened",
        "down",
        "probes",
    ] {
        tally.count(name, seen.get(name));
    }
    tally.count("ms until it was out, in sum", out.as_millis() as u64);
    tally.count("ms until it was back, in sum", back.as_millis() as u64);
    Ok(tally)
}

/// Returns how long it took until the bad endpoint was out, and until it was back for good.
fn moments(world: &World<'_>, mood: Mood) -> anyhow::Result<(Duration, Duration)> {
    let begins = Moment::from_origin(BEGINS);
    let ends = Moment::from_origin(ENDS);
    let is_out = |kind: EventKind| {
        matches!(
            kind,
            EventKind::Down | EventKind::Ejected(_) | EventKind::BreakerOpened(_)
        )
    };
    let mut outs = world.events.iter().filter(|event| is_out(event.kind));
    let Some(first) = outs.next() else {
        // Peak EWMA and least connections may keep away from it before anybody else notices.
        let is_soft =
            matches!(mood, Mood::Slow | Mood::Flaps(_)) || world.tally.get("failed attempts") < 100;
        ensure!(is_soft, "it was never left out");
        return Ok((Duration::ZERO, Duration::ZERO));
    };
    let out = first.at.since(begins);
    let is_soft = matches!(mood, Mood::Flaps(_) | Mood::Slow);
    ensure!(
        is_soft || out <= OUT_WITHIN,
        "it was left out after {out:?}"
    );
    let last = world.events.last().context("there are events")?;
    let back = last.at.since(ends);
    ensure!(
        back <= BACK_WITHIN,
        "it was back {back:?} after it was well"
    );
    Ok((out, back))
}

fn draw(seed: u64) -> Setup {
    let mut random = SeededRandom::new(seed ^ 0x6f6e_6520_6261_6421);
    let mood = match random.below(6) {
        0 => Mood::Dead,
        1 => Mood::Hangs,
        2 => Mood::Fails {
            are_checks_failing: true,
        },
        3 => Mood::Fails {
            are_checks_failing: false,
        },
        4 => Mood::Slow,
        _ => Mood::Flaps(200 + random.below(5000)),
    };
    let passive = health::passive::Options {
        base: Duration::from_secs(5),
        max: Duration::from_secs(20),
        ..health::passive::Options::default()
    };
    let breaker = breaker::Options {
        open: Duration::from_secs(2),
        open_max: Duration::from_secs(20),
        ..breaker::Options::default()
    };
    let has_passive = random.below(3) > 0;
    let options = Options {
        policy: policy(seed as usize),
        checks: (random.below(2) == 0).then(health::active::Schedule::default),
        passive: has_passive.then_some(passive),
        breaker: (!has_passive || random.below(2) == 0).then_some(breaker),
        slow_start: Duration::from_secs(5 * random.below(2)),
        ..Options::default()
    };
    let bad = random.below(3) as usize;
    let spec = |number| EndpointSpec {
        name: format!("s{number}"),
        weight: 1,
        priority: 0,
    };
    Setup {
        seed,
        options,
        endpoints: (0..3).map(spec).collect(),
        rate: 50.0 + 100.0 * random.fraction(),
        // First checks take a moment, before which everything is refused.
        opens: BEGINS / 2,
        moods: vec![(BEGINS, bad, mood), (ENDS, bad, Mood::Fine)],
        deeds: Vec::new(),
    }
}
