//! What one push, and all pushes together, may take.

use plimsoll_types::ByteCount;
use plimsoll_wire::push;

/// The bounds of pushes. Over a bound of the request it is refused whole, over a bound of a series that series is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The body as it arrives. Default 32 MiB.
    pub body: ByteCount,
    /// The body after decompression. Default 128 MiB.
    pub decompressed: ByteCount,
    /// Samples, labels, lines and memory of a decoded request.
    pub decode: push::Limits,
    /// Bodies that are being read, wait for their turn or are being decoded, all together, forms of queries included;
    /// over it a push is refused as overload.
    /// Default 256 MiB.
    pub pending: ByteCount,
    /// Requests that are decoded at the same time; the others wait. Default 4, at most
    /// 4 x (128 MiB + 256 MiB) of memory.
    pub concurrency: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: ByteCount::MIB.times(32),
            decompressed: ByteCount::MIB.times(128),
            decode: push::Limits::default(),
            pending: ByteCount::MIB.times(256),
            concurrency: 4,
        }
    }
}
