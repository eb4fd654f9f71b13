//! What a scrape job tells, by the names of its metrics.

use plimsoll_promql::quoted;

use super::{RedView, Signals, share};

/// Scrapes may be a minute apart, and a rate needs two of them.
const WINDOW: &str = "5m";
/// Labels that hold a status code of HTTP, after the libraries that write them.
const CODES: [&str; 6] = [
    "code",
    "status",
    "status_code",
    "http_status",
    "response_code",
    "http_response_status_code",
];
/// What a server is to blame for, among gRPC's codes.
const GRPC_BAD: &str = "Unknown|DeadlineExceeded|Unimplemented|Internal|Unavailable|DataLoss";
/// Counters of requests, the first one that is there; then any other of these endings.
const COUNTERS: [&str; 5] = [
    "http_server_request_duration_seconds_count",
    "http_request_duration_seconds_count",
    "http_server_requests_total",
    "http_requests_total",
    "grpc_server_handled_total",
];
const COUNTER_ENDINGS: [&str; 4] = [
    "_requests_total",
    "_request_total",
    "_responses_total",
    "_request_duration_seconds_count",
];
/// Latency, in the same way.
const DURATIONS: [&str; 3] = [
    "http_server_request_duration_seconds",
    "http_request_duration_seconds",
    "grpc_server_handling_seconds",
];
const DURATION_ENDINGS: [&str; 2] = ["_request_duration_seconds", "_request_latency_seconds"];
/// Requests that somebody makes to look at a program are not what it is for.
const OF_SCRAPES: [&str; 2] = ["promhttp_", "prometheus_"];

/// What a job has: names of metrics, sorted.
pub(super) struct Metrics<'a> {
    pub(super) job: &'a str,
    pub(super) names: &'a [String],
}

/// Where requests are counted, and how a failed one is known.
pub(super) struct Counter<'a> {
    pub(super) name: &'a str,
    /// The label, and the expression of its bad values.
    pub(super) bad: Option<(&'static str, &'static str)>,
}

