//! Listening sockets: one per worker and address, all of them with `SO_REUSEPORT`, so that the kernel spreads connections
//! and no worker wakes for another's.
//!
//! `SO_REUSEPORT` alone would let a second program of the same user listen on our address without anybody noticing, and
//! each would get half of the connections. So the first socket is bound without it, which fails when somebody listens
//! already, and gets it afterwards.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};

/// Connections that the kernel keeps for us until we take them; it has its own bound (`net.core.somaxconn`).
const BACKLOG: i32 = 4096;

/// Binds sockets to an address; port 0 is any, the same for all of them.
///
/// # Errors
/// What the system says: the address is taken, is not ours, or its port is below 1024.
pub(crate) fn bind(address: SocketAddr, count: usize) -> io::Result<Vec<TcpListener>> {
    let first = socket(address, Sharing::After)?;
    let address = first.local_addr()?;
    let mut sockets = vec![first];
    sockets.append(&mut share(address, count.saturating_sub(1))?);
    Ok(sockets)
}

/// Binds further sockets to an address on which we listen already.
///
/// # Errors
/// As [`bind`].
pub(crate) fn share(address: SocketAddr, count: usize) -> io::Result<Vec<TcpListener>> {
    (0..count)
        .map(|_| socket(address, Sharing::Before))
        .collect()
}

/// Takes a socket that another process bound; fails when it is none that listens.
pub(crate) fn adopt(socket: OwnedFd) -> io::Result<TcpListener> {
    if !sockopt::socket_acceptconn(&socket)? {
        return Err(io::Error::other("it does not listen"));
    }
    let socket = TcpListener::from(socket);
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// When a socket gets `SO_REUSEPORT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sharing {
    /// Before it is bound: there may be others.
    Before,
    /// After: there may be none yet.
    After,
}

fn socket(address: SocketAddr, sharing: Sharing) -> io::Result<TcpListener> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
    // Connections of a process that ended may still wait for their last segments.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if sharing == Sharing::Before {
        sockopt::set_socket_reuseport(&socket, true)?;
    }
    rustix::net::bind(&socket, &address)?;
    if sharing == Sharing::After {
        sockopt::set_socket_reuseport(&socket, true)?;
    }
    rustix::net::listen(&socket, BACKLOG)?;
    Ok(TcpListener::from(socket))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_share_an_address() {
        let sockets = bind("127.0.0.1:0".parse().unwrap(), 3).unwrap();
        let addresses: Vec<_> = sockets
            .iter()
            .map(|one| one.local_addr().unwrap())
            .collect();
        assert_eq!(sockets.len(), 3);
        assert!(
            addresses
                .iter()
                .all(|one| *one == addresses[0] && one.port() != 0)
        );
        assert_eq!(share(addresses[0], 2).unwrap().len(), 2);
    }

    #[test]
    fn nobody_else_shares_it() {
        let sockets = bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
        let address = sockets[0].local_addr().unwrap();
        let error = bind(address, 1).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        drop(sockets);
        let again = bind(address, 2).unwrap();
        assert_eq!(again.len(), 2);
    }

    #[test]
    fn adopts_only_what_listens() {
        let listening = bind("127.0.0.1:0".parse().unwrap(), 1).unwrap().remove(0);
        let address = listening.local_addr().unwrap();
        let adopted = adopt(listening.into()).unwrap();
        assert_eq!(adopted.local_addr().unwrap(), address);
        let connected = std::net::TcpStream::connect(address).unwrap();
        assert!(adopt(connected.into()).is_err());
    }
}
