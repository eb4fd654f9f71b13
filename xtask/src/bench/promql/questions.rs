//! What is asked.

use plimsoll_e2e::Api;
use serde_json::Value;

use super::data::Span;

/// A query with its range; an instant one has a step of 0.
pub(super) struct Question {
    pub(super) name: &'static str,
    query: &'static str,
    start: i64,
    end: i64,
    step: i64,
}

impl Question {
    /// Asks it and returns the data of the answer.
    pub(super) fn ask(&self, api: &Api) -> anyhow::Result<Value> {
        let seconds = |millis: i64| format!("{}", millis as f64 / 1000.0);
        let (start, end, step) = (seconds(self.start), seconds(self.end), seconds(self.step));
        // VictoriaMetrics keeps answers, and the others do not know the parameter.
        let common = [("query", self.query), ("nocache", "1")];
        match self.step {
            0 => api.data("/api/v1/query", &[&common[..], &[("time", &end)]].concat()),
            _ => {
                let range = [("start", &*start), ("end", &*end), ("step", &*step)];
                api.data("/api/v1/query_range", &[&common[..], &range].concat())
            }
        }
    }
}

/// Returns all questions. Windows of Prometheus 2 hold the sample at their beginning too, so no time asked for lies at
/// a sample's distance from one: everything is 7 s beside the samples.
pub(super) fn all(span: &Span) -> Vec<Question> {
    const MINUTE: i64 = 60_000;
    let end = span.end - 8_000;
    let over = |name, query, minutes: i64, step| Question {
        name,
        query,
        start: end - minutes * MINUTE,
        end,
        step,
    };
    let days = (span.end - span.begin) / (24 * 60 * MINUTE);
    // The first hour has nothing before it to rate.
    let long = days * 24 * 60 - 60;
    let last_day = 24 * 60;
    vec![
        over(
            "single series, 1 h at 15 s",
            r#"wide_temperature{instance="10.0.7.15:9100"}"#,
            60,
            15_000,
        ),
        over(
            "sum by (rate), 5,000 of 10,000 series, 1 h at 15 s",
            "sum by (job) (rate(wide_requests_total[5m]))",
            60,
            15_000,
        ),
        over(
            "quantile_over_time, 250 series, 1 h at 15 s",
            r#"quantile_over_time(0.95, wide_temperature{job="job-1"}[10m])"#,
            60,
            15_000,
        ),
        over(
            "topk(10), 5,000 series, instant",
            "topk(10, wide_temperature)",
            0,
            0,
        ),
        over(
            "topk(10), 5,000 series, 1 h at 1 min",
            "topk(10, wide_temperature)",
            60,
            MINUTE,
        ),
        over(
            "30 d at 1 h, sum(rate[1h]), 200 series",
            "sum(rate(long_requests_total[1h]))",
            long,
            60 * MINUTE,
        ),
        over(
            "error ratio over 30 d, instant",
            r#"sum(increase(long_requests_total{code="500"}[29d])) / sum(increase(long_requests_total[29d]))"#,
            0,
            0,
        ),
        over(
            "error ratio of 30 d, 1 d at 1 h",
            r#"sum(rate(long_requests_total{code="500"}[28d])) / sum(rate(long_requests_total[28d]))"#,
            last_day,
            60 * MINUTE,
        ),
    ]
}
