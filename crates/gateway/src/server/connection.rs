//! What is known about a client's connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is known about a client's connection.
#[derive(Debug)]
pub struct ConnectionInfo {
    /// Who connected.
    pub peer: SocketAddr,
    /// For whom: what the PROXY header said, else `peer`.
    pub client: SocketAddr,
    /// What it connected to: what the PROXY header said, else the socket's own address.
    pub local: SocketAddr,
    /// Where it came in.
    pub listener: Arc<ListenerId>,
    /// Whether `client` is one of the listener's trusted peers, whose forwarding, trace, criticality and deadline
    /// headers are believed.
    pub is_trusted: bool,
    /// What the handshake said; `None` is plain text.
    pub tls: Option<TlsInfo>,
}

/// A listener, through reloads.
#[derive(Debug)]
pub struct ListenerId {
    /// Its name.
    pub name: Arc<str>,
    /// Its place in the configuration in force.
    index: AtomicUsize,
}

/// What a TLS handshake said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsInfo {
    /// The name that the client asked for, in lower case.
    pub server_name: Option<Box<str>>,
    /// The protocol that was agreed on, such as `h2`.
    pub alpn: Option<Box<str>>,
    /// Whether it is TLS 1.3, else 1.2.
    pub is_tls13: bool,
    /// Who the client proved to be.
    pub client: Option<ClientCertificate>,
}

/// Who a client proved to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The subject's common name; `None` when there is none.
    pub common_name: Option<Box<str>>,
    /// The DNS names of the subject's alternative names.
    pub dns_names: Vec<Box<str>>,
    /// The URIs of the subject's alternative names, such as SPIFFE ids.
    pub uris: Vec<Box<str>>,
}

impl ConnectionInfo {
    /// Returns the listener's place in the configuration in force; `usize::MAX` when it is gone.
    pub fn listener_index(&self) -> usize {
        self.listener.index()
    }

    /// Returns `https` or `http`.
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}

impl ListenerId {
    /// Names a listener.
    pub fn new(name: &str, index: usize) -> Self {
        Self {
            name: name.into(),
            index: AtomicUsize::new(index),
        }
    }

    /// Returns its place in the configuration in force; `usize::MAX` when it is gone.
    pub fn index(&self) -> usize {
        self.index.load(Ordering::Relaxed)
    }

    /// Tells connections that live on the listener's new place.
    pub(crate) fn set_index(&self, index: usize) {
        self.index.store(index, Ordering::Relaxed);
    }
}
