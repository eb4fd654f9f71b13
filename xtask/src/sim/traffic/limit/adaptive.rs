//! An adaptive limit before a server whose hands it does not know, which loses some of them, becomes slower, and recovers,
//! while more comes than it can do. Throughput must stay near what is possible and the queue in the server short; when
//! little comes, nobody may be refused.

use std::time::Duration;

use anyhow::ensure;
use plimsoll_runtime::random::{Random, SeededRandom};
use plimsoll_traffic::Moment;
use plimsoll_traffic::limit::concurrency::{ALL, Bounds, Limiter, Meaning};

use super::server::{Arrival, Server, between, gap};
use crate::sim::traffic::{Agenda, Scenario, Tally, Tell};

pub(in crate::sim::traffic) const SCENARIO: Scenario = Scenario {
    name: "adaptive",
    about: "limits found the server's knee, lost it, and found it again",
    every: 20,
    play,
};

/// So that a world takes a second at most.
const PER_SECOND_MAX: f64 = 400.0;

/// What happens to the server.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// More comes than it can do.
    Full,
    /// The same, and it has only this share of its hands.
    FewHands(f64),
    /// The same, and everything takes this much longer.
    Slow(f64),
    /// Little comes.
    Quiet,
}

enum Event {
    Comes,
    Ends { came: Moment },
}

struct World {
    random: SeededRandom,
    agenda: Agenda<Event>,
    limiter: Limiter,
    server: Server<Moment>,
    per_second: f64,
}

/// What was seen in a stretch of time.
#[derive(Debug, Default)]
struct Seen {
    came: u64,
    served: u64,
    /// By the limit.
    refused: u64,
    /// By the server.
    dropped: u64,
    latency: Duration,
}

fn play(seed: u64, tell: Tell) -> anyhow::Result<Tally> {
    let mut random = SeededRandom::new(seed);
    let kinds: Vec<_> = ALL.iter().filter(|kind| kind.name != "fixed").collect();
    let kind = kinds[random.below(kinds.len() as u64) as usize];
    let hands = between(4.0, 150.0, &mut random) as usize;
    let service = between(0.005, 0.2, &mut random).max(hands as f64 / PER_SECOND_MAX);
    let spread = random.fraction() * 0.6;
    let bounds = Bounds {
        initial: 1 + random.below(150) as u32,
        min: 1,
        max: 1000,
    };
    let queue_max = hands + 10;
    tell.line(|| {
        format!(
            "{} of {bounds:?}: {hands} hands, {service:.3} s +- {spread:.2}",
            kind.name
        )
    });
    let server = Server::new(hands, Duration::from_secs_f64(service), spread, queue_max);
    let mut world = World {
        limiter: Limiter::new((kind.options)(bounds), seed),
        agenda: Agenda::new(),
        per_second: 1.0,
        server,
        random,
    };
    world.agenda.at(Moment::ORIGIN, Event::Comes);
    let few = Phase::FewHands(0.15 + world.random.fraction() * 0.5);
    let slow = Phase::Slow(2.0 + world.random.fraction() * 4.0);
    let mut tally = Tally::default();
    for phase in [
        Phase::Full,
        few,
        Phase::Full,
        slow,
        Phase::Full,
        Phase::Quiet,
    ] {
        world.enter(phase, hands, service);
        world.pass(world.settles())?;
        let seen = world.pass(world.settles() / 4)?;
        tell.line(|| format!("{phase:?}: {seen:?}, limit {}", world.limiter.limit()));
        world.judge(phase, kind.name, &seen, &mut tally)?;
    }
    Ok(tally)
}

impl World {
    fn enter(&mut self, phase: Phase, hands: usize, service: f64) {
        let (hands, service) = match phase {
            Phase::Full | Phase::Quiet => (hands, service),
            Phase::FewHands(share) => ((hands as f64 * share).ceil() as usize, service),
            Phase::Slow(factor) => (hands, service * factor),
        };
        self.server.hands = hands;
        self.server.service = Duration::from_secs_f64(service);
        let load = match phase {
            Phase::Quiet => 0.1 + self.random.fraction() * 0.3,
            _ => 1.5 + self.random.fraction() * 2.0,
        };
        self.per_second = self.server.capacity() * load;
        while let Some(came) = self.server.idle_hand_takes() {
            self.begin(came);
        }
    }

