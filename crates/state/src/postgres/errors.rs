//! What PostgreSQL's error codes mean for whoever runs the program.

use crate::error::{Error, ErrorKind};
use crate::location::Server;

/// Why an attempt failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What the database or the way to it said.
    Database(sqlx::Error),
    /// What we found; another attempt would find it too.
    Told(Error),
}

/// Tells errors of one server.
#[derive(Clone, Debug)]
pub(crate) struct Errors {
    place: String,
}

impl Errors {
    pub(crate) fn new(server: &Server) -> Self {
        Self {
            place: server.to_string(),
        }
    }

    /// Returns the server's name without secrets.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// Makes an error of what the database said; `doing` completes "cannot ...".
    pub(crate) fn tell(&self, doing: &str, error: sqlx::Error) -> Error {
        let (kind, advice) = match &error {
            sqlx::Error::Database(error) => meaning(error.code().as_deref().unwrap_or("")),
            error if is_mistrust(error) => (
                ErrorKind::Denied,
                "no encrypted connection can be made; look at its certificate, and name its authority with sslrootcert",
            ),
            sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => (
                ErrorKind::Unavailable,
                "it cannot be reached; look whether it runs, and at the network between",
            ),
            sqlx::Error::Configuration(_) => (ErrorKind::Config, "its URL cannot be used as it is"),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                (ErrorKind::Corrupt, "a row is damaged")
            }
            _ => (ErrorKind::Internal, "this is an error of the program"),
        };
        Error::new(kind, format!("cannot {doing} {}: {advice}", self.place)).because(error)
    }

    /// Says whether the other connections are most likely of no use any more either.
    pub(crate) fn is_server_lost(&self, error: &sqlx::Error) -> bool {
        match error {
            sqlx::Error::Database(error) => {
                let code = error.code().unwrap_or_default();
                // A standby that was a primary stays a standby: its connections are of no use any more.
                code.starts_with("57P") || code.starts_with("08") || code == "25006"
            }
            _ => true,
        }
    }

    /// Says whether the same may work in a moment.
    pub(crate) fn may_another_attempt_help(&self, error: &sqlx::Error) -> bool {
        match error {
            error if is_mistrust(error) => false,
            sqlx::Error::Database(error) => {
                let code = error.code().unwrap_or_default();
                // Restarts, too many connections, serialization and deadlocks.
                code.starts_with("57P")
                    || code.starts_with("08")
                    || matches!(&*code, "53300" | "40001" | "40P01")
            }
            sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => true,
            _ => false,
        }
    }
}

/// Says whether the two do not come to terms on an encrypted connection: rustls tells that as invalid data.
fn is_mistrust(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Tls(_) => true,
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::InvalidData,
        _ => false,
    }
}

/// The codes are those of PostgreSQL's documentation, appendix A.
fn meaning(code: &str) -> (ErrorKind, &'static str) {
    match code {
        "57014" => (
            ErrorKind::Unavailable,
            "it took too long; look at its load and at long transactions (pg_stat_activity)",
        ),
        "55P03" => (
            ErrorKind::Locked,
            "another session holds a lock; look at pg_locks",
        ),
        "53100" => (ErrorKind::NoSpace, "its disk is full; make room"),
        "25006" => (
            ErrorKind::ReadOnly,
            "it takes no writes: it is a standby or set to read only; name the primary",
        ),
        "42501" => (
            ErrorKind::Denied,
            "the user lacks a right; make the schema with CREATE SCHEMA plimsoll AUTHORIZATION <user>",
        ),
        "3D000" => (
            ErrorKind::Config,
            "there is no such database; make it with CREATE DATABASE",
        ),
        "42P01" | "42703" | "3F000" => (
            ErrorKind::Gone,
            "a table or column is gone; put back a backup, or drop the schema plimsoll and start anew",
        ),
        "58030" => (ErrorKind::Io, "its disk said no; look at its log"),
        "40001" | "40P01" => (ErrorKind::Unavailable, "other transactions were in the way"),
        code if code.starts_with("XX") => {
            (ErrorKind::Corrupt, "its files are damaged; look at its log")
        }
        code if code.starts_with("28") => (
            ErrorKind::Denied,
            "it does not let the user in; look at the user, the password and pg_hba.conf",
        ),
        code if code.starts_with("08") || code.starts_with("57P") || code.starts_with("53") => (
            ErrorKind::Unavailable,
            "it cannot serve at the moment; look whether it runs, and at its limits",
        ),
        _ => (ErrorKind::Internal, "this is an error of the program"),
    }
}
