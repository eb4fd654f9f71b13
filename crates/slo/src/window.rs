//! Which part of time a window covers at a given moment.
//!
//! A rolling window ends now. A window of the calendar is a whole period in its zone, and its length is what the calendar
//! makes of it: a day has 23 hours where clocks are put forward. So a period is kept as its two ends, never as a length.

mod calendar;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use plimsoll_types::{Timestamp, format_duration};

use crate::{CalendarUnit, Span, Window};

/// The part of time that a [`Window`] covers at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first moment.
    pub from: Timestamp,
    /// The moment that it was asked for; nothing later is known.
    pub now: Timestamp,
    /// The first moment after it: `now` for a rolling window, later for one of the calendar.
    pub end: Timestamp,
}

impl Period {
    /// Returns how much of it has passed.
    pub fn elapsed(&self) -> Duration {
        length(self.from, self.now)
    }

    /// Returns how long all of it is.
    pub fn length(&self) -> Duration {
        length(self.from, self.end)
    }

    /// Returns how much of it is still to come; zero for a rolling window.
    pub fn rest(&self) -> Duration {
        length(self.now, self.end)
    }

    /// Returns how many base slices have passed, the one that `now` lies in not counted.
    pub fn slices(&self) -> i64 {
        let slice = slice_millis();
        let floor = |at: Timestamp| at.align_down(slice);
        (floor(self.now).millis_since(floor(self.from)) / slice).max(0)
    }
}

impl Window {
    /// Returns the part of time that the window covers at `now`.
    ///
    /// Times that no calendar knows (beyond the years 1 to 9999) count as the first or last one that it knows.
    pub fn at(&self, now: Timestamp) -> Period {
        match self {
            Self::Rolling(length) => Period {
                from: now - *length,
                now,
                end: now,
            },
            Self::Calendar { unit, zone } => {
                let (from, end) = calendar::period(*unit, zone, now);
                Period { from, now, end }
            }
        }
    }

    /// Returns the part of time that the window covered one length earlier: the period before that of `now`, all of it.
    pub fn before(&self, now: Timestamp) -> Period {
        let current = self.at(now);
        match self {
            Self::Rolling(_) => self.at(current.from),
            Self::Calendar { .. } => {
                let last = current.from.saturating_add_millis(-1);
                let earlier = self.at(last);
                Period {
                    now: earlier.end,
                    ..earlier
                }
            }
        }
    }

    /// Returns the longest that the window can be.
    pub fn length_max(&self) -> Duration {
        match self {
            Self::Rolling(length) => *length,
            Self::Calendar { unit, .. } => unit.length_max(),
        }
    }

    /// Returns the length that burn rates are told in: of a calendar's period the usual one, such as 30 days.
    pub fn length_nominal(&self) -> Duration {
        match self {
            Self::Rolling(length) => *length,
            Self::Calendar { unit, .. } => days(match unit {
                CalendarUnit::Day => 1,
                CalendarUnit::Week => 7,
                CalendarUnit::Month => 30,
                CalendarUnit::Quarter => 91,
                CalendarUnit::Year => 365,
            }),
        }
    }
}

impl CalendarUnit {
    /// All of them, the shortest first.
    pub const ALL: [Self; 5] = [
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Quarter,
        Self::Year,
    ];

    /// Returns its name in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// Returns the longest that it can be: an hour more than its days have where clocks are put back.
    pub const fn length_max(self) -> Duration {
        let hours = match self {
            Self::Day => 25,
            Self::Week => 7 * 24 + 1,
            Self::Month => 31 * 24 + 1,
            Self::Quarter => 92 * 24 + 1,
            Self::Year => 366 * 24 + 1,
        };
        Duration::from_secs(hours * 3600)
    }
}

/// `30d`, or `month in Europe/Athens`.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rolling(length) => f.write_str(&format_duration(*length)),
            Self::Calendar { unit, zone } => {
                let zone = zone.iana_name().unwrap_or("UTC");
                write!(f, "{} in {zone}", unit.as_str())
            }
        }
    }
}

fn length(from: Timestamp, to: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(to.millis_since(from)).unwrap_or(0))
}

const fn days(count: u64) -> Duration {
    Duration::from_secs(count * 86_400)
}

/// Returns the length of the base slice in milliseconds.
pub(crate) const fn slice_millis() -> i64 {
    Span::SLICE.as_millis() as i64
}