    /// How long a limit may take to follow: a dip that a change falls into is repeated 200 latencies later at the latest,
    /// and a latency is up to four services until then.
    fn settles(&self) -> Duration {
        Duration::from_secs(40) + self.server.service * 1200
    }

    fn pass(&mut self, time: Duration) -> anyhow::Result<Seen> {
        let until = self.agenda.now().after(time);
        let mut seen = Seen::default();
        while self.agenda.now() < until {
            match self.agenda.next() {
                Some(Event::Comes) => self.comes(&mut seen)?,
                Some(Event::Ends { came }) => self.ends(came, &mut seen),
                None => break,
            }
        }
        Ok(seen)
    }

    fn comes(&mut self, seen: &mut Seen) -> anyhow::Result<()> {
        let next = gap(self.per_second, &mut self.random);
        self.agenda.after(next, Event::Comes);
        seen.came += 1;
        let (before, limit) = (self.limiter.in_flight(), self.limiter.limit());
        ensure!((1..=1000).contains(&limit), "a limit of {limit}");
        if !self.limiter.acquire() {
            ensure!(
                before >= limit,
                "refused with {before} of {limit} in flight"
            );
            seen.refused += 1;
            return Ok(());
        }
        ensure!(before < limit, "let in with {before} of {limit} in flight");
        let now = self.agenda.now();
        match self.server.arrive(now) {
            Arrival::Begun(came) => self.begin(came),
            Arrival::Queued => {}
            Arrival::Refused(_) => {
                seen.dropped += 1;
                self.limiter.release(Duration::ZERO, Meaning::Dropped, now);
            }
        }
        Ok(())
    }

    fn begin(&mut self, came: Moment) {
        let takes = self.server.draw(&mut self.random);
        self.agenda.after(takes, Event::Ends { came });
    }

    fn ends(&mut self, came: Moment, seen: &mut Seen) {
        let now = self.agenda.now();
        let latency = now.since(came);
        self.limiter.release(latency, Meaning::Served, now);
        seen.served += 1;
        seen.latency += latency;
        if let Some(came) = self.server.end() {
            self.begin(came);
        }
    }

    fn judge(
        &self,
        phase: Phase,
        kind: &str,
        seen: &Seen,
        tally: &mut Tally,
    ) -> anyhow::Result<()> {
        tally.count("requests served", seen.served);
        tally.count("refused by limits", seen.refused);
        tally.count("refused by servers", seen.dropped);
        if phase == Phase::Quiet {
            let refused = seen.refused as f64 / seen.came as f64;
            ensure!(
                refused < 0.01,
                "{kind}: {refused:.3} refused when little came: {seen:?}"
            );
            tally.count("quiet times", 1);
            return Ok(());
        }
        let seconds = (self.settles() / 4).as_secs_f64();
        let reached = seen.served as f64 / seconds / self.server.capacity();
        let least = if kind == "aimd" { 0.85 } else { 0.9 };
        ensure!(
            reached >= least,
            "{kind}: {reached:.2} of what is possible in {phase:?}: {seen:?}"
        );
        tally.count("knees found", 1);
        if kind == "aimd" {
            // It knows only what the server refuses.
            return Ok(());
        }
        let latency = seen.latency.as_secs_f64() / seen.served.max(1) as f64;
        let times = latency / self.server.service.as_secs_f64();
        // A few requests more than hands are a long queue when hands are few.
        let most = 1.8 + 6.0 / self.server.hands as f64;
        ensure!(
            times < most,
            "{kind}: {times:.2} of {most:.2} times the service in {phase:?}: {seen:?}"
        );
        Ok(())
    }
}
