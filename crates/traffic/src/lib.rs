//! What to do with a request: whom to send it to, how long to wait, whether to try again, and when to refuse it.
//!
//! # What it is for
//! The judgement of the gateway, and a library for services that call others: balancing, health, outlier ejection,
//! circuit breakers, retries with a budget, hedging, deadlines, criticality, rate and concurrency limits, priority queues.
//!
//! # Model
//! An [`Upstream`] has endpoints. It is asked to [`pick`](Upstream::pick) one for an attempt, and told how the attempt
//! ended ([`Outcome`]), what checks found and what a person ordered; [`Event`]s say what changed and why. A
//! [`retry::Gate`] says whether there is another attempt, [`limit`]s whether there is a first.
//!
//! # Invariants
//! - Pure: no clock, no socket, no task, no entropy. Time is a [`Moment`] that the caller brings, chance a seed.
//! - Unknown is not healthy: an endpoint with an active check gets no request before the check passed `rise` times.
//! - Every refusal, ejection and opened breaker has a reason with the numbers that led to it.
//! - Everything is bounded: keys of limiters, entries of queues, samples of windows.
//!
//! # How to extend
//! A way to balance is a file in `balance/` and an entry in its list; so are adaptive limits in `limit/concurrency/`. See
//! `docs/adding/balancing.md`.
//!
//! # Sources
//! Named where they are used: nginx (smooth weighted round robin), Eisenbud et al. 2016 (Maglev), Mirrokni et al. 2018
//! (bounded loads), Finagle and linkerd (peak EWMA, retry budgets), Envoy (outliers, priorities, panic), HAProxy (checks),
//! Netflix concurrency-limits (gradient2, Vegas), ITU-T I.371 (GCRA).

pub mod balance;
pub mod breaker;
mod criticality;
pub mod deadline;
mod endpoint;
pub mod health;
pub mod hedge;
pub mod limit;
mod moment;
mod outcome;
pub mod retry;
pub mod surface;
#[cfg(feature = "tower")]
pub mod tower;
mod upstream;

pub use criticality::{Criticality, CriticalityError};
pub use endpoint::{AdminState, EndpointId, EndpointSpec};
pub use moment::Moment;
pub use outcome::{FailureKind, Outcome};
pub use upstream::{
    Ask, Considered, EndpointView, Event, EventKind, Explanation, LevelView, NoEndpoint, Options,
    Pick, Standing, Upstream, View, Why,
};
