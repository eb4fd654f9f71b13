//! Of requests: what became of them, under everything they are counted under.

use super::{Family, Point, SeriesKey, counter, histogram};
use crate::signals::cells::RequestKey;
use crate::signals::totals::EndpointName;

pub(super) const ALL: &[Family] = &[
    counter(
        "requests",
        "",
        "Requests that ended, by what became of them",
        |view, sink| {
            for (key, total) in &view.totals.requests {
                for (reason, count) in total.cell.reasons.iter() {
                    let mut series = of(key);
                    series.reason = Some(*reason);
                    let mut last = total.cell.last.iter();
                    let example = last.find(|(known, _)| known == reason);
                    let example = example.map(|(_, example)| example);
                    sink.point(series, Point::Counter(count, example));
                }
            }
        },
    ),
    histogram(
        "request_duration",
        "From a request's head to the last byte of its answer",
        |view, sink| {
            for (key, total) in &view.totals.requests {
                let example = total.cell.slowest.as_ref();
                let point = Point::Distribution(&total.cell.took, example);
                sink.point(of(key), point);
            }
        },
    ),
];

fn of(key: &RequestKey<EndpointName>) -> SeriesKey {
    SeriesKey {
        route: key.route,
        backend: key.backend,
        endpoint: key.endpoint,
        criticality: Some(key.criticality),
        class: Some(key.class),
        ..SeriesKey::default()
    }
}
