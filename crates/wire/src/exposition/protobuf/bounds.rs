//! What one metric may hold, looked at before it is decoded.
//!
//! Two bytes of an empty label become 48 in memory, so a body of them would need two dozen times its size. A metric that
//! fits these bounds needs at most some 30 MiB, and one at a time is held.

use crate::fields::Fields;
use crate::push::Error;

/// Bytes of one metric; real ones have a few thousand.
const METRIC_BYTES_MAX: usize = 1 << 20;
/// Labels of one metric; real ones have a few dozen.
const LABELS_MAX: usize = 1024;
/// Buckets of a classic histogram, or quantiles of a summary.
const BUCKETS_MAX: usize = 16_384;
/// Exemplars of a native histogram; a client keeps ten of them.
const EXEMPLARS_MAX: usize = 1024;

/// The fields of `io.prometheus.client.Metric`, and of what stands in it.
mod field {
    pub(super) const LABEL: u64 = 1;
    pub(super) const SUMMARY: u64 = 4;
    pub(super) const HISTOGRAM: u64 = 7;
    /// Of a summary its quantiles, of a histogram its classic buckets.
    pub(super) const BUCKET: u64 = 3;
    pub(super) const EXEMPLAR: u64 = 16;
}

#[derive(Default)]
struct Counts {
    labels: usize,
    buckets: usize,
    exemplars: usize,
}

/// Checks the bytes of a metric.
pub(super) fn check(metric: &[u8]) -> Result<(), String> {
    at_most("bytes", metric.len(), METRIC_BYTES_MAX)?;
    let counts = count(metric).map_err(|error| error.to_string())?;
    at_most("labels", counts.labels, LABELS_MAX)?;
    at_most("buckets or quantiles", counts.buckets, BUCKETS_MAX)?;
    at_most("exemplars", counts.exemplars, EXEMPLARS_MAX)
}

/// A message that stands there several times is merged into one, so its parts are added up.
fn count(metric: &[u8]) -> Result<Counts, Error> {
    let mut counts = Counts::default();
    for part in Fields::new("Metric", metric) {
        let part = part?;
        match part.number {
            field::LABEL => counts.labels += 1,
            number @ (field::SUMMARY | field::HISTOGRAM) => {
                for inner in Fields::new("Summary or Histogram", part.bytes()?) {
                    match inner?.number {
                        field::BUCKET => counts.buckets += 1,
                        field::EXEMPLAR if number == field::HISTOGRAM => counts.exemplars += 1,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Ok(counts)
}

fn at_most(what: &str, found: usize, most: usize) -> Result<(), String> {
    match found <= most {
        true => Ok(()),
        false => Err(format!("at most {most} {what}, found {found}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field with a length; lengths below 128 only.
    fn message(number: u8, contents: &[u8]) -> Vec<u8> {
        let tag = u16::from(number) << 3 | 2;
        let mut bytes = match tag < 128 {
            true => vec![tag as u8],
            false => vec![tag as u8 | 0x80, (tag >> 7) as u8],
        };
        let mut length = contents.len();
        while length >= 128 {
            bytes.push(length as u8 | 0x80);
            length >>= 7;
        }
        bytes.push(length as u8);
        bytes.extend(contents);
        bytes
    }

    #[test]
    fn each_part_has_its_bound() {
        let labels = |count| message(1, b"").repeat(count);
        let inside = |outer, inner, count| message(outer, &message(inner, b"").repeat(count));
        let twice = [inside(7, 3, 10_000), inside(7, 3, 10_000)].concat();
        let cases = [
            (labels(1024), ""),
            (labels(1025), "at most 1024 labels, found 1025"),
            (inside(4, 3, 16_384), ""),
            (
                inside(4, 3, 16_385),
                "at most 16384 buckets or quantiles, found 16385",
            ),
            (inside(4, 16, 1025), ""),
            (inside(7, 16, 1024), ""),
            (inside(7, 16, 1025), "at most 1024 exemplars, found 1025"),
            (twice, "at most 16384 buckets or quantiles, found 20000"),
            (vec![0; 1_048_577], "at most 1048576 bytes, found 1048577"),
            (vec![0x0a, 5], "wanted a protobuf field of Metric"),
        ];
        for (metric, expected) in cases {
            let found = check(&metric).err().unwrap_or_default();
            assert!(found.starts_with(expected), "{found}");
            assert_eq!(found.is_empty(), expected.is_empty(), "{found}");
        }
    }
}
