//! B, C and D: they call at fixed times, wait for half a second, and try again at once, up to three times.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Result, bail};
use plimsoll_e2e::{now_millis, wait_until};

/// Of all callers: A can do it and half as much again.
pub(super) const OFFERED_PER_SECOND: u32 = 60;
const CALLERS: u32 = 3;
const PATIENCE: Duration = Duration::from_millis(500);
const ATTEMPTS: usize = 4;
const STOP_MAX: Duration = Duration::from_secs(20);

pub(super) struct Callers {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    to: SocketAddr,
    began_millis: i64,
    is_over: AtomicBool,
    running: AtomicUsize,
    /// Calls that were answered, by the second in which they were.
    answered: Mutex<Vec<u64>>,
    told: Mutex<Told>,
}

/// What callers went through.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// Answers 429 and 503.
    pub(super) turned_away: u64,
    pub(super) turned_away_without_retry_after: u64,
}

impl Callers {
    pub(super) fn start(to: SocketAddr) -> Self {
        let shared = Arc::new(Shared {
            to,
            began_millis: now_millis(),
            is_over: AtomicBool::new(false),
            running: AtomicUsize::new(0),
            answered: Mutex::default(),
            told: Mutex::default(),
        });
        let callers = (0..CALLERS).map(|index| {
            let calling = shared.clone();
            thread::spawn(move || calling.run(index))
        });
        let threads = callers.collect();
        Self { shared, threads }
    }

    /// Returns in which second they are.
    pub(super) fn second(&self) -> usize {
        self.shared.second()
    }

    /// Returns how many calls were answered in each whole second from this one on.
    pub(super) fn goodput(&self, from: usize) -> Vec<u64> {
        let now = self.second();
        let mut answered = self.shared.answered.lock().unwrap().clone();
        answered.resize(now, 0);
        answered.get(from..).unwrap_or_default().to_vec()
    }

    /// Lets them finish and returns what they went through.
    pub(super) fn stop(self) -> Told {
        self.shared.is_over.store(true, Ordering::SeqCst);
        for thread in self.threads {
            thread.join().unwrap();
        }
        wait_until(STOP_MAX, "the last call", || {
            let running = self.shared.running.load(Ordering::SeqCst);
            anyhow::ensure!(running == 0, "{running} calls");
            Ok(())
        })
        .unwrap();
        self.shared.told.lock().unwrap().clone()
    }
}

impl Shared {
    fn second(&self) -> usize {
        let millis = now_millis() - self.began_millis;
        usize::try_from(millis / 1000).unwrap_or_default()
    }

    /// Calls at fixed times, whether earlier calls came back or not.
    fn run(self: &Arc<Self>, index: u32) {
        let gap = i64::from(1000 * CALLERS / OFFERED_PER_SECOND);
        let mut due = self.began_millis + gap * i64::from(index) / i64::from(CALLERS);
        while !self.is_over.load(Ordering::SeqCst) {
            let left = u64::try_from(due - now_millis()).unwrap_or_default();
            // Callers have a rate; what is claimed does not depend on how well they keep it.
            thread::sleep(Duration::from_millis(left));
            due += gap;
            self.running.fetch_add(1, Ordering::SeqCst);
            let calling = self.clone();
            thread::spawn(move || {
                calling.call();
                calling.running.fetch_sub(1, Ordering::SeqCst);
            });
        }
    }

    fn call(&self) {
        for _ in 0..ATTEMPTS {
            if self.attempt().is_ok() {
                let second = self.second();
                let mut answered = self.answered.lock().unwrap();
                if answered.len() <= second {
                    answered.resize(second + 1, 0);
                }
                answered[second] += 1;
                return;
            }
        }
    }

    fn attempt(&self) -> Result<()> {
        let mut stream = TcpStream::connect_timeout(&self.to, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")?;
        let head = read_head(&mut stream)?.to_ascii_lowercase();
        if head.starts_with("http/1.1 200 ") {
            return Ok(());
        }
        if head.starts_with("http/1.1 429 ") || head.starts_with("http/1.1 503 ") {
            let mut told = self.told.lock().unwrap();
            told.turned_away += 1;
            told.turned_away_without_retry_after += u64::from(!head.contains("\r\nretry-after: "));
        }
        bail!("answered {head}")
    }
}

/// Reads what there is up to the end of the head.
fn read_head(stream: &mut TcpStream) -> Result<String> {
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut chunk)? {
            0 => return Err(std::io::Error::from(ErrorKind::UnexpectedEof).into()),
            length => head.extend_from_slice(&chunk[..length]),
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}
