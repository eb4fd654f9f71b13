//! Plays a world.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, ensure};
use plimsoll_runtime::random::{Random, SeededRandom};
use plimsoll_traffic::{
    AdminState, Ask, EndpointId, EndpointSpec, Event, EventKind, FailureKind, Moment, Options,
    Outcome, Pick, Upstream, Why,
};

use super::setup::{CALM, Deed, Mood, Setup, TROUBLE, policy, spec};
use super::shadow::Shadow;
use crate::sim::traffic::{Agenda, Tally, Tell};

/// Whoever waits longer for an answer gives up.
const TRY_TIMEOUT: Duration = Duration::from_millis(800);

/// How often due checks are looked for.
const POLL: Duration = Duration::from_millis(50);

pub(super) struct World<'a> {
    pub(super) setup: &'a Setup,
    pub(super) upstream: Upstream,
    pub(super) shadow: Shadow,
    pub(super) random: SeededRandom,
    pub(super) tally: Tally,
    /// All events.
    pub(super) events: Vec<Event>,
    tell: Tell,
    agenda: Agenda<Happens>,
    moods: Vec<Mood>,
    /// Endpoints with a check that runs.
    checking: Vec<EndpointId>,
    running: HashMap<u64, Attempt>,
    attempts: u64,
}

/// An attempt that runs.
struct Attempt {
    pick: Pick,
    began: Moment,
    /// Who was tried before it.
    tried: Vec<EndpointId>,
    key: u64,
    sticky: Option<EndpointId>,
}

enum Happens {
    Request,
    Answer(u64, Outcome),
    Poll,
    Checked(EndpointId, Result<(), String>),
    Mood(usize, Mood),
    Deed(Deed),
    Calm,
    End,
}

impl<'a> World<'a> {
    /// Begins with an upstream that judges by `options`, and a shadow that is told those of the setup.
    pub(super) fn new(setup: &'a Setup, options: Options, tell: Tell) -> Self {
        let mut agenda = Agenda::new();
        let at = Moment::from_origin;
        for (when, server, mood) in &setup.moods {
            agenda.at(at(*when), Happens::Mood(*server, *mood));
        }
        for (when, deed) in &setup.deeds {
            agenda.at(at(*when), Happens::Deed(*deed));
        }
        agenda.at(at(TROUBLE), Happens::Calm);
        agenda.at(at(TROUBLE + CALM), Happens::End);
        agenda.at(Moment::ORIGIN, Happens::Poll);
        agenda.at(at(setup.opens), Happens::Request);
        let now = Moment::ORIGIN;
        let upstream = Upstream::new(options, &setup.endpoints, setup.seed, now);
        let mut world = Self {
            setup,
            upstream,
            shadow: Shadow::new(setup.options.clone()),
            random: SeededRandom::new(setup.seed ^ 0x7472_6166_6669_6321),
            tally: Tally::default(),
            events: Vec::new(),
            tell,
            agenda,
            moods: vec![Mood::Fine; setup.endpoints.len() + 1],
            checking: Vec::new(),
            running: HashMap::new(),
            attempts: 0,
        };
        world.declare(&setup.endpoints);
        world
    }

    /// Plays until the end.
    pub(super) fn play(&mut self) -> anyhow::Result<()> {
        while let Some(happens) = self.agenda.next() {
            if matches!(happens, Happens::End) {
                break;
            }
            let now = self.agenda.now();
            self.step(happens)
                .and_then(|()| self.check())
                .with_context(|| format!("after {:.3} s", seconds(now)))?;
        }
        Ok(())
    }

    pub(super) fn now(&self) -> Moment {
        self.agenda.now()
    }

    /// Ends all attempts that run.
    pub(super) fn let_all_end(&mut self) {
        let now = self.now();
        for (_, attempt) in std::mem::take(&mut self.running) {
            let latency = now.since(attempt.began);
            self.upstream
                .done(attempt.pick, Outcome::Cancelled, latency, now);
            self.shadow.done(attempt.pick);
        }
    }

    fn step(&mut self, happens: Happens) -> anyhow::Result<()> {
        match happens {
            Happens::Request => self.request()?,
            Happens::Answer(number, outcome) => self.answer(number, outcome)?,
            Happens::Poll => self.poll(),
            Happens::Checked(endpoint, result) => {
                self.checking.retain(|checked| *checked != endpoint);
                self.upstream.checked(endpoint, result, self.now());
            }
            Happens::Mood(server, mood) => {
                self.tell.line(|| format!("s{server} is {mood:?}"));
                self.moods[server] = mood;
            }
            Happens::Deed(deed) => self.deed(deed)?,
            Happens::Calm => self.calm(),
            Happens::End => {}
        }
        self.note_events()
    }

