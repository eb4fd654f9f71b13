//! What routing and notifying must remember: alerts that were received, groups with their timers, what receivers were
//! told, notices on their way, silences, what became of notices, and what was accepted by somebody who does not route.
//!
//! The nouns are those of `plimsoll_alerting`'s rows; what is a list there is JSON here, which only the shell of alerting
//! (`control`) writes and reads. See `docs/formats/state.md`.

mod alerts;
mod channel;
mod deliveries;
mod groups;
mod history;
mod inbox;
mod silences;
mod told;

use std::time::Duration;

use crate::error::Result;
use crate::table::Cells;

pub use alerts::ReceivedRow;
pub use channel::{Channel, Group};
pub use deliveries::DeliveryRow;
pub use groups::GroupRow;
pub use history::HistoryRow;
pub use inbox::InboxRow;
pub use silences::SilenceRow;
pub use told::ToldRow;

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn duration(cells: &mut Cells) -> Result<Duration> {
    let millis = cells.integer()?;
    match u64::try_from(millis) {
        Ok(millis) => Ok(Duration::from_millis(millis)),
        Err(_) => Err(cells.damaged(format!("a time of {millis} ms"))),
    }
}
