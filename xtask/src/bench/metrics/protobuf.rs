//! The few pieces of protobuf that the bench writes and reads by hand.

/// Writes a number in as many bytes as it needs.
pub(super) fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Returns the length of a number.
pub(super) fn varint_bytes(number: u64) -> usize {
    (64 - (number | 1).leading_zeros() as usize).div_ceil(7)
}

/// Begins a field that holds a message, a text or bytes; number 1 to 15.
pub(super) fn begin(out: &mut Vec<u8>, number: u8, length: usize) {
    out.push(number << 3 | 2);
    varint(out, length as u64);
}

/// Writes a whole field.
pub(super) fn field(out: &mut Vec<u8>, number: u8, contents: &[u8]) {
    begin(out, number, contents.len());
    out.extend_from_slice(contents);
}

/// Returns the length of a field with so many bytes.
pub(super) fn field_bytes(contents: usize) -> usize {
    1 + varint_bytes(contents as u64) + contents
}

/// Returns the contents of a message's field 1 when it is all that the message has.
pub(super) fn only_field(message: &[u8]) -> Option<&[u8]> {
    let mut rest = message.strip_prefix(&[1 << 3 | 2])?;
    let (mut length, mut shift) = (0u64, 0);
    loop {
        let (byte, after) = rest.split_first()?;
        rest = after;
        length |= u64::from(byte & 0x7f).checked_shl(shift)?;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    (rest.len() as u64 == length).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_only_field_is_unwrapped() {
        let mut message = Vec::new();
        field(&mut message, 1, &[7; 300]);
        assert_eq!(message.len(), field_bytes(300));
        assert_eq!(only_field(&message), Some(&[7; 300][..]));
        assert_eq!(only_field(&message[..300]), None);
        message.push(0);
        assert_eq!(only_field(&message), None);
        assert_eq!(only_field(&[0x0a; 20]), None);
    }

    #[test]
    fn numbers_are_as_long_as_told() {
        for shift in 0..64 {
            for number in [1 << shift, (1 << shift) - 1] {
                let mut written = Vec::new();
                varint(&mut written, number);
                assert_eq!(written.len(), varint_bytes(number), "{number}");
            }
        }
    }
}