    /// What must hold after everything that happens.
    fn check(&self) -> anyhow::Result<()> {
        for (id, known) in &self.shadow.endpoints {
            let counted = self.upstream.in_flight(*id);
            let is_right = counted == Some(known.in_flight);
            ensure!(
                is_right,
                "{counted:?} in flight, and {} run",
                known.in_flight
            );
        }
        Ok(())
    }

    fn request(&mut self) -> anyhow::Result<()> {
        let gap = -(1.0 - self.random.fraction()).ln() / self.setup.rate;
        self.agenda
            .after(Duration::from_secs_f64(gap), Happens::Request);
        self.tally.count("requests", 1);
        let key = self.random.next_u64();
        let place = self.random.next_u64();
        let is_sticky = self.random.below(10) == 0;
        let sticky = self.shadow.nth(place).filter(|_| is_sticky);
        self.attempt(key, sticky, Vec::new())
    }

    fn attempt(
        &mut self,
        key: u64,
        sticky: Option<EndpointId>,
        tried: Vec<EndpointId>,
    ) -> anyhow::Result<()> {
        let now = self.now();
        let ask = Ask {
            key: Some(key),
            sticky,
            tried: &tried,
        };
        let picked = self.upstream.pick(&ask, now);
        self.note_events()?;
        self.shadow.judge(&ask, picked)?;
        let Ok(pick) = picked else {
            self.tally.count("refused", 1);
            return Ok(());
        };
        self.tally
            .count("by panic", u64::from(pick.why == Why::Panic));
        self.tally
            .count("by cookie", u64::from(pick.why == Why::Sticky));
        self.tally.count("probes", u64::from(pick.is_probe));
        let number = self.attempts;
        self.attempts += 1;
        let (outcome, latency) = self.serve(pick.endpoint);
        self.agenda.after(latency, Happens::Answer(number, outcome));
        let attempt = Attempt {
            pick,
            began: now,
            tried,
            key,
            sticky,
        };
        self.running.insert(number, attempt);
        Ok(())
    }

    fn answer(&mut self, number: u64, outcome: Outcome) -> anyhow::Result<()> {
        let now = self.now();
        let Some(mut attempt) = self.running.remove(&number) else {
            return Ok(());
        };
        let latency = now.since(attempt.began);
        self.upstream.done(attempt.pick, outcome, latency, now);
        self.shadow.done(attempt.pick);
        self.note_events()?;
        if !outcome.is_failure() {
            return Ok(());
        }
        self.tally.count("failed attempts", 1);
        if attempt.tried.is_empty() {
            attempt.tried.push(attempt.pick.endpoint);
            return self.attempt(attempt.key, attempt.sticky, attempt.tried);
        }
        self.tally.count("failed requests", 1);
        Ok(())
    }

    /// Returns what a server answers and when.
    fn serve(&mut self, endpoint: EndpointId) -> (Outcome, Duration) {
        let usual = Duration::from_secs_f64(0.002 + 0.010 * self.random.fraction());
        let soon = Duration::from_millis(1);
        // One in a hundred clients does not wait for the answer.
        if self.random.below(100) == 0 {
            return (Outcome::Cancelled, soon);
        }
        let failed = |kind| Outcome::Failed(kind);
        match self.behaviour(endpoint) {
            Mood::Slow => (Outcome::Success, 10 * usual),
            Mood::Dead => (failed(FailureKind::Refused), soon),
            Mood::Hangs => (failed(FailureKind::TryTimeout), TRY_TIMEOUT),
            Mood::Fails { .. } => {
                let retry_after = None;
                (
                    Outcome::ServerError {
                        status: 500,
                        retry_after,
                    },
                    soon,
                )
            }
            Mood::Fine | Mood::Flaps(_) => (Outcome::Success, usual),
        }
    }

    fn poll(&mut self) {
        let now = self.now();
        self.agenda.after(POLL, Happens::Poll);
        self.upstream.tick(now);
        let known: Vec<EndpointId> = self.shadow.endpoints.keys().copied().collect();
        for endpoint in known {
            let next = self.upstream.next_check(endpoint);
            if next.is_none_or(|next| next > now) || self.checking.contains(&endpoint) {
                continue;
            }
            self.checking.push(endpoint);
            let (result, takes) = match self.behaviour(endpoint) {
                Mood::Dead => (Err("connection refused"), Duration::from_millis(1)),
                Mood::Hangs => (Err("no answer within 1 s"), Duration::from_secs(1)),
                Mood::Fails {
                    are_checks_failing: true,
                } => (Err("status 500"), Duration::from_millis(2)),
                _ => (Ok(()), Duration::from_millis(5)),
            };
            let result = result.map_err(str::to_owned);
            self.agenda.after(takes, Happens::Checked(endpoint, result));
        }
    }

