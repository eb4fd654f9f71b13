//! The arithmetic of reliability that people do on paper: availability of systems, minutes per window, burn rates.
//!
//! Nothing here reads a ledger. Traffic is taken as steady, which the ledger never does: these are figures to plan with,
//! not to account with.

mod availability;
mod burning;
mod downtime;
mod expression;
mod traffic;

pub use availability::Availability;
pub use burning::{Incident, Tier};
pub use downtime::{MEAN_MONTH, YEAR, allowance};
pub use expression::{EXPRESSION_DEPTH_MAX, ExpressionError, evaluate};
pub use traffic::Traffic;
