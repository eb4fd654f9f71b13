//! Walks the fields of a protobuf message without building it.
//!
//! prost decodes a whole request before the first limit can be asked: two bytes of an empty message become a struct
//! of a hundred. Walking the bytes lets each series be charged, checked and refused on its own.
//!
//! ```text
//! +------------------------------+-----------------------------------------------+
//! | tag: varint                  | 0: varint (1-10 bytes)                        |
//! | field number << 3 | type     | 1: 8 bytes, little end first                  |
//! |                              | 2: varint length, then as many bytes          |
//! |                              | 5: 4 bytes, little end first                  |
//! +------------------------------+-----------------------------------------------+
//! ```

use crate::push::Error;

/// The contents of one field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Content<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

/// One field of the message named `message`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    pub(crate) number: u64,
    content: Content<'a>,
    message: &'static str,
}

impl<'a> Field<'a> {
    pub(crate) fn bytes(self) -> Result<&'a [u8], Error> {
        match self.content {
            Content::Bytes(bytes) => Ok(bytes),
            _ => Err(self.wrong("a length and bytes")),
        }
    }

    pub(crate) fn double(self) -> Result<f64, Error> {
        match self.content {
            Content::Fixed64(bits) => Ok(f64::from_bits(bits)),
            _ => Err(self.wrong("a double")),
        }
    }

    /// Reads an `int64`: protobuf writes negative ones as ten bytes of two's complement.
    pub(crate) fn int64(self) -> Result<i64, Error> {
        self.varint().map(|value| value as i64)
    }

    pub(crate) fn varint(self) -> Result<u64, Error> {
        match self.content {
            Content::Varint(value) => Ok(value),
            _ => Err(self.wrong("a varint")),
        }
    }

    /// Walks a repeated `uint32`, packed or not.
    pub(crate) fn for_each_uint32(self, mut each: impl FnMut(u32)) -> Result<(), Error> {
        match self.content {
            Content::Varint(value) => each(value as u32),
            Content::Bytes(mut bytes) => {
                while !bytes.is_empty() {
                    let value =
                        take_varint(&mut bytes).ok_or_else(|| self.wrong("packed varints"))?;
                    each(value as u32);
                }
            }
            _ => return Err(self.wrong("varints")),
        }
        Ok(())
    }

    fn wrong(self, wanted: &str) -> Error {
        let Self {
            number, message, ..
        } = self;
        let found = match self.content {
            Content::Varint(_) => "a varint",
            Content::Fixed64(_) => "8 bytes",
            Content::Bytes(_) => "a length and bytes that do not fit",
            Content::Fixed32(_) => "4 bytes",
        };
        Error::Malformed(format!(
            "field {number} of {message}: wanted {wanted}, found {found}"
        ))
    }
}

/// Walks the fields of a message.
pub(crate) struct Fields<'a> {
    message: &'static str,
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) fn new(message: &'static str, bytes: &'a [u8]) -> Self {
        let rest = bytes;
        Self { message, rest }
    }

    #[inline]
    fn take(&mut self) -> Option<Field<'a>> {
        let tag = take_varint(&mut self.rest)?;
        let content = match tag & 7 {
            0 => Content::Varint(take_varint(&mut self.rest)?),
            1 => Content::Fixed64(u64::from_le_bytes(take_array(&mut self.rest)?)),
            2 => {
                let length = usize::try_from(take_varint(&mut self.rest)?).ok()?;
                let (bytes, rest) = self.rest.split_at_checked(length)?;
                self.rest = rest;
                Content::Bytes(bytes)
            }
            5 => Content::Fixed32(u32::from_le_bytes(take_array(&mut self.rest)?)),
            _ => return None,
        };
        let number = tag >> 3;
        let message = self.message;
        (number != 0).then_some(Field {
            number,
            content,
            message,
        })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let left = self.rest.len();
        Some(self.take().ok_or_else(|| {
            self.rest = &[];
            let message = self.message;
            Error::Malformed(format!(
                "wanted a protobuf field of {message}, found something else {left} bytes before its end"
            ))
        }))
    }
}

fn take_array<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (array, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*array)
}

/// Takes a varint from the front; `None` when there is none.
#[inline]
pub(crate) fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    // Tags and lengths are mostly one byte.
    if let [byte @ 0..0x80, rest @ ..] = *bytes {
        *bytes = rest;
        return Some(u64::from(*byte));
    }
    take_long_varint(bytes)
}

fn take_long_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for index in 0..10 {
        let byte = *bytes.get(index)?;
        // The tenth byte holds the one bit that is left of 64.
        if index == 9 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            *bytes = &bytes[index + 1..];
            return Some(value);
        }
    }
    None
}
