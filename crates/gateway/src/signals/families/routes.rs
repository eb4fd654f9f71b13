//! Of requests: what happened on a route, wherever they went.

use super::{DIRECTIONS, Family, Point, SeriesKey, Sink, View, counter, gauge, histogram};
use crate::signals::cells::{RouteCell, RouteKey};
use crate::signals::counts::Counts;

pub(super) const ALL: &[Family] = &[
    gauge(
        "requests_in_flight",
        "Requests that began and have not ended",
        |view, sink| {
            for (key, total) in &view.totals.routes {
                sink.point(of(key), Point::Gauge(total.cell.in_flight as f64));
            }
        },
    ),
    histogram(
        "queue_wait",
        "How long requests waited for a place, of those that had to wait",
        |view, sink| {
            for (key, total) in &view.totals.routes {
                let wait = &total.cell.queue_wait;
                if wait.count() > 0 {
                    sink.point(of(key), Point::Distribution(wait, None));
                }
            }
        },
    ),
    counter(
        "sheds",
        "",
        "Requests that were sent away so that others could be served",
        |view, sink| {
            each_route(view, sink, |cell, key, sink| {
                for (reason, count) in cell.sheds.iter() {
                    let mut key = key.clone();
                    key.reason = Some(*reason);
                    sink.point(key, Point::Counter(count, None));
                }
            });
        },
    ),
    counter(
        "limit_dry_run",
        "",
        "Requests that a limit with dry_run would have refused",
        |view, sink| {
            each_route(view, sink, |cell, key, sink| {
                for (limit, count) in cell.dry_run.iter() {
                    let key = key.clone().with("limit", limit.to_string());
                    sink.point(key, Point::Counter(count, None));
                }
            });
        },
    ),
    counter(
        "retries",
        "",
        "Attempts after a failed one, by how they ended",
        |view, sink| {
            each_route(view, sink, |cell, key, sink| {
                counts("outcome", &cell.retries, &key, sink);
            });
        },
    ),
    counter(
        "retries_refused",
        "",
        "Failed attempts that were the last ones although the route allows more, by why",
        |view, sink| {
            each_route(view, sink, |cell, key, sink| {
                counts("cause", &cell.retries_refused, &key, sink);
            });
        },
    ),
    counter(
        "hedges",
        "",
        "Second attempts beside a first that still ran, by how they ended",
        |view, sink| {
            each_route(view, sink, |cell, key, sink| {
                counts("outcome", &cell.hedges, &key, sink);
            });
        },
    ),
    counter(
        "mirrored",
        "",
        "Copies of requests, by how their answers compare",
        |view, sink| {
            each_route(view, sink, |cell, key, sink| {
                for (result, count) in cell.mirrored.iter() {
                    let key = key.clone().with("result", result.as_str());
                    sink.point(key, Point::Counter(count, None));
                }
            });
        },
    ),
    counter(
        "body",
        "bytes",
        "Bytes of bodies, read from clients and sent to them",
        |view, sink| {
            each_route(view, sink, |cell, key, sink| {
                for (direction, count) in DIRECTIONS.into_iter().zip(cell.bytes) {
                    let key = key.clone().with("direction", direction);
                    sink.point(key, Point::Counter(count, None));
                }
            });
        },
    ),
];

fn of(key: &RouteKey) -> SeriesKey {
    SeriesKey {
        route: key.route,
        criticality: Some(key.criticality),
        ..SeriesKey::default()
    }
}

fn each_route(
    view: &View<'_>,
    sink: &mut dyn Sink,
    show: impl Fn(&RouteCell, SeriesKey, &mut dyn Sink),
) {
    for (key, total) in &view.totals.routes {
        show(&total.cell, of(key), sink);
    }
}

fn counts(
    label: &'static str,
    counts: &Counts<&'static str>,
    key: &SeriesKey,
    sink: &mut dyn Sink,
) {
    for (value, count) in counts.iter() {
        sink.point(key.clone().with(label, *value), Point::Counter(count, None));
    }
}
