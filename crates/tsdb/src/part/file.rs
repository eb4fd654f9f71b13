//! Files of checked blocks: what every file of a part but `meta` is made of.
//!
//! ```text
//! +--------------+  +-----------------------------------+ ...
//! | magic        |  | payload        | CRC32C           |
//! | 8 bytes      |  | length bytes   | 4 bytes, LE      |
//! +--------------+  +-----------------------------------+ ...
//! ```
//!
//! A block is found by its [`Location`], which is written wherever it is referred to. Its checksum is taken over its
//! own offset (8 bytes, LE) and then the payload, so that a block read from the wrong place is noticed as well.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_runtime::disk::{Disk, DiskFile};

use super::bytes::{Decoded, Malformed};
use super::error::Error;
use super::meta::FileMeta;
use super::open_files::{OpenFiles, PartFile};

pub(super) const MAGIC_LENGTH: u64 = 8;
pub(super) const CRC_LENGTH: u64 = 4;
/// How many bytes are gathered before they are written: few system calls, little memory.
const BUFFER_LENGTH: usize = 256 << 10;
/// How many bytes a whole-file check reads at once.
const SCAN_LENGTH: u64 = 1 << 20;

/// The files of a part, `meta` aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum FileKind {
    Values,
    Times,
    Histograms,
    Exemplars,
    Series,
    Symbols,
    Postings,
}

impl FileKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Values => "values.bin",
            Self::Times => "times.bin",
            Self::Histograms => "hist.bin",
            Self::Exemplars => "exemplars.bin",
            Self::Series => "series.idx",
            Self::Symbols => "symbols",
            Self::Postings => "postings",
        }
    }

    fn magic(self) -> &'static [u8; MAGIC_LENGTH as usize] {
        match self {
            Self::Values => b"PLIMval\0",
            Self::Times => b"PLIMtim\0",
            Self::Histograms => b"PLIMhis\0",
            Self::Exemplars => b"PLIMexe\0",
            Self::Series => b"PLIMser\0",
            Self::Symbols => b"PLIMsym\0",
            Self::Postings => b"PLIMpos\0",
        }
    }
}

/// Where a block is: `offset` is that of the payload, `length` does not count the checksum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Location {
    pub(super) offset: u64,
    pub(super) length: u32,
}

impl Location {
    /// Returns where the next block begins.
    pub(super) fn end(self) -> u64 {
        self.offset
            .saturating_add(u64::from(self.length))
            .saturating_add(CRC_LENGTH)
    }
}

/// Writes a file of blocks from the front to the back.
pub(super) struct BlockWriter {
    file: Arc<dyn DiskFile>,
    path: PathBuf,
    kind: FileKind,
    buffer: Vec<u8>,
    written: u64,
    crc32c: u32,
}

impl BlockWriter {
    pub(super) fn create(disk: &dyn Disk, directory: &Path, kind: FileKind) -> Result<Self, Error> {
        let path = directory.join(kind.name());
        let file = disk.create(&path).map_err(Error::io("creating", &path))?;
        Ok(Self {
            file,
            path,
            kind,
            buffer: kind.magic().to_vec(),
            written: 0,
            crc32c: 0,
        })
    }

    pub(super) fn append(&mut self, payload: &[u8]) -> Result<Location, Error> {
        let offset = self.written + self.buffer.len() as u64;
        let length = u32::try_from(payload.len())
            .map_err(|_| Error::invalid("a block would be longer than 4 GiB"))?;
        self.buffer.extend_from_slice(payload);
        let crc = block_crc(offset, payload);
        self.buffer.extend_from_slice(&crc.to_le_bytes());
        if self.buffer.len() >= BUFFER_LENGTH {
            self.flush()?;
        }
        Ok(Location { offset, length })
    }

