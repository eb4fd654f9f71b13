use std::net::TcpListener;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::*;

fn sockets(count: usize) -> Vec<TcpListener> {
    (0..count)
        .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
        .collect()
}

fn addresses(sockets: &[TcpListener]) -> Vec<std::net::SocketAddr> {
    sockets
        .iter()
        .map(|one| one.local_addr().unwrap())
        .collect()
}

#[tokio::test]
async fn sockets_go_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gateway.sock");
    assert!(take(&path).await.unwrap().is_none());
    let giver = Giver::listen(&path).unwrap();
    // More than one batch.
    let own = sockets(BATCH + 3);
    let expected = addresses(&own);
    let giving = giver.give(|| own.iter().map(TcpListener::try_clone).collect());
    let taking = async {
        let mut inherited = take(&path).await.unwrap().unwrap();
        let sockets = inherited.sockets();
        assert_eq!(addresses(&sockets), expected);
        inherited.ready().await.unwrap();
        sockets
    };
    let finishing = async { giving.await.unwrap().finish().await };
    let (sockets, ()) = tokio::join!(taking, finishing);
    drop(own);
    // The sockets live on in the one that took them.
    for socket in sockets {
        std::net::TcpStream::connect(socket.local_addr().unwrap()).unwrap();
    }
    drop(giver);
    assert!(
        take(&path).await.unwrap().is_none(),
        "nobody listens there any more"
    );
}

#[tokio::test]
async fn one_that_asks_and_fails_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gateway.sock");
    let giver = Giver::listen(&path).unwrap();
    let own = sockets(1);
    let giving = giver.give(|| own.iter().map(TcpListener::try_clone).collect());
    let others = async {
        let mut stranger = UnixStream::connect(&path).await.unwrap();
        stranger
            .write_all(b"GET / HTTP/1.1\r\n\r\n    ")
            .await
            .unwrap();
        assert_eq!(stranger.read(&mut [0; 16]).await.unwrap_or(0), 0);
        // This one takes the sockets and dies.
        drop(take(&path).await.unwrap().unwrap());
        let inherited = take(&path).await.unwrap().unwrap();
        inherited.ready().await.unwrap();
    };
    let finish = async { giving.await.unwrap().finish().await };
    tokio::join!(others, finish);
}

#[tokio::test]
async fn what_is_no_gateway_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.sock");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let other = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
        stream
    };
    let (error, _stream) = tokio::join!(take(&path), other);
    assert_eq!(
        error.unwrap_err().what,
        "the process that runs gave no sockets"
    );
    assert!(Giver::listen(&folder.path().join("no/such/folder")).is_err());
}
