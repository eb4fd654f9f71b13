//! HTTP/1.1 as far as these tests need it: one request on one connection, the reply as bytes.
//!
//! A client this small shows exactly what goes over the wire, bad input included, and needs no async runtime.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// How long a peer may be silent. Evaluating in a debug build on a busy machine takes its time.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, chunks put together.
    pub body: Vec<u8>,
}

impl Reply {
    /// Returns the body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the body as JSON.
    ///
    /// # Errors
    /// When it is none, with the body.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("status {}: {}", self.status, self.text()))
    }

    /// Returns a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Sends a request and reads the reply to its end.
///
/// The body is sent from a thread of its own: a server may refuse it before all of it has arrived.
///
/// # Errors
/// When nobody listens, the connection breaks off, or the reply is not HTTP.
pub fn request(
    address: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Reply> {
    let stream = TcpStream::connect(address).with_context(|| address.to_string())?;
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    stream.set_write_timeout(Some(SILENCE_MAX))?;
    stream.set_nodelay(true)?;
    let mut head =
        format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() || method != "GET" {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    let mut received = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // A server that refuses a body closes while it is being sent; its reply says why.
            let mut stream = &stream;
            let _ = stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(body));
        });
        read_all(&stream, &mut received)
    })?;
    parse(&received).with_context(|| format!("{method} {target}"))
}

/// Reads until the server closes. A reset after a whole reply is as good as an end.
fn read_all(mut stream: &TcpStream, into: &mut Vec<u8>) -> Result<()> {
    match stream.read_to_end(into) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset && !into.is_empty() => {
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

fn parse(bytes: &[u8]) -> Result<Reply> {
    let end = bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .context("the connection was closed without a reply")?;
    let head = std::str::from_utf8(&bytes[..end])?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut reply = Reply {
        status: status.context("no status line")?.parse()?,
        headers,
        body: bytes[end + 4..].to_vec(),
    };
    if reply.header("transfer-encoding") == Some("chunked") {
        reply.body = join_chunks(&reply.body)?;
    } else if let Some(length) = reply.header("content-length") {
        let (wanted, found) = (length.parse::<usize>()?, reply.body.len());
        if wanted != found {
            bail!("the body was cut short: wanted {wanted} bytes, found {found}");
        }
    }
    Ok(reply)
}

fn join_chunks(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest
            .windows(2)
            .position(|window| window == b"\r\n")
            .context("the body was cut short")?;
        let size = std::str::from_utf8(&rest[..end])?;
        let size = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16)?;
        if size == 0 {
            return Ok(body);
        }
        let begin = end + 2;
        let chunk = rest.get(begin..begin + size);
        body.extend(chunk.context("a chunk was cut short")?);
        rest = rest.get(begin + size + 2..).context("a chunk has no end")?;
    }
}

/// Writes parameters as a query string or form.
pub fn encode_query(parameters: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    pairs.join("&")
}

fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn puts_chunks_together_and_notices_a_cut() {
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let body = b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
        let whole = [&head[..], body].concat();
        let reply = parse(&whole).unwrap();
        assert_eq!((reply.status, reply.text()), (200, "abcde".into()));
        for length in 0..whole.len() - body.len() + 18 {
            assert!(parse(&whole[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn escapes_what_is_no_letter() {
        assert_eq!(
            encode_query(&[("match[]", "a b+é")]),
            "match%5B%5D=a%20b%2B%C3%A9"
        );
    }
}
