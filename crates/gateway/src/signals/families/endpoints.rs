//! Of endpoints: attempts, checks and what happened to them.

use super::{Family, Point, SeriesKey, Sink, View, counter, histogram};
use crate::signals::cells::EndpointCell;

pub(super) const ALL: &[Family] = &[
    counter(
        "attempts",
        "",
        "Attempts at endpoints, by how they ended",
        |view, sink| {
            each_endpoint(view, sink, |cell, key, sink| {
                counts("outcome", cell.outcomes(), &key, sink);
            });
        },
    ),
    histogram(
        "attempt_duration",
        "Until an attempt's head of an answer or its failure; attempts that were called off are left out",
        |view, sink| {
            each_endpoint(view, sink, |cell, key, sink| {
                if cell.took.count() > 0 {
                    sink.point(key, Point::Distribution(&cell.took, None));
                }
            });
        },
    ),
    counter(
        "attempt_connections",
        "",
        "Attempts over a new connection and over one that was open",
        |view, sink| {
            each_endpoint(view, sink, |cell, key, sink| {
                let kinds = ["new", "reused"].into_iter().zip(cell.connections);
                counts(
                    "connection",
                    kinds.filter(|(_, count)| *count > 0),
                    &key,
                    sink,
                );
            });
        },
    ),
    counter(
        "ejections",
        "",
        "How often an endpoint was ejected for what requests showed",
        |view, sink| {
            each_endpoint(view, sink, |cell, key, sink| {
                sink.point(key, Point::Counter(cell.ejections(), None));
            });
        },
    ),
    counter(
        "endpoint_events",
        "",
        "What happened to endpoints",
        |view, sink| {
            each_endpoint(view, sink, |cell, key, sink| {
                counts("event", cell.events(), &key, sink);
            });
        },
    ),
    counter("checks", "", "Active checks of endpoints", |view, sink| {
        each_endpoint(view, sink, |cell, key, sink| {
            let results = ["failed", "passed"].into_iter().zip(cell.checks);
            counts(
                "result",
                results.filter(|(_, count)| *count > 0),
                &key,
                sink,
            );
        });
    }),
];

fn each_endpoint(
    view: &View<'_>,
    sink: &mut dyn Sink,
    show: impl Fn(&EndpointCell, SeriesKey, &mut dyn Sink),
) {
    for (key, total) in &view.totals.endpoints {
        let key = SeriesKey {
            backend: Some(key.backend),
            endpoint: Some(key.endpoint),
            ..SeriesKey::default()
        };
        show(&total.cell, key, sink);
    }
}

fn counts(
    label: &'static str,
    counts: impl Iterator<Item = (&'static str, u64)>,
    key: &SeriesKey,
    sink: &mut dyn Sink,
) {
    for (value, count) in counts {
        sink.point(key.clone().with(label, value), Point::Counter(count, None));
    }
}
