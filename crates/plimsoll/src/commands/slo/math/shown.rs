//! How figures are printed.

use std::time::Duration;

use clap::ValueEnum;
use serde_json::Value;

use crate::commands::shown::table;
use crate::commands::{Failure, print};

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    /// For people
    Table,
    /// For programs: times in seconds, shares from 0 to 1
    Json,
}

/// Prints lines in columns, or values as JSON.
pub(super) fn answer(
    output: Output,
    head: &[&str],
    lines: &[Vec<String>],
    values: Vec<Value>,
) -> Result<(), Failure> {
    match output {
        Output::Table => print(&table(head, lines)),
        Output::Json => print(&format!("{}\n", Value::Array(values))),
    }
}

/// Writes a length of time in two units, the second one rounded: `43m12s`, `3d15h`, `0.6s`.
pub(super) fn length(length: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "m"),
        (1_000, "s"),
    ];
    let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    if millis < 10_000 {
        let text = format!("{:.2}", millis as f64 / 1000.0);
        return format!("{}s", text.trim_end_matches('0').trim_end_matches('.'));
    }
    let found = UNITS
        .iter()
        .position(|(size, _)| millis >= *size)
        .unwrap_or(3);
    let (size, unit) = UNITS[found];
    let Some((smaller, small_unit)) = UNITS.get(found + 1) else {
        return format!("{}{unit}", (millis + size / 2) / size);
    };
    let smalls = millis.saturating_add(smaller / 2) / smaller;
    let per = size / smaller;
    match smalls % per {
        0 => format!("{}{unit}", smalls / per),
        rest => format!("{}{unit}{rest}{small_unit}", smalls / per),
    }
}

/// Writes a share in hundredths, with three digits that matter.
pub(super) fn percent(share: f64) -> String {
    let hundredths = share * 100.0;
    if hundredths == 0.0 || !hundredths.is_finite() {
        return format!("{hundredths} %");
    }
    let digits = (2.0 - hundredths.abs().log10().floor()).clamp(0.0, 9.0) as usize;
    let text = format!("{hundredths:.digits$}");
    match text.contains('.') {
        true => format!("{} %", text.trim_end_matches('0').trim_end_matches('.')),
        false => format!("{text} %"),
    }
}

/// Writes a number with at most two digits after the point.
pub(super) fn number(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_two_units() {
        let check = |millis, expected: &str| {
            assert_eq!(length(Duration::from_millis(millis)), expected);
        };
        check(0, "0s");
        check(600, "0.6s");
        check(9_999, "10s");
        check(51_840, "52s");
        check(129_600, "2m10s");
        check(2_592_000, "43m12s");
        check(3_600_000 * 50, "2d2h");
        check(86_399_999, "24h");
        check(u64::MAX, "213503982334d14h");
    }

    #[test]
    fn shares_have_the_digits_that_matter() {
        assert_eq!(percent(0.000_231_48), "0.0231 %");
        assert_eq!(percent(1.44), "144 %");
        assert_eq!(percent(0.02), "2 %");
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(number(7.2), "7.2");
    }
}
