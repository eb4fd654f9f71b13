//! A backend that does as the script says, and remembers when it got requests.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use plimsoll_e2e::wait_until;
use plimsoll_runtime::clock::{Clock, SystemClock};

pub(super) const CHECK_PATH: &str = "/healthz";
pub(super) const BODY: &str = "served";
/// How long an answer takes when all is well.
const SERVICE: Duration = Duration::from_millis(10);
const SLOW_SERVICE: Duration = Duration::from_millis(100);
const RETURN_MAX: Duration = Duration::from_secs(10);

/// How a backend does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Well,
    /// Its port is closed, and so are its connections.
    Gone,
    /// It takes connections and requests, and answers nothing, checks neither.
    Hanging,
    /// It answers 500, to checks too.
    Failing,
    /// Each answer takes ten times as long.
    Slow,
}

pub(super) struct Backend {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    clock: Arc<SystemClock>,
    mood: Mutex<Mood>,
    changed: Condvar,
    connections: Mutex<Vec<TcpStream>>,
    /// When requests came, checks left out.
    served: Mutex<Vec<Duration>>,
}

impl Backend {
    pub(super) fn start(clock: Arc<SystemClock>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            clock,
            mood: Mutex::new(Mood::Well),
            changed: Condvar::new(),
            connections: Mutex::default(),
            served: Mutex::default(),
        });
        let accepting = shared.clone();
        thread::spawn(move || accepting.accept(listener));
        Ok(Self { address, shared })
    }

    /// Changes its mood; back from [`Mood::Gone`] it listens where it did.
    pub(super) fn set(&self, mood: Mood) -> anyhow::Result<()> {
        let before = std::mem::replace(&mut *lock(&self.shared.mood), mood);
        self.shared.changed.notify_all();
        if mood == Mood::Gone && before != Mood::Gone {
            // Wakes who accepts, who then closes the port.
            TcpStream::connect(self.address).context("a backend is gone already")?;
            self.shared.end_connections();
        }
        if mood != Mood::Gone && before == Mood::Gone {
            let listener = wait_until(RETURN_MAX, "the port of a backend", || {
                Ok(TcpListener::bind(self.address)?)
            })?;
            let accepting = self.shared.clone();
            thread::spawn(move || accepting.accept(listener));
        }
        Ok(())
    }

    /// Returns when requests came from `since` on, the first first.
    pub(super) fn served(&self, since: Duration) -> Vec<Duration> {
        let served = lock(&self.shared.served);
        served.iter().copied().filter(|at| *at >= since).collect()
    }
}

impl Shared {
    fn accept(self: &Arc<Self>, listener: TcpListener) {
        for stream in listener.incoming() {
            if *lock(&self.mood) == Mood::Gone {
                break;
            }
            let Ok(stream) = stream else { continue };
            if let Ok(copy) = stream.try_clone() {
                lock(&self.connections).push(copy);
            }
            let serving = self.clone();
            // A connection that ends has said all it could.
            thread::spawn(move || drop(serving.serve(stream)));
        }
        drop(listener);
        // Those that were accepted while it went.
        self.end_connections();
    }

    fn end_connections(&self) {
        for connection in lock(&self.connections).drain(..) {
            // One that has ended already cannot be ended again.
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    fn serve(&self, stream: TcpStream) -> anyhow::Result<()> {
        stream.set_nodelay(true)?;
        let mut output = stream.try_clone()?;
        let mut input = BufReader::new(stream);
        while let Some(path) = read_request(&mut input)? {
            if path != CHECK_PATH {
                lock(&self.served).push(self.clock.monotonic().since_origin());
            }
            match self.mood_to_answer() {
                Mood::Failing => answer(&mut output, "500 Internal Server Error")?,
                Mood::Slow => {
                    thread::sleep(SLOW_SERVICE);
                    answer(&mut output, "200 OK")?;
                }
                Mood::Well | Mood::Gone | Mood::Hanging => {
                    thread::sleep(SERVICE);
                    answer(&mut output, "200 OK")?;
                }
            }
        }
        Ok(())
    }

    /// Waits while it hangs.
    fn mood_to_answer(&self) -> Mood {
        let mood = lock(&self.mood);
        *self
            .changed
            .wait_while(mood, |mood| *mood == Mood::Hanging)
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn answer(output: &mut TcpStream, status: &str) -> anyhow::Result<()> {
    let length = BODY.len();
    let text = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{BODY}");
    Ok(output.write_all(text.as_bytes())?)
}

/// Reads a request without a body and returns its path; `None` when the connection ended.
fn read_request(input: &mut impl BufRead) -> anyhow::Result<Option<String>> {
    let mut path = None;
    loop {
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        if line == "\r\n" {
            return Ok(path);
        }
        if path.is_none() {
            path = line.split(' ').nth(1).map(str::to_owned);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use plimsoll_e2e::request;

    use super::*;

    #[test]
    fn its_port_closes_when_it_is_gone_and_is_the_same_when_it_returns() {
        let backend = Backend::start(Arc::new(SystemClock::new())).unwrap();
        let ask = |path| request(backend.address, "GET", path, &[], b"");
        for (mood, status) in [(Mood::Well, 200), (Mood::Failing, 500)] {
            backend.set(mood).unwrap();
            // It keeps the connection, so the reply is read up to its length only by who knows HTTP; here it ends it.
            let mut stream = TcpStream::connect(backend.address).unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
            let mut line = String::new();
            BufReader::new(stream).read_line(&mut line).unwrap();
            assert!(line.starts_with(&format!("HTTP/1.1 {status} ")), "{line}");
        }
        assert_eq!(backend.served(Duration::ZERO).len(), 2);
        backend.set(Mood::Gone).unwrap();
        wait_until(RETURN_MAX, "a closed port", || {
            anyhow::ensure!(ask("/").is_err());
            Ok(())
        })
        .unwrap();
        backend.set(Mood::Well).unwrap();
        TcpStream::connect(backend.address).unwrap();
    }
}
