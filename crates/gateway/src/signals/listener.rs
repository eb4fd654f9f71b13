//! What listeners see of connections, before there is a request.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Counts the connections of a listener, from any thread.
#[derive(Debug)]
pub struct ListenerSignals {
    name: Arc<str>,
    open: AtomicI64,
    accepted: AtomicU64,
    bytes: [AtomicU64; 2],
    /// Few, and not on the way of a request that goes well.
    errors: Mutex<BTreeMap<&'static str, u64>>,
}

impl ListenerSignals {
    pub(super) fn new(name: Arc<str>) -> Self {
        Self {
            name,
            open: AtomicI64::new(0),
            accepted: AtomicU64::new(0),
            bytes: Default::default(),
            errors: Mutex::default(),
        }
    }

    /// Returns the listener's name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Counts a connection, which is open until what is returned is dropped.
    #[must_use = "the connection counts as open until this is dropped"]
    pub fn accepted(self: &Arc<Self>) -> OpenConnection {
        self.accepted.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        OpenConnection(self.clone())
    }

    /// Counts what ended or prevented a connection, by one of few fixed words: `accept`, `handshake`, `proxy_header`,
    /// `malformed`, `head_timeout`, `idle`.
    pub fn failed(&self, error: &'static str) {
        let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        *errors.entry(error).or_default() += 1;
    }

    /// Counts bytes of a connection that is not HTTP: read from the client, sent to the client.
    pub fn transferred(&self, bytes_in: u64, bytes_out: u64) {
        self.bytes[0].fetch_add(bytes_in, Ordering::Relaxed);
        self.bytes[1].fetch_add(bytes_out, Ordering::Relaxed);
    }

    /// Returns the connections that are open.
    pub fn open(&self) -> u64 {
        u64::try_from(self.open.load(Ordering::Relaxed)).unwrap_or(0)
    }

    pub(super) fn accepted_count(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    pub(super) fn bytes(&self) -> [u64; 2] {
        [0, 1].map(|at: usize| self.bytes[at].load(Ordering::Relaxed))
    }

    pub(super) fn errors(&self) -> BTreeMap<&'static str, u64> {
        let errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        errors.clone()
    }
}

/// A connection that is open while this lives.
#[derive(Debug)]
pub struct OpenConnection(Arc<ListenerSignals>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
