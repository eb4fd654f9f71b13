//! The id of a delivery, which is its idempotency key.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::rows::{ChannelKey, Part};

/// Names a notice to one integration: the same for all its attempts and, as far as they decide the same, for all
/// replicas. It is written as 32 hexadecimal digits.
///
/// It is the beginning of SHA-256 over the channel, the number of the notice and what it says of which alerts. Label values
/// come from outside, and nobody should be able to choose some that make a receiver take a page for one that it has
/// already. Replicas that are cut off from each other count on from the same number: without the content a receiver that
/// honours the key would take the page of one for the end that another told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(u128);

/// A text that is not 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the id of a delivery, 32 hexadecimal digits, found {0:?}")]
pub struct InvalidDeliveryId(String);

impl DeliveryId {
    /// Computes the id of notice number `sequence` of a channel. When an alert ended does not count: the clocks of replicas
    /// differ, and so do the ends that they note.
    pub fn of(channel: &ChannelKey, sequence: i64, parts: &[Part]) -> Self {
        let mut hash = Sha256::new();
        let group = &channel.group;
        for text in [&group.route, &group.key, &channel.receiver, &channel.kind] {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
        hash.update(group.ordinal.to_be_bytes());
        hash.update(channel.index.to_be_bytes());
        hash.update(sequence.to_be_bytes());
        for part in parts {
            hash.update(part.fingerprint.as_u64().to_be_bytes());
            hash.update(part.starts_at.millis().to_be_bytes());
            hash.update([u8::from(part.is_resolved())]);
        }
        let digest = hash.finalize();
        let first = digest.first_chunk().expect("a digest has 32 bytes");
        Self(u128::from_be_bytes(*first))
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

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for DeliveryId {
    type Err = InvalidDeliveryId;

    fn from_str(text: &str) -> Result<Self, InvalidDeliveryId> {
        let is_hexadecimal = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = is_hexadecimal.then(|| u128::from_str_radix(text, 16).ok());
        number
            .flatten()
            .map(Self)
            .ok_or_else(|| InvalidDeliveryId(text.chars().take(64).collect()))
    }
}