    /// Returns how the server of an endpoint behaves now; one that flaps is dead or fine.
    fn behaviour(&self, endpoint: EndpointId) -> Mood {
        let name = self
            .shadow
            .endpoints
            .get(&endpoint)
            .map(|known| &known.spec.name);
        let number = name.and_then(|name| name[1..].parse::<usize>().ok());
        match number.map(|number| self.moods[number]) {
            None => Mood::Dead,
            Some(Mood::Flaps(millis)) => {
                let turn = self.now().nanos() / 1_000_000 / millis;
                if turn.is_multiple_of(2) {
                    Mood::Dead
                } else {
                    Mood::Fine
                }
            }
            Some(mood) => mood,
        }
    }

    fn deed(&mut self, deed: Deed) -> anyhow::Result<()> {
        self.tell.line(|| format!("{deed:?}"));
        let now = self.now();
        let mut specs = self.specs();
        let mut options = self.upstream.options().clone();
        match deed {
            Deed::Order(server, admin) => {
                if let Some(id) = self.id(server) {
                    self.upstream.order(id, admin, now);
                }
            }
            Deed::Weigh(server, weight) => {
                if let Some(id) = self.id(server) {
                    self.upstream.set_weight(id, weight, now);
                }
            }
            Deed::Pardon(server) => {
                if let Some(id) = self.id(server) {
                    self.upstream.pardon(id, now);
                }
            }
            Deed::Remove(server) if specs.len() > 1 => {
                specs.retain(|spec| spec.name != format!("s{server}"));
            }
            Deed::Remove(_) => {}
            Deed::Add(server) if self.id(server).is_none() => {
                specs.push(spec(server, false, &mut self.random));
            }
            Deed::Add(_) => {}
            Deed::Policy(place) => options.policy = policy(place),
        }
        self.note_events()?;
        self.upstream.reconfigure(options, &specs, now);
        self.declare(&specs);
        Ok(())
    }

    /// From now on all is well, and nobody wants anything but health.
    fn calm(&mut self) {
        self.tell.line(|| "all is well again".to_owned());
        let now = self.now();
        self.moods.fill(Mood::Fine);
        for (id, known) in self.shadow.endpoints.clone() {
            self.upstream.order(id, AdminState::Auto, now);
            if known.weight == 0 {
                self.upstream.set_weight(id, 1, now);
            }
        }
    }

    fn note_events(&mut self) -> anyhow::Result<()> {
        for event in self.upstream.take_events() {
            let name = match event.kind {
                EventKind::Down => "down",
                EventKind::Ejected(_) => "ejections",
                EventKind::BreakerOpened(_) => "breakers opened",
                EventKind::BreakerClosed => "breakers closed",
                _ => "other events",
            };
            self.tally.count(name, 1);
            self.tell.line(|| {
                let at = seconds(event.at);
                let endpoint = event.endpoint.0;
                format!("{at:9.3} {endpoint} {:?}: {}", event.kind, event.reason)
            });
            self.shadow.note(&event);
            if matches!(event.kind, EventKind::Ejected(_)) {
                self.shadow.check_ejected()?;
            }
            self.events.push(event);
        }
        Ok(())
    }

    /// Tells the shadow who is declared.
    fn declare(&mut self, specs: &[EndpointSpec]) {
        let ids = self.upstream.ids();
        let declared = ids.map(|(id, name)| {
            let spec = specs.iter().find(|spec| spec.name == name);
            (id, spec.expect("only these were declared").clone())
        });
        self.shadow.declare(declared.collect());
    }

    fn specs(&self) -> Vec<EndpointSpec> {
        let known = self.shadow.endpoints.values();
        known.map(|known| known.spec.clone()).collect()
    }

    fn id(&self, server: usize) -> Option<EndpointId> {
        let name = format!("s{server}");
        let mut known = self.shadow.endpoints.iter();
        let (id, _) = known.find(|(_, known)| known.spec.name == name)?;
        Some(*id)
    }
}

fn seconds(moment: Moment) -> f64 {
    moment.since(Moment::ORIGIN).as_secs_f64()
}
