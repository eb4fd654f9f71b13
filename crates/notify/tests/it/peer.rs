//! An HTTP server that does as the test says, on threads of its own so that it may block.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, sync_channel};

/// What the peer does with one request.
pub(crate) enum Reply {
    /// Writes these bytes and closes.
    Bytes(Vec<u8>),
    /// Answers with this status and repeats the request.
    Echo(&'static str),
    /// Writes these bytes and then holds the connection open without a word.
    ThenSilence(Vec<u8>),
}

impl Reply {
    /// An answer with a status, headers and a body.
    pub(crate) fn status(status: &str, headers: &[(&str, &str)], body: &str) -> Self {
        let mut text = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        Self::Bytes(text.into_bytes())
    }
}

/// One request as it came.
pub(crate) struct Request {
    head: Vec<String>,
    pub(crate) body: String,
}

impl Request {
    /// The line, who sent it, and the body, as proxies show them on their pages of errors.
    fn echo(&self, status: &str) -> Vec<u8> {
        let who = self.header("Authorization").unwrap_or("nobody");
        let text = format!("{} of {who}: {}", self.line(), self.body);
        let Reply::Bytes(bytes) = Reply::status(status, &[], &text) else {
            return Vec::new();
        };
        bytes
    }

    pub(crate) fn line(&self) -> &str {
        &self.head[0]
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head[1..].iter().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// A server for as many requests as it has replies.
pub(crate) struct Peer {
    pub(crate) port: u16,
    requests: Receiver<Request>,
}

impl Peer {
    pub(crate) fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tx, requests) = sync_channel(16);
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for reply in replies {
                let (mut stream, _) = listener.accept().unwrap();
                let request = read(&stream);
                let (bytes, is_held) = match reply {
                    Reply::Bytes(bytes) => (bytes, false),
                    Reply::Echo(status) => (request.echo(status), false),
                    Reply::ThenSilence(bytes) => (bytes, true),
                };
                // The client may go before it has read all.
                let _ = stream.write_all(&bytes);
                if is_held {
                    held.push(stream);
                }
                if tx.send(request).is_err() {
                    return;
                }
            }
            // Held connections live until the test drops the peer.
            while !held.is_empty() && tx.send(Request::none()).is_ok() {}
        });
        Self { port, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// Returns the next request that was answered; waits for it.
    pub(crate) fn request(&self) -> Request {
        self.requests.recv().unwrap()
    }

    /// Says whether a request came since it was last asked.
    pub(crate) fn has_request(&self) -> bool {
        self.requests.try_recv().is_ok()
    }
}

impl Request {
    fn none() -> Self {
        Self {
            head: vec![String::new()],
            body: String::new(),
        }
    }
}

fn read(stream: &TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        // Whoever sends no text, as a TLS client does, has sent its request.
        match reader.read_line(&mut line) {
            Ok(0) | Err(_) => return Request::none(),
            Ok(_) if line.trim().is_empty() => break,
            Ok(_) => head.push(line.trim_end().to_owned()),
        }
    }
    let mut request = Request {
        head,
        body: String::new(),
    };
    let length = request.header("content-length").unwrap_or("0").parse();
    let mut body = vec![0; length.unwrap()];
    reader.read_exact(&mut body).unwrap();
    request.body = String::from_utf8(body).unwrap();
    request
}
