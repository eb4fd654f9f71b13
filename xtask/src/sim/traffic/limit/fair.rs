//! A queue before a server with so many hands, and four classes that come as they like: calm, then too much, then calm.
//! Nobody is lost, no hand is idle while somebody waits, nobody waits longer than it may, no class starves, what is least
//! critical goes first, and afterwards everybody comes in again.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, ensure};
use plimsoll_runtime::random::{Random, SeededRandom};
use plimsoll_traffic::limit::admission::{Admission, Ask, Entry, Moved, Why};
use plimsoll_traffic::limit::concurrency::{Meaning, Options};
use plimsoll_traffic::limit::queue;
use plimsoll_traffic::{Criticality, Moment};

use super::server::{Server, between, gap};
use crate::sim::traffic::{Agenda, Scenario, Tally, Tell};

pub(in crate::sim::traffic) const SCENARIO: Scenario = Scenario {
    name: "fair",
    about: "under overload each class kept its share, the least critical went first, and all returned",
    every: 10,
    play,
};

const PER_SECOND_MAX: f64 = 600.0;
const CLASSES: usize = Criticality::ALL.len();

enum Event {
    Comes(Criticality),
    Ends,
    /// Who waited too long is sent away, by a timer of its own.
    Expires,
}

/// What became of a class.
#[derive(Clone, Copy, Debug, Default)]
struct Fate {
    came: u64,
    entered: u64,
    shed: u64,
    full: u64,
    late: u64,
    waited: Duration,
}

struct World {
    random: SeededRandom,
    agenda: Agenda<Event>,
    admission: Admission<u64>,
    server: Server<()>,
    queue: queue::Options,
    per_second: [f64; CLASSES],
    running: u32,
    next_token: u64,
    /// Class of those who wait.
    waiting: HashMap<u64, Criticality>,
    fates: [Fate; CLASSES],
}

fn play(seed: u64, tell: Tell) -> anyhow::Result<Tally> {
    let mut world = World::draw(seed);
    let capacity = world.server.capacity();
    tell.line(|| {
        format!(
            "{} hands, {capacity:.0}/s, {:?}",
            world.server.hands, world.queue
        )
    });
    let mut tally = Tally::default();
    let mixes: [[f64; CLASSES]; 3] = [world.mix(0.6), world.overload(), world.mix(0.6)];
    for (phase, mix) in mixes.into_iter().enumerate() {
        world.per_second = mix.map(|load| load * capacity);
        world.pass(Duration::from_secs(60))?;
        world.fates = [Fate::default(); CLASSES];
        world.pass(Duration::from_secs(60))?;
        tell.line(|| format!("{mix:.2?}: {:?} {:?}", world.fates, world.view()));
        match phase {
            1 => world.judge_overload(&mix)?,
            _ => world.judge_calm()?,
        }
        world.tell(&mut tally);
    }
    Ok(tally)
}

impl World {
    fn draw(seed: u64) -> Self {
        let mut random = SeededRandom::new(seed);
        let hands = between(1.0, 60.0, &mut random) as usize;
        let service = between(0.002, 0.05, &mut random).max(hands as f64 / PER_SECOND_MAX);
        let service = Duration::from_secs_f64(service);
        let queue = queue::Options {
            // Long enough that waits shed before the queue is full, in most worlds.
            length_max: between(20.0, 2000.0, &mut random) as usize,
            wait_target: (service * 4).max(Duration::from_millis(20)),
            ..queue::Options::default()
        };
        let limit = Options::Fixed(hands as u32);
        let mut agenda = Agenda::new();
        for class in Criticality::ALL {
            agenda.at(Moment::ORIGIN, Event::Comes(class));
        }
        Self {
            admission: Admission::new(limit, queue, seed, Moment::ORIGIN),
            server: Server::new(hands, service, 0.5, 0),
            agenda,
            queue,
            random,
            per_second: [1.0; CLASSES],
            running: 0,
            next_token: 0,
            waiting: HashMap::new(),
            fates: [Fate::default(); CLASSES],
        }
    }

    /// Draws a mix of classes that is this much of the capacity in all.
    fn mix(&mut self, load: f64) -> [f64; CLASSES] {
        let parts: [f64; CLASSES] = std::array::from_fn(|_| 0.05 + self.random.fraction());
        let sum: f64 = parts.iter().sum();
        parts.map(|part| part / sum * load)
    }

    /// Draws a mix that is too much, although what is most critical fits into its share well.
    fn overload(&mut self) -> [f64; CLASSES] {
        let load = 1.3 + self.random.fraction() * 2.0;
        let mut mix = self.mix(load);
        mix[0] = mix[0].min(0.3);
        mix[3] += (load - mix.iter().sum::<f64>()).max(0.0);
        mix
    }

    fn pass(&mut self, time: Duration) -> anyhow::Result<()> {
        let until = self.agenda.now().after(time);
        while self.agenda.now() < until {
            match self.agenda.next().context("nothing happens any more")? {
                Event::Comes(class) => self.comes(class)?,
                Event::Ends => {
                    self.running -= 1;
                    let now = self.agenda.now();
                    let moved = self
                        .admission
                        .left(self.server.service, Meaning::Served, now);
                    self.moved(moved)?;
                }
                Event::Expires => {
                    let moved = self.admission.advance(self.agenda.now());
                    self.moved(moved)?;
                }
            }
            self.check()?;
        }
        Ok(())
    }

