//! What changes while the gateway runs: files that backends and routes name, the retry budget, addresses of names.

use std::time::Duration;

use plimsoll_gateway::gateway::RenewError;
use plimsoll_gateway::model::{Affinity, StickyCookie, UpstreamTls};
use plimsoll_runtime::http::{Secret, SecretSource};

use super::client::{Client, get_once};
use super::endpoint::Endpoint;
use super::world::{World, config};

const OLD: &str = "the old secret of 32 bytes......";
const NEW: &str = "the new secret of 32 bytes......";

fn cookie_of(answer: &super::client::Answer) -> String {
    let set = answer.header("set-cookie");
    set.split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_changes_on_disk_comes_into_force() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, OLD).unwrap();
    let endpoint = Endpoint::named("one").await;
    let world = World::to(&[endpoint.address], |config| {
        config.routes[0].affinity = Some(Affinity::Cookie(StickyCookie {
            name: "seat".into(),
            secret: Some(SecretSource::File(path.clone()).read().unwrap()),
            secret_file: Some(path.clone()),
            max_age: None,
        }));
    })
    .await;
    let old = cookie_of(&get_once(world.address, "/").await);
    assert!(!world.gateway.renew().unwrap(), "nothing changed");
    // What does not hold is told once, and changes nothing.
    std::fs::write(&path, "short").unwrap();
    let error = world.gateway.renew().unwrap_err();
    assert!(
        matches!(error, RenewError::SecretTooShort { found: 5, .. }),
        "{error}"
    );
    assert!(!world.gateway.renew().unwrap());
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(
        world.gateway.renew(),
        Err(RenewError::Secret { .. })
    ));
    assert_eq!(cookie_of(&get_once(world.address, "/").await), old);
    std::fs::write(&path, NEW).unwrap();
    assert!(world.gateway.renew().unwrap());
    assert!(!world.gateway.renew().unwrap(), "it is in force already");
    assert_ne!(cookie_of(&get_once(world.address, "/").await), old);
    let snapshot = world.gateway.snapshot();
    let Some(Affinity::Cookie(cookie)) = &snapshot.config.routes[0].affinity else {
        panic!("the route has a cookie");
    };
    assert_eq!(cookie.secret, Some(Secret::new(NEW)));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_looked_at_without_being_asked() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let authority = || {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.self_signed(&key).unwrap().pem()
    };
    std::fs::write(&ca, authority()).unwrap();
    let endpoint = Endpoint::named("one").await;
    let mut world = World::to(&[endpoint.address], |config| {
        config.backends[0].tls = Some(UpstreamTls {
            ca: Some(ca.clone()),
            ..Default::default()
        });
    })
    .await;
    let before = world.gateway.snapshot();
    std::fs::write(&ca, authority()).unwrap();
    world
        .until(|world| world.gateway.snapshot().version == before.version + 1)
        .await;
    let after = world.gateway.snapshot();
    let target = |snapshot: &plimsoll_gateway::gateway::Snapshot| {
        let (_, target) = snapshot.backends["app"].targets().swap_remove(0);
        target
    };
    // The same endpoint, reached with what the file says now.
    assert_eq!(before.config, after.config);
    assert_eq!(target(&before).name(), target(&after).name());
    std::fs::write(&ca, "no certificate").unwrap();
    assert!(matches!(world.gateway.renew(), Err(RenewError::Tls(_))));
    assert_eq!(world.gateway.snapshot().version, after.version);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_retry_budget_is_in_force_at_once() {
    let endpoint = Endpoint::named("one").await;
    let world = World::to(&[endpoint.address], |config| {
        config.retry_budget.reserve_per_second = 10;
    })
    .await;
    let balance = || world.gateway.budget().balance(world.gateway.now());
    assert_eq!(balance(), 100);
    let mut next = config(&[endpoint.address]);
    next.retry_budget.reserve_per_second = 3;
    world.gateway.apply(next).unwrap();
    assert_eq!(balance(), 30);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_keeps_its_addresses_when_the_way_to_it_changes() {
    let endpoint = Endpoint::named("well").await;
    let named = |port| plimsoll_gateway::model::Endpoint::new("localhost", port);
    let mut world = World::to(&[], |config| {
        config.backends[0].endpoints = vec![named(endpoint.address.port())];
    })
    .await;
    let are_known = |world: &World| {
        let targets = world.gateway.snapshot().backends["app"].targets();
        !targets[0].1.addresses().is_empty()
    };
    world.until(are_known).await;
    let mut client = Client::connect(world.address).await;
    assert_eq!(client.get("/").await.text(), "well");
    let mut next = (*world.gateway.snapshot().config).clone();
    next.backends[0].connect_timeout = Duration::from_secs(3);
    world.gateway.apply(next).unwrap();
    assert!(
        are_known(&world),
        "it would be gone until its name is asked for"
    );
    assert_eq!(client.get("/").await.text(), "well");
    drop(client);
    world.stop().await;
}
