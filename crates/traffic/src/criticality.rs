//! How much a request matters when not all can be served.

use std::fmt;
use std::str::FromStr;

/// How much a request matters, most first: the classes of Google's SRE book, CRITICAL_PLUS to SHEDDABLE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Criticality {
    /// CRITICAL_PLUS: a person waits and loses something, such as a payment.
    P0,
    /// CRITICAL: a person waits. What nothing is said about.
    #[default]
    P1,
    /// SHEDDABLE_PLUS: may be late by minutes, such as a batch.
    P2,
    /// SHEDDABLE: may fail, such as a prefetch.
    P3,
}

/// The text is no criticality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("wanted P0, P1, P2 or P3")]
pub struct CriticalityError;

impl Criticality {
    /// All, most critical first.
    pub const ALL: [Self; 4] = [Self::P0, Self::P1, Self::P2, Self::P3];

    /// The header that carries it from hop to hop, in lower case. It is believed from trusted peers only.
    pub const HEADER: &str = "x-plimsoll-criticality";

    /// Returns what a request is: what its header says when the peer is trusted and the header can be read, else what is
    /// configured. Whoever passes the request on writes what this returned, so that a class survives from hop to hop and
    /// nobody outside chooses his own.
    pub fn of(header: Option<&[u8]>, is_trusted: bool, configured: Self) -> Self {
        let text = header
            .filter(|_| is_trusted)
            .and_then(|value| std::str::from_utf8(value).ok());
        text.and_then(|text| text.parse().ok())
            .unwrap_or(configured)
    }

    /// Returns its place in [`ALL`](Self::ALL).
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Returns it as it is written in headers, labels and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::P0 => "P0",
            Self::P1 => "P1",
            Self::P2 => "P2",
            Self::P3 => "P3",
        }
    }
}

impl fmt::Display for Criticality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Criticality {
    type Err = CriticalityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let same = |class: &Self| class.as_str().eq_ignore_ascii_case(text);
        Self::ALL.into_iter().find(same).ok_or(CriticalityError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_peers_choose_a_class() {
        let check = |header: Option<&str>, is_trusted, expected| {
            let of = Criticality::of(header.map(str::as_bytes), is_trusted, Criticality::P2);
            assert_eq!(of, expected, "{header:?} {is_trusted}");
        };
        check(Some("P0"), true, Criticality::P0);
        check(Some("p3"), true, Criticality::P3);
        check(Some("P0"), false, Criticality::P2);
        check(Some("P4"), true, Criticality::P2);
        check(Some(""), true, Criticality::P2);
        check(Some("P0, P1"), true, Criticality::P2);
        check(None, true, Criticality::P2);
    }

    #[test]
    fn what_is_written_is_read() {
        for class in Criticality::ALL {
            assert_eq!(class.to_string().parse(), Ok(class));
            assert_eq!(Criticality::ALL[class.index()], class);
        }
        assert_eq!("\u{fffd}".parse::<Criticality>(), Err(CriticalityError));
    }
}
