//! Floats by verb: digits as Go's `strconv.FormatFloat` gives them.

use std::fmt::{Result, Write};

use super::printer::Printer;
use crate::value::Value;

/// No float has more digits behind its point, and the standard library writes no more than 65535.
const DIGITS_MAX: usize = 1100;

fn with_zeros(mut text: String, count: usize) -> String {
    text.extend(std::iter::repeat_n('0', count));
    text
}

/// Decimal digits without zeros at the end, and where the point stands: 0.DIGITS * 10^point.
struct Decimal {
    digits: String,
    point: i32,
}

impl Decimal {
    /// Returns the fewest digits that read back as the same number, or so many significant ones.
    fn new(value: f64, significant: Option<usize>) -> Self {
        let text = match significant {
            Some(count) => {
                let behind_point = (count.max(1) - 1).min(DIGITS_MAX);
                format!("{:.behind_point$e}", value.abs())
            }
            None => format!("{:e}", value.abs()),
        };
        let (mantissa, exponent) = text.split_once('e').expect("the format has an exponent");
        let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
        let digits = digits.trim_end_matches('0');
        match digits.is_empty() {
            true => Self {
                digits: String::new(),
                point: 0,
            },
            false => Self {
                digits: digits.to_owned(),
                point: exponent.parse::<i32>().expect("an exponent is a number") + 1,
            },
        }
    }
}

/// Writes a float as Go's `strconv.FormatFloat(value, verb, precision, 64)` does; no precision is the shortest text that
/// reads back. The verb is one of `e`, `E`, `f`, `g`, `G`, `b`, `x`, `X`.
pub(crate) fn format_float(value: f64, verb: char, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if value.is_infinite() {
        return format!("{}Inf", if sign.is_empty() { "+" } else { sign });
    }
    let unsigned = match verb {
        'e' | 'E' => exponential(value, verb, precision),
        'f' => match precision {
            Some(precision) => {
                let digits = precision.min(DIGITS_MAX);
                let text = format!("{:.digits$}", value.abs());
                with_zeros(text, precision - digits)
            }
            None => format!("{}", value.abs()),
        },
        'b' => binary(value),
        'x' | 'X' => hexadecimal(value, precision, verb == 'X'),
        _ => general(value, verb, precision),
    };
    format!("{sign}{unsigned}")
}

/// Writes a float as `%g` does with so many significant digits: what the `humanize` functions print.
pub(crate) fn format_general(value: f64, precision: usize) -> String {
    format_float(value, 'g', Some(precision))
}

fn exponential(value: f64, verb: char, precision: Option<usize>) -> String {
    let decimal = Decimal::new(value, precision.map(|precision| precision + 1));
    let fraction = precision.unwrap_or(decimal.digits.len().saturating_sub(1));
    with_exponent(&decimal, fraction, verb)
}

/// Writes `d.ddde+dd` with so many digits behind the point.
fn with_exponent(decimal: &Decimal, fraction: usize, verb: char) -> String {
    let missing = (fraction + 1).saturating_sub(decimal.digits.len());
    let digits = with_zeros(decimal.digits.clone(), missing);
    let exponent = if decimal.digits.is_empty() {
        0
    } else {
        decimal.point - 1
    };
    let sign = if exponent < 0 { '-' } else { '+' };
    let point = if fraction > 0 { "." } else { "" };
    let rest = &digits[1..=fraction];
    format!(
        "{}{point}{rest}{verb}{sign}{:02}",
        &digits[..1],
        exponent.abs()
    )
}

fn general(value: f64, verb: char, precision: Option<usize>) -> String {
    let precision = precision.map(|precision| precision.max(1));
    let decimal = Decimal::new(value, precision);
    let count = i32::try_from(decimal.digits.len()).unwrap_or(i32::MAX);
    let limit = match precision.and_then(|precision| i32::try_from(precision).ok()) {
        Some(precision) if precision > count && count >= decimal.point => count,
        Some(precision) => precision,
        // The shortest text turns to exponents beyond six digits, as C's printf would.
        None => 6,
    };
    let exponent = decimal.point - 1;
    if !decimal.digits.is_empty() && (exponent < -4 || exponent >= limit) {
        let e = if verb == 'G' { 'E' } else { 'e' };
        return with_exponent(&decimal, decimal.digits.len() - 1, e);
    }
    let fraction = usize::try_from(count - decimal.point).unwrap_or(0);
    let fraction = if decimal.digits.is_empty() {
        0
    } else {
        fraction
    };
    match precision {
        // Rounded to its significant digits, the number has just these behind the point.
        Some(_) => positional(&decimal, fraction),
        None => format!("{}", value.abs()),
    }
}

