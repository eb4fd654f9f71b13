//! The spellings of ranges: `09:00`, `monday:friday`, `-3:-1`, `may:august`, `2020:2022`.

use jiff::tz::TimeZone;

use super::{MinuteRange, NumberRange};

const WEEKDAYS: [&str; 7] = [
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The fewest days that a month has: what is in order there is in order in every month.
const MONTH_DAYS_MIN: i32 = 28;

/// A text that is no part of a time interval.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct InvalidInterval(String);

/// Which kind of ranges is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// `monday:friday`
    Weekdays,
    /// `1:5`, `-3:-1`
    DaysOfMonth,
    /// `may:august`, `5:8`
    Months,
    /// `2020:2022`
    Years,
}

impl Part {
    /// Reads a range or a single member; case does not count.
    ///
    /// # Errors
    /// [`InvalidInterval`] when an end is no member, or the first lies behind the last.
    pub(crate) fn read(self, text: &str) -> Result<NumberRange, InvalidInterval> {
        let lower = text.to_lowercase();
        let mut ends = lower.split(':');
        let start = ends.next().unwrap_or_default();
        let end = ends.next().unwrap_or(start);
        if ends.next().is_some() {
            let message = format!(
                "expected a range such as {}, found `{text}`",
                self.example()
            );
            return Err(InvalidInterval(message));
        }
        let range = NumberRange {
            start: self.member(start)?,
            end: self.member(end)?,
        };
        self.check(range, text)
    }

    fn example(self) -> &'static str {
        match self {
            Self::Weekdays => "monday:friday",
            Self::DaysOfMonth => "1:5",
            Self::Months => "may:august",
            Self::Years => "2020:2022",
        }
    }

    fn member(self, text: &str) -> Result<i32, InvalidInterval> {
        let index = |names: &[&str]| names.iter().position(|name| *name == text);
        let number = || text.parse::<i32>().ok();
        let (found, what) = match self {
            Self::Weekdays => (index(&WEEKDAYS).map(|at| at as i32), "weekday"),
            Self::Months => {
                let named = index(&MONTHS).map(|at| at as i32 + 1);
                (named.or_else(number), "month")
            }
            Self::DaysOfMonth => {
                let is_day = |day: &i32| (1..=31).contains(&day.abs());
                (number().filter(is_day), "day of the month")
            }
            Self::Years => (number(), "year"),
        };
        found.ok_or_else(|| InvalidInterval(format!("`{text}` is no {what}")))
    }

    fn check(self, range: NumberRange, text: &str) -> Result<NumberRange, InvalidInterval> {
        let (mut start, mut end) = (range.start, range.end);
        if self == Self::DaysOfMonth {
            if start < 0 && end > 0 {
                let message =
                    "a range that begins at a day before the end of the month ends at one";
                return Err(InvalidInterval(message.to_owned()));
            }
            let earliest = |day: i32| if day < 0 { MONTH_DAYS_MIN + day } else { day };
            (start, end) = (earliest(start), earliest(end));
        }
        match start <= end {
            true => Ok(range),
            false => Err(InvalidInterval(format!("`{text}` ends before it begins"))),
        }
    }
}

impl MinuteRange {
    /// Reads the ends of a range, each `HH:MM` up to `24:00`.
    ///
    /// # Errors
    /// [`InvalidInterval`] when one is missing or no time, or the first does not lie before the last.
    pub(crate) fn read(start: &str, end: &str) -> Result<Self, InvalidInterval> {
        if start.is_empty() || end.is_empty() {
            let message = "a range of times needs `start_time` and `end_time`";
            return Err(InvalidInterval(message.to_owned()));
        }
        let range = Self {
            start: minute(start)?,
            end: minute(end)?,
        };
        match range.start < range.end {
            true => Ok(range),
            false => Err(InvalidInterval(format!(
                "{start} does not lie before {end}; write a range over midnight as two"
            ))),
        }
    }
}

fn minute(text: &str) -> Result<u16, InvalidInterval> {
    let wanted = || InvalidInterval(format!("expected a time such as 09:30, found `{text}`"));
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let (hour, minute) = text.split_once(':').ok_or_else(wanted)?;
    if !digits(hour) || !digits(minute) {
        return Err(wanted());
    }
    let parse = |text: &str| text.parse::<u16>().map_err(|_| wanted());
    match (parse(hour)?, parse(minute)?) {
        (24, 0) => Ok(24 * 60),
        (hour, minute) if hour < 24 && minute < 60 => Ok(hour * 60 + minute),
        _ => Err(wanted()),
    }
}

/// Finds a zone by its name in the IANA database; `UTC` and the empty text are UTC, `Local` is the zone of the system.
///
/// # Errors
/// [`InvalidInterval`] when there is no zone of that name, in that spelling.
pub(crate) fn location(name: &str) -> Result<TimeZone, InvalidInterval> {
    if name.is_empty() || name == "UTC" {
        return Ok(TimeZone::UTC);
    }
    if name == "Local" {
        return Ok(TimeZone::system());
    }
    let unknown = || InvalidInterval(format!("unknown time zone `{name}`"));
    let zone = TimeZone::get(name).map_err(|_| unknown())?;
    match zone.iana_name() {
        Some(known) if known != name => Err(InvalidInterval(format!(
            "unknown time zone `{name}`, it is written `{known}`"
        ))),
        _ => Ok(zone),
    }
}
