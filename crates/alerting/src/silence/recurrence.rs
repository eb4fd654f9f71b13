//! Silences that come again: a rule of RFC 5545 (iCalendar), read in a time zone.
//!
//! Of the RFC as much is understood as a maintenance window needs, and what is not understood is refused by name:
//! `FREQ` (`DAILY`, `WEEKLY`, `MONTHLY`, `YEARLY`), `INTERVAL`, `COUNT`, `UNTIL`, `BYDAY` (`MO`, in months and years also
//! `1MO`, `-1FR`), `BYMONTHDAY`, `BYMONTH`, `WKST`. Such a rule chooses days ([`dates`]); what a window of a silence makes
//! of a day in a zone that changes its clocks is decided in [`windows`].

mod dates;
mod error;
mod parse;
mod rule;
#[cfg(test)]
mod tests;
mod windows;

use std::fmt;

use jiff::tz::TimeZone;

pub use error::InvalidRecurrence;
use rule::Rule;
pub(super) use windows::Windows;

use super::SilenceWindow;

/// When a silence comes again: a rule and the zone whose clocks and calendar it is read by.
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
    /// use plimsoll_alerting::Recurrence;
    /// let nightly = Recurrence::parse("FREQ=DAILY;BYDAY=MO,TU", "Europe/Berlin")?;
    /// assert_eq!(nightly.rule(), "FREQ=DAILY;BYDAY=MO,TU");
    /// let error = Recurrence::parse("FREQ=DAILY;BYHOUR=3", "UTC").unwrap_err();
    /// assert!(error.to_string().starts_with("BYHOUR is not supported"));
    /// # Ok::<(), plimsoll_alerting::InvalidRecurrence>(())
    /// ```
    pub fn parse(rule: &str, zone: &str) -> Result<Self, InvalidRecurrence> {
        let rule = parse::rule(rule)?;
        let unknown = |_| InvalidRecurrence::UnknownZone(zone.chars().take(64).collect());
        let found = TimeZone::get(zone).map_err(unknown)?;
        let zone_name = found.iana_name().unwrap_or(zone).to_owned();
        Ok(Self {
            rule,
            zone: found,
            zone_name,
        })
    }

    /// Returns the rule as RFC 5545 writes it, its parts in the RFC's order.
    pub fn rule(&self) -> String {
        self.rule.to_string()
    }

    /// Returns the IANA name of the zone.
    pub fn zone(&self) -> &str {
        &self.zone_name
    }

    /// Returns the windows of a silence whose first one would be `pattern`; `None` when that is beyond the calendar.
    pub(super) fn windows(&self, pattern: SilenceWindow) -> Option<Windows<'_>> {
        Windows::new(&self.rule, &self.zone, pattern)
    }
}

impl fmt::Debug for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.rule, self.zone_name)
    }
}
