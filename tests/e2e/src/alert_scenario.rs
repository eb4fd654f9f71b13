//! Scenarios of alerts: a script of what happens to an Alertmanager, played to Debian's and to ours at the same time.
//!
//! Nobody here says what must be sent: one [`Recorder`](crate::Recorder) takes what both send, and Debian's Alertmanager is the measure.
//! What both were told to happen has the same times, so startsAt and endsAt of a notice agree to the millisecond; times
//! that a program made itself, and the moments when notices came, may differ by the tolerance of the script.

mod manager;
mod play;
mod script;
mod transcript;

pub use manager::{Make, Manager};
pub use script::Script;
pub use transcript::{Notice, Transcript};
