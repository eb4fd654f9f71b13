//! Files that a command reads as a whole, or standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::Failure;

/// The most bytes that a file may have.
const BYTES_MAX: u64 = 1 << 30;

/// Reads every file with its name; standard input when there are none, and for `-`.
///
/// # Errors
/// What cannot be read, or has more than 1 GiB.
pub(super) fn read(files: &[PathBuf]) -> Result<Vec<(PathBuf, Vec<u8>)>, Failure> {
    if files.is_empty() {
        return Ok(vec![standard_input()?]);
    }
    let one = |path: &PathBuf| match path.as_os_str() == "-" {
        true => standard_input(),
        false => {
            let opened = File::open(path).and_then(|mut file| whole(&mut file));
            named(path, opened)
        }
    };
    files.iter().map(one).collect()
}

fn standard_input() -> Result<(PathBuf, Vec<u8>), Failure> {
    named("standard input".as_ref(), whole(&mut io::stdin().lock()))
}

fn whole(from: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > BYTES_MAX {
        true => Err(io::Error::other("more than 1 GiB")),
        false => Ok(bytes),
    }
}

fn named(name: &Path, read: io::Result<Vec<u8>>) -> Result<(PathBuf, Vec<u8>), Failure> {
    match read {
        Ok(bytes) => Ok((name.to_owned(), bytes)),
        Err(error) => Err(Failure::failed(format!(
            "cannot read {}: {error}",
            name.display()
        ))),
    }
}
