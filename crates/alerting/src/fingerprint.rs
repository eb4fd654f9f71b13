//! The number by which Alertmanager names a label set, in its API, in notices and in silences' answers.
//!
//! ```text
//! FNV-1a, 64 bits, over: name 0xff value 0xff name 0xff value 0xff ...   (labels in ascending order of their names)
//! ```
//!
//! It is short and it is known outside, but it can be made to collide on purpose, so what must not be mistaken for
//! something else compares the labels themselves too.

use std::fmt;
use std::str::FromStr;

use plimsoll_types::Labels;

const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;
/// No byte of a UTF-8 text, so that no text runs into the next.
const SEPARATOR: u8 = 0xff;

/// Alertmanager's fingerprint of a label set; it is written as 16 hexadecimal digits.
///
/// ```
/// use plimsoll_alerting::Fingerprint;
/// use plimsoll_types::Labels;
/// let fingerprint = Fingerprint::of(&Labels::from_pairs([("a", "b")]));
/// assert_eq!(fingerprint.to_string(), "d2b371819297f98a");
/// assert_eq!("d2b371819297f98a".parse(), Ok(fingerprint));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u64);

/// A text that is not 16 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a fingerprint of 16 hexadecimal digits, found {0:?}")]
pub struct InvalidFingerprint(String);

impl Fingerprint {
    /// Computes the fingerprint of a label set.
    pub fn of(labels: &Labels) -> Self {
        let mut hash = OFFSET_BASIS;
        let mut take = |text: &str| {
            for byte in text.bytes().chain([SEPARATOR]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(PRIME);
            }
        };
        for (name, value) in labels.iter() {
            take(name);
            take(value);
        }
        Self(hash)
    }

    /// Wraps the number, as a row keeps it.
    pub const fn from_u64(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number.
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Self, InvalidFingerprint> {
        let is_hexadecimal = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = is_hexadecimal.then(|| u64::from_str_radix(text, 16).ok());
        let number = number.flatten();
        number
            .map(Self)
            .ok_or_else(|| InvalidFingerprint(text.chars().take(64).collect()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the API of Debian's Alertmanager 0.25 answered for these label sets.
    #[test]
    fn agrees_with_alertmanager() {
        let check = |pairs: &[(&str, &str)], expected: &str| {
            let labels = Labels::from_pairs(pairs.iter().copied());
            assert_eq!(Fingerprint::of(&labels).to_string(), expected);
        };
        check(&[("a", "b")], "d2b371819297f98a");
        check(
            &[("alertname", "x"), ("b", "\u{e9}"), ("a", "1")],
            "7d42df0f716ea18e",
        );
        check(
            &[
                ("zz", "long long text with spaces"),
                ("_", "q"),
                ("Zz", "1"),
            ],
            "8705d77daaea69b2",
        );
        check(&[], "cbf29ce484222325");
    }

    #[test]
    fn other_texts_are_no_fingerprints() {
        for text in [
            "",
            "d2b371819297f98",
            "d2b371819297f98aa",
            "+2b371819297f98a",
            "\u{e9}2b371819297f9",
        ] {
            assert!(text.parse::<Fingerprint>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(number: u64) {
            let fingerprint = Fingerprint::from_u64(number);
            prop_assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        }
    }
}
