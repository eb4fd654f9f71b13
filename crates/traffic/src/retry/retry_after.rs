//! What Retry-After says: seconds, or a date (RFC 9110 section 10.2.3).

use std::time::Duration;

/// No peer keeps us longer than a day with a header.
const LONGEST: Duration = Duration::from_secs(86_400);

/// Parses the value of Retry-After: whole seconds, or an HTTP date in the form that RFC 9110 has senders write
/// (`Sun, 06 Nov 1994 08:49:37 GMT`). A date that has passed is zero; more than a day counts as a day.
///
/// `now_seconds` is the wall time, in seconds since 1970. Returns `None` for anything else, which is then as if nothing was
/// said.
pub fn parse_retry_after(value: &[u8], now_seconds: i64) -> Option<Duration> {
    let value = std::str::from_utf8(value).ok()?.trim_matches([' ', '\t']);
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // Only a number too large for u64 fails to parse here.
        let seconds = value.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(LONGEST));
    }
    let at = seconds_of_date(value)?;
    let left = u64::try_from(at.saturating_sub(now_seconds)).unwrap_or(0);
    Some(Duration::from_secs(left).min(LONGEST))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`: every field has its place.
fn seconds_of_date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let shape = text.len() == 29
        && text.get(3..5)? == ", "
        && text.get(19..20)? == ":"
        && text.get(22..23)? == ":"
        && text.get(25..)? == " GMT"
        && [7, 11, 16]
            .into_iter()
            .all(|place| text.as_bytes()[place] == b' ');
    if !shape {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse().ok()).flatten()
    };
    let month = MONTHS
        .iter()
        .position(|name| Some(*name) == text.get(8..11))? as i64
        + 1;
    let (day, year) = (number(5, 7)?, number(12, 16)?);
    let (hour, minute, second) = (number(17, 19)?, number(20, 22)?, number(23, 25)?);
    // A leap second is written as 60.
    let is_valid = (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    is_valid.then(|| ((days_to(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
}

/// Days from 1970-01-01, Gregorian. Years begin in March here, so that the leap day is the last one.
fn days_to(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 0000-03-01 lies 719,468 days before 1970-01-01.
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests;
