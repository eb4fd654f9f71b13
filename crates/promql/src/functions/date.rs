//! Parts of dates in UTC.

use jiff::civil::DateTime;

use crate::ast::Call;
use crate::error::QueryError;
use crate::evaluate::{Column, Grid, Lazy, Meta, Planner, Source, map};

pub(super) fn day_of_month(date: &DateTime) -> f64 {
    f64::from(date.day())
}

/// Sunday is 0.
pub(super) fn day_of_week(date: &DateTime) -> f64 {
    f64::from(date.weekday().to_sunday_zero_offset())
}

pub(super) fn day_of_year(date: &DateTime) -> f64 {
    f64::from(date.day_of_year())
}

pub(super) fn days_in_month(date: &DateTime) -> f64 {
    f64::from(date.days_in_month())
}

pub(super) fn hour(date: &DateTime) -> f64 {
    f64::from(date.hour())
}

pub(super) fn minute(date: &DateTime) -> f64 {
    f64::from(date.minute())
}

pub(super) fn month(date: &DateTime) -> f64 {
    f64::from(date.month())
}

pub(super) fn year(date: &DateTime) -> f64 {
    f64::from(date.year())
}

/// Returns the part of the date at a number of seconds since the epoch; NaN outside the years -9999 to 9999.
fn part(seconds: f64, body: fn(&DateTime) -> f64) -> f64 {
    // The conversion cuts fractions off towards zero, as Go's does.
    match jiff::Timestamp::from_second(seconds as i64) {
        Ok(time) if !seconds.is_nan() => body(&time.to_zoned(jiff::tz::TimeZone::UTC).datetime()),
        _ => f64::NAN,
    }
}

/// Plans a date function: of its argument, or of the evaluation time when there is none.
pub(crate) fn date_function<'a>(
    planner: &Planner<'a>,
    call: &'a Call,
    body: fn(&DateTime) -> f64,
    grid: &Grid,
) -> Result<Source<'a>, QueryError> {
    let Some(argument) = call.args.first() else {
        let grid = *grid;
        return Ok(Box::new(Lazy::new(planner.context, move || {
            let times = (0..grid.count).map(|step| grid.at(step) as f64 / 1000.0);
            let column = Column::from_floats(times.map(|time| part(time, body)).collect());
            Ok(vec![(Meta::default(), column)])
        })));
    };
    let change = move |column: &mut Column| {
        for step in 0..column.len() {
            let value = column.float(step);
            column.remove(step);
            if let Some(value) = value {
                column.set_float(step, part(value, body));
            }
        }
        Ok(())
    };
    let source = planner.vector(argument, grid)?;
    Ok(map(planner.context, source, true, Box::new(change)))
}
