//! Quantities with their units, read as the tools of the field write them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A text that is not the quantity it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidQuantity(String);

/// A number of bytes.
///
/// Reads as Prometheus does: a whole number with one of `B KB MB GB TB PB EB` or their `KiB` spellings, all of them
/// powers of 1024; `0` needs no unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteCount(pub u64);

impl ByteCount {
    /// 1024 bytes.
    pub const KIB: Self = Self(1 << 10);
    /// 1024 KiB.
    pub const MIB: Self = Self(1 << 20);
    /// 1024 MiB.
    pub const GIB: Self = Self(1 << 30);

    /// Returns `count` times `self`, saturating.
    pub const fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// Returns the number as the size of something in memory.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for ByteCount {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        let wanted = || {
            InvalidQuantity(format!(
                "expected a size such as 512MB or 10GiB, found {text:?}"
            ))
        };
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| wanted())?;
        let shift = match unit {
            "" if number == 0 => 0,
            "B" => 0,
            "KB" | "KiB" | "K" => 10,
            "MB" | "MiB" | "M" => 20,
            "GB" | "GiB" | "G" => 30,
            "TB" | "TiB" | "T" => 40,
            "PB" | "PiB" | "P" => 50,
            "EB" | "EiB" | "E" => 60,
            _ => return Err(wanted()),
        };
        number
            .checked_mul(1 << shift)
            .map(Self)
            .ok_or_else(|| InvalidQuantity(format!("{text} is more than 16 EiB")))
    }
}

/// Shows the largest binary unit with at most one decimal: `512 B`, `1.5 MiB`.
impl fmt::Display for ByteCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        if self.0 < 1024 {
            return write!(f, "{} B", self.0);
        }
        let power = (self.0.ilog2() / 10) as usize;
        let scaled = self.0 as f64 / (1u64 << (10 * power)) as f64;
        let digits = usize::from(scaled.fract() >= 0.05);
        write!(f, "{scaled:.digits$} {}", UNITS[power - 1])
    }
}

const DURATION_UNITS: [(&str, u64); 7] = [
    ("y", 365 * 24 * 3600 * 1000),
    ("w", 7 * 24 * 3600 * 1000),
    ("d", 24 * 3600 * 1000),
    ("h", 3600 * 1000),
    ("m", 60 * 1000),
    ("s", 1000),
    ("ms", 1),
];

/// Reads a Prometheus duration: `1h30m`, `15s`, `500ms`, `0`; units in falling order, each at most once.
///
/// A year is 365 days, a week 7 days, a day 24 hours.
///
/// # Errors
/// [`InvalidQuantity`] when the text is not one, or is longer than 2^63 milliseconds (292 million years).
pub fn parse_duration(text: &str) -> Result<Duration, InvalidQuantity> {
    let wanted = || {
        InvalidQuantity(format!(
            "expected a duration such as 15s, 5m or 1h30m, found {text:?}"
        ))
    };
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    if text.is_empty() {
        return Err(wanted());
    }
    let (mut rest, mut units, mut millis) = (text, &DURATION_UNITS[..], 0u64);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at(letters);
        let number: u64 = number.parse().map_err(|_| wanted())?;
        let at = units
            .iter()
            .position(|(name, _)| *name == unit)
            .ok_or_else(wanted)?;
        millis = number
            .checked_mul(units[at].1)
            .and_then(|part| millis.checked_add(part))
            .filter(|total| i64::try_from(*total).is_ok())
            .ok_or_else(|| InvalidQuantity(format!("the duration {text:?} is out of range")))?;
        (rest, units) = (after, &units[at + 1..]);
    }
    Ok(Duration::from_millis(millis))
}

/// Writes a duration as Prometheus does: `1h30m`, `15s`, `0s`; below a millisecond it rounds down.
pub fn format_duration(duration: Duration) -> String {
    let mut millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if millis == 0 {
        return "0s".into();
    }
    let mut text = String::new();
    for (unit, size) in DURATION_UNITS {
        // Prometheus shows years and weeks only when they are the whole duration.
        if matches!(unit, "y" | "w") && !millis.is_multiple_of(size) {
            continue;
        }
        if millis >= size {
            text.push_str(&format!("{}{unit}", millis / size));
            millis %= size;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations_as_prometheus_does() {
        let millis = |text| parse_duration(text).map(|d| d.as_millis());
        for (text, expected) in [
            ("0", 0),
            ("0s", 0),
            ("324ms", 324),
            ("3s", 3000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("4d1h", 349_200_000),
            ("14d", 1_209_600_000),
            ("3w2d1h", 1_990_800_000),
            ("10y", 315_360_000_000),
        ] {
            assert_eq!(millis(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "1",
            "1y1m1d",
            "-1w",
            "1.5d",
            "d",
            "294y1y",
            "5 m",
            "99999999999999999999s",
        ] {
            assert!(millis(text).is_err(), "{text}");
        }
    }

    #[test]
    fn writes_durations_as_prometheus_does() {
        for text in [
            "0s", "324ms", "3s", "5m", "1h30m", "2w", "1y", "8d", "8d1h", "1m1ms",
        ] {
            assert_eq!(format_duration(parse_duration(text).unwrap()), text);
        }
    }

    #[test]
    fn reads_and_writes_sizes() {
        assert_eq!("10GiB".parse(), Ok(ByteCount(10 << 30)));
        assert_eq!("0".parse(), Ok(ByteCount(0)));
        assert!("10".parse::<ByteCount>().is_err());
        assert!("1.5GB".parse::<ByteCount>().is_err());
        assert!("99999999999EB".parse::<ByteCount>().is_err());
        assert_eq!(ByteCount(1536 << 10).to_string(), "1.5 MiB");
        assert_eq!(ByteCount(10 << 30).to_string(), "10 GiB");
        assert_eq!(ByteCount(1023).to_string(), "1023 B");
    }
}
