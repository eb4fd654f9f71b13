//! Where a repository is: a folder, or a URL of an object store.

use std::path::PathBuf;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::prefix::PrefixStore;
use url::Url;

use crate::{Error, ErrorKind, Repository, Result};

/// Where a repository is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A folder: a path or `file:///path`.
    Folder(PathBuf),
    /// `s3://bucket/prefix`; only builds with the feature `s3` can open it.
    S3(Url),
}

impl Location {
    /// Reads a path or a URL.
    ///
    /// # Errors
    /// `Usage` for a scheme that is not known, or that this build cannot speak.
    pub fn parse(text: &str) -> Result<Self> {
        let usage = |what: String| Error::new(ErrorKind::Usage, what);
        let Some((scheme, _)) = text.split_once("://") else {
            return match text.is_empty() {
                true => Err(usage("wanted a folder or a URL, found nothing".into())),
                false => Ok(Self::Folder(text.into())),
            };
        };
        let url =
            || Url::parse(text).map_err(|error| usage(format!("{text:?} is no URL: {error}")));
        match scheme {
            "file" => {
                let path = url()?.to_file_path();
                path.map(Self::Folder)
                    .map_err(|()| usage(format!("{text:?} is no path; write file:///path")))
            }
            "s3" if !cfg!(feature = "s3") => Err(usage(
                "this build of plimsoll does not speak S3: build it with --features s3, or name a folder".into(),
            )),
            "s3" => {
                let url = url()?;
                match url.host_str() {
                    Some(_) => Ok(Self::S3(url)),
                    None => Err(usage(format!("{text:?} names no bucket; write s3://bucket/prefix"))),
                }
            }
            other => Err(usage(format!(
                "{other}:// is no place for backups: wanted a folder, file:///path or s3://bucket/prefix"
            ))),
        }
    }

    /// Opens the repository. `options` are those of object stores by the names of their environment variables
    /// (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT`, ...); names that mean nothing are passed over.
    ///
    /// # Errors
    /// `NotFound` when there is no such folder, `Io`, `Usage`, `Repository`.
    pub fn open(&self, options: &[(String, String)]) -> Result<Repository> {
        let store: Arc<dyn ObjectStore> = match self {
            Self::Folder(path) => {
                if !path.is_dir() {
                    let what = format!("there is no folder {}", path.display());
                    return Err(Error::new(ErrorKind::NotFound, what));
                }
                let opened = LocalFileSystem::new_with_prefix(path);
                let opened =
                    opened.map_err(|error| Error::repository("open", &self.to_string(), error));
                // What is told to be there must survive a power loss, as in an object store.
                Arc::new(opened?.with_fsync(true))
            }
            Self::S3(url) => {
                let options = options.iter().map(|(name, value)| (name, value.clone()));
                let (store, prefix) = object_store::parse_url_opts(url, options)
                    .map_err(|error| Error::repository("open", &self.to_string(), error))?;
                Arc::new(PrefixStore::new(store, prefix))
            }
        };
        Repository::new(store, self.to_string())
    }

    /// Opens the repository, and makes its folder when there is none.
    ///
    /// # Errors
    /// `Io`, `Usage`, `Repository`.
    pub fn open_or_make(&self, options: &[(String, String)]) -> Result<Repository> {
        if let Self::Folder(path) = self {
            std::fs::create_dir_all(path).map_err(|error| Error::io("make", path, error))?;
        }
        self.open(options)
    }
}

/// Without user and password.
impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(path) => path.display().fmt(f),
            Self::S3(url) => {
                let bucket = url.host_str().unwrap_or_default();
                write!(f, "s3://{bucket}{}", url.path())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_urls_are_told_apart() {
        let folder = |path: &str| Location::Folder(path.into());
        for (text, expected) in [
            ("backups", folder("backups")),
            ("/mnt/b", folder("/mnt/b")),
            ("file:///mnt/b%20c", folder("/mnt/b c")),
        ] {
            assert_eq!(Location::parse(text).unwrap(), expected, "{text}");
        }
        for text in ["", "file://host/x", "gs://bucket", "http://127.0.0.1/x"] {
            let error = Location::parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Usage, "{text}");
        }
    }

    #[test]
    fn s3_is_for_builds_that_speak_it() {
        let parsed = Location::parse("s3://user:pw@bucket/prefix");
        match cfg!(feature = "s3") {
            true => assert_eq!(parsed.unwrap().to_string(), "s3://bucket/prefix"),
            false => assert!(parsed.unwrap_err().to_string().contains("--features s3")),
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Folder(folder.path().join("absent"));
        assert_eq!(
            location.open(&[]).err().unwrap().kind(),
            ErrorKind::NotFound
        );
        assert!(location.open_or_make(&[]).is_ok());
        assert!(location.open(&[]).is_ok());
    }
}
