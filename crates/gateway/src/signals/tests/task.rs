//! What runs beside the workers.

use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_testkit::FakeClock;
use plimsoll_types::Appender;

use super::*;
use crate::access_log::{AccessLog, EVERY};
use crate::model;

/// Waits until somebody sleeps for this long: what was to be done before is done.
async fn idle(clock: &FakeClock, duration: Duration) {
    while clock.sleepers_until(duration) == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn counts_and_lines_come_by_themselves_and_the_rest_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let world = World::new();
    let options = model::AccessLog {
        file: Some(path.clone()),
        sample: 1,
    };
    world
        .signals
        .set_access_log(Some(AccessLog::open(options).unwrap()));
    let clock = FakeClock::new(at(0));
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let shutdown = Shutdown::new();
    let tasks = Tasks::new(shutdown.clone(), shared.clone(), &Registry::new());
    let store: Arc<dyn Appender> = Arc::new(world.store.clone());
    world.signals.start(Some(store), shared, &tasks);
    let every = Duration::from_secs(5);
    let recorder = world.signals.recorder();
    let lines = || std::fs::read_to_string(&path).unwrap().lines().count();
    let counted = || {
        let requests = world.values("plimsoll_gateway_requests_total");
        requests.values().sum::<f64>()
    };

    idle(&clock, every).await;
    idle(&clock, EVERY).await;
    run(&recorder, &record());
    clock.advance(EVERY);
    idle(&clock, EVERY).await;
    assert_eq!((lines(), counted()), (1, 0.0));
    clock.advance(every - EVERY);
    idle(&clock, every).await;
    assert_eq!(counted(), 1.0);
    // The store is away for one round.
    run(&recorder, &record());
    world.store.set_failure(Some(StorageErrorKind::Io));
    clock.advance(every);
    idle(&clock, every).await;
    world.store.set_failure(None);
    assert_eq!(counted(), 1.0);
    clock.advance(every);
    idle(&clock, every).await;
    assert_eq!(counted(), 2.0);
    // What ends while the program stops is written at the end.
    shutdown.trigger();
    tasks.join(Duration::from_secs(3600)).await.unwrap();
    run(&recorder, &record());
    world.signals.finish(Some(&world.store), clock.now());
    assert_eq!((lines(), counted()), (3, 3.0));
}
