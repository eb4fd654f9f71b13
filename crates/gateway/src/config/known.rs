//! What sections say about each other: names that must be there, and what is used.

use std::collections::HashMap;
use std::time::Duration;

use plimsoll_runtime::config::{Span, Spanned};
use plimsoll_traffic::balance;

use super::context::{Context, Names, short};
use crate::model::Backend;

/// What was read so far.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) backends: HashMap<String, KnownBackend>,
    /// Where names of backends, listeners and routes stand.
    pub(super) backend_names: Names,
    pub(super) listener_names: Names,
    pub(super) route_names: Names,
    /// Listeners for raw TCP.
    pub(super) tcp_listeners: Vec<String>,
    /// Whether there is a listener for HTTP.
    pub(super) has_http: bool,
}

/// What others need to know about a backend.
#[derive(Debug)]
pub(super) struct KnownBackend {
    span: Span,
    is_used: bool,
    /// Its endpoints are written as `tcp://`.
    pub(super) is_tcp: bool,
    /// It speaks HTTP/2 only.
    pub(super) is_http2: bool,
    /// It goes by the hash of a key.
    pub(super) is_hash: bool,
    /// When it was written: one that was not is bounded by what waits for it.
    pub(super) connect_timeout: Option<Duration>,
    /// When it was written.
    pub(super) wait_max: Option<Duration>,
}

impl Known {
    /// Remembers a backend.
    pub(super) fn add(
        &mut self,
        backend: &Backend,
        span: Span,
        is_tcp: bool,
        connect_timeout: Option<Duration>,
        wait_max: Option<Duration>,
    ) {
        let policy = &backend.judgement.policy;
        let known = KnownBackend {
            span,
            is_used: false,
            is_tcp,
            is_http2: backend.protocol == crate::model::Protocol::Http2,
            is_hash: matches!(
                policy,
                balance::Policy::Maglev(_) | balance::Policy::Rendezvous(_)
            ),
            connect_timeout,
            wait_max,
        };
        self.backends.insert(backend.name.clone(), known);
    }

    /// Returns a backend that is named, and reports one that is not there.
    pub(super) fn backend(
        &mut self,
        raw: &Spanned<String>,
        ctx: &mut Context<'_>,
    ) -> Option<&KnownBackend> {
        if raw.is_empty() {
            ctx.error(raw.span, "the name of a backend is missing");
            return None;
        }
        let Some(known) = self.backends.get_mut(&raw.value) else {
            let message = format!("there is no backend {:?}", short(raw));
            ctx.hint(raw.span, message, all(self.backend_names.keys()));
            return None;
        };
        known.is_used = true;
        Some(known)
    }

    /// Returns a backend that requests go to, and reports one that is not there or is no HTTP.
    pub(super) fn http_backend(
        &mut self,
        raw: &Spanned<String>,
        ctx: &mut Context<'_>,
    ) -> Option<&KnownBackend> {
        let known = self.backend(raw, ctx)?;
        if known.is_tcp {
            let message = format!(
                "the backend `{}` is no HTTP: its endpoints are tcp://",
                raw.value
            );
            let hint = "a listener with `protocol: tcp` can go there";
            ctx.hint(raw.span, message, hint);
        }
        Some(known)
    }

    /// Reports a listener that is not there, or that routes have no part in.
    pub(super) fn listener(&self, raw: &Spanned<String>, ctx: &mut Context<'_>) {
        if !self.listener_names.contains_key(&raw.value) {
            let message = format!("there is no listener {:?}", short(raw));
            ctx.hint(raw.span, message, all(self.listener_names.keys()));
        } else if self.tcp_listeners.contains(&raw.value) {
            let message = format!("the listener `{}` is raw TCP: it has no routes", raw.value);
            ctx.error(raw.span, message);
        }
    }

    /// Warns of what nobody uses.
    pub(super) fn unused(&self, ctx: &mut Context<'_>) {
        for (name, known) in &self.backends {
            if !known.is_used {
                let message = format!("the backend `{name}` is used by no route and no listener");
                ctx.warning(known.span, message);
            }
        }
    }
}

/// Lists what is known, in a hint.
fn all<'a>(names: impl Iterator<Item = &'a String>) -> String {
    const SHOWN_MAX: usize = 10;
    let mut names: Vec<_> = names.map(String::as_str).collect();
    names.sort_unstable();
    match names.len() {
        0 => "there is none".to_owned(),
        count if count > SHOWN_MAX => format!("there are {}, ...", names[..SHOWN_MAX].join(", ")),
        _ => format!("there is {}", names.join(", ")),
    }
}
