//! A record as a line of JSON, written without taking memory.

use std::io::Write;
use std::net::SocketAddr;

use http::Version;
use jiff::tz::TimeZone;
use plimsoll_traffic::Why;
use plimsoll_types::Timestamp;

use crate::record::{Attempt, Record};
use crate::signals::{Directory, outcome_name};
use crate::trace::write_hex;

/// Of a path and of a host no more bytes are shown.
const PATH_MAX: usize = 2048;
/// Of a client's name for itself no more bytes are shown.
const AGENT_MAX: usize = 512;

/// The second that was written last: one is written thousands of times.
#[derive(Debug)]
pub(crate) struct Clock {
    second: i64,
    text: String,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            second: i64::MIN,
            text: String::new(),
        }
    }
}

/// What stands before a field's value.
macro_rules! key {
    ($name:literal) => {
        concat!(",\"", $name, "\":").as_bytes()
    };
}

/// Writes a record, without a line's end. The query of the path is left out: it is where secrets are.
pub(crate) fn write(record: &Record, directory: &Directory, clock: &mut Clock, into: &mut Vec<u8>) {
    into.extend_from_slice(b"{\"time\":\"");
    clock.write(record.at, into);
    into.extend_from_slice(b"\",\"client\":\"");
    client(record.client, into);
    into.push(b'"');
    text(
        key!("listener"),
        directory.listener(record.listener).as_bytes(),
        into,
    );
    text(key!("method"), record.method.as_str().as_bytes(), into);
    cut(key!("host"), record.host.as_bytes(), PATH_MAX, into);
    cut(key!("path"), record.uri.path().as_bytes(), PATH_MAX, into);
    text(key!("protocol"), protocol(record.version).as_bytes(), into);
    names(record, directory, into);
    end(record, into);
    numbers(record, into);
    traces(record, into);
    if let Some(agent) = &record.user_agent {
        cut(key!("user_agent"), agent.as_bytes(), AGENT_MAX, into);
    }
    if let Some(reason) = record.retry_refused {
        text(key!("retry_refused"), reason.as_bytes(), into);
    }
    if record.attempts.len() > 1 {
        tries(record, directory, into);
    }
    into.push(b'}');
}

fn client(client: SocketAddr, into: &mut Vec<u8>) {
    let SocketAddr::V4(client) = client else {
        // A Vec takes all.
        let _ = write!(into, "{client}");
        return;
    };
    for (index, byte) in client.ip().octets().into_iter().enumerate() {
        if index > 0 {
            into.push(b'.');
        }
        digits(u64::from(byte), into);
    }
    into.push(b':');
    digits(u64::from(client.port()), into);
}

fn names(record: &Record, directory: &Directory, into: &mut Vec<u8>) {
    if let Some(route) = record.route {
        text(key!("route"), directory.route(route).as_bytes(), into);
    }
    if let Some(backend) = record.backend {
        let name = directory.backend(backend);
        text(key!("backend"), name.as_bytes(), into);
        if let Some(endpoint) = record.endpoint() {
            let name = directory.endpoint(backend, endpoint);
            text(key!("endpoint"), name.as_bytes(), into);
        }
    }
}

fn end(record: &Record, into: &mut Vec<u8>) {
    text(
        key!("criticality"),
        record.criticality.as_str().as_bytes(),
        into,
    );
    number(key!("status"), u64::from(record.status), into);
    if let Some(code) = record.grpc_status {
        number(key!("grpc_status"), u64::from(code), into);
    }
    text(key!("class"), record.class().as_str().as_bytes(), into);
    text(key!("reason"), record.reason.as_str().as_bytes(), into);
}

fn numbers(record: &Record, into: &mut Vec<u8>) {
    millis(key!("duration_ms"), record.duration, into);
    millis(key!("head_ms"), record.head_after, into);
    millis(key!("queue_ms"), record.queue_wait, into);
    number(key!("bytes_in"), record.bytes_in, into);
    number(key!("bytes_out"), record.bytes_out, into);
    number(key!("attempts"), record.attempts.len() as u64, into);
}

fn traces(record: &Record, into: &mut Vec<u8>) {
    let mut digits = [0; 32];
    write_hex(&record.trace_id, &mut digits);
    plain(key!("trace_id"), &digits, into);
    write_hex(&record.span_id, &mut digits[..16]);
    plain(key!("span_id"), &digits[..16], into);
}

fn tries(record: &Record, directory: &Directory, into: &mut Vec<u8>) {
    into.extend_from_slice(key!("tries"));
    into.push(b'[');
    for (index, attempt) in record.attempts.iter().enumerate() {
        if index > 0 {
            into.push(b',');
        }
        into.push(b'{');
        let begin = into.len();
        one_try(record, attempt, directory, into);
        // Each field begins with the comma behind the one before.
        into.remove(begin);
        into.push(b'}');
    }
    into.push(b']');
}

