//! Where an endpoint is, and the connections to it.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use http::HeaderValue;
use plimsoll_traffic::Moment;
use tokio::sync::Semaphore;

use super::idle::Idle;
use super::tls::UpstreamTlsConfig;
use super::waiting::Waiting;
use crate::model::{Endpoint, Protocol};

/// How connections are opened and kept; endpoints with the same settings keep their connections through a reload.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What is spoken.
    pub protocol: Protocol,
    /// `None` is plain text.
    pub tls: Option<UpstreamTlsConfig>,
    /// For a connection, the TLS handshake included.
    pub connect_timeout: Duration,
    /// Connections of all workers together.
    pub connections_max: usize,
    /// How long one without a request is kept.
    pub idle: Duration,
    /// After this age one is not used again.
    pub age_max: Option<Duration>,
    /// Whether the endpoint gets a PROXY header first; such connections are of one client and are not used again.
    pub sends_proxy_header: bool,
}

/// Where an endpoint is, and the connections to it.
#[derive(Debug)]
pub struct Target {
    name: Arc<str>,
    host: String,
    port: u16,
    /// The host, or the host and a port that is not the protocol's: what stands in `Host` and `:authority`.
    host_header: HeaderValue,
    addresses: ArcSwap<Vec<SocketAddr>>,
    turn: AtomicUsize,
    settings: Settings,
    /// What ALPN chose last: 0 is not known.
    spoken: AtomicU8,
    places: Arc<Semaphore>,
    waiting: Waiting,
    is_closed: AtomicBool,
    /// One for each worker.
    idle: Box<[Mutex<Idle>]>,
    /// One at a time opens an HTTP/2 connection, for each worker.
    opening: Box<[tokio::sync::Mutex<()>]>,
}

const SPOKEN_HTTP1: u8 = 1;
const SPOKEN_HTTP2: u8 = 2;

impl Target {
    /// Makes one without connections; an endpoint that is declared by its address can be used at once.
    pub fn new(endpoint: &Endpoint, settings: Settings, workers: usize) -> Self {
        let address = literal(&endpoint.host).map(|ip| SocketAddr::new(ip, endpoint.port));
        let usual_port = if settings.tls.is_some() { 443 } else { 80 };
        let authority = match endpoint.port == usual_port {
            true => endpoint.host.clone(),
            false => format!("{}:{}", endpoint.host, endpoint.port),
        };
        Self {
            name: endpoint.spec.name.as_str().into(),
            host: endpoint.host.clone(),
            port: endpoint.port,
            host_header: HeaderValue::try_from(authority)
                .unwrap_or_else(|_| HeaderValue::from_static("")),
            addresses: ArcSwap::from_pointee(address.into_iter().collect()),
            turn: AtomicUsize::new(0),
            spoken: AtomicU8::new(0),
            places: Arc::new(Semaphore::new(
                settings.connections_max.min(Semaphore::MAX_PERMITS),
            )),
            waiting: Waiting::new(workers),
            is_closed: AtomicBool::new(false),
            idle: (0..workers).map(|_| Mutex::default()).collect(),
            opening: (0..workers).map(|_| tokio::sync::Mutex::new(())).collect(),
            settings,
        }
    }

    /// Returns the endpoint's name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Returns the host as it is declared.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns host and port as a `Host` header names them.
    pub fn host_header(&self) -> &HeaderValue {
        &self.host_header
    }

    /// Returns how connections are made.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Says whether it is where `endpoint` is, reached in the same way: its connections can then be kept.
    pub fn is_same(&self, endpoint: &Endpoint, settings: &Settings) -> bool {
        self.host == endpoint.host && self.port == endpoint.port && self.settings == *settings
    }

    /// Says whether the host must be resolved.
    pub fn needs_resolution(&self) -> bool {
        literal(&self.host).is_none()
    }

    /// Returns the addresses that are known; none before the name was resolved.
    pub fn addresses(&self) -> Arc<Vec<SocketAddr>> {
        self.addresses.load_full()
    }

    /// Takes the addresses that the name resolved to; with none, the old ones stay.
    pub fn resolved(&self, mut addresses: Vec<IpAddr>) {
        addresses.sort_unstable();
        addresses.dedup();
        if addresses.is_empty() {
            return;
        }
        let addresses = addresses
            .into_iter()
            .map(|ip| SocketAddr::new(ip, self.port));
        self.addresses.store(Arc::new(addresses.collect()));
    }

    /// Closes what is idle, for each worker; what runs is finished and not kept.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        self.close_idle();
    }

    /// Takes the endpoint into use again after [`close`](Self::close).
    pub fn open(&self) {
        self.is_closed.store(false, Ordering::Release);
    }

    /// Closes connections that were idle for too long or are too old.
    pub fn sweep(&self, now: Moment) {
        for worker in 0..self.idle.len() {
            let ended = self.idle_of(worker).sweep(&self.settings, now);
            drop(ended);
        }
    }

    /// Returns how many connections are open, in use or idle.
    pub fn connections(&self) -> usize {
        let all = self.settings.connections_max.min(Semaphore::MAX_PERMITS);
        all.saturating_sub(self.places.available_permits())
    }

    /// Says whether requests go out as HTTP/2; what ALPN will say of the first connection is not known.
    pub(super) fn speaks_http2(&self) -> Option<bool> {
        match (self.settings.protocol, &self.settings.tls) {
            (Protocol::Http1, _) | (Protocol::Auto, None) => Some(false),
            (Protocol::Http2, _) => Some(true),
            (Protocol::Auto, Some(_)) => match self.spoken.load(Ordering::Relaxed) {
                SPOKEN_HTTP1 => Some(false),
                SPOKEN_HTTP2 => Some(true),
                _ => None,
            },
        }
    }

    pub(super) fn learned(&self, is_http2: bool) {
        let spoken = if is_http2 { SPOKEN_HTTP2 } else { SPOKEN_HTTP1 };
        self.spoken.store(spoken, Ordering::Relaxed);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    pub(super) fn places(&self) -> &Arc<Semaphore> {
        &self.places
    }

    pub(super) fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    fn close_idle(&self) {
        for worker in 0..self.idle.len() {
            let closed = self.idle_of(worker).take_all();
            drop(closed);
        }
    }

    /// Closes the connection that some worker used least recently.
    pub(super) fn close_one_idle(&self) {
        let workers = 0..self.idle.len();
        let closed = workers
            .into_iter()
            .find_map(|worker| self.idle_of(worker).take_oldest());
        drop(closed);
    }

    pub(super) fn idle_of(&self, worker: usize) -> MutexGuard<'_, Idle> {
        let idle = &self.idle[worker % self.idle.len()];
        idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn opening_of(&self, worker: usize) -> &tokio::sync::Mutex<()> {
        &self.opening[worker % self.opening.len()]
    }

    /// The address whose turn it is to be tried first.
    pub(super) fn next_turn(&self) -> usize {
        self.turn.fetch_add(1, Ordering::Relaxed)
    }
}

/// The address that the text is, in brackets or not.
fn literal(host: &str) -> Option<IpAddr> {
    let bare = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    bare.unwrap_or(host).parse().ok()
}
