//! The promised share of good events, as an exact decimal.

use std::fmt;
use std::str::FromStr;

/// A share of good events below 100 %, exact to a billionth: `99.9` is 999,000,000 of 1,000,000,000.
///
/// It is kept as the share of bad events that it allows, because budgets are counted in these.
///
/// ```
/// use plimsoll_slo::Target;
/// let target: Target = "99.95".parse().unwrap();
/// assert_eq!(target.allowed_billionths(), 500_000);
/// assert_eq!(target.to_string(), "99.95");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target(u32);

/// Why a text is no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Not a decimal number with digits only.
    #[error("wanted a percentage such as 99.9, in digits with at most one point")]
    NotANumber,
    /// More than seven digits after the point.
    #[error("at most seven digits after the point are kept exactly")]
    TooFine,
    /// Zero or less.
    #[error("an objective of 0 % promises nothing")]
    Nothing,
    /// A hundred or more.
    #[error(
        "an objective of 100 % or more leaves no budget: every failure would break it, and none could be spent"
    )]
    NoBudget,
}

impl Target {
    /// What a whole is counted in.
    pub const WHOLE: u32 = 1_000_000_000;

    /// Makes a target from the share of bad events that it allows, in billionths; `None` outside of 1 to 999,999,999.
    pub const fn from_allowed_billionths(allowed: u32) -> Option<Self> {
        if allowed == 0 || allowed >= Self::WHOLE {
            return None;
        }
        Some(Self(allowed))
    }

    /// Returns the share of bad events that is allowed, in billionths.
    pub const fn allowed_billionths(self) -> u32 {
        self.0
    }

    /// Returns the promised share of good events, in billionths.
    pub const fn billionths(self) -> u32 {
        Self::WHOLE - self.0
    }

    /// Returns the allowed share of bad events as a number from 0 to 1, for display and for statistics.
    pub fn allowed(self) -> f64 {
        f64::from(self.0) / f64::from(Self::WHOLE)
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_number(whole) || !is_number(fraction) || text.ends_with('.') {
            return Err(TargetError::NotANumber);
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > 7 {
            return Err(TargetError::TooFine);
        }
        let percent: u32 = match whole.trim_start_matches('0') {
            "" => 0,
            digits if digits.len() > 3 => return Err(TargetError::NoBudget),
            digits => digits.parse().map_err(|_| TargetError::NotANumber)?,
        };
        if percent >= 100 {
            return Err(TargetError::NoBudget);
        }
        let fraction: u32 = format!("{fraction:0<7}")
            .parse()
            .map_err(|_| TargetError::NotANumber)?;
        match percent * 10_000_000 + fraction {
            0 => Err(TargetError::Nothing),
            share => Ok(Self(Self::WHOLE - share)),
        }
    }
}

/// The percentage, with as many digits as it needs.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (
            self.billionths() / 10_000_000,
            self.billionths() % 10_000_000,
        );
        if fraction == 0 {
            return write!(f, "{whole}");
        }
        let fraction = format!("{fraction:07}");
        write!(f, "{whole}.{}", fraction.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_read_and_written_exactly() {
        for (text, allowed) in [
            ("99.9", 1_000_000),
            ("99.99999", 100),
            ("99.9999999", 1),
            ("50", 500_000_000),
            ("0.0000001", 999_999_999),
        ] {
            let target: Target = text.parse().unwrap();
            assert_eq!(target.allowed_billionths(), allowed, "{text}");
            assert_eq!(target.to_string(), text);
        }
        assert_eq!("099.90".parse::<Target>().unwrap().to_string(), "99.9");
    }

    #[test]
    fn what_promises_all_or_nothing_is_refused() {
        for (text, error) in [
            ("100", TargetError::NoBudget),
            ("100.0", TargetError::NoBudget),
            ("99999999999", TargetError::NoBudget),
            ("0.000", TargetError::Nothing),
            ("99.99999999", TargetError::TooFine),
            ("", TargetError::NotANumber),
            ("99.", TargetError::NotANumber),
            (".9", TargetError::NotANumber),
            ("-1", TargetError::NotANumber),
            ("1e2", TargetError::NotANumber),
            ("99,9", TargetError::NotANumber),
        ] {
            assert_eq!(text.parse::<Target>(), Err(error), "{text}");
        }
    }
}
