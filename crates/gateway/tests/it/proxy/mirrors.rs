//! Copies of requests, and faults on purpose.

use std::time::Duration;

use http::StatusCode;
use plimsoll_gateway::model::{Effect, Fault, HeaderMatch, Mirror, TextMatch};
use plimsoll_gateway::reason::Reason;
use tokio::sync::mpsc;

use super::client::{Client, get, get_once, request};
use super::endpoint::{Endpoint, echo};
use super::world::{World, backend};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_goes_to_the_mirror() {
    let (tx, mut copies) = mpsc::channel(10);
    let shadow = Endpoint::answering(move |request, body| {
        tx.try_send(String::from_utf8(echo(request, &body).to_vec()).unwrap())
            .unwrap();
        super::endpoint::status(500)
    })
    .await;
    let endpoint = Endpoint::named("well").await;
    let world = World::to(&[endpoint.address], |config| {
        config.backends.push(backend("shadow", &[shadow.address]));
        config.routes[0].mirror = Some(Mirror {
            backend: "shadow".into(),
            share: 1.0,
            compares: true,
        });
    })
    .await;
    let mut client = Client::connect(world.address).await;
    // Whatever the mirror says, the client is served.
    assert_eq!(client.get("/a").await.text(), "well");
    let copy = copies.recv().await.unwrap();
    assert!(copy.starts_with("GET /a HTTP/1.1\n"), "{copy}");
    assert!(copy.contains("\nx-plimsoll-mirrored: true\n"), "{copy}");
    assert_eq!(
        client.send(request("POST", "/b", "body")).await.text(),
        "well"
    );
    let copy = copies.recv().await.unwrap();
    assert!(
        copy.starts_with("POST /b ") && copy.ends_with("\n\nbody"),
        "{copy}"
    );
    drop(client);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_compared() {
    let shadow = Endpoint::answering(|request, _| {
        let text = match request.uri().path() {
            "/same" => "well",
            _ => "ill",
        };
        http::Response::new(http_body_util::Full::new(text.into()))
    })
    .await;
    let endpoint = Endpoint::named("well").await;
    let mut world = World::to(&[endpoint.address], |config| {
        config.backends.push(backend("shadow", &[shadow.address]));
        config.routes[0].mirror = Some(Mirror {
            backend: "shadow".into(),
            share: 1.0,
            compares: true,
        });
    })
    .await;
    let mut client = Client::connect(world.address).await;
    for path in ["/same", "/other", "/other"] {
        assert_eq!(client.get(path).await.text(), "well");
    }
    world
        .until(|world| world.metric("mirrored", "result=\"same\"") == 1.0)
        .await;
    world
        .until(|world| world.metric("mirrored", "result=\"different\"") == 2.0)
        .await;
    drop(client);
    world.stop().await;
}

fn fault(effect: Effect) -> Fault {
    Fault {
        share: 1.0,
        header: Some(HeaderMatch {
            name: http::HeaderName::from_static("x-break"),
            value: TextMatch::Present,
        }),
        effect,
        until: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_meet_those_who_ask_for_them() {
    let endpoint = Endpoint::named("well").await;
    let broken = |effect: Effect| {
        let address = endpoint.address;
        async move {
            World::to(&[address], |config| {
                config.routes[0].faults = vec![fault(effect)];
            })
            .await
        }
    };
    let mut asked = get("/");
    asked.headers_mut().insert("x-break", "1".parse().unwrap());

    let mut world = broken(Effect::Abort(StatusCode::IM_A_TEAPOT)).await;
    assert_eq!(get_once(world.address, "/").await.text(), "well");
    drop(world.record().await);
    let answer = Client::connect(world.address)
        .await
        .send(asked.clone())
        .await;
    assert_eq!(
        (answer.status, answer.reason()),
        (StatusCode::IM_A_TEAPOT, "fault")
    );
    assert_eq!(world.record().await.record.reason, Reason::Fault);
    world.stop().await;

    let mut world = broken(Effect::Reset).await;
    let mut client = Client::connect(world.address).await;
    assert!(client.try_send(asked.clone()).await.is_err());
    let record = world.record().await.record;
    assert_eq!((record.status, record.reason), (0, Reason::Fault));
    world.stop().await;

    let mut world = broken(Effect::Delay(Duration::from_millis(50))).await;
    let mut client = Client::connect(world.address).await;
    assert_eq!(client.send(asked).await.text(), "well");
    let record = world.record().await.record;
    assert!(record.duration >= Duration::from_millis(50), "{record:?}");
    drop(client);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ordered_fault_ends_by_itself() {
    let endpoint = Endpoint::named("well").await;
    let world = World::to(&[endpoint.address], |_| {}).await;
    let now = world.gateway.clock().now();
    let mut fault = fault(Effect::Abort(StatusCode::BAD_GATEWAY));
    fault.header = None;
    fault.until = Some(now + Duration::from_secs(3600));
    world.gateway.order_fault("main", fault.clone()).unwrap();
    assert_eq!(get_once(world.address, "/").await.status.as_u16(), 502);
    world.gateway.end_faults("main").unwrap();
    fault.until = Some(now);
    world.gateway.order_fault("main", fault).unwrap();
    assert_eq!(get_once(world.address, "/").await.status.as_u16(), 200);
    world.stop().await;
}
