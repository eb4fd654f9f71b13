//! What receivers are told and how: configuration, templates, payloads, HTTP and SMTP.
//!
//! # What it is for
//! Somebody decided that a group of alerts is to be told to a receiver. This crate writes what is told in the receiver's
//! own dialect, brings it there, and says in three words how it went: sent, to be tried again, refused.
//!
//! # Model
//! A [`Notice`] is what is to be told; an [`Integration`] is one entry of a receiver in alertmanager.yml and holds a
//! [`Receiver`], the code that knows a service. It makes [`Request`]s out of a notice with the texts of a [`Rendering`],
//! and judges each [`Answer`]: a [`Verdict`]. The [`Sender`] reads secrets, renders, speaks HTTP or SMTP, and counts.
//! [`config`] is the `global` section and the receivers of alertmanager.yml.
//!
//! # Invariants
//! - One call of [`Sender::send`] is one attempt. Who tries again, and when, is decided elsewhere; nothing is retried here.
//! - A template that fails never loses a notice: a text of our own that names the error takes its place, and is counted.
//! - Every exchange has a deadline, every answer a limit. No secret is in an error, a log line or a verdict.
//! - The same notice gives the same requests, with the same idempotency key, whoever sends it.
//! - Deliberately absent: routing, grouping, silences, retries; and what a notice was sent for.
//!
//! # How to extend
//! A receiver is one file in `receivers/` and one line in `receivers.rs`; see `docs/receivers.md`.
//!
//! # Sources
//! The configuration and notification template references of Alertmanager 0.34; Debian's Alertmanager 0.25 and its
//! templates for the bytes; RFC 9110 (Retry-After), RFC 5321, 3207, 4954, 2195 (SMTP), RFC 5322, 2045-2047 (mail), and the
//! API references of the services.

pub mod config;
mod mail;
mod masks;
mod notice;
mod plain;
mod receiver;
pub mod receivers;
mod rendering;
mod request;
mod sender;
mod templates;
mod verdict;

pub use mail::Mail;
pub use notice::{Notice, NoticeAlert, Reason, ReceiverData};
pub use receiver::{Integration, Receiver};
pub use rendering::{RenderError, RenderErrorKind, Rendering};
pub use request::{Answer, HttpRequest, Request};
pub use sender::{Metrics, Sender};
pub use templates::{TemplateError, Templates};
pub use verdict::Verdict;
