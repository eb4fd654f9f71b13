//! Prometheus' chunks of samples, as streamed remote read carries them.
//!
//! ```text
//! XOR (1):              count u16 | timestamps and values, see xor
//! histogram (2),
//! float histogram (3):  count u16 | flags u8 | layout | samples, see histogram
//! ```
//!
//! A chunk holds up to 120 samples of one kind; histograms of one chunk have the same buckets.

mod bits;
mod histogram;
mod layout;
mod xor;

use plimsoll_types::{Counts, Histogram, Sample, SampleColumns};

use crate::push::Error;

/// Samples of a chunk, as in Prometheus' head.
const SAMPLES_MAX: usize = 120;

/// How a chunk is encoded; the numbers are those of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Floats.
    Xor = 1,
    /// Histograms with integer counts.
    Histogram = 2,
    /// Histograms with float counts.
    FloatHistogram = 3,
}

impl Encoding {
    /// Returns the encoding of a number of the protocol.
    pub fn from_number(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::Xor),
            2 => Some(Self::Histogram),
            3 => Some(Self::FloatHistogram),
            _ => None,
        }
    }
}

/// A run of samples in their encoded form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The time of the first sample in milliseconds.
    pub start_millis: i64,
    /// The time of the last sample in milliseconds.
    pub end_millis: i64,
    /// How `data` is to be read.
    pub encoding: Encoding,
    /// The encoded samples.
    pub data: Vec<u8>,
}

/// Encodes columns chunk by chunk; each is made when it is asked for.
pub fn encode(columns: &SampleColumns) -> impl Iterator<Item = Chunk> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (chunk, next) = encode_one(columns, at)?;
        at = next;
        Some(chunk)
    })
}

/// Encodes the chunk that begins with sample `start`; also returns where the next one begins.
fn encode_one(columns: &SampleColumns, start: usize) -> Option<(Chunk, usize)> {
    let first = *columns.timestamps.get(start)?;
    let room = columns.len().min(start + SAMPLES_MAX);
    let histogram = |index: usize| columns.histograms.get(index).and_then(Option::as_deref);
    let (end, encoding, data) = match histogram(start) {
        None => {
            let end = (start..room).find(|index| histogram(*index).is_some());
            let end = end.unwrap_or(room);
            let data = xor::encode(&columns.timestamps[start..end], &columns.values[start..end]);
            (end, Encoding::Xor, data)
        }
        Some(head) => {
            let mut run: Vec<(i64, &Histogram)> = vec![(first, head)];
            for index in start + 1..room {
                let before = run[run.len() - 1].1;
                match histogram(index) {
                    Some(next) if layout::continues(before, next) => {
                        run.push((columns.timestamps[index], next));
                    }
                    _ => break,
                }
            }
            let encoding = match head.counts {
                Counts::Integer(_) => Encoding::Histogram,
                Counts::Float(_) => Encoding::FloatHistogram,
            };
            (start + run.len(), encoding, histogram::encode(&run))
        }
    };
    let chunk = Chunk {
        start_millis: first,
        end_millis: columns.timestamps[end - 1],
        encoding,
        data,
    };
    Some((chunk, end))
}

/// Decodes a chunk and hands each sample over, in ascending time if the peer is honest.
///
/// # Errors
/// [`Error::Malformed`] when the bytes end too early or contradict themselves; samples before that were handed over.
pub fn decode(encoding: Encoding, data: &[u8], each: impl FnMut(Sample)) -> Result<(), Error> {
    let read = match encoding {
        Encoding::Xor => xor::decode(data, each),
        Encoding::Histogram => histogram::decode(data, false, each),
        Encoding::FloatHistogram => histogram::decode(data, true, each),
    };
    read.ok_or_else(|| {
        let length = data.len();
        Error::Malformed(format!(
            "wanted a {encoding:?} chunk, found {length} bytes that are none"
        ))
    })
}
