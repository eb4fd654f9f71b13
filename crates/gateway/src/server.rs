//! Connections of clients: taken in by worker threads, watched, and handed request by request to a [`Handler`].
//!
//! ```text
//! listening socket (one per worker) -> PROXY header -> TLS -> first bytes -> HTTP/1 | HTTP/2 -> Handler::answer
//!                                                         \-> TCP listener ------------------> Handler::tunnel
//! ```
//!
//! A configuration is put in force in two steps: [`Server::prepare`] binds and reads what is new and may fail,
//! [`Server::commit`] cannot. Between the two nothing has changed, so the rest of the gateway can be asked as well.
//!
//! | a listener of the new configuration | its sockets | its connections |
//! |---|---|---|
//! | has an address that is listened on | stay | those open live on with what they began with |
//! | has another address | are bound | - |
//! | is not there any more | are closed, once what waits in them was taken in | finish, within the drain timeout |

mod accept;
mod body;
mod connection;
mod connections;
mod drive;
mod error;
mod exchange;
mod framing;
mod handler;
pub(crate) mod http1;
mod http2;
mod leave;
mod progress;
mod rest;
mod running;
mod serve;
mod sniff;
mod stall;
mod stream;
mod threads;

use std::fmt;
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::tasks::{OnPanic, Tasks};

pub use body::{ClientBody, ClientBodyError};
pub use connection::{ClientCertificate, ConnectionInfo, ListenerId, TlsInfo};
pub(crate) use connections::Connections;
pub(crate) use drive::Limits;
pub use error::Error;
pub use handler::{Handler, Refusal, Reset, Tunnel};
pub use stream::ClientStream;

use crate::model::{Config, Listener};
use crate::worker::Panics;
use leave::Leave;
use running::{Planned, Running};
use threads::Thread;

/// How often certificates are looked at.
const CERTIFICATES_EVERY: Duration = Duration::from_secs(5);
/// How long connections may take to notice that they were ended.
const KILL_TIMEOUT: Duration = Duration::from_secs(1);

/// What a server needs from whoever starts it.
pub struct Needs<'a> {
    /// Tells the time of the control plane.
    pub clock: Arc<dyn Clock>,
    /// Runs what is not on the worker threads.
    pub tasks: Tasks,
    /// Where panics on the worker threads are counted.
    pub metrics: &'a Registry,
    /// Listening sockets of the process that this one takes over from; may be empty.
    pub inherited: Vec<TcpListener>,
}

/// Listeners, their worker threads and their connections.
pub struct Server<H: Handler> {
    handler: Arc<H>,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    workers: usize,
    inner: Mutex<Inner<H>>,
}

struct Inner<H: Handler> {
    threads: Vec<Thread<H>>,
    /// In the order of the configuration.
    listeners: Vec<Running>,
    /// Of listeners that are not there any more.
    leaving: Vec<Arc<Connections>>,
}

/// Listeners as a configuration wants them: bound and read, not in force yet.
pub struct Prepared {
    planned: Vec<Planned>,
    drain_timeout: Duration,
}

/// A listener as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerView {
    /// Its name.
    pub name: Arc<str>,
    /// Where it listens; with port 0 the one that was found.
    pub address: SocketAddr,
    /// Whether it is TLS.
    pub is_tls: bool,
    /// Connections that are open, upgraded ones and tunnels included.
    pub connections: usize,
    /// The most that may be.
    pub connections_max: usize,
    /// Connections since the listener began.
    pub connections_total: u64,
}

/// What became of the connections that had to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were ended in the middle, because their time was over.
    pub cut: usize,
}

impl<H: Handler> Server<H> {
    /// Starts `workers` threads, at least 1, and the listeners of a configuration: they take connections in at once,
    /// so the handler must be able to answer. Binds and reads files, so it blocks.
    ///
    /// # Errors
    /// [`Error`] when a thread cannot be started, an address cannot be listened on, or a certificate cannot be used.
    pub fn start(
        handler: Arc<H>,
        workers: usize,
        config: &Config,
        needs: Needs<'_>,
    ) -> Result<Arc<Self>, Error> {
        let panics = Panics::default();
        panics.register(needs.metrics);
        let threads = (0..workers.max(1))
            .map(|index| Thread::start(&handler, index, &panics))
            .collect::<Result<Vec<_>, _>>()
            .map_err(Error::Thread)?;
        let server = Arc::new(Self {
            handler,
            clock: needs.clock,
            tasks: needs.tasks,
            workers: threads.len(),
            inner: Mutex::new(Inner {
                threads,
                listeners: Vec::new(),
                leaving: Vec::new(),
            }),
        });
        let mut inherited = needs.inherited;
        let prepared = server.plan(config, &mut inherited)?;
        server.commit(prepared);
        server.watch_certificates();
        Ok(server)
    }

    /// Binds and reads what a configuration has that is not there yet; changes nothing, and blocks.
    ///
    /// # Errors
    /// [`Error`] when an address cannot be listened on, or a certificate cannot be used.
    pub fn prepare(&self, config: &Config) -> Result<Prepared, Error> {
        self.plan(config, &mut Vec::new())
    }

    fn plan(&self, config: &Config, inherited: &mut Vec<TcpListener>) -> Result<Prepared, Error> {
        let inner = self.inner();
        let planned = config.listeners.iter().map(|listener| {
            let running = inner.listeners.iter().find(|one| one.is_for(listener));
            Planned::new(listener, running, take(inherited, listener), self.workers)
        });
        Ok(Prepared {
            planned: planned.collect::<Result<_, _>>()?,
            drain_timeout: config.drain_timeout,
        })
    }

