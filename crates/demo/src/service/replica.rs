//! A replica: a port of its own, on which somebody listens unless it has crashed.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::{OnPanic, Tasks};
use tokio::net::{TcpListener, TcpSocket};

use super::{Fault, FaultId, Needs, Worker};
use crate::http1;
use crate::shop::Service;

/// How many connections wait to be accepted.
const BACKLOG: u32 = 1024;
/// The pause after its port could not be listened on again.
const AGAIN: Duration = Duration::from_millis(200);

/// A replica that runs.
pub struct Replica {
    /// Of which service.
    pub service: Service,
    /// Its number within the service, from 0.
    pub number: usize,
    /// Where it listens.
    pub address: SocketAddr,
    worker: Arc<Worker>,
}

impl Replica {
    /// Starts one on a port that is free.
    pub(crate) async fn start(service: Service, number: usize, needs: Needs) -> io::Result<Self> {
        // Bound and never listened on: while the replica is crashed the port is refused and still its own.
        let place = socket((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = place.local_addr()?;
        let listener = socket(address)?.listen(BACKLOG)?;
        let tasks = needs.tasks.clone();
        let worker = Arc::new(Worker::new(service, number, needs));
        let (inner, own) = (tasks.clone(), worker.clone());
        let live = |stop| live(place, listener, own, inner, stop);
        tasks.spawn("demo-replica", OnPanic::Fatal, live);
        Ok(Self {
            service,
            number,
            address,
            worker,
        })
    }

    /// Lets something be wrong with it.
    pub(crate) fn begin(&self, id: FaultId, fault: Fault) {
        self.worker.mood.begin(id, fault);
    }

    /// Repairs what was wrong.
    pub(crate) fn end(&self, id: FaultId) {
        self.worker.mood.end(id);
    }
}

/// Binds an address; several may, as long as nobody listens.
fn socket(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Serves while the replica is not crashed, until `stop`.
async fn live(
    place: TcpSocket,
    listener: TcpListener,
    worker: Arc<Worker>,
    tasks: Tasks,
    stop: Shutdown,
) {
    let mut listener = Some(listener);
    while !stop.is_triggered() {
        let Some(open) = listener.take() else {
            tokio::select! {
                () = worker.mood.until_crashed(false) => {}
                () = stop.wait() => return,
            }
            listener = again(&place);
            if listener.is_none() {
                worker.needs.clock.sleep(AGAIN).await;
            }
            continue;
        };
        let life = stop.child();
        let serving = http1::serve(open, worker.clone(), tasks.clone(), life.clone());
        tokio::select! {
            () = serving => {}
            () = worker.mood.until_crashed(true) => {}
        }
        life.trigger();
    }
}

/// Listens on the replica's own port again.
fn again(place: &TcpSocket) -> Option<TcpListener> {
    let listen = || socket(place.local_addr()?)?.listen(BACKLOG);
    let listener = listen();
    if let Err(error) = &listener {
        tracing::warn!(%error, "a replica cannot come back");
    }
    listener.ok()
}

#[cfg(test)]
mod tests {
    use plimsoll_runtime::clock::{Clock, SystemClock};
    use plimsoll_runtime::metrics::Registry;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;
    use crate::books::Books;
    use crate::caller::Caller;

    async fn asked(address: SocketAddr) -> io::Result<String> {
        let mut stream = TcpStream::connect(address).await?;
        let request = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }

    #[tokio::test]
    async fn a_crashed_replica_is_refused_and_comes_back_on_its_port() {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let stop = Shutdown::new();
        let tasks = Tasks::new(stop.clone(), clock.clone(), &Registry::new());
        let books = Arc::new(Books::default());
        let caller = Caller::new(Arc::default(), books.clone(), clock.clone());
        let needs = Needs {
            books,
            caller,
            clock,
            tasks,
        };
        let replica = Replica::start(Service::Inventory, 0, needs).await.unwrap();
        let address = replica.address;
        assert!(asked(address).await.unwrap().starts_with("HTTP/1.1 200"));
        let mut open = TcpStream::connect(address).await.unwrap();
        // It is accepted once it answers.
        open.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        let mut answer = [0; 12];
        open.read_exact(&mut answer).await.unwrap();

        replica.begin(1, Fault::Crash);
        // The connection breaks, and then nobody listens.
        let mut rest = Vec::new();
        let _ = open.read_to_end(&mut rest).await;
        let refused = asked(address).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);

        replica.end(1);
        while asked(address).await.is_err() {
            tokio::task::yield_now().await;
        }
        stop.trigger();
    }
}
