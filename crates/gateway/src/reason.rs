//! Why a request ended as it did: one code per request, in the access log, in metrics and in what is answered.

/// Why a request ended as it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The endpoint's answer was passed on whole.
    Ok,
    /// The answer is the gateway's own, as its route says: a redirect, a fixed answer.
    Answered,
    /// No route matches.
    NoRoute,
    /// The route is in maintenance.
    Maintenance,
    /// A fault that the route injects.
    Fault,
    /// The client left before its answer was whole: 499.
    ClientGone,
    /// The client's request is no HTTP, too large, or too slow.
    BadRequest,
    /// A rate limit.
    RateLimited,
    /// The concurrency limit, and the queue is full.
    QueueFull,
    /// It waited too long for a place.
    QueueTimeout,
    /// Its class is shed while waits are long.
    Shed,
    /// No endpoint can be used.
    NoEndpoint,
    /// No connection to the endpoint.
    ConnectFailed,
    /// Connecting took too long.
    ConnectTimeout,
    /// The handshake with the endpoint failed.
    UpstreamTls,
    /// The endpoint closed or reset before an answer's head.
    UpstreamClosed,
    /// What the endpoint sent is no HTTP.
    UpstreamMalformed,
    /// The answer began and broke off.
    UpstreamTruncated,
    /// No answer in the time of the route.
    Timeout,
    /// The time that the caller left was too short to begin.
    DeadlineExceeded,
    /// The gateway stops.
    Draining,
    /// A fault of the gateway.
    Internal,
}

impl Reason {
    /// All, in the order of their declaration.
    pub const ALL: [Self; 22] = [
        Self::Ok,
        Self::Answered,
        Self::NoRoute,
        Self::Maintenance,
        Self::Fault,
        Self::ClientGone,
        Self::BadRequest,
        Self::RateLimited,
        Self::QueueFull,
        Self::QueueTimeout,
        Self::Shed,
        Self::NoEndpoint,
        Self::ConnectFailed,
        Self::ConnectTimeout,
        Self::UpstreamTls,
        Self::UpstreamClosed,
        Self::UpstreamMalformed,
        Self::UpstreamTruncated,
        Self::Timeout,
        Self::DeadlineExceeded,
        Self::Draining,
        Self::Internal,
    ];

    /// Returns its place in [`ALL`](Self::ALL).
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Returns it as it is written in logs, labels and the header `x-plimsoll-reason`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Answered => "answered",
            Self::NoRoute => "no_route",
            Self::Maintenance => "maintenance",
            Self::Fault => "fault",
            Self::ClientGone => "client_gone",
            Self::BadRequest => "bad_request",
            Self::RateLimited => "rate_limited",
            Self::QueueFull => "queue_full",
            Self::QueueTimeout => "queue_timeout",
            Self::Shed => "shed",
            Self::NoEndpoint => "no_endpoint",
            Self::ConnectFailed => "connect_failed",
            Self::ConnectTimeout => "connect_timeout",
            Self::UpstreamTls => "upstream_tls",
            Self::UpstreamClosed => "upstream_closed",
            Self::UpstreamMalformed => "upstream_malformed",
            Self::UpstreamTruncated => "upstream_truncated",
            Self::Timeout => "timeout",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::Draining => "draining",
            Self::Internal => "internal",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_has_its_place_and_a_word_of_its_own() {
        let words: HashSet<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(words.len(), Reason::ALL.len());
        for (index, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason.index(), index);
            let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
            assert!(reason.as_str().bytes().all(is_plain));
        }
    }
}
