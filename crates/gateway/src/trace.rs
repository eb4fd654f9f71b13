//! W3C Trace Context: which trace a request belongs to, and which the endpoint is told.
//!
//! ```text
//! traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
//!              |  trace id, 16 bytes               |                flags: bit 0 is "sampled"
//!              version                             span id of the caller, 8 bytes
//! ```
//!
//! The gateway is a hop of its own: it keeps the trace and puts its span id where the caller's was, so that what the
//! endpoint records hangs below the line of the access log. From peers that are not trusted nothing is taken over: a
//! stranger could make all his requests one trace, or have each of them sampled.
//!
//! Source: W3C Trace Context, level 1 (Recommendation of 2021-11-23).

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use plimsoll_runtime::random::Random;

/// The header that names trace and span.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// What the systems on the way add for themselves; handed on as it is.
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The length of version 00.
const LENGTH: usize = 55;
/// Somebody records this trace.
const SAMPLED: u8 = 0x01;
/// The most bytes of `tracestate` that are handed on; the recommendation asks for 512 at least.
const STATE_MAX: usize = 2048;
/// The most entries of a `tracestate`.
const STATE_MEMBERS_MAX: usize = 32;

/// What a `traceparent` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent {
    /// Never all zero.
    pub trace_id: [u8; 16],
    /// The caller's span; never all zero.
    pub span_id: [u8; 8],
    /// Bit 0 says that the caller may have recorded it.
    pub flags: u8,
}

/// The trace of a request in the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The caller's, or a new one.
    pub trace_id: [u8; 16],
    /// The gateway's own span.
    pub span_id: [u8; 8],
    /// The caller's span; `None` when the trace begins here.
    pub parent_span_id: Option<[u8; 8]>,
    /// The caller's; a trace that begins here is sampled, since whoever is behind decides by its parent and would record
    /// nothing otherwise.
    pub flags: u8,
}

impl Parent {
    /// Reads a header's value. As the recommendation asks, a version to come may say more behind another `-`.
    ///
    /// `None` is no error that anybody is told: a new trace begins.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (head, rest) = text.split_at_checked(LENGTH)?;
        if head[2] != b'-' || head[35] != b'-' || head[52] != b'-' {
            return None;
        }
        let [version] = hex(&head[..2])?;
        let is_known = match (version, rest) {
            (0xff, _) => false,
            (0, rest) => rest.is_empty(),
            (_, rest) => matches!(rest, [] | [b'-', ..]),
        };
        let parent = Self {
            trace_id: hex(&head[3..35])?,
            span_id: hex(&head[36..52])?,
            flags: hex::<1>(&head[53..])?[0],
        };
        let is_named = parent.trace_id != [0; 16] && parent.span_id != [0; 8];
        (is_known && is_named).then_some(parent)
    }
}

impl Trace {
    /// Returns the trace of a request: the caller's when the peer `is_trusted` and its one `traceparent` holds.
    pub fn of(headers: &HeaderMap, is_trusted: bool, random: &mut impl Random) -> Self {
        let mut values = headers.get_all(&TRACEPARENT).iter();
        let parent = match (is_trusted, values.next(), values.next()) {
            (true, Some(value), None) => Parent::parse(value.as_bytes()),
            _ => None,
        };
        let span_id = not_zero(|| random.next_u64().to_be_bytes());
        match parent {
            Some(parent) => Self {
                trace_id: parent.trace_id,
                span_id,
                parent_span_id: Some(parent.span_id),
                // Of the other bits nothing is known, so they are not ours to hand on.
                flags: parent.flags & SAMPLED,
            },
            None => Self {
                trace_id: not_zero(|| {
                    let both =
                        (u128::from(random.next_u64()) << 64) | u128::from(random.next_u64());
                    both.to_be_bytes()
                }),
                span_id,
                parent_span_id: None,
                flags: SAMPLED,
            },
        }
    }

    /// Returns the `traceparent` for the endpoint.
    pub fn header(&self) -> HeaderValue {
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        write_hex(&self.trace_id, &mut text[3..35]);
        write_hex(&self.span_id, &mut text[36..52]);
        write_hex(&[self.flags], &mut text[53..]);
        HeaderValue::from_bytes(&text).expect("digits and dashes are a header's value")
    }

    /// Writes the trace into the headers that the endpoint gets. `tracestate` goes on only with the trace it belongs to.
    pub fn apply(&self, headers: &mut HeaderMap) {
        if self.parent_span_id.is_none() || !is_handed_on(headers) {
            headers.remove(&TRACESTATE);
        }
        headers.insert(TRACEPARENT, self.header());
    }
}

/// Says whether there is a `tracestate` within its bounds; who reads it is somebody else.
fn is_handed_on(headers: &HeaderMap) -> bool {
    let (mut bytes, mut members) = (0, 0);
    for value in headers.get_all(&TRACESTATE) {
        bytes += value.len();
        members += 1 + value
            .as_bytes()
            .iter()
            .filter(|byte| **byte == b',')
            .count();
        let is_text = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t');
        if !value.as_bytes().iter().all(is_text) {
            return false;
        }
    }
    bytes <= STATE_MAX && members <= STATE_MEMBERS_MAX
}

/// Asks until the answer is not all zero, which would mean "none".
fn not_zero<const N: usize>(mut next: impl FnMut() -> [u8; N]) -> [u8; N] {
    loop {
        let id = next();
        if id != [0; N] {
            return id;
        }
    }
}

/// Reads lower-case digits; capital letters are refused, as the recommendation asks.
fn hex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    if text.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = (digit(pair[0])? << 4) | digit(pair[1])?;
    }
    Some(bytes)
}

/// Writes two digits for each byte; `into` is twice as long.
pub(crate) fn write_hex(bytes: &[u8], into: &mut [u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (byte, pair) in bytes.iter().zip(into.chunks_exact_mut(2)) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
}

/// An id as it is written: lower-case digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests;
