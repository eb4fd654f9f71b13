//! What udev knows about a block device, from its database in `/run/udev/data`.

use std::collections::BTreeMap;

use super::source::{self, Host};

/// Longest entry read, in bytes; they take a few KiB.
const ENTRY_BYTES_MAX: u64 = 256 << 10;

/// Properties such as `ID_MODEL`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Properties(BTreeMap<String, String>);

impl Properties {
    /// Reads the entry of a block device; empty where udev does not run, as in a container.
    pub(super) fn of_block_device(host: &Host, major: u32, minor: u32) -> Self {
        let path = host.paths.udev_data.join(format!("b{major}:{minor}"));
        match source::read(&path, ENTRY_BYTES_MAX) {
            Ok(text) => parse_properties(&text),
            Err(_) => Self::default(),
        }
    }

    /// Returns a property, empty when it is not there.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

/// Parses the lines `E:NAME=value`; the others hold links, tags and times.
pub(super) fn parse_properties(text: &str) -> Properties {
    let pairs = text
        .lines()
        .filter_map(|line| line.strip_prefix("E:")?.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    Properties(pairs.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_properties_and_nothing_else() {
        let properties = parse_properties("S:disk/by-id/x\nE:ID_MODEL=a=b\nE:BROKEN\nI:12\n");
        assert_eq!(properties.get("ID_MODEL"), "a=b");
        assert_eq!(properties.get("BROKEN"), "");
        assert_eq!(properties.0.len(), 1);
    }
}
