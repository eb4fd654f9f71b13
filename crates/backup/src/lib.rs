//! Backups of a store: incremental, in a folder or an object store, and restored only when every byte is right.
//!
//! # What it is for
//! Keeps copies of a data directory elsewhere, so that a machine may be lost, and puts one back. A backup costs what changed
//! since the one before: parts never change, so most of them are there already.
//!
//! # Model
//! A [`Source`] is a data directory that stands still: a snapshot, or one that nobody has open. A [`Repository`] is where
//! backups are kept. It holds *objects*, each the bytes of one file, and [`Backup`]s, each a list of [`FileEntry`]s that
//! names its objects and is written last. [`create()`] adds a backup, [`prune()`] removes old ones, [`verify()`] reads them
//! back, [`restore()`] makes a data directory of one.
//!
//! ```text
//! <repository>/backups/<number>-<time>-<8 hex digits>                     a backup: text with a checksum
//! <repository>/objects/<path>/<length>-<crc32c>-<digest>                  the bytes of a file
//! <repository>/leases/{backup,prune}-<8 hex digits>                       who works here at the moment
//! ```
//!
//! # Invariants
//! - A backup that is listed is whole: its objects were there, with the right length, before it was written.
//! - An object is put in one piece or not at all, after its bytes were compared with the checksum that the store recorded
//!   when it wrote them. Nothing that a backup names is ever written over with something else.
//! - Nothing is removed while a backup is being made, and no backup is made while something is removed ([`prune()`]).
//! - A directory that is being restored is no store until its last byte is verified and durable.
//! - Calls block; no clock but the one given, and the repository's own for its leases.
//! - Deliberately absent: encryption and compression (parts are compressed; repositories encrypt at rest), scheduling.
//!
//! # How to extend
//! Another kind of repository is a scheme in `location.rs` and a feature of `object_store`. The format is drawn in
//! `docs/formats/backup.md`.
//!
//! # Sources
//! restic's and git's content-addressed stores; vmbackup for what operators of metric stores expect; Lamport, "A fast
//! mutual exclusion algorithm" (1987) for announcing oneself before looking at others.

mod create;
mod entry;
mod error;
mod lease;
mod list;
mod location;
mod manifest;
mod outgoing;
mod progress;
mod prune;
mod repository;
mod restore;
mod source;
mod verify;

pub use create::{CreateOptions, create};
pub use entry::FileEntry;
pub use error::{Error, ErrorKind, Result};
pub use list::{Listed, find, list};
pub use location::Location;
pub use manifest::{Backup, InvalidBackup};
pub use progress::{Progress, Quiet, Watch};
pub use prune::{PruneOptions, Pruned, prune};
pub use repository::Repository;
pub use restore::{Restored, UNFINISHED, restore};
pub use source::Source;
pub use verify::{Verified, verify};
