//! A client that asks at fixed times, whether earlier requests came back or not.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, Scope};
use std::time::Duration;

use anyhow::{Context, ensure};
use plimsoll_runtime::clock::{Clock, SystemClock};

use super::backend::BODY;

/// After this the client is gone.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);
/// Enough for every request that waits for its timeout, many times over.
const IN_FLIGHT_MAX: usize = 4_000;
const STACK_BYTES: usize = 256 * 1024;

/// A request that is over.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) at: Duration,
    pub(super) took: Duration,
    /// What was wrong with its answer.
    pub(super) failure: Option<String>,
}

/// Asks one proxy until it is told to stop.
pub(super) struct Client {
    to: SocketAddr,
    gap: Duration,
    clock: Arc<SystemClock>,
    is_over: AtomicBool,
    in_flight: AtomicUsize,
    sent: Mutex<Vec<Sent>>,
}

impl Client {
    pub(super) fn new(to: SocketAddr, rate: u32, clock: Arc<SystemClock>) -> Self {
        Self {
            to,
            gap: Duration::from_secs(1) / rate,
            clock,
            is_over: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
            sent: Mutex::default(),
        }
    }

    /// Sends requests at their times, each from a thread of its own.
    ///
    /// # Errors
    /// When the machine is too slow for that, since what is measured then is the machine.
    pub(super) fn run<'a>(&'a self, scope: &'a Scope<'a, '_>) -> anyhow::Result<()> {
        let mut due = self.clock.monotonic().since_origin();
        while !self.is_over.load(Ordering::SeqCst) {
            let now = self.clock.monotonic().since_origin();
            thread::sleep(due.saturating_sub(now));
            let before = self.in_flight.fetch_add(1, Ordering::SeqCst);
            ensure!(before < IN_FLIGHT_MAX, "{before} requests are in flight");
            let builder = thread::Builder::new().stack_size(STACK_BYTES);
            builder.spawn_scoped(scope, || self.send())?;
            due += self.gap;
        }
        Ok(())
    }

    /// Sends nothing any more; what was sent is waited for by the scope.
    pub(super) fn stop(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    /// Returns the requests that are over.
    pub(super) fn into_sent(self) -> Vec<Sent> {
        let sent = self.sent.into_inner();
        sent.expect("what is done under the lock does not panic")
    }

    fn send(&self) {
        let at = self.clock.monotonic().since_origin();
        let outcome = self.ask(at);
        let took = self.clock.monotonic().since_origin() - at;
        let failure = outcome.err().map(|error| format!("{error:#}"));
        let mut sent = self
            .sent
            .lock()
            .expect("what is done under the lock does not panic");
        sent.push(Sent { at, took, failure });
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
    }

    fn ask(&self, began: Duration) -> anyhow::Result<()> {
        let mut stream = TcpStream::connect_timeout(&self.to, TIMEOUT)?;
        stream.set_nodelay(true)?;
        let to = self.to;
        let request = format!("GET /shop HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        let mut chunk = [0; 2048];
        loop {
            let spent = self.clock.monotonic().since_origin() - began;
            let left = TIMEOUT.checked_sub(spent).context("no whole answer")?;
            // Zero would be forever.
            stream.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
            match stream.read(&mut chunk).context("no whole answer")? {
                0 => return judge(&answer),
                length => answer.extend_from_slice(&chunk[..length]),
            }
        }
    }
}

/// Says whether this is a whole answer of a backend that is well.
fn judge(answer: &[u8]) -> anyhow::Result<()> {
    let text = String::from_utf8_lossy(answer);
    let line = text.lines().next().unwrap_or_default();
    ensure!(text.starts_with("HTTP/1.1 2"), "answered {line:?}");
    ensure!(text.ends_with(BODY), "half of an answer");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_answers_of_backends_count() {
        judge(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nserved").unwrap();
        assert!(judge(b"").is_err());
        assert!(judge(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nser").is_err());
        assert!(judge(b"HTTP/1.1 502 Bad Gateway\r\n\r\nserved").is_err());
    }
}
