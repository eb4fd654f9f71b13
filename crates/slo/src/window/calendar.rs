//! The periods of the calendar in a zone.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};
use plimsoll_types::Timestamp;

use crate::CalendarUnit;

/// Returns the first moment of the period that `at` lies in, and the first moment after it.
pub(super) fn period(unit: CalendarUnit, zone: &TimeZone, at: Timestamp) -> (Timestamp, Timestamp) {
    let known = jiff::Timestamp::from_millisecond(at.millis());
    let edge = match at < Timestamp::EPOCH {
        true => jiff::Timestamp::MIN,
        false => jiff::Timestamp::MAX,
    };
    let day = known.unwrap_or(edge).to_zoned(zone.clone()).date();
    let first = first_day(unit, day).unwrap_or(Date::MIN);
    let next = next_first_day(unit, first).unwrap_or(Date::MAX);
    (begin(zone, first), begin(zone, next))
}

/// Returns the first day of the period that a day lies in; `None` before the calendar's first.
fn first_day(unit: CalendarUnit, day: Date) -> Option<Date> {
    match unit {
        CalendarUnit::Day => Some(day),
        CalendarUnit::Week => {
            let since_monday = i64::from(day.weekday().to_monday_zero_offset());
            day.checked_sub(since_monday.days()).ok()
        }
        CalendarUnit::Month => Some(day.first_of_month()),
        CalendarUnit::Quarter => {
            let since_begin = i64::from((day.month() - 1) % 3);
            let first = day.first_of_month();
            first.checked_sub(since_begin.months()).ok()
        }
        CalendarUnit::Year => Some(day.first_of_year()),
    }
}

fn next_first_day(unit: CalendarUnit, first: Date) -> Option<Date> {
    let length = match unit {
        CalendarUnit::Day => 1.day(),
        CalendarUnit::Week => 1.week(),
        CalendarUnit::Month => 1.month(),
        CalendarUnit::Quarter => 3.months(),
        CalendarUnit::Year => 1.year(),
    };
    first.checked_add(length).ok()
}

/// Returns when a day begins in a zone: mostly at midnight, but where clocks are put forward over it, later.
fn begin(zone: &TimeZone, day: Date) -> Timestamp {
    let begin: Result<Zoned, _> = day.to_zoned(zone.clone());
    let edge = match day < Date::ZERO {
        true => jiff::Timestamp::MIN,
        false => jiff::Timestamp::MAX,
    };
    let begin = begin.map_or(edge, |begin| begin.timestamp());
    Timestamp::from_millis(begin.as_millisecond())
}
