//! The same judgement as layers of tower, for services that call others and have no gateway on the way.
//!
//! | layer                       | what it does                                                                          |
//! |-----------------------------|---------------------------------------------------------------------------------------|
//! | [`ContextLayer`]            | on the server: reads deadline and criticality from headers, for everything called below |
//! | [`DeadlineLayer`]           | ends a call in time, and tells the next hop how long is waited for it                 |
//! | [`RetryLayer`]              | tries again, within the budget                                                        |
//! | [`HedgeLayer`]              | sends a second attempt when the first one is slow, from the same budget               |
//! | [`BreakerLayer`]            | calls nobody who fails                                                                |
//! | [`ConcurrencyLayer`]        | calls with so many at a time, found out or given; the others wait, the critical ones least |
//! | [`RateLayer`]               | calls so often, and no more                                                           |
//!
//! They go in this order, outermost first: a deadline holds for all attempts together, and an attempt asks breaker and limits
//! each time. One [`Budget`](crate::retry::Budget) belongs to the whole process; breakers, delays and limits belong to one
//! destination each.
//!
//! What a layer refuses is a [`Refused`], in the [`BoxError`] that all of them return. A future that is dropped gives back
//! what it holds: places, probes, turns in the queue.
//!
//! Time is a closure, so that services test with a clock of their own; waiting is tokio's.
//!
//! # Example
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use std::convert::Infallible;
//! use std::sync::Arc;
//! use std::time::{Duration, Instant};
//!
//! use plimsoll_traffic::retry::{self, Budget, BudgetOptions};
//! use plimsoll_traffic::breaker;
//! use plimsoll_traffic::tower::{BreakerLayer, DeadlineLayer, Http, RetryLayer, Time};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! let origin = Instant::now();
//! let time = Time::new(move || origin.elapsed());
//! let budget = Arc::new(Budget::new(BudgetOptions::default(), time.now()));
//!
//! let client = ServiceBuilder::new()
//!     .layer(DeadlineLayer::new(time.clone(), Duration::from_secs(2)))
//!     .layer(RetryLayer::new(time.clone(), retry::Options::default(), budget, Http, 7))
//!     .layer(BreakerLayer::new(time, breaker::Options::default(), Http))
//!     .service(service_fn(async |_: http::Request<String>| {
//!         Ok::<_, Infallible>(http::Response::new("pong"))
//!     }));
//! let answer = client.oneshot(http::Request::new("ping".to_owned())).await;
//! assert_eq!(*answer.expect("it answers").body(), "pong");
//! # }
//! ```

mod breaker;
mod classify;
mod concurrency;
mod context;
mod deadline;
mod hedge;
mod rate;
mod refused;
mod retry;
mod time;

use std::future::Future;
use std::pin::Pin;

pub use breaker::{BreakerLayer, BreakerService};
pub use classify::{Classify, Http, Repeat};
pub use concurrency::{ConcurrencyLayer, ConcurrencyService};
pub use context::{Context, ContextLayer, ContextService, Incoming};
pub use deadline::{DeadlineLayer, DeadlineService};
pub use hedge::{HedgeLayer, HedgeService};
pub use rate::{RateLayer, RateService};
pub use refused::Refused;
pub use retry::{RetryLayer, RetryService};
pub use time::Time;

/// The error of all layers: a [`Refused`] of theirs, or what the service said.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What calls return.
type Answer<R> = Pin<Box<dyn Future<Output = Result<R, BoxError>> + Send>>;

/// Takes the service that was polled ready and leaves a clone that was not.
fn take_ready<S: Clone>(service: &mut S) -> S {
    let clone = service.clone();
    std::mem::replace(service, clone)
}

#[cfg(test)]
mod tests;
