//! What stands around the gateway: replicas, customers, and who takes notices.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use http::HeaderMap;
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::tasks::{OnPanic, Tasks};
use tokio::sync::mpsc;

use crate::books::Books;
use crate::caller::Caller;
use crate::files::Places;
use crate::http1;
use crate::load::{Arrivals, Load};
use crate::receiver::{Notice, Receiver};
use crate::scale::Scale;
use crate::service::{FaultId, Needs, Replica};
use crate::shop::Service;
use crate::story::Inject;

/// Notices that wait to be read; beyond it the webhook waits.
const NOTICES: usize = 64;

/// The stage of a demo, on loopback, with ports that were free.
pub struct Stage {
    /// The replicas of all services.
    pub replicas: Vec<Replica>,
    /// The customers.
    pub load: Arc<Load>,
    /// Who saw what.
    pub books: Arc<Books>,
    /// What somebody was told, as it comes.
    pub notices: mpsc::Receiver<Notice>,
    receiver: SocketAddr,
    edge: Arc<OnceLock<SocketAddr>>,
    inside: Arc<OnceLock<SocketAddr>>,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
}

impl Stage {
    /// Sets it up: replicas listen, nobody comes yet.
    ///
    /// # Errors
    /// When a port cannot be had.
    pub async fn set_up(clock: Arc<dyn Clock>, tasks: Tasks) -> io::Result<Self> {
        let books = Arc::new(Books::default());
        let (edge, inside) = (Arc::default(), Arc::new(OnceLock::new()));
        let needs = Needs {
            books: books.clone(),
            caller: Caller::new(inside.clone(), books.clone(), clock.clone()),
            clock: clock.clone(),
            tasks: tasks.clone(),
        };
        let mut replicas = Vec::new();
        for service in Service::ALL {
            for number in 0..service.replicas() {
                replicas.push(Replica::start(service, number, needs.clone()).await?);
            }
        }
        let load = Load::new();
        let (notices, told) = mpsc::channel(NOTICES);
        let (listener, receiver) = http1::bind().await?;
        let handler = Arc::new(Receiver {
            notices,
            clock: clock.clone(),
            load: load.clone(),
        });
        let inner = tasks.clone();
        let serve = |stop| http1::serve(listener, handler, inner, stop);
        tasks.spawn("demo-receiver", OnPanic::Fatal, serve);
        Ok(Self {
            replicas,
            load,
            books,
            notices: told,
            receiver,
            edge,
            inside,
            clock,
            tasks,
        })
    }

    /// Returns what the files have to say of it.
    pub fn places(&self, scale: Scale) -> Places {
        let replicas = self.replicas.iter();
        Places {
            replicas: replicas.map(|one| (one.service, one.address)).collect(),
            customers: self.receiver,
            receiver: self.receiver,
            scale,
        }
    }

    /// Lets customers come in through the gateway's listeners; their number is [`Load::set_rate`]'s.
    pub(crate) fn open(&self, edge: SocketAddr, inside: SocketAddr, seed: u64) {
        // They are told once.
        let _ = (self.edge.set(edge), self.inside.set(inside));
        let caller = Caller::new(self.edge.clone(), self.books.clone(), self.clock.clone());
        let (load, clock, tasks) = (self.load.clone(), self.clock.clone(), self.tasks.clone());
        let come = |stop| {
            let call = move |route| {
                let caller = caller.clone();
                async move { caller.call(route, &HeaderMap::new()).await }
            };
            load.run(Arrivals::new(seed), clock, tasks, stop, call)
        };
        self.tasks.spawn("demo-customers", OnPanic::Fatal, come);
    }

    /// Breaks what a step breaks.
    pub(crate) fn begin(&self, id: FaultId, inject: &Inject) {
        self.struck(inject)
            .for_each(|one| one.begin(id, inject.fault));
    }

    /// Repairs it.
    pub(crate) fn end(&self, id: FaultId, inject: &Inject) {
        self.struck(inject).for_each(|one| one.end(id));
    }

    fn struck(&self, inject: &Inject) -> impl Iterator<Item = &Replica> {
        let (service, number) = (inject.service, inject.replica);
        let own = self
            .replicas
            .iter()
            .filter(move |one| one.service == service);
        own.filter(move |one| number.is_none_or(|number| one.number == number))
    }
}
