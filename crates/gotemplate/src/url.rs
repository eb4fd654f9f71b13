//! Percent-encoding, the way back.

use crate::error::CallError;
use crate::quote::quote;

/// Decodes `%41`, and a plus as a space when it stands in a query. Bytes that make no UTF-8 become U+FFFD.
///
/// # Errors
/// In Go's words when two hexadecimal digits do not follow a percent sign.
pub(crate) fn unescape(text: &str, is_query: bool) -> Result<String, CallError> {
    let bytes = text.as_bytes();
    let (mut decoded, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'%' => {
                let code = bytes.get(at + 1..at + 3).and_then(hexadecimal);
                let Some(code) = code else {
                    let end = bytes.len().min(at + 3);
                    let shown = String::from_utf8_lossy(&bytes[at..end]).into_owned();
                    let shown = quote(&shown, false);
                    return Err(CallError::new(format!("invalid URL escape {shown}")));
                };
                decoded.push(code);
                at += 3;
                continue;
            }
            b'+' if is_query => decoded.push(b' '),
            other => decoded.push(*other),
        }
        at += 1;
    }
    Ok(String::from_utf8_lossy(&decoded).into_owned())
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(digits[0])? * 16 + digit(digits[1])?).ok()
}
