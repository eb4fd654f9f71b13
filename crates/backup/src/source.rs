//! What is backed up: a data directory that stands still.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_runtime::disk::Disk;
use plimsoll_tsdb::manifest::Manifest;
use plimsoll_tsdb::part::Part;
use plimsoll_tsdb::wal::SegmentId;
use xxhash_rust::xxh3::{Xxh3Default, xxh3_128};

use crate::entry::{FORMAT, FileEntry, MANIFEST, PARTS, WAL};
use crate::repository::PIECE;
use crate::{Error, ErrorKind, Result};

/// What a file of the top may have; the store's own limit of its manifest.
const SMALL_MAX: u64 = 64 << 20;
/// The file of a part that names the others with length and checksum.
const META: &str = "meta";

/// A data directory that nobody changes meanwhile, and its files.
pub struct Source {
    pub(crate) disk: Arc<dyn Disk>,
    directory: PathBuf,
    pub(crate) files: Vec<FileEntry>,
}

impl Source {
    /// Finds the files that count: those of the parts that the manifest names, and the segments of the WAL. Of parts it
    /// reads what they say about themselves; the WAL is read whole.
    ///
    /// The directory must stand still: a snapshot, or one whose lock is held (`plimsoll_tsdb::ClosedStore`).
    ///
    /// # Errors
    /// `Usage` when it is no data directory, `Damaged`, `NewerVersion`, `Io`.
    pub fn read(disk: Arc<dyn Disk>, directory: &Path) -> Result<Self> {
        if !disk.exists(&directory.join(FORMAT)) {
            let what = format!(
                "{} holds no store: there is no {FORMAT}",
                directory.display()
            );
            return Err(Error::new(ErrorKind::Usage, what));
        }
        let mut source = Self {
            disk,
            directory: directory.into(),
            files: Vec::new(),
        };
        source.add_small(FORMAT)?;
        let manifest = source.add_small(MANIFEST)?;
        let manifest = Manifest::decode(&manifest).map_err(|error| {
            let what = format!("{}: {error}", source.path(MANIFEST).display());
            Error::new(ErrorKind::Damaged, what)
        })?;
        for part in &manifest.parts {
            source.add_part(&format!("{PARTS}/{:016x}", part.id))?;
        }
        source.add_wal()?;
        source.files.sort();
        Ok(source)
    }

    /// Returns the files, by path.
    pub fn files(&self) -> &[FileEntry] {
        &self.files
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.directory.join(file)
    }

    fn add_small(&mut self, name: &str) -> Result<Vec<u8>> {
        let path = self.path(name);
        let bytes = self.disk.read(&path, SMALL_MAX);
        let bytes = bytes.map_err(|error| Error::io("read", &path, error))?;
        self.files.push(FileEntry {
            path: name.into(),
            length: bytes.len() as u64,
            crc32c: crc32c::crc32c(&bytes),
            digest: xxh3_128(&bytes),
        });
        Ok(bytes)
    }

    fn add_part(&mut self, part: &str) -> Result<()> {
        let opened = Part::open(self.disk.clone(), &self.path(part));
        let opened = opened.map_err(|error| Error::from(plimsoll_tsdb::Error::from(error)))?;
        let meta = self.add_small(&format!("{part}/{META}"))?;
        let digest = xxh3_128(&meta);
        self.files
            .extend(opened.meta().files.iter().map(|file| FileEntry {
                path: format!("{part}/{}", file.name),
                length: file.length,
                crc32c: file.crc32c,
                digest,
            }));
        Ok(())
    }

    fn add_wal(&mut self) -> Result<()> {
        let directory = self.path(WAL);
        if !self.disk.exists(&directory) {
            return Ok(());
        }
        let names = self.disk.list(&directory);
        let names = names.map_err(|error| Error::io("list", &directory, error))?;
        for name in names.iter().filter(|name| SegmentId::parse(name).is_some()) {
            self.add_whole(format!("{WAL}/{name}"))?;
        }
        Ok(())
    }

    /// Adds a file that says nothing about itself.
    fn add_whole(&mut self, name: String) -> Result<()> {
        let path = self.path(&name);
        let failed = |error| Error::io("read", &path, error);
        let file = self.disk.open(&path).map_err(failed)?;
        let length = file.length().map_err(failed)?;
        let (mut crc, mut digest) = (0, Xxh3Default::new());
        let mut piece = Vec::new();
        let mut offset = 0;
        while offset < length {
            piece.resize(PIECE.min(length - offset) as usize, 0);
            file.read_exact_at(&mut piece, offset).map_err(failed)?;
            crc = crc32c::crc32c_append(crc, &piece);
            digest.update(&piece);
            offset += piece.len() as u64;
        }
        self.files.push(FileEntry {
            path: name,
            length,
            crc32c: crc,
            digest: digest.digest128(),
        });
        Ok(())
    }
}