impl<'a> Metrics<'a> {
    /// Returns the metric that counts requests.
    pub(super) fn counter(&self) -> Option<&'a str> {
        self.named(&COUNTERS, "", &COUNTER_ENDINGS)
    }

    /// Says which label of a counter tells failures, of those that it has.
    pub(super) fn bad(counter: &str, labels: &[String]) -> Option<(&'static str, &'static str)> {
        let has = |label: &str| labels.iter().any(|found| found == label);
        if counter == "grpc_server_handled_total" {
            return has("grpc_code").then_some(("grpc_code", GRPC_BAD));
        }
        let code = CODES.into_iter().find(|label| has(label));
        code.map(|label| (label, "5..|5xx"))
    }

    /// Writes what is asked.
    pub(super) fn signals(&self, counter: Option<&Counter<'_>>) -> Signals {
        Signals {
            red: RedView {
                rate: counter.map(|counter| format!("sum(rate({}))", self.over(counter.name, ""))),
                errors: counter.and_then(|counter| {
                    let (label, values) = counter.bad?;
                    let bad = format!(",{label}=~{}", quoted(values));
                    Some(share(
                        &self.over(counter.name, &bad),
                        &self.over(counter.name, ""),
                    ))
                }),
                p99: self.p99(),
            },
            saturation: self.saturation(),
        }
    }

    fn p99(&self) -> Option<String> {
        let classic = self.named(&DURATIONS, "_bucket", &DURATION_ENDINGS);
        if let Some(buckets) = classic {
            let rate = self.over(buckets, "");
            return Some(format!(
                "histogram_quantile(0.99, sum by (le) (rate({rate})))"
            ));
        }
        let native = self.named(&DURATIONS, "", &DURATION_ENDINGS)?;
        // A summary has a sum of its own beside it, a native histogram does not.
        let is_summary = self.has(&format!("{native}_sum"));
        let rate = self.over(native, "");
        (!is_summary).then(|| format!("histogram_quantile(0.99, sum(rate({rate})))"))
    }

    /// Files and connections: what every client library tells, and what a program dies of that has none left.
    fn saturation(&self) -> Option<String> {
        let job = quoted(self.job);
        let is_told = self.has("process_open_fds") && self.has("process_max_fds");
        is_told
            .then(|| format!("max(process_open_fds{{job={job}}} / process_max_fds{{job={job}}})"))
    }

    /// Finds one of these names with an ending, or else any name that has one of the endings before that one.
    fn named(&self, known: &[&str], ending: &str, endings: &[&str]) -> Option<&'a str> {
        let mut known = known.iter();
        let exact = known.find_map(|name| self.find(&format!("{name}{ending}")));
        exact.or_else(|| {
            let is_such = |name: &&String| {
                let stem = name.strip_suffix(ending);
                let is_of_scrapes = OF_SCRAPES.iter().any(|prefix| name.starts_with(prefix));
                !is_of_scrapes
                    && stem.is_some_and(|stem| endings.iter().any(|end| stem.ends_with(end)))
            };
            self.names.iter().find(is_such).map(String::as_str)
        })
    }

    fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    fn find(&self, name: &str) -> Option<&'a str> {
        let place = self
            .names
            .binary_search_by(|found| found.as_str().cmp(name));
        place.ok().map(|place| self.names[place].as_str())
    }

    fn over(&self, name: &str, condition: &str) -> String {
        let job = quoted(self.job);
        format!(
            "{{__name__={},job={job}{condition}}}[{WINDOW}]",
            quoted(name)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&str], labels: &[&str]) -> Signals {
        let mut names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        names.sort();
        let metrics = Metrics {
            job: "shop",
            names: &names,
        };
        let labels: Vec<String> = labels.iter().map(|&label| label.to_owned()).collect();
        let counter = metrics.counter().map(|name| Counter {
            name,
            bad: Metrics::bad(name, &labels),
        });
        let signals = metrics.signals(counter.as_ref());
        let RedView { rate, errors, p99 } = &signals.red;
        for query in [rate, errors, p99, &signals.saturation]
            .into_iter()
            .flatten()
        {
            plimsoll_promql::parse(query).unwrap();
        }
        signals
    }

    #[test]
    fn what_libraries_write_is_found() {
        let found = check(
            &[
                "http_request_duration_seconds_count",
                "http_request_duration_seconds_bucket",
                "http_requests_total",
                "process_open_fds",
                "process_max_fds",
            ],
            &["code", "method"],
        );
        let rate = found.red.rate.unwrap();
        assert!(
            rate.contains("http_request_duration_seconds_count"),
            "{rate}"
        );
        assert!(found.red.errors.unwrap().contains("code=~\"5..|5xx\""));
        assert!(found.red.p99.unwrap().contains("sum by (le)"));
        assert!(found.saturation.unwrap().contains("process_max_fds"));
    }

    #[test]
    fn what_does_not_show_errors_has_none() {
        let found = check(&["checkout_requests_total"], &["method"]);
        assert!(found.red.rate.unwrap().contains("checkout_requests_total"));
        assert_eq!(found.red.errors, None);
        assert_eq!(found.red.p99, None);
        assert_eq!(found.saturation, None);
    }

    #[test]
    fn native_histograms_are_told_from_summaries() {
        let native = check(&["http_request_duration_seconds"], &[]);
        let query = native.red.p99.unwrap();
        assert!(query.contains("sum(rate("), "{query}");
        let summary = [
            "http_request_duration_seconds",
            "http_request_duration_seconds_sum",
        ];
        assert_eq!(check(&summary, &[]).red.p99, None);
    }

    #[test]
    fn scrapes_and_things_without_requests_are_no_requests() {
        let names = ["promhttp_metric_handler_requests_total", "up"];
        assert_eq!(check(&names, &["code"]), Signals::default());
    }
}
