//! Listeners that run: made in two steps, so that a configuration that does not hold changes nothing.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use super::accept::Acceptor;
use super::connection::ListenerId;
use super::connections::Connections;
use super::error::Error;
use super::handler::Handler;
use super::leave::{Leave, Order};
use super::threads::Thread;
use super::{ListenerView, http1};
use crate::listener::{Kind, Settings, socket};
use crate::model;
use crate::signals::ListenerSignals;
use crate::tls::Tls;

/// The longest that an idle connection that must close waits for another request.
const GRACE_MAX: Duration = Duration::from_secs(5);

/// A listener that runs.
pub(super) struct Running {
    /// What was asked for; the port may be 0.
    address: SocketAddr,
    /// One per worker and more; kept to be handed over.
    sockets: Vec<TcpListener>,
    settings: Arc<ArcSwap<Settings>>,
    order: Order,
}

/// A listener that could run.
pub(super) struct Planned {
    listener: model::Listener,
    tls: Option<Arc<Tls>>,
    /// Empty when a listener that runs has them.
    sockets: Vec<TcpListener>,
    /// The same once more, for those who take connections in. Made here, where it may fail: a socket that nobody looks at
    /// would get its share of the connections all the same.
    copies: Vec<TcpListener>,
}

impl Planned {
    /// Says whether it takes the place of this one.
    pub(super) fn is_for(&self, running: &Running) -> bool {
        running.is_for(&self.listener)
    }

    /// Returns the listener's name.
    pub(super) fn name(&self) -> &str {
        &self.listener.name
    }

    /// Binds what is not bound and reads certificates; blocks.
    pub(super) fn new(
        listener: &model::Listener,
        running: Option<&Running>,
        inherited: Vec<TcpListener>,
        workers: usize,
    ) -> Result<Self, Error> {
        let tls = listener.tls.as_ref().map(|config| tls(config, running));
        let tls = tls.transpose().map_err(|source| Error::Tls {
            listener: listener.name.clone(),
            source,
        })?;
        let address = listener.address.0;
        let fails = |source| Error::Bind {
            listener: listener.name.clone(),
            address,
            source,
        };
        let sockets = match running {
            Some(_) => Vec::new(),
            None => sockets(address, inherited, workers).map_err(fails)?,
        };
        let copies = sockets.iter().map(TcpListener::try_clone);
        let copies = copies.collect::<Result<_, _>>().map_err(fails)?;
        Ok(Self {
            listener: listener.clone(),
            tls,
            sockets,
            copies,
        })
    }

    /// Begins to take connections in.
    pub(super) fn start<H: Handler>(
        self,
        index: usize,
        drain: Duration,
        signals: Option<Arc<ListenerSignals>>,
        threads: &[Thread<H>],
    ) -> Running {
        let id = Arc::new(ListenerId::new(&self.listener.name, index));
        let connections = Connections::new(self.listener.connections_max);
        let address = self.listener.address.0;
        let settings = settings(self.listener, self.tls, id, connections, drain, signals);
        let running = Running {
            address,
            sockets: self.sockets,
            settings: Arc::new(ArcSwap::from_pointee(settings)),
            order: Order::new(),
        };
        for (socket, thread) in self.copies.into_iter().zip(threads.iter().cycle()) {
            running.accept(socket, thread);
        }
        running
    }

    /// Gives a listener that runs what is new.
    pub(super) fn change(
        self,
        running: &Running,
        index: usize,
        drain: Duration,
        signals: Option<Arc<ListenerSignals>>,
    ) {
        let old = running.settings.load_full();
        old.id.set_index(index);
        let is_same = *old.id.name == *self.listener.name;
        let id = if is_same {
            Arc::clone(&old.id)
        } else {
            Arc::new(ListenerId::new(&self.listener.name, index))
        };
        let connections = Arc::clone(&old.connections);
        connections.set_max(self.listener.connections_max);
        let settings = settings(self.listener, self.tls, id, connections, drain, signals);
        running.settings.store(Arc::new(settings));
    }
}

