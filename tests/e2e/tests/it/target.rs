//! A scrape target that exposes what a test wants.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use anyhow::Result;

/// What the target answers: written to the connection after the head.
type Body = Box<dyn Fn(&mut dyn Write) -> std::io::Result<()> + Send>;

/// A server on loopback that answers every request with the same exposition.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    scrapes: Arc<AtomicUsize>,
    is_stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    body: Arc<Mutex<Body>>,
}

impl Target {
    /// Starts a target that exposes `text`.
    pub(crate) fn start(text: &str) -> Result<Self> {
        let text = text.to_owned();
        Self::streaming(move |into| into.write_all(text.as_bytes()))
    }

    /// Starts a target whose body is written piece by piece.
    pub(crate) fn streaming(
        body: impl Fn(&mut dyn Write) -> std::io::Result<()> + Send + 'static,
    ) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let (scrapes, is_stopping) = (
            Arc::new(AtomicUsize::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let body: Arc<Mutex<Body>> = Arc::new(Mutex::new(Box::new(body)));
        let thread = std::thread::spawn({
            let (scrapes, is_stopping, body) = (scrapes.clone(), is_stopping.clone(), body.clone());
            move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    if is_stopping.load(Ordering::SeqCst) {
                        return;
                    }
                    let body = body.lock().unwrap_or_else(PoisonError::into_inner);
                    // A scraper may hang up in the middle of a body that is too large.
                    let _ = answer(stream, &**body);
                    scrapes.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        let thread = Some(thread);
        Ok(Self {
            address,
            scrapes,
            is_stopping,
            thread,
            body,
        })
    }

    /// Returns how many requests were answered.
    pub(crate) fn scrapes(&self) -> usize {
        self.scrapes.load(Ordering::SeqCst)
    }

    /// Exposes `text` from now on.
    pub(crate) fn expose(&self, text: &str) {
        let text = text.to_owned();
        let mut body = self.body.lock().unwrap_or_else(PoisonError::into_inner);
        *body = Box::new(move |into| into.write_all(text.as_bytes()));
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.is_stopping.store(true, Ordering::SeqCst);
        // Wakes the thread from its wait for a connection.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer(
    mut stream: TcpStream,
    body: &dyn Fn(&mut dyn Write) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let mut head: Vec<u8> = Vec::new();
    let mut piece = [0; 4096];
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        let length = stream.read(&mut piece)?;
        if length == 0 {
            return Ok(());
        }
        head.extend(&piece[..length]);
    }
    let mut into = std::io::BufWriter::with_capacity(1 << 16, &mut stream);
    into.write_all(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close\r\n\r\n",
    )?;
    body(&mut into)?;
    into.flush()
}
