//! Where one rule stands between two ticks: the transitions drawn at the top of [`burn`](super).

use std::time::Duration;

use plimsoll_types::Timestamp;

use super::condition::{Condition, Verdict};
use crate::BurnRule;

/// Where one rule stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    #[default]
    Off,
    /// It holds since then, but not for long enough.
    Held(Timestamp),
    /// It is on since then; and quiet since, if it is.
    On {
        since: Timestamp,
        quiet: Option<Timestamp>,
    },
}

impl Phase {
    pub(super) fn next(
        self,
        rule: &BurnRule,
        found: &Condition,
        keep: Duration,
        now: Timestamp,
    ) -> Self {
        let holds = found.verdict == Verdict::Holds;
        let fire = Self::On {
            since: now,
            quiet: None,
        };
        match self {
            Self::Off if holds && rule.hold.is_zero() => fire,
            Self::Off if holds => Self::Held(now),
            Self::Off => Self::Off,
            Self::Held(since) if holds => match now.millis_since(since.min(now)) {
                passed if passed >= rule.hold.as_millis() as i64 => fire,
                _ => Self::Held(since.min(now)),
            },
            // Nobody knows whether it still holds; it does not fire on that.
            Self::Held(since) if found.verdict == Verdict::NoData && !found.is_quiet => {
                Self::Held(since)
            }
            Self::Held(_) => Self::Off,
            Self::On { since, quiet } => {
                let quiet = found.is_quiet.then(|| since_when(quiet, now));
                on_or_off(since, quiet, keep, now)
            }
        }
    }
}

/// The time since which it is quiet; one in the future is of a clock that jumped, and counts from now.
pub(super) fn since_when(quiet: Option<Timestamp>, now: Timestamp) -> Timestamp {
    quiet.map_or(now, |since| since.min(now))
}

pub(super) fn on_or_off(
    since: Timestamp,
    quiet: Option<Timestamp>,
    keep: Duration,
    now: Timestamp,
) -> Phase {
    match quiet {
        Some(begin) if now.millis_since(begin) >= keep.as_millis() as i64 => Phase::Off,
        _ => Phase::On { since, quiet },
    }
}
