//! Where rows are kept, as configuration names it. A password in it is never shown.

use std::fmt;
use std::path::{Path, PathBuf};

use plimsoll_runtime::http::Secret;
use url::Url;

use crate::error::{Error, ErrorKind, Result};

/// The name of the file in a data directory.
const FILE: &str = "state.db";
/// What a PostgreSQL URL may ask for; anything else is refused rather than ignored.
const PARAMETERS: [&str; 6] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "application_name",
];

/// Where rows are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A file of SQLite.
    Sqlite(PathBuf),
    /// A PostgreSQL.
    Postgres(Server),
}

/// A database of a PostgreSQL; the URL is a secret, because it may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    url: Secret,
    shown: String,
}

impl Location {
    /// Returns where rows are kept when nothing else is said: a file in the data directory.
    pub fn in_directory(data: &Path) -> Self {
        Self::Sqlite(data.join(FILE))
    }

    /// Reads `sqlite:<path>` or `postgres://user:password@host:port/database?sslmode=verify-full`.
    ///
    /// A relative path is one below `data`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`], without the text itself.
    pub fn parse(text: &str, data: &Path) -> Result<Self> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            // `sqlite:///var/lib/state.db`, as other programs write it, is the absolute path.
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.contains(['?', '\0']) {
                return Err(config("`sqlite:` is followed by the path of a file"));
            }
            return Ok(Self::Sqlite(data.join(path)));
        }
        if ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| text.starts_with(scheme))
        {
            return Server::parse(text).map(Self::Postgres);
        }
        Err(config(
            "a place for the state begins with `sqlite:` or `postgres://`",
        ))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(server) => f.write_str(&server.shown),
        }
    }
}

impl Server {
    fn parse(text: &str) -> Result<Self> {
        // The parser's own error would not repeat the text, but a later version of it might.
        let mut url = Url::parse(text)
            .map_err(|error| config(&format!("the URL of the PostgreSQL: {error}")))?;
        check_shape(&url)?;
        if url.password().is_some() {
            let masked = url.set_password(Some("MASKED"));
            debug_assert!(masked.is_ok(), "a URL with a password can have another one");
        }
        url.set_query(None);
        Ok(Self {
            url: Secret::new(text),
            shown: url.to_string().replacen(":MASKED@", ":<secret>@", 1),
        })
    }

    /// Returns the whole URL, for the one place that connects.
    pub(crate) fn url(&self) -> &str {
        self.url.expose()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Refuses what a password makes of a URL when its `/`, `?` or `#` are not escaped: the rest of it would be shown as a part
/// that is no secret. No part is repeated, because any may be of the password.
fn check_shape(url: &Url) -> Result<()> {
    const ESCAPED: &str = "in a password `/` is written as %2F, `?` as %3F, `#` as %23, `@` as %40";
    if url
        .query_pairs()
        .any(|(name, _)| !PARAMETERS.contains(&name.as_ref()))
    {
        return Err(config(&format!(
            "the URL of the PostgreSQL has another parameter than {}; {ESCAPED}",
            PARAMETERS.join(", ")
        )));
    }
    let database = url.path().strip_prefix('/').unwrap_or_default();
    if database.is_empty() || database.contains(['/', '@']) || url.fragment().is_some() {
        return Err(config(&format!(
            "the URL of the PostgreSQL is not postgres://user:password@host/database; {ESCAPED}"
        )));
    }
    Ok(())
}

fn config(wrong: &str) -> Error {
    Error::new(ErrorKind::Config, wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Location> {
        Location::parse(text, Path::new("data"))
    }

    #[test]
    fn paths_are_below_the_data_directory_or_absolute() {
        for (text, path) in [
            ("sqlite:other.db", "data/other.db"),
            ("sqlite:/var/lib/state.db", "/var/lib/state.db"),
            ("sqlite:///var/lib/state.db", "/var/lib/state.db"),
        ] {
            assert_eq!(
                parse(text).unwrap(),
                Location::Sqlite(path.into()),
                "{text}"
            );
        }
        let default = Location::in_directory(Path::new("data"));
        assert_eq!(default.to_string(), "sqlite:data/state.db");
    }

    #[test]
    fn a_password_is_shown_nowhere() {
        let location = parse("postgres://me:hunter2@db:5433/state?sslmode=require").unwrap();
        for shown in [location.to_string(), format!("{location:?}")] {
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(
                shown.contains("postgres://me:<secret>@db:5433/state"),
                "{shown}"
            );
        }
    }

    #[test]
    fn refuses_without_repeating_the_text() {
        for text in [
            "",
            "mysql://me:hunter2@db/state",
            "sqlite:",
            "sqlite:state.db?mode=memory",
            "postgres://me:hunter2@db:notaport/state",
            "postgres://me:hunter2@db",
            "postgres://me:hunter2@db/",
            "postgres://me:hunter2@db/state?options=-csearch_path=x",
            // Passwords with characters that end a part of a URL.
            "postgres://me:12/hunter2@db/state",
            "postgres://me:hunter2/hunter2@db/state",
            "postgres://me:x@hunter2/hunter2@db",
            "postgres://me:12?hunter2@db/state",
            "postgres://me:12#hunter2@db/state",
            "postgres://me:x@db/state?hunter2=1",
            "postgres://me:x@db/state#hunter2",
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{text}");
            assert!(!error.chain().contains("hunter2"), "{}", error.chain());
        }
    }
}
