//! Clients that are tied to an endpoint.

use http::HeaderValue;
use plimsoll_gateway::model::{Affinity, LimitKey, StickyCookie};
use plimsoll_runtime::http::Secret;
use plimsoll_traffic::{AdminState, balance};

use super::client::{Client, get};
use super::endpoint::Endpoint;
use super::world::World;

fn cookie(secret: &str) -> Option<Affinity> {
    Some(Affinity::Cookie(StickyCookie {
        name: "seat".into(),
        secret: Some(Secret::new(secret)),
        secret_file: None,
        max_age: Some(std::time::Duration::from_secs(60)),
    }))
}

async fn with(client: &mut Client, cookie: &str) -> (String, String) {
    let mut asked = get("/");
    asked
        .headers_mut()
        .insert("cookie", HeaderValue::from_str(cookie).unwrap());
    let answer = client.send(asked).await;
    (
        answer.text().to_owned(),
        answer.header("set-cookie").to_owned(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cookie_names_the_endpoint() {
    let endpoints = [Endpoint::named("one").await, Endpoint::named("two").await];
    let addresses = endpoints.each_ref().map(|endpoint| endpoint.address);
    let world = World::to(&addresses, |config| {
        config.routes[0].affinity = cookie("a secret of 32 bytes or more.....");
        config.backends[0].judgement.policy = balance::Policy::RoundRobin;
    })
    .await;
    let mut client = Client::connect(world.address).await;
    let (first, set) = with(&mut client, "other=1").await;
    assert!(
        set.starts_with("seat=") && set.contains("; HttpOnly"),
        "{set}"
    );
    assert!(
        set.ends_with("; Max-Age=60") && !set.contains("Secure"),
        "{set}"
    );
    let pair = set.split(';').next().unwrap().to_owned();
    assert!(
        !pair.contains("127.0.0.1"),
        "it tells what is behind: {pair}"
    );
    for _ in 0..5 {
        let (again, set) = with(&mut client, &format!("other=1; {pair}")).await;
        assert_eq!((again, set), (first.clone(), String::new()));
    }
    // One that is not ours is worth nothing.
    for forged in ["seat=AAAAAAAAAAAAAAAAAAAAAA", "seat=", "seat=127.0.0.1:80"] {
        let (_, set) = with(&mut client, forged).await;
        assert!(set.starts_with("seat="), "{forged}");
    }
    // A drained endpoint keeps those who stick to it, one that is down does not.
    let name = addresses[usize::from(first == "two")].to_string();
    world
        .gateway
        .order("app", &name, AdminState::Draining)
        .unwrap();
    assert_eq!(with(&mut client, &pair).await.0, first);
    assert_ne!(with(&mut client, "other=1").await.0, first);
    world
        .gateway
        .order("app", &name, AdminState::ForcedDown)
        .unwrap();
    let (moved, set) = with(&mut client, &pair).await;
    assert_ne!(moved, first);
    assert!(set.starts_with("seat="));
    drop(client);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hash_names_the_endpoint() {
    let endpoints = [Endpoint::named("one").await, Endpoint::named("two").await];
    let addresses = endpoints.each_ref().map(|endpoint| endpoint.address);
    let world = World::to(&addresses, |config| {
        let name = http::HeaderName::from_static("cookie");
        config.routes[0].affinity = Some(Affinity::Hash(LimitKey::Header(name)));
        let options = balance::HashOptions::default();
        config.backends[0].judgement.policy = balance::Policy::Maglev(options);
    })
    .await;
    let mut client = Client::connect(world.address).await;
    let mut seen = std::collections::HashSet::new();
    for user in 0..20 {
        let first = with(&mut client, &format!("user={user}")).await.0;
        let again = with(&mut client, &format!("user={user}")).await.0;
        assert_eq!(first, again);
        seen.insert(first);
    }
    assert_eq!(seen.len(), 2);
    drop(client);
    world.stop().await;
}
