//! Time intervals: when a route is silent, or speaks at all.
//!
//! An interval has up to five conditions on the wall clock of its zone. All that are written must hold; of the ranges in
//! one of them any. What daylight saving does needs no rule: the clock on the wall says 02:30 never or twice.

mod parse;

use std::collections::BTreeMap;

use jiff::Zoned;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use plimsoll_types::Timestamp;

pub(crate) use parse::{InvalidInterval, Part, location};

/// A range of minutes of a day: from `start`, up to but not including `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinuteRange {
    /// Minutes since midnight, 0 to 1439.
    pub start: u16,
    /// Minutes since midnight, above `start`, up to 1440.
    pub end: u16,
}

/// A range of numbers, both ends inside: weekdays from Sunday (0) to Saturday (6), months from 1 to 12, years, or days of
/// the month, where -1 is the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberRange {
    /// The first.
    pub start: i32,
    /// The last.
    pub end: i32,
}

/// Some of time. What is `None` holds always; an empty list never.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimeInterval {
    /// Times of a day.
    pub times: Option<Vec<MinuteRange>>,
    /// Days of a week.
    pub weekdays: Option<Vec<NumberRange>>,
    /// Days of a month; those that a month does not have are cut off.
    pub days_of_month: Option<Vec<NumberRange>>,
    /// Months.
    pub months: Option<Vec<NumberRange>>,
    /// Years.
    pub years: Option<Vec<NumberRange>>,
    /// Whose wall clock is meant; default UTC.
    pub location: Option<TimeZone>,
}

impl TimeInterval {
    /// Says whether a point in time lies inside.
    pub fn contains(&self, at: Timestamp) -> bool {
        let zone = self.location.clone().unwrap_or(TimeZone::UTC);
        wall_clock(at, zone).is_some_and(|now| self.holds(&now))
    }

    fn holds(&self, now: &Zoned) -> bool {
        let minute = now.hour() as u16 * 60 + now.minute() as u16;
        let is_time = |range: &MinuteRange| range.start <= minute && minute < range.end;
        let last_day = i32::from(now.days_in_month());
        let day = i32::from(now.day());
        let is_day = |range: &NumberRange| range.of_month(last_day).contains(&day);
        any(&self.times, is_time)
            && any(&self.days_of_month, is_day)
            && any(&self.months, |range| range.holds(now.month().into()))
            && any(&self.weekdays, |range| {
                range.holds(now.weekday().to_sunday_zero_offset().into())
            })
            && any(&self.years, |range| range.holds(now.year().into()))
    }
}

impl NumberRange {
    fn holds(self, number: i32) -> bool {
        self.start <= number && number <= self.end
    }

    /// Returns the days that are meant in a month of `last` days; none when it ends before the range begins.
    fn of_month(self, last: i32) -> std::ops::RangeInclusive<i32> {
        let day = |number: i32| match number < 0 {
            true => last + number + 1,
            false => number,
        };
        day(self.start)..=day(self.end).min(last)
    }
}

fn any<T>(ranges: &Option<Vec<T>>, holds: impl Fn(&T) -> bool) -> bool {
    ranges
        .as_ref()
        .is_none_or(|ranges| ranges.iter().any(holds))
}

impl TimeInterval {
    /// Returns a time behind `at` up to which nothing changes: the next of the times that are written, the next midnight, or
    /// the next turn of the clocks. `None` outside of the years -9999 to 9999.
    fn changes_behind(&self, at: Timestamp) -> Option<Timestamp> {
        let zone = self.location.clone().unwrap_or(TimeZone::UTC);
        let now = wall_clock(at, zone.clone())?;
        let midnight = now.tomorrow().ok()?.start_of_day().ok()?;
        let turn = zone.following(now.timestamp()).next();
        let turn = turn.map(|turn| turn.timestamp());
        let minutes = self.times.iter().flatten();
        let minutes = minutes.flat_map(|range| [range.start, range.end]);
        let times = minutes.flat_map(|minute| of_day(&now, minute));
        let all = times.chain(turn).chain([midnight.timestamp()]);
        let next = all.filter(|time| *time > now.timestamp()).min()?;
        Some(Timestamp::from_millis(next.as_millisecond()))
    }
}

/// Returns when the clock of a day shows a minute: once, or twice when the clock is put back; one that the clock skips is
/// where it goes on.
fn of_day(day: &Zoned, minute: u16) -> impl Iterator<Item = jiff::Timestamp> {
    let hour = i8::try_from(minute / 60).ok();
    let time = hour.and_then(|hour| Time::new(hour, (minute % 60) as i8, 0, 0).ok());
    let shown = time.map(|time| {
        let time = day.date().to_datetime(time);
        let shown = day.time_zone().clone().into_ambiguous_zoned(time);
        [shown.clone().earlier(), shown.later()]
    });
    let shown = shown.into_iter().flatten().flatten();
    shown.map(|zoned| zoned.timestamp())
}

/// Returns what the clock on the wall shows; `None` outside of the years -9999 to 9999.
fn wall_clock(at: Timestamp, zone: TimeZone) -> Option<Zoned> {
    let instant = jiff::Timestamp::from_millisecond(at.millis()).ok()?;
    Some(instant.to_zoned(zone))
}

/// The intervals of a configuration by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Intervals(BTreeMap<String, Vec<TimeInterval>>);

impl Intervals {
    pub(crate) fn new(by_name: BTreeMap<String, Vec<TimeInterval>>) -> Self {
        Self(by_name)
    }

    /// Returns the intervals of a name; any of them counts.
    pub fn get(&self, name: &str) -> Option<&[TimeInterval]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// Walks the names in ascending order with their intervals.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &[TimeInterval])> {
        self.0.iter().map(|(name, all)| (&**name, &**all))
    }

    /// Says whether a point in time lies inside of the intervals of a name; an unknown name has none.
    pub fn contains(&self, name: &str, at: Timestamp) -> bool {
        let mut all = self.get(name).unwrap_or_default().iter();
        all.any(|interval| interval.contains(at))
    }

    /// Returns which of the names in a route's `mute_time_intervals` keep it silent at a time.
    pub fn muting<'a>(&self, names: &'a [String], at: Timestamp) -> Vec<&'a str> {
        let names = names.iter().map(String::as_str);
        names.filter(|name| self.contains(name, at)).collect()
    }

    /// Says whether one of the names in a route's `mute_time_intervals` keeps it silent at a time.
    pub fn is_muted(&self, names: &[String], at: Timestamp) -> bool {
        names.iter().any(|name| self.contains(name, at))
    }

    /// Returns the first time from `at` on at which a route with these `mute_time_intervals` and `active_time_intervals`
    /// speaks; `None` when there is none within some 100 days.
    pub fn speaks_from(
        &self,
        mute: &[String],
        active: &[String],
        at: Timestamp,
    ) -> Option<Timestamp> {
        const STEPS_MAX: usize = 1_000;
        let names = mute.iter().chain(active);
        let intervals = names.filter_map(|name| self.get(name)).flatten();
        let mut now = at;
        for _ in 0..STEPS_MAX {
            if self.is_active(active, now) && !self.is_muted(mute, now) {
                return Some(now);
            }
            let changes = intervals.clone().filter_map(|one| one.changes_behind(now));
            now = changes.min()?;
        }
        None
    }

    /// Says whether a route with these `active_time_intervals` speaks at a time: always when it has none.
    pub fn is_active(&self, names: &[String], at: Timestamp) -> bool {
        names.is_empty() || self.is_muted(names, at)
    }
}

#[cfg(test)]
mod tests;
