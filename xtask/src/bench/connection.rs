//! One kept connection per program, as senders of remote write have it: a new one per request would be measured too.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, bail};

const SILENCE_MAX: Duration = Duration::from_secs(120);
/// How long the sender holds back when it is told to.
const PAUSE_WHEN_OVERLOADED: Duration = Duration::from_millis(20);
const TRIES_MAX: usize = 3_000;
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// A connection that is used again and again, as long as the server keeps it.
pub(super) struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
}

/// What a server answered.
#[derive(Debug, PartialEq, Eq)]
struct Reply {
    status: u16,
    text: String,
    /// The server ends the connection, as VictoriaMetrics does every two minutes.
    closes: bool,
}

impl Connection {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            stream: None,
        }
    }

    /// Sends a body until it is taken; a server that is overloaded gets it again after a pause.
    pub(super) fn push(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> anyhow::Result<()> {
        for _ in 0..TRIES_MAX {
            match self.post(path, headers, body)? {
                Reply {
                    status: 200..300, ..
                } => return Ok(()),
                Reply {
                    status: 429 | 503, ..
                } => sleep(PAUSE_WHEN_OVERLOADED),
                reply => bail!("{}: {}", reply.status, reply.text),
            }
        }
        bail!("overloaded {TRIES_MAX} times in a row")
    }

    fn post(&mut self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> anyhow::Result<Reply> {
        let mut head = format!("POST {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(self.address)?,
        };
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        let reply = read_reply(&mut stream)?;
        self.stream = (!reply.closes).then_some(stream);
        Ok(reply)
    }
}

fn connect(address: SocketAddr) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(address).with_context(|| address.to_string())?;
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    stream.set_write_timeout(Some(SILENCE_MAX))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Reads one reply whose length is told, or that has no body.
fn read_reply(stream: &mut impl Read) -> anyhow::Result<Reply> {
    let mut received = Vec::new();
    let end = loop {
        if let Some(end) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end + 4;
        }
        if received.len() > HEAD_BYTES_MAX || read_some(stream, &mut received)? == 0 {
            bail!("the connection was closed without a reply");
        }
    };
    let head = String::from_utf8_lossy(&received[..end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).context("no status")?.parse()?;
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    let length = match length {
        Some(length) => length.trim().parse::<usize>()?,
        None if status == 204 => 0,
        None => bail!("{status} without a length"),
    };
    while received.len() < end + length {
        if read_some(stream, &mut received)? == 0 {
            bail!("the reply was cut short");
        }
    }
    Ok(Reply {
        status,
        text: String::from_utf8_lossy(&received[end..]).into(),
        closes: head.contains("connection: close"),
    })
}

fn read_some(stream: &mut impl Read, into: &mut Vec<u8>) -> anyhow::Result<usize> {
    let mut buffer = [0; 4096];
    let count = stream.read(&mut buffer)?;
    into.extend_from_slice(&buffer[..count]);
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_reply_and_notices_a_cut() {
        let reply = |status, text: &str, closes| Reply {
            status,
            text: text.into(),
            closes,
        };
        let whole = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 5\r\n\r\nwrong";
        assert_eq!(
            read_reply(&mut &whole[..]).unwrap(),
            reply(400, "wrong", false)
        );
        let last = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
        assert_eq!(read_reply(&mut &last[..]).unwrap(), reply(204, "", true));
        for length in 0..whole.len() {
            assert!(read_reply(&mut &whole[..length]).is_err(), "{length}");
        }
    }
}
