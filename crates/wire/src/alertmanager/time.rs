//! Points in time as Go's `strfmt.DateTime` writes and reads them.

use jiff::SignedDuration;
use jiff::civil::DateTime;
use plimsoll_types::Timestamp;

/// Where Unix counts from. What jiff calls a timestamp ends a day before the year 9999 does, its civil time does not.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
/// The first moment of the year 1, Go's zero: no time was said.
const ZERO: Timestamp = Timestamp::from_millis(-62_135_596_800_000);
/// The last millisecond of the year 9999; RFC 3339 has four digits.
const LAST: Timestamp = Timestamp::from_millis(253_402_300_799_999);

/// What Go writes for a time that nobody said.
pub(super) const NEVER: &str = "0001-01-01T00:00:00.000Z";

/// Writes a point in time in UTC with three digits behind the second; what RFC 3339 cannot hold becomes the nearest that
/// it can.
pub(super) fn write(time: Timestamp) -> String {
    let held = time.clamp(ZERO.saturating_add_millis(1), LAST);
    let since = SignedDuration::from_millis(held.millis());
    let civil = EPOCH.checked_add(since).expect("four digits of a year");
    format!("{civil:.3}Z")
}

/// Reads a point in time: RFC 3339 and the shorter forms of ISO 8601 that Alertmanager takes. `Ok(None)` is Go's zero.
pub(super) fn read(text: &str) -> Result<Option<Timestamp>, ()> {
    if text.is_empty() {
        // An Alertmanager makes the epoch of it.
        return Ok(Some(Timestamp::EPOCH));
    }
    let mut rest = Rest(text.as_bytes());
    let date = (rest.number(4)?, rest.part(b'-')?, rest.part(b'-')?);
    let (mut clock, mut nanoseconds, mut offset_seconds) = ((0, 0, 0), 0, 0);
    match rest.next() {
        None => {}
        Some(separator @ (b'T' | b' ')) => {
            clock = (rest.number(2)?, rest.part(b':')?, 0);
            if rest.0.first() == Some(&b':') {
                clock.2 = rest.part(b':')?;
                nanoseconds = rest.fraction()?;
            }
            if separator == b'T' {
                offset_seconds = rest.offset()?;
            }
        }
        Some(_) => return Err(()),
    }
    if !rest.0.is_empty() {
        return Err(());
    }
    let small = |number: i32| i8::try_from(number).map_err(drop);
    let year = i16::try_from(date.0).map_err(drop)?;
    let (month, day) = (small(date.1)?, small(date.2)?);
    let (hour, minute, second) = (small(clock.0)?, small(clock.1)?, small(clock.2)?);
    let civil = DateTime::new(year, month, day, hour, minute, second, nanoseconds).map_err(drop)?;
    let since = civil.duration_since(EPOCH) - SignedDuration::from_secs(offset_seconds);
    let millis = since.as_millis();
    let time = Timestamp::from_millis(i64::try_from(millis).map_err(drop)?);
    Ok((time != ZERO).then_some(time))
}

struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self, digits: usize) -> Result<i32, ()> {
        let (number, rest) = self.0.split_at_checked(digits).ok_or(())?;
        self.0 = rest;
        number.iter().try_fold(0, |sum, digit| match digit {
            b'0'..=b'9' => Ok(sum * 10 + i32::from(digit - b'0')),
            _ => Err(()),
        })
    }

    /// Reads a separator and two digits.
    fn part(&mut self, separator: u8) -> Result<i32, ()> {
        match self.next() {
            Some(found) if found == separator => self.number(2),
            _ => Err(()),
        }
    }

    /// Reads what may stand behind a second, in nanoseconds; digits beyond the ninth count for nothing.
    fn fraction(&mut self) -> Result<i32, ()> {
        if !matches!(self.0.first(), Some(b'.' | b',')) {
            return Ok(0);
        }
        self.next();
        let count = self
            .0
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        if digits.is_empty() {
            return Err(());
        }
        let nine = digits
            .iter()
            .copied()
            .chain(std::iter::repeat(b'0'))
            .take(9);
        Ok(nine.fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0')))
    }

    /// Reads `Z`, `+01:00`, `+0100`, or nothing, which is UTC, in seconds.
    fn offset(&mut self) -> Result<i64, ()> {
        let sign = match self.next() {
            None | Some(b'Z') => return Ok(0),
            Some(b'+') => 1,
            Some(b'-') => -1,
            Some(_) => return Err(()),
        };
        let hours = self.number(2)?;
        if self.0.first() == Some(&b':') {
            self.next();
        }
        let minutes = self.number(2)?;
        if hours > 24 || minutes > 60 {
            return Err(());
        }
        Ok(sign * i64::from(hours * 3600 + minutes * 60))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_alertmanager_reads() {
        for (text, expected) in [
            ("1970-01-01T00:00:01Z", Ok(Some(1_000))),
            ("1970-01-01T00:00:01.5Z", Ok(Some(1_500))),
            ("1970-01-01T00:00:01,123456789123Z", Ok(Some(1_123))),
            ("1970-01-01T01:00:01.000+01:00", Ok(Some(1_000))),
            ("1970-01-01T01:00:01+0100", Ok(Some(1_000))),
            ("1969-12-31T23:00:00-01:00", Ok(Some(0))),
            ("1970-01-01T00:00:01", Ok(Some(1_000))),
            ("1970-01-01T00:01Z", Ok(Some(60_000))),
            ("1970-01-01T00:01", Ok(Some(60_000))),
            ("1970-01-01 00:00:01", Ok(Some(1_000))),
            ("1970-01-02", Ok(Some(86_400_000))),
            ("0001-01-01T00:00:00.000Z", Ok(None)),
            ("9999-12-31T23:59:59Z", Ok(Some(253_402_300_799_000))),
            ("", Ok(Some(0))),
            ("1970-01-01T00:00:60Z", Err(())),
            ("1970-02-30T00:00:00Z", Err(())),
            ("1970-13-01T00:00:00Z", Err(())),
            ("1970-01-01T00:00:00.Z", Err(())),
            ("1970-01-01T00:00:00Zx", Err(())),
            ("1970-01-01T00:00:00+25:00", Err(())),
            ("1970-01-01 00:00:00Z", Err(())),
            ("-1970-01-01", Err(())),
            ("1", Err(())),
            ("tomorrow", Err(())),
        ] {
            let found = read(text).map(|time| time.map(Timestamp::millis));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn what_has_no_four_digits_is_written_as_the_nearest() {
        assert_eq!(write(Timestamp::MAX), "9999-12-31T23:59:59.999Z");
        assert_eq!(write(Timestamp::MIN), "0001-01-01T00:00:00.001Z");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(millis in -62_135_596_799_999_i64..=253_402_300_799_999) {
            let time = Timestamp::from_millis(millis);
            prop_assert_eq!(read(&write(time)), Ok(Some(time)));
        }
    }
}
