//! The resolutions that a store keeps: samples, and windows that stand for many samples.

use std::fmt;

/// A resolution. The order is from fine to coarse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Every sample.
    #[default]
    Raw,
    /// One window per 5 minutes.
    FiveMinutes,
    /// One window per hour.
    Hour,
}

impl Tier {
    /// All of them, from fine to coarse.
    pub const ALL: [Self; 3] = [Self::Raw, Self::FiveMinutes, Self::Hour];
    /// Those of windows, from fine to coarse.
    pub const WINDOWS: [Self; 2] = [Self::FiveMinutes, Self::Hour];

    /// Returns the length of a window in milliseconds; `None` for samples.
    pub const fn window_millis(self) -> Option<i64> {
        match self {
            Self::Raw => None,
            Self::FiveMinutes => Some(300_000),
            Self::Hour => Some(3_600_000),
        }
    }

    /// Returns its name: `raw`, `5m`, `1h`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::FiveMinutes => "5m",
            Self::Hour => "1h",
        }
    }

    /// Reads what [`as_str`](Self::as_str) gives.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.as_str() == name)
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_windows_fit_into_coarser_ones() {
        assert_eq!(
            Tier::ALL.map(|tier| Tier::parse(tier.as_str())),
            Tier::ALL.map(Some)
        );
        assert_eq!(Tier::parse("1d"), None);
        let [five_minutes, hour] = Tier::WINDOWS.map(|tier| tier.window_millis().unwrap());
        assert_eq!(hour % five_minutes, 0);
    }
}
