//! The file `symbols`: every text that occurs in a label set, sorted, numbered from 0 in that order.
//!
//! ```text
//! page:  | count varint | { shared varint, length varint, bytes } ... |   front-coded: `shared` bytes are those of the
//!                                                                        symbol before
//! root:  | symbol count varint | page count varint | { symbols varint, first symbol (length varint, UTF-8),
//!                                                      offset varint, length varint } ... |
//! ```
//!
//! Only the root is kept in memory: one text per 64 symbols.

use std::sync::Arc;

use super::bytes::{Decoded, Malformed, Reader, put_bytes, put_varint};
use super::error::Error;
use super::file::{BlockFile, BlockWriter, Location};
use super::recent::Recent;

const PAGE_SYMBOLS: usize = 64;
/// Long texts end a page early, so that reading one symbol never reads 64 long ones.
const PAGE_LENGTH: usize = 16 << 10;
const PAGES_CACHED: usize = 128;

/// Writes the sorted, distinct symbols and returns where the root is.
pub(super) fn write<'a>(
    file: &mut BlockWriter,
    symbols: impl Iterator<Item = &'a str>,
) -> Result<Location, Error> {
    let (mut pages, mut page_count, mut total) = (Vec::new(), 0u64, 0u64);
    let mut page: Vec<&str> = Vec::new();
    let mut length = 0;
    let mut flush = |page: &mut Vec<&str>| -> Result<(), Error> {
        let Some(first) = page.first() else {
            return Ok(());
        };
        let location = file.append(&encode_page(page))?;
        put_varint(&mut pages, page.len() as u64);
        put_bytes(&mut pages, first.as_bytes());
        put_varint(&mut pages, location.offset);
        put_varint(&mut pages, location.length.into());
        page_count += 1;
        total += page.len() as u64;
        page.clear();
        Ok(())
    };
    for symbol in symbols {
        page.push(symbol);
        length += symbol.len();
        if page.len() >= PAGE_SYMBOLS || length >= PAGE_LENGTH {
            flush(&mut page)?;
            length = 0;
        }
    }
    flush(&mut page)?;
    let mut root = Vec::new();
    put_varint(&mut root, total);
    put_varint(&mut root, page_count);
    root.extend_from_slice(&pages);
    file.append(&root)
}

fn encode_page(symbols: &[&str]) -> Vec<u8> {
    let mut page = Vec::new();
    put_varint(&mut page, symbols.len() as u64);
    let mut previous: &[u8] = &[];
    for symbol in symbols {
        let bytes = symbol.as_bytes();
        let shared = previous
            .iter()
            .zip(bytes)
            .take_while(|(a, b)| a == b)
            .count();
        put_varint(&mut page, shared as u64);
        put_bytes(&mut page, &bytes[shared..]);
        previous = bytes;
    }
    page
}

pub(super) fn decode_page(bytes: &[u8]) -> Decoded<Vec<Arc<str>>> {
    let mut reader = Reader::new(bytes);
    let count = reader.varint_up_to(PAGE_SYMBOLS)?;
    let mut symbols: Vec<Arc<str>> = Vec::with_capacity(count);
    let mut text = Vec::new();
    for _ in 0..count {
        text.truncate(reader.varint_up_to(text.len())?);
        text.extend_from_slice(reader.bytes()?);
        let symbol = std::str::from_utf8(&text).map_err(|_| Malformed("a symbol is not UTF-8"))?;
        if symbols.last().is_some_and(|last| **last >= *symbol) {
            return Err(Malformed("the symbols are not sorted"));
        }
        symbols.push(symbol.into());
    }
    reader.end()?;
    Ok(symbols)
}

/// Reads symbols by number and numbers by symbol.
pub(super) struct Symbols {
    file: BlockFile,
    count: u32,
    pages: Vec<PageRef>,
    recent: Recent<usize, Vec<Arc<str>>>,
}

pub(super) struct PageRef {
    first_id: u32,
    first: Box<str>,
    symbols: u32,
    location: Location,
}

impl Symbols {
    pub(super) fn open(file: BlockFile, root: Location) -> Result<Self, Error> {
        let (count, pages) = file.decode(root, decode_root)?;
        Ok(Self {
            file,
            count,
            pages,
            recent: Recent::new(PAGES_CACHED),
        })
    }

    pub(super) fn file(&self) -> &BlockFile {
        &self.file
    }

    pub(super) fn len(&self) -> u32 {
        self.count
    }

    /// Returns the symbol `id`, which must be below [`len`](Self::len).
    pub(super) fn get(&self, id: u32) -> Result<Arc<str>, Error> {
        let page = self.pages.partition_point(|page| page.first_id <= id);
        let page = page
            .checked_sub(1)
            .ok_or_else(|| self.file.corrupt(0, format!("there is no symbol {id}")))?;
        let index = (id - self.pages[page].first_id) as usize;
        let symbols = self.page(page)?;
        symbols.get(index).cloned().ok_or_else(|| {
            let offset = self.pages[page].location.offset;
            self.file
                .corrupt(offset, format!("there is no symbol {id}"))
        })
    }

    /// Returns the number of a symbol when it is there.
    pub(super) fn find(&self, symbol: &str) -> Result<Option<u32>, Error> {
        let page = self.pages.partition_point(|page| *page.first <= *symbol);
        let Some(page) = page.checked_sub(1) else {
            return Ok(None);
        };
        let index = self
            .page(page)?
            .binary_search_by(|found| (**found).cmp(symbol));
        Ok(index
            .ok()
            .map(|index| self.pages[page].first_id + index as u32))
    }

    fn page(&self, index: usize) -> Result<Arc<Vec<Arc<str>>>, Error> {
        let page = &self.pages[index];
        self.recent.get(index, || {
            let symbols = self.file.decode(page.location, decode_page)?;
            if symbols.len() != page.symbols as usize || *symbols[0] != *page.first {
                let what = "a page is not the one that the root names";
                return Err(self.file.corrupt(page.location.offset, what));
            }
            Ok(symbols)
        })
    }
}

pub(super) fn decode_root(bytes: &[u8]) -> Decoded<(u32, Vec<PageRef>)> {
    let mut reader = Reader::new(bytes);
    let total = reader.varint_u32()?;
    let count = reader.count(4)?;
    let mut pages: Vec<PageRef> = Vec::with_capacity(count);
    let mut first_id = 0u32;
    for _ in 0..count {
        let symbols = reader.varint_up_to(PAGE_SYMBOLS)? as u32;
        let first: Box<str> = reader.text()?.into();
        let is_sorted = pages.last().is_none_or(|last| last.first < first);
        if symbols == 0 || !is_sorted {
            return Err(Malformed("the pages of symbols are not sorted"));
        }
        pages.push(PageRef {
            first_id,
            first,
            symbols,
            location: Location {
                offset: reader.varint()?,
                length: reader.varint_u32()?,
            },
        });
        first_id = first_id
            .checked_add(symbols)
            .ok_or(Malformed("there are too many symbols"))?;
    }
    reader.end()?;
    if first_id != total {
        return Err(Malformed("the pages hold another number of symbols"));
    }
    Ok((total, pages))
}
