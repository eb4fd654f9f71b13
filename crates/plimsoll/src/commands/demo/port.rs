//! Where the user interface listens.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;

use super::Failure;

/// Where one looks first.
const USUAL: u16 = 9880;
/// How many ports are tried from there on.
const TRIED: u16 = 100;
/// Where any port is looked for: below those that Linux gives to whoever connects, one of which could take it in the moment
/// between looking and listening.
const ANY: Range<u16> = 20_000..32_000;

/// Finds a port of loopback: the wanted one, any for 0, and without a wish the first free one from 9880 on.
pub(super) fn free(wanted: Option<u16>) -> Result<SocketAddr, Failure> {
    match wanted {
        Some(0) => {
            // Each process begins somewhere else, so that two that start together do not meet.
            let begin = std::process::id() as usize * usize::from(TRIED) % ANY.len();
            first(ANY.cycle().skip(begin).take(usize::from(TRIED)))
        }
        Some(port) => taken(port).map_err(|error| {
            let text = format!("cannot listen on 127.0.0.1:{port}: {error}");
            Failure::failed(format!("{text}\nanother port is chosen with --port"))
        }),
        None => first(USUAL..USUAL + TRIED),
    }
}

/// Finds the first of some ports that nobody has.
fn first(mut ports: impl Iterator<Item = u16>) -> Result<SocketAddr, Failure> {
    let found = ports.find_map(|port| match taken(port) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => None,
        found => Some(found),
    });
    match found {
        Some(found) => found.map_err(Failure::failed),
        None => {
            let text = format!("{TRIED} ports were tried, and none is free");
            Err(Failure::failed(format!("{text}; choose one with --port")))
        }
    }
}

/// Binds a port and lets go of it: the server binds it again in a moment.
fn taken(port: u16) -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))?.local_addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_refused_or_passed_over() {
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = held.local_addr().unwrap().port();
        let failure = free(Some(port)).unwrap_err().to_string();
        assert!(failure.contains("--port"), "{failure}");
        assert_ne!(free(Some(0)).unwrap().port(), port);
        let found = free(None).unwrap().port();
        assert!((USUAL..USUAL + TRIED).contains(&found), "{found}");
    }
}
