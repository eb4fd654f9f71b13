//! Prometheus rules under the names that Pyrra gives them.

mod native;
mod rules;
mod windows;

pub use native::of_catalog;
pub use rules::rules;
pub use windows::{BurnWindows, burn_windows};
