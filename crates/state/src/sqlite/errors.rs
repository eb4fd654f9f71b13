//! What SQLite's result codes mean for whoever runs the program.

use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind};

/// Tells errors of the database at one path.
#[derive(Clone, Debug)]
pub(crate) struct Errors {
    path: PathBuf,
}

impl Errors {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.into() }
    }

    /// Makes an error of what SQLite said; `doing` completes "cannot ...".
    pub(crate) fn tell(&self, doing: &str, error: sqlx::Error) -> Error {
        let (kind, advice) = match &error {
            sqlx::Error::Database(error) => meaning(primary_code(error.as_ref())),
            sqlx::Error::PoolClosed => return Error::closed(),
            sqlx::Error::PoolTimedOut => (ErrorKind::Overloaded, "all readers are busy"),
            sqlx::Error::Io(_) => (ErrorKind::Io, "the disk said no"),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                (ErrorKind::Corrupt, "a row is damaged")
            }
            _ => (ErrorKind::Internal, "this is an error of the program"),
        };
        let path = self.path.display();
        Error::new(kind, format!("cannot {doing} {path}: {advice}")).because(error)
    }
}

/// Returns the low byte of the result code; the rest tells which call it was.
fn primary_code(error: &dyn sqlx::error::DatabaseError) -> i32 {
    let code = error.code();
    let code = code.and_then(|code| code.parse::<i32>().ok());
    code.unwrap_or(0) & 0xff
}

/// The numbers are those of <https://www.sqlite.org/rescode.html>.
fn meaning(code: i32) -> (ErrorKind, &'static str) {
    match code {
        3 | 8 => (
            ErrorKind::ReadOnly,
            "it takes no writes; let the user of this program write the file and its directory",
        ),
        5 | 6 => (
            ErrorKind::Locked,
            "another program holds a lock in it; end that program's transaction",
        ),
        10 => (
            ErrorKind::Io,
            "the disk said no; look at the system's log for the disk's errors",
        ),
        11 => (
            ErrorKind::Corrupt,
            "the file is damaged; move state.db, state.db-wal and state.db-shm away and put back a copy, or start \
             without: alerts then begin anew",
        ),
        13 => (ErrorKind::NoSpace, "the disk is full; make room"),
        14 => (
            ErrorKind::Io,
            "a file cannot be opened; look at the rights of the directory and at the limit of open files",
        ),
        26 => (
            ErrorKind::Foreign,
            "it is not a file of SQLite; move it away, or put back a copy of the state",
        ),
        _ => (ErrorKind::Internal, "this is an error of the program"),
    }
}
