//! `/internal/force_flush` and `/internal/force_merge`, as VictoriaMetrics spells them: seal and merge now, for benchmarks
//! and before a backup. Answered only with `--web.enable-admin-api`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use plimsoll_types::{TimeRange, Timestamp};

use super::admin::{check_enabled, on_store};
use crate::app::App;
use crate::error::ApiError;
use crate::params::Params;

/// Writes everything that is in memory into parts; answers when that is done.
pub(crate) async fn force_flush(State(app): State<Arc<App>>) -> Result<StatusCode, ApiError> {
    check_enabled(&app)?;
    on_store(&app, |store| store.flush()).await?;
    Ok(StatusCode::OK)
}

/// Flushes, and merges what lies in the time that `partition_prefix` names, or everything; answers when that is done.
pub(crate) async fn force_merge(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<StatusCode, ApiError> {
    check_enabled(&app)?;
    let prefix = params.get("partition_prefix").unwrap_or("");
    let range = partition(prefix).ok_or_else(|| {
        let reason = format!("expected YYYY, YYYY_MM or YYYY_MM_DD, found {prefix:?}");
        ApiError::parameter("partition_prefix", reason)
    })?;
    on_store(&app, move |store| store.merge(range)).await?;
    Ok(StatusCode::OK)
}

/// Returns the year, month or day that a prefix names, in UTC; all of time for an empty one.
fn partition(prefix: &str) -> Option<TimeRange> {
    if prefix.is_empty() {
        return Some(TimeRange::ALL);
    }
    let mut words = prefix.split('_');
    let year = number(words.next()?, 4)?;
    let (month, day) = (words.next(), words.next());
    if words.next().is_some() {
        return None;
    }
    let first = |month: i16, day: i16| {
        let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        jiff::civil::Date::new(year, month, day).ok()
    };
    let (begin, span) = match (month, day) {
        (None, _) => (first(1, 1)?, jiff::Span::new().years(1)),
        (Some(month), None) => (first(number(month, 2)?, 1)?, jiff::Span::new().months(1)),
        (Some(month), Some(day)) => {
            let begin = first(number(month, 2)?, number(day, 2)?)?;
            (begin, jiff::Span::new().days(1))
        }
    };
    let millis = |date: jiff::civil::Date| {
        let zoned = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(zoned.timestamp().as_millisecond())
    };
    let end = millis(begin.checked_add(span).ok()?)? - 1;
    Some(TimeRange::new(
        Timestamp::from_millis(millis(begin)?),
        Timestamp::from_millis(end),
    ))
}

/// Reads a number of exactly so many digits.
fn number(text: &str, digits: usize) -> Option<i16> {
    let is_plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_names_a_year_a_month_or_a_day() {
        let check = |prefix: &str, expected: Option<(&str, &str)>| {
            let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
            let expected = expected.map(|(first, next)| (at(first), at(next) - 1));
            let found = partition(prefix).map(|r| (r.start.millis(), r.end.millis()));
            assert_eq!(found, expected, "{prefix}");
        };
        check(
            "2026",
            Some(("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")),
        );
        check(
            "2024_02",
            Some(("2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z")),
        );
        check(
            "2026_12_31",
            Some(("2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z")),
        );
        for wrong in [
            "26",
            "2026_",
            "2026_13",
            "2026_1",
            "2026_02_30",
            "2026_01_01_01",
            "+026",
            "x",
        ] {
            check(wrong, None);
        }
        assert_eq!(partition(""), Some(TimeRange::ALL));
    }
}
