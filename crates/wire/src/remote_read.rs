//! Prometheus' remote read: the request, and its two kinds of answers.
//!
//! ```text
//! request:   snappy( ReadRequest )
//! samples:   snappy( ReadResponse ), all of it at once
//! streamed:  frames, one or more per series:
//!            +-----------------------+------------------------------+-------------------------------+
//!            | length of data: varint | CRC32C of data, 4 bytes,     | data: ChunkedReadResponse     |
//!            |                       | big end first                | with chunks of one series     |
//!            +-----------------------+------------------------------+-------------------------------+
//! ```

mod chunk;

use std::borrow::Cow;

use plimsoll_types::{
    ByteCount, InvalidMatcher, Labels, MatchOp, Matcher, Pattern, SampleColumns, TimeRange,
    Timestamp, Value,
};
use prost::encoding::{WireType, encode_key, encode_varint};

use crate::fields::Fields;
use crate::push::Error;
use crate::remote_write::histogram_bytes;

pub use chunk::{Chunk, Encoding, decode, encode};

/// The content type of an answer with samples.
pub const SAMPLES_CONTENT_TYPE: &str = "application/x-protobuf";
/// The content type of a streamed answer.
pub const STREAMED_CONTENT_TYPE: &str =
    "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";

/// The most queries of a request.
const QUERIES_MAX: usize = 1000;
/// The most matchers of a request, all queries together.
const MATCHERS_MAX: usize = 1000;
/// What the compiled regular expressions of a request may take, as in the expression of a query.
const PATTERN_BYTES_MAX: ByteCount = ByteCount::MIB.times(128);

/// How the answer is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResponseType {
    /// All samples in one message.
    Samples,
    /// Chunks, frame by frame.
    StreamedXorChunks,
}

/// A decoded request.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// What is asked for.
    pub queries: Vec<Query>,
    /// The numbers of the response types that the client takes, best first; none stands for samples.
    pub accepted: Vec<u64>,
}

/// One selector over a range of time.
#[derive(Clone, Debug)]
pub struct Query {
    /// First and last millisecond.
    pub range: TimeRange,
    /// What all series must fulfil.
    pub matchers: Vec<Matcher>,
}

impl Request {
    /// Reads a request that is decompressed already. Hints are left out: they promise nothing that an answer needs.
    ///
    /// # Errors
    /// [`Error::Malformed`]: not such a message, a matcher that is none, or more queries, matchers or regular expressions
    /// than anybody asks.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut request = Self::default();
        let mut taken = Taken::default();
        for field in Fields::new("ReadRequest", bytes) {
            let field = field?;
            match field.number {
                1 => request.queries.push(query(field.bytes()?, &mut taken)?),
                2 => field.for_each_uint32(|number| request.accepted.push(number.into()))?,
                _ => {}
            }
            if request.queries.len() > QUERIES_MAX || request.accepted.len() > QUERIES_MAX {
                return Err(Error::Malformed(format!(
                    "wanted at most {QUERIES_MAX} queries, found more"
                )));
            }
        }
        Ok(request)
    }

    /// Returns the first response type of the client's that there is.
    ///
    /// # Errors
    /// [`Error::Malformed`] in Prometheus' words when the client takes none of ours.
    pub fn response_type(&self) -> Result<ResponseType, Error> {
        if self.accepted.is_empty() {
            return Ok(ResponseType::Samples);
        }
        let known = |number: &u64| match number {
            0 => Some(ResponseType::Samples),
            1 => Some(ResponseType::StreamedXorChunks),
            _ => None,
        };
        self.accepted.iter().find_map(known).ok_or_else(|| {
            Error::Malformed(format!(
                "server does not support any of the requested response types: {:?}; supported: SAMPLES, STREAMED_XOR_CHUNKS",
                self.accepted
            ))
        })
    }
}

/// What the matchers of a request take so far.
#[derive(Debug, Default)]
struct Taken {
    matchers: usize,
    pattern_bytes: usize,
}

impl Taken {
    fn add(&mut self, matcher: &Matcher) -> Result<(), Error> {
        self.matchers += 1;
        self.pattern_bytes += matcher.pattern().map_or(0, Pattern::compiled_bytes_max);
        if self.matchers > MATCHERS_MAX {
            return Err(Error::Malformed(format!(
                "wanted at most {MATCHERS_MAX} matchers, found more"
            )));
        }
        if self.pattern_bytes > PATTERN_BYTES_MAX.as_usize() {
            return Err(Error::Malformed(format!(
                "the regular expressions of all queries take more than {PATTERN_BYTES_MAX} once compiled"
            )));
        }
        Ok(())
    }
}

fn query(bytes: &[u8], taken: &mut Taken) -> Result<Query, Error> {
    let (mut start, mut end, mut matchers) = (0, 0, Vec::new());
    for field in Fields::new("Query", bytes) {
        let field = field?;
        match field.number {
            1 => start = field.int64()?,
            2 => end = field.int64()?,
            3 => {
                let matcher = matcher(field.bytes()?)?;
                taken.add(&matcher)?;
                matchers.push(matcher);
            }
            _ => {}
        }
    }
    let at = Timestamp::from_millis;
    Ok(Query {
        range: TimeRange::new(at(start), at(end)),
        matchers,
    })
}

