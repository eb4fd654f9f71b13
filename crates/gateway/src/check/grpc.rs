//! `grpc.health.v1.Health/Check` (grpc/doc/health-checking.md): a service must say that it serves.
//!
//! ```text
//! request   00 | length, 4 bytes | 0a | length | the service's name        (field 1, a string)
//! answer    00 | length, 4 bytes | 08 | status                             (field 1, a varint: 1 is SERVING)
//! ```

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::http::{beside, chain};
use super::{Progress, at, scheme};
use crate::pool::Target;

const PATH: &str = "/grpc.health.v1.Health/Check";
/// More than any answer has.
const ANSWER_MAX: usize = 4096;
/// The length and whether it is compressed.
const PREFIX: usize = 5;

/// What a service says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It serves.
    Serving,
    /// It does not, or it does not know: the number of its state.
    Not(u64),
}

pub(super) fn what(target: &Target, port: u16, service: &str) -> String {
    format!(
        "gRPC {}://{}{PATH} (service {service:?})",
        scheme(target),
        at(target, port)
    )
}

pub(super) async fn check(
    target: &Target,
    port: u16,
    service: &str,
    progress: &Progress,
) -> Result<(), String> {
    let io = target
        .probe(port)
        .await
        .map_err(|error| error.explanation.to_string())?;
    progress.set("the answer");
    let no_http = |error: hyper::Error| format!("no answer: {}", chain(&error));
    let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(io)).await;
    let (mut sender, connection) = handshake.map_err(no_http)?;
    let request = request(target, port, service)?;
    let exchange = async { judge(sender.send_request(request).await.map_err(no_http)?).await };
    beside(connection, exchange).await
}

fn request(target: &Target, port: u16, service: &str) -> Result<Request<Full<Bytes>>, String> {
    let uri = format!("{}://{}{PATH}", scheme(target), at(target, port));
    let uri = uri
        .parse::<Uri>()
        .map_err(|error| format!("{uri:?}: {error}"))?;
    Request::builder()
        .method(Method::POST)
        .uri(uri)
        .header(header::CONTENT_TYPE, "application/grpc")
        .header(header::TE, "trailers")
        .header(header::USER_AGENT, "plimsoll-check")
        .body(Full::new(encode(service)))
        .map_err(|error| error.to_string())
}

fn encode(service: &str) -> Bytes {
    let mut message = Vec::new();
    if !service.is_empty() {
        message.push(0x0a);
        put_varint(&mut message, service.len() as u64);
        message.extend_from_slice(service.as_bytes());
    }
    let mut framed = BytesMut::with_capacity(PREFIX + message.len());
    framed.extend_from_slice(&[0]);
    framed.extend_from_slice(&(message.len() as u32).to_be_bytes());
    framed.extend_from_slice(&message);
    framed.freeze()
}

fn put_varint(into: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

async fn judge(response: Response<Incoming>) -> Result<(), String> {
    if response.status() != http::StatusCode::OK {
        return Err(format!(
            "the status is {}, wanted 200",
            response.status().as_u16()
        ));
    }
    code(response.headers())?;
    let mut body = response.into_body();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| format!("the answer broke off: {}", chain(&error)))?;
        match frame.into_data() {
            Ok(data) => bytes.extend_from_slice(&data),
            Err(frame) => {
                if let Ok(trailers) = frame.into_trailers() {
                    code(&trailers)?;
                }
            }
        }
        if bytes.len() > ANSWER_MAX {
            return Err(format!("the answer has more than {ANSWER_MAX} bytes"));
        }
    }
    match decode(&bytes) {
        Some(Answer::Serving) => Ok(()),
        Some(Answer::Not(state)) => Err(format!("it says {}, wanted SERVING", name(state))),
        None => Err("the answer is no HealthCheckResponse".into()),
    }
}

/// Refuses any code but 0; none at all is told by the message.
fn code(headers: &HeaderMap) -> Result<(), String> {
    let Some(code) = headers.get("grpc-status") else {
        return Ok(());
    };
    if code == "0" {
        return Ok(());
    }
    let message = headers
        .get("grpc-message")
        .map(|message| format!(" ({message:?})"));
    Err(format!(
        "grpc-status is {code:?}{}, wanted 0",
        message.unwrap_or_default()
    ))
}

fn name(state: u64) -> String {
    match state {
        0 => "UNKNOWN".into(),
        2 => "NOT_SERVING".into(),
        3 => "SERVICE_UNKNOWN".into(),
        other => format!("the state {other}"),
    }
}

/// Reads an answer as it came, its length in front; `None` is none. Fields that are not known are passed over.
pub fn decode(bytes: &[u8]) -> Option<Answer> {
    let (prefix, rest) = bytes.split_at_checked(PREFIX)?;
    let length = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]) as usize;
    // Compression was not offered.
    if prefix[0] != 0 || rest.len() != length {
        return None;
    }
    let mut rest = rest;
    // What is not there has the value 0, which is UNKNOWN.
    let mut state = 0;
    while !rest.is_empty() {
        let tag = take_varint(&mut rest)?;
        match (tag >> 3, tag & 7) {
            (1, 0) => state = take_varint(&mut rest)?,
            (_, 0) => drop(take_varint(&mut rest)?),
            (_, 1) => rest = rest.get(8..)?,
            (_, 2) => {
                let length = usize::try_from(take_varint(&mut rest)?).ok()?;
                rest = rest.get(length..)?;
            }
            (_, 5) => rest = rest.get(4..)?,
            _ => return None,
        }
    }
    Some(match state {
        1 => Answer::Serving,
        other => Answer::Not(other),
    })
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_about_a_service() {
        assert_eq!(&encode("")[..], [0, 0, 0, 0, 0]);
        assert_eq!(&encode("ab")[..], [0, 0, 0, 0, 4, 0x0a, 2, b'a', b'b']);
    }

    #[test]
    fn reads_answers() {
        #[track_caller]
        fn check(bytes: &[u8], expected: Option<Answer>) {
            assert_eq!(decode(bytes), expected);
        }
        check(&[0, 0, 0, 0, 2, 8, 1], Some(Answer::Serving));
        check(&[0, 0, 0, 0, 2, 8, 2], Some(Answer::Not(2)));
        check(&[0, 0, 0, 0, 0], Some(Answer::Not(0)));
        // A field of a version to come.
        check(&[0, 0, 0, 0, 5, 0x12, 1, 7, 8, 1], Some(Answer::Serving));
        check(&[1, 0, 0, 0, 2, 8, 1], None);
        check(&[0, 0, 0, 0, 3, 8, 1], None);
        check(&[0, 0, 0, 0, 1, 8], None);
        check(&[], None);
    }

    #[test]
    fn any_answer_is_read() {
        bolero::check!().for_each(|bytes: &[u8]| {
            if let Some(Answer::Not(state)) = decode(bytes) {
                assert_ne!(state, 1);
            }
        });
    }
}
