//! One process takes over from another, and no client notices.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use plimsoll_gateway::handover::{Giver, take};

use super::client::Client;
use super::handler::World;

const LONG: Duration = Duration::from_secs(20);

/// Asks until it is told to stop, over connections that are kept and new ones in turn; each request must be answered.
async fn ask(address: std::net::SocketAddr, stop: &AtomicBool, answered: &AtomicUsize) {
    while !stop.load(Ordering::Relaxed) {
        let mut client = Client::connect(address).await;
        for _ in 0..20 {
            let answer = client.get("/").await;
            assert_eq!((answer.status, answer.body.as_str()), (200, "hello\n"));
            answered.fetch_add(1, Ordering::Relaxed);
            if answer.says_close() {
                break;
            }
        }
    }
}

async fn until_more(answered: &AtomicUsize, more: usize) {
    let wanted = answered.load(Ordering::Relaxed) + more;
    while answered.load(Ordering::Relaxed) < wanted {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn not_one_request_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gateway.sock");
    let old = World::one(|_| {});
    let address = old.address();
    // What the new process finds in its configuration is the port that the old one got.
    let mut config = old.config.clone();
    config.listeners[0].address.0 = address;
    let giver = Giver::listen(&path).unwrap();

    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let clients = async {
        let many = (0..8).map(|_| ask(address, &stop, &answered));
        futures_util::future::join_all(many).await;
    };
    let old_process = async {
        let given = giver.give(|| old.server.sockets()).await.unwrap();
        tokio::join!(old.server.drain(LONG, true), given.finish()).0
    };
    let new_process = async {
        until_more(&answered, 200).await;
        let mut inherited = take(&path).await.unwrap().unwrap();
        let new = World::with(config, inherited.sockets());
        until_more(&answered, 200).await;
        inherited.ready().await.unwrap();
        new
    };
    let takeover = async {
        let (drained, new) = tokio::join!(old_process, new_process);
        until_more(&answered, 200).await;
        stop.store(true, Ordering::Relaxed);
        (drained, new)
    };
    let ((drained, new), ()) = tokio::join!(takeover, clients);
    assert_eq!(drained.cut, 0);
    assert_eq!(new.address(), address);
    let [by_old, by_new] = [&old, &new].map(|world| world.echo.paths().len());
    assert_eq!(by_old + by_new, answered.load(Ordering::Relaxed));
    assert!(by_old >= 200 && by_new >= 200, "{by_old} and {by_new}");
    assert!(old.server.listeners().is_empty());
    new.server.drain(LONG, false).await;
    assert!(!Client::try_connect(address).await, "both have let it go");
}

#[tokio::test]
async fn another_number_of_workers_shares_the_sockets() {
    let old = World::one(|_| {});
    let mut config = old.config.clone();
    config.listeners[0].address.0 = old.address();
    // One of the two sockets, and two workers.
    let sockets = vec![old.server.sockets().unwrap().remove(0)];
    let new = World::with(config, sockets);
    old.server.drain(LONG, true).await;
    for _ in 0..20 {
        assert_eq!(
            Client::connect(new.address()).await.get("/").await.status,
            200
        );
    }
    assert_eq!(new.server.sockets().unwrap().len(), 2);
}
