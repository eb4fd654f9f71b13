//! Which requests go where, and what is done with them.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, StatusCode};
use plimsoll_traffic::{Criticality, hedge, limit, retry};
use plimsoll_types::Timestamp;

use super::Pattern;

/// Which requests go where.
///
/// Of the routes that match, the one with the most exact host wins, then the most exact path (exact, longest prefix, regex),
/// then the most conditions, then the first of the file. The prefix `/` is no condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// What it is called in metrics, logs and orders.
    pub name: String,
    /// Empty is every host.
    pub hosts: Vec<HostPattern>,
    /// Listeners it is for, by name; empty is all of HTTP.
    pub listeners: Vec<String>,
    /// One of these is enough; empty is everything.
    pub matches: Vec<Match>,
    /// What is done.
    pub action: Action,
    /// What is changed on the way to the endpoint and back.
    pub rewrite: Rewrite,
    /// For everything from the request's head to the answer's, attempts and waits included.
    pub timeout: Duration,
    /// Between two parts of the answer's body.
    pub idle_timeout: Duration,
    /// What is tried again.
    pub retry: retry::Options,
    /// Whether a second attempt is sent before the first failed.
    pub hedge: Option<hedge::Options>,
    /// What requests are, unless a trusted peer says otherwise.
    pub criticality: Criticality,
    /// Each must let a request in.
    pub limits: Vec<RateLimit>,
    /// Requests in flight on this route (a bulkhead); `None` is no limit.
    pub in_flight_max: Option<u32>,
    /// The most bytes of a request's body; `None` is no limit.
    pub body_max: Option<u64>,
    /// What ties a client to an endpoint.
    pub affinity: Option<Affinity>,
    /// Who gets a copy.
    pub mirror: Option<Mirror>,
    /// What is broken on purpose.
    pub faults: Vec<Fault>,
    /// The answer while the route is in maintenance; set in the file or by an order.
    pub maintenance: Option<(StatusCode, String)>,
}

/// The host of a request, without its port, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// This one.
    Exact(String),
    /// Any that ends with this text, such as `.shop.example` of `*.shop.example`.
    Suffix(String),
}

/// Conditions that must all hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Match {
    /// The path; `None` is any.
    pub path: Option<PathMatch>,
    /// Any of these; empty is any.
    pub methods: Vec<Method>,
    /// Each of these.
    pub headers: Vec<HeaderMatch>,
    /// Each of these; the name is the cookie's.
    pub cookies: Vec<(String, TextMatch)>,
    /// Each of these; the name is the query parameter's.
    pub query: Vec<(String, TextMatch)>,
}

/// A condition on the path as [`crate::router::Path`] makes it: escapes of letters, digits and `-._~` decoded, `.` and `..`
/// resolved, several slashes as one.
#[derive(Clone, Debug, PartialEq)]
pub enum PathMatch {
    /// It is this.
    Exact(String),
    /// It begins with these whole segments: `/shop` is in `/shop` and `/shop/x`, not in `/shopping`.
    Prefix(String),
    /// It matches as a whole.
    Regex(Pattern),
}

/// A condition on a text.
#[derive(Clone, Debug, PartialEq)]
pub enum TextMatch {
    /// It is there.
    Present,
    /// It is not there.
    Absent,
    /// It is this.
    Exact(String),
    /// It matches as a whole.
    Regex(Pattern),
}

/// A condition on a header.
#[derive(Clone, Debug, PartialEq)]
pub struct HeaderMatch {
    /// The header.
    pub name: HeaderName,
    /// What one of its values must be.
    pub value: TextMatch,
}

/// What is done with a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// It goes to one of these by weight; at least one, weights above 0.
    Forward(Vec<Share>),
    /// The client is sent elsewhere.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        status: StatusCode,
        /// `None` keeps it.
        scheme: Option<String>,
        /// `None` keeps it; host, or host and port.
        authority: Option<String>,
        /// `None` keeps it.
        path: Option<PathRewrite>,
    },
    /// It is answered here.
    Answer {
        /// 200 to 599.
        status: StatusCode,
        /// As it is.
        body: String,
        /// With `Content-Type`, when there is a body.
        content_type: HeaderValue,
    },
}

