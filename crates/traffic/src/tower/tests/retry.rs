use ::tower::{Layer, ServiceExt};

use super::*;
use crate::retry::Options;

fn options(change: impl FnOnce(&mut Options)) -> Options {
    let mut options = Options {
        retries_max: 3,
        ..Options::default()
    };
    change(&mut options);
    options
}

async fn call(script: &Script, options: Options, budget: &Arc<Budget>, method: &str) -> String {
    let layer = RetryLayer::new(time(), options, budget.clone(), Http, 7);
    told(layer.layer(script.clone()).oneshot(request(method)).await)
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_called_again_after_a_pause() {
    let script = Script::new([Act::Answer(503, 0), Act::Break, Act::Answer(502, 0)]);
    let budget = budget(&time(), 0.2, 10);
    assert_eq!(call(&script, options(|_| {}), &budget, "GET").await, "200");
    let calls = script.calls();
    assert_eq!(calls.len(), 4);
    for (pair, most) in calls.windows(2).zip([25, 75, 175]) {
        let waited = pair[1].at - pair[0].at;
        // Tokio's timer has a grain of a millisecond.
        assert!(waited <= millis(most + 1), "{waited:?} of {most}");
    }
    assert!(calls[3].at > calls[0].at, "somebody waited");
}

#[tokio::test(start_paused = true)]
async fn posts_are_called_once_unless_they_have_a_key() {
    let script = Script::new([Act::Break]);
    let budget = budget(&time(), 0.2, 10);
    assert_eq!(
        call(&script, options(|_| {}), &budget, "POST").await,
        "broken"
    );
    assert_eq!(script.count(), 1);

    let script = Script::new([Act::Break]);
    let mut keyed = request("POST");
    keyed
        .headers_mut()
        .insert("idempotency-key", "\"1\"".parse().unwrap());
    let layer = RetryLayer::new(time(), options(|_| {}), budget, Http, 7);
    assert_eq!(
        told(layer.layer(script.clone()).oneshot(keyed).await),
        "200"
    );
    assert_eq!(script.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_budget_ends_it() {
    let script = Script::new([Act::Answer(503, 0); 100]);
    let budget = budget(&time(), 0.2, 0);
    for _ in 0..20 {
        assert_eq!(call(&script, options(|_| {}), &budget, "GET").await, "503");
    }
    assert_eq!(script.count(), 24, "20 calls pay 4 retries");
}

#[tokio::test(start_paused = true)]
async fn one_try_ends_in_its_time() {
    let script = Script::new([Act::Answer(200, 1000)]);
    let options = options(|options| options.try_timeout = Some(millis(100)));
    let budget = budget(&time(), 0.2, 10);
    let began = tokio::time::Instant::now();
    assert_eq!(call(&script, options, &budget, "GET").await, "200");
    assert!(began.elapsed() < millis(130), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_called_again_past_the_deadline() {
    let script = Script::new([Act::Answer(503, 90), Act::Answer(503, 90)]);
    let options = options(|options| {
        (options.backoff, options.backoff_max) = (millis(100_000), millis(100_000));
    });
    let budget = budget(&time(), 0.2, 10);
    let time = time();
    let service = DeadlineLayer::new(time.clone(), millis(100))
        .layer(RetryLayer::new(time, options, budget.clone(), Http, 7).layer(script.clone()));
    assert_eq!(told(service.oneshot(request("GET")).await), "503");
    assert_eq!(script.count(), 1);
}
