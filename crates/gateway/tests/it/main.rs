//! The gateway with real sockets.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do, but the lint only knows functions marked as tests"
)]

mod proxy;
mod server;
