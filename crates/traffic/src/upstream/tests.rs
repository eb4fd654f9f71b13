//! One upstream at a time, step by step. Whole worlds are played by `cargo xtask sim traffic`.

mod breakers;
mod checks;
mod hostile;
mod levels;
mod orders;
mod reload;

use std::collections::HashMap;
use std::time::Duration;

use super::*;
use crate::{FailureKind, Outcome};

/// An upstream, its clock, and names instead of ids.
struct Bench {
    upstream: Upstream,
    now: Moment,
}

impl Bench {
    /// Endpoints as `name` or `name*weight` or `name*weight@priority`.
    fn new(options: Options, endpoints: &[&str]) -> Self {
        let now = Moment::from_origin(Duration::from_secs(1000));
        Self {
            upstream: Upstream::new(options, &specs(endpoints), 7, now),
            now,
        }
    }

    fn wait(&mut self, seconds: f64) {
        self.now = self.now.after(Duration::from_secs_f64(seconds));
    }

    fn id(&self, name: &str) -> EndpointId {
        let mut ids = self.upstream.ids();
        ids.find(|(_, known)| *known == name).unwrap().0
    }

    fn name(&self, id: EndpointId) -> String {
        let mut ids = self.upstream.ids();
        ids.find(|(known, _)| *known == id).unwrap().1.to_owned()
    }

    fn pick(&mut self) -> Result<Pick, NoEndpoint> {
        self.upstream.pick(&Ask::default(), self.now)
    }

    fn done(&mut self, pick: Pick, outcome: Outcome) {
        let latency = Duration::from_millis(10);
        self.upstream.done(pick, outcome, latency, self.now);
    }

    /// Sends requests one after the other, which all succeed, and returns who got which share.
    fn shares(&mut self, requests: u32) -> HashMap<String, f64> {
        let mut shares = HashMap::new();
        for _ in 0..requests {
            let pick = self.pick().unwrap();
            self.done(pick, Outcome::Success);
            *shares.entry(self.name(pick.endpoint)).or_insert(0.0) += 1.0 / f64::from(requests);
        }
        shares
    }

    /// Lets requests fail at one endpoint, as many as it takes, while the others are well.
    fn fail(&mut self, name: &str, times: u32) {
        let others: Vec<EndpointId> = self
            .upstream
            .ids()
            .filter(|(_, known)| *known != name)
            .map(|(id, _)| id)
            .collect();
        for _ in 0..times {
            let ask = Ask {
                tried: &others,
                ..Ask::default()
            };
            let pick = self.upstream.pick(&ask, self.now).unwrap();
            assert_eq!(self.name(pick.endpoint), name);
            self.done(pick, Outcome::Failed(FailureKind::Refused));
        }
    }

    fn check(&mut self, name: &str, passed: bool) {
        let result = if passed {
            Ok(())
        } else {
            Err("status 500".to_owned())
        };
        self.upstream.checked(self.id(name), result, self.now);
    }

    fn order(&mut self, name: &str, admin: AdminState) {
        self.upstream.order(self.id(name), admin, self.now);
    }

    /// Returns what changed, as `name: kind`.
    fn events(&mut self) -> Vec<String> {
        let events = self.upstream.take_events();
        let named = events.into_iter().map(|event| {
            let name = self.name(event.endpoint);
            format!("{name}: {:?}: {}", event.kind, event.reason)
        });
        named.collect()
    }

    fn standing(&self, name: &str) -> (Standing, String) {
        let view = self.upstream.view(self.now);
        let mut endpoints = view.endpoints.into_iter();
        let endpoint = endpoints.find(|endpoint| endpoint.name == name).unwrap();
        (endpoint.standing, endpoint.reason)
    }
}

fn specs(endpoints: &[&str]) -> Vec<EndpointSpec> {
    let spec = |text: &&str| {
        let (text, priority) = text.split_once('@').unwrap_or((text, "0"));
        let (name, weight) = text.split_once('*').unwrap_or((text, "1"));
        EndpointSpec {
            name: name.to_owned(),
            weight: weight.parse().unwrap(),
            priority: priority.parse().unwrap(),
        }
    };
    endpoints.iter().map(spec).collect()
}

/// Nothing but balancing.
fn bare() -> Options {
    Options {
        policy: balance::Policy::Weighted,
        checks: None,
        passive: None,
        breaker: None,
        ..Options::default()
    }
}

fn checked() -> Options {
    let schedule = health::active::Schedule {
        jitter: 0.0,
        ..health::active::Schedule::default()
    };
    Options {
        checks: Some(schedule),
        ..bare()
    }
}

#[test]
fn nobody_is_chosen_from_nobody() {
    let mut bench = Bench::new(Options::default(), &[]);
    assert_eq!(bench.pick(), Err(NoEndpoint::Empty));
    bench.wait(100.0);
    bench.upstream.tick(bench.now);
    assert_eq!(bench.upstream.view(bench.now).endpoints, []);
}

#[test]
fn counts_attempts_that_run() {
    let mut bench = Bench::new(bare(), &["a"]);
    let (one, two) = (bench.pick().unwrap(), bench.pick().unwrap());
    assert_eq!(bench.upstream.in_flight(one.endpoint), Some(2));
    bench.done(one, Outcome::Cancelled);
    bench.done(two, Outcome::Success);
    assert_eq!(bench.upstream.in_flight(one.endpoint), Some(0));
    assert_eq!(bench.upstream.in_flight(EndpointId(9)), None);
}

#[test]
fn the_only_endpoint_is_tried_again() {
    let mut bench = Bench::new(bare(), &["a"]);
    let tried = [bench.id("a")];
    let ask = Ask {
        tried: &tried,
        ..Ask::default()
    };
    assert_eq!(
        bench.upstream.pick(&ask, bench.now).unwrap().endpoint,
        tried[0]
    );
}

#[test]
fn of_endpoints_with_one_name_the_first_counts() {
    let bench = Bench::new(bare(), &["a*3", "b", "a*5"]);
    let view = bench.upstream.view(bench.now);
    let weights: Vec<u32> = view
        .endpoints
        .iter()
        .map(|endpoint| endpoint.weight)
        .collect();
    assert_eq!(weights, [3, 1]);
}

#[test]
fn chance_comes_from_the_seed() {
    let run = |seed| {
        let policy = balance::Policy::TwoChoices;
        let options = Options { policy, ..bare() };
        let now = Moment::ORIGIN;
        let mut upstream = Upstream::new(options, &specs(&["a", "b", "c"]), seed, now);
        let picks = (0..50).map(|_| upstream.pick(&Ask::default(), now).unwrap().endpoint);
        picks.collect::<Vec<_>>()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn events_that_nobody_takes_are_bounded() {
    let mut bench = Bench::new(bare(), &["a"]);
    for weight in 0..3000 {
        bench
            .upstream
            .set_weight(EndpointId(0), weight % 7 + 2, bench.now);
    }
    let lost = bench.upstream.view(bench.now).events_lost;
    let events = bench.upstream.take_events();
    assert_eq!(events.len(), 1024);
    assert_eq!(lost, 3000 - 1024);
    assert_eq!(bench.upstream.take_events(), []);
}
