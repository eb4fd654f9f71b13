//! The data plane: takes requests in, sends each to an endpoint that can answer it, and tells what became of it.
//!
//! # What it is for
//! Puts services behind load balancing, health checks, timeouts, retries, breakers and limits at nearly the cost of a bare
//! proxy, and counts every request exactly, into the store and without a scrape.
//!
//! # Model
//! A [`model::Config`] is what files and flags say, validated. A snapshot of it is in force: listeners, routes and
//! backends; another one is swapped in whole, and what did not change keeps its state. Worker threads take connections;
//! a request finds its route, is let in by the limits, and makes attempts at endpoints that a
//! [`Upstream`](plimsoll_traffic::Upstream) picks, over connections of the worker's own pool. It ends with one
//! [`Reason`](reason::Reason), is counted once, and is a line of the access log.
//!
//! # Invariants
//! - What policy says is decided by `plimsoll-traffic`; here is IO only.
//! - Every request that came in is counted and logged exactly once, whoever left first.
//! - A connection is used again only after an exchange that ended whole.
//! - A configuration that does not hold is refused whole; the one in force stays.
//!
//! # How to extend
//! A reason is an entry in `reason.rs`; a matcher, filter or check is a file in its folder and an entry in its list.
//!
//! # Sources
//! RFC 9110, 9112, 9113 (HTTP), RFC 7239 and X-Forwarded-*, the PROXY protocol 1 and 2 (HAProxy), W3C Trace Context.

pub mod access_log;
mod affinity;
pub mod check;
pub mod config;
pub mod explain;
mod fault;
mod forwarded;
pub mod gateway;
pub mod handover;
mod listener;
pub mod mirror;
pub mod model;
pub mod names;
pub mod pool;
pub mod proxy;
pub mod proxy_protocol;
pub mod reason;
pub mod record;
pub mod router;
pub mod server;
pub mod signals;
pub mod surface;
pub mod tap;
pub mod tls;
pub mod trace;
mod upgrade;
pub mod worker;