    fn comes(&mut self, class: Criticality) -> anyhow::Result<()> {
        let next = gap(self.per_second[class.index()], &mut self.random);
        self.agenda.after(next, Event::Comes(class));
        let now = self.agenda.now();
        let ask = Ask {
            class,
            key: self
                .random
                .fraction()
                .lt(&0.5)
                .then(|| self.random.below(1 << 20)),
        };
        self.fates[class.index()].came += 1;
        let token = self.next_token;
        self.next_token += 1;
        match self.admission.enter(ask, || token, now) {
            Entry::Entered => self.begin(class, Duration::ZERO),
            Entry::Waiting {
                until, displaced, ..
            } => {
                let is_first = !self.waiting.values().any(|other| *other == class);
                self.waiting.insert(token, class);
                self.agenda.at(until, Event::Expires);
                if let Some((token, refused)) = displaced {
                    let other = self.refused(token, refused.why)?;
                    ensure!(other > class || is_first, "{other} had to go for {class}");
                }
            }
            Entry::Refused(refused) => {
                ensure!(
                    self.running as usize >= self.server.hands,
                    "refused beside a free hand"
                );
                self.refuse(class, refused.why);
            }
        }
        Ok(())
    }

    fn moved(&mut self, moved: Moved<u64>) -> anyhow::Result<()> {
        for left in moved.entered {
            let class = self.waiting.remove(&left.token);
            ensure!(
                class == Some(left.class),
                "somebody entered who did not wait"
            );
            ensure!(
                left.waited < self.queue.wait_max,
                "entered after {:?}",
                left.waited
            );
            self.begin(left.class, left.waited);
        }
        for (token, refused) in moved.refused {
            self.refused(token, refused.why)?;
        }
        Ok(())
    }

    fn begin(&mut self, class: Criticality, waited: Duration) {
        self.running += 1;
        let fate = &mut self.fates[class.index()];
        fate.entered += 1;
        fate.waited += waited;
        let takes = self.server.draw(&mut self.random);
        self.agenda.after(takes, Event::Ends);
    }

    fn refused(&mut self, token: u64, why: Why) -> anyhow::Result<Criticality> {
        let class = self.waiting.remove(&token);
        let class = class.context("somebody was sent away who did not wait")?;
        self.refuse(class, why);
        Ok(class)
    }

    fn refuse(&mut self, class: Criticality, why: Why) {
        let fate = &mut self.fates[class.index()];
        match why {
            Why::Shed => fate.shed += 1,
            Why::Full => fate.full += 1,
            Why::WaitedTooLong => fate.late += 1,
        }
    }

    /// What holds at any moment.
    fn check(&self) -> anyhow::Result<()> {
        let view = self.view();
        ensure!(
            view.in_flight == self.running,
            "{} run, not {view:?}",
            self.running
        );
        let waiting: usize = view.waiting.iter().sum();
        ensure!(
            waiting == self.waiting.len(),
            "{} wait, not {view:?}",
            self.waiting.len()
        );
        ensure!(waiting <= self.queue.length_max, "too many wait: {view:?}");
        ensure!(
            waiting == 0 || view.in_flight >= view.limit,
            "a hand is idle: {view:?}"
        );
        ensure!(
            view.longest_wait <= self.queue.wait_max,
            "somebody waits too long: {view:?}"
        );
        let sinks = view
            .shares
            .windows(2)
            .all(|pair| pair[0] == 1.0 || pair[1] == 0.0);
        ensure!(
            sinks && view.shares[0] == 1.0,
            "the wrong ones are shed: {view:?}"
        );
        Ok(())
    }

    fn view(&self) -> plimsoll_traffic::limit::admission::View {
        self.admission.view(self.agenda.now())
    }

    fn judge_calm(&self) -> anyhow::Result<()> {
        let view = self.view();
        ensure!(
            view.shares == [1.0; CLASSES],
            "it is calm, and still: {view:?}"
        );
        // One hand has a bad second even then, and sheds in it; of a class that seldom comes that is soon a thousandth.
        let refused = |fate: &Fate| fate.shed + fate.full + fate.late;
        let came: u64 = self.fates.iter().map(|fate| fate.came).sum();
        let all: u64 = self.fates.iter().map(refused).sum();
        ensure!(
            all * 1000 <= came && refused(&self.fates[0]) == 0,
            "refused although it is calm: {:?}",
            self.fates
        );
        Ok(())
    }

    fn judge_overload(&self, mix: &[f64; CLASSES]) -> anyhow::Result<()> {
        let capacity = self.server.capacity() * 60.0;
        let entered: u64 = self.fates.iter().map(|fate| fate.entered).sum();
        let reached = entered as f64 / capacity;
        ensure!(
            reached > 0.96,
            "only {reached:.3} of what is possible: {:?}",
            self.fates
        );
        let first = &self.fates[0];
        let lost = (first.came - first.entered.min(first.came)) as f64 / first.came as f64;
        ensure!(
            lost < 0.01,
            "{lost:.3} of the most critical lost: {first:?}"
        );
        let waited = first.waited.as_secs_f64() / first.entered.max(1) as f64;
        let short = self.queue.wait_target.as_secs_f64() * 1.5;
        ensure!(waited <= short, "the most critical wait {waited:.3} s");
        for (class, fate) in self.fates.iter().enumerate() {
            // Its share of the places, or all that came of it. Who is alone in a slow queue may wait too long for it.
            let share = self.queue.weights[class].min(mix[class]);
            let got = fate.entered as f64 / capacity;
            ensure!(
                got >= share * 0.5,
                "P{class} starves with {got:.3} of {share:.3}: {fate:?}"
            );
        }
        Ok(())
    }

    fn tell(&self, tally: &mut Tally) {
        let sum = |count: fn(&Fate) -> u64| self.fates.iter().map(count).sum();
        tally.count("entered", sum(|fate| fate.entered));
        tally.count("shed", sum(|fate| fate.shed));
        tally.count("made room", sum(|fate| fate.full));
        tally.count("waited too long", sum(|fate| fate.late));
    }
}
