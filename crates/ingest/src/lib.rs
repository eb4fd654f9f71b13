//! Signals in: prometheus.yml, discovery, scrape, host facts, receivers.
//!
//! # What it is for
//! Everything that arrives passes through here: what we fetch from targets, what clients push, what the machine tells
//! about itself. The result is always the same: samples in a `plimsoll_types::WriteBatch` for an appender.
//!
//! # Model
//! [`config`] reads a prometheus.yml unchanged into jobs; [`discovery`] finds the *targets* of a job; [`relabel`]
//! rewrites or drops their labels; [`scrape`] fetches each target on its own offset and keeps what it exposes.
//! [`push`] takes what clients send, [`host`] reads the machine itself. [`limits`] stands between them and the store.
//!
//! # Invariants
//! - Peers are not trusted: every body, sample count, label and series count has a limit, every exchange a deadline.
//! - Nothing is silently ignored: a configuration is loaded whole or refused whole with file, line and column; what is
//!   legal but without effect is a warning.
//! - [`config`] and [`relabel`] are pure but for reading the files that they are told to read; the environment, time
//!   and the network come in as arguments.
//! - Deliberately absent: storage, queries, rules. This crate never imports `tsdb` or `promql`.
//!
//! # How to extend
//! A way to discover targets is one file in `discovery/`, see `docs/adding/discovery.md`; a field of prometheus.yml is
//! one line in `config/raw/` and its check beside it.
//!
//! # Sources
//! Prometheus 3.14 (configuration, relabelling, scrape semantics), remote write 1.0 and 2.0, OpenMetrics 1.0,
//! node_exporter (names of host metrics), Go's `regexp` and `os.Expand` (templates).

mod by_hash;
pub mod config;
pub mod discovery;
pub mod host;
pub mod limits;
pub mod push;
pub mod relabel;
pub mod scrape;
