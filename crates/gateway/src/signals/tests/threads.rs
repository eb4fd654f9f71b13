//! Workers that count while others look.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

#[test]
fn nothing_is_lost_or_counted_twice_between_threads() {
    const REQUESTS: u64 = 20_000;
    let world = World::new();
    let registry = plimsoll_runtime::metrics::Registry::new();
    world.signals.register(&registry);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..3)
            .map(|_| {
                let recorder = world.signals.recorder();
                scope.spawn(move || {
                    for number in 0..REQUESTS {
                        let status = if number % 10 == 0 { 503 } else { 200 };
                        run(&recorder, &Record { status, ..record() });
                    }
                })
            })
            .collect();
        let exporter = scope.spawn(|| {
            let mut seconds = 0;
            while !is_over.load(Ordering::Relaxed) {
                seconds += 5;
                world.export(seconds);
                drop(registry.render());
            }
            seconds
        });
        for worker in workers {
            worker.join().unwrap();
        }
        is_over.store(true, Ordering::Relaxed);
        let seconds = exporter.join().unwrap();
        world.export(seconds + 5);
    });
    let requests = world.values("plimsoll_gateway_requests_total");
    let of = |class: &str| {
        let of_class = requests.iter().filter(|(labels, _)| labels.contains(class));
        of_class.map(|(_, value)| *value).sum::<f64>()
    };
    let all = 3.0 * REQUESTS as f64;
    assert_eq!((of("2xx"), of("5xx")), (all - all / 10.0, all / 10.0));
    let durations = world.values("plimsoll_gateway_request_duration_seconds");
    assert_eq!(durations.values().sum::<f64>(), all);
}
