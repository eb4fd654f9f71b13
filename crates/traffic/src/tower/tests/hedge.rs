use ::tower::{Layer, ServiceExt};

use super::*;
use crate::hedge::Options;

const AFTER: Options = Options::After(Duration::from_millis(50));

/// Returns what came of a call and after how many milliseconds.
async fn call(script: &Script, budget: &Arc<Budget>, method: &str) -> (String, u128) {
    let layer = HedgeLayer::new(time(), AFTER, budget.clone(), Http);
    let began = tokio::time::Instant::now();
    let result = told(layer.layer(script.clone()).oneshot(request(method)).await);
    (result, began.elapsed().as_millis())
}

async fn check(acts: [Act; 2], expected: &str, within: std::ops::Range<u128>, count: usize) {
    let script = Script::new(acts);
    let (result, took) = call(&script, &budget(&time(), 0.2, 10), "GET").await;
    assert_eq!(result, expected, "{acts:?}");
    assert!(within.contains(&took), "{took} ms: {acts:?}");
    assert_eq!(script.count(), count, "{acts:?}");
}

#[tokio::test(start_paused = true)]
async fn the_faster_one_answers() {
    check([Act::Answer(200, 40), Act::Break], "200", 40..45, 1).await;
    check(
        [Act::Answer(200, 1000), Act::Answer(201, 10)],
        "201",
        60..65,
        2,
    )
    .await;
    check(
        [Act::Answer(200, 80), Act::Answer(201, 1000)],
        "200",
        80..85,
        2,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn one_that_fails_leaves_the_other_its_time() {
    check([Act::Answer(200, 500), Act::Break], "200", 500..505, 2).await;
    check(
        [Act::Answer(503, 80), Act::Answer(201, 300)],
        "201",
        350..355,
        2,
    )
    .await;
    check(
        [Act::Answer(503, 80), Act::Answer(500, 300)],
        "500",
        350..355,
        2,
    )
    .await;
    check([Act::Break, Act::Break], "broken", 0..5, 1).await;
}

#[tokio::test(start_paused = true)]
async fn no_hedge_without_leave_and_budget() {
    let script = Script::new([Act::Answer(200, 500)]);
    let rich = budget(&time(), 0.2, 10);
    assert_eq!(call(&script, &rich, "POST").await.0, "200");
    assert_eq!(script.count(), 1, "a POST may not be repeated");

    let script = Script::new([Act::Answer(200, 500)]);
    let poor = budget(&time(), 0.2, 0);
    assert_eq!(call(&script, &poor, "GET").await.0, "200");
    assert_eq!(script.count(), 1, "nobody paid");
}

#[tokio::test(start_paused = true)]
async fn the_delay_is_learned_and_slow_calls_are_remembered() {
    let script = Script::new([Act::Answer(200, 10); 19]);
    let options = Options::Percentile {
        share: 0.95,
        answers_min: 20,
    };
    let time = time();
    let budget = budget(&time, 0.2, 10);
    let service = HedgeLayer::new(time, options, budget, Http).layer(script.clone());
    let call = || service.clone().oneshot(request("GET"));
    for _ in 0..19 {
        call().await.unwrap();
    }
    script.acts.lock().unwrap().push_back(Act::Answer(200, 400));
    call().await.unwrap();
    assert_eq!(script.count(), 20, "too few answers to hedge the slow one");
    tokio::time::advance(Duration::from_secs(1)).await;
    script
        .acts
        .lock()
        .unwrap()
        .extend([Act::Answer(200, 500), Act::Answer(201, 1)]);
    let began = tokio::time::Instant::now();
    assert_eq!(told(call().await), "201");
    // p95 is in the bucket of 10 ms: two tries cost about 12 of them.
    assert!(
        (10..20).contains(&began.elapsed().as_millis()),
        "{:?}",
        began.elapsed()
    );
}
