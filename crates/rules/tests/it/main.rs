//! The engine of a rule group and the checks of rule files, from outside.
#![allow(
    clippy::unwrap_used,
    reason = "all of this is test code, helpers included"
)]

mod batches;
mod life;
mod model;
mod recording;
mod reload;
mod restart;
mod series;
mod support;
mod texts;
mod verdicts;
