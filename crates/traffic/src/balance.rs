//! Ways to choose an endpoint, one file each; [`ALL`] lists them.
//!
//! A policy chooses among the endpoints that may be used; who they are (health, breakers, orders, priorities, panic) is
//! decided before it is asked, the same way for all policies.

mod bound;
pub(crate) mod chance;
pub(crate) mod ewma;
pub(crate) mod field;
#[cfg(test)]
mod fixture;
mod key;
mod least_connections;
mod maglev;
mod peak_ewma;
mod rendezvous;
mod round_robin;
mod sampler;
#[cfg(test)]
mod tests;
mod two_choices;
mod weighted;

use std::fmt;
use std::time::Duration;

use chance::Chance;
use field::{Candidate, Field};

pub use key::{key_of_address, key_of_bytes};

/// All policies.
pub const ALL: &[&dyn Kind] = &[
    &round_robin::RoundRobin,
    &weighted::Weighted,
    &least_connections::LeastConnections,
    &two_choices::TwoChoices,
    &peak_ewma::PeakEwma,
    &maglev::Maglev,
    &rendezvous::Rendezvous,
];

/// A way to balance, as it is listed.
pub trait Kind: Sync {
    /// Returns what it is called in files: snake case.
    fn name(&self) -> &'static str;

    /// Returns a sentence for whoever chooses one.
    fn about(&self) -> &'static str;

    /// Returns it with the options that it has when nothing is said.
    fn policy(&self) -> Policy;

    /// Says whether it goes by the ask's key: the same key to the same endpoint.
    fn is_hash(&self) -> bool {
        false
    }
}

impl fmt::Debug for dyn Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a policy remembers, and how it chooses. Each priority has its own.
pub(crate) trait Chooser: fmt::Debug + Send {
    /// Takes over the candidates, at least one: who they are or what they weigh has changed.
    fn rebuild(&mut self, candidates: &[Candidate], chance: &mut Chance);

    /// Chooses a candidate that was not tried, by its place; `None` when all were.
    fn choose(&mut self, field: &Field<'_>, chance: &mut Chance) -> Option<usize>;
}

/// What chooses among the endpoints that may be used.
#[derive(Clone, Debug, PartialEq)]
pub enum Policy {
    /// One after the other, weights ignored.
    RoundRobin,
    /// nginx' smooth weighted round robin.
    Weighted,
    /// The fewest requests in flight for its weight, of all endpoints.
    LeastConnections,
    /// The one with fewer requests in flight, of two that chance chose.
    TwoChoices,
    /// The least expected wait, of two that chance chose: peak-sensitive moving average of latency times requests in flight.
    PeakEwma(EwmaOptions),
    /// Maglev: a table of hashes; the same key goes to the same endpoint, and few keys move when endpoints change.
    Maglev(HashOptions),
    /// Weighted rendezvous: as Maglev, without a table, for few endpoints.
    Rendezvous(HashOptions),
}

impl Policy {
    /// Returns its entry in [`ALL`].
    pub fn kind(&self) -> &'static dyn Kind {
        match self {
            Self::RoundRobin => &round_robin::RoundRobin,
            Self::Weighted => &weighted::Weighted,
            Self::LeastConnections => &least_connections::LeastConnections,
            Self::TwoChoices => &two_choices::TwoChoices,
            Self::PeakEwma(_) => &peak_ewma::PeakEwma,
            Self::Maglev(_) => &maglev::Maglev,
            Self::Rendezvous(_) => &rendezvous::Rendezvous,
        }
    }

    /// Returns how averages of latency forget: they are kept with every policy, because they are shown.
    pub(crate) fn ewma(&self) -> EwmaOptions {
        match self {
            Self::PeakEwma(options) => *options,
            _ => EwmaOptions::default(),
        }
    }

    /// Returns what chooses, without candidates.
    pub(crate) fn chooser(&self) -> Box<dyn Chooser> {
        match self {
            Self::RoundRobin => Box::<round_robin::Turn>::default(),
            Self::Weighted => Box::<weighted::Smooth>::default(),
            Self::LeastConnections => Box::new(least_connections::Least),
            Self::TwoChoices => Box::<two_choices::TwoDraws>::default(),
            Self::PeakEwma(options) => Box::new(peak_ewma::Waits::new(*options)),
            Self::Maglev(options) => Box::new(maglev::Table::new(*options)),
            Self::Rendezvous(options) => Box::new(rendezvous::Scores::new(*options)),
        }
    }
}

/// How fast an average forgets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EwmaOptions {
    /// After this time an old latency counts 1/e. linkerd: 10 s.
    pub decay: Duration,
    /// What is assumed of an endpoint that was never used. linkerd: 30 ms.
    pub default_latency: Duration,
    /// What a failed attempt counts as, so that failing fast attracts nothing. linkerd: 5 s.
    pub failure_penalty: Duration,
}

impl Default for EwmaOptions {
    fn default() -> Self {
        Self {
            decay: Duration::from_secs(10),
            default_latency: Duration::from_millis(30),
            failure_penalty: Duration::from_secs(5),
        }
    }
}

/// What consistent hashing hashes is the ask's key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HashOptions {
    /// No endpoint gets more than this times the mean of requests in flight; then the next one by hash. `None` is no bound.
    /// Mirrokni et al.: 1.25.
    pub bound: Option<f64>,
}

impl Default for HashOptions {
    fn default() -> Self {
        Self { bound: Some(1.25) }
    }
}
