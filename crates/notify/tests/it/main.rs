//! Attempts against real sockets on loopback: peers that are good, slow, silent, lying or broken.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helper may panic like the test itself"
)]

mod amtool;
mod bench;
mod config;
mod debian;
mod http;
mod mail;
mod mail_server;
mod peer;
mod services;
mod texts;
mod tls;
