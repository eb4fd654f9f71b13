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
use super::file::{BlockFile, BlockWriter, FileKind, Location};
use super::recent::Recent;

const PAGE_SYMBOLS: usize = 64;
/// Long texts end a page early, so that reading one symbol never reads 64 long ones.
const PAGE_LENGTH: usize = 16 << 10;

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

/// Texts one behind the other, in one allocation.
#[derive(Default)]
pub(super) struct Texts {
    text: String,
    ends: Vec<u32>,
}

impl Texts {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let begin = index
            .checked_sub(1)
            .map_or(0, |before| self.ends[before] as usize);
        Some(&self.text[begin..end])
    }

    /// Returns how many of the sorted texts come before the first for which `is_before` says no.
    fn partition_point(&self, is_before: impl Fn(&str) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.get(middle).is_some_and(&is_before) {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    }

    fn last(&self) -> Option<&str> {
        self.get(self.len().checked_sub(1)?)
    }

    fn push(&mut self, text: &str) -> Decoded<()> {
        self.text.push_str(text);
        let end = u32::try_from(self.text.len());
        self.ends
            .push(end.map_err(|_| Malformed("the texts of a page are longer than 4 GiB"))?);
        Ok(())
    }

    fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    fn byte_count(&self) -> usize {
        size_of::<Self>() + self.text.capacity() + self.ends.capacity() * size_of::<u32>()
    }
}

pub(super) fn decode_page(bytes: &[u8]) -> Decoded<Texts> {
    let mut reader = Reader::new(bytes);
    let count = reader.varint_up_to(PAGE_SYMBOLS)?;
    let mut symbols = Texts::default();
    let mut text = Vec::new();
    for _ in 0..count {
        text.truncate(reader.varint_up_to(text.len())?);
        text.extend_from_slice(reader.bytes()?);
        let symbol = std::str::from_utf8(&text).map_err(|_| Malformed("a symbol is not UTF-8"))?;
        if symbols.last().is_some_and(|last| last >= symbol) {
            return Err(Malformed("the symbols are not sorted"));
        }
        symbols.push(symbol)?;
    }
    reader.end()?;
    symbols.shrink();
    Ok(symbols)
}

/// Reads symbols by number and numbers by symbol.
pub(super) struct Symbols {
    file: BlockFile,
    pages: Directory,
    recent: Recent,
}

/// Where the pages are. It stays in memory for as long as the part is open, so its columns are packed.
#[derive(Default)]
pub(super) struct Directory {
    firsts: Texts,
    /// Of each page, and behind them the number of all symbols.
    first_ids: Vec<u32>,
    offsets: Vec<u64>,
    lengths: Vec<u32>,
}

impl Directory {
    fn location(&self, page: usize) -> Location {
        Location {
            offset: self.offsets[page],
            length: self.lengths[page],
        }
    }

    fn symbols(&self, page: usize) -> usize {
        (self.first_ids[page + 1] - self.first_ids[page]) as usize
    }

    fn total(&self) -> u32 {
        self.first_ids.last().copied().unwrap_or(0)
    }
}

impl Symbols {
    pub(super) fn open(file: BlockFile, root: Location, recent: Recent) -> Result<Self, Error> {
        let pages = file.decode(root, decode_root)?;
        Ok(Self {
            file,
            pages,
            recent,
        })
    }

    pub(super) fn file(&self) -> &BlockFile {
        &self.file
    }

    pub(super) fn len(&self) -> u32 {
        self.pages.total()
    }

    /// Returns the symbol `id`.
    pub(super) fn get(&self, id: u32) -> Result<Arc<str>, Error> {
        Ok(self.walk().text(id)?.into())
    }

