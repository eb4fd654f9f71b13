//! A: two workers with a fixed time for each request, and a queue in the order of arrival.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Result;

const WORKERS: usize = 2;
/// A hundred requests per second, all workers together.
const SERVICE: Duration = Duration::from_millis(20);
/// Three seconds of work, far more than callers wait for; more is turned away.
const QUEUE_MAX: usize = 300;

pub(super) struct Service {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Whom answers are for, whether they still wait or not.
    queue: VecDeque<TcpStream>,
    is_stuck: bool,
    is_over: bool,
}

impl Service {
    pub(super) fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let accepting = shared.clone();
        let mut threads = vec![thread::spawn(move || accepting.accept(&listener))];
        for _ in 0..WORKERS {
            let working = shared.clone();
            threads.push(thread::spawn(move || working.work()));
        }
        Ok(Self {
            address,
            shared,
            threads,
        })
    }

    /// Makes all workers stop where they are, or go on.
    pub(super) fn set_stuck(&self, is_stuck: bool) {
        self.shared.state().is_stuck = is_stuck;
        self.shared.changed.notify_all();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.shared.state().is_over = true;
        self.shared.changed.notify_all();
        // Wakes the acceptor; when it cannot be connected to, it has ended.
        drop(TcpStream::connect(self.address));
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming() {
            if self.state().is_over {
                return;
            }
            let Ok(stream) = stream else { continue };
            let reading = self.clone();
            // A connection that breaks off is one whose caller gave up.
            thread::spawn(move || drop(reading.read(stream)));
        }
    }

    /// Puts the requests of a connection into the queue.
    fn read(&self, stream: TcpStream) -> Result<()> {
        stream.set_nodelay(true)?;
        let mut input = BufReader::new(stream.try_clone()?);
        let mut line = String::new();
        while input.read_line(&mut line)? > 0 {
            if line == "\r\n" {
                self.take(stream.try_clone()?)?;
            }
            line.clear();
        }
        Ok(())
    }

    fn take(&self, stream: TcpStream) -> Result<()> {
        let mut state = self.state();
        if state.queue.len() >= QUEUE_MAX {
            drop(state);
            return answer(&stream, "503 Service Unavailable");
        }
        state.queue.push_back(stream);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    fn work(&self) {
        loop {
            let idle =
                |state: &mut State| !state.is_over && (state.is_stuck || state.queue.is_empty());
            let mut state = self.changed.wait_while(self.state(), idle).unwrap();
            if state.is_over {
                return;
            }
            let stream = state.queue.pop_front();
            drop(state);
            // What the story is about: the work takes this long, whether somebody waits for it or not.
            thread::sleep(SERVICE);
            let _ = stream.map(|stream| answer(&stream, "200 OK"));
        }
    }
}

fn answer(mut stream: &TcpStream, status: &str) -> Result<()> {
    let text = format!("HTTP/1.1 {status}\r\nContent-Length: 4\r\n\r\ndone");
    Ok(stream.write_all(text.as_bytes())?)
}