fn one_try(record: &Record, attempt: &Attempt, directory: &Directory, into: &mut Vec<u8>) {
    let endpoint = record
        .backend
        .map(|backend| directory.endpoint(backend, attempt.endpoint));
    text(
        key!("endpoint"),
        endpoint.unwrap_or_default().as_bytes(),
        into,
    );
    let why = match attempt.why {
        Why::Policy => "policy",
        Why::Sticky => "sticky",
        Why::Panic => "panic",
    };
    text(key!("why"), why.as_bytes(), into);
    text(
        key!("outcome"),
        outcome_name(attempt.outcome).as_bytes(),
        into,
    );
    millis(key!("began_ms"), attempt.began_after, into);
    millis(key!("took_ms"), attempt.took, into);
    flag(key!("hedge"), attempt.is_hedge, into);
    flag(key!("reused"), attempt.is_reused, into);
}

impl Clock {
    /// Writes a time as RFC 3339 with milliseconds; years beyond 9999 are no time that a clock shows.
    fn write(&mut self, at: Timestamp, into: &mut Vec<u8>) {
        let second = at.millis().div_euclid(1000);
        if second != self.second {
            self.second = second;
            let shown = jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
            let shown = shown.to_zoned(TimeZone::UTC);
            self.text = shown.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        }
        into.extend_from_slice(self.text.as_bytes());
        let millis = at.millis().rem_euclid(1000) as u64;
        into.push(b'.');
        padded(millis, into);
        into.push(b'Z');
    }
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_11 => "HTTP/1.1",
        Version::HTTP_2 => "HTTP/2",
        _ => "HTTP",
    }
}

/// Writes a field whose value needs no escape.
fn plain(key: &[u8], value: &[u8], into: &mut Vec<u8>) {
    into.extend_from_slice(key);
    into.push(b'"');
    into.extend_from_slice(value);
    into.push(b'"');
}

fn text(key: &[u8], value: &[u8], into: &mut Vec<u8>) {
    into.extend_from_slice(key);
    into.push(b'"');
    escape(value, into);
    into.push(b'"');
}

/// Writes a field of which no more than `max` bytes are shown; what was cut ends with three dots.
fn cut(key: &[u8], value: &[u8], max: usize, into: &mut Vec<u8>) {
    match value.split_at_checked(max) {
        None => text(key, value, into),
        Some((_, [])) => text(key, value, into),
        Some((mut begin, _)) => {
            // A character is not cut in two; what is no text at all is cut anywhere.
            if let Some(chunk) = begin.utf8_chunks().last()
                && chunk.invalid().len() < 4
            {
                begin = &begin[..begin.len() - chunk.invalid().len()];
            }
            into.extend_from_slice(key);
            into.push(b'"');
            escape(begin, into);
            into.extend_from_slice(b"...\"");
        }
    }
}

/// Writes text as within the quotes of a JSON string. What a terminal might obey is escaped, what is no UTF-8 replaced.
fn escape(value: &[u8], into: &mut Vec<u8>) {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    if value.iter().all(is_plain) {
        into.extend_from_slice(value);
        return;
    }
    for chunk in value.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' => into.extend_from_slice(b"\\\""),
                '\\' => into.extend_from_slice(b"\\\\"),
                character if character.is_control() => {
                    let _ = write!(into, "\\u{:04x}", u32::from(character));
                }
                character => {
                    let mut bytes = [0; 4];
                    into.extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
                }
            }
        }
        if !chunk.invalid().is_empty() {
            into.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}

fn number(key: &[u8], value: u64, into: &mut Vec<u8>) {
    into.extend_from_slice(key);
    digits(value, into);
}

/// Writes milliseconds with three digits behind the point: microseconds.
fn millis(key: &[u8], duration: std::time::Duration, into: &mut Vec<u8>) {
    into.extend_from_slice(key);
    let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    digits(micros / 1000, into);
    into.push(b'.');
    padded(micros % 1000, into);
}

fn flag(key: &[u8], value: bool, into: &mut Vec<u8>) {
    into.extend_from_slice(key);
    into.extend_from_slice(if value { b"true" } else { b"false" });
}

fn digits(mut value: u64, into: &mut Vec<u8>) {
    // 2^64 has twenty digits.
    let mut text = [0; 20];
    let mut at = text.len();
    loop {
        at -= 1;
        text[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    into.extend_from_slice(&text[at..]);
}

/// Writes three digits.
fn padded(value: u64, into: &mut Vec<u8>) {
    for divisor in [100, 10, 1] {
        into.push(b'0' + (value / divisor % 10) as u8);
    }
}
