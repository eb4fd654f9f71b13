//! What happens to the victims, all at once, and what came of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use plimsoll_e2e::wait_until;
use plimsoll_runtime::clock::{Clock, SystemClock};

use super::Options;
use super::backend::Mood;
use super::client::{Client, Sent};
use super::contender::Contender;

/// A fault, and its name in the tables.
const FAULTS: [(&str, Fault); 5] = [
    ("dies", Fault::Stays(Mood::Gone)),
    ("hangs", Fault::Stays(Mood::Hanging)),
    ("answers 500", Fault::Stays(Mood::Failing)),
    ("slows 10x", Fault::Stays(Mood::Slow)),
    ("flaps", Fault::Flaps),
];
/// How long a backend that flaps is up, and down.
const FLAP: Duration = Duration::from_secs(3);
/// A backend that gets requests within this time from the end of a fault was not ejected.
const STILL: Duration = Duration::from_secs(2);
/// The longest rest of ours, and some.
const RETURN_MAX: Duration = Duration::from_secs(120);
/// Requests of a backend that returned are looked at for this long.
const AFTER_RETURN: Duration = Duration::from_secs(3);
/// A backend has its share again when it got half of a third over this time.
const SETTLED: Duration = Duration::from_secs(3);

#[derive(Clone, Copy, Debug)]
enum Fault {
    Stays(Mood),
    /// It is gone and well in turns.
    Flaps,
}

/// A part of the script.
#[derive(Clone, Debug)]
pub(super) struct Phase {
    pub(super) name: String,
    pub(super) is_death: bool,
    /// In the order of the contenders.
    pub(super) found: Vec<Found>,
}

/// What was found about a proxy in a phase.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) requests: usize,
    pub(super) failed: usize,
    /// What was wrong how often.
    pub(super) failures: BTreeMap<String, usize>,
    pub(super) p99: Duration,
    /// Requests that the sick backend got.
    pub(super) got: usize,
    /// What the phase is about.
    pub(super) turn: Turn,
}

/// When the backend got its last or first request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The last one came this long after the phase began.
    Ejected(Duration),
    /// It got requests until the end.
    NotEjected,
    /// Its port was closed, so that it saw none.
    Unseen,
    /// The first one came this long after it was well again.
    Returned(Duration),
}

/// When a fault began, when all was well again, and when that was seen everywhere.
#[derive(Clone, Copy, Debug)]
struct Times {
    began: Duration,
    well: Duration,
    over: Duration,
}

/// Plays all faults and returns two phases for each: while it lasts, and while the backend returns.
pub(super) fn play(
    options: &Options,
    clock: &Arc<SystemClock>,
    contenders: &[Contender],
) -> Result<Vec<Phase>> {
    let clients: Vec<Client> = contenders
        .iter()
        .map(|contender| Client::new(contender.address, options.rate, clock.clone()))
        .collect();
    let times = thread::scope(|scope| {
        let sending: Vec<_> = clients
            .iter()
            .map(|client| scope.spawn(|| client.run(scope)))
            .collect();
        let faults = FAULTS.iter();
        let times: Result<Vec<Times>> = faults
            .map(|(name, fault)| play_one(options, clock, contenders, name, *fault))
            .collect();
        clients.iter().for_each(Client::stop);
        for client in sending {
            client.join().expect("a client's thread does not panic")?;
        }
        times
    })?;
    let sent: Vec<Vec<Sent>> = clients.into_iter().map(Client::into_sent).collect();
    let played = FAULTS.iter().zip(times);
    Ok(played
        .flat_map(|((name, fault), times)| {
            [
                fault_phase(name, *fault, times, contenders, &sent),
                return_phase(name, times, contenders, &sent),
            ]
        })
        .collect())
}

fn play_one(
    options: &Options,
    clock: &SystemClock,
    contenders: &[Contender],
    name: &str,
    fault: Fault,
) -> Result<Times> {
    settle(options, clock, contenders)?;
    eprintln!("a backend {name}");
    let time = Duration::from_secs(options.seconds);
    let began = now(clock);
    match fault {
        Fault::Stays(mood) => {
            set_all(contenders, mood)?;
            thread::sleep(time);
        }
        Fault::Flaps => {
            let end = began + 2 * time;
            for mood in [Mood::Gone, Mood::Well].into_iter().cycle() {
                set_all(contenders, mood)?;
                thread::sleep(FLAP);
                if mood == Mood::Gone && now(clock) >= end {
                    break;
                }
            }
        }
    }
    set_all(contenders, Mood::Well)?;
    let well = now(clock);
    for contender in contenders {
        wait_until(RETURN_MAX, "a backend that returned", || {
            let served = contender.victim().served(well);
            served.first().copied().context("it got no request")
        })
        .context(contender.name)?;
    }
    thread::sleep(AFTER_RETURN);
    let over = now(clock);
    Ok(Times { began, well, over })
}

