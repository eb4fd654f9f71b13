//! How much of a metadata text is kept.
//!
//! Storage keeps metadata by series, so one long text in a body becomes as many copies as there are series of its
//! family. Cut at the door, the copies stay small.

use std::str::Utf8Error;

/// A help text is cut here, in bytes: no sentence is longer.
const HELP_BYTES_MAX: usize = 1024;
/// A unit is cut here, in bytes: it is one word.
const UNIT_BYTES_MAX: usize = 64;

/// Returns as much of a help text as is kept: 1 KiB, cut between two characters.
pub fn help(text: &str) -> &str {
    &text[..text.floor_char_boundary(HELP_BYTES_MAX)]
}

/// Returns as much of a unit as is kept: 64 bytes, cut between two characters.
pub fn unit(text: &str) -> &str {
    &text[..text.floor_char_boundary(UNIT_BYTES_MAX)]
}

/// As [`help`], for bytes; what is cut off is not looked at, so that a long text costs no more than a short one.
pub(crate) fn help_of(bytes: &[u8]) -> Result<&str, Utf8Error> {
    beginning(bytes, HELP_BYTES_MAX)
}

/// As [`unit`](fn@unit), for bytes.
pub(crate) fn unit_of(bytes: &[u8]) -> Result<&str, Utf8Error> {
    beginning(bytes, UNIT_BYTES_MAX)
}

fn beginning(bytes: &[u8], bytes_max: usize) -> Result<&str, Utf8Error> {
    let Some(cut) = bytes.get(..bytes_max) else {
        return std::str::from_utf8(bytes);
    };
    match std::str::from_utf8(cut) {
        // Only its last character is torn, which the cut may have done.
        Err(error) if error.error_len().is_none() && cut.len() < bytes.len() => {
            std::str::from_utf8(&cut[..error.valid_up_to()])
        }
        whole => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        let long = format!("{}\u{20ac}{}", "x".repeat(1022), "y".repeat(1 << 20));
        assert_eq!(help(&long).len(), 1022);
        assert_eq!(help_of(long.as_bytes()), Ok(help(&long)));
        assert_eq!(unit(&long).len(), 64);
        assert_eq!(unit_of(long.as_bytes()), Ok(unit(&long)));
        for text in ["", "seconds", "\u{20ac}"] {
            assert_eq!((help(text), help_of(text.as_bytes())), (text, Ok(text)));
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_seen_up_to_the_cut() {
        assert!(help_of(b"a\xff").is_err());
        assert!(help_of("\u{20ac}".as_bytes().get(..2).unwrap()).is_err());
        let mut bytes = vec![b'x'; 1024];
        bytes.push(0xff);
        assert!(help_of(&bytes).is_ok());
        bytes[1023] = 0xff;
        assert!(help_of(&bytes).is_err());
        // A text that ends at the cut within a character is torn by its sender.
        bytes.truncate(1024);
        bytes[1023] = 0xe2;
        assert!(help_of(&bytes).is_err());
    }
}
