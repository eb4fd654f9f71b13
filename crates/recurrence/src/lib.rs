//! Times that come again: a rule of RFC 5545 (iCalendar), read in a time zone.
//!
//! # What it is for
//! Silences and corrections of budgets say when maintenance is, and maintenance comes again. Both mean the same by it.
//!
//! # Model
//! A [`Recurrence`] is a rule and a zone. With the first [`Occurrence`] of something it gives all others.
//! A rule chooses days (`dates`); what a window of time makes of a day in a zone that changes its clocks is decided in
//! `windows`.
//!
//! # Invariants
//! - Of the RFC as much is understood as a maintenance window needs, and what is not understood is refused by name:
//!   `FREQ` (`DAILY`, `WEEKLY`, `MONTHLY`, `YEARLY`), `INTERVAL`, `COUNT`, `UNTIL`, `BYDAY` (`MO`, in months and years
//!   also `1MO`, `-1FR`), `BYMONTHDAY`, `BYMONTH`, `WKST`.
//! - At most one occurrence begins on a day, so what a rule can give is bounded by the time that is asked for.
//!
//! # How to extend
//! A part of a rule is read in `parse` and asked for in `dates`; `tests/expansion.rs` has it a second time, written as the
//! RFC describes it.
//!
//! # Sources
//! RFC 5545, sections 3.3.10 and 3.8.5.3.

mod dates;
mod error;
mod parse;
mod rule;
#[cfg(test)]
mod tests;
mod windows;

use std::fmt;

use jiff::tz::TimeZone;
use plimsoll_types::Timestamp;

pub use error::InvalidRecurrence;
use rule::Rule;
use windows::Windows;

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Occurrence {
    /// Its first moment.
    pub starts_at: Timestamp,
    /// The first moment after it.
    pub ends_at: Timestamp,
}

/// When something comes again: a rule and the zone whose clocks and calendar it is read by.
#[derive(Clone, PartialEq, Eq)]
pub struct Recurrence {
    rule: Rule,
    zone: TimeZone,
    zone_name: String,
}

impl Recurrence {
    /// Reads a rule such as `FREQ=WEEKLY;BYDAY=SA,SU` (`RRULE:` may stand before it) and the name of an IANA zone.
    ///
    /// # Errors
    /// Any [`InvalidRecurrence`].
    ///
    /// ```
    /// use plimsoll_recurrence::Recurrence;
    /// let nightly = Recurrence::parse("FREQ=DAILY;BYDAY=MO,TU", "Europe/Berlin")?;
    /// assert_eq!(nightly.rule(), "FREQ=DAILY;BYDAY=MO,TU");
    /// let error = Recurrence::parse("FREQ=DAILY;BYHOUR=3", "UTC").unwrap_err();
    /// assert!(error.to_string().starts_with("BYHOUR is not supported"));
    /// # Ok::<(), plimsoll_recurrence::InvalidRecurrence>(())
    /// ```
    pub fn parse(rule: &str, zone: &str) -> Result<Self, InvalidRecurrence> {
        let unknown = |_| InvalidRecurrence::UnknownZone(zone.chars().take(64).collect());
        let read = parse::rule(rule)?;
        let found = TimeZone::get(zone).map_err(unknown)?;
        Ok(Self::new(read, found, zone))
    }

    /// Reads a rule in a zone that was found before.
    ///
    /// # Errors
    /// Any [`InvalidRecurrence`] besides that of an unknown zone.
    pub fn in_zone(rule: &str, zone: TimeZone) -> Result<Self, InvalidRecurrence> {
        Ok(Self::new(parse::rule(rule)?, zone, "UTC"))
    }

    fn new(rule: Rule, zone: TimeZone, name: &str) -> Self {
        let zone_name = zone.iana_name().unwrap_or(name).to_owned();
        Self {
            rule,
            zone,
            zone_name,
        }
    }

    /// Returns the rule as RFC 5545 writes it, its parts in the RFC's order.
    pub fn rule(&self) -> String {
        self.rule.to_string()
    }

    /// Returns the IANA name of the zone.
    pub fn zone(&self) -> &str {
        &self.zone_name
    }

    /// Returns the occurrence that began last, at `now` or before, when the first one is `pattern`.
    pub fn last_begun(&self, pattern: Occurrence, now: Timestamp) -> Option<Occurrence> {
        self.windows(pattern)?.last_begun(now)
    }

    /// Returns the first occurrence that begins after `now`.
    pub fn next(&self, pattern: Occurrence, now: Timestamp) -> Option<Occurrence> {
        self.windows(pattern)?.next(now)
    }

    /// Calls `visit` for each occurrence of which a part lies in `[from, to)`, ascending.
    ///
    /// Complexity: a step for each day of the rule in it; of a rule with `COUNT`, for each since the first.
    pub fn visit(
        &self,
        pattern: Occurrence,
        (from, to): (Timestamp, Timestamp),
        visit: &mut dyn FnMut(Occurrence),
    ) {
        let Some(windows) = self.windows(pattern) else {
            return;
        };
        // By the clock an occurrence may be longer than the first one was, by what a zone changes at most.
        let length = pattern.ends_at.millis_since(pattern.starts_at);
        let earliest = from.saturating_add_millis(-length.saturating_add(DAY_MILLIS));
        windows.begun_in((earliest, to), &mut |one| {
            if one.ends_at > from {
                visit(one);
            }
        });
    }

    fn windows(&self, pattern: Occurrence) -> Option<Windows<'_>> {
        Windows::new(&self.rule, &self.zone, pattern)
    }
}

const DAY_MILLIS: i64 = 24 * 3600 * 1000;

/// The rule and its zone.
impl fmt::Debug for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.rule, self.zone_name)
    }
}
