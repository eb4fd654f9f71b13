use ::tower::{Layer, ServiceExt};

use super::*;
use crate::breaker::{Options, State};

fn layer(time: &Time) -> BreakerLayer<Http> {
    let options = Options {
        consecutive: Some(2),
        ..Options::default()
    };
    BreakerLayer::new(time.clone(), options, Http)
}

#[tokio::test(start_paused = true)]
async fn who_fails_is_left_alone_and_asked_later() {
    let script = Script::new([Act::Answer(500, 0), Act::Break]);
    let layer = layer(&time());
    let service = layer.layer(script.clone());
    let call = async || told(service.clone().oneshot(request("GET")).await);
    assert_eq!(call().await, "500");
    assert_eq!(call().await, "broken");
    assert_eq!(layer.state().0, State::Open);
    assert_eq!(
        layer.state().1,
        "2 failures in a row, the last one: the connection ended before the answer"
    );
    tokio::time::advance(Duration::from_secs(4)).await;
    assert_eq!(call().await, "BreakerOpen { retry_after: 6s }");
    assert_eq!(script.count(), 2, "it was not called");
    tokio::time::advance(Duration::from_secs(6)).await;
    assert_eq!(call().await, "200");
    assert_eq!(layer.state().0, State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_dropped_makes_room_for_another() {
    let script = Script::new([Act::Break, Act::Break, Act::Answer(200, 1000)]);
    let layer = layer(&time());
    let service = layer.layer(script.clone());
    let call = || service.clone().oneshot(request("GET"));
    for _ in 0..2 {
        assert_eq!(told(call().await), "broken");
    }
    tokio::time::advance(Duration::from_secs(10)).await;
    assert!(
        Time::within(Some(millis(10)), call()).await.is_none(),
        "the probe hangs"
    );
    assert_eq!(layer.state().0, State::HalfOpen);
    assert_eq!(told(call().await), "200");
    assert_eq!(layer.state().0, State::Closed);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_call_is_judged_and_not_its_begin() {
    let script = Script::new([Act::Answer(500, 100), Act::Answer(500, 100)]);
    let layer = layer(&time());
    let service = layer.layer(script);
    let call = || service.clone().oneshot(request("GET"));
    let (first, second) = tokio::join!(call(), async {
        Time::pause(millis(50)).await;
        assert_eq!(layer.state().0, State::Closed);
        call().await
    });
    assert_eq!(
        (told(first), told(second)),
        ("500".to_owned(), "500".to_owned())
    );
    assert_eq!(layer.state().0, State::Open);
}
