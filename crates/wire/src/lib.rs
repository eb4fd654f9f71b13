//! Bytes to types and back: expositions, remote write, imports, alerts.
//!
//! # What it is for
//! Every format in which metrics enter or leave, read and written in one place, without sockets, files or clocks: a
//! shell hands in bytes that it has received and gets values of `plimsoll-types`, or the other way round.
//!
//! # Model
//! An *exposition* ([`exposition`]) is what a target answers to a scrape: a [`exposition::Parser`] pulls
//! [`exposition::Entry`] values out of it. A *push* ([`push`]) is what a client sends us: remote write 1.0 and 2.0,
//! Prometheus text, VictoriaMetrics JSON lines, Influx lines, each of them possibly compressed ([`compression`]).
//! *Alerts* ([`alertmanager`]) are what an Alertmanager is posted.
//!
//! # Invariants
//! - Hostile bytes make an error with its place, never a panic, and never an allocation of a size that they only claim.
//! - What is written reads back equal; property tests say so for every codec.
//! - An error repeats at most a few dozen bytes of its input.
//! - Deliberately absent: limits that an operator sets, retries, anything that knows about time.
//!
//! # How to extend
//! A format is one module with its drawing, a page in `docs/formats`, a round trip property and a fuzz target in
//! `tests`. See `docs/adding/README.md`.
//!
//! # Sources
//! Prometheus exposition formats (text 0.0.4 and 1.0.0, `io.prometheus.client`), OpenMetrics 1.0, Prometheus remote
//! write 1.0 and 2.0, the import formats of VictoriaMetrics, InfluxDB line protocol, Alertmanager's API v2. The module docs name
//! the details.

pub mod alertmanager;
pub mod compression;
pub mod exposition;
mod fields;
pub mod influx;
pub mod metadata;
pub mod push;
pub mod remote_read;
pub mod remote_write;
pub mod text_import;
pub mod vm_json;
