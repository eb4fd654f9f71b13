//! A receiver of notices: takes whatever is sent to it over HTTP, notes it with its time, and answers as it was told to.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::now_millis;
use crate::time::sleep_until_millis;

/// The largest body that is taken.
const BODY_BYTES_MAX: usize = 16 << 20;

/// Takes requests on loopback for as long as the process runs. Who sends is told apart by the path.
#[derive(Clone, Debug)]
pub struct Recorder {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Received {
    /// When it had arrived, in milliseconds since the epoch.
    pub at_millis: i64,
    /// The path, with its query.
    pub path: String,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: Vec<u8>,
    /// The status that it was answered with; 0 when the connection was closed instead.
    pub status: u16,
}

impl Received {
    /// Says whether the sender was told that it was taken.
    pub fn is_taken(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the body as JSON.
    ///
    /// # Errors
    /// When it is none, with the body.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| String::from_utf8_lossy(&self.body).into_owned())
    }
}

/// How requests are answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behaviour {
    /// The status; 0 closes the connection without an answer.
    pub status: u16,
    /// After how many seconds the sender may come again, as `Retry-After` says it.
    pub retry_after: Option<u32>,
    /// How long the sender waits for the answer.
    pub delay: Duration,
    /// What the answer says.
    pub body: String,
}

impl Behaviour {
    /// Answers at once with a status.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            retry_after: None,
            delay: Duration::ZERO,
            body: "ok".into(),
        }
    }
}

#[derive(Debug, Default)]
struct Shared {
    received: Vec<Received>,
    /// By path: what is done, and for how many more requests; without a number for all.
    behaviours: BTreeMap<String, (Behaviour, Option<u32>)>,
}

impl Recorder {
    /// Starts to listen; everything is answered with 200 until told otherwise.
    ///
    /// # Errors
    /// When there is no port.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let recorder = Self {
            address: listener.local_addr()?,
            shared: Arc::default(),
        };
        let of_thread = recorder.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let recorder = of_thread.clone();
                // A sender that is killed breaks its connections off.
                std::thread::spawn(move || drop(recorder.serve(stream)));
            }
        });
        Ok(recorder)
    }

    /// Returns the URL of a path, which begins with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// From now on answers requests to a path so; `times` of them, or all that come.
    pub fn behave(&self, path: &str, behaviour: Behaviour, times: Option<u32>) {
        let mut shared = self.lock();
        shared
            .behaviours
            .insert(path.to_owned(), (behaviour, times));
    }

    /// Returns everything that came below a path, in the order in which it came.
    pub fn received(&self, path: &str) -> Vec<Received> {
        let shared = self.lock();
        let own = shared.received.iter();
        own.filter(|received| received.path.starts_with(path))
            .cloned()
            .collect()
    }

    fn serve(&self, mut stream: TcpStream) -> Result<()> {
        let mut requests = BufReader::new(stream.try_clone()?);
        while let Some((path, headers, body)) = read_request(&mut requests)? {
            let is_last = headers
                .iter()
                .any(|(name, value)| name == "connection" && value == "close");
            let behaviour = self.note(Received {
                at_millis: now_millis(),
                path,
                headers,
                body,
                status: 0,
            });
            if !behaviour.delay.is_zero() {
                let delay = i64::try_from(behaviour.delay.as_millis())?;
                sleep_until_millis(now_millis() + delay);
            }
            if behaviour.status == 0 {
                return Ok(());
            }
            let after = behaviour.retry_after;
            let after = after.map(|after| format!("Retry-After: {after}\r\n"));
            let (status, length) = (behaviour.status, behaviour.body.len());
            let answer = format!(
                "HTTP/1.1 {status} Recorded\r\n{}Content-Length: {length}\r\n\r\n{}",
                after.unwrap_or_default(),
                behaviour.body
            );
            stream.write_all(answer.as_bytes())?;
            if is_last {
                break;
            }
        }
        Ok(())
    }

    /// Notes a request with the status that it will be answered with.
    fn note(&self, mut received: Received) -> Behaviour {
        let mut shared = self.lock();
        let path = received.path.split('?').next().unwrap_or_default();
        let behaviour = match shared.behaviours.get_mut(path) {
            Some((behaviour, None)) => behaviour.clone(),
            Some((behaviour, Some(left))) if *left > 0 => {
                *left -= 1;
                behaviour.clone()
            }
            _ => Behaviour::status(200),
        };
        received.status = behaviour.status;
        shared.received.push(received);
        behaviour
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Path, headers and body of a request.
type Request = (String, Vec<(String, String)>, Vec<u8>);

/// Reads a request; nothing at the end of the connection.
fn read_request(requests: &mut impl BufRead) -> Result<Option<Request>> {
    let mut first = String::new();
    if requests.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let path = first.split(' ').nth(1).context("no path")?.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        requests.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let named = |wanted: &str| headers.iter().find(|(name, _)| name == wanted);
    let body = match named("content-length") {
        Some((_, length)) => read_exactly(requests, length.parse()?)?,
        None if named("transfer-encoding").is_some() => read_chunks(requests)?,
        None => Vec::new(),
    };
    Ok(Some((path, headers, body)))
}

fn read_chunks(requests: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut size = String::new();
        requests.read_line(&mut size)?;
        let size = usize::from_str_radix(size.trim(), 16)?;
        body.extend(read_exactly(requests, size)?);
        ensure!(body.len() <= BODY_BYTES_MAX, "{} bytes", body.len());
        requests.read_line(&mut String::new())?;
        if size == 0 {
            return Ok(body);
        }
    }
}

fn read_exactly(requests: &mut impl Read, length: usize) -> Result<Vec<u8>> {
    ensure!(length <= BODY_BYTES_MAX, "{length} bytes");
    let mut body = vec![0; length];
    requests.read_exact(&mut body)?;
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request;

    #[test]
    fn notes_what_came_and_answers_as_told() {
        let recorder = Recorder::start().unwrap();
        let limited = Behaviour {
            retry_after: Some(7),
            ..Behaviour::status(429)
        };
        recorder.behave("/a/x", limited, Some(1));
        let post = |body: &[u8]| request(recorder.address, "POST", "/a/x?q", &[], body).unwrap();
        let first = post(b"{}");
        assert_eq!(
            (first.status, first.header("retry-after")),
            (429, Some("7"))
        );
        assert_eq!(post(b"[1]").status, 200);
        let received = recorder.received("/a/");
        let statuses: Vec<_> = received.iter().map(|received| received.status).collect();
        assert_eq!(statuses, [429, 200]);
        assert_eq!(received[1].json().unwrap(), serde_json::json!([1]));
        assert!(recorder.received("/b").is_empty());
    }
}
