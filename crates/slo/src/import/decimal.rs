//! Shares as decimals, without a float in between.

/// Writes a share such as `0.999` as a percentage, `99.9`; what is no plain decimal comes back as it is.
pub(crate) fn percent(share: &str) -> String {
    let (whole, fraction) = share.split_once('.').unwrap_or((share, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !is_number(whole) || !is_number(fraction) {
        return share.to_owned();
    }
    let fraction = format!("{fraction:0<2}");
    let (moved, rest) = fraction.split_at(2);
    let digits = format!("{whole}{moved}");
    let whole = match digits.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    match rest.trim_end_matches('0') {
        "" => whole.to_owned(),
        rest => format!("{whole}.{rest}"),
    }
}

/// Writes a percentage such as `99.9` as a share, `0.999`; what is no plain decimal comes back as it is.
pub(crate) fn fraction(percent: &str) -> String {
    let (whole, rest) = percent.split_once('.').unwrap_or((percent, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(rest) {
        return percent.to_owned();
    }
    let whole = format!("{whole:0>3}");
    let (units, hundredths) = whole.split_at(whole.len() - 2);
    let digits = format!("{hundredths}{rest}");
    let units = match units.trim_start_matches('0') {
        "" => "0",
        units => units,
    };
    match digits.trim_end_matches('0') {
        "" => units.to_owned(),
        digits => format!("{units}.{digits}"),
    }
}

/// Writes a finite number as Go's `%g` does, which is how Sloth and Pyrra print numbers into queries: `0.05`, `1e-05`.
pub(crate) fn go_float(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 || (1e-4..1e6).contains(&magnitude) {
        return value.to_string();
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{digits:0>2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_becomes_a_percentage_digit_by_digit() {
        for (share, expected) in [
            ("0.999", "99.9"),
            ("0.9", "90"),
            (".5", "50"),
            ("1", "100"),
            ("0.99990", "99.99"),
            ("0", "0"),
            ("0.001", "0.1"),
            ("99.9", "9990"),
            ("1e-3", "1e-3"),
            ("", ""),
            (".", "."),
        ] {
            assert_eq!(percent(share), expected, "{share}");
        }
    }

    #[test]
    fn a_percentage_becomes_a_share_and_back() {
        for (percent_text, share) in [
            ("99.9", "0.999"),
            ("5", "0.05"),
            ("100", "1"),
            ("0.1", "0.001"),
        ] {
            assert_eq!(fraction(percent_text), share);
            assert_eq!(percent(share), percent_text);
        }
        assert_eq!(fraction("x"), "x");
    }

    #[test]
    fn numbers_are_written_as_go_does() {
        for (value, expected) in [
            (30.0, "30"),
            ((100.0 - 99.9) / 100.0, "0.0009999999999999432"),
            ((100.0 - 99.999) / 100.0, "1.0000000000047748e-05"),
            (1e6, "1e+06"),
            (0.0, "0"),
        ] {
            assert_eq!(go_float(value), expected);
        }
    }
}
