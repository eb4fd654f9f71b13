//! How a series is spelled when its labels are references into the table of one request.
//!
//! The numbers mean another text in the next request, so what is hashed are the hashes of the texts, each taken once per
//! request. Metadata belongs to the spelling: a series whose meaning changes is decoded once more.

use super::timeseries;
use crate::fields::{Field, Fields};
use crate::push::{Error, Spelling};

/// A label set within the default limits has 2 KiB of hashes; what is longer is decoded every time.
const BUFFER_LENGTH_MAX: usize = 16 << 10;

/// What a symbol's hash takes in memory.
pub(super) const HASH_BYTES: usize = size_of::<Option<u128>>();

/// Spells the series of one request.
pub(super) struct Speller<'a> {
    symbols: &'a [&'a [u8]],
    /// The hash of each symbol that was asked for; [`HASH_BYTES`] each.
    hashes: Vec<Option<u128>>,
    seed: u64,
    buffer: Vec<u8>,
}

impl<'a> Speller<'a> {
    pub(super) fn new(symbols: &'a [&'a [u8]], seed: u64) -> Self {
        Self {
            symbols,
            hashes: vec![None; symbols.len()],
            seed,
            buffer: Vec::new(),
        }
    }

    /// Returns the spelling of a series, unless it refers to what is not there, and whether it brings floats and nothing
    /// else.
    pub(super) fn spell(&mut self, bytes: &[u8]) -> (Option<Spelling>, bool) {
        self.buffer.clear();
        let (mut has_floats, mut is_plain, mut is_valid) = (false, true, true);
        for field in Fields::new("TimeSeries", bytes) {
            let Ok(field) = field else {
                return (None, false);
            };
            match field.number {
                timeseries::LABEL_REFS => {
                    let labels =
                        field.for_each_uint32(|reference| is_valid &= self.put(reference.into()));
                    is_valid &= labels.is_ok();
                }
                timeseries::METADATA => is_valid &= self.put_metadata(field).is_ok_and(|put| put),
                timeseries::SAMPLE => has_floats = true,
                timeseries::HISTOGRAM | timeseries::EXEMPLAR => is_plain = false,
                _ => {}
            }
        }
        let spelling =
            (is_valid && !self.buffer.is_empty()).then(|| Spelling::of(&self.buffer, self.seed));
        (spelling, has_floats && is_plain)
    }

    fn put_metadata(&mut self, field: Field<'_>) -> Result<bool, Error> {
        // No symbol has this hash, so that labels are not taken for metadata.
        self.buffer.extend_from_slice(&u128::MAX.to_le_bytes());
        let mut is_valid = true;
        for field in Fields::new("Metadata", field.bytes()?) {
            let field = field?;
            match field.number {
                1 => self
                    .buffer
                    .extend_from_slice(&field.varint()?.to_le_bytes()),
                number @ (3 | 4) => {
                    self.buffer.push(number as u8);
                    is_valid &= self.put(field.varint()?);
                }
                _ => {}
            }
        }
        Ok(is_valid)
    }

    /// Adds a symbol; says whether it is there and has room.
    fn put(&mut self, reference: u64) -> bool {
        let Ok(index) = usize::try_from(reference) else {
            return false;
        };
        if self.buffer.len() > BUFFER_LENGTH_MAX {
            return false;
        }
        let (Some(symbol), Some(hash)) = (self.symbols.get(index), self.hashes.get_mut(index))
        else {
            return false;
        };
        let hash = *hash.get_or_insert_with(|| Spelling::of(symbol, self.seed).0);
        self.buffer.extend_from_slice(&hash.to_le_bytes());
        true
    }
}
