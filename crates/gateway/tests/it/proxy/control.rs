//! Checks, orders and configurations that change while requests run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering::SeqCst};
use std::time::Duration;

use plimsoll_gateway::model::{Check, CheckKind, Route, StatusRange};
use plimsoll_traffic::health::active::Schedule;
use plimsoll_traffic::{AdminState, Standing};

use super::client::{Client, get_once};
use super::endpoint::{Endpoint, status};
use super::world::{World, backend, config, forward};

fn schedule() -> Option<Schedule> {
    let often = Duration::from_millis(20);
    Some(Schedule {
        interval: often,
        fast_interval: often,
        down_interval: often,
        timeout: Duration::from_secs(5),
        fall: 2,
        rise: 2,
        jitter: 0.0,
    })
}

fn standing(world: &World) -> Standing {
    world.gateway.backends()[0].upstream.endpoints[0].standing
}

fn check_error(world: &World) -> String {
    let view = &world.gateway.backends()[0].upstream.endpoints[0];
    view.check_error.clone().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checks_take_endpoints_out_and_back_in_and_say_why() {
    let code = Arc::new(AtomicU16::new(500));
    let answered = Arc::clone(&code);
    let endpoint = Endpoint::answering(move |_, _| status(answered.load(SeqCst))).await;
    let mut world = World::to(&[endpoint.address], |config| {
        let backend = &mut config.backends[0];
        backend.judgement.checks = schedule();
        backend.judgement.panic_below = 0.0;
        backend.check = Some(Check {
            kind: CheckKind::Http {
                method: http::Method::GET,
                path: "/healthz".into(),
                host: Some("shop.example".into()),
                statuses: vec![StatusRange {
                    first: 200,
                    last: 299,
                }],
                body: None,
            },
            port: None,
        });
    })
    .await;
    // Unchecked is not healthy, and neither is one whose checks fail.
    let answer = get_once(world.address, "/").await;
    assert_eq!(
        (answer.status.as_u16(), answer.reason()),
        (503, "no_endpoint")
    );
    world.until(|world| standing(world) == Standing::Down).await;
    let expected = format!(
        "GET http://{}/healthz (Host: shop.example): the status is 500, wanted 200-299",
        endpoint.address
    );
    assert_eq!(check_error(&world), expected);
    code.store(204, SeqCst);
    world.until(|world| standing(world) == Standing::Up).await;
    assert_eq!(get_once(world.address, "/").await.status.as_u16(), 204);
    code.store(404, SeqCst);
    world.until(|world| standing(world) == Standing::Down).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_explains_that_nothing_listens() {
    let gone = Endpoint::nowhere().await;
    for (kind, expected) in [
        (CheckKind::Tcp, format!("TCP to {gone}: {gone}: ")),
        (
            CheckKind::Grpc {
                service: "shop".into(),
            },
            format!("gRPC http://{gone}/grpc.health.v1.Health/Check (service \"shop\"): {gone}: "),
        ),
    ] {
        let mut world = World::to(&[gone], |config| {
            config.backends[0].judgement.checks = schedule();
            config.backends[0].check = Some(Check { kind, port: None });
        })
        .await;
        world.until(|world| standing(world) == Standing::Down).await;
        let error = check_error(&world);
        assert!(error.starts_with(&expected), "{error}");
        assert!(error.to_lowercase().contains("refused"), "{error}");
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_are_obeyed() {
    let endpoints = [Endpoint::named("one").await, Endpoint::named("two").await];
    let addresses = endpoints.each_ref().map(|endpoint| endpoint.address);
    let world = World::to(&addresses, |_| {}).await;
    let name = addresses[0].to_string();
    world
        .gateway
        .order("app", &name, AdminState::ForcedDown)
        .unwrap();
    for _ in 0..10 {
        assert_eq!(get_once(world.address, "/").await.text(), "two");
    }
    let two = addresses[1].to_string();
    world
        .gateway
        .order("app", &two, AdminState::ForcedDown)
        .unwrap();
    let answer = get_once(world.address, "/").await;
    assert_eq!(
        (answer.status.as_u16(), answer.reason()),
        (503, "no_endpoint")
    );
    world.gateway.order("app", &name, AdminState::Auto).unwrap();
    assert_eq!(get_once(world.address, "/").await.text(), "one");
    let answer = (
        http::StatusCode::SERVICE_UNAVAILABLE,
        "moving house".to_owned(),
    );
    world
        .gateway
        .order_maintenance("main", Some(answer))
        .unwrap();
    assert_eq!(get_once(world.address, "/").await.text(), "moving house\n");
    world.gateway.order_maintenance("main", None).unwrap();
    assert_eq!(get_once(world.address, "/").await.text(), "one");
    let error = world
        .gateway
        .order("app", "three", AdminState::Auto)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the backend \"app\" has no endpoint \"three\""
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_configuration_keeps_what_did_not_change() {
    let kept = Endpoint::named("kept").await;
    let new = Endpoint::named("new").await;
    let world = World::to(&[kept.address], |_| {}).await;
    let mut client = Client::connect(world.address).await;
    assert_eq!(client.get("/").await.text(), "kept");
    let name = kept.address.to_string();
    world.gateway.set_weight("app", &name, 3).unwrap();
    let mut next = config(&[kept.address]);
    next.listeners = world.gateway.snapshot().config.listeners.clone();
    next.backends.push(backend("other", &[new.address]));
    let mut route = Route::new("added", forward(&["other"]));
    route.matches = vec![plimsoll_gateway::model::Match {
        path: Some(plimsoll_gateway::model::PathMatch::Prefix("/new".into())),
        ..Default::default()
    }];
    next.routes.push(route);
    let snapshot = world.gateway.apply(next.clone()).unwrap();
    assert_eq!(snapshot.version, 2);
    assert_eq!(client.get("/").await.text(), "kept");
    assert_eq!(client.get("/new").await.text(), "new");
    assert_eq!(kept.connections(), 1, "its connection must live on");
    let weight = |world: &World| world.gateway.backends()[0].upstream.endpoints[0].weight;
    assert_eq!(weight(&world), 3);
    // What is declared no more is gone, with its connections.
    next.routes.truncate(1);
    next.backends.truncate(1);
    world.gateway.apply(next.clone()).unwrap();
    assert_eq!(client.get("/new").await.text(), "kept");
    // A file that cannot be used refuses the whole.
    next.backends[0].tls = Some(plimsoll_gateway::model::UpstreamTls {
        ca: Some("no such file.pem".into()),
        ..Default::default()
    });
    next.routes.clear();
    assert!(world.gateway.apply(next).is_err());
    assert_eq!(client.get("/").await.text(), "kept");
    drop(client);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn explains_where_a_request_would_go() {
    let endpoints = [Endpoint::named("one").await, Endpoint::named("two").await];
    let addresses = endpoints.each_ref().map(|endpoint| endpoint.address);
    let world = World::to(&addresses, |_| {}).await;
    let name = addresses[0].to_string();
    world
        .gateway
        .order("app", &name, AdminState::ForcedDown)
        .unwrap();
    let asked = http::Request::get("/a").header("host", "shop.example");
    let (parts, ()) = asked.body(()).unwrap().into_parts();
    let client = std::net::IpAddr::from([192, 0, 2, 1]);
    let explained = world.gateway.explain(0, &parts, client).unwrap();
    assert_eq!(explained.routing.route.as_deref(), Some("main"));
    let route = explained.route.unwrap();
    assert_eq!((&*route.name, route.ends_here), ("main", None));
    let backend = &route.backends[0];
    assert_eq!((&*backend.name, backend.share), ("app", 1.0));
    let considered = &backend.upstream.endpoints;
    assert_eq!(
        considered
            .iter()
            .map(|one| one.is_eligible)
            .collect::<Vec<_>>(),
        [false, true]
    );
    let (chosen, _) = backend.upstream.choice.unwrap();
    assert_eq!(chosen, considered[1].endpoint.id);
    let answer = (http::StatusCode::SERVICE_UNAVAILABLE, String::new());
    world
        .gateway
        .order_maintenance("main", Some(answer))
        .unwrap();
    let explained = world.gateway.explain(0, &parts, client).unwrap();
    let ends = explained.route.unwrap().ends_here.unwrap();
    assert_eq!(ends, "maintenance was ordered: status 503");
    assert_eq!(endpoints[0].requests() + endpoints[1].requests(), 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_that_is_gone_takes_leave() {
    let endpoint = Endpoint::named("well").await;
    let world = World::to(&[endpoint.address], |_| {}).await;
    let mut client = Client::connect(world.address).await;
    assert_eq!(client.get("/").await.text(), "well");
    let mut next = config(&[endpoint.address]);
    next.listeners[0].name = "another".into();
    world.gateway.apply(next).unwrap();
    let answer = client.get("/").await;
    assert_eq!((answer.status.as_u16(), answer.reason()), (503, "draining"));
    assert_eq!(answer.header("connection"), "close");
    drop(client);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_split_goes_by_weight() {
    let old = Endpoint::named("old").await;
    let new = Endpoint::named("new").await;
    let world = World::to(&[old.address], |config| {
        config.backends.push(backend("canary", &[new.address]));
        let share = |backend: &str, weight| plimsoll_gateway::model::Share {
            backend: backend.into(),
            weight,
        };
        let shares = vec![share("app", 9), share("canary", 1), share("nobody", 0)];
        config.routes[0].action = plimsoll_gateway::model::Action::Forward(shares);
    })
    .await;
    let mut client = Client::connect(world.address).await;
    for _ in 0..1000 {
        client.get("/").await;
    }
    assert_eq!(old.requests() + new.requests(), 1000);
    // Five standard deviations of chance around a tenth.
    assert!((52..=148).contains(&new.requests()), "{}", new.requests());
    drop(client);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_says_whose_connection_it_is_where_that_is_wanted() {
    let endpoint = Endpoint::raw(|mut peer: super::endpoint::Peer, _| async move {
        let mut header = [0; 16];
        let read = tokio::io::AsyncReadExt::read_exact(&mut peer.stream, &mut header).await;
        let own = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
        if read.is_ok() && header == *own && peer.head().await.is_some() {
            peer.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .await;
        }
    })
    .await;
    let mut world = World::to(&[endpoint.address], |config| {
        let backend = &mut config.backends[0];
        backend.sends_proxy_header = true;
        backend.judgement.checks = schedule();
        backend.check = Some(Check {
            kind: CheckKind::Http {
                method: http::Method::GET,
                path: "/healthz".into(),
                host: None,
                statuses: vec![StatusRange {
                    first: 200,
                    last: 299,
                }],
                body: None,
            },
            port: None,
        });
    })
    .await;
    world
        .until(|world| !matches!(standing(world), Standing::Unchecked))
        .await;
    assert_eq!(standing(&world), Standing::Up, "{}", check_error(&world));
    world.stop().await;
}
