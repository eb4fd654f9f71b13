//! Columns of 64-bit numbers compressed by `pco`, with the parts of its format that we do not write refused.
//!
//! The wrapped form of `pco` is used: 2 bytes of format version, chunk metadata, one page. The number of values is known
//! from the index and is not repeated.

use pco::data_types::Number;
use pco::wrapped::{FileCompressor, FileDecompressor};
use pco::{ChunkConfig, DeltaSpec, PagingSpec};

use super::bytes::{Decoded, Malformed};

/// The most numbers that one column may hold: 8,192 samples, or the buckets of a block of histograms.
pub(crate) const COLUMN_LENGTH_MAX: usize = 1 << 20;

/// Compresses a column (not empty, at most [`COLUMN_LENGTH_MAX`]) with each of the delta orders, keeps the smallest.
pub(super) fn compress<T: Number>(values: &[T], level: usize, orders: &[usize]) -> Vec<u8> {
    orders
        .iter()
        .map(|order| compress_with(values, level, *order))
        .min_by_key(Vec::len)
        .expect("the callers name one order or more")
}

fn compress_with<T: Number>(values: &[T], level: usize, order: usize) -> Vec<u8> {
    let config = ChunkConfig::default()
        .with_compression_level(level)
        .with_delta_spec(match order {
            0 => DeltaSpec::NoOp,
            order => DeltaSpec::TryConsecutive(order),
        })
        .with_paging_spec(PagingSpec::Exact(vec![values.len()]));
    let compressor = FileCompressor::default();
    let mut bytes = Vec::new();
    compressor
        .write_header(&mut bytes)
        .and_then(|_| compressor.chunk_compressor(values, &config))
        .and_then(|mut chunk| {
            chunk.write_meta(&mut bytes)?;
            chunk.write_page(0, &mut bytes)?;
            Ok(())
        })
        .expect("the configuration is valid and writing to memory does not fail");
    bytes
}

/// Reads back `count` numbers.
pub(super) fn decompress<T: Number + Default>(bytes: &[u8], count: usize) -> Decoded<Vec<T>> {
    if count == 0 || count > COLUMN_LENGTH_MAX {
        return Err(Malformed("a compressed column has an impossible length"));
    }
    check_features(bytes)?;
    let malformed = |_| Malformed("a compressed column cannot be decompressed");
    let (file, rest) = FileDecompressor::new(bytes).map_err(malformed)?;
    let (mut chunk, rest) = file.chunk_decompressor::<T, _>(rest).map_err(malformed)?;
    let mut page = chunk.page_decompressor(rest, count).map_err(malformed)?;
    let mut values = vec![T::default(); count];
    let progress = page.read(&mut values).map_err(malformed)?;
    if !progress.finished || progress.n_processed != count || !page.into_src().is_empty() {
        return Err(Malformed(
            "a compressed column has another length than the index says",
        ));
    }
    Ok(values)
}

/// Refuses what [`compress`] never writes and what costs memory that the input has not paid for: dictionaries
/// (2^25 entries can be claimed in 4 bytes), look-back windows (2^24 entries), and versions before 4, whose layout is
/// another one. All of it is said in the first bits: mode, its parameter, delta encoding.
pub(super) fn check_features(bytes: &[u8]) -> Decoded<()> {
    const MODE_CLASSIC: u8 = 0;
    const MODE_INTEGER_MULTIPLE: u8 = 1;
    const MODE_FLOAT_MULTIPLE: u8 = 2;
    const MODE_FLOAT_QUANTIZED: u8 = 3;
    const DELTA_NONE: u8 = 0;
    const DELTA_CONSECUTIVE: u8 = 1;
    let refused = Malformed("a compressed column uses a feature that is never written");
    let (header, chunk) = bytes.split_at_checked(2).ok_or(refused)?;
    if header[0] != 4 {
        return Err(refused);
    }
    let byte = |index: usize| chunk.get(index).copied().ok_or(refused);
    // The mode takes 4 bits, so its parameter of 0, 8 or 64 bits leaves the delta encoding in a high half byte.
    let at = match byte(0)? & 0x0f {
        MODE_CLASSIC => 0,
        MODE_INTEGER_MULTIPLE | MODE_FLOAT_MULTIPLE => 8,
        MODE_FLOAT_QUANTIZED => 1,
        _ => return Err(refused),
    };
    match byte(at)? >> 4 {
        DELTA_NONE | DELTA_CONSECUTIVE => Ok(()),
        _ => Err(refused),
    }
}
