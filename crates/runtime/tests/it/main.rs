//! The plumbing against real sockets on loopback.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helper may panic like the test itself"
)]

mod http;
mod oauth2;
mod peer;
mod tls;
