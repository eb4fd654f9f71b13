//! File handles of the whole machine, from `/proc/sys/fs/file-nr`.

use super::Collector;
use super::error::Error;
use super::exposition::{Exposition, Family};
use super::source::{Host, number};

const ALLOCATED: Family<'_> = Family::gauge(
    "node_filefd_allocated",
    "File handles that the kernel has handed out.",
);
const MAXIMUM: Family<'_> = Family::gauge(
    "node_filefd_maximum",
    "File handles that the kernel hands out at most (fs.file-max).",
);

/// Exposes the file handles in use and their limit.
#[derive(Debug)]
pub(super) struct FileHandles;

impl Collector for FileHandles {
    fn name(&self) -> &'static str {
        "filefd"
    }

    fn collect(&self, host: &Host, out: &mut Exposition) -> Result<(), Error> {
        let (allocated, maximum) = parse_file_nr(&host.read_proc("sys/fs/file-nr")?)?;
        out.add(&ALLOCATED, &[], allocated);
        out.add(&MAXIMUM, &[], maximum);
        Ok(())
    }
}

/// Parses `allocated unused maximum`; the field between is zero since Linux 2.6.
pub(super) fn parse_file_nr(text: &str) -> Result<(f64, f64), Error> {
    let malformed = || Error::malformed("three numbers of file handles", 1);
    let fields: Vec<&str> = text.split_ascii_whitespace().take(4).collect();
    let [allocated, _, maximum] = fields[..] else {
        return Err(malformed());
    };
    let parse = |field| number(field).ok_or_else(malformed);
    Ok((parse(allocated)?, parse(maximum)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_allocated_and_maximum() {
        assert_eq!(
            parse_file_nr("697\t0\t9223372036854775807\n").unwrap(),
            (697.0, 9_223_372_036_854_775_807.0)
        );
        for hostile in ["", "1 2", "1 2 3 4", "a 0 b", "1 0 NaN"] {
            assert!(parse_file_nr(hostile).is_err(), "{hostile}");
        }
    }
}