/// Writes digits around the point.
fn positional(decimal: &Decimal, fraction: usize) -> String {
    if decimal.digits.is_empty() {
        return "0".into();
    }
    let (digits, point) = (&decimal.digits, decimal.point);
    let whole = match usize::try_from(point) {
        Ok(0) | Err(_) => "0".to_owned(),
        Ok(point) if point >= digits.len() => format!("{digits:0<point$}"),
        Ok(point) => digits[..point].to_owned(),
    };
    if fraction == 0 {
        return whole;
    }
    let behind = match usize::try_from(point) {
        Ok(point) => digits[point..].to_owned(),
        Err(_) => format!("{}{digits}", "0".repeat(point.unsigned_abs() as usize)),
    };
    format!("{whole}.{behind}")
}

/// `%b`: the mantissa and a power of two.
fn binary(value: f64) -> String {
    let (mantissa, exponent) = parts(value);
    format!("{mantissa}p{exponent:+}")
}

/// Splits a float into a whole mantissa and a power of two.
fn parts(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    match i32::try_from(bits >> 52 & 0x7ff).expect("eleven bits") {
        0 => (fraction, -1074),
        exponent => (fraction | 1 << 52, exponent - 1075),
    }
}

/// `%x`: a hexadecimal mantissa between one and two, and a power of two.
fn hexadecimal(value: f64, precision: Option<usize>, is_upper: bool) -> String {
    let (mut mantissa, mut exponent) = parts(value);
    if mantissa == 0 {
        exponent = 0;
    } else {
        // To 61 bits below the leading one, so that every digit is four whole bits.
        let shift = mantissa.leading_zeros() - 3;
        mantissa <<= shift;
        exponent += 60 - i32::try_from(shift).expect("at most 63");
    }
    if let Some(precision) = precision.filter(|precision| *precision < 15) {
        let shift = u32::try_from(precision * 4).expect("below 60");
        let extra = (mantissa << shift) & ((1 << 60) - 1);
        mantissa >>= 60 - shift;
        if extra | (mantissa & 1) > 1 << 59 {
            mantissa += 1;
        }
        mantissa <<= 60 - shift;
        if mantissa & (1 << 61) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let all = format!("{:015x}", mantissa & ((1 << 60) - 1));
    let fraction = match precision {
        Some(precision) => {
            let digits = precision.min(15);
            with_zeros(all[..digits].to_owned(), precision - digits)
        }
        None => all.trim_end_matches('0').to_owned(),
    };
    let point = if fraction.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    let text = format!(
        "0x{}{point}{fraction}p{sign}{:02}",
        mantissa >> 60,
        exponent.abs()
    );
    if is_upper { text.to_uppercase() } else { text }
}

impl Printer<'_> {
    pub(super) fn float(&mut self, value: f64, verb: char, shown: &Value) -> Result {
        let (verb, default) = match verb {
            'v' => ('g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => (verb, None),
            'e' | 'E' | 'f' => (verb, Some(6)),
            'F' => ('f', Some(6)),
            _ => return self.bad_verb(shown, verb),
        };
        let flags = self.flags;
        let precision = flags.precision.or(default);
        let mut text = format_float(value, verb, precision);
        if !text.starts_with(['+', '-']) {
            text.insert(0, if flags.space && !flags.plus { ' ' } else { '+' });
        } else if text.starts_with('+') && flags.space && !flags.plus {
            text.replace_range(..1, " ");
        }
        if !value.is_finite() {
            // An infinity always shows its sign, a NaN only when asked to.
            let has_no_sign = value.is_nan() && !flags.space && !flags.plus;
            let shown = if has_no_sign { &text[1..] } else { &text[..] };
            self.flags.zero = false;
            let result = self.pad(shown);
            self.flags.zero = flags.zero;
            return result;
        }
        if flags.sharp && verb != 'b' {
            text = with_point(&text, verb, precision);
        }
        if !flags.plus && text.starts_with('+') {
            return self.pad(&text[1..]);
        }
        let missing = flags.width.unwrap_or(0).saturating_sub(text.len());
        if flags.zero && !flags.minus && missing > 0 {
            self.output.write_str(&text[..1])?;
            self.padding(missing)?;
            return self.output.write_str(&text[1..]);
        }
        self.pad(&text)
    }
}

/// `%#g` keeps the point and the zeros behind it.
fn with_point(text: &str, verb: char, precision: Option<usize>) -> String {
    let mut digits = match verb {
        // As in Go, the capital X does without.
        'g' | 'G' | 'x' => precision.unwrap_or(6),
        _ => 0,
    };
    let marks: &[char] = if matches!(verb, 'x' | 'X') {
        &['p', 'P']
    } else {
        &['e', 'E']
    };
    let end = text.find(marks).unwrap_or(text.len());
    let (number, tail) = text.split_at(end);
    let significant = number[1..].trim_start_matches(['0', '.']);
    digits = digits.saturating_sub(significant.bytes().filter(|byte| *byte != b'.').count());
    let mut number = number.to_owned();
    if !number.contains('.') {
        if &number[1..] == "0" {
            digits = digits.saturating_sub(1);
        }
        number.push('.');
    }
    format!("{number}{}{tail}", "0".repeat(digits))
}
