//! Compressed runs of float samples for the head, one sample appended at a time.
//!
//! All chunks of a series in one window are in one buffer, one after the other:
//!
//! ```text
//! header | length 16 | samples 16 | first time 64 | first value 64 | first distance 32 | scale 8 |  (little end first)
//!
//! then per sample, or run of samples, in bits from the most significant one on:
//! '0'  + news                                     the same distance in time, another value
//! '10' | width - 1 4 | bits of n below the first | n more: the same distance, the same value
//! '11' | class 2 | change of the distance 7, 11, 18 or 33, zigzag | changed 1 | + news if changed
//!
//! news   '0' | difference |                       as wide as the last one that was described
//! scale 0-9       '1' | width 6 | difference |    zigzag, of value * 10^scale
//!                 '1' | 0 6 | value 64 |          a value that is no such number
//! scale 255       '1' | leading zeros 5 | width - 1 6 | difference |     XOR, without its zeros at both ends
//! ```
//!
//! It is Gorilla's idea (a value costs what is new in it) fitted to what programs export. Most series of most exporters
//! never change, so a run costs nothing until it ends: [`Encoder`] counts it. Most of the others count something, in
//! whole numbers, hundredths or thousandths, and their differences are short in decimal where XOR sees noise. A value
//! that does not fit begins another chunk with a larger scale, at last with XOR, where it stays for this series: that
//! costs a few headers. Sealed parts use columns, which compress better still but cannot be appended to.
//!
//! `docs/formats/head-chunk.md` mirrors this. Chunks live in memory only: nothing here is trusted less than the process
//! itself, but the decoder still treats its input as hostile, because it also reads what fuzzing gives it.

mod bits;
mod decimal;
mod decoder;
mod encoder;
mod header;

pub use decoder::{Decoder, Truncated};
pub use encoder::Encoder;

use header::Header;

/// A chunk is closed at this many samples, as in Prometheus: small enough to decode for one lookup, large enough that
/// its header does not count. A run that is open then makes it longer, which costs the reader nothing.
const CHUNK_SAMPLES: u16 = 120;
/// A run is at most this long: half an hour of seconds. Who sends an early sample again has the run walked up to it.
const RUN_MAX: u16 = 1 << 11;
/// Values are written as XOR of their bits.
const SCALE_OF_FLOATS: u8 = 255;
/// How many bits the change of a distance may have. Distances have 32 bits.
const TIME_WIDTHS: [u8; 4] = [7, 11, 18, 33];

/// Which bits of a difference are written.
#[derive(Clone, Copy, Debug, Default)]
struct Shape {
    /// 0 before the first one was described.
    width: u8,
    /// Zeros below them that are left out.
    trailing: u8,
}

impl Shape {
    /// Returns the number of zeros above them that are left out.
    fn leading(self) -> u8 {
        64 - self.width - self.trailing
    }
}

/// A closed chunk in a buffer.
#[derive(Clone, Copy, Debug)]
pub struct Closed<'a> {
    /// The time of its first sample in milliseconds.
    pub first: i64,
    /// The number of its samples.
    pub count: u32,
    bytes: &'a [u8],
}

impl<'a> Closed<'a> {
    /// Walks its samples.
    pub fn samples(&self) -> Decoder<'a> {
        Decoder::new(self.bytes, self.count)
    }
}

/// Walks the closed chunks at the beginning of `bytes`, in their order.
pub fn closed(mut bytes: &[u8]) -> impl Iterator<Item = Closed<'_>> {
    std::iter::from_fn(move || {
        let header = Header::decode(bytes)?;
        let (chunk, rest) = bytes.split_at_checked(header.length.into())?;
        // A length of nothing would go on for ever.
        bytes = rest;
        (!chunk.is_empty()).then_some(Closed {
            first: header.first,
            count: header.count.into(),
            bytes: chunk,
        })
    })
}

/// Returns the time of the first sample of the chunk at the beginning of `bytes`.
pub fn first_time(bytes: &[u8]) -> Option<i64> {
    Header::decode(bytes).map(|header| header.first)
}

/// Maps small numbers of either sign to small ones without.
fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests;
