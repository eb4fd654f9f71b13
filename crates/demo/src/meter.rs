//! The metrics of a replica, and of customers: counters and a histogram, as any service has them.

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Edges of the buckets, in seconds.
const EDGES: [f64; 11] = [0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0];

type Of = [(&'static str, &'static str); 1];
type Ended = [(&'static str, &'static str); 2];

/// Counts requests and how long they took.
#[derive(Debug)]
pub(crate) struct Meter {
    registry: Registry,
    requests: Family<Ended, Counter>,
    seconds: Family<Of, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    dropped: Counter,
}

impl Meter {
    /// Makes one whose metrics begin with `prefix`.
    pub(crate) fn new(prefix: &str) -> Self {
        let mut registry = Registry::with_prefix(prefix);
        let requests = Family::<Ended, Counter>::default();
        let make: fn() -> Histogram = || Histogram::new(EDGES);
        let seconds = Family::new_with_constructor(make);
        let (in_flight, dropped) = (Gauge::default(), Counter::default());
        registry.register("requests", "Requests that ended", requests.clone());
        let help = "How long requests took";
        registry.register("request_duration_seconds", help, seconds.clone());
        registry.register("requests_in_flight", "Requests that run", in_flight.clone());
        let help = "Requests that were not sent because too many were under way";
        registry.register("requests_dropped", help, dropped.clone());
        Self {
            registry,
            requests,
            seconds,
            in_flight,
            dropped,
        }
    }

    /// Counts a request as running until the value is dropped.
    pub(crate) fn begin(&self) -> Running {
        self.in_flight.inc();
        Running(self.in_flight.clone())
    }

    /// Counts a request that ended.
    pub(crate) fn ended(&self, route: &'static str, code: &'static str, took: Duration) {
        let of = [("route", route), ("code", code)];
        self.requests.get_or_create(&of).inc();
        let of = [("route", route)];
        self.seconds.get_or_create(&of).observe(took.as_secs_f64());
    }

    /// Counts a request that was not sent.
    pub(crate) fn dropped(&self) {
        self.dropped.inc();
    }

    /// Writes all of it as OpenMetrics.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("a String takes everything");
        text
    }
}

/// A request that runs.
pub(crate) struct Running(Gauge);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The media type of [`Meter::text`].
pub(crate) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_counted_once_and_measured() {
        let meter = Meter::new("shop");
        let running = meter.begin();
        assert!(meter.text().contains("shop_requests_in_flight 1"));
        meter.ended("buy", "502", Duration::from_millis(20));
        drop(running);
        let text = meter.text();
        for line in [
            "shop_requests_in_flight 0",
            "shop_requests_total{route=\"buy\",code=\"502\"} 1",
            "shop_request_duration_seconds_bucket{le=\"0.01\",route=\"buy\"} 0",
            "shop_request_duration_seconds_bucket{le=\"0.025\",route=\"buy\"} 1",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
