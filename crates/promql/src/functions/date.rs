//! Parts of dates in UTC, of the Gregorian calendar without end in both directions.
//!
//! The years are those that 64 bits of seconds reach, which no calendar library has; a number that does not fit is taken
//! for the least one, as by Go's conversion on x86-64, so that NaN has a date, too.

use crate::ast::Call;
use crate::error::QueryError;
use crate::evaluate::{Column, Grid, Lazy, Meta, Planner, Source, map};

const DAY: i128 = 86_400;

/// A point in time by the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Date {
    year: i128,
    /// From 1.
    month: u8,
    /// From 1.
    day: u8,
    /// Days since the epoch.
    day_number: i128,
    second_of_day: i128,
}

impl Date {
    /// Takes seconds since the epoch and cuts fractions off towards zero.
    fn at(seconds: f64) -> Self {
        // Go counts from a year -292277022399 and wraps what lies before it around to the far future.
        const FIRST: i128 = -9_223_371_966_579_724_800;
        let fits = seconds.abs() < 9_223_372_036_854_775_808.0;
        let seconds = i128::from(if fits { seconds as i64 } else { i64::MIN });
        let wrapped = if seconds < FIRST { 1 << 64 } else { 0 };
        Self::from_seconds(seconds + wrapped)
    }

    /// Counts eras of 400 years from the first of March of the year 0, so that the leap day is the last day of a year.
    fn from_seconds(seconds: i128) -> Self {
        const ERA_DAYS: i128 = 146_097;
        const MARCH_OF_YEAR_0: i128 = 719_468;
        let day_number = seconds.div_euclid(DAY);
        let (era, day_of_era) = {
            let days = day_number + MARCH_OF_YEAR_0;
            (days.div_euclid(ERA_DAYS), days.rem_euclid(ERA_DAYS))
        };
        let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
        let year_of_era = (day_of_era - leap_days) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        // Months from March on: five of them have 153 days, and so have the next five.
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let is_next_year = month >= 10;
        Self {
            year: era * 400 + year_of_era + i128::from(is_next_year),
            month: (if is_next_year { month - 9 } else { month + 3 }) as u8,
            day: day as u8,
            day_number,
            second_of_day: seconds.rem_euclid(DAY),
        }
    }

    fn is_leap_year(self) -> bool {
        self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0)
    }
}

pub(super) fn day_of_month(date: Date) -> f64 {
    f64::from(date.day)
}

/// Sunday is 0.
pub(super) fn day_of_week(date: Date) -> f64 {
    // The epoch was a Thursday.
    (date.day_number + 4).rem_euclid(7) as f64
}

pub(super) fn day_of_year(date: Date) -> f64 {
    const BEFORE: [u16; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let leap_day = date.month > 2 && date.is_leap_year();
    f64::from(BEFORE[usize::from(date.month - 1)] + u16::from(date.day) + u16::from(leap_day))
}

pub(super) fn days_in_month(date: Date) -> f64 {
    match date.month {
        4 | 6 | 9 | 11 => 30.0,
        2 if date.is_leap_year() => 29.0,
        2 => 28.0,
        _ => 31.0,
    }
}

pub(super) fn hour(date: Date) -> f64 {
    (date.second_of_day / 3_600) as f64
}

pub(super) fn minute(date: Date) -> f64 {
    (date.second_of_day / 60 % 60) as f64
}

pub(super) fn month(date: Date) -> f64 {
    f64::from(date.month)
}

pub(super) fn year(date: Date) -> f64 {
    date.year as f64
}

/// Plans a date function: of its argument, or of the evaluation time when there is none.
pub(crate) fn date_function<'a>(
    planner: &Planner<'a>,
    call: &'a Call,
    body: fn(Date) -> f64,
    grid: &Grid,
) -> Result<Source<'a>, QueryError> {
    let Some(argument) = call.args.first() else {
        let grid = *grid;
        return Ok(Box::new(Lazy::new(planner.context, move || {
            let times = (0..grid.count).map(|step| grid.at(step) as f64 / 1000.0);
            let column = Column::from_floats(times.map(|time| body(Date::at(time))).collect());
            Ok(vec![(Meta::default(), column)])
        })));
    };
    let change = move |column: &mut Column| {
        for step in 0..column.len() {
            let value = column.float(step);
            column.remove(step);
            if let Some(value) = value {
                column.set_float(step, body(Date::at(value)));
            }
        }
        Ok(())
    };
    let source = planner.vector(argument, grid)?;
    Ok(map(planner.context, source, true, Box::new(change)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_a_calendar_library() {
        for days in (-800_000..3_900_000_i64).step_by(37) {
            let seconds = days * 86_400 / 2 + days % 86_400;
            let Ok(time) = jiff::Timestamp::from_second(seconds) else {
                continue;
            };
            let expected = time.to_zoned(jiff::tz::TimeZone::UTC).datetime();
            let found = Date::at(seconds as f64);
            let parts = [year, month, day_of_month, day_of_year, hour, minute];
            let parts = parts.map(|part| part(found) as i64);
            let wanted = [
                i64::from(expected.year()),
                i64::from(expected.month()),
                i64::from(expected.day()),
                i64::from(expected.day_of_year()),
                i64::from(expected.hour()),
                i64::from(expected.minute()),
            ];
            assert_eq!(parts, wanted, "{seconds}");
            let weekday = f64::from(expected.weekday().to_sunday_zero_offset());
            assert_eq!(day_of_week(found), weekday, "{seconds}");
            assert_eq!(
                days_in_month(found),
                f64::from(expected.days_in_month()),
                "{seconds}"
            );
        }
    }

    /// What Prometheus 3.13 answers on x86-64.
    #[test]
    fn dates_that_no_calendar_has_are_those_of_prometheus() {
        for nowhere in [f64::NAN, 1e30, -1e30, f64::INFINITY, f64::NEG_INFINITY] {
            let date = Date::at(nowhere);
            let found = (
                year(date),
                month(date),
                day_of_month(date),
                hour(date),
                minute(date),
            );
            assert_eq!(found, (292_277_026_596.0, 12.0, 4.0, 15.0, 30.0));
        }
        assert_eq!(year(Date::at(1e18)), 31_688_740_476.0);
        let date = Date::at(1e15);
        assert_eq!(
            (days_in_month(date), day_of_year(date), day_of_week(date)),
            (31.0, 187.0, 0.0)
        );
        assert_eq!(year(Date::at(253_402_300_800.0)), 10_000.0);
        let date = Date::at(-1.5);
        assert_eq!((day_of_week(date), minute(date)), (3.0, 59.0));
        assert_eq!(minute(Date::at(-0.5)), 0.0);
    }
}
