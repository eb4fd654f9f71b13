//! One worker's connections to one endpoint that can take an exchange.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use hyper::client::conn::{http1, http2};
use plimsoll_traffic::Moment;

use super::target::Settings;
use crate::proxy::RequestBody;

/// Streams at a time on one connection; for more another one is opened. RFC 9113 section 6.5.2 asks servers to allow 100 at
/// least, and one that allows fewer makes the rest wait.
pub(super) const STREAMS_MAX: usize = 100;

/// One worker's connections to one endpoint that can take an exchange.
#[derive(Debug, Default)]
pub(super) struct Idle {
    /// The one that came back last is the last.
    http1: Vec<Http1>,
    http2: Vec<Http2>,
}

/// An HTTP/1 connection between two exchanges.
#[derive(Debug)]
pub(super) struct Http1 {
    pub(super) sender: http1::SendRequest<RequestBody>,
    pub(super) opened: Moment,
    pub(super) idle_since: Moment,
}

/// An HTTP/2 connection.
#[derive(Clone, Debug)]
pub(super) struct Http2 {
    pub(super) sender: http2::SendRequest<RequestBody>,
    pub(super) opened: Moment,
    pub(super) used: Moment,
    pub(super) streams: Arc<AtomicUsize>,
}

impl Idle {
    /// Takes the connection that was used last, if it is still good.
    pub(super) fn take_http1(&mut self, settings: &Settings, now: Moment) -> Option<Http1> {
        while let Some(connection) = self.http1.pop() {
            let is_good = !connection.sender.is_closed() && connection.is_young(settings, now);
            if is_good {
                return Some(connection);
            }
        }
        None
    }

    pub(super) fn has_http1(&self) -> bool {
        !self.http1.is_empty()
    }

    pub(super) fn put_http1(&mut self, connection: Http1) {
        self.http1.push(connection);
    }

    /// Returns a connection that takes one more stream.
    pub(super) fn find_http2(&mut self, settings: &Settings, now: Moment) -> Option<Http2> {
        self.http2
            .retain(|connection| !connection.sender.is_closed());
        let good = self.http2.iter_mut().find(|connection| {
            connection.is_young(settings, now) && connection.streams.load(Relaxed) < STREAMS_MAX
        })?;
        good.used = now;
        Some(good.clone())
    }

    pub(super) fn put_http2(&mut self, connection: Http2) {
        self.http2.push(connection);
    }

    /// Takes out the connection that was used least recently and on which nothing runs.
    pub(super) fn take_oldest(&mut self) -> Option<(Option<Http1>, Option<Http2>)> {
        if !self.http1.is_empty() {
            return Some((Some(self.http1.remove(0)), None));
        }
        let is_unused = |one: &Http2| one.streams.load(Relaxed) == 0;
        let unused = self.http2.iter().position(is_unused)?;
        Some((None, Some(self.http2.remove(unused))))
    }

    /// Takes everything out; an HTTP/2 connection ends with its last stream.
    pub(super) fn take_all(&mut self) -> (Vec<Http1>, Vec<Http2>) {
        (
            std::mem::take(&mut self.http1),
            std::mem::take(&mut self.http2),
        )
    }

    /// Takes out what is too old, too long unused or closed.
    pub(super) fn sweep(&mut self, settings: &Settings, now: Moment) -> (Vec<Http1>, Vec<Http2>) {
        let http1 = self.http1.extract_if(.., |connection| {
            connection.sender.is_closed() || !connection.is_young(settings, now)
        });
        let http1 = http1.collect();
        let http2 = self.http2.extract_if(.., |connection| {
            let is_unused = connection.streams.load(Relaxed) == 0
                && now.since(connection.used) >= settings.idle;
            is_unused || connection.sender.is_closed() || !connection.is_young(settings, now)
        });
        (http1, http2.collect())
    }
}

impl Http1 {
    fn is_young(&self, settings: &Settings, now: Moment) -> bool {
        now.since(self.idle_since) < settings.idle && is_young(self.opened, settings, now)
    }
}

impl Http2 {
    fn is_young(&self, settings: &Settings, now: Moment) -> bool {
        is_young(self.opened, settings, now)
    }
}

fn is_young(opened: Moment, settings: &Settings, now: Moment) -> bool {
    settings
        .age_max
        .is_none_or(|age_max| now.since(opened) < age_max)
}
