use std::sync::atomic::{AtomicU64, Ordering};

use plimsoll_runtime::metrics::Registry;
use plimsoll_testkit::FakeClock;
use plimsoll_types::Timestamp;

use super::*;

const STEP: Duration = Duration::from_millis(1);

/// Lets other tasks run until none of them has anything to do.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

/// Lets 40 customers per second come for `length`, with a shop that takes `pause` for each, and returns how many were sent and
/// how long they waited.
async fn sent(length: Duration, pause: Duration) -> (u64, Arc<Load>) {
    let clock = FakeClock::new(Timestamp::EPOCH);
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let stop = Shutdown::new();
    let tasks = Tasks::new(stop.clone(), shared.clone(), &Registry::new());
    let (load, count) = (Load::new(), Arc::new(AtomicU64::new(0)));
    let (counted, sleeping) = (count.clone(), shared.clone());
    let call = move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        let clock = sleeping.clone();
        async move {
            clock.sleep(pause).await;
            Ending::Good
        }
    };
    load.set_rate(40.0);
    let (running, inner) = (load.clone(), tasks.clone());
    let arrivals = Arrivals::new(3);
    tasks.spawn("load", OnPanic::Report, |stop| async move {
        running.run(arrivals, shared, inner, stop, call).await;
    });
    settle().await;
    for _ in 0..length.as_millis() {
        clock.advance(STEP);
        settle().await;
    }
    stop.trigger();
    (count.load(Ordering::Relaxed), load)
}

#[tokio::test]
async fn a_stalled_shop_does_not_lower_the_rate() {
    let length = Duration::from_secs(5);
    let (quick, _) = sent(length, Duration::from_millis(1)).await;
    let (stalled, load) = sent(length, Duration::from_secs(3600)).await;
    assert_eq!(quick, stalled);
    assert!((150..250).contains(&quick), "{quick}");
    assert_eq!(load.under_way.load(Ordering::Relaxed), stalled);
    assert_eq!(load.dropped(), 0);
}

#[tokio::test]
async fn a_customer_waits_from_when_they_wanted_to() {
    // The sender itself was held up for two seconds: those who wanted something meanwhile have waited for up to that long,
    // although each answer took no time.
    let clock = FakeClock::new(Timestamp::EPOCH);
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let stop = Shutdown::new();
    let tasks = Tasks::new(stop.clone(), shared.clone(), &Registry::new());
    let load = Load::new();
    load.set_rate(40.0);
    let (running, inner) = (load.clone(), tasks.clone());
    tasks.spawn("load", OnPanic::Report, |stop| async move {
        let answer = |_| std::future::ready(Ending::Good);
        running
            .run(Arrivals::new(3), shared, inner, stop, answer)
            .await;
    });
    settle().await;
    clock.advance(Duration::from_secs(2));
    for _ in 0..50 {
        settle().await;
    }
    let latencies = load.take_latencies(Route::Browse);
    let median = latencies.quantile(0.5).unwrap();
    assert!(median > Duration::from_millis(500), "{median:?}");
    assert!(latencies.quantile(1.0).unwrap() > Duration::from_millis(1500));
    stop.trigger();
}
