//! Names of silences: random UUIDs, as everywhere where silences are known.

use std::fmt;
use std::str::FromStr;

/// The lengths of the groups of digits between the hyphens.
const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

/// The id of a silence: a UUID, written in lower case with hyphens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SilenceId(u128);

/// A text that is no UUID.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a UUID such as 3c1d7f56-875f-49ff-864d-e7f9f682db8d, found {0:?}")]
pub struct InvalidSilenceId(String);

impl SilenceId {
    /// Makes a UUID of version 4 from 128 random bits, of which 122 count.
    pub const fn from_random(random: u128) -> Self {
        let version = 0x4 << 76;
        let variant = 0b10 << 62;
        let free = !((0xf << 76) | (0b11 << 62));
        Self((random & free) | version | variant)
    }

    /// Wraps the number, as a row keeps it.
    pub const fn from_u128(number: u128) -> Self {
        Self(number)
    }

    /// Returns the number.
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

impl fmt::Display for SilenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:032x}", self.0);
        let mut rest = &*digits;
        for (place, length) in GROUPS.into_iter().enumerate() {
            let (group, after) = rest.split_at(length);
            let hyphen = if place == 0 { "" } else { "-" };
            write!(f, "{hyphen}{group}")?;
            rest = after;
        }
        Ok(())
    }
}

impl fmt::Debug for SilenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for SilenceId {
    type Err = InvalidSilenceId;

    fn from_str(text: &str) -> Result<Self, InvalidSilenceId> {
        let invalid = || InvalidSilenceId(text.chars().take(64).collect());
        let groups = text.split('-').map(str::len);
        if !groups.eq(GROUPS) || text.contains('+') {
            return Err(invalid());
        }
        let digits = text.replace('-', "");
        u128::from_str_radix(&digits, 16)
            .map(Self)
            .map_err(|_| invalid())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn is_written_as_the_field_writes_it() {
        let id = SilenceId::from_u128(0x3c1d_7f56_875f_49ff_864d_e7f9_f682_db8d);
        assert_eq!(id.to_string(), "3c1d7f56-875f-49ff-864d-e7f9f682db8d");
        assert_eq!("3C1D7F56-875F-49FF-864D-E7F9F682DB8D".parse(), Ok(id));
        for text in [
            "",
            "x",
            "3c1d7f56875f49ff864de7f9f682db8d",
            "+c1d7f56-875f-49ff-864d-e7f9f682db8d",
        ] {
            assert!(text.parse::<SilenceId>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(random: u128) {
            let id = SilenceId::from_random(random);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            prop_assert_eq!(id.to_string().as_bytes()[14], b'4');
            prop_assert!(b"89ab".contains(&id.to_string().as_bytes()[19]));
        }

        #[test]
        fn hostile_texts_are_refused_or_read(text in "[0-9a-g+\u{e9}-]{0,40}") {
            if let Ok(id) = text.parse::<SilenceId>() {
                prop_assert_eq!(id.to_string(), text.to_lowercase());
            }
        }
    }
}
