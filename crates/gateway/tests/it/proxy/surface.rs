//! The gateway as the API sees it.

use std::net::Ipv4Addr;
use std::time::Duration;

use plimsoll_gateway::model::{Check, CheckKind, Listener, ListenerKind};
use plimsoll_gateway::surface::Desk;
use plimsoll_traffic::Criticality;
use plimsoll_traffic::surface::{
    FaultEffect, FaultOrder, Filter, Gateway, HeaderWanted, Order, Question, Refused, RefusedKind,
    Verdict,
};

use super::client::get_once;
use super::endpoint::{Endpoint, status};
use super::world::World;

fn desk(world: &World) -> Desk {
    Desk::new(world.gateway.clone(), world.server.clone())
}

fn question(path: &str) -> Question {
    Question {
        listener: None,
        method: "GET".into(),
        host: "shop.example:80".into(),
        path: path.into(),
        headers: Vec::new(),
        client: Ipv4Addr::LOCALHOST.into(),
    }
}

#[track_caller]
fn is_refused<T>(answer: Result<T, Refused>, kind: RefusedKind, part: &str) {
    let refused = answer.err().expect("it is refused");
    assert_eq!(refused.kind, kind, "{refused}");
    assert!(refused.message.contains(part), "{refused}");
}

/// A listener for HTTP, and one for bytes.
async fn world() -> World {
    let endpoint = Endpoint::answering(|_, _| status(200)).await;
    World::to(&[endpoint.address], |config| {
        let mut bytes = Listener::new("bytes", ([127, 0, 0, 1], 0).into());
        bytes.kind = ListenerKind::Tcp {
            backend: "app".into(),
            idle: Duration::from_secs(60),
        };
        config.listeners.push(bytes);
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_request_is_not_explained() {
    let world = world().await;
    let desk = desk(&world);
    let explained = desk.explain(&question("/a/../b?c")).unwrap();
    assert_eq!((&*explained.host, &*explained.path), ("shop.example", "/b"));
    assert_eq!(explained.routes[0].verdict, Verdict::Taken);
    let backend = &explained.taken.unwrap().backends[0];
    assert_eq!(
        backend.choice.as_ref().unwrap().0,
        backend.candidates[0].endpoint.name
    );
    let refused = |change: &dyn Fn(&mut Question), kind, part: &str| {
        let mut question = question("/");
        change(&mut question);
        is_refused(desk.explain(&question), kind, part);
    };
    let invalid = RefusedKind::Invalid;
    refused(&|one| one.path = "a".into(), invalid, "begins with /");
    refused(&|one| one.path = "/a b".into(), invalid, "is no request");
    refused(&|one| one.method = "G T".into(), invalid, "is no request");
    refused(&|one| one.host = "a\nb".into(), invalid, "is no request");
    let header = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    refused(
        &|one| one.headers = header("a b", "c"),
        invalid,
        "no name of a header",
    );
    refused(
        &|one| one.headers = header("a", "b\r\nc"),
        invalid,
        "the value",
    );
    refused(
        &|one| one.headers = header("Host", "b"),
        invalid,
        "by itself",
    );
    refused(
        &|one| one.listener = Some("bytes".into()),
        invalid,
        "has no routes",
    );
    refused(
        &|one| one.listener = Some("none".into()),
        RefusedKind::NotFound,
        "there is no listener",
    );
    // A request that can be sent, and can have no route.
    let explained = desk.explain(&question("/a%00b")).unwrap();
    assert!(explained.miss.is_some() && explained.routes.is_empty());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_have_bounds() {
    let world = world().await;
    let desk = desk(&world);
    let endpoint = desk.backends()[0].endpoints[0].name.clone();
    let weight = |weight| Order::Weight {
        backend: "app".into(),
        endpoint: endpoint.clone(),
        weight,
    };
    desk.order(&weight(1_000_000)).unwrap();
    assert_eq!(desk.backends()[0].endpoints[0].weight, 1_000_000);
    let invalid = RefusedKind::Invalid;
    is_refused(desk.order(&weight(1_000_001)), invalid, "0 to 1000000");
    let maintenance = |status| Order::Maintenance {
        route: "main".into(),
        status,
        body: String::new(),
    };
    is_refused(desk.order(&maintenance(101)), invalid, "200 to 599");
    is_refused(desk.order(&maintenance(600)), invalid, "200 to 599");
    let pardon = Order::Pardon {
        backend: "app".into(),
        endpoint: "nobody".into(),
    };
    is_refused(
        desk.order(&pardon),
        RefusedKind::NotFound,
        "has no endpoint \"nobody\"",
    );
    let good = FaultOrder {
        share: 1.0,
        header: None,
        effect: FaultEffect::Abort(418),
        lasts: Duration::from_secs(60),
    };
    let order = |fault: FaultOrder| {
        desk.order(&Order::Fault {
            route: "main".into(),
            fault,
        })
    };
    let wrong = |change: &dyn Fn(&mut FaultOrder), part: &str| {
        let mut fault = good.clone();
        change(&mut fault);
        is_refused(order(fault), invalid, part);
    };
    wrong(&|one| one.share = 0.0, "above 0 to 1");
    wrong(&|one| one.share = f64::NAN, "above 0 to 1");
    wrong(&|one| one.lasts = Duration::ZERO, "at most a day");
    wrong(&|one| one.lasts = Duration::MAX, "at most a day");
    wrong(&|one| one.effect = FaultEffect::Abort(200), "400 to 599");
    let forever = FaultEffect::Delay(Duration::MAX);
    wrong(&|one| one.effect = forever, "at most 5m");
    let header = HeaderWanted {
        name: "a b".into(),
        value: None,
    };
    wrong(&|one| one.header = Some(header.clone()), "no name");
    for _ in 0..100 {
        order(good.clone()).unwrap();
    }
    is_refused(
        order(good.clone()),
        RefusedKind::Conflict,
        "100 ordered faults",
    );
    assert_eq!(desk.routes()[0].faults.len(), 100);
    let end = Order::EndFaults {
        route: "main".into(),
    };
    desk.order(&end).unwrap();
    assert!(desk.routes()[0].faults.is_empty());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tap_refuses_what_would_never_be_shown() {
    let world = world().await;
    let desk = desk(&world);
    let refused = |filter: Filter, kind, part: &str| is_refused(desk.tap(&filter), kind, part);
    let text = |text: &str| Some(text.to_owned());
    let none = Filter::default;
    for (filter, part) in [
        (
            Filter {
                route: text("x"),
                ..none()
            },
            "no route",
        ),
        (
            Filter {
                backend: text("x"),
                ..none()
            },
            "no backend",
        ),
        (
            Filter {
                endpoint: text("x"),
                ..none()
            },
            "no endpoint",
        ),
    ] {
        refused(filter, RefusedKind::NotFound, part);
    }
    for (filter, part) in [
        (
            Filter {
                classes: vec!["6xx".into()],
                ..none()
            },
            "no class",
        ),
        (
            Filter {
                reasons: vec!["luck".into()],
                ..none()
            },
            "no reason",
        ),
        (
            Filter {
                method: text("G T"),
                ..none()
            },
            "no method",
        ),
        (
            Filter {
                trace_id: text("abc"),
                ..none()
            },
            "32 digits",
        ),
        (
            Filter {
                trace_id: text(&"+".repeat(32)),
                ..none()
            },
            "32 digits",
        ),
    ] {
        refused(filter, RefusedKind::Invalid, part);
    }
    let filter = Filter {
        route: text("main"),
        path_prefix: text("/seen"),
        classes: vec!["2xx".into()],
        criticality: Some(Criticality::P1),
        ..none()
    };
    let mut tap = desk.tap(&filter).unwrap();
    get_once(world.address, "/unseen").await;
    get_once(world.address, "/seen").await;
    let line = tap.next().await.unwrap();
    assert!(line.contains("\"path\":\"/seen\""), "{line}");
    assert_eq!(tap.missed(), 0);
    // The test's own watch is one of the 16.
    let taps: Vec<_> = (0..14).map(|_| desk.tap(&none()).unwrap()).collect();
    refused(none(), RefusedKind::Unavailable, "16 taps");
    drop(taps);
    assert!(desk.tap(&none()).is_ok());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_is_made_when_it_is_asked_for() {
    let nowhere = Endpoint::nowhere().await;
    let world = World::to(&[nowhere], |config| {
        let tcp = CheckKind::Tcp;
        config.backends[0].check = Some(Check {
            kind: tcp,
            port: None,
        });
        let mut unchecked = config.backends[0].clone();
        unchecked.name = "unchecked".into();
        unchecked.check = None;
        config.backends.push(unchecked);
    })
    .await;
    let desk = desk(&world);
    let name = desk.backends()[0].endpoints[0].name.clone();
    let checked = desk.check("app", &name).await.unwrap();
    let failure = checked.failure.expect("nothing listens there");
    assert!(failure.contains(&format!("TCP to {nowhere}")), "{failure}");
    is_refused(
        desk.check("unchecked", &name).await,
        RefusedKind::Conflict,
        "has no check",
    );
    let not_found = RefusedKind::NotFound;
    is_refused(desk.check("app", "x").await, not_found, "no endpoint");
    is_refused(desk.check("x", "x").await, not_found, "no backend");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_counted_is_what_was_asked() {
    let mut world = world().await;
    for _ in 0..3 {
        get_once(world.address, "/").await;
        world.record().await;
    }
    let desk = desk(&world);
    let activity = desk.activity();
    assert_eq!(activity.len(), 1);
    let one = &activity[0];
    assert_eq!(
        (one.route.as_deref(), one.backend.as_deref()),
        (Some("main"), Some("app"))
    );
    let classes = one.classes.iter().filter(|(_, count)| *count > 0);
    assert_eq!(classes.collect::<Vec<_>>(), [&("2xx", 3)]);
    let counted: u64 = one.buckets.iter().map(|(_, count)| count).sum();
    assert_eq!(counted, 3);
    assert!(one.buckets.last().unwrap().0.is_infinite());
    let listeners = desk.listeners();
    assert_eq!(listeners[0].connections_total, 3);
    assert_eq!(listeners[1].tcp_backend.as_deref(), Some("app"));
    let backends = desk.backends();
    assert_eq!(backends[0].routes, ["main"]);
    world.stop().await;
}
