//! OpenSLO's lengths of time and windows.

use std::time::Duration;

use plimsoll_runtime::config::{Span, Spanned, Tree};

use super::raw;
use crate::export::native::{duration, section};
use crate::export::text;
use crate::import::convert::Draft;

const DAY: u64 = 24 * 60 * 60;

/// Reads a length: a number and one of m (minutes), h, d, w. Months, quarters and years have no length.
pub(super) fn length(text: &str) -> Option<Duration> {
    let (number, unit) = split(text)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => DAY,
        'w' => 7 * DAY,
        _ => return None,
    };
    Some(Duration::from_secs(number.checked_mul(seconds)?))
}

fn split(text: &str) -> Option<(u64, char)> {
    let text = text.trim();
    let unit = text.chars().next_back()?;
    let number = text[..text.len() - unit.len_utf8()].parse().ok()?;
    (number > 0).then_some((number, unit))
}

pub(super) fn windows(
    raw: &[Spanned<raw::TimeWindow>],
    slo: Span,
    draft: &mut Draft<'_>,
) -> Vec<Tree> {
    if let Some(second) = raw.get(1) {
        draft.refused(second.span, "OpenSLO has one time window");
    }
    let Some(window) = raw.first() else {
        draft.warned(slo, "the SLO has no time window: it gets 30 days");
        return Vec::new();
    };
    let found = match window.is_rolling || window.calendar.is_none() {
        true => rolling(window, draft),
        false => calendar(window, draft),
    };
    found.into_iter().collect()
}

fn rolling(window: &Spanned<raw::TimeWindow>, draft: &mut Draft<'_>) -> Option<Tree> {
    let text = &window.duration;
    if let Some(length) = length(text) {
        return Some(duration(length));
    }
    let days = match split(text) {
        Some((number, 'M')) => number.checked_mul(30),
        Some((number, 'Q')) => number.checked_mul(90),
        Some((number, 'Y')) => number.checked_mul(365),
        _ => None,
    };
    let Some(length) = days.and_then(|days| days.checked_mul(DAY)) else {
        draft.refused(text.span, "expected a length such as 28d");
        return None;
    };
    let message = format!(
        "{} has no length: a rolling window of {} days is taken",
        text.value,
        length / DAY
    );
    draft.warned(text.span, message);
    Some(duration(Duration::from_secs(length)))
}

fn calendar(window: &Spanned<raw::TimeWindow>, draft: &mut Draft<'_>) -> Option<Tree> {
    let text_of = &window.duration;
    let unit = match split(text_of)? {
        (1, 'd') => "day",
        (1, 'w') => "week",
        (1, 'M') => "month",
        (1, 'Q') | (3, 'M') => "quarter",
        (1, 'Y') | (12, 'M') => "year",
        // The letter for minutes; nobody means a period of a minute.
        (1, 'm') => {
            let message = "1m is a minute in OpenSLO: a month is taken, which is 1M";
            draft.warned(text_of.span, message);
            "month"
        }
        _ => {
            let message = "expected a period of the calendar: 1d, 1w, 1M, 1Q or 1Y";
            draft.refused(text_of.span, message);
            return None;
        }
    };
    let calendar = window.calendar.as_ref()?;
    let start = calendar.start_time.trim();
    let is_midnight =
        start.is_empty() || start.ends_with("00:00:00") || start.len() <= "2026-01-01".len();
    if !is_midnight {
        let message = format!("periods begin at midnight, not at the time of {start}");
        draft.warned(calendar.start_time.span, message);
    }
    if unit == "week" && !start.is_empty() && !begins_on_monday(start) {
        draft.warned(calendar.start_time.span, "weeks begin on Monday");
    }
    let zone = match calendar.time_zone.is_empty() {
        true => Tree::Null,
        false => text(&calendar.time_zone),
    };
    Some(section([("calendar", text(unit)), ("zone", zone)]))
}

fn begins_on_monday(start: &str) -> bool {
    let date = start
        .get(..10)
        .and_then(|date| date.parse::<jiff::civil::Date>().ok());
    date.is_some_and(|date| date.weekday() == jiff::civil::Weekday::Monday)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_a_number_and_a_unit() {
        for (text, seconds) in [
            ("1m", 60),
            ("2w", 1_209_600),
            ("28d", 2_419_200),
            ("1h", 3600),
        ] {
            assert_eq!(length(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in [
            "",
            "1",
            "d",
            "0d",
            "1M",
            "1h30m",
            "-1d",
            "99999999999999999999d",
            "9999999999999999w",
        ] {
            assert_eq!(length(text), None, "{text}");
        }
    }

    #[test]
    fn weeks_of_ours_begin_on_monday() {
        assert!(begins_on_monday("2022-01-03 00:00:00"));
        assert!(!begins_on_monday("2022-01-01 12:00:00"));
        assert!(!begins_on_monday("soon"));
    }
}
