//! Who answers.

use std::path::PathBuf;
use std::time::Duration;

use plimsoll_traffic::{EndpointSpec, Options, health, limit};

use super::BodyPattern;

/// Who answers: endpoints that are alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Backend {
    /// What it is called in routes, metrics and orders.
    pub name: String,
    /// They are in the order of the file.
    pub endpoints: Vec<Endpoint>,
    /// What is spoken with them.
    pub protocol: Protocol,
    /// `None` is plain text.
    pub tls: Option<UpstreamTls>,
    /// How it is judged.
    pub judgement: Options,
    /// How endpoints are checked; `judgement.checks` says when.
    pub check: Option<Check>,
    /// For a connection, the TLS handshake included.
    pub connect_timeout: Duration,
    /// Connections to an endpoint, of all workers together.
    pub connections_max: usize,
    /// How long a connection without a request is kept.
    pub idle: Duration,
    /// After this age a connection is not used again; `None` is never.
    pub connection_age_max: Option<Duration>,
    /// Requests in flight, and who waits for a place.
    pub concurrency: Option<Concurrency>,
    /// Whether endpoints get a PROXY header 2 first.
    pub sends_proxy_header: bool,
}

/// One address of a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Name, weight and priority.
    pub spec: EndpointSpec,
    /// A name or an address, of IPv6 without brackets. A name is resolved again when its answer is over.
    pub host: String,
    /// Never 0.
    pub port: u16,
}

impl Endpoint {
    /// Makes an endpoint that is called `host:port`, with weight 1 and priority 0.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        let host = host.into();
        let name = match host.contains(':') {
            true => format!("[{host}]:{port}"),
            false => format!("{host}:{port}"),
        };
        let spec = EndpointSpec {
            name,
            weight: 1,
            priority: 0,
        };
        Self { spec, host, port }
    }
}

/// What is spoken with endpoints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1, or with TLS what the endpoint chooses by ALPN.
    #[default]
    Auto,
    /// HTTP/1.1.
    Http1,
    /// HTTP/2; without TLS by prior knowledge (h2c).
    Http2,
}

/// How endpoints are proved to be who they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpstreamTls {
    /// Authorities, PEM; `None` is the system's.
    pub ca: Option<PathBuf>,
    /// Certificate chain and key that are shown.
    pub client: Option<super::Certificate>,
    /// The name that is asked for (SNI) and must be in the certificate; `None` is the endpoint's host.
    pub server_name: Option<String>,
    /// Anybody is believed.
    pub insecure_skip_verify: bool,
}

/// How an endpoint is checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// What is done.
    pub kind: CheckKind,
    /// Another port than requests go to.
    pub port: Option<u16>,
}

/// What a check does.
#[derive(Clone, Debug, PartialEq)]
pub enum CheckKind {
    /// A connection is enough.
    Tcp,
    /// A request.
    Http {
        /// GET, HEAD or OPTIONS.
        method: http::Method,
        /// Path and query.
        path: String,
        /// The Host; `None` is the endpoint's host and port.
        host: Option<String>,
        /// What is well.
        statuses: Vec<StatusRange>,
        /// What the first 64 KiB of the body must match.
        body: Option<BodyPattern>,
    },
    /// `grpc.health.v1.Health/Check`, which must say SERVING.
    Grpc {
        /// The service that is asked about; empty is the server.
        service: String,
    },
}

/// Statuses from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusRange {
    /// 100 to 599.
    pub first: u16,
    /// `first` to 599.
    pub last: u16,
}

/// Requests in flight to a backend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Concurrency {
    /// How many.
    pub limit: limit::concurrency::Options,
    /// Who waits.
    pub queue: limit::queue::Options,
}

impl Backend {
    /// Makes a backend in plain text with what holds where nothing is said.
    pub fn new(name: impl Into<String>, endpoints: Vec<Endpoint>) -> Self {
        Self {
            name: name.into(),
            endpoints,
            protocol: Protocol::default(),
            tls: None,
            judgement: Options::default(),
            check: None,
            connect_timeout: Duration::from_secs(1),
            connections_max: 1024,
            idle: Duration::from_secs(60),
            connection_age_max: None,
            concurrency: None,
            sends_proxy_header: false,
        }
    }

    /// Returns when endpoints are checked, if they are.
    pub fn schedule(&self) -> Option<&health::active::Schedule> {
        self.judgement.checks.as_ref()
    }
}
