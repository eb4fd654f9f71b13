//! Series that are recognised by how a peer spells them, without reading their labels.
//!
//! A sender repeats the labels of a series in every request, byte for byte. The hash of those bytes, its *spelling*, finds
//! the series with one look-up where labels take decoding, checking, sorting and an allocation. A spelling is 128 bits and
//! depends on a secret, so that no two of them meet, by chance or on purpose.

use plimsoll_types::SeriesRef;
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// How a peer spells a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spelling(pub u128);

/// Knows series by their spelling. What it does not know is decoded; its labels come with their spelling, to be learned.
pub trait KnownSeries {
    /// Returns the secret that goes into every spelling; `None` when nobody asks how series are spelled.
    fn seed(&self) -> Option<u64>;

    /// Returns the series that was spelled like this before, by a series that had valid labels.
    fn find(&self, spelling: Spelling) -> Option<SeriesRef>;
}

/// Knows no series.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unacquainted;

impl KnownSeries for Unacquainted {
    fn seed(&self) -> Option<u64> {
        None
    }

    fn find(&self, _: Spelling) -> Option<SeriesRef> {
        None
    }
}

impl Spelling {
    /// Returns the spelling of a series that is named by these bytes.
    pub(crate) fn of(bytes: &[u8], seed: u64) -> Self {
        Self(xxh3_128_with_seed(bytes, seed))
    }
}
