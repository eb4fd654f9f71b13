//! Version 1: a line of text.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use super::{Error, Header};

/// How a line begins.
pub(super) const PREFIX: &[u8] = b"PROXY ";

/// The longest line, with its end: what two IPv6 addresses and ports can take.
const LINE_MAX: usize = 107;

pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Header, usize)>, Error> {
    let window = &bytes[..bytes.len().min(LINE_MAX)];
    let Some(end) = window.windows(2).position(|pair| pair == b"\r\n") else {
        return if bytes.len() < LINE_MAX {
            Ok(None)
        } else {
            Err(Error::TooLong)
        };
    };
    let line = str::from_utf8(&window[PREFIX.len().min(end)..end])
        .map_err(|_| Error::Malformed("the line is not text"))?;
    Ok(Some((header(line)?, end + 2)))
}

fn header(line: &str) -> Result<Header, Error> {
    let mut words = line.split(' ');
    match words.next() {
        // What follows it is not to be looked at.
        Some("UNKNOWN") => Ok(Header::Own),
        Some("TCP4") => addresses::<Ipv4Addr>(words),
        Some("TCP6") => addresses::<Ipv6Addr>(words),
        _ => Err(Error::Malformed("wanted TCP4, TCP6 or UNKNOWN")),
    }
}

fn addresses<'a, A: FromStr + Into<IpAddr>>(
    mut words: impl Iterator<Item = &'a str>,
) -> Result<Header, Error> {
    let mut address = || -> Result<IpAddr, Error> {
        let word = words.next().and_then(|word| word.parse::<A>().ok());
        let malformed = "wanted two addresses of the named family";
        word.map(Into::into).ok_or(Error::Malformed(malformed))
    };
    let (source, destination) = (address()?, address()?);
    let mut port = || {
        words
            .next()
            .and_then(port)
            .ok_or(Error::Malformed("wanted two ports"))
    };
    let (from, to) = (port()?, port()?);
    match words.next() {
        Some(_) => Err(Error::Malformed("wanted the end of the line")),
        None => Ok(Header::For {
            source: SocketAddr::new(source, from),
            destination: SocketAddr::new(destination, to),
        }),
    }
}

/// Reads a port as the protocol wants it: digits only, no leading zero.
fn port(word: &str) -> Option<u16> {
    let is_plain = word.bytes().all(|byte| byte.is_ascii_digit());
    let is_shortest = word == "0" || !word.starts_with('0');
    (is_plain && is_shortest).then(|| word.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn check(line: &str, expected: Result<Option<(&str, &str)>, Error>) {
        let found = parse(line.as_bytes()).map(|found| {
            found.map(|(header, length)| {
                assert_eq!(length, line.find("\r\n").unwrap() + 2);
                header
            })
        });
        let expected = expected.map(|expected| {
            expected.map(|(source, destination)| Header::For {
                source: source.parse().unwrap(),
                destination: destination.parse().unwrap(),
            })
        });
        assert_eq!(found, expected, "{line:?}");
    }

    #[test]
    fn reads_addresses() {
        check(
            "PROXY TCP4 198.51.100.7 203.0.113.9 51234 443\r\nGET / HTTP/1.1\r\n",
            Ok(Some(("198.51.100.7:51234", "203.0.113.9:443"))),
        );
        check(
            "PROXY TCP6 2001:db8::1 2001:db8::2 0 65535\r\n",
            Ok(Some(("[2001:db8::1]:0", "[2001:db8::2]:65535"))),
        );
        let longest = format!(
            "PROXY UNKNOWN {0} {0} 65535 65535\r\n",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
        );
        assert_eq!(longest.len(), LINE_MAX);
        let own = Ok(Some((Header::Own, LINE_MAX)));
        assert_eq!(parse(longest.as_bytes()), own);
        assert_eq!(parse(b"PROXY UNKNOWN\r\n"), Ok(Some((Header::Own, 15))));
    }

    #[test]
    fn waits_for_the_end_of_the_line() {
        let line = b"PROXY TCP4 198.51.100.7 203.0.113.9 51234 443\r\n";
        for length in 0..line.len() {
            assert_eq!(parse(&line[..length]), Ok(None), "{length}");
        }
        assert_eq!(
            parse(&[b"PROXY ", [b'x'; 101].as_slice()].concat()),
            Err(Error::TooLong)
        );
    }

    #[test]
    fn refuses_what_is_nearly_one() {
        let family = Err(Error::Malformed("wanted TCP4, TCP6 or UNKNOWN"));
        check("PROXY UDP4 1.1.1.1 2.2.2.2 1 2\r\n", family);
        check("PROXY \r\n", family);
        let addresses = Err(Error::Malformed("wanted two addresses of the named family"));
        check("PROXY TCP4 1.1.1.1\r\n", addresses);
        check("PROXY TCP4 ::1 ::1 1 2\r\n", addresses);
        check("PROXY TCP4 01.1.1.1 2.2.2.2 1 2\r\n", addresses);
        check("PROXY TCP4  1.1.1.1 2.2.2.2 1 2\r\n", addresses);
        let ports = Err(Error::Malformed("wanted two ports"));
        check("PROXY TCP4 1.1.1.1 2.2.2.2 1 65536\r\n", ports);
        check("PROXY TCP4 1.1.1.1 2.2.2.2 +1 2\r\n", ports);
        check("PROXY TCP4 1.1.1.1 2.2.2.2 01 2\r\n", ports);
        let end = Err(Error::Malformed("wanted the end of the line"));
        check("PROXY TCP4 1.1.1.1 2.2.2.2 1 2 \r\n", end);
    }
}
