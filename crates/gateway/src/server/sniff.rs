//! What a client speaks, told by its first bytes.

/// How a client that knows that we speak HTTP/2 begins (RFC 9113, 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spoken {
    /// HTTP/1, or something else that its parser refuses.
    Http1,
    /// HTTP/2 by prior knowledge.
    Http2,
    /// More bytes will tell.
    Unknown,
}

/// Tells what a client speaks.
pub(super) fn spoken(bytes: &[u8]) -> Spoken {
    let common = bytes.len().min(PREFACE.len());
    if bytes[..common] != PREFACE[..common] {
        Spoken::Http1
    } else if common == PREFACE.len() {
        Spoken::Http2
    } else {
        Spoken::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_as_soon_as_it_can() {
        for length in 0..PREFACE.len() {
            assert_eq!(spoken(&PREFACE[..length]), Spoken::Unknown);
        }
        assert_eq!(spoken(PREFACE), Spoken::Http2);
        assert_eq!(spoken(b"P"), Spoken::Unknown);
        assert_eq!(spoken(b"PO"), Spoken::Http1);
        assert_eq!(spoken(b"GET / HTTP/1.1\r\n"), Spoken::Http1);
        assert_eq!(spoken(b"\x16\x03\x01"), Spoken::Http1);
    }
}
