//! Requests of remote write 1.0, written straight into one buffer: the client shares the processors with the programs
//! that it measures.

use plimsoll_wire::compression::snappy;

use super::fleet::Pair;
use super::protobuf::{begin, field, field_bytes, varint, varint_bytes};

/// Samples of one request, as senders of busy servers are configured.
pub(super) const SAMPLES: usize = 5_000;

pub(super) const HEADERS: [(&str, &str); 3] = [
    ("Content-Type", "application/x-protobuf"),
    ("Content-Encoding", "snappy"),
    ("X-Prometheus-Remote-Write-Version", "0.1.0"),
];

/// A request that is being written.
#[derive(Debug, Default)]
pub(super) struct Request {
    message: Vec<u8>,
    samples: usize,
}

// Fields of the messages in docs/formats/push.md.
const TIMESERIES: u8 = 1;
const LABEL: u8 = 1;
const SAMPLE: u8 = 2;
const LABEL_NAME: u8 = 1;
const LABEL_VALUE: u8 = 2;
/// Field 1, eight bytes.
const SAMPLE_VALUE: u8 = 1 << 3 | 1;
/// Field 2, a number.
const SAMPLE_TIME: u8 = 2 << 3;

impl Request {
    /// Adds a series with its samples, each a time in milliseconds since the epoch and a value.
    pub(super) fn add(&mut self, labels: &[Pair], samples: &[(i64, f64)]) {
        let length = labels
            .iter()
            .map(|pair| field_bytes(label_bytes(pair)))
            .sum::<usize>()
            + samples
                .iter()
                .map(|(time, _)| field_bytes(sample_bytes(*time)))
                .sum::<usize>();
        let out = &mut self.message;
        begin(out, TIMESERIES, length);
        for pair in labels {
            begin(out, LABEL, label_bytes(pair));
            field(out, LABEL_NAME, pair.0.as_bytes());
            field(out, LABEL_VALUE, pair.1.as_bytes());
        }
        for (time, value) in samples {
            begin(out, SAMPLE, sample_bytes(*time));
            out.push(SAMPLE_VALUE);
            out.extend_from_slice(&value.to_le_bytes());
            out.push(SAMPLE_TIME);
            varint(out, time.cast_unsigned());
        }
        self.samples += samples.len();
    }

    /// Returns how many samples were added.
    pub(super) fn samples(&self) -> usize {
        self.samples
    }

    /// Returns the body and begins the next request.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let body = snappy(&self.message);
        self.message.clear();
        self.samples = 0;
        body
    }
}

fn label_bytes((name, value): &Pair) -> usize {
    field_bytes(name.len()) + field_bytes(value.len())
}

fn sample_bytes(time: i64) -> usize {
    1 + size_of::<f64>() + 1 + varint_bytes(time.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use plimsoll_types::{ByteCount, Labels, Sample, Timestamp};
    use plimsoll_wire::compression::snappy_capped;
    use plimsoll_wire::push::Limits;
    use plimsoll_wire::remote_write::{Version, decode};

    use super::*;

    #[test]
    fn the_decoder_reads_what_was_added() {
        let long = "x".repeat(20_000);
        let first = [("__name__", "a_total"), ("long", &*long)];
        let second = [("__name__", "b")];
        let samples = [(1_700_000_000_000, 1.5), (-1, f64::NEG_INFINITY), (0, -0.0)];
        let mut request = Request::default();
        request.add(&first, &samples[..1]);
        request.add(&second, &samples[1..]);
        assert_eq!(request.samples(), 3);
        let bytes = snappy_capped(&request.take(), ByteCount::MIB).unwrap();
        let decoded = decode(Version::V1, &bytes, &Limits::default()).unwrap();
        let sample = |&(time, value)| Sample::float(Timestamp::from_millis(time), value);
        let found: Vec<_> = decoded
            .series
            .iter()
            .map(|s| (&s.labels, &s.samples))
            .collect();
        let wanted = [
            (
                &Labels::from_pairs(first),
                &samples[..1].iter().map(sample).collect(),
            ),
            (
                &Labels::from_pairs(second),
                &samples[1..].iter().map(sample).collect(),
            ),
        ];
        assert_eq!(found, wanted);
        assert_eq!(request.samples(), 0);
        assert!(
            snappy_capped(&request.take(), ByteCount::MIB)
                .unwrap()
                .is_empty()
        );
    }
}
