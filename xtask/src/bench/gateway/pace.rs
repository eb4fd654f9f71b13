//! Requests at their times, whether earlier ones came back or not, and how long the answers take.
//!
//! A connection is a thread that sleeps until its next request is due. A request that is late because the answer before it
//! came late counts from when it was due; one that is late because the thread woke up late counts from when it was sent,
//! or the machine's timers would be measured.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use plimsoll_runtime::clock::{Clock, SystemClock};

use super::contender::Contender;

const CONNECTIONS: u32 = 16;
const TIME: Duration = Duration::from_secs(4);
/// The first part of the time says nothing: everything is cold.
const COLD: Duration = Duration::from_millis(500);
/// The proxies take turns, and the backend without a proxy is one of them.
const ROUNDS: usize = 5;
const SILENCE_MAX: Duration = Duration::from_secs(10);
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What a proxy adds, in microseconds: the median of the rounds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Added {
    pub(super) p50: f64,
    pub(super) p99: f64,
}

/// Measures what each proxy adds at this many requests per second.
pub(super) fn measure(
    per_second: f64,
    backend: SocketAddr,
    all: &[Contender],
) -> anyhow::Result<Vec<Added>> {
    let mut rounds: Vec<[Vec<f64>; 2]> = vec![Default::default(); all.len()];
    for round in 0..ROUNDS {
        eprintln!("pace {} of {ROUNDS}", round + 1);
        let direct = pass(backend, per_second).context("without a proxy")?;
        for (contender, rounds) in all.iter().zip(&mut rounds) {
            let through = pass(contender.address, per_second).context(contender.name)?;
            for (share, rounds) in [0.5, 0.99].into_iter().zip(rounds) {
                rounds.push(percentile(&through, share) - percentile(&direct, share));
            }
        }
    }
    let added = rounds.iter_mut().map(|[p50, p99]| Added {
        p50: median(p50),
        p99: median(p99),
    });
    Ok(added.collect())
}

/// Returns latencies in microseconds, the least first.
fn pass(to: SocketAddr, per_second: f64) -> anyhow::Result<Vec<f64>> {
    let gap = Duration::from_secs_f64(f64::from(CONNECTIONS) / per_second);
    let clock = SystemClock::new();
    let latencies: anyhow::Result<Vec<Vec<f64>>> = thread::scope(|scope| {
        let connections: Vec<_> = (0..CONNECTIONS)
            .map(|index| {
                let (clock, first) = (&clock, gap * index / CONNECTIONS);
                scope.spawn(move || pass_one(to, clock, first, gap))
            })
            .collect();
        let joined = connections.into_iter();
        joined
            .map(|thread| thread.join().expect("a connection's thread does not panic"))
            .collect()
    });
    let mut latencies = latencies?.concat();
    let wanted = per_second * (TIME - COLD).as_secs_f64();
    ensure!(
        latencies.len() as f64 > wanted * 0.95,
        "only {} of {wanted:.0} requests were made",
        latencies.len()
    );
    latencies.sort_by(f64::total_cmp);
    Ok(latencies)
}

fn pass_one(
    to: SocketAddr,
    clock: &SystemClock,
    first: Duration,
    gap: Duration,
) -> anyhow::Result<Vec<f64>> {
    let mut connection = Connection::open(to)?;
    let mut latencies = Vec::new();
    let (mut due, mut free) = (first, Duration::ZERO);
    while due < TIME {
        let now = clock.monotonic().since_origin();
        if now < due {
            thread::sleep(due - now);
        }
        let sent = clock.monotonic().since_origin();
        let began = if free > due { due } else { sent };
        connection.exchange()?;
        free = clock.monotonic().since_origin();
        if due > COLD {
            latencies.push((free - began).as_secs_f64() * 1e6);
        }
        due += gap;
    }
    Ok(latencies)
}

/// A connection that is used again and again.
pub(super) struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    buffer: Vec<u8>,
}

impl Connection {
    pub(super) fn open(to: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(to)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(SILENCE_MAX))?;
        Ok(Self {
            stream,
            request: format!("GET / HTTP/1.1\r\nHost: {to}\r\n\r\n").into_bytes(),
            buffer: Vec::new(),
        })
    }

    /// Sends a request and waits for its answer, which must be 200.
    pub(super) fn exchange(&mut self) -> anyhow::Result<()> {
        self.send()?;
        self.receive()
    }

    pub(super) fn send(&mut self) -> anyhow::Result<()> {
        Ok(self.stream.write_all(&self.request)?)
    }

    pub(super) fn receive(&mut self) -> anyhow::Result<()> {
        self.buffer.clear();
        let mut chunk = [0; 2048];
        loop {
            let length = self.stream.read(&mut chunk)?;
            ensure!(length > 0, "the connection was closed");
            self.buffer.extend_from_slice(&chunk[..length]);
            match whole(&self.buffer)? {
                true => return Ok(()),
                false => ensure!(
                    self.buffer.len() < ANSWER_BYTES_MAX,
                    "the answer does not end"
                ),
            }
        }
    }
}

/// Says whether this is all of an answer.
fn whole(answer: &[u8]) -> anyhow::Result<bool> {
    let Some(head) = answer.windows(4).position(|end| end == b"\r\n\r\n") else {
        return Ok(false);
    };
    let text = std::str::from_utf8(&answer[..head])?;
    ensure!(text.starts_with("HTTP/1.1 200 "), "{text}");
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>())
    });
    let Some(length) = length else {
        bail!("no length in {text}");
    };
    Ok(answer.len() >= head + 4 + length?)
}

/// Returns what this share of the sorted values is not above.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = (sorted.len() as f64 * share).ceil() as usize;
    sorted[place.clamp(1, sorted.len()) - 1]
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    percentile(values, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_with_its_last_byte() {
        let answer = b"HTTP/1.1 200 OK\r\ndate: x\r\nContent-Length: 3\r\n\r\nabc";
        assert!(whole(answer).unwrap());
        for length in 0..answer.len() {
            assert!(!whole(&answer[..length]).unwrap(), "{length}");
        }
        assert!(whole(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n").is_err());
        assert!(whole(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let values: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!(percentile(&values, 0.99), 198.0);
        assert_eq!(percentile(&values, 0.5), 100.0);
        assert_eq!(percentile(&[7.0], 0.99), 7.0);
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
    }
}
