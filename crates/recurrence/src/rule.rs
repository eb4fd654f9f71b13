//! A rule that has been read.

use std::fmt::{self, Write};

use jiff::civil::{Date, DateTime, Weekday};

/// Which days are chosen. The lists hold none twice and are in ascending order, so that equal rules are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub frequency: Frequency,
    /// Every how many days, weeks, months or years, at least 1.
    pub interval: u16,
    pub end: End,
    pub months: Vec<i8>,
    /// From 1, or from the end of the month: -1 is its last.
    pub month_days: Vec<i8>,
    pub days: Vec<Day>,
    /// Where weeks begin, which matters for every second week.
    pub week_start: Weekday,
}

/// What an interval counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// When the rule ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Never,
    /// After so many days.
    Count(u32),
    /// With the last day that begins not after this.
    Until(Until),
}

/// The three ways to say when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// A time in UTC.
    Utc(DateTime),
    /// A time by the clocks of the zone.
    Local(DateTime),
    /// A day, all of it.
    Day(Date),
}

/// A weekday: every one (`which` is 0), or the first, second, last of the month or year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day {
    pub which: i8,
    pub weekday: Weekday,
}

/// The names of the weekdays from Monday on.
pub(super) const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Monday),
    ("TU", Weekday::Tuesday),
    ("WE", Weekday::Wednesday),
    ("TH", Weekday::Thursday),
    ("FR", Weekday::Friday),
    ("SA", Weekday::Saturday),
    ("SU", Weekday::Sunday),
];

impl Frequency {
    pub(super) const ALL: [(&'static str, Self); 4] = [
        ("DAILY", Self::Daily),
        ("WEEKLY", Self::Weekly),
        ("MONTHLY", Self::Monthly),
        ("YEARLY", Self::Yearly),
    ];

    fn as_str(self) -> &'static str {
        Self::ALL[self as usize].0
    }
}

/// Writes the rule as RFC 5545 does, in the order of its grammar.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FREQ={}", self.frequency.as_str())?;
        match self.end {
            End::Never => {}
            End::Count(count) => write!(f, ";COUNT={count}")?,
            End::Until(until) => write!(f, ";UNTIL={until}")?,
        }
        if self.interval != 1 {
            write!(f, ";INTERVAL={}", self.interval)?;
        }
        write_list(f, "BYDAY", &self.days)?;
        write_list(f, "BYMONTHDAY", &self.month_days)?;
        write_list(f, "BYMONTH", &self.months)?;
        match self.week_start {
            Weekday::Monday => Ok(()),
            other => write!(f, ";WKST={}", weekday_name(other)),
        }
    }
}

impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utc(at) => write!(f, "{}Z", at.strftime("%Y%m%dT%H%M%S")),
            Self::Local(at) => write!(f, "{}", at.strftime("%Y%m%dT%H%M%S")),
            Self::Day(day) => write!(f, "{}", day.strftime("%Y%m%d")),
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.which != 0 {
            write!(f, "{}", self.which)?;
        }
        f.write_str(weekday_name(self.weekday))
    }
}

fn weekday_name(weekday: Weekday) -> &'static str {
    WEEKDAYS[weekday.to_monday_zero_offset() as usize].0
}

fn write_list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, name: &str, all: &[T]) -> fmt::Result {
    for (place, one) in all.iter().enumerate() {
        match place {
            0 => write!(f, ";{name}=")?,
            _ => f.write_char(',')?,
        }
        write!(f, "{one}")?;
    }
    Ok(())
}
