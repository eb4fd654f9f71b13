//! A file of a backup, and the name under which its bytes are kept.

use object_store::path::Path;
use plimsoll_tsdb::wal::SegmentId;

/// The folder of the objects.
pub(crate) const OBJECTS: &str = "objects";
/// The version of the data directory's layout.
pub(crate) const FORMAT: &str = "FORMAT";
/// Which parts count.
pub(crate) const MANIFEST: &str = "MANIFEST";
/// The folder of the parts.
pub(crate) const PARTS: &str = "parts";
/// The folder of the WAL's segments.
pub(crate) const WAL: &str = "wal";

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileEntry {
    /// Its path in the data directory, with strokes between its words.
    pub path: String,
    /// Its length in bytes.
    pub length: u64,
    /// CRC32C of its bytes.
    pub crc32c: u32,
    /// XXH3 of its bytes; of a part's file that of the part's `meta`, which holds length and checksum of each.
    pub digest: u128,
}

impl FileEntry {
    /// Returns the key of its object: where it lies says what is in it, so what is there need not be sent again.
    pub(crate) fn key(&self) -> Path {
        let Self {
            path,
            length,
            crc32c,
            digest,
        } = self;
        Path::from(format!(
            "{OBJECTS}/{path}/{length}-{crc32c:08x}-{digest:032x}"
        ))
    }

    /// Returns the name of the part that it belongs to.
    pub fn part(&self) -> Option<&str> {
        let mut words = self.path.split('/');
        (words.next() == Some(PARTS)).then(|| words.next())?
    }
}

/// Says whether a path is one that a data directory has. A restore writes to no other, whatever a repository claims.
pub(crate) fn is_known_path(path: &str) -> bool {
    let mut words = path.split('/');
    let known = match (words.next(), words.next(), words.next()) {
        (Some(FORMAT | MANIFEST), None, None) => true,
        (Some(WAL), Some(name), None) => SegmentId::parse(name).is_some(),
        (Some(PARTS), Some(part), Some(name)) => is_part(part) && is_plain(name),
        _ => false,
    };
    known && words.next().is_none()
}

fn is_part(name: &str) -> bool {
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    name.len() == 16 && name.bytes().all(is_hex)
}

fn is_plain(name: &str) -> bool {
    let is_plain =
        |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'.' | b'-' | b'_');
    name.len() <= 64
        && name.bytes().all(is_plain)
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_a_data_directory_are_known() {
        for path in [
            "FORMAT",
            "MANIFEST",
            "wal/0000000a-deadbeef.wal",
            "parts/0000000000000003/values.bin",
            "parts/0000000000000003/meta",
        ] {
            assert!(is_known_path(path), "{path}");
        }
        for path in [
            "",
            "/",
            "LOCK",
            "FORMAT/",
            "/FORMAT",
            "../FORMAT",
            "wal",
            "wal/x.wal",
            "wal/../FORMAT",
            "parts/0000000000000003",
            "parts/0000000000000003/..",
            "parts/0000000000000003/.hidden",
            "parts/0000000000000003/a/b",
            "parts/000000000000000G/meta",
            "parts/../../../../etc/passwd",
            "parts/0000000000000003/a b",
        ] {
            assert!(!is_known_path(path), "{path}");
        }
    }

    #[test]
    fn the_key_says_what_is_in_it() {
        let entry = FileEntry {
            path: "parts/0000000000000003/meta".into(),
            length: 7,
            crc32c: 0xab,
            digest: 1,
        };
        assert_eq!(entry.part(), Some("0000000000000003"));
        assert_eq!(
            entry.key().as_ref(),
            "objects/parts/0000000000000003/meta/7-000000ab-00000000000000000000000000000001"
        );
    }
}
