//! Customers: they come when they want, not when the shop is ready for them.
//!
//! The load is open: when a request is sent is drawn beforehand (Poisson, [`Arrivals`]) and does not depend on answers. A
//! shop that stands still for two seconds is met by two seconds' worth of customers, and each of them waited since the
//! moment at which they wanted something: latency counts from there, not from when a request could be sent. A loop that waits
//! for an answer before it sends the next request would see one slow request instead.

mod arrivals;
mod latencies;

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plimsoll_runtime::clock::{Clock, Monotonic};
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::{OnPanic, Tasks};
use tokio::sync::watch;

pub use arrivals::{Arrival, Arrivals};
pub use latencies::Latencies;

use crate::books::Ending;
use crate::meter::Meter;
use crate::shop::Route;

/// Requests under way above which customers are dropped, which is counted: sending must not take all memory.
const UNDER_WAY_MAX: u64 = 4_000;

/// Sends the requests of customers.
pub struct Load {
    rate: watch::Sender<f64>,
    under_way: AtomicU64,
    dropped: AtomicU64,
    meter: Meter,
    latencies: Mutex<[Latencies; Route::EDGE.len()]>,
}

impl Load {
    /// Makes one that sends nothing yet.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            rate: watch::Sender::new(0.0),
            under_way: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            meter: Meter::new("shop_customer"),
            latencies: Mutex::default(),
        })
    }

    /// Sets how many customers come in a second in the mean; 0 for none.
    pub fn set_rate(&self, per_second: f64) {
        self.rate.send_replace(per_second);
    }

    /// Returns how many customers were not served because too many were under way.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Returns how long customers of a route waited since the last call, from when they wanted to.
    pub fn take_latencies(&self, route: Route) -> Latencies {
        let mut latencies = self
            .latencies
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut latencies[route.index()])
    }

    pub(crate) fn exposition(&self) -> String {
        self.meter.text()
    }

    /// Lets customers come until `stop`; `call` sends the request of one.
    pub(crate) async fn run<C, F>(
        self: Arc<Self>,
        mut arrivals: Arrivals,
        clock: Arc<dyn Clock>,
        tasks: Tasks,
        stop: Shutdown,
        call: C,
    ) where
        C: Fn(Route) -> F,
        F: Future<Output = Ending> + Send + 'static,
    {
        let mut rate = self.rate.subscribe();
        let mut wanted = clock.monotonic();
        while !stop.is_triggered() {
            let per_second = *rate.borrow_and_update();
            let arrival = arrivals.next(per_second);
            let next = arrival.map(|arrival| wanted.after(arrival.after));
            tokio::select! {
                // Arrivals have no memory: when the rate changes, waiting begins anew from now.
                changed = rate.changed() => match changed {
                    Ok(()) => wanted = wanted.max(clock.monotonic()),
                    Err(_) => return,
                },
                () = until(&clock, next) => {
                    let (Some(arrival), Some(next)) = (arrival, next) else { continue };
                    wanted = next;
                    self.clone().send(arrival.route, wanted, &clock, &tasks, &call);
                }
                () = stop.wait() => return,
            }
        }
    }

    fn send<F>(
        self: Arc<Self>,
        route: Route,
        wanted: Monotonic,
        clock: &Arc<dyn Clock>,
        tasks: &Tasks,
        call: impl Fn(Route) -> F,
    ) where
        F: Future<Output = Ending> + Send + 'static,
    {
        if self.under_way.fetch_add(1, Ordering::Relaxed) >= UNDER_WAY_MAX {
            self.under_way.fetch_sub(1, Ordering::Relaxed);
            self.dropped.fetch_add(1, Ordering::Relaxed);
            self.meter.dropped();
            return;
        }
        let (call, clock) = (call(route), clock.clone());
        let customer = |_| async move {
            let running = self.meter.begin();
            let ending = call.await;
            drop(running);
            self.ended(route, ending, clock.monotonic().since(wanted));
        };
        tasks.spawn("demo-customer", OnPanic::Report, customer);
    }

    fn ended(&self, route: Route, ending: Ending, took: Duration) {
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        let code = match ending {
            Ending::Good => "200",
            Ending::FailedByService | Ending::FailedByGateway => "5xx",
            Ending::Shed => "shed",
            Ending::Lost => "lost",
        };
        self.meter.ended(route.name(), code, took);
        if ending == Ending::Good {
            let mut latencies = self
                .latencies
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            latencies[route.index()].add(took);
        }
    }
}

async fn until(clock: &Arc<dyn Clock>, time: Option<Monotonic>) {
    match time {
        Some(time) => clock.sleep_until(time).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
