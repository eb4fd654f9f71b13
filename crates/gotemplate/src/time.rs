//! Go's `time.Time`, `time.Duration`, and the layouts that they are written with.

mod duration;
mod format;
mod layout;
mod methods;
mod parse;

use jiff::tz::TimeZone;
use jiff::{Timestamp as Instant, Zoned};
use plimsoll_types::Timestamp;

pub(crate) use self::duration::format_duration;
pub(crate) use self::methods::{call_duration, call_time, duration_method, time_method};

/// A point in time with nanoseconds, and the zone that it is shown in; years -9999 to 9999.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Time(Zoned);

impl Time {
    /// Makes a point of nanoseconds since the epoch in UTC, or the nearest that can be shown.
    pub fn from_nanoseconds(nanoseconds: i128) -> Self {
        let nearest = match nanoseconds < 0 {
            true => Instant::MIN,
            false => Instant::MAX,
        };
        let instant = Instant::from_nanosecond(nanoseconds).unwrap_or(nearest);
        Self(instant.to_zoned(TimeZone::UTC))
    }

    /// Returns Go's zero time: the first of January of the year 1 in UTC.
    pub fn zero() -> Self {
        Self::from_nanoseconds(-62_135_596_800_000_000_000)
    }

    /// Reads a time as RFC 3339 writes it, with its offset.
    ///
    /// # Errors
    /// One line when the text is something else.
    pub fn from_rfc3339(text: &str) -> Result<Self, String> {
        parse::parse("2006-01-02T15:04:05Z07:00", text)
    }

    /// Reads a time by a layout of Go's; without a zone in it, in UTC.
    ///
    /// # Errors
    /// One line in Go's words.
    pub fn parse(layout: &str, text: &str) -> Result<Self, String> {
        parse::parse(layout, text)
    }

    /// Writes the time by a layout of Go's, such as `2006-01-02 15:04:05`.
    pub fn format(&self, layout: &str) -> String {
        format::format(&self.0, layout)
    }

    /// Returns the same point, shown in a zone of the IANA database.
    ///
    /// # Errors
    /// One line in Go's words when there is no such zone.
    pub fn in_zone(&self, name: &str) -> Result<Self, String> {
        let zone = match name {
            "" | "UTC" | "Local" => TimeZone::UTC,
            _ => TimeZone::get(name).map_err(|_| format!("unknown time zone {name}"))?,
        };
        Ok(Self(self.0.with_time_zone(zone)))
    }

    /// Returns nanoseconds since the epoch.
    pub fn nanoseconds(&self) -> i128 {
        self.0.timestamp().as_nanosecond()
    }

    /// Returns the nanoseconds from `earlier` to `self`, saturating as Go's durations do.
    pub fn since(&self, earlier: &Self) -> i64 {
        let difference = self.nanoseconds() - earlier.nanoseconds();
        saturate(difference)
    }

    /// Writes the time as JSON shows it: RFC 3339 with nanoseconds.
    pub(crate) fn rfc3339(&self) -> String {
        self.format("2006-01-02T15:04:05.999999999Z07:00")
    }

    fn utc(&self) -> Self {
        Self(self.0.with_time_zone(TimeZone::UTC))
    }

    /// Moves the point and keeps the zone.
    fn plus(&self, nanoseconds: i128) -> Self {
        let moved = Self::from_nanoseconds(self.nanoseconds().saturating_add(nanoseconds));
        Self(moved.0.with_time_zone(self.0.time_zone().clone()))
    }
}

/// Go's `String()`.
impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.format("2006-01-02 15:04:05.999999999 -0700 MST"))
    }
}

impl From<Timestamp> for Time {
    fn from(timestamp: Timestamp) -> Self {
        Self::from_nanoseconds(i128::from(timestamp.millis()) * 1_000_000)
    }
}

fn saturate(nanoseconds: i128) -> i64 {
    let clamped = nanoseconds.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
    i64::try_from(clamped).expect("clamped to the range")
}