    /// Puts prepared listeners in force. Those that are not there any more take no connection; their connections end
    /// within the configuration's drain timeout.
    pub fn commit(&self, prepared: Prepared) {
        let drain = prepared.drain_timeout;
        let mut inner = self.inner();
        let mut old = std::mem::take(&mut inner.listeners);
        let mut new = Vec::with_capacity(prepared.planned.len());
        for (index, planned) in prepared.planned.into_iter().enumerate() {
            let signals = self.handler.listener(planned.name());
            let running = old.iter().position(|one| planned.is_for(one));
            new.push(match running.map(|at| old.swap_remove(at)) {
                Some(running) => {
                    planned.change(&running, index, drain, signals);
                    running
                }
                None => planned.start(index, drain, signals, &inner.threads),
            });
        }
        inner.listeners = new;
        inner.leaving.retain(|connections| connections.open() > 0);
        for mut gone in old {
            gone.is_gone();
            gone.leave(Leave::Closed);
            inner.leaving.push(gone.connections());
            self.retire(gone, drain);
        }
    }

    fn retire(&self, listener: Running, drain: Duration) {
        let clock = Arc::clone(&self.clock);
        self.tasks.spawn(
            "gateway-listener-drain",
            OnPanic::Report,
            |stop| async move {
                tokio::select! {
                    () = listener.ended() => {}
                    () = clock.sleep(drain) => listener.connections().kill(),
                    // The server's own drain goes on with it.
                    () = stop.wait() => {}
                }
            },
        );
    }

    /// Returns the listeners in the order of the configuration.
    pub fn listeners(&self) -> Vec<ListenerView> {
        self.inner().listeners.iter().map(Running::view).collect()
    }

    /// Returns the listening sockets, to be handed to another process.
    ///
    /// # Errors
    /// What the system says: too many descriptors.
    pub fn sockets(&self) -> std::io::Result<Vec<TcpListener>> {
        let inner = self.inner();
        let sockets = inner.listeners.iter().flat_map(Running::sockets);
        sockets.map(TcpListener::try_clone).collect()
    }

    /// Takes no more connections in, lets those that are there finish within `timeout`, ends the others, and then the
    /// threads. With `is_handed_over`, connections that wait in the kernel are left to the process that has the sockets
    /// now; else they are served.
    ///
    /// # Cancel safety
    /// Not safe: a drain that is dropped leaves connections that nobody ends, until the server is dropped.
    pub async fn drain(&self, timeout: Duration, is_handed_over: bool) -> Drained {
        let leave = if is_handed_over {
            Leave::HandedOver
        } else {
            Leave::Closed
        };
        let (mut listeners, mut leaving) = {
            let mut inner = self.inner();
            let listeners = std::mem::take(&mut inner.listeners);
            (listeners, std::mem::take(&mut inner.leaving))
        };
        for listener in &mut listeners {
            listener.leave(leave);
            leaving.push(listener.connections());
        }
        let all_ended = async {
            for listener in &listeners {
                listener.ended().await;
            }
            ended(&leaving).await;
        };
        self.within(timeout, all_ended).await;
        let cut = leaving.iter().map(|connections| connections.open()).sum();
        leaving.iter().for_each(|connections| connections.kill());
        self.within(KILL_TIMEOUT, ended(&leaving)).await;
        self.end().await;
        Drained { cut }
    }

    async fn within(&self, longest: Duration, work: impl Future<Output = ()>) {
        tokio::select! {
            () = work => {}
            () = self.clock.sleep(longest) => {}
        }
    }

    async fn end(&self) {
        let mut threads = std::mem::take(&mut self.inner().threads);
        let end = move || threads.iter_mut().for_each(Thread::end);
        // A panic of it was logged; the threads end with the process.
        let _ = self.tasks.run_blocking("gateway-threads", end).await;
    }

    fn watch_certificates(self: &Arc<Self>) {
        let server = Arc::downgrade(self);
        self.tasks.spawn_loop("gateway-certificates", move |stop| {
            let server = server.clone();
            async move {
                while let Some(server) = server.upgrade() {
                    server.refresh_certificates().await;
                    let next = server.clock.sleep(CERTIFICATES_EVERY);
                    drop(server);
                    tokio::select! {
                        () = next => {}
                        () = stop.wait() => return,
                    }
                }
            }
        });
    }

    /// Reads certificates again whose files changed; what does not hold changes nothing and is logged. It happens by
    /// itself every 5 s.
    pub async fn refresh_certificates(&self) {
        let all: Vec<_> = self
            .inner()
            .listeners
            .iter()
            .filter_map(Running::tls)
            .collect();
        for (id, tls) in all {
            let refreshed = self
                .tasks
                .run_blocking("gateway-certificates", move || tls.refresh());
            match refreshed.await {
                Ok(Ok(false)) | Err(_) => {}
                Ok(Ok(true)) => tracing::info!(listener = %id.name, "certificates were read again"),
                Ok(Err(error)) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::error!(
                        listener = %id.name,
                        error,
                        "certificates that changed cannot be used; those before stay in force"
                    );
                }
            }
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner<H>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn ended(all: &[Arc<Connections>]) {
    for connections in all {
        connections.ended().await;
    }
}

/// Takes the sockets of a listener's address out of those that were inherited.
fn take(inherited: &mut Vec<TcpListener>, listener: &Listener) -> Vec<TcpListener> {
    let address = listener.address.0;
    inherited
        .extract_if(.., |socket| {
            socket.local_addr().is_ok_and(|local| local == address)
        })
        .collect()
}

impl<H: Handler> fmt::Debug for Server<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("workers", &self.workers)
            .field("listeners", &self.listeners())
            .finish_non_exhaustive()
    }
}
