//! Go's `text/template` and `html/template`, with the functions of Prometheus and of Alertmanager.
//!
//! # What it is for
//! Rule files and notification templates are written in Go's template language. Their users bring them as they are, and
//! what a template says must be what Prometheus and Alertmanager would have made of it, to the byte.
//!
//! # Model
//! A [`Set`] holds templates by name and the [`Functions`] that they may call. Executing one turns a [`Value`] (the
//! dot) into text; what a template sees of the outside is a value: plain ones, [`List`]s, [`Map`]s, and [`Object`]s
//! whose fields and methods are named. [`prometheus`] and [`alertmanager`] make the functions and the data of the two.
//!
//! # Invariants
//! - No input makes it panic, hang or grow without bound: [`Limits`] count steps, bytes and depth; over one, the
//!   execution ends with an error that names it.
//! - Pure: no clock, no disk (but the system's time zones), no network. `query` and `now` come from the caller.
//! - Texts are UTF-8. Where Go would cut a character in two, the halves become U+FFFD.
//! - Deliberately absent: complex numbers, channels, iterator functions, `%p`.
//!
//! # How to extend
//! A function is one `add` line with its body in `prometheus/` or `alertmanager/`, and a row in `docs/templates.md`.
//!
//! # Sources
//! The documentation of Go's `text/template`, `html/template`, `fmt` and `time`; the template references of Prometheus
//! and of Alertmanager; Debian's `amtool template render` and `promtool test rules` for the verdicts.

pub mod alertmanager;
pub mod prometheus;

mod budget;
mod builtin;
mod error;
mod execute;
mod format;
mod function;
mod html;
mod json;
mod letters;
mod limits;
mod parse;
mod quote;
mod regexes;
mod set;
mod time;
mod url;
mod value;

pub use error::{CallError, ExecuteError, ParseError};
pub use function::{Call, Function, Functions};
pub use limits::Limits;
pub use quote::{quoted, unquoted_bytes};
pub use set::Set;
pub use time::Time;
pub use value::{Enumerated, Field, List, Map, Object, Safe, SafeKind, Signature, Type, Value};
