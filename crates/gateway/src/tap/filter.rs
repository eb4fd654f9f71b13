//! Which requests a watcher wants to see.

use std::net::IpAddr;
use std::time::Duration;

use http::Method;
use plimsoll_traffic::Criticality;

use crate::reason::Reason;
use crate::record::Record;
use crate::signals::{Class, Directory};

/// Which requests a watcher wants to see: those for which everything holds that is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// The route's name.
    pub route: Option<String>,
    /// The backend's name.
    pub backend: Option<String>,
    /// The name of an endpoint that was tried.
    pub endpoint: Option<String>,
    /// One of these; empty is any.
    pub classes: Vec<Class>,
    /// One of these; empty is any.
    pub reasons: Vec<Reason>,
    /// The status.
    pub status: Option<u16>,
    /// The method.
    pub method: Option<Method>,
    /// What the path begins with.
    pub path_prefix: Option<String>,
    /// The client's address.
    pub client: Option<IpAddr>,
    /// The criticality.
    pub criticality: Option<Criticality>,
    /// It took this long, or longer.
    pub at_least: Option<Duration>,
    /// The trace.
    pub trace_id: Option<[u8; 16]>,
}

impl Filter {
    pub(super) fn passes(&self, record: &Record, directory: &Directory) -> bool {
        let attempt = |name: &String| {
            let mut attempts = record.attempts.iter();
            let backend = record.backend;
            attempts.any(|attempt| {
                backend.is_some_and(|id| directory.endpoint(id, attempt.endpoint) == name)
            })
        };
        let route = |name: &String| record.route.is_some_and(|id| directory.route(id) == name);
        let backend = |name: &String| {
            record
                .backend
                .is_some_and(|id| directory.backend(id) == name)
        };
        // What is cheap to ask comes first.
        self.status.is_none_or(|status| status == record.status)
            && (self.classes.is_empty() || self.classes.contains(&record.class()))
            && (self.reasons.is_empty() || self.reasons.contains(&record.reason))
            && is_or_any(&self.criticality, &record.criticality)
            && is_or_any(&self.method, &record.method)
            && is_or_any(&self.trace_id, &record.trace_id)
            && is_or_any(&self.client, &record.client.ip().to_canonical())
            && self.at_least.is_none_or(|least| record.duration >= least)
            && self
                .path_prefix
                .as_ref()
                .is_none_or(|prefix| record.uri.path().starts_with(&**prefix))
            && self.route.as_ref().is_none_or(route)
            && self.backend.as_ref().is_none_or(backend)
            && self.endpoint.as_ref().is_none_or(attempt)
    }
}

fn is_or_any<T: PartialEq>(wanted: &Option<T>, found: &T) -> bool {
    wanted.as_ref().is_none_or(|wanted| wanted == found)
}