impl Running {
    /// Says whether this listener is at that address. With port 0 the name tells.
    pub(super) fn is_for(&self, listener: &model::Listener) -> bool {
        let address = listener.address.0;
        self.address == address
            && (address.port() != 0 || *self.settings.load().id.name == *listener.name)
    }

    pub(super) fn connections(&self) -> Arc<Connections> {
        Arc::clone(&self.settings.load().connections)
    }

    pub(super) fn tls(&self) -> Option<(Arc<ListenerId>, Arc<Tls>)> {
        let settings = self.settings.load();
        Some((Arc::clone(&settings.id), Arc::clone(settings.tls.as_ref()?)))
    }

    pub(super) fn sockets(&self) -> &[TcpListener] {
        &self.sockets
    }

    pub(super) fn view(&self) -> ListenerView {
        let settings = self.settings.load();
        ListenerView {
            name: Arc::clone(&settings.id.name),
            address: self.local(),
            is_tls: settings.tls.is_some(),
            connections: settings.connections.open(),
            connections_max: settings.listener.connections_max,
            connections_total: settings.connections.opened(),
        }
    }

    fn local(&self) -> SocketAddr {
        let bound = self.sockets.first().and_then(|one| one.local_addr().ok());
        bound.unwrap_or(self.address)
    }

    fn accept<H: Handler>(&self, socket: TcpListener, thread: &Thread<H>) {
        let acceptor = Acceptor::<H> {
            worker: Arc::clone(&thread.worker),
            spawner: thread.spawner.clone(),
            settings: Arc::clone(&self.settings),
            leaving: self.order.listen(),
        };
        thread.spawner.spawn("listener", acceptor.run(socket));
    }

    /// Tells requests of connections that live on that the listener has no place any more.
    pub(super) fn is_gone(&self) {
        self.settings.load().id.set_index(usize::MAX);
    }

    /// Takes no more connections in, and asks those that are there to close.
    pub(super) fn leave(&mut self, leave: Leave) {
        self.sockets.clear();
        self.order.give(leave);
        self.connections().close();
    }

    /// Waits until its connections have ended, after [`leave`](Self::leave).
    pub(super) async fn ended(&self) {
        // Until all have heard it, one more may come.
        self.order.heard().await;
        self.connections().ended().await;
    }
}

/// Reads certificates, unless those in force are of the same files and hold.
fn tls(
    config: &model::ServerTls,
    running: Option<&Running>,
) -> Result<Arc<Tls>, crate::tls::Error> {
    let in_force = running.and_then(Running::tls).map(|(_, tls)| tls);
    match in_force.filter(|tls| tls.config() == config) {
        Some(tls) => {
            tls.holds()?;
            Ok(tls)
        }
        None => Tls::load(config).map(Arc::new),
    }
}

fn sockets(
    address: SocketAddr,
    inherited: Vec<TcpListener>,
    workers: usize,
) -> std::io::Result<Vec<TcpListener>> {
    let Some(first) = inherited.first() else {
        return socket::bind(address, workers);
    };
    let missing = workers.saturating_sub(inherited.len());
    let mut more = socket::share(first.local_addr()?, missing)?;
    let mut sockets = inherited;
    sockets.append(&mut more);
    Ok(sockets)
}

fn settings(
    listener: model::Listener,
    tls: Option<Arc<Tls>>,
    id: Arc<ListenerId>,
    connections: Arc<Connections>,
    drain: Duration,
    signals: Option<Arc<ListenerSignals>>,
) -> Settings {
    Settings {
        id,
        signals,
        kind: Kind::of(&listener.kind),
        tls,
        http1: http1::builder(listener.headers_max),
        connections,
        // Half of the time is left for what it brings.
        grace: (drain / 2).min(GRACE_MAX),
        listener,
    }
}
