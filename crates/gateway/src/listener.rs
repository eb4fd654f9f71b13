//! What the connections of a listener are served with, and where they come from.

pub(crate) mod socket;

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use tokio::time::Instant;

use crate::model;
use crate::server::{Connections, Limits, ListenerId};
use crate::signals::ListenerSignals;
use crate::tls::Tls;

/// What the connections of a listener are served with: those that come after a reload get another one.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The listener, through reloads.
    pub(crate) id: Arc<ListenerId>,
    /// What the configuration says.
    pub(crate) listener: model::Listener,
    /// What is spoken.
    pub(crate) kind: Kind,
    /// `None` is plain text.
    pub(crate) tls: Option<Arc<Tls>>,
    /// Serves HTTP/1.
    pub(crate) http1: http1::Builder,
    /// The listener's connections.
    pub(crate) connections: Arc<Connections>,
    /// Counts them.
    pub(crate) signals: Option<Arc<ListenerSignals>>,
    /// How long an idle connection that must close may wait for another request.
    pub(crate) grace: Duration,
}

/// What is spoken.
#[derive(Debug)]
pub(crate) enum Kind {
    /// HTTP.
    Http,
    /// Bytes.
    Tcp {
        /// The backend's name.
        backend: Arc<str>,
        /// The longest silence.
        idle: Duration,
    },
}

impl Kind {
    /// Returns what the configuration says.
    pub(crate) fn of(kind: &model::ListenerKind) -> Self {
        match kind {
            model::ListenerKind::Http => Self::Http,
            model::ListenerKind::Tcp { backend, idle } => Self::Tcp {
                backend: backend.as_str().into(),
                idle: *idle,
            },
        }
    }
}

impl Settings {
    /// Counts what ended or prevented a connection, by one of few fixed words.
    pub(crate) fn failed(&self, error: &'static str) {
        if let Some(signals) = &self.signals {
            signals.failed(error);
        }
    }

    /// Returns what limits the time of a connection that begins now.
    pub(crate) fn limits(&self) -> Limits {
        let age_max = self.listener.connection_age_max;
        Limits {
            timeouts: self.listener.timeouts,
            age: age_max.and_then(|age| Instant::now().checked_add(age)),
            grace: self.grace,
        }
    }
}
