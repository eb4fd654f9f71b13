//! What the house allows silences to be.

use std::time::Duration;

/// Bounds for silences. None of them touches one that is already there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SilencePolicy {
    /// How long one may last from now or from its start, and a window of a recurring one; `None` is without bound.
    pub max_duration: Option<Duration>,
    /// How long before its end somebody is told that it comes; one that is shorter than this is not announced.
    pub notify_before_expiry: Option<Duration>,
    /// How many may be pending or active; of expired ones at most about as many more are kept.
    pub silences_max: usize,
    /// How many bytes the texts of one may take.
    pub silence_bytes_max: usize,
}

impl Default for SilencePolicy {
    /// No bound on time, nobody is told, 10,000 silences of 64 KiB.
    fn default() -> Self {
        Self {
            max_duration: None,
            notify_before_expiry: None,
            silences_max: 10_000,
            silence_bytes_max: 64 << 10,
        }
    }
}
