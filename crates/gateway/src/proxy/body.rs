//! The answer's body on its way to the client: counted, timed, and the last thing that happens to a request.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use plimsoll_traffic::{FailureKind, Moment, Outcome};
use tokio::time::{Instant, Sleep};

use super::exchange::Exchange;
use super::outcome;
use super::request_body::Source;
use crate::gateway::Running;
use crate::mirror::Comparing;
use crate::pool::Lease;
use crate::reason::Reason;

/// The body of an answer.
pub struct Body(Kind);

enum Kind {
    Empty,
    /// The gateway's own; recorded when it is dropped.
    Own(
        Option<Bytes>,
        #[expect(dead_code, reason = "dropping it records the request")] Box<Exchange>,
    ),
    Passed(Box<Passed>),
}

/// An answer broke off; the client sees its connection or stream reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The endpoint ended it.
    #[error("the endpoint's answer broke off")]
    Truncated,
    /// The endpoint sent nothing for too long.
    #[error("the endpoint sent nothing of its answer for too long")]
    Silent,
}

/// An endpoint's answer that is passed on.
pub(crate) struct Passed {
    pub(crate) incoming: Incoming,
    pub(crate) exchange: Box<Exchange>,
    /// The attempt; its endpoint is told at the end.
    pub(crate) running: Option<Running>,
    pub(crate) place: usize,
    pub(crate) outcome: Outcome,
    pub(crate) latency: Duration,
    /// The connection; it is used again when the exchange ended whole.
    pub(crate) lease: Option<Lease>,
    /// The request's body, which must have been sent whole before.
    pub(crate) source: Option<Source>,
    pub(crate) idle_timeout: Duration,
    pub(crate) is_grpc: bool,
    /// Whether the caller gave less time than the route.
    pub(crate) is_hurried: bool,
    pub(crate) idle: Idle,
    /// Whether a copy's answer is compared with this one.
    pub(crate) comparing: Option<Comparing>,
}

/// Measures how long an endpoint is silent; costs nothing while it is not.
#[derive(Default)]
pub(crate) struct Idle {
    timer: Option<Pin<Box<Sleep>>>,
    is_waiting: bool,
}

impl Body {
    /// Makes one that has nothing and records nothing.
    pub(crate) fn empty() -> Self {
        Self(Kind::Empty)
    }

    pub(crate) fn own(bytes: Bytes, mut exchange: Box<Exchange>) -> Self {
        // To HEAD the body is only told about.
        let is_sent = exchange.record.method != http::Method::HEAD;
        exchange.record.bytes_out = if is_sent { bytes.len() as u64 } else { 0 };
        Self(Kind::Own((!bytes.is_empty()).then_some(bytes), exchange))
    }

    pub(crate) fn passed(passed: Box<Passed>) -> Self {
        Self(Kind::Passed(passed))
    }
}

impl Idle {
    fn poll(&mut self, ctx: &mut Context<'_>, timeout: Duration) -> Poll<()> {
        if !self.is_waiting {
            let Some(deadline) = Instant::now().checked_add(timeout) else {
                return Poll::Pending;
            };
            match &mut self.timer {
                Some(timer) => timer.as_mut().reset(deadline),
                None => self.timer = Some(Box::pin(tokio::time::sleep_until(deadline))),
            }
            self.is_waiting = true;
        }
        match &mut self.timer {
            Some(timer) => timer.as_mut().poll(ctx),
            None => Poll::Pending,
        }
    }
}

impl Passed {
    fn poll_frame(&mut self, ctx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match Pin::new(&mut self.incoming).poll_frame(ctx) {
            Poll::Pending => {
                std::task::ready!(self.idle.poll(ctx, self.idle_timeout));
                self.fail(FailureKind::TryTimeout, Reason::Timeout);
                Poll::Ready(Some(Err(Broken::Silent)))
            }
            Poll::Ready(None) => {
                self.complete();
                Poll::Ready(None)
            }
            Poll::Ready(Some(Err(_))) => {
                self.break_off();
                Poll::Ready(Some(Err(Broken::Truncated)))
            }
            Poll::Ready(Some(Ok(frame))) => {
                self.idle.is_waiting = false;
                if let Some(data) = frame.data_ref() {
                    self.exchange.record.bytes_out += data.len() as u64;
                    if let Some(comparing) = &mut self.comparing {
                        comparing.update(data);
                    }
                } else if let Some(trailers) = frame.trailers_ref() {
                    self.take_trailers(trailers);
                }
                Poll::Ready(Some(Ok(frame)))
            }
        }
    }

    fn take_trailers(&mut self, trailers: &HeaderMap) {
        if self.is_grpc
            && let Some(code) = outcome::grpc_status(trailers)
        {
            self.exchange.record.grpc_status = Some(code);
            self.outcome = outcome::of_grpc(code, self.outcome);
            if self.is_hurried {
                self.outcome = outcome::of_hurried(self.outcome);
            }
        }
    }

    /// The answer is whole.
    fn complete(&mut self) {
        self.exchange.end(Reason::Ok);
        if let Some(comparing) = self.comparing.take() {
            comparing.finish();
        }
        let is_sent = self.source.as_ref().is_none_or(Source::is_whole);
        let now = self.exchange.now();
        if let (Some(lease), true) = (self.lease.take(), is_sent) {
            lease.give_back(now);
        }
        self.finish(self.outcome, now);
    }

    /// Says whether there is nothing behind the head, although the endpoint did not say so with it: HTTP/2 may say it with
    /// a frame of its own, for which nobody asks then.
    fn has_no_body(&self) -> bool {
        let record = &self.exchange.record;
        self.incoming.is_end_stream()
            || record.method == http::Method::HEAD
            || matches!(record.status, 204 | 304)
    }

    /// The answer ended in the middle: the endpoint's fault, unless the client's own body broke off before.
    fn break_off(&mut self) {
        match self.source.as_ref().and_then(Source::error) {
            Some(_) => {
                self.exchange.end(Reason::ClientGone);
                self.lease = None;
                self.finish(Outcome::Cancelled, self.exchange.now());
            }
            None => self.fail(FailureKind::Truncated, Reason::UpstreamTruncated),
        }
    }

    fn fail(&mut self, kind: FailureKind, reason: Reason) {
        self.exchange.end(reason);
        self.lease = None;
        self.finish(Outcome::Failed(kind), self.exchange.now());
    }

    fn finish(&mut self, outcome: Outcome, now: Moment) {
        self.exchange.ended = Some(now);
        if let Some(source) = &self.source {
            self.exchange.record.bytes_in = source.bytes_read();
        }
        if let Some(running) = self.running.take() {
            self.exchange.attempted(self.place, outcome, self.latency);
            running.done(outcome, self.latency, now);
        }
    }
}

impl Drop for Passed {
    fn drop(&mut self) {
        if self.running.is_none() {
            return;
        }
        // Who knows the length does not ask for the end, and to HEAD there is no body.
        if self.has_no_body() {
            self.complete();
            return;
        }
        // The client left: that says nothing about the endpoint, whose head counts as it was.
        self.lease = None;
        self.finish(self.outcome, self.exchange.now());
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match &mut self.0 {
            Kind::Empty => Poll::Ready(None),
            Kind::Own(bytes, _) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Kind::Passed(passed) => passed.poll_frame(ctx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Empty => true,
            Kind::Own(bytes, _) => bytes.is_none(),
            Kind::Passed(passed) => passed.incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Own(bytes, _) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64)
            }
            Kind::Passed(passed) => passed.incoming.size_hint(),
        }
    }
}
