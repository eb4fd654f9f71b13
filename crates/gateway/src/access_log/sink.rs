//! A file that may be moved away, or stdout.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Where bytes go.
#[derive(Debug)]
pub(super) struct Sink {
    target: Target,
    /// The last write broke off within a line.
    is_broken: bool,
    /// The last write failed, which was told.
    has_failed: bool,
    /// Memory for lines, empty.
    room: Vec<u8>,
}

#[derive(Debug)]
enum Target {
    Stdout,
    File { path: PathBuf, file: File },
}

impl Sink {
    pub(super) fn open(path: Option<&Path>) -> io::Result<Self> {
        let target = match path {
            None => Target::Stdout,
            Some(path) => Target::File {
                path: path.into(),
                file: append_to(path)?,
            },
        };
        Ok(Self {
            target,
            is_broken: false,
            has_failed: false,
            room: Vec::new(),
        })
    }

    /// Returns memory for lines.
    pub(super) fn take_room(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.room)
    }

    /// Keeps memory for the next time.
    pub(super) fn keep_room(&mut self, room: Vec<u8>) {
        self.room = room;
    }

    /// Writes whole lines. After an error some of them may be there; what comes next begins on a line of its own.
    pub(super) fn write(&mut self, lines: &[u8]) -> Result<(), ()> {
        let written = self.write_all(lines);
        match &written {
            Ok(()) if self.has_failed => tracing::info!("the access log is written again"),
            Err(error) if !self.has_failed => {
                tracing::error!(error = error as &dyn std::error::Error, path = ?self.path(), "the access log cannot be written");
            }
            _ => {}
        }
        self.has_failed = written.is_err();
        written.map_err(drop)
    }

    fn write_all(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.is_broken {
            self.put(b"\n")?;
            self.is_broken = false;
        }
        self.put(lines).inspect_err(|_| self.is_broken = true)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.target {
            Target::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(bytes)?;
                stdout.flush()
            }
            Target::File { file, .. } => file.write_all(bytes),
        }
    }

    /// Opens the file again: it may have been moved away.
    pub(super) fn open_again(&mut self) {
        let Target::File { path, file } = &mut self.target else {
            return;
        };
        match append_to(path) {
            Ok(opened) => {
                *file = opened;
                self.is_broken = false;
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, path = %path.display(),
                    "the access log cannot be opened again; lines go where they went before");
            }
        }
    }

    fn path(&self) -> Option<&Path> {
        match &self.target {
            Target::Stdout => None,
            Target::File { path, .. } => Some(path),
        }
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    let opened = OpenOptions::new().create(true).append(true).open(path);
    opened.map_err(|error| {
        let message = format!("cannot open the access log {}: {error}", path.display());
        io::Error::new(error.kind(), message)
    })
}
