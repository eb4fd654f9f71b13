//! What is read, routed and decided, from outside.
#![allow(
    clippy::unwrap_used,
    reason = "all of this is test code, helpers included"
)]

mod config;
mod extension;
mod original;
mod suite;
