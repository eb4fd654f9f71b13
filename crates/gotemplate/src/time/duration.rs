//! Go's text of a duration.

/// Writes nanoseconds as Go's `Duration.String` does: `1h15m30.918s`, `1.5ms`, `0s`.
pub(crate) fn format_duration(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let amount = nanoseconds.unsigned_abs();
    let below_a_second = [(1, "ns"), (1_000, "\u{b5}s"), (1_000_000, "ms")];
    if amount == 0 {
        return "0s".into();
    }
    if amount < 1_000_000_000 {
        let (unit, name) = below_a_second
            .into_iter()
            .rfind(|(unit, _)| amount >= *unit)
            .expect("a nanosecond fits every amount");
        return format!("{sign}{}{name}", decimal(amount, unit));
    }
    let seconds = amount / 1_000_000_000;
    let rest = amount - seconds / 60 * 60 * 1_000_000_000;
    let minutes = seconds / 60;
    let hours = match minutes / 60 {
        0 => String::new(),
        hours => format!("{hours}h"),
    };
    let minutes = match minutes {
        0 => String::new(),
        minutes => format!("{}m", minutes % 60),
    };
    format!("{sign}{hours}{minutes}{}s", decimal(rest, 1_000_000_000))
}

/// Writes `amount / unit` without trailing zeros.
fn decimal(amount: u64, unit: u64) -> String {
    let (whole, rest) = (amount / unit, amount % unit);
    if rest == 0 {
        return whole.to_string();
    }
    let digits = unit.ilog10() as usize;
    let fraction = format!("{rest:0digits$}");
    format!("{whole}.{}", fraction.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_durations_as_go_does() {
        for (nanoseconds, expected) in [
            (0, "0s"),
            (1, "1ns"),
            (1_100, "1.1\u{b5}s"),
            (2_200_000, "2.2ms"),
            (3_300_000_000, "3.3s"),
            (245_000_000_000, "4m5s"),
            (245_001_000_000, "4m5.001s"),
            (18_367_001_000_000, "5h6m7.001s"),
            (3_600_000_000_000, "1h0m0s"),
            (-1_500_000_000, "-1.5s"),
            (i64::MIN, "-2562047h47m16.854775808s"),
        ] {
            assert_eq!(format_duration(nanoseconds), expected);
        }
    }
}