/// A backend's share of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The backend's name.
    pub backend: String,
    /// Relative to the others; 0 gets nothing.
    pub weight: u32,
}

/// How a path is changed.
#[derive(Clone, Debug, PartialEq)]
pub enum PathRewrite {
    /// To this.
    Full(String),
    /// What the matched prefix was becomes this.
    Prefix(String),
    /// The first match becomes this, `$1` and `${name}` are groups.
    Regex(Pattern, String),
}

impl Route {
    /// Makes a route for all requests with what holds where nothing is said.
    pub fn new(name: impl Into<String>, action: Action) -> Self {
        Self {
            name: name.into(),
            hosts: Vec::new(),
            listeners: Vec::new(),
            matches: Vec::new(),
            action,
            rewrite: Rewrite::default(),
            timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_secs(60),
            retry: retry::Options::default(),
            hedge: None,
            criticality: Criticality::default(),
            limits: Vec::new(),
            in_flight_max: None,
            body_max: None,
            affinity: None,
            mirror: None,
            faults: Vec::new(),
            maintenance: None,
        }
    }
}

/// What is changed on the way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rewrite {
    /// The path.
    pub path: Option<PathRewrite>,
    /// The Host that the endpoint sees; `None` is the client's.
    pub host: Option<String>,
    /// In this order.
    pub request_headers: Vec<HeaderOperation>,
    /// In this order.
    pub response_headers: Vec<HeaderOperation>,
}

/// A change of headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderOperation {
    /// The header has this value and no other.
    Set(HeaderName, HeaderValue),
    /// The header has this value as well.
    Add(HeaderName, HeaderValue),
    /// The header is gone.
    Remove(HeaderName),
}

/// A rate limit of a route.
#[derive(Clone, Debug, PartialEq)]
pub struct RateLimit {
    /// What it is called in logs and metrics; unique within its route.
    pub name: String,
    /// What has a bucket of its own.
    pub key: LimitKey,
    /// How much each gets.
    pub rate: limit::rate::Rate,
    /// What would be refused is let in and counted.
    pub dry_run: bool,
}

/// What has a bucket of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LimitKey {
    /// The route.
    Route,
    /// The client's address.
    Client,
    /// A header's first value; requests without it share one bucket.
    Header(HeaderName),
    /// A cookie's value; requests without it share one bucket.
    Cookie(String),
}

/// What ties a client to an endpoint.
#[derive(Clone, Debug, PartialEq)]
pub enum Affinity {
    /// The hash of this is the key of consistent hashing: [`LimitKey::Route`] makes no sense and is refused.
    Hash(LimitKey),
    /// A cookie of the gateway's names the endpoint.
    Cookie(StickyCookie),
}

/// A cookie that names an endpoint, signed so that clients cannot choose.
#[derive(Clone, Debug, PartialEq)]
pub struct StickyCookie {
    /// The cookie's name.
    pub name: String,
    /// The secret of the signature; `None` is one that the process makes up at its start, so that cookies end with it.
    pub secret: Option<plimsoll_runtime::http::Secret>,
    /// Where the secret stands, when it is in a file of its own: another one there comes into force by itself.
    pub secret_file: Option<std::path::PathBuf>,
    /// `None` ends with the browser.
    pub max_age: Option<Duration>,
}

/// Who gets a copy of requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Mirror {
    /// The backend's name. Its answers reach nobody.
    pub backend: String,
    /// Share of requests, 0 to 1.
    pub share: f64,
    /// Whether status, chosen headers and body are compared with what the client got, and differences counted.
    pub compares: bool,
}

/// What is broken on purpose.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Share of requests, 0 to 1.
    pub share: f64,
    /// Only those with this header.
    pub header: Option<HeaderMatch>,
    /// What happens.
    pub effect: Effect,
    /// When it ends by itself; `None` is never.
    pub until: Option<Timestamp>,
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The request waits before it goes on.
    Delay(Duration),
    /// It is answered with this status.
    Abort(StatusCode),
    /// The connection (the stream) is reset.
    Reset,
}
