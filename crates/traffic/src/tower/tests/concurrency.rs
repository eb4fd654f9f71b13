use std::sync::atomic::{AtomicUsize, Ordering};

use ::tower::{Layer, ServiceExt};

use super::*;
use crate::limit::rate::Rate;
use crate::limit::{concurrency, queue};
use crate::{Criticality, Moment, deadline::Deadline};

fn layer(
    time: &Time,
    limit: u32,
    change: impl FnOnce(&mut queue::Options),
) -> ConcurrencyLayer<Http> {
    let mut options = queue::Options {
        wait_target: Duration::from_secs(60),
        ..Default::default()
    };
    change(&mut options);
    let limit = concurrency::Options::Fixed(limit);
    ConcurrencyLayer::new(time.clone(), limit, options, Http, 7)
}

fn within(class: Criticality) -> Context {
    let deadline = Deadline::new(Moment::ORIGIN, Duration::from_secs(3600));
    Context {
        deadline,
        criticality: class,
    }
}

#[tokio::test(start_paused = true)]
async fn calls_wait_for_a_place() {
    let script = Script::new([Act::Answer(200, 100); 6]);
    let layer = layer(&time(), 2, |_| {});
    let service = layer.layer(script.clone());
    let began = tokio::time::Instant::now();
    let call = || service.clone().oneshot(request("GET"));
    let _ = tokio::join!(call(), call(), call(), call(), call(), call());
    assert!(
        (300..310).contains(&began.elapsed().as_millis()),
        "{:?}",
        began.elapsed()
    );
    let view = layer.view();
    assert_eq!((view.in_flight, view.waiting), (0, [0; 4]));
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends() {
    let script = Script::new([Act::Answer(200, 10_000)]);
    let layer = layer(&time(), 1, |options| options.wait_max = millis(500));
    let service = layer.layer(script.clone());
    let call = || service.clone().oneshot(request("GET"));
    let began = tokio::time::Instant::now();
    let (first, second) = tokio::join!(call(), async {
        let result = call().await;
        assert!(
            (500..510).contains(&began.elapsed().as_millis()),
            "{:?}",
            began.elapsed()
        );
        result
    });
    assert_eq!(told(first), "200");
    let told = told(second);
    assert!(
        told.starts_with("Overloaded { why: WaitedTooLong"),
        "{told}"
    );
    assert_eq!(script.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_critical_one_goes_before_those_who_came_first() {
    let script = Script::new([Act::Answer(200, 100); 3]);
    let layer = layer(&time(), 1, |options| options.length_max = 1);
    let service = layer.layer(script.clone());
    let call = |class| within(class).scope(service.clone().oneshot(request("GET")));
    let (first, batch, payment) = tokio::join!(
        call(Criticality::P1),
        call(Criticality::P3),
        call(Criticality::P0),
    );
    assert_eq!(
        (told(first), told(payment)),
        ("200".to_owned(), "200".to_owned())
    );
    let told = told(batch);
    assert!(told.starts_with("Overloaded { why: Full"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_place_that_was_given_and_never_taken_comes_back() {
    let layer = layer(&time(), 1, |_| {});
    let service = layer.layer(Script::new([Act::Answer(200, 100)]));
    let mut calls = [(); 3].map(|()| Box::pin(service.clone().oneshot(request("GET"))));
    for call in &mut calls {
        assert!(poll(call.as_mut()).is_pending());
    }
    let [first, second, third] = calls;
    drop(first);
    assert_eq!(
        layer.view().waiting[1],
        1,
        "the second one was told that it may enter"
    );
    drop(second);
    assert_eq!((layer.view().in_flight, layer.view().waiting), (1, [0; 4]));
    drop(third);
    assert_eq!(layer.view().in_flight, 0);
}

/// Threads that begin calls, look at them a few times and drop them: places and waiters meet at every point of their way.
#[test]
fn threads_that_drop_calls_leave_nothing_behind() {
    let time = Time::new({
        let origin = tokio::time::Instant::now();
        move || origin.elapsed()
    });
    let layer = layer(&time, 2, |_| {});
    let service = layer.layer(::tower::service_fn(|_: Request<()>| {
        std::future::pending::<Result<Response<()>, std::io::Error>>()
    }));
    std::thread::scope(|scope| {
        for thread in 0..4_usize {
            let service = &service;
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_time()
                    .build();
                let runtime = runtime.unwrap();
                let _guard = runtime.enter();
                for round in 0..3_000 {
                    let mut call = Box::pin(service.clone().oneshot(request("GET")));
                    for _ in 0..(round * 7 + thread) % 5 {
                        assert!(poll(call.as_mut()).is_pending());
                    }
                }
            });
        }
    });
    let view = layer.view();
    assert_eq!((view.in_flight, view.waiting), (0, [0; 4]));
}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut TaskContext::from_waker(std::task::Waker::noop()))
}

/// However calls are dropped, places come back: none is lost, none is there twice.
#[tokio::test(start_paused = true)]
async fn dropped_calls_leave_nothing_behind() {
    let layer = layer(&time(), 3, |_| {});
    let script = Script::new([Act::Answer(200, 37); 2_000]);
    let service = layer.layer(script);
    let most = AtomicUsize::new(0);
    let calls = (0..300_u64).map(|number| {
        let (service, layer, most) = (service.clone(), layer.clone(), &most);
        async move {
            Time::pause(millis(number % 50)).await;
            // Some are dropped while they wait, some while they run, some in the turn in which they are let in.
            let patience = millis(number * 7 % 120);
            let _ = Time::within(Some(patience), service.oneshot(request("GET"))).await;
            most.fetch_max(layer.view().in_flight as usize, Ordering::Relaxed);
        }
    });
    join_all(
        calls
            .map(|call| Box::pin(call) as Pin<Box<dyn Future<Output = ()>>>)
            .collect(),
    )
    .await;
    let view = layer.view();
    assert_eq!((view.in_flight, view.waiting), (0, [0; 4]));
    assert!((1..=3).contains(&most.into_inner()));
    assert_eq!(told(service.oneshot(request("GET")).await), "200");
}

/// Runs all until all are done.
async fn join_all(mut all: Vec<Pin<Box<dyn Future<Output = ()> + '_>>>) {
    std::future::poll_fn(|ctx| {
        all.retain_mut(|future| future.as_mut().poll(ctx).is_pending());
        if all.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_rate_is_kept() {
    let script = Script::default();
    let rate = Rate {
        count: 10,
        per: Duration::from_secs(1),
        burst: 2,
        keys_max: 1,
    };
    let service = RateLayer::new(time(), rate).layer(script.clone());
    let call = async || told(service.clone().oneshot(request("GET")).await);
    assert_eq!(
        (call().await, call().await),
        ("200".to_owned(), "200".to_owned())
    );
    assert_eq!(call().await, "RateLimited { retry_after: 100ms }");
    tokio::time::advance(millis(100)).await;
    assert_eq!(call().await, "200");
    assert_eq!(script.count(), 3);
}
