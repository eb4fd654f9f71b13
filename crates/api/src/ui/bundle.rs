//! The built user interface: files inside the program, each with what a browser needs to keep it.
//!
//! `cargo xtask ui` makes the files and `cargo build` takes them in as they are; without them the bundle is empty, and
//! the pages of [`minimal`](super::minimal) are all that people get.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use axum::body::Bytes;
use rust_embed::RustEmbed;

/// The page of all screens.
const INDEX: &str = "index.html";
/// What a compressed file has behind the name of the one that it is made of.
const COMPRESSED: &str = ".gz";

#[derive(RustEmbed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Dist;

/// The files of the user interface, by their paths without a slash at the begin. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Bundle(Arc<BTreeMap<String, Asset>>);

/// A file.
#[derive(Clone, Debug)]
pub(super) struct Asset {
    pub(super) bytes: Bytes,
    /// The same compressed, where it was worth it.
    pub(super) gzip: Option<Bytes>,
    pub(super) content_type: &'static str,
    /// A hash of what is in it.
    pub(super) hash: String,
}

impl Bundle {
    /// Returns the files that were there when the program was built.
    pub fn embedded() -> Self {
        let files = Dist::iter().filter_map(|path| {
            let bytes = match Dist::get(&path)?.data {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => bytes.into(),
            };
            Some((path.into_owned(), bytes))
        });
        Self::of(files)
    }

    /// Says whether the whole user interface was there when the program was built.
    pub fn is_built() -> bool {
        Dist::get(INDEX).is_some()
    }

    /// Makes one of files; `x.js.gz` is the compressed form of `x.js`.
    pub fn of(files: impl IntoIterator<Item = (String, Bytes)>) -> Self {
        let (mut assets, mut compressed) = (BTreeMap::new(), Vec::new());
        // What tools leave for each other is hidden, and nobody's business.
        let is_shown = |path: &str| !path.split('/').any(|part| part.starts_with('.'));
        for (path, bytes) in files.into_iter().filter(|(path, _)| is_shown(path)) {
            match path.strip_suffix(COMPRESSED) {
                Some(plain) => compressed.push((plain.to_owned(), bytes)),
                None => {
                    assets.insert(path.clone(), Asset::new(&path, bytes));
                }
            }
        }
        for (path, bytes) in compressed {
            if let Some(asset) = assets.get_mut(&path) {
                asset.gzip = Some(bytes);
            }
        }
        Self(Arc::new(assets))
    }

    /// Says whether the whole user interface is there.
    pub fn is_full(&self) -> bool {
        self.index().is_some()
    }

    pub(super) fn index(&self) -> Option<&Asset> {
        self.0.get(INDEX)
    }

    /// Returns the file of a request's path. Nothing in the path is decoded: files have plain names.
    pub(super) fn file(&self, path: &str) -> Option<&Asset> {
        self.0.get(path.strip_prefix('/')?)
    }
}

impl Asset {
    fn new(path: &str, bytes: Bytes) -> Self {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        Self {
            hash: format!("{:016x}-{:x}", hasher.finish(), bytes.len()),
            content_type: content_type(path),
            gzip: None,
            bytes,
        }
    }
}

fn content_type(path: &str) -> &'static str {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(files: &[(&str, &'static str)]) -> Bundle {
        let files = files.iter();
        Bundle::of(
            files.map(|(path, text)| ((*path).to_owned(), Bytes::from_static(text.as_bytes()))),
        )
    }

    #[test]
    fn compressed_files_belong_to_plain_ones() {
        let bundle = bundle(&[
            ("a.js.gz", "small"),
            ("a.js", "large"),
            ("b.js.gz", "lost"),
            (".vite/m.json", "{}"),
        ]);
        assert!(bundle.file("/.vite/m.json").is_none());
        let asset = bundle.file("/a.js").unwrap();
        assert_eq!(asset.gzip.as_deref(), Some(&b"small"[..]));
        assert!(bundle.file("/a.js.gz").is_none() && bundle.file("/b.js").is_none());
        assert!(bundle.file("a.js").is_none() && bundle.file("//a.js").is_none());
        assert!(!bundle.is_full());
    }

    #[test]
    fn other_bytes_have_another_hash() {
        let hash = |text| {
            bundle(&[("index.html", text)])
                .index()
                .unwrap()
                .hash
                .clone()
        };
        assert_eq!(hash("one"), hash("one"));
        assert_ne!(hash("one"), hash("two"));
    }

    #[test]
    fn what_was_built_is_whole() {
        let bundle = Bundle::embedded();
        let Some(index) = bundle.index() else {
            println!("skipped: the user interface was not built");
            return;
        };
        let text = std::str::from_utf8(&index.bytes).unwrap();
        let named = text.split('"').filter(|part| part.starts_with("/assets/"));
        let mut count = 0;
        for path in named {
            assert!(bundle.file(path).is_some(), "{path}");
            count += 1;
        }
        assert!(count > 0, "{text}");
    }
}