    /// Makes the file durable; its name becomes durable with the directory.
    pub(super) fn finish(mut self) -> Result<FileMeta, Error> {
        self.flush()?;
        self.file
            .sync_data()
            .map_err(Error::io("syncing", &self.path))?;
        Ok(FileMeta {
            name: self.kind.name().into(),
            length: self.written,
            crc32c: self.crc32c,
        })
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.file
            .write_all_at(&self.buffer, self.written)
            .map_err(Error::io("writing", &self.path))?;
        self.crc32c = crc32c::crc32c_append(self.crc32c, &self.buffer);
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// Reads blocks from anywhere in a file.
pub(super) struct BlockFile {
    file: PartFile,
    length: u64,
    crc32c: u32,
}

impl BlockFile {
    /// Opens the file and checks its length and magic.
    pub(super) fn open(
        disk: &Arc<dyn Disk>,
        directory: &Path,
        kind: FileKind,
        meta: &FileMeta,
        files: &Arc<OpenFiles>,
    ) -> Result<Self, Error> {
        let path = directory.join(kind.name());
        let opened = Self {
            file: PartFile::new(disk.clone(), path, files.clone()),
            length: meta.length,
            crc32c: meta.crc32c,
        };
        let length = opened.handle()?.length();
        let length = length.map_err(Error::io("reading", opened.file.path()))?;
        if length != meta.length || length < MAGIC_LENGTH {
            let what = format!("wanted {} bytes, found {length}", meta.length);
            return Err(opened.corrupt(0, what));
        }
        let mut magic = [0; MAGIC_LENGTH as usize];
        opened.read_at(&mut magic, 0)?;
        if magic != *kind.magic() {
            return Err(opened.corrupt(0, "the file does not begin as one of its kind"));
        }
        if length == MAGIC_LENGTH {
            // Nobody reads it: many parts have neither histograms nor exemplars.
            opened.file.close();
        }
        Ok(opened)
    }

    pub(super) fn corrupt(&self, offset: u64, what: impl Into<String>) -> Error {
        Error::corrupt(self.file.path(), offset, what)
    }

    /// Reads a block and checks it.
    pub(super) fn block(&self, location: Location) -> Result<Vec<u8>, Error> {
        // The file's length is a fact, the location is a claim.
        if location.offset < MAGIC_LENGTH || location.end() > self.length {
            return Err(self.corrupt(
                location.offset,
                format!("a block of {} bytes is outside the file", location.length),
            ));
        }
        let mut payload = vec![0; location.length as usize + CRC_LENGTH as usize];
        self.read_at(&mut payload, location.offset)?;
        let (bytes, crc) = payload.split_at(location.length as usize);
        let found = block_crc(location.offset, bytes);
        if crc != found.to_le_bytes() {
            let wanted = u32::from_le_bytes(crc.try_into().expect("four bytes were read behind"));
            return Err(self.corrupt(
                location.offset,
                format!("wanted the checksum {wanted:08x}, found {found:08x}"),
            ));
        }
        payload.truncate(location.length as usize);
        Ok(payload)
    }

    /// Reads a block and decodes it; what the decoder refuses is corruption of this file.
    pub(super) fn decode<T>(
        &self,
        location: Location,
        decoder: impl FnOnce(&[u8]) -> Decoded<T>,
    ) -> Result<T, Error> {
        let payload = self.block(location)?;
        decoder(&payload).map_err(|Malformed(what)| self.corrupt(location.offset, what))
    }

    /// Reads the whole file and compares it with the checksum in `meta`.
    /// `pace` hears of every so many bytes and may end it.
    pub(super) fn verify(
        &self,
        pace: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Error> {
        let mut buffer = vec![0; SCAN_LENGTH.min(self.length) as usize];
        let (mut offset, mut crc) = (0, 0);
        while offset < self.length {
            let length = SCAN_LENGTH.min(self.length - offset) as usize;
            self.read_at(&mut buffer[..length], offset)?;
            crc = crc32c::crc32c_append(crc, &buffer[..length]);
            offset += length as u64;
            if pace(length as u64).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        if crc != self.crc32c {
            let what = format!(
                "wanted the file checksum {:08x}, found {crc:08x}",
                self.crc32c
            );
            return Err(self.corrupt(0, what));
        }
        Ok(ControlFlow::Continue(()))
    }

    fn handle(&self) -> Result<Arc<dyn DiskFile>, Error> {
        let opened = self.file.open();
        opened.map_err(|source| missing(self.file.path(), source))
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> Result<(), Error> {
        self.handle()?
            .read_exact_at(into, offset)
            .map_err(|source| match source.kind() {
                std::io::ErrorKind::UnexpectedEof => {
                    self.corrupt(offset, "the file became shorter while it was in use")
                }
                _ => Error::io("reading", self.file.path())(source),
            })
    }
}

/// A file that `meta` promises and that is not there is damage, not a passing fault of the disk.
pub(super) fn missing(path: &Path, source: std::io::Error) -> Error {
    match source.kind() {
        std::io::ErrorKind::NotFound => Error::corrupt(path, 0, "the file is missing"),
        _ => Error::io("opening", path)(source),
    }
}

fn block_crc(offset: u64, payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&offset.to_le_bytes()), payload)
}
