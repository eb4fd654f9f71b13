//! What runs beside the workers: exports, and lines of the access log.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_types::{Appender, Timestamp};

use super::families::View;
use super::totals::Totals;
use super::{Signals, lock};
use crate::access_log;

/// For how long what is configured no more is shown after its last event: longer than the usual intervals of scrapes.
const SHOWN_FOR: Duration = Duration::from_secs(120);

impl Signals {
    /// Starts what exports into the store, every [`Options::every`](super::Options::every), and writes the access log. Both
    /// go on until the program stops; [`finish`](Self::finish) does it a last time.
    pub fn start(
        self: &Arc<Self>,
        store: Option<Arc<dyn Appender>>,
        clock: Arc<dyn Clock>,
        tasks: &Tasks,
    ) {
        self.start_exports(store, clock.clone(), tasks);
        self.start_lines(clock, tasks);
    }

    /// Exports and writes what is left; called after the last request has ended. Blocks on the store and the disk.
    pub fn finish(&self, store: Option<&dyn Appender>, now: Timestamp) {
        if let Some(store) = store {
            self.export_or_tell(store, now);
        }
        self.write_lines();
    }

    fn start_exports(
        self: &Arc<Self>,
        store: Option<Arc<dyn Appender>>,
        clock: Arc<dyn Clock>,
        tasks: &Tasks,
    ) {
        let (signals, workers) = (self.clone(), tasks.clone());
        tasks.spawn_loop("gateway-signals", move |stop| {
            let (signals, store, clock, workers) = (
                signals.clone(),
                store.clone(),
                clock.clone(),
                workers.clone(),
            );
            async move {
                let mut next = clock.monotonic();
                loop {
                    // At fixed distances, unless an export took longer than that.
                    next = next.after(signals.options.every).max(clock.monotonic());
                    tokio::select! {
                        () = stop.wait() => return,
                        () = clock.sleep_until(next) => {}
                    }
                    let (signals, store, now) = (signals.clone(), store.clone(), clock.now());
                    let work = move || match store {
                        Some(store) => signals.export_or_tell(&*store, now),
                        None => signals.tidy_up(),
                    };
                    // A panic is told by who runs it; the next export has what this one lacks.
                    let _ = workers.run_blocking("gateway-export", work).await;
                }
            }
        });
    }

    fn start_lines(self: &Arc<Self>, clock: Arc<dyn Clock>, tasks: &Tasks) {
        let (signals, workers) = (self.clone(), tasks.clone());
        tasks.spawn_loop("gateway-access-log", move |stop| {
            let (signals, clock, workers) = (signals.clone(), clock.clone(), workers.clone());
            async move {
                while !stop.is_triggered() {
                    let log = signals.access_log.load_full();
                    let much = async {
                        match &log {
                            Some(log) => log.woken().await,
                            None => std::future::pending().await,
                        }
                    };
                    tokio::select! {
                        () = stop.wait() => {}
                        () = clock.sleep(access_log::EVERY) => {}
                        () = much => {}
                    }
                    let signals = signals.clone();
                    let work = move || signals.write_lines();
                    let _ = workers.run_blocking("gateway-access-log", work).await;
                }
            }
        });
    }

    fn export_or_tell(&self, store: &dyn Appender, now: Timestamp) {
        match self.export(store, now) {
            Ok(exported) if exported.refused == 0 => {}
            Ok(exported) => {
                tracing::warn!(
                    refused = exported.refused,
                    "the store refused samples of the gateway"
                );
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the store took no sample of the gateway; the next export has them all"
                );
            }
        }
    }

    /// Writes lines that wait at workers, or forgets them when there is no log any more.
    pub(crate) fn write_lines(&self) {
        let locals = {
            let locals = lock(&self.locals);
            locals.workers.clone()
        };
        match &*self.access_log.load() {
            Some(log) => log.flush(locals.iter().map(|local| &**local)),
            None => locals.iter().for_each(|local| local.lock().lines.forget()),
        }
    }

    /// Brings totals and gauges up to date.
    pub(super) fn look(&self) {
        let gauges = lock(&self.gauges)
            .as_ref()
            .and_then(std::sync::Weak::upgrade);
        // Without a lock of ours: whoever tells gauges has locks of his own.
        let readings = gauges.map(|gauges| gauges.read()).unwrap_or_default();
        let mut totals = lock(&self.totals);
        let directory = self.directory.load();
        self.gather(&mut totals, &|backend, endpoint| {
            directory.find(backend, endpoint)
        });
        totals.set_readings(readings, &directory);
    }

    /// Forgets what is gone, where no export does.
    fn tidy_up(&self) {
        self.look();
        self.forget_what_is_gone();
    }

    /// Called after everything was shown. What is gone is shown for a while, so that whoever reads `/metrics` sees its
    /// last counts.
    pub(super) fn forget_what_is_gone(&self) {
        let every = self.options.every.as_millis().max(1);
        let shown_max = u32::try_from(SHOWN_FOR.as_millis() / every).unwrap_or(u32::MAX);
        lock(&self.totals).tidy_up(&self.directory.load(), shown_max.max(1));
    }

    pub(super) fn with_view<T>(&self, totals: &Totals, look: impl FnOnce(&View<'_>) -> T) -> T {
        let directory = self.directory.load();
        let listeners: Vec<_> = {
            let mut listeners = lock(&self.listeners);
            // Whoever holds one may still count.
            listeners.retain(|listener| {
                directory.has_listener(listener.name()) || Arc::strong_count(listener) > 1
            });
            listeners.clone()
        };
        look(&View {
            totals,
            names: &self.names,
            listeners: &listeners,
            lines: self.access_log_counts(),
        })
    }
}