    /// Returns a reader that remembers the page it read last: cheap for numbers that ascend.
    pub(super) fn walk(&self) -> Walk<'_> {
        Walk {
            symbols: self,
            page: None,
        }
    }

    /// Returns the number of a symbol when it is there.
    pub(super) fn find(&self, symbol: &str) -> Result<Option<u32>, Error> {
        let page = self.pages.firsts.partition_point(|first| first <= symbol);
        let Some(page) = page.checked_sub(1) else {
            return Ok(None);
        };
        let symbols = self.page(page)?;
        let index = symbols.partition_point(|found| found < symbol);
        let is_there = symbols.get(index) == Some(symbol);
        Ok(is_there.then(|| self.pages.first_ids[page] + index as u32))
    }

    /// Returns how many bytes stay in memory while the part is open.
    pub(super) fn directory_bytes(&self) -> usize {
        let pages = &self.pages;
        let numbers = pages.first_ids.capacity() * 4 + pages.lengths.capacity() * 4;
        pages.firsts.byte_count() + numbers + pages.offsets.capacity() * 8
    }

    fn page(&self, index: usize) -> Result<Arc<Texts>, Error> {
        let location = self.pages.location(index);
        self.recent.get(FileKind::Symbols, location, 0, || {
            let symbols = self.file.decode(location, decode_page)?;
            let is_it = symbols.len() == self.pages.symbols(index)
                && symbols.get(0) == self.pages.firsts.get(index);
            if !is_it {
                let what = "a page is not the one that the root names";
                return Err(self.file.corrupt(location.offset, what));
            }
            let bytes = symbols.byte_count();
            Ok((symbols, bytes))
        })
    }
}

/// Reads symbols by number, fast when the numbers ascend.
pub(super) struct Walk<'a> {
    symbols: &'a Symbols,
    /// The number of its first symbol, and the page.
    page: Option<(u32, Arc<Texts>)>,
}

impl Walk<'_> {
    /// Returns the symbol `id`.
    pub(super) fn text(&mut self, id: u32) -> Result<&str, Error> {
        let is_here = |(first, page): &(u32, Arc<Texts>)| {
            id.checked_sub(*first)
                .is_some_and(|index| (index as usize) < page.len())
        };
        if !self.page.as_ref().is_some_and(is_here) {
            let pages = &self.symbols.pages;
            let missing = || {
                let what = format!("there is no symbol {id}");
                self.symbols.file.corrupt(0, what)
            };
            if id >= pages.total() {
                return Err(missing());
            }
            let index = pages.first_ids.partition_point(|first| *first <= id) - 1;
            self.page = Some((pages.first_ids[index], self.symbols.page(index)?));
        }
        let (first, page) = self.page.as_ref().expect("it was read just now");
        let text = page.get((id - first) as usize);
        Ok(text.expect("a page holds the symbols that the directory says"))
    }
}

pub(super) fn decode_root(bytes: &[u8]) -> Decoded<Directory> {
    let mut reader = Reader::new(bytes);
    let total = reader.varint_u32()?;
    let count = reader.count(4)?;
    let mut pages = Directory {
        first_ids: Vec::with_capacity(count + 1),
        offsets: Vec::with_capacity(count),
        lengths: Vec::with_capacity(count),
        ..Directory::default()
    };
    let mut first_id = 0u32;
    for _ in 0..count {
        let symbols = reader.varint_up_to(PAGE_SYMBOLS)? as u32;
        let first = reader.text()?;
        let is_sorted = pages.firsts.last().is_none_or(|last| last < first);
        if symbols == 0 || !is_sorted {
            return Err(Malformed("the pages of symbols are not sorted"));
        }
        pages.firsts.push(first)?;
        pages.first_ids.push(first_id);
        pages.offsets.push(reader.varint()?);
        pages.lengths.push(reader.varint_u32()?);
        first_id = first_id
            .checked_add(symbols)
            .ok_or(Malformed("there are too many symbols"))?;
    }
    reader.end()?;
    if first_id != total {
        return Err(Malformed("the pages hold another number of symbols"));
    }
    pages.first_ids.push(total);
    pages.firsts.shrink();
    Ok(pages)
}
