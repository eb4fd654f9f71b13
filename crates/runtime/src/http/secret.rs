//! Secrets that cannot be printed by accident, and the files they come from.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Error, ErrorKind};

/// The most bytes a file with a secret, a key or certificates may have: room for a system's whole CA bundle.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// What stands in the place of a secret wherever one would be shown.
const MASK: &str = "<secret>";

/// A text that must not be shown: `Debug`, `Display` and `Serialize` all give `<secret>`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(Box<str>);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// Returns the text, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// Where a secret, a key or a certificate is to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// In the configuration.
    Inline(Secret),
    /// In a file that is read anew on each use, so that whoever rotates it need not tell us.
    File(PathBuf),
}

impl SecretSource {
    /// Wraps a text.
    pub fn inline(text: impl Into<Box<str>>) -> Self {
        Self::Inline(Secret::new(text))
    }

    /// Returns the text without white space around it; blocks when it is in a file.
    ///
    /// # Errors
    /// [`ErrorKind::Secret`] when the file cannot be read, is no UTF-8 or has more than 4 MiB.
    pub fn read(&self) -> Result<Secret, Error> {
        match self {
            Self::Inline(secret) => Ok(secret.clone()),
            Self::File(path) => read_file(path),
        }
    }

    /// Reads as [`read`](Self::read) does, without blocking the caller's thread: a file may be on a network that hangs.
    pub(super) async fn read_off_thread(&self) -> Result<Secret, Error> {
        if let Self::Inline(secret) = self {
            return Ok(secret.clone());
        }
        let source = self.clone();
        #[expect(
            clippy::disallowed_methods,
            reason = "a client has no supervisor, and reading a file does not panic; a failed join is an error here"
        )]
        let reading = tokio::task::spawn_blocking(move || source.read());
        reading.await.map_err(|error| {
            Error::new(ErrorKind::Secret, "reading a file failed").with_source(error)
        })?
    }

    /// Says whether the text can change without a new configuration.
    pub(super) fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }
}

fn read_file(path: &Path) -> Result<Secret, Error> {
    use std::io::Read;
    let unreadable = |error| {
        Error::new(
            ErrorKind::Secret,
            format!("could not read {}", path.display()),
        )
        .with_source(error)
    };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut text = String::new();
    // One byte more than allowed tells a file at the limit from one above it.
    let length = file
        .take(FILE_BYTES_MAX + 1)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    if length as u64 > FILE_BYTES_MAX {
        let what = format!("{} has more than {FILE_BYTES_MAX} bytes", path.display());
        return Err(Error::new(ErrorKind::Secret, what));
    }
    Ok(Secret::new(text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_never_shown() {
        let secret = Secret::new("hunter2");
        let source = SecretSource::Inline(secret.clone());
        for shown in [
            format!("{secret}"),
            format!("{secret:?}"),
            format!("{source:#?}"),
        ] {
            assert!(shown.contains("<secret>"), "{shown}");
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn reads_a_file_anew_each_time() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("password");
        let source = SecretSource::File(path.clone());
        let missing = source.read().unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::Secret);
        assert!(
            missing.to_string().contains(&path.display().to_string()),
            "{missing}"
        );
        for text in ["first", "second"] {
            std::fs::write(&path, format!("{text}\n")).unwrap();
            assert_eq!(source.read().unwrap().expose(), text);
        }
    }

    #[test]
    fn refuses_an_endless_file() {
        let error = SecretSource::File("/dev/zero".into()).read().unwrap_err();
        assert_eq!(error.to_string(), "/dev/zero has more than 4194304 bytes");
    }
}
