//! Of connections, and of the signals themselves.

use super::{DIRECTIONS, Family, Point, SeriesKey, Sink, View, counter, gauge};
use crate::signals::listener::ListenerSignals;

pub(super) const ALL: &[Family] = &[
    gauge(
        "connections",
        "Connections of clients that are open",
        |view, sink| {
            each_listener(view, sink, |listener, key, sink| {
                sink.point(key, Point::Gauge(listener.open() as f64));
            });
        },
    ),
    counter(
        "connections_accepted",
        "",
        "Connections of clients that were accepted",
        |view, sink| {
            each_listener(view, sink, |listener, key, sink| {
                sink.point(key, Point::Counter(listener.accepted_count(), None));
            });
        },
    ),
    counter(
        "connection_errors",
        "",
        "What ended or prevented connections of clients",
        |view, sink| {
            each_listener(view, sink, |listener, key, sink| {
                for (error, count) in listener.errors() {
                    let key = key.clone().with("error", error);
                    sink.point(key, Point::Counter(count, None));
                }
            });
        },
    ),
    counter(
        "connection",
        "bytes",
        "Bytes of connections that are not HTTP, read from clients and sent to them",
        |view, sink| {
            each_listener(view, sink, |listener, key, sink| {
                let bytes = listener.bytes();
                if bytes == [0; 2] {
                    return;
                }
                for (direction, count) in DIRECTIONS.into_iter().zip(bytes) {
                    let key = key.clone().with("direction", direction);
                    sink.point(key, Point::Counter(count, None));
                }
            });
        },
    ),
    counter(
        "access_log_lines",
        "",
        "Lines of the access log, by what became of them",
        |view, sink| {
            let Some(counts) = view.lines else { return };
            for (result, count) in counts {
                let key = SeriesKey::default().with("result", result);
                sink.point(key, Point::Counter(count, None));
            }
        },
    ),
];

fn each_listener(
    view: &View<'_>,
    sink: &mut dyn Sink,
    show: impl Fn(&ListenerSignals, SeriesKey, &mut dyn Sink),
) {
    for listener in view.listeners {
        let key = SeriesKey {
            listener: Some(listener.name().clone()),
            ..SeriesKey::default()
        };
        show(listener, key, sink);
    }
}
