//! A process without descriptors left. Alone in its binary, because the limit is the process's.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do, but the lint only knows functions marked as tests"
)]

#[path = "it/server/client.rs"]
#[allow(dead_code, reason = "shared with the other tests")]
mod client;
#[path = "it/server/handler.rs"]
#[allow(dead_code, reason = "shared with the other tests")]
mod handler;

use std::fmt;

use client::Client;
use handler::World;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::watch;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Counts the times at which it was logged that nothing can be taken in.
struct Refusals(watch::Sender<usize>);

impl Subscriber for Refusals {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Words(&self.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Words<'a>(&'a watch::Sender<usize>);

impl Visit for Words<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if field.name() == "message" && text.contains("no connection can be taken in") {
            self.0.send_modify(|count| *count += 1);
        }
    }
}

fn limit(descriptors: u64) {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let limit = Rlimit {
        current: Some(descriptors),
        maximum,
    };
    setrlimit(Resource::Nofile, limit).unwrap();
}

/// Takes all descriptors below the limit; returns what holds them.
fn exhaust() -> Vec<std::fs::File> {
    std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect()
}

#[tokio::test]
async fn connections_wait_until_there_are_descriptors_again() {
    let (count, mut refusals) = watch::channel(0);
    tracing::subscriber::set_global_default(Refusals(count)).unwrap();
    let world = World::one(|_| {});
    let address = world.address();
    let mut before = Client::connect(address).await;
    assert_eq!(before.get("/").await.status, 200);

    let usual = getrlimit(Resource::Nofile).current.unwrap_or(1024);
    limit(200);
    let mut held = exhaust();
    held.pop();
    // The last descriptor is the client's own.
    let mut waiting = Client::connect(address).await;
    waiting
        .say("GET /waiting HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    refusals.wait_for(|count| *count > 0).await.unwrap();
    assert_eq!(before.get("/").await.status, 200, "what is open goes on");
    drop(held);
    limit(usual);
    assert_eq!(waiting.answer().await.status, 200);
    assert_eq!(*refusals.borrow(), 1, "it is said once");
}
