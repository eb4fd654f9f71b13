//! Explanations in a sentence.

use plimsoll_types::Timestamp;

use super::{Timer, Why};
use crate::engine::time;

impl Why {
    /// Says it in a sentence; `next_at` is when something can happen.
    pub(super) fn sentence(&self, next_at: Option<Timestamp>) -> String {
        match self {
            Self::NoAlert => "no such alert is active".into(),
            Self::RowsUnread => {
                "not known: what was written before this process began could not be read yet".into()
            }
            Self::Waiting { until, timer } => waiting(*until, *timer),
            Self::WarmUp { until } => format!(
                "waits until {} for alerts that may inhibit it, since it began before this process did",
                time(*until)
            ),
            Self::Silenced { by } => {
                let by: Vec<String> = by
                    .iter()
                    .map(|(id, who, until)| format!("{id} of {who} until {}", time(*until)))
                    .collect();
                format!("silenced by {}", by.join(", "))
            }
            Self::Inhibited { by, labels, rule } => {
                format!("inhibited by the alert {by} {labels}, by rule {rule} of inhibit_rules")
            }
            Self::Muted { by } if by.is_empty() => "muted outside of active_time_intervals".into(),
            Self::Muted { by } => format!("muted by the time interval {}", by.join(", ")),
            Self::BeingTold { since, .. } => format!("being told since {}", time(*since)),
            Self::Queued {
                until, failures: 0, ..
            } => format!("is told at {}", time(*until)),
            Self::Queued {
                until,
                failures,
                error,
                ..
            } => format!(
                "is told again at {} after {failures} failed attempts, the last: {error}",
                time(*until)
            ),
            Self::NothingNew { repeat_at } => match next_at {
                Some(next_at) => format!("told; nothing is new, repeated at {}", time(next_at)),
                None => format!("told; nothing is new until {}", time(*repeat_at)),
            },
            Self::ResolvedNotWanted => "resolved; not told since send_resolved is false".into(),
            Self::ResolvedUnheard => "resolved; not told since nobody heard that it fired".into(),
            Self::ResolvedTold => "resolved, and that was told".into(),
            Self::NotLeading => "another replica decides".into(),
            Self::NoIntegration => "the receiver has no integration: it is told to nobody".into(),
        }
    }
}

fn waiting(until: Timestamp, timer: Timer) -> String {
    format!("waits until {} for {}", time(until), timer.as_str())
}
