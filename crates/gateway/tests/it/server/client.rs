//! A client that says exactly what it is told to.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The most that any test waits for.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Client<S> {
    pub(super) stream: S,
    read: Vec<u8>,
}

impl Client<TcpStream> {
    pub(super) async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap())
    }

    /// Says whether anybody listens there.
    pub(super) async fn try_connect(address: SocketAddr) -> bool {
        TcpStream::connect(address).await.is_ok()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(super) fn over(stream: S) -> Self {
        Self {
            stream,
            read: Vec::new(),
        }
    }

    pub(super) async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Asks for a path, as a client that keeps its connection.
    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.say(format!("GET {path} HTTP/1.1\r\nHost: a.example\r\n\r\n"))
            .await;
        self.answer().await
    }

    /// Reads one answer, whose length is told.
    pub(super) async fn answer(&mut self) -> Answer {
        let head = loop {
            let end = self.read.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                let rest = self.read.split_off(end + 4);
                break std::mem::replace(&mut self.read, rest);
            }
            assert_ne!(self.more().await, 0, "ended in {:?}", self.text());
        };
        let head = String::from_utf8(head).unwrap();
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let is_length = name.eq_ignore_ascii_case("content-length");
            is_length.then(|| value.trim().parse::<usize>().unwrap())
        });
        let length = length.unwrap_or(0);
        while self.read.len() < length {
            assert_ne!(self.more().await, 0, "ended in {:?}", self.text());
        }
        let rest = self.read.split_off(length);
        let body = std::mem::replace(&mut self.read, rest);
        Answer {
            status: head[9..12].parse().unwrap(),
            head: head.to_ascii_lowercase(),
            body: String::from_utf8(body).unwrap(),
        }
    }

    /// Reads until the other side has ended, and returns all that came. A reset is an end.
    pub(super) async fn rest(&mut self) -> String {
        while self.more().await > 0 {}
        self.text()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.read).into_owned()
    }

    async fn more(&mut self) -> usize {
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await;
        read.expect("the server says nothing").unwrap_or(0)
    }
}

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// In lower case.
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn says_close(&self) -> bool {
        self.head.contains("\r\nconnection: close\r\n")
    }
}
