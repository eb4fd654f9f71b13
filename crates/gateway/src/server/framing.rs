//! Whether a head tells the length of its body in two ways, which a parser does not say.
//!
//! Nearly no head does, and each head is looked at, so it begins with a letter that few heads have.

use memchr::memchr2_iter;

/// Where `k` is in `chunked`.
const RARE: usize = 4;

/// Says whether the bytes have `chunked` and `content-length`, wherever.
pub(super) fn is_told_twice(bytes: &[u8]) -> bool {
    is_chunked(bytes) && has_length(bytes)
}

fn is_chunked(bytes: &[u8]) -> bool {
    memchr2_iter(b'k', b'K', bytes).any(|at| {
        let begin = at.checked_sub(RARE);
        let word = begin.and_then(|begin| bytes.get(begin..begin + b"chunked".len()));
        word.is_some_and(|word| word.eq_ignore_ascii_case(b"chunked"))
    })
}

fn has_length(bytes: &[u8]) -> bool {
    let name = b"content-length";
    bytes
        .windows(name.len())
        .any(|window| window.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_must_be_there() {
        let told = |text: &str| is_told_twice(text.as_bytes());
        assert!(told("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"));
        assert!(told(
            "cOnTeNt-LeNgTh: 5\r\nkkk: k\r\ntransfer-encoding: gzip, CHUNKED"
        ));
        assert!(!told("Transfer-Encoding: chunked\r\n"));
        assert!(!told("Content-Length: 5\r\nKeep-Alive: 5\r\n"));
        assert!(!told("k"));
        assert!(!told("Content-Length: 5\r\nX: chunke"));
    }

    #[test]
    fn any_bytes_can_be_looked_at() {
        bolero::check!().for_each(|bytes| {
            let plain = |word: &[u8]| {
                bytes
                    .to_ascii_lowercase()
                    .windows(word.len())
                    .any(|window| window == word)
            };
            let expected = plain(b"chunked") && plain(b"content-length");
            assert_eq!(is_told_twice(bytes), expected);
        });
    }
}
