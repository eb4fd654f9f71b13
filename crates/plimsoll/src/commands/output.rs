//! Standard output, which may be a pipe that nobody reads to its end.

use std::io::{self, Write};

use super::Failure;

/// Writes data to stdout. A reader that has seen enough, such as `head`, ends the output and not the command.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    print_to(&mut io::stdout().lock(), text)
}

/// Writes a part of what does not end to stdout; says whether anybody still reads it.
pub(crate) fn print_more(text: &str) -> Result<bool, Failure> {
    is_read(&mut io::stdout().lock(), text)
}

fn print_to(out: &mut impl Write, text: &str) -> Result<(), Failure> {
    is_read(out, text).map(drop)
}

fn is_read(out: &mut impl Write, text: &str) -> Result<bool, Failure> {
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::failed(format!(
            "cannot write to standard output: {error}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fails(io::ErrorKind);

    impl Write for Fails {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_has_seen_enough_is_no_failure() {
        assert!(print_to(&mut Fails(io::ErrorKind::BrokenPipe), "x").is_ok());
        assert!(print_to(&mut Fails(io::ErrorKind::StorageFull), "x").is_err());
        assert!(!is_read(&mut Fails(io::ErrorKind::BrokenPipe), "x").unwrap());
        let mut text = Vec::new();
        print_to(&mut text, "x").unwrap();
        assert_eq!(text, b"x");
    }
}
