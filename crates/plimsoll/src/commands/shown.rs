//! What commands about alerts and silences show: texts of others without what could harm a terminal, times with how far
//! they are, tables.

use plimsoll_runtime::clock::{Clock, SystemClock};
use plimsoll_types::Timestamp;
use serde_json::Value;

/// Units of a distance in time, the longest first.
const UNITS: [(i64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];

/// Returns the time.
pub(super) fn now() -> Timestamp {
    SystemClock::new().now()
}

/// Escapes control characters: whoever may post an alert must not write to an operator's terminal.
pub(super) fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_control() {
            true => shown.extend(character.escape_default()),
            false => shown.push(character),
        }
    }
    shown
}

/// Returns a text of an answer; nothing for what is none.
pub(super) fn text(value: &Value) -> String {
    harmless(value.as_str().unwrap_or_default())
}

/// Returns the entries of a list of an answer; none of what is no list.
pub(super) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Reads a time as answers have it.
pub(super) fn read_time(value: &Value) -> Option<Timestamp> {
    let at: jiff::Timestamp = value.as_str()?.parse().ok()?;
    Some(Timestamp::from_millis(at.as_millisecond()))
}

/// Writes a time in UTC, to the second.
pub(super) fn time(at: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(at.millis()) {
        // Cut off and not rounded: what ended at 23:59:59.9 did so before midnight.
        Ok(time) => time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Err(_) => format!("{} ms", at.millis()),
    }
}

/// Writes a time with how far it is: `2026-01-02T15:04:05Z (3h12m ago)`.
pub(super) fn time_from(at: Timestamp, now: Timestamp) -> String {
    format!("{} ({})", time(at), distance(at, now))
}

/// Says how far a time is: `in 2m`, `3h12m ago`, `now`.
pub(super) fn distance(at: Timestamp, now: Timestamp) -> String {
    let seconds = at.millis_since(now) / 1000;
    match seconds {
        0 => "now".into(),
        ..0 => format!("{} ago", length(seconds)),
        _ => format!("in {}", length(seconds)),
    }
}

/// Writes a number of seconds in its two longest units.
fn length(seconds: i64) -> String {
    let mut left = seconds.saturating_abs();
    let mut text = String::new();
    let mut first = None;
    for (index, (size, unit)) in UNITS.into_iter().enumerate() {
        let count = left / size;
        left %= size;
        if count > 0 && first.is_none_or(|first| index == first + 1) {
            text.push_str(&format!("{count}{unit}"));
            first.get_or_insert(index);
        }
    }
    text
}

/// Says how many there are: `1 alert`, `2 alerts`.
pub(super) fn counted(count: usize, one: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {one}{plural}")
}

/// The widest that a column becomes: a text that is longer, which may come from anybody, does not push away the columns of
/// all other lines.
pub(super) const COLUMN_MAX: usize = 200;

/// Writes lines in columns, each as wide as it must be; the last one ends where its text does.
pub(super) fn table(head: &[&str], lines: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|title| title.chars().count()).collect();
    for line in lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count()).min(COLUMN_MAX);
        }
    }
    let head: Vec<String> = head.iter().map(ToString::to_string).collect();
    let mut text = String::new();
    for line in std::iter::once(&head).chain(lines) {
        let cells = line.iter().zip(&widths);
        let row: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        text.push_str(row.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_has_two_units_at_most() {
        let check = |seconds: i64, expected: &str| {
            let (now, at) = (
                Timestamp::from_millis(0),
                Timestamp::from_millis(seconds * 1000),
            );
            assert_eq!(distance(at, now), expected);
        };
        check(0, "now");
        check(5, "in 5s");
        check(-65, "1m5s ago");
        check(3_600, "in 1h");
        check(3_605, "in 1h");
        check(-(2 * 86_400 + 3 * 3_600 + 59), "2d3h ago");
    }

    #[test]
    fn a_long_cell_widens_no_other_line() {
        let line = |cell: String| vec![cell, "b".to_owned()];
        let text = table(
            &["one", "two"],
            &[line("a".repeat(100_000)), line("a".into())],
        );
        let short = text.lines().next_back().unwrap();
        assert_eq!(short.len(), COLUMN_MAX + "  b".len());
    }

    #[test]
    fn a_time_is_cut_to_the_second() {
        let at = Timestamp::from_millis(1_700_000_000_999);
        assert_eq!(time(at), "2023-11-14T22:13:20Z");
        assert!(time(Timestamp::MAX).ends_with(" ms"));
        let read = read_time(&"2023-11-14T23:13:20.999+01:00".into());
        assert_eq!(read, Some(at));
        assert_eq!(read_time(&"soon".into()), None);
    }

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let lines = [
            vec!["\u{fc}ber".into(), "1".into()],
            vec!["a".into(), String::new()],
        ];
        assert_eq!(
            table(&["x", "long"], &lines),
            "x     long\n\u{fc}ber  1\na\n"
        );
    }

    #[test]
    fn nothing_of_others_reaches_the_terminal_as_it_is() {
        assert_eq!(harmless("a\u{1b}[2J\nb"), "a\\u{1b}[2J\\nb");
    }
}
