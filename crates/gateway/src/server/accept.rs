//! Takes connections of one listening socket in, on one worker's thread.
//!
//! | an error of `accept` | what is done |
//! |---|---|
//! | the client left already (ECONNABORTED), or the network failed it | the next one |
//! | no descriptor, no memory (EMFILE, ENFILE, ENOBUFS, ENOMEM) | connections wait in the kernel; again after 10 ms, 20 ms, ... 1 s |
//! | another | likewise, and it is logged as an error |

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::FutureExt;
use rustix::io::Errno;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until};

use super::connections::Place;
use super::handler::Handler;
use super::leave::{Leave, Leaving};
use super::serve::{Arrival, serve};
use crate::listener::Settings;
use crate::worker::Spawner;

const PAUSE_MIN: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// How often errors are logged at most.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Takes connections in on a worker's thread.
pub(super) struct Acceptor<H: Handler> {
    pub(super) worker: Arc<H::Worker>,
    pub(super) spawner: Spawner,
    pub(super) settings: Arc<ArcSwap<Settings>>,
    pub(super) leaving: Leaving,
}

impl<H: Handler> Acceptor<H> {
    /// Takes connections in until it is told to leave.
    pub(super) async fn run(mut self, socket: std::net::TcpListener) {
        let listener = match TcpListener::from_std(socket) {
            Ok(listener) => listener,
            Err(error) => {
                let id = &self.settings.load().id;
                tracing::error!(listener = %id.name, %error, "cannot take connections in");
                return;
            }
        };
        let mut pause = Pause::new();
        let leave = loop {
            let accepted = tokio::select! {
                biased;
                leave = self.leaving.told() => break leave,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok(accepted) => {
                    pause.reset();
                    if let Some(leave) = self.admit(accepted).await {
                        break leave;
                    }
                }
                Err(error) if is_of_the_client(&error) => {}
                Err(error) => {
                    let until = pause.next(&error, &self.settings);
                    tokio::select! {
                        biased;
                        leave = self.leaving.told() => break leave,
                        () = sleep_until(until) => {}
                    }
                }
            }
        };
        self.leave(&listener, leave).await;
    }

    /// Serves a connection once there is a place for it. Others wait in the kernel's queue meanwhile.
    async fn admit(&mut self, accepted: (TcpStream, SocketAddr)) -> Option<Leave> {
        let connections = Arc::clone(&self.settings.load().connections);
        tokio::select! {
            biased;
            place = connections.enter() => {
                self.take(place, accepted);
                None
            }
            leave = self.leaving.told() => {
                self.take(connections.enter_anyway(), accepted);
                Some(leave)
            }
        }
    }

    fn take(&self, place: Place, (socket, peer): (TcpStream, SocketAddr)) {
        // Answers are written whole; waiting for more to send only delays them.
        let _ = socket.set_nodelay(true);
        let arrival = Arrival::<H> {
            worker: Arc::clone(&self.worker),
            spawner: self.spawner.clone(),
            settings: self.settings.load_full(),
            socket,
            peer,
            place,
        };
        self.spawner.spawn("connection", serve(arrival));
    }

    /// Takes those that wait in the kernel's queue, unless somebody else does: closing the socket would reset them.
    async fn leave(&self, listener: &TcpListener, leave: Leave) {
        if leave == Leave::HandedOver {
            return;
        }
        let queued = tokio::task::coop::unconstrained(async {
            while let Some(Ok(accepted)) = listener.accept().now_or_never() {
                let connections = Arc::clone(&self.settings.load().connections);
                self.take(connections.enter_anyway(), accepted);
            }
        });
        queued.await;
    }
}

/// Says whether the connection failed and not the listener (accept(2), "Error handling").
fn is_of_the_client(error: &io::Error) -> bool {
    let errors = [
        Errno::CONNABORTED,
        Errno::CONNRESET,
        Errno::INTR,
        Errno::PROTO,
        Errno::NETDOWN,
        Errno::NETUNREACH,
        Errno::HOSTDOWN,
        Errno::HOSTUNREACH,
        Errno::PERM,
    ];
    Errno::from_io_error(error).is_some_and(|error| errors.contains(&error))
}

/// How long nothing is taken in after an error.
struct Pause {
    next: Duration,
    told: Option<Instant>,
}

impl Pause {
    fn new() -> Self {
        Self {
            next: PAUSE_MIN,
            told: None,
        }
    }

    fn reset(&mut self) {
        self.next = PAUSE_MIN;
    }

    fn next(&mut self, error: &io::Error, settings: &ArcSwap<Settings>) -> Instant {
        settings.load().failed("accept");
        let now = Instant::now();
        // Between two errors connections may be taken in, hundreds of times a second.
        if self.told.is_none_or(|told| now >= told + TELL_EVERY) {
            self.told = Some(now);
            let id = &settings.load().id;
            tracing::error!(listener = %id.name, %error, "no connection can be taken in; they wait");
        }
        let until = now + self.next;
        self.next = (self.next * 2).min(PAUSE_MAX);
        until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_whose_fault_it_is() {
        let error = |errno: Errno| io::Error::from(errno);
        assert!(is_of_the_client(&error(Errno::CONNABORTED)));
        assert!(!is_of_the_client(&error(Errno::MFILE)));
        assert!(!is_of_the_client(&error(Errno::NOMEM)));
        assert!(!is_of_the_client(&io::Error::other("else")));
    }
}