/// Waits until the victim of every proxy gets its share.
fn settle(options: &Options, clock: &SystemClock, contenders: &[Contender]) -> Result<()> {
    let share = f64::from(options.rate) * SETTLED.as_secs_f64() / 6.0;
    for contender in contenders {
        wait_until(RETURN_MAX, "a backend that has its share", || {
            let since = now(clock).saturating_sub(SETTLED);
            let got = contender.victim().served(since).len();
            ensure!(got as f64 >= share, "{got} of {share}");
            Ok(())
        })
        .context(contender.name)?;
    }
    Ok(())
}

fn set_all(contenders: &[Contender], mood: Mood) -> Result<()> {
    contenders
        .iter()
        .try_for_each(|contender| contender.victim().set(mood))
}

fn now(clock: &SystemClock) -> Duration {
    clock.monotonic().since_origin()
}

fn fault_phase(
    name: &str,
    fault: Fault,
    times: Times,
    contenders: &[Contender],
    sent: &[Vec<Sent>],
) -> Phase {
    let is_gone = matches!(fault, Fault::Stays(Mood::Gone) | Fault::Flaps);
    let found = contenders.iter().zip(sent).map(|(contender, sent)| {
        let served = contender.victim().served(times.began);
        let served: Vec<_> = served.into_iter().filter(|at| *at < times.well).collect();
        let last = served.last().copied().unwrap_or(times.began);
        let turn = if is_gone {
            Turn::Unseen
        } else if last + STILL > times.well {
            Turn::NotEjected
        } else {
            Turn::Ejected(last - times.began)
        };
        Found::of(sent, times.began, times.well, served.len(), turn)
    });
    Phase {
        name: name.to_owned(),
        is_death: matches!(fault, Fault::Stays(Mood::Gone)),
        found: found.collect(),
    }
}

fn return_phase(name: &str, times: Times, contenders: &[Contender], sent: &[Vec<Sent>]) -> Phase {
    let found = contenders.iter().zip(sent).map(|(contender, sent)| {
        let served = contender.victim().served(times.well);
        let served: Vec<_> = served.into_iter().filter(|at| *at < times.over).collect();
        let first = served.first().copied().unwrap_or(times.over);
        let turn = Turn::Returned(first - times.well);
        // What ran when it returned was lost, if at all, to the fault.
        let later: Vec<Sent> = sent
            .iter()
            .filter(|sent| sent.at >= times.well)
            .cloned()
            .collect();
        Found::of(&later, times.well, times.over, served.len(), turn)
    });
    Phase {
        name: format!("{name}: returns"),
        is_death: false,
        found: found.collect(),
    }
}

impl Found {
    /// Looks at the requests that ran at `from` or were sent from then `to`.
    fn of(sent: &[Sent], from: Duration, to: Duration, got: usize, turn: Turn) -> Self {
        let of_phase = sent
            .iter()
            .filter(|sent| sent.at < to && sent.at + sent.took >= from);
        let of_phase: Vec<&Sent> = of_phase.collect();
        let mut failures = BTreeMap::new();
        for failure in of_phase.iter().filter_map(|sent| sent.failure.as_ref()) {
            *failures.entry(failure.clone()).or_default() += 1;
        }
        let mut took: Vec<Duration> = of_phase.iter().map(|sent| sent.took).collect();
        took.sort();
        let place = (took.len() * 99).div_ceil(100);
        Self {
            requests: took.len(),
            failed: failures.values().sum(),
            failures,
            p99: place
                .checked_sub(1)
                .map_or(Duration::ZERO, |place| took[place]),
            got,
            turn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(at_millis: u64, took_millis: u64, failure: Option<&str>) -> Sent {
        Sent {
            at: Duration::from_millis(at_millis),
            took: Duration::from_millis(took_millis),
            failure: failure.map(str::to_owned),
        }
    }

    #[test]
    fn what_ran_when_a_phase_began_belongs_to_it() {
        let all = [
            sent(0, 900, Some("before")),
            sent(900, 200, Some("in flight")),
            sent(1500, 10, None),
            sent(1999, 5000, Some("late")),
            sent(2000, 10, Some("after")),
        ];
        let [from, to] = [1, 2].map(Duration::from_secs);
        let found = Found::of(&all, from, to, 0, Turn::Unseen);
        assert_eq!((found.requests, found.failed), (3, 2));
        assert_eq!(found.p99, Duration::from_secs(5));
    }
}