fn matcher(bytes: &[u8]) -> Result<Matcher, Error> {
    let (mut op, mut name, mut value) = (MatchOp::Equal, Cow::from(""), Cow::from(""));
    let text = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::from(text.to_owned())),
        Err(_) => Err(Error::Malformed("a matcher is not UTF-8".into())),
    };
    for field in Fields::new("LabelMatcher", bytes) {
        let field = field?;
        match field.number {
            1 => {
                op = match field.varint()? {
                    0 => MatchOp::Equal,
                    1 => MatchOp::NotEqual,
                    2 => MatchOp::Regex,
                    3 => MatchOp::NotRegex,
                    other => {
                        return Err(Error::Malformed(format!("invalid matcher type: {other}")));
                    }
                };
            }
            2 => name = text(field.bytes()?)?,
            3 => value = text(field.bytes()?)?,
            _ => {}
        }
    }
    Matcher::new(op, &name, &value)
        .map_err(|error: InvalidMatcher| Error::Malformed(error.to_string()))
}

/// Writes the answer with samples, query by query.
#[derive(Debug, Default)]
pub struct SamplesWriter {
    bytes: Vec<u8>,
    /// The result that is being written.
    result: Vec<u8>,
}

impl SamplesWriter {
    /// Adds a series to the result of the current query; one without samples as well.
    pub fn series(&mut self, labels: &Labels, columns: &SampleColumns) {
        let mut series = Vec::new();
        write_labels(&mut series, labels);
        for sample in columns.iter() {
            match &sample.value {
                Value::Float(value) => {
                    let mut message = Vec::new();
                    if value.to_bits() != 0 {
                        encode_key(1, WireType::SixtyFourBit, &mut message);
                        message.extend(value.to_le_bytes());
                    }
                    write_int64(&mut message, 2, sample.timestamp.millis());
                    write_message(&mut series, 2, &message);
                }
                Value::Histogram(histogram) => {
                    let message = histogram_bytes(&sample, histogram);
                    write_message(&mut series, 4, &message);
                }
            }
        }
        write_message(&mut self.result, 1, &series);
    }

    /// Ends the result of a query; the next series belongs to the next one.
    pub fn end_query(&mut self) {
        write_message(&mut self.bytes, 1, &std::mem::take(&mut self.result));
    }

    /// Returns how many bytes there are so far.
    pub fn byte_count(&self) -> usize {
        self.bytes.len() + self.result.len()
    }

    /// Returns the message, not compressed yet.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Writes the frames of one series, none much longer than `frame_bytes_max`, to `each`; stops when it says `false`.
pub fn write_frames(
    labels: &Labels,
    columns: &SampleColumns,
    query_index: usize,
    frame_bytes_max: usize,
    mut each: impl FnMut(Vec<u8>) -> bool,
) -> bool {
    let mut head = Vec::new();
    write_labels(&mut head, labels);
    let mut series = head.clone();
    let mut chunks = encode(columns).peekable();
    while let Some(chunk) = chunks.next() {
        let mut message = Vec::new();
        write_int64(&mut message, 1, chunk.start_millis);
        write_int64(&mut message, 2, chunk.end_millis);
        write_int64(&mut message, 3, chunk.encoding as i64);
        write_message(&mut message, 4, &chunk.data);
        write_message(&mut series, 2, &message);
        if series.len() >= frame_bytes_max || chunks.peek().is_none() {
            let full = std::mem::replace(&mut series, head.clone());
            if !each(frame(&full, query_index)) {
                return false;
            }
        }
    }
    true
}

/// Wraps a `ChunkedSeries` into a message and that into a frame.
fn frame(series: &[u8], query_index: usize) -> Vec<u8> {
    let mut data = Vec::new();
    write_message(&mut data, 1, series);
    write_int64(&mut data, 2, i64::try_from(query_index).unwrap_or(i64::MAX));
    let mut frame = Vec::with_capacity(data.len() + 9);
    encode_varint(data.len() as u64, &mut frame);
    frame.extend(crc32c::crc32c(&data).to_be_bytes());
    frame.extend(data);
    frame
}

fn write_labels(series: &mut Vec<u8>, labels: &Labels) {
    for (name, value) in labels.iter() {
        let mut label = Vec::new();
        write_message(&mut label, 1, name.as_bytes());
        write_message(&mut label, 2, value.as_bytes());
        write_message(series, 1, &label);
    }
}

fn write_message(into: &mut Vec<u8>, field: u32, message: &[u8]) {
    encode_key(field, WireType::LengthDelimited, into);
    encode_varint(message.len() as u64, into);
    into.extend_from_slice(message);
}

/// Protobuf leaves zeros out.
fn write_int64(into: &mut Vec<u8>, field: u32, value: i64) {
    if value != 0 {
        encode_key(field, WireType::Varint, into);
        encode_varint(value as u64, into);
    }
}

#[cfg(test)]
mod tests;
