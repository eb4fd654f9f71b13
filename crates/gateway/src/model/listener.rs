//! Where requests come in.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// Where requests come in.
#[derive(Clone, Debug, PartialEq)]
pub struct Listener {
    /// What it is called in metrics and orders.
    pub name: String,
    /// Where it listens.
    pub address: Address,
    /// What it speaks.
    pub kind: ListenerKind,
    /// `None` is plain text.
    pub tls: Option<ServerTls>,
    /// `None` takes no PROXY header: one is a bad request.
    pub proxy_protocol: Option<ProxyProtocol>,
    /// Peers whose `X-Forwarded-*`, trace, criticality and deadline headers are believed; from others they are replaced.
    pub trusted: Vec<Network>,
    /// How long clients may take.
    pub timeouts: Timeouts,
    /// Connections at a time; further ones wait in the kernel's queue.
    pub connections_max: usize,
    /// After this time a connection is asked to close: `Connection: close`, GOAWAY. `None` is never.
    pub connection_age_max: Option<Duration>,
    /// The most bytes that a request's headers may take together.
    pub headers_max: usize,
}

impl Listener {
    /// Makes a listener for HTTP in plain text with what holds where nothing is said.
    pub fn new(name: impl Into<String>, address: SocketAddr) -> Self {
        Self {
            name: name.into(),
            address: Address(address),
            kind: ListenerKind::Http,
            tls: None,
            proxy_protocol: None,
            trusted: Vec::new(),
            timeouts: Timeouts::default(),
            connections_max: 20_000,
            connection_age_max: None,
            headers_max: 64 * 1024,
        }
    }
}

/// Where a listener listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Address(pub SocketAddr);

/// What a listener speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenerKind {
    /// HTTP/1.1 and HTTP/2, by ALPN or prior knowledge; upgrades to WebSocket and others.
    Http,
    /// Bytes, to one backend.
    Tcp {
        /// The backend's name.
        backend: String,
        /// A connection without a byte in either direction for this long is closed.
        idle: Duration,
    },
}

/// How a listener proves who it is, and whom it wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerTls {
    /// The first is shown to clients that name no server or an unknown one. Their names come from the certificates.
    /// Files are read again when they change.
    pub certificates: Vec<Certificate>,
    /// Authorities of client certificates; `None` asks for none.
    pub client_ca: Option<PathBuf>,
    /// Whether a client without a certificate is refused.
    pub requires_client_certificate: bool,
    /// TLS 1.2 is refused.
    pub only_tls13: bool,
    /// Protocols that are offered, most wanted first: `h2`, `http/1.1`.
    pub alpn: Vec<String>,
}

/// A certificate chain and its key, PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The chain, the server's own first.
    pub chain: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// Who may say on whose behalf it connects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyProtocol {
    /// From these a PROXY header (version 1 or 2) is required; from others none is taken.
    pub from: Vec<Network>,
    /// How long it may take.
    pub timeout: Duration,
}

/// Addresses with the same first bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    /// The first address.
    pub address: IpAddr,
    /// How many bits are the same.
    pub bits: u8,
}

impl Network {
    /// Says whether an address is one of them. IPv4 addresses in IPv6 clothes count as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let shift = 32_u32.saturating_sub(u32::from(self.bits));
                own.to_bits().checked_shr(shift) == other.to_bits().checked_shr(shift)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let shift = 128_u32.saturating_sub(u32::from(self.bits));
                own.to_bits().checked_shr(shift) == other.to_bits().checked_shr(shift)
            }
            _ => false,
        }
    }
}

/// How long clients may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For the TLS handshake.
    pub handshake: Duration,
    /// From the first byte of a request's head to its last.
    pub head: Duration,
    /// Between two parts of a request's body.
    pub body: Duration,
    /// A connection without a request.
    pub idle: Duration,
    /// A client that takes no byte of its answer for this long is gone.
    pub send: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            send: Duration::from_secs(60),
        }
    }
}

/// Where lines of the access log go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessLog {
    /// The file, opened again on SIGHUP; `None` is stdout.
    pub file: Option<PathBuf>,
    /// 1 of this many lines of requests that ended well is written; those that did not always are. 1 is all.
    pub sample: u32,
}
