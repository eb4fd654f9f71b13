//! What every part stands on: time, randomness, tasks, shutdown, disk, configuration files, HTTP, logs and metrics.
//!
//! # What it is for
//! The program meets the machine here and nowhere else, so that tests can put a simulated clock, disk or peer in the
//! machine's place, and so that limits, deadlines and masks are written once.
//!
//! # Model
//! A [`Clock`](clock::Clock) tells time, a [`Disk`](disk::Disk) keeps bytes, a [`Random`](random::Random) spreads
//! load. [`Tasks`](tasks::Tasks) run until the [`Shutdown`](shutdown::Shutdown) token is triggered. A
//! [`Client`](http::Client) speaks to peers. A [`Registry`](metrics::Registry) counts what happened.
//!
//! # Invariants
//! - No global state: each of these is passed in. The two exceptions belong to the process anyway: the log's
//!   subscriber and the signal handlers.
//! - Every exchange with a peer has a deadline, every body a limit, every task a name.
//! - A panic of a task is logged, counted, and ends in what its policy says; it is never lost.
//! - A [`Secret`](http::Secret) prints as `<secret>`.
//! - Deliberately absent: anything of the domain, and TLS by another library than rustls with aws-lc-rs.
//!
//! # How to extend
//! A new way to meet the machine is a small object-safe trait beside its production implementation; `testkit` gets the
//! simulated one. See `docs/adding/README.md`.
//!
//! # Sources
//! Prometheus' `http_config` (what a client can be told), RFC 9110 (redirects, credentials), OpenMetrics 1.0 and the
//! Prometheus text format 0.0.4 (own metrics), the names of the process collector of the Prometheus clients.

pub mod clock;
pub mod config;
pub mod disk;
pub mod http;
pub mod logging;
pub mod metrics;
pub mod random;
pub mod shutdown;
pub mod tasks;
