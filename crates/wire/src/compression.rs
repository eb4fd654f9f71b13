//! Decompression with a cap: the only place in the workspace where a peer's compressed bytes are inflated.
//!
//! A few bytes can claim, or really become, gigabytes. Every function here knows its limit before it allocates.

use std::io::Read;

use plimsoll_types::ByteCount;

/// Three bytes of a snappy copy element repeat at most 64 bytes; nothing in the format expands further.
const SNAPPY_EXPANSION_MAX: u64 = 22;

/// Why compressed bytes are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The contents are larger than is allowed.
    #[error("the decompressed body is larger than the limit of {limit}")]
    TooLarge {
        /// The limit that applied.
        limit: ByteCount,
    },
    /// The bytes are not what the format says.
    #[error("wanted a {format} body, found {found}")]
    Corrupt {
        /// `snappy` (block format) or `gzip`.
        format: &'static str,
        /// What is wrong with it.
        found: String,
    },
}

/// Decompresses snappy's block format.
///
/// # Errors
/// [`Error::TooLarge`] when the length that the body claims is above `limit`, [`Error::Corrupt`] when it claims more
/// than snappy can make of so few bytes, or is not snappy. The first two are found before anything is allocated.
pub fn snappy_capped(bytes: &[u8], limit: ByteCount) -> Result<Vec<u8>, Error> {
    let corrupt = |found: String| Error::Corrupt {
        format: "snappy",
        found,
    };
    if bytes.is_empty() {
        return Err(corrupt("no bytes".into()));
    }
    let claimed = snap::raw::decompress_len(bytes).map_err(|error| corrupt(error.to_string()))?;
    if claimed as u64 > limit.0 {
        return Err(Error::TooLarge { limit });
    }
    if claimed as u64 > (bytes.len() as u64).saturating_mul(SNAPPY_EXPANSION_MAX) {
        let length = bytes.len();
        return Err(corrupt(format!(
            "{length} bytes that claim to become {claimed}"
        )));
    }
    let mut contents = vec![0; claimed];
    let length = snap::raw::Decoder::new()
        .decompress(bytes, &mut contents)
        .map_err(|error| corrupt(error.to_string()))?;
    contents.truncate(length);
    Ok(contents)
}

/// Compresses to snappy's block format.
///
/// # Panics
/// Above 4 GiB, which the format cannot hold; what we send is far smaller.
pub fn snappy(bytes: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new()
        .compress_vec(bytes)
        .expect("snappy compresses everything below 4 GiB")
}

/// Decompresses gzip, several members in a row included.
///
/// # Errors
/// [`Error::TooLarge`] when the contents exceed `limit` (nothing beyond it is inflated), [`Error::Corrupt`] when the
/// bytes are not gzip, are cut short, or fail their checksum.
pub fn gzip_capped(bytes: &[u8], limit: ByteCount) -> Result<Vec<u8>, Error> {
    let corrupt = |found: String| Error::Corrupt {
        format: "gzip",
        found,
    };
    if bytes.is_empty() {
        return Err(corrupt("no bytes".into()));
    }
    let mut contents = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes)
        .take(limit.0.saturating_add(1))
        .read_to_end(&mut contents)
        .map_err(|error| corrupt(error.to_string()))?;
    if contents.len() as u64 > limit.0 {
        return Err(Error::TooLarge { limit });
    }
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    proptest! {
        #[test]
        fn returns_what_was_compressed(bytes: Vec<u8>) {
            let limit = ByteCount(bytes.len() as u64);
            prop_assert_eq!(snappy_capped(&snappy(&bytes), limit), Ok(bytes.clone()));
            prop_assert_eq!(gzip_capped(&gzip(&bytes), limit), Ok(bytes));
        }
    }

    #[test]
    fn refuses_bombs_and_names_the_limit() {
        let zeros = vec![0; 1 << 20];
        let limit = ByteCount::KIB;
        let expected = "the decompressed body is larger than the limit of 1 KiB";
        let error = snappy_capped(&snappy(&zeros), limit).unwrap_err();
        assert_eq!(error.to_string(), expected);
        let error = gzip_capped(&gzip(&zeros), limit).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn the_most_compressible_input_stays_inside_the_expansion_that_snappy_can_make() {
        let zeros = vec![0; 8 << 20];
        let compressed = snappy(&zeros);
        assert!(zeros.len() as u64 <= compressed.len() as u64 * SNAPPY_EXPANSION_MAX);
        assert_eq!(
            snappy_capped(&compressed, ByteCount::MIB.times(8)),
            Ok(zeros)
        );
    }

    #[test]
    fn refuses_a_lie_about_the_length_before_it_allocates() {
        // Claims 2^27 bytes, brings none.
        let error = snappy_capped(&[0x80, 0x80, 0x80, 0x40], ByteCount::GIB).unwrap_err();
        assert_eq!(
            error.to_string(),
            "wanted a snappy body, found 4 bytes that claim to become 134217728"
        );
    }

    #[test]
    fn refuses_an_empty_body() {
        for error in [
            snappy_capped(b"", ByteCount::KIB),
            gzip_capped(b"", ByteCount::KIB),
        ] {
            assert!(matches!(error, Err(Error::Corrupt { .. })));
        }
    }

    #[test]
    fn refuses_a_torn_gzip_body() {
        let whole = gzip(b"up 1\n");
        for length in 0..whole.len() {
            assert!(gzip_capped(&whole[..length], ByteCount::KIB).is_err());
        }
    }
}
