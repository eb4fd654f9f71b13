//! Times and sizes for people.

use plimsoll_types::{TimeRange, Timestamp};

/// Returns a point in time in UTC, or its milliseconds when no calendar reaches so far.
pub(super) fn time(at: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(at.millis()) {
        Ok(time) => format!("{time:.0}"),
        Err(_) => format!("{} ms", at.millis()),
    }
}

/// Returns how long a range is.
pub(super) fn length(range: TimeRange) -> String {
    let seconds = range.end.millis_since(range.start) / 1000;
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let shown = parts.into_iter().filter(|(count, _)| *count > 0).take(2);
    let text: String = shown
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if text.is_empty() { "0s".into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_two_units() {
        let check = |millis: i64, expected: &str| {
            let range = TimeRange::new(Timestamp::from_millis(0), Timestamp::from_millis(millis));
            assert_eq!(length(range), expected);
        };
        check(0, "0s");
        check(7_200_000, "2h");
        check(90_061_000, "1d1h");
        assert_eq!(
            time(Timestamp::from_millis(1_700_000_000_000)),
            "2023-11-14T22:13:20Z"
        );
        assert!(time(Timestamp::MAX).ends_with(" ms"));
    }
}
