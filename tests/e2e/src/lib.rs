//! The real binary against programs nobody here wrote.
//!
//! # What it is for
//! Starts `plimsoll` and Debian's programs (Prometheus, node exporter, promtool) as processes on loopback, talks to them
//! over HTTP and by signals, and ends them. The tests in `tests/it` show what the whole product promises; `cargo xtask
//! crash` kills the same processes at random moments.
//!
//! # Model
//! A [`Home`] is the folder of one installation: configuration, data directory, logs. A [`Server`] is a `plimsoll serve`
//! that runs in a home, a [`Program`] any process, a
//! [`Gateway`] a `plimsoll gateway` and a [`Backend`] a service behind it. An [`Api`] asks whatever speaks Prometheus' HTTP API, so that the same
//! question can go to two of them, and [`compare`] says where their answers differ. A [`ServerSubject`] is a server as
//! Prometheus' own query scripts judge it; a [`Differential`] asks us and a Prometheus the same random questions.
//! [`wait_until`] is the one place that waits.
//!
//! # Invariants
//! - Everything listens on 127.0.0.1, on ports that the system chose.
//! - Only processes that were started here are ended, by their id, at the latest when their value is dropped.
//! - A program of Debian's that is missing skips its test with a word about it; with `PLIMSOLL_REQUIRE_PROGRAMS` in the
//!   environment it fails the test.
//! - Deliberately absent: retries of tests, fixed ports, an async runtime (a test is a sequence of steps).
//!
//! # How to extend
//! A promise of the product is a file in `tests/it` and a `mod` line in its `main.rs`.
//!
//! # Sources
//! Prometheus' HTTP API documentation; RFC 9112 for the client's side of HTTP/1.1.

mod alert_scenario;
mod answer;
mod api;
mod backend;
mod beats;
mod damage;
mod debian;
mod differential;
mod gateway;
mod home;
mod http;
mod program;
mod receiver;
mod recorder;
mod route_differential;
mod rule_differential;
mod server;
mod subject;
mod time;

pub use alert_scenario::{Make, Manager, Notice, Script, Transcript};
pub use answer::compare;
pub use api::Api;
pub use backend::{Backend, Mood};
pub use beats::{BEAT, beats};
pub use debian::{
    Alertmanager, NodeExporter, Prometheus, VictoriaMetrics, find, promtool, python_with,
};
pub use differential::{Agreement, Differential};
pub use gateway::Gateway;
pub use home::Home;
pub use http::{Reply, encode_query, request};
pub use program::{Program, binary};
pub use receiver::{Receiver, Told, millis_of_rfc_3339};
pub use recorder::{Behaviour, Received, Recorder};
pub use route_differential::{RouteAgreement, RouteDifferential};
pub use rule_differential::{RuleAgreement, RuleDifferential};
pub use server::Server;
pub use subject::{Forget, Renew, ServerSubject};
pub use time::{now_millis, rfc_3339_of_millis, wait_until};
