//! Alerting: from alerts to notices, as an Alertmanager decides it, with a reason for every decision.
//!
//! # What it is for
//! Reads the `alertmanager.yml` that users have, says what is wrong with one before it is used, and decides who is told what
//! and when: routing, grouping, inhibition, silences, time intervals, and what became of each notice.
//!
//! # Model
//! A [`Config`] holds a [`RouteTree`]; [`RouteTree::matching`] gives the [`Route`]s of an alert, depth first. Alerts of a
//! route with the same values of `group_by` are a group, which the engine tells a receiver about. [`InhibitRule`]s and
//! silences keep alerts back, [`Intervals`] whole groups. What only Plimsoll knows is in [`Extension`].
//! [`matchers`] reads conditions in both syntaxes that Alertmanager knows.
//!
//! An [`Engine`] takes [`Event`]s (alerts posted, silences set, time passed, a delivery answered) and gives [`Step`]s: rows
//! to make durable, notices to send, decisions with their reasons. [`Silences`] and [`Inhibitor`] say what keeps an alert
//! back; an [`Explanation`] says why a receiver was told, or why not, and when next.
//!
//! Modules, in reading order: `config` (the file), `matchers`, `route`, `interval`; `fingerprint`, `silence`, `inhibit`;
//! `engine` with `book` (alerts), `group`, `dedup`, `barrier`, `heartbeat` and `delivery` (the outbox); `rows` (what is
//! durable), `explain`, `view` and `surface` (what an API shows and takes).
//!
//! # Invariants
//! - Pure but for [`config::load`], which reads files: no clock, no network. Who calls knows the time.
//! - A configuration is good as a whole or refused as a whole, by the rules of Alertmanager 0.34; every finding has its place.
//! - Deliberately absent: how a receiver is spoken to (`notify`), and what is durable (`state`).
//!
//! # How to extend
//! A field of the file is a line in a raw section of `config/raw.rs`, one in the type that it becomes, and a check.
//!
//! # Sources
//! The Alertmanager documentation of its configuration and matchers, its behaviour (0.34, and Debian's 0.25 as the oracle
//! of tests), and `amtool` for the verdicts.

mod barrier;
mod book;
pub mod config;
mod dedup;
mod delivery;
mod engine;
mod explain;
mod fingerprint;
mod group;
mod heartbeat;
mod inhibit;
mod interval;
pub mod matchers;
mod route;
pub mod rows;
mod silence;
pub mod surface;
mod view;

pub use config::{Config, Extension, InhibitRule, Loaded, Options};
pub use delivery::{DeliveryId, InvalidDeliveryId};
pub use engine::{
    Attempt, Engine, Event, Post, Refusal, RefusalReason, Settings, SilenceError, Step,
};
pub use explain::{ChannelExplanation, Explanation, Timer, Told, Why};
pub use fingerprint::{Fingerprint, InvalidFingerprint};
pub use inhibit::{Inhibition, Inhibitor};
pub use interval::{Intervals, MinuteRange, NumberRange, TimeInterval};
pub use route::{GroupBy, Route, RouteId, RouteTree};
pub use silence::{
    Draft, InvalidMatcherSets, InvalidRecurrence, InvalidSilenceId, MatcherSets, Recurrence,
    SetError, SetSilence, Silence, SilenceEvent, SilenceEventKind, SilenceFilter, SilenceId,
    SilencePolicy, SilenceState, SilenceWindow, Silences, UnknownSilence,
};
pub use view::{
    AlertQuery, AlertState, AlertView, ChannelCounts, ChannelView, Counts, DeliveryView,
    GroupPhase, GroupView, HeartbeatView, Numbers, ToldView,
};
