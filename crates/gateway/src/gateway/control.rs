//! What goes on beside requests: judgement's own time, events, connections that nobody uses, names, checks.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_traffic::{Event, EventKind};

use super::{Backend, Gateway};

/// How often judgement is asked what time alone changed, and what happened is told: as late as this an event may be.
const TICK: Duration = Duration::from_millis(100);
/// Every how many ticks connections that nobody uses are closed.
const SWEEP_TICKS: u32 = 10;

impl Gateway {
    /// Starts what goes on beside requests, until the tasks' shutdown.
    pub fn start(self: &Arc<Self>, tasks: &Tasks) {
        let gateway = Arc::clone(self);
        tasks.spawn_loop("gateway control", move |stop| {
            let gateway = Arc::clone(&gateway);
            async move { gateway.tick_until(stop).await }
        });
        let gateway = Arc::clone(self);
        tasks.spawn_loop("gateway names", move |stop| {
            let gateway = Arc::clone(&gateway);
            async move { super::resolve::run(&gateway, stop).await }
        });
        let (gateway, workers) = (Arc::clone(self), tasks.clone());
        tasks.spawn_loop("gateway files", move |stop| {
            let (gateway, workers) = (Arc::clone(&gateway), workers.clone());
            async move { super::renew::run(&gateway, &workers, stop).await }
        });
        let gateway = Arc::clone(self);
        tasks.spawn_loop("gateway checks", move |stop| {
            let gateway = Arc::clone(&gateway);
            async move { crate::check::run(&gateway, stop).await }
        });
    }

    async fn tick_until(&self, stop: Shutdown) {
        let mut count = 0_u32;
        while !stop.is_triggered() {
            self.tick(count.is_multiple_of(SWEEP_TICKS));
            count = count.wrapping_add(1);
            tokio::select! {
                () = self.clock.sleep(TICK) => {}
                () = stop.wait() => return,
            }
        }
    }

    /// Does once what goes on beside requests: lets judgement's time go on, tells what happened, and closes connections
    /// that nobody uses when it `sweeps`.
    pub fn tick(&self, sweeps: bool) {
        let now = self.now();
        for backend in self.snapshot().backends.values() {
            let events = backend.with_upstream(|upstream| {
                if upstream.next_tick() <= now {
                    upstream.tick(now);
                }
                upstream.take_events()
            });
            for event in &events {
                self.happened(backend, event);
            }
            if sweeps {
                let targets = backend.targets();
                targets.iter().for_each(|(_, target)| target.sweep(now));
            }
        }
    }

    fn happened(&self, backend: &Backend, event: &Event) {
        self.signals
            .happened(backend.id, event.endpoint, event.kind);
        let target = backend.target_of(event.endpoint);
        let endpoint = target.as_ref().map_or("", |target| target.name());
        let (backend, reason, kind) = (&*backend.name, &*event.reason, event.kind);
        match kind {
            EventKind::Down | EventKind::Ejected(_) | EventKind::BreakerOpened(_) => {
                tracing::warn!(backend, endpoint, ?kind, reason, "an endpoint is out");
            }
            _ => tracing::info!(backend, endpoint, ?kind, reason, "an endpoint changed"),
        }
    }
}
