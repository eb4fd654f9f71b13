//! When the samples of a block are: how many there are, from when to when, and where the times between are.
//!
//! All series of one target have the same, block by block, so it is written once, in a table in `series.idx`, and a
//! block names it by its number.
//!
//! ```text
//! page:     | schedule count varint | schedule ... |                                         up to 1,024 of them
//! schedule: | samples varint | first time, signed difference to that of the schedule before | last - first varint
//!           | flags u8: bit 0 = the times are in times.bin, else evenly spaced; bit 1 = the starts are in times.bin
//!           | location of the times, when bit 0 | location of the starts, when bit 1 |
//! location: | signed difference to the end of the last location in the page | length varint |
//! root:     | page count varint | { schedule count varint, offset varint, length varint } ... |
//! ```

use std::collections::HashMap;
use std::sync::Arc;

use plimsoll_types::TimeRange;

use super::bytes::{Decoded, Malformed, Reader, put_varint};
use super::error::Error;
use super::file::{BlockFile, BlockWriter, FileKind, Location};
use super::recent::Recent;
use super::series::{
    BLOCK_SAMPLES_MAX, Block, Starts, Times, location, put_location, put_range, range,
};

const PAGE_SCHEDULES: usize = 1024;
/// So many different ones are recognised; one that comes again later is written again.
const KNOWN_MAX: usize = 1 << 18;

const STORED_TIMES: u8 = 1;
const STORED_STARTS: u8 = 1 << 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Schedule {
    pub(super) samples: u32,
    pub(super) range: TimeRange,
    pub(super) times: Times,
    /// Where the starts are, when they are a vector.
    pub(super) starts: Option<Location>,
}

impl Schedule {
    pub(super) fn of(block: &Block) -> Self {
        Self {
            samples: block.samples,
            range: block.range,
            times: block.times,
            starts: match block.starts {
                Starts::Stored(location) => Some(location),
                Starts::None | Starts::Constant(_) => None,
            },
        }
    }
}

/// Gathers the table.
#[derive(Default)]
pub(super) struct SchedulesWriter {
    known: HashMap<Schedule, u32>,
    count: u32,
    pages: Vec<(usize, Vec<u8>)>,
    open: (usize, Vec<u8>),
    chain: Chain,
}

/// What differences are taken against.
#[derive(Default)]
struct Chain {
    first: i64,
    end: u64,
}

impl SchedulesWriter {
    /// Returns the number of a schedule.
    pub(super) fn number(&mut self, schedule: Schedule) -> u32 {
        if let Some(known) = self.known.get(&schedule) {
            return *known;
        }
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        let number = self.count;
        self.count += 1;
        self.known.insert(schedule, number);
        self.chain.put(&schedule, &mut self.open.1);
        self.open.0 += 1;
        if self.open.0 == PAGE_SCHEDULES {
            self.close_page();
        }
        number
    }

    fn close_page(&mut self) {
        self.pages.push(std::mem::take(&mut self.open));
        self.chain = Chain::default();
    }

    /// Writes the table and returns where its root is.
    pub(super) fn write(mut self, file: &mut BlockWriter) -> Result<Location, Error> {
        if self.open.0 > 0 {
            self.close_page();
        }
        let mut root = Vec::new();
        put_varint(&mut root, self.pages.len() as u64);
        for (count, schedules) in self.pages {
            let mut page = Vec::with_capacity(schedules.len() + 2);
            put_varint(&mut page, count as u64);
            page.extend_from_slice(&schedules);
            let location = file.append(&page)?;
            put_varint(&mut root, count as u64);
            put_varint(&mut root, location.offset);
            put_varint(&mut root, location.length.into());
        }
        file.append(&root)
    }
}

impl Chain {
    fn put(&mut self, schedule: &Schedule, into: &mut Vec<u8>) {
        put_varint(into, schedule.samples.into());
        put_range(into, schedule.range, self.first);
        self.first = schedule.range.start.millis();
        let times = match schedule.times {
            Times::Even => None,
            Times::Stored(location) => Some(location),
        };
        let flag = |bit: u8, is_set: bool| if is_set { bit } else { 0 };
        into.push(
            flag(STORED_TIMES, times.is_some()) | flag(STORED_STARTS, schedule.starts.is_some()),
        );
        for stored in [times, schedule.starts].into_iter().flatten() {
            put_location(into, stored, &mut self.end);
        }
    }

