//! A file of the store on its way out: its bytes are compared with what the store recorded when it wrote them.

use std::path::PathBuf;
use std::sync::Arc;

use plimsoll_runtime::disk::DiskFile;

use crate::repository::PIECE;
use crate::{Error, ErrorKind, FileEntry, Result, Source};

/// An object has at most 10,000 pieces, by S3's rules; some room is left.
const PIECES_MAX: u64 = 9_000;

/// An open file of the store, of the right length.
pub(crate) struct Outgoing<'a> {
    file: &'a FileEntry,
    path: PathBuf,
    opened: Arc<dyn DiskFile>,
}

impl<'a> Outgoing<'a> {
    pub(crate) fn open(source: &Source, file: &'a FileEntry) -> Result<Self> {
        let path = source.path(&file.path);
        let failed = |error| Error::io("read", &path, error);
        let opened = source.disk.open(&path).map_err(failed)?;
        let length = opened.length().map_err(failed)?;
        let outgoing = Self { file, path, opened };
        match length == file.length {
            true => Ok(outgoing),
            false => {
                let wanted = file.length;
                Err(outgoing.damaged(format!("it has {length} bytes, wanted {wanted}")))
            }
        }
    }

    /// Returns all its bytes, checked; `None` when it is so long that it goes out in pieces.
    pub(crate) fn whole(&self) -> Result<Option<Vec<u8>>> {
        if self.file.length > self.piece_length() {
            return Ok(None);
        }
        let bytes = self.read(0)?;
        self.check(crc32c::crc32c(&bytes))?;
        Ok(Some(bytes))
    }

    /// Gives its pieces to `take`, and fails at the end when they were not what the store wrote.
    pub(crate) fn pieces(&self, take: &mut dyn FnMut(Vec<u8>) -> Result<()>) -> Result<()> {
        let (mut offset, mut crc) = (0, 0);
        while offset < self.file.length {
            let piece = self.read(offset)?;
            offset += piece.len() as u64;
            crc = crc32c::crc32c_append(crc, &piece);
            take(piece)?;
        }
        self.check(crc)
    }

    fn piece_length(&self) -> u64 {
        PIECE.max(self.file.length.div_ceil(PIECES_MAX))
    }

    fn read(&self, offset: u64) -> Result<Vec<u8>> {
        let length = self.piece_length().min(self.file.length - offset);
        let mut piece = vec![0; length as usize];
        let read = self.opened.read_exact_at(&mut piece, offset);
        read.map_err(|error| Error::io("read", &self.path, error))?;
        Ok(piece)
    }

    fn check(&self, found: u32) -> Result<()> {
        let wanted = self.file.crc32c;
        match found == wanted {
            true => Ok(()),
            false => Err(self.damaged(format!(
                "its checksum is {found:08x}, wanted {wanted:08x}; all damage is shown by: plimsoll tsdb verify"
            ))),
        }
    }

    fn damaged(&self, what: String) -> Error {
        let what = format!("{} is damaged: {what}", self.path.display());
        Error::new(ErrorKind::Damaged, what)
    }
}
