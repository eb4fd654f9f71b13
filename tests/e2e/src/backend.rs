//! A service behind a gateway, whose mood a test chooses: threads and sockets of the standard library, HTTP/1.1.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};

/// How a backend does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mood {
    /// It answers 200 with its name.
    Well,
    /// It answers with this status.
    Status(u16),
    /// It answers 200 after this time.
    Slow(Duration),
    /// It takes requests and never answers.
    Hanging,
    /// It answers with these bytes and closes.
    Raw(Vec<u8>),
    /// It closes every connection at once, in the middle of what runs.
    Dead,
}

/// A running backend. It ends when it is dropped.
#[derive(Debug)]
pub struct Backend {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    name: String,
    mood: Mutex<Mood>,
    changed: Condvar,
    is_over: AtomicBool,
    requests: AtomicU64,
    connections: Mutex<Vec<TcpStream>>,
}

impl Backend {
    /// Starts one that is well.
    ///
    /// # Errors
    /// When nothing can be listened on.
    pub fn start(name: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            name: name.to_owned(),
            mood: Mutex::new(Mood::Well),
            changed: Condvar::new(),
            is_over: AtomicBool::new(false),
            requests: AtomicU64::new(0),
            connections: Mutex::default(),
        });
        let serving = shared.clone();
        let acceptor = std::thread::spawn(move || serving.accept(&listener));
        Ok(Self {
            address,
            shared,
            acceptor: Some(acceptor),
        })
    }

    /// Changes its mood; connections that hang are told so, and those of a dead one end.
    pub fn set(&self, mood: Mood) {
        let is_dead = mood == Mood::Dead;
        *self.shared.mood() = mood;
        self.shared.changed.notify_all();
        if is_dead {
            self.shared.end_connections();
        }
    }

    /// Returns how many requests it has read.
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// Returns its URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        self.shared.changed.notify_all();
        self.shared.end_connections();
        // Wakes the acceptor; when it cannot be connected to, it has ended.
        drop(TcpStream::connect(self.address));
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

impl Shared {
    fn mood(&self) -> std::sync::MutexGuard<'_, Mood> {
        self.mood.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end_connections(&self) {
        let mut connections = self
            .connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for connection in connections.drain(..) {
            // One that has ended already cannot be ended again.
            let _ = connection.shutdown(std::net::Shutdown::Both);
        }
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming() {
            if self.is_over.load(Ordering::SeqCst) {
                return;
            }
            let Ok(stream) = stream else { continue };
            if *self.mood() == Mood::Dead {
                continue;
            }
            if let Ok(copy) = stream.try_clone() {
                let mut all = self
                    .connections
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                all.push(copy);
            }
            let serving = self.clone();
            std::thread::spawn(move || serving.serve(stream));
        }
    }

    /// Answers requests until the connection ends, which is all that an error tells.
    fn serve(&self, stream: TcpStream) {
        let _ = self.try_serve(stream);
    }

    fn try_serve(&self, stream: TcpStream) -> Result<()> {
        stream.set_nodelay(true)?;
        let mut output = stream.try_clone()?;
        let mut input = BufReader::new(stream);
        while read_request(&mut input)? {
            self.requests.fetch_add(1, Ordering::SeqCst);
            let mood = self.mood().clone();
            match mood {
                Mood::Well => self.answer(&mut output, 200)?,
                Mood::Status(status) => self.answer(&mut output, status)?,
                Mood::Slow(time) => {
                    // A slow service is slow; what a test claims does not depend on how slow exactly.
                    std::thread::sleep(time);
                    self.answer(&mut output, 200)?;
                }
                Mood::Hanging => {
                    self.hang();
                    self.answer(&mut output, 200)?;
                }
                Mood::Raw(bytes) => {
                    output.write_all(&bytes)?;
                    return Ok(output.shutdown(std::net::Shutdown::Both)?);
                }
                Mood::Dead => return Ok(output.shutdown(std::net::Shutdown::Both)?),
            }
        }
        Ok(())
    }

    fn hang(&self) {
        let hanging =
            |mood: &mut Mood| *mood == Mood::Hanging && !self.is_over.load(Ordering::SeqCst);
        drop(
            self.changed
                .wait_while(self.mood(), hanging)
                .unwrap_or_else(PoisonError::into_inner),
        );
    }

    fn answer(&self, output: &mut TcpStream, status: u16) -> Result<()> {
        let name = &self.name;
        let text = format!(
            "HTTP/1.1 {status} Status\r\nContent-Length: {}\r\n\r\n{name}",
            name.len()
        );
        Ok(output.write_all(text.as_bytes())?)
    }
}

/// Reads a request and forgets it; says whether there was one.
fn read_request(input: &mut impl BufRead) -> Result<bool> {
    let mut length = 0;
    let mut is_first = true;
    loop {
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(false);
        }
        if line == "\r\n" && !is_first {
            break;
        }
        is_first = false;
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().context("no length")?;
        }
    }
    let mut body = input.take(length);
    std::io::copy(&mut body, &mut std::io::sink())?;
    Ok(true)
}