    fn take(&mut self, reader: &mut Reader<'_>) -> Decoded<Schedule> {
        let samples = reader.varint_up_to(BLOCK_SAMPLES_MAX)? as u32;
        if samples == 0 {
            return Err(Malformed("a block is empty"));
        }
        let range = range(reader, self.first)?;
        self.first = range.start.millis();
        let flags = reader.u8()?;
        if flags & !(STORED_TIMES | STORED_STARTS) != 0 {
            return Err(Malformed("the times of a block are of an unknown kind"));
        }
        let times = match flags & STORED_TIMES {
            0 => Times::Even,
            _ => Times::Stored(location(reader, &mut self.end)?),
        };
        let starts = match flags & STORED_STARTS {
            0 => None,
            _ => Some(location(reader, &mut self.end)?),
        };
        Ok(Schedule {
            samples,
            range,
            times,
            starts,
        })
    }
}

/// Reads schedules by their numbers.
pub(super) struct Schedules {
    /// How many they hold, and where they are.
    pages: Vec<(u32, Location)>,
}

impl Schedules {
    pub(super) fn open(file: &BlockFile, root: Location) -> Result<Self, Error> {
        let pages = file.decode(root, decode_root)?;
        Ok(Self { pages })
    }

    /// Returns a reader that remembers the page it read last.
    pub(super) fn walk<'a>(&'a self, file: &'a BlockFile, recent: &'a Recent) -> Walk<'a> {
        Walk {
            schedules: self,
            file,
            recent,
            page: None,
            failure: None,
        }
    }

    pub(super) fn directory_bytes(&self) -> usize {
        self.pages.capacity() * size_of::<(u32, Location)>()
    }
}

pub(super) struct Walk<'a> {
    schedules: &'a Schedules,
    file: &'a BlockFile,
    recent: &'a Recent,
    page: Option<(usize, Arc<Vec<Schedule>>)>,
    /// Why a page could not be read: a decoder has no place for it.
    failure: Option<Error>,
}

impl Walk<'_> {
    pub(super) fn get(&mut self, number: u32) -> Decoded<Schedule> {
        let missing = Malformed("a block names a schedule that is not there");
        let (index, within) = (
            number as usize / PAGE_SCHEDULES,
            number as usize % PAGE_SCHEDULES,
        );
        if self.page.as_ref().is_none_or(|(known, _)| *known != index) {
            match self.read(index) {
                Ok(Some(page)) => self.page = Some((index, page)),
                Ok(None) => return Err(missing),
                Err(error) => {
                    self.failure = Some(error);
                    return Err(missing);
                }
            }
        }
        let page = self.page.as_ref().and_then(|(_, page)| page.get(within));
        page.copied().ok_or(missing)
    }

    /// Returns why the last page could not be read, if it could not.
    pub(super) fn failure(self) -> Option<Error> {
        self.failure
    }

    fn read(&self, index: usize) -> Result<Option<Arc<Vec<Schedule>>>, Error> {
        let Some((count, location)) = self.schedules.pages.get(index).copied() else {
            return Ok(None);
        };
        let page = self.recent.get(FileKind::Series, location, count, || {
            let page = self.file.decode(location, decode_page)?;
            if page.len() != count as usize {
                let what = "a page holds another number of schedules than the root says";
                return Err(self.file.corrupt(location.offset, what));
            }
            let bytes = page.capacity() * size_of::<Schedule>();
            Ok((page, bytes))
        });
        page.map(Some)
    }
}

pub(super) fn decode_page(bytes: &[u8]) -> Decoded<Vec<Schedule>> {
    let mut reader = Reader::new(bytes);
    let count = reader.varint_up_to(PAGE_SCHEDULES)?;
    let mut chain = Chain::default();
    let page = (0..count)
        .map(|_| chain.take(&mut reader))
        .collect::<Decoded<_>>()?;
    reader.end()?;
    Ok(page)
}

pub(super) fn decode_root(bytes: &[u8]) -> Decoded<Vec<(u32, Location)>> {
    let mut reader = Reader::new(bytes);
    let count = reader.count(3)?;
    let pages = (0..count)
        .map(|index| {
            let held = reader.varint_up_to(PAGE_SCHEDULES)?;
            // The number of a schedule says in which page it is.
            if held != PAGE_SCHEDULES && index + 1 != count {
                return Err(Malformed("a page of schedules is not full"));
            }
            let location = Location {
                offset: reader.varint()?,
                length: reader.varint_u32()?,
            };
            Ok((held as u32, location))
        })
        .collect::<Decoded<_>>()?;
    reader.end()?;
    Ok(pages)
}
