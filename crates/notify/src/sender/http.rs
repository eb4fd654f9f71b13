//! The HTTP side of an attempt.

use std::sync::Arc;

use plimsoll_runtime::http::{Error, ErrorKind, read_response_start};
use plimsoll_types::{ByteCount, Timestamp};

use crate::masks::Masks;
use crate::{Answer, Verdict};

/// How much of an answer is read: none that we know is longer than a few hundred bytes.
const BODY_MAX: ByteCount = ByteCount::KIB.times(64);

/// Judges an exchange without an answer. TLS that fails may be mended on the other side, so it is tried again too.
pub(super) fn failed(error: &Error) -> Verdict {
    match error.kind() {
        ErrorKind::Configuration => Verdict::refused(error.chain()),
        ErrorKind::Secret
        | ErrorKind::Connect
        | ErrorKind::Tls
        | ErrorKind::Redirect
        | ErrorKind::Overloaded => Verdict::retry(error.chain()),
        ErrorKind::Timeout | ErrorKind::Broken | ErrorKind::TooLarge => {
            Verdict::unknown(error.chain())
        }
    }
}

/// Reads an answer. The status alone says whether the peer took the notice, so a body that is too long, too slow or broken
/// off does not make a notice unsent.
pub(super) async fn answer(
    response: reqwest::Response,
    now: Timestamp,
    masks: Arc<Masks>,
) -> Answer {
    let (status, headers) = (response.status(), response.headers().clone());
    let (body, is_complete) = read_response_start(response, BODY_MAX).await;
    Answer {
        status,
        headers,
        body,
        is_complete,
        now,
        masks,
    }
}
