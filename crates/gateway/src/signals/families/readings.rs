//! Of endpoints and limits: what they are at this moment.

use plimsoll_traffic::breaker;

use super::{Family, Point, SeriesKey, Sink, View, gauge};
use crate::signals::live::{EndpointReading, LimitReading};

pub(super) const ALL: &[Family] = &[
    gauge(
        "endpoint_healthy",
        "1 for an endpoint that gets requests, breakers left out",
        |view, sink| {
            each_endpoint(view, sink, |reading, key, sink| {
                let value = f64::from(u8::from(reading.is_healthy));
                sink.point(key, Point::Gauge(value));
            });
        },
    ),
    gauge(
        "endpoint_weight",
        "An endpoint's effective share, slow start included",
        |view, sink| {
            each_endpoint(view, sink, |reading, key, sink| {
                sink.point(key, Point::Gauge(reading.weight));
            });
        },
    ),
    gauge("endpoint_in_flight", "Attempts that run", |view, sink| {
        each_endpoint(view, sink, |reading, key, sink| {
            sink.point(key, Point::Gauge(f64::from(reading.in_flight)));
        });
    }),
    gauge(
        "breaker_state",
        "1 for the state in which an endpoint's breaker is",
        |view, sink| {
            each_endpoint(view, sink, |reading, key, sink| {
                let Some(state) = reading.breaker else { return };
                for (name, of) in [
                    ("closed", breaker::State::Closed),
                    ("half_open", breaker::State::HalfOpen),
                    ("open", breaker::State::Open),
                ] {
                    let value = f64::from(u8::from(state == of));
                    sink.point(key.clone().with("state", name), Point::Gauge(value));
                }
            });
        },
    ),
    gauge(
        "concurrency_limit",
        "Requests that may be in flight to a backend at a time",
        |view, sink| each_limit(view, sink, |limit| limit.limit),
    ),
    gauge(
        "concurrency_in_flight",
        "Requests in flight to a backend, of those that a limit counts",
        |view, sink| each_limit(view, sink, |limit| limit.in_flight),
    ),
    gauge(
        "queue_length",
        "Requests that wait for a place at a backend",
        |view, sink| each_limit(view, sink, |limit| limit.waiting),
    ),
    gauge(
        "retry_budget",
        "Retries that the shared budget has left",
        |view, sink| {
            if let Some(balance) = view.totals.readings().retry_budget {
                sink.point(SeriesKey::default(), Point::Gauge(balance));
            }
        },
    ),
];

fn each_endpoint(
    view: &View<'_>,
    sink: &mut dyn Sink,
    show: impl Fn(&EndpointReading, SeriesKey, &mut dyn Sink),
) {
    for (endpoint, reading) in view.totals.endpoint_readings() {
        let key = SeriesKey {
            backend: Some(reading.backend),
            endpoint: Some(endpoint),
            ..SeriesKey::default()
        };
        show(reading, key, sink);
    }
}

fn each_limit(view: &View<'_>, sink: &mut dyn Sink, value: impl Fn(&LimitReading) -> u32) {
    for limit in &view.totals.readings().limits {
        let key = SeriesKey {
            backend: Some(limit.backend),
            ..SeriesKey::default()
        };
        sink.point(key, Point::Gauge(f64::from(value(limit))));
    }
}
