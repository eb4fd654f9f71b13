use std::sync::atomic::{AtomicU32, Ordering};

use plimsoll_types::Timestamp;

use super::*;
use crate::clock::{Monotonic, Sleep};

/// The clock of tokio, which tests pause.
struct TokioClock(tokio::time::Instant);

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH + self.0.elapsed()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::from_origin(self.0.elapsed())
    }

    fn sleep_until(&self, deadline: Monotonic) -> Sleep {
        Box::pin(tokio::time::sleep_until(self.0 + deadline.since_origin()))
    }
}

fn supervisor() -> (Tasks, Shutdown, Registry) {
    let (shutdown, metrics) = (Shutdown::new(), Registry::new());
    let clock = Arc::new(TokioClock(tokio::time::Instant::now()));
    (
        Tasks::new(shutdown.clone(), clock, &metrics),
        shutdown,
        metrics,
    )
}

#[tokio::test(start_paused = true)]
async fn a_loop_is_made_anew_with_growing_pauses() {
    let (tasks, shutdown, metrics) = supervisor();
    let starts = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&starts);
    let began = tokio::time::Instant::now();
    let mut task = tasks.spawn_loop("reader", move |_| {
        let count = {
            let mut seen = seen.lock().unwrap();
            seen.push(began.elapsed().as_millis() as u64);
            seen.len()
        };
        async move {
            // The third run lasts long enough to count as healthy.
            if count == 3 {
                tokio::time::sleep_until(began + Duration::from_secs(100)).await;
            }
            assert!(count >= 5, "run {count}");
        }
    });
    task.wait().await.unwrap();
    // Tokio's timers round up to the next millisecond.
    let starts = starts.lock().unwrap().clone();
    let expected = [0, 100, 300, 100_100, 100_300];
    assert_eq!(starts.len(), expected.len());
    for (found, wanted) in starts.iter().zip(expected) {
        assert!(found.abs_diff(wanted) <= 3, "{starts:?}");
    }
    assert!(!shutdown.is_triggered());
    let text = metrics.render();
    assert!(
        text.contains("plimsoll_runtime_task_panics_total{task=\"reader\"} 4"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_pausing_loop_stops() {
    let (tasks, shutdown, _) = supervisor();
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let stopping = shutdown.clone();
    let mut task = tasks.spawn_loop("reader", move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        stopping.trigger();
        async { panic!("no") }
    });
    assert_eq!(task.wait().await.unwrap_err().message, "no");
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_panicking_factory_is_a_panicking_loop() {
    let (tasks, _, _) = supervisor();
    let mut count = 0;
    let mut task = tasks.spawn_loop("maker", move |_| {
        count += 1;
        assert!(count > 1, "first");
        std::future::ready(())
    });
    task.wait().await.unwrap();
}

#[tokio::test]
async fn a_fatal_panic_stops_all_and_says_why() {
    let (tasks, shutdown, _) = supervisor();
    let mut bystander = tasks.spawn("bystander", OnPanic::Report, |stop| async move {
        stop.wait().await;
    });
    let mut task = tasks.spawn("wal", OnPanic::Fatal, |_| async {
        panic!("disk {}", "gone")
    });
    assert_eq!(
        task.wait().await.unwrap_err().to_string(),
        "wal panicked: disk gone"
    );
    bystander.wait().await.unwrap();
    assert_eq!(
        shutdown.cause(),
        Some(Cause::Failed("wal panicked: disk gone".into()))
    );
}

#[tokio::test]
async fn a_reported_panic_stops_nobody_else() {
    let (tasks, shutdown, _) = supervisor();
    let mut task = tasks.spawn("connection", OnPanic::Report, |_| async { panic!("odd") });
    assert!(task.wait().await.is_err());
    assert!(!shutdown.is_triggered());
    tasks.join(Duration::ZERO).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn join_names_those_who_do_not_end() {
    let (tasks, shutdown, _) = supervisor();
    for _ in 0..2 {
        tasks.spawn("deaf", OnPanic::Report, |_| std::future::pending());
    }
    tasks.spawn("polite", OnPanic::Report, |stop| async move {
        stop.wait().await;
    });
    shutdown.trigger();
    let unfinished = tasks.join(Duration::from_secs(5)).await.unwrap_err();
    assert_eq!(unfinished.to_string(), "still running: deaf");
}

#[tokio::test]
async fn one_task_is_stopped_alone() {
    let (tasks, shutdown, _) = supervisor();
    let mut one = tasks.spawn("target", OnPanic::Report, |stop| async move {
        stop.wait().await;
    });
    one.stop();
    one.wait().await.unwrap();
    assert!(!shutdown.is_triggered());
}

#[tokio::test]
async fn blocking_work_returns_its_value_or_its_panic() {
    let (tasks, _, metrics) = supervisor();
    assert_eq!(tasks.run_blocking("sum", || 1 + 1).await, Ok(2));
    let panicked = tasks
        .run_blocking("sum", || -> u8 { panic!("overflow") })
        .await;
    assert_eq!(panicked.unwrap_err().to_string(), "sum panicked: overflow");
    assert!(
        metrics
            .render()
            .contains("plimsoll_runtime_task_panics_total{task=\"sum\"} 1")
    );
    tasks.join(Duration::ZERO).await.unwrap();
}

#[tokio::test]
async fn blocking_work_is_bounded() {
    let (tasks, _, _) = supervisor();
    let (most, now) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..4 * BLOCKING_MAX {
        let (tasks, most, now) = (tasks.clone(), Arc::clone(&most), Arc::clone(&now));
        waiting.spawn(async move {
            let work = move || {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                now.fetch_sub(1, Ordering::SeqCst);
            };
            tasks.run_blocking("work", work).await
        });
    }
    for done in waiting.join_all().await {
        done.unwrap();
    }
    assert!((1..=BLOCKING_MAX as u32).contains(&most.load(Ordering::SeqCst)));
}

#[tokio::test]
async fn work_whose_asker_is_gone_counts_until_it_ends() {
    let (tasks, _, _) = supervisor();
    let (end, ended) = std::sync::mpsc::sync_channel::<()>(0);
    let (begin, mut begun) = tokio::sync::mpsc::channel(1);
    let work = move || {
        begin.try_send(()).unwrap();
        let _ = ended.recv();
    };
    tokio::select! {
        _ = tasks.run_blocking("forgotten", work) => panic!("it waits"),
        _ = begun.recv() => {}
    }
    assert_eq!(tasks.0.blocking.available_permits(), BLOCKING_MAX - 1);
    drop(end);
    tasks.join(Duration::from_secs(60)).await.unwrap();
    assert_eq!(tasks.0.blocking.available_permits(), BLOCKING_MAX);
}
