//! Names and texts as one run of text, in one allocation.
//!
//! ```text
//! +-----------+------------+-----------+-------------+ ...
//! | len(name) | name       | len(text) | text        |
//! | 1+ bytes  | UTF-8      | 1+ bytes  | UTF-8       |
//! +-----------+------------+-----------+-------------+ ...
//! ```
//!
//! A length is written little end first in bytes of 6 bits, bit 6 (0x40) says that another byte follows. All of
//! these bytes are ASCII, so the whole is valid UTF-8 and needs no unsafe code to be read back.

use std::sync::Arc;

/// Writes all pairs in their order.
pub(crate) fn encode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Arc<str> {
    let mut run = String::new();
    for (name, text) in pairs {
        write(&mut run, name, text);
    }
    Arc::from(run)
}

/// Writes one pair.
pub(crate) fn write(run: &mut String, name: &str, text: &str) {
    write_part(run, name);
    write_part(run, text);
}

fn write_part(run: &mut String, part: &str) {
    let mut length = part.len();
    while length >= 0x40 {
        run.push((0x40 | (length & 0x3f)) as u8 as char);
        length >>= 6;
    }
    run.push(length as u8 as char);
    run.push_str(part);
}

/// Walks a run.
#[derive(Clone)]
pub(crate) struct Pairs<'a> {
    rest: &'a str,
}

impl<'a> Pairs<'a> {
    /// Walks `run`, which [`encode`] or [`write`](fn@write) wrote.
    pub(crate) fn of(run: &'a str) -> Self {
        Self { rest: run }
    }

    /// Returns what was not walked yet.
    pub(crate) fn rest(&self) -> &'a str {
        self.rest
    }

    /// Returns the next name or text.
    pub(crate) fn part(&mut self) -> &'a str {
        let (mut length, mut shift, mut used) = (0, 0, 0);
        for byte in self.rest.bytes() {
            length |= usize::from(byte & 0x3f) << shift;
            shift += 6;
            used += 1;
            if byte & 0x40 == 0 {
                break;
            }
        }
        let (part, rest) = self.rest[used..].split_at(length);
        self.rest = rest;
        part
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let name = self.part();
        Some((name, self.part()))
    }
}
