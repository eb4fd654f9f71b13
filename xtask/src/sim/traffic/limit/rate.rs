//! Rates by key, with more keys than are remembered: over no stretch of time does a key get more than its rate, and
//! whoever keeps to it is never refused.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::ensure;
use plimsoll_runtime::random::{Random, SeededRandom};
use plimsoll_traffic::Moment;
use plimsoll_traffic::limit::rate::{Limiter, Rate};

use crate::sim::traffic::{Scenario, Tally, Tell};

pub(in crate::sim::traffic) const SCENARIO: Scenario = Scenario {
    name: "rate",
    about: "no key got more than its rate, and none that kept to it was refused",
    every: 1,
    play,
};

const ASKS: u64 = 4_000;
/// Keys that keep just to the rate.
const POLITE: u64 = 3;

/// A key and what it was let in for.
#[derive(Default)]
struct Known {
    let_in: Vec<Moment>,
}

fn play(seed: u64, tell: Tell) -> anyhow::Result<Tally> {
    let mut random = SeededRandom::new(seed);
    let rate = Rate {
        count: 1 + random.below(200),
        per: Duration::from_millis(1 + random.below(60_000)),
        burst: 1 + random.below(20),
        keys_max: 64,
    };
    let step = Duration::from_nanos(u64::try_from(rate.per.as_nanos())?.div_ceil(rate.count));
    tell.line(|| format!("{rate:?}: one per {step:?}"));
    let limiter = Limiter::keyed(rate);
    let mut known: HashMap<u64, Known> = HashMap::new();
    let mut tally = Tally::default();
    let mut now = Moment::from_nanos(random.below(1 << 50));
    for _ in 0..ASKS {
        now = now.after(step.mul_f64(random.fraction() / 30.0));
        // Some keys are asked for far too often.
        let key = POLITE + random.below(40).min(random.below(40));
        let is_in = limiter.take(key, now).is_ok();
        let name = if is_in { "let in" } else { "refused" };
        tally.count(name, 1);
        if is_in {
            known.entry(key).or_default().let_in.push(now);
        }
    }
    ensure!(
        limiter.forgotten() == 0,
        "a key was forgotten that owed something"
    );
    for key in 0..POLITE {
        polite(&limiter, key, step, now, &mut tally)?;
    }
    for (key, known) in &known {
        check(*key, known, &rate, step)?;
    }
    flood(&limiter, now, &mut tally)?;
    Ok(tally)
}

/// Whoever asks once per `T` is let in each time.
fn polite(
    limiter: &Limiter,
    key: u64,
    step: Duration,
    now: Moment,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let mut at = now;
    for turn in 0..200 {
        ensure!(
            limiter.take(key, at).is_ok(),
            "{key} kept to the rate and was refused in turn {turn}"
        );
        at = at.after(step);
    }
    tally.count("polite", 200);
    Ok(())
}

/// Of any that were let in, one more than the burst took a `T` at least, and all of them no more than the rate.
fn check(key: u64, known: &Known, rate: &Rate, step: Duration) -> anyhow::Result<()> {
    let burst = usize::try_from(rate.burst)?;
    for window in known.let_in.windows(burst + 1) {
        let took = window[burst].since(window[0]);
        // Of `burst + 1` the last one needs the credit of one T.
        ensure!(
            took + Duration::from_nanos(1) >= step,
            "{key} got {} within {took:?}",
            burst + 1
        );
    }
    let (Some(first), Some(last)) = (known.let_in.first(), known.let_in.last()) else {
        return Ok(());
    };
    let most = last.since(*first).as_secs_f64() / step.as_secs_f64() + rate.burst as f64;
    ensure!(
        known.let_in.len() as f64 <= most + 1e-6,
        "{key} got more than {most}"
    );
    Ok(())
}

/// Keys that nobody knows push nobody out who owes something and keeps asking.
fn flood(limiter: &Limiter, now: Moment, tally: &mut Tally) -> anyhow::Result<()> {
    let owing = u64::MAX;
    while limiter.take(owing, now).is_ok() {}
    for stranger in 0..1_000 {
        let _ = limiter.take(1_000_000 + stranger, now);
        ensure!(
            limiter.take(owing, now).is_err(),
            "a flood of keys gave credit to another"
        );
        tally.count("strangers", 1);
    }
    ensure!(
        limiter.keys() <= 64,
        "{} keys are remembered",
        limiter.keys()
    );
    Ok(())
}
