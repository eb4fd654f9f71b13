//! Prometheus remote write 1.0 and 2.0, both ways.
//!
//! | | 1.0 | 2.0 |
//! |---|---|---|
//! | message | `prometheus.WriteRequest` | `io.prometheus.write.v2.Request` |
//! | strings | in place | one symbol table, series refer to it |
//! | metadata | by metric family, in requests of its own | by series |
//! | start timestamps | none | per sample and histogram |
//! | compression | snappy block format | the same |
//!
//! Decoding walks the message series by series (see `fields`), so that one bad series is refused alone and memory is
//! counted before it is taken; labels out of order are sorted, as Prometheus' receiver does. Encoding goes through
//! prost. Both formats are drawn in docs/formats/push.md.

mod histogram;
mod messages;
mod v1;
mod v2;

use plimsoll_types::{Histogram, Labels, Metadata, Sample};

use crate::push::{
    Decoded, Error, KnownSeries, LabelFault, LabelLimits, Limits, RefusalReason, Series,
    ShownPairs, Unacquainted,
};

/// Which message a body holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// `prometheus.WriteRequest`.
    V1,
    /// `io.prometheus.write.v2.Request`.
    V2,
}

/// A content type or encoding that no version of remote write has; the answer is 415.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnsupportedMedia(String);

impl Version {
    /// Returns the `Content-Type` of a request.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::V1 => "application/x-protobuf",
            Self::V2 => "application/x-protobuf;proto=io.prometheus.write.v2.Request",
        }
    }

    /// Returns the `X-Prometheus-Remote-Write-Version` of a request.
    pub fn header(self) -> &'static str {
        match self {
            Self::V1 => "0.1.0",
            Self::V2 => "2.0.0",
        }
    }

    /// Tells the version from the headers of a request. As in Prometheus, a missing header means 1.0 and snappy.
    ///
    /// # Errors
    /// [`UnsupportedMedia`] with what is supported.
    pub fn negotiate(
        content_type: Option<&str>,
        content_encoding: Option<&str>,
    ) -> Result<Self, UnsupportedMedia> {
        match content_encoding.unwrap_or("snappy").trim() {
            encoding if encoding.is_empty() || encoding.eq_ignore_ascii_case("snappy") => {}
            other => {
                return Err(UnsupportedMedia(format!(
                    "wanted Content-Encoding snappy, found {other:?}"
                )));
            }
        }
        let content_type = content_type.unwrap_or_default().trim();
        if content_type.is_empty() {
            return Ok(Self::V1);
        }
        Self::from_content_type(content_type).ok_or_else(|| {
            UnsupportedMedia(format!(
                "wanted Content-Type application/x-protobuf, with proto=prometheus.WriteRequest \
                 or proto=io.prometheus.write.v2.Request where it names one, found {content_type:?}"
            ))
        })
    }

    fn from_content_type(content_type: &str) -> Option<Self> {
        let mut parts = content_type.split(';');
        let media = parts.next()?.trim();
        if !media.eq_ignore_ascii_case("application/x-protobuf") {
            return None;
        }
        let mut version = Self::V1;
        for part in parts {
            let (name, value) = part.split_once('=')?;
            if name.trim().eq_ignore_ascii_case("proto") {
                version = match value.trim().trim_matches('"') {
                    "prometheus.WriteRequest" => Self::V1,
                    "io.prometheus.write.v2.Request" => Self::V2,
                    _ => return None,
                };
            }
        }
        Some(version)
    }
}

/// Decodes an uncompressed message.
///
/// # Errors
/// Every kind of [`Error`] when the request as a whole cannot be used; what is wrong with single series and samples is
/// in [`Decoded::refusals`].
pub fn decode(version: Version, bytes: &[u8], limits: &Limits) -> Result<Decoded, Error> {
    decode_with(version, bytes, limits, &Unacquainted)
}

/// As [`decode`], without the labels of series that `known` recognises by their spelling, when they bring nothing but
/// floats: those are in [`Decoded::known`]. A series that it does not recognise says how it is spelled.
///
/// # Errors
/// As [`decode`].
pub fn decode_with(
    version: Version,
    bytes: &[u8],
    limits: &Limits,
    known: &dyn KnownSeries,
) -> Result<Decoded, Error> {
    match version {
        Version::V1 => v1::decode(bytes, limits, known),
        Version::V2 => v2::decode(bytes, limits, known),
    }
}

/// Encodes a message, uncompressed.
///
/// Version 1.0 has no place for start timestamps and leaves them out; the metadata of a series goes into a request
/// for its metric's name.
pub fn encode(version: Version, series: &[Series]) -> Vec<u8> {
    match version {
        Version::V1 => v1::encode(series, &[]),
        Version::V2 => v2::encode(series),
    }
}

/// Encodes a version 1.0 message that holds metadata of metric families only, as Prometheus sends it once a minute.
pub fn encode_families(families: &[(String, Metadata)]) -> Vec<u8> {
    v1::encode(&[], families)
}

type Pair<'a> = (&'a [u8], &'a [u8]);

/// The labels of a message as they come, kept up to the limit and counted beyond it.
#[derive(Default)]
struct Pairs<'a> {
    kept: Vec<Pair<'a>>,
    count: usize,
}

impl<'a> Pairs<'a> {
    fn push(&mut self, pair: Pair<'a>, limits: &LabelLimits) {
        self.count += 1;
        if self.count <= limits.count {
            self.kept.push(pair);
        }
    }

    fn series(&self, limits: &LabelLimits) -> Result<Labels, LabelFault> {
        limits.check_count(self.count)?;
        limits.build_series(&self.kept)
    }

    fn exemplar(&self, limits: &LabelLimits) -> Result<Labels, LabelFault> {
        limits.check_count(self.count)?;
        limits.build(&self.kept)
    }
}

/// Notes a series that is refused with all its samples.
fn refuse_series(
    decoded: &mut Decoded,
    index: u64,
    pairs: &Pairs,
    samples: u64,
    fault: &LabelFault,
) {
    decoded.refusals.add(fault.reason, samples, || {
        let shown = ShownPairs(&pairs.kept);
        format!("series {index} {shown}: {}", fault.message)
    });
}

fn refuse_exemplar(decoded: &mut Decoded, labels: &Labels, fault: &LabelFault) {
    decoded.refusals.add(RefusalReason::InvalidExemplar, 0, || {
        format!("exemplar of series {}: {}", show(labels), fault.message)
    });
}

/// Shows valid labels, cut to a bounded length.
fn show(labels: &Labels) -> String {
    let pairs: Vec<Pair> = labels
        .iter()
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
        .collect();
    ShownPairs(&pairs).to_string()
}

/// Encodes a histogram sample as version 1.0 and remote read carry it.
pub(crate) fn histogram_bytes(sample: &Sample, histogram: &Histogram) -> Vec<u8> {
    let message = messages::Histogram {
        start_timestamp: 0,
        ..histogram::from_sample(sample, histogram)
    };
    prost::Message::encode_to_vec(&message)
}

#[cfg(test)]
mod tests;
