//! Number constants as Go writes them.

use super::tree::Number;
use crate::quote::{quote, unquote_character};

/// Reads a constant; the error is in Go's words.
pub(super) fn number(text: &str) -> Result<Number, String> {
    if text.starts_with('\'') {
        let code = match unquote_character(text) {
            Some((code, "'")) => code,
            Some(_) => return Err(format!("malformed character constant: {text}")),
            None => return Err("invalid syntax".into()),
        };
        return Ok(Number {
            text: text.to_owned(),
            int: Some(code.into()),
            float: Some(code.into()),
        });
    }
    if text.ends_with('i') && !is_hexadecimal(text) {
        return Err(format!(
            "complex numbers are not supported: {}",
            quote(text, false)
        ));
    }
    let (mut int, uint) = (signed(text), unsigned(text));
    let float = match (int, uint) {
        (Some(int), _) => Some(int as f64),
        (None, Some(uint)) => Some(uint as f64),
        (None, None) => float(text),
    };
    if let (None, None, Some(value)) = (int, uint, float) {
        if !text.contains(['.', 'e', 'E', 'p', 'P']) {
            return Err(format!("integer overflow: {}", quote(text, false)));
        }
        // A float that is whole can stand where an integer is wanted.
        let is_whole = value.trunc() == value;
        int = (is_whole && value.abs() < 9.2e18).then_some(value as i64);
    }
    if float.is_none() {
        return Err(format!("illegal number syntax: {}", quote(text, false)));
    }
    Ok(Number {
        text: text.to_owned(),
        int,
        float,
    })
}

fn is_hexadecimal(text: &str) -> bool {
    text.trim_start_matches(['+', '-']).starts_with(['x', 'X'])
}

fn signed(text: &str) -> Option<i64> {
    let (is_negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let amount = i128::from(unsigned(digits)?);
    i64::try_from(if is_negative { -amount } else { amount }).ok()
}

/// Reads digits with the prefix of their base, and underscores between them.
fn unsigned(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, &lower[..]),
    };
    let digits = without_underscores(digits, lower.len() > digits.len())?;
    match digits.starts_with(['+', '-']) {
        true => None,
        false => u64::from_str_radix(&digits, radix).ok(),
    }
}

/// Drops underscores that stand between digits, or between the prefix of the base and a digit.
fn without_underscores(digits: &str, has_prefix: bool) -> Option<String> {
    let is_misplaced =
        digits.ends_with('_') || digits.contains("__") || digits.starts_with('_') && !has_prefix;
    (!is_misplaced).then(|| digits.replace('_', ""))
}

/// Reads a decimal or hexadecimal float; infinities and NaN have no constants.
pub(crate) fn float(text: &str) -> Option<f64> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    let value = match digits.to_ascii_lowercase().strip_prefix("0x") {
        Some(rest) => hexadecimal(rest)?,
        None if digits.starts_with(|next: char| next.is_ascii_digit() || next == '.') => {
            without_underscores_between_digits(digits)?.parse().ok()?
        }
        None => return None,
    };
    let value: f64 = value;
    value.is_finite().then_some(sign * value)
}

/// Drops underscores, each of which must stand between two digits.
fn without_underscores_between_digits(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let is_good = |at: usize| at > 0 && is_digit(at - 1) && is_digit(at + 1);
    let is_misplaced = text.match_indices('_').any(|(at, _)| !is_good(at));
    (!is_misplaced).then(|| text.replace('_', ""))
}

fn hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once('p')?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let whole = whole.strip_prefix('_').unwrap_or(whole);
    let digits = without_underscores(&format!("{whole}{fraction}"), false)?;
    if digits.is_empty() {
        return None;
    }
    let value = digits.chars().try_fold(0.0_f64, |value, digit| {
        Some(value * 16.0 + f64::from(digit.to_digit(16)?))
    })?;
    let shift = i32::try_from(fraction.len()).ok()?.checked_mul(4)?;
    Some(value * 2.0_f64.powi(exponent.checked_sub(shift)?))
}
