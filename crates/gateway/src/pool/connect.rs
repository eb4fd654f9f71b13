//! Opening connections: a place among the endpoint's connections, an address, TCP, a PROXY header, TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use plimsoll_traffic::FailureKind;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use super::io::Io;
use super::target::Target;

/// The PROXY header, version 2, of a connection that is for nobody else, such as a check: LOCAL, and no addresses.
const OWN_CONNECTION: [u8; 16] = *b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

/// What a connection is for: what TLS offers differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Exchanges of HTTP.
    Exchanges,
    /// One exchange of HTTP/1.1 that ends as something else.
    Upgrade,
    /// Bytes.
    Bytes,
}

/// No connection.
#[derive(Debug, thiserror::Error)]
#[error("no connection: {explanation}")]
pub struct ConnectError {
    /// What failed.
    pub kind: FailureKind,
    /// It in words, with what the system or the peer said.
    pub explanation: Box<str>,
}

impl ConnectError {
    pub(super) fn new(kind: FailureKind, explanation: impl Into<Box<str>>) -> Self {
        Self {
            kind,
            explanation: explanation.into(),
        }
    }
}

impl Target {
    /// Opens a connection; `header` is what is sent first, before TLS: a PROXY header or nothing.
    ///
    /// # Errors
    /// No place within the backend's connect timeout; or then no address, no TCP connection or no TLS within it.
    ///
    /// # Cancel safety
    /// Dropping the future closes what was opened.
    pub async fn connect(&self, purpose: Purpose, header: &[u8]) -> Result<Io, ConnectError> {
        let place = self.place().await?;
        self.connect_at(place, purpose, header).await
    }

    /// Opens a connection at a place that is there.
    ///
    /// # Errors
    /// No address, no TCP connection or no TLS within the backend's connect timeout.
    ///
    /// # Cancel safety
    /// Dropping the future closes what was opened.
    pub(super) async fn connect_at(
        &self,
        place: OwnedSemaphorePermit,
        purpose: Purpose,
        header: &[u8],
    ) -> Result<Io, ConnectError> {
        let deadline = Instant::now() + self.settings().connect_timeout;
        match timeout_at(deadline, self.connect_in_time(place, purpose, header)).await {
            Ok(connected) => connected,
            Err(_) => Err(ConnectError::new(
                FailureKind::ConnectTimeout,
                format!("none within {:?}", self.settings().connect_timeout),
            )),
        }
    }

    /// Opens a connection for a check, to any port: it takes no place, and the caller says how long it may take.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect), but for the time.
    pub(crate) async fn probe(&self, port: u16) -> Result<Io, ConnectError> {
        let mut stream = self.connect_tcp(port).await?;
        if self.settings().sends_proxy_header && port == self.port() {
            write_header(&mut stream, &OWN_CONNECTION).await?;
        }
        self.handshake(stream, Purpose::Exchanges, None).await
    }

    async fn connect_in_time(
        &self,
        place: OwnedSemaphorePermit,
        purpose: Purpose,
        header: &[u8],
    ) -> Result<Io, ConnectError> {
        let mut stream = self.connect_tcp(self.port()).await?;
        if !header.is_empty() {
            write_header(&mut stream, header).await?;
        }
        self.handshake(stream, purpose, Some(place)).await
    }

    /// Tries the addresses one after the other, beginning with the one whose turn it is.
    async fn connect_tcp(&self, port: u16) -> Result<TcpStream, ConnectError> {
        let addresses = self.addresses();
        let turn = self.next_turn();
        let mut last = ConnectError::new(
            FailureKind::Unresolved,
            format!("the name {:?} has no address", self.host()),
        );
        for index in 0..addresses.len() {
            let mut address = addresses[(turn.wrapping_add(index)) % addresses.len()];
            address.set_port(port);
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    // Heads and bodies go out in one write each: waiting for more would only add latency.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Err(error) => last = refused(address, &error),
            }
        }
        Err(last)
    }

    async fn handshake(
        &self,
        stream: TcpStream,
        purpose: Purpose,
        place: Option<OwnedSemaphorePermit>,
    ) -> Result<Io, ConnectError> {
        let Some(tls) = &self.settings().tls else {
            return Ok(Io::plain(stream, place));
        };
        let config = match purpose {
            Purpose::Exchanges => tls.config(),
            Purpose::Upgrade => tls.http1_only(),
            Purpose::Bytes => tls.bare(),
        };
        let Some(name) = tls.server_name(self.host()) else {
            let what = format!("{:?} is no name for a certificate", self.host());
            return Err(ConnectError::new(FailureKind::Tls, what));
        };
        let connector = TlsConnector::from(Arc::clone(config));
        let stream = connector.connect(name, stream).await.map_err(|error| {
            ConnectError::new(FailureKind::Tls, format!("the TLS handshake: {error}"))
        })?;
        Ok(Io::tls(stream, place))
    }
}

async fn write_header(stream: &mut TcpStream, header: &[u8]) -> Result<(), ConnectError> {
    let written = stream.write_all(header).await;
    written.map_err(|error| {
        ConnectError::new(FailureKind::Closed, format!("the PROXY header: {error}"))
    })
}

fn refused(address: SocketAddr, error: &io::Error) -> ConnectError {
    let kind = match error.kind() {
        io::ErrorKind::TimedOut => FailureKind::ConnectTimeout,
        // Everything else that the system says before there is a connection: nobody can have seen the request.
        _ => FailureKind::Refused,
    };
    ConnectError::new(kind, format!("{address}: {error}"))
}
