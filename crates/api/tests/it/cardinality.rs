//! What makes the store large.

use std::time::Duration;

use plimsoll_ingest::limits::Folding;
use plimsoll_types::{
    Cardinality, Churn, MetricChurn, MetricSeries, NamedCount, TimeRange, Timestamp, Unused,
};
use serde_json::json;

use crate::harness::Server;

const AT: i64 = 1_767_323_045_000;

/// What the store of these tests answers.
pub(crate) fn of_four_series(limit: usize, churn: Option<Duration>) -> Cardinality {
    let at = |seconds: i64| Timestamp::from_millis(AT + seconds * 1000);
    let count = |name: &str, count| NamedCount {
        name: name.into(),
        count,
    };
    let metric = |name: &str, series, last_queried| MetricSeries {
        name: name.into(),
        series,
        last_queried,
    };
    let by_metric = vec![metric("up", 3, Some(at(0))), metric("idle", 1, None)];
    Cardinality {
        series: 4,
        metrics: 2,
        label_names: 2,
        label_pairs: 5,
        by_metric: by_metric.into_iter().take(limit).collect(),
        by_label: vec![count("job", 3)],
        bytes_by_label: vec![count("job", 12)],
        by_pair: vec![count("job=a", 2)],
        unused: Unused {
            recorded_since: at(-60),
            before: at(-30),
            metrics: 1,
            series: 1,
            by_metric: vec![metric("idle", 1, None)],
        },
        churn: churn.map(|_| Churn {
            before: TimeRange::new(at(-20), at(-10)),
            now: TimeRange::new(at(-10), at(0)),
            created: 1,
            ended: 2,
            by_metric: vec![MetricChurn {
                name: "up".into(),
                created: 1,
                ended: 2,
                series: 3,
            }],
        }),
    }
}

fn server() -> Server {
    Server::surfaced(|surface| {
        surface.folding = Box::new(|limit| {
            let folding = Folding {
                metric: "requests_total".into(),
                label: "path".into(),
                limit: "values_per_label",
                members: 90,
                overflow_series: 3,
                since: Timestamp::from_millis(AT),
            };
            vec![folding; limit.min(1)]
        });
    })
}

#[tokio::test]
async fn says_what_is_large_unused_new_and_folded() {
    let server = server();
    let answer = server
        .get("/api/v1/status/cardinality?limit=1&churn=10s&unused_after=7d")
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let expected = json!({
        "series": 4, "metrics": 2, "labelNames": 2, "labelPairs": 5,
        "byMetric": [{"name": "up", "series": 3, "share": 0.75, "lastQueried": "2026-01-02T03:04:05Z"}],
        "byLabel": [{"name": "job", "values": 3}],
        "bytesByLabel": [{"name": "job", "bytes": 12}],
        "byPair": [{"name": "job=a", "series": 2, "share": 0.5}],
        "unused": {
            "recordedSince": "2026-01-02T03:03:05Z", "before": "2026-01-02T03:03:35Z", "metrics": 1, "series": 1,
            "share": 0.25, "byMetric": [{"name": "idle", "series": 1, "share": 0.25, "lastQueried": null}],
        },
        "churn": {
            "from": "2026-01-02T03:03:45Z", "middle": "2026-01-02T03:03:55Z", "to": "2026-01-02T03:04:05Z",
            "created": 1, "ended": 2, "byMetric": [{"name": "up", "created": 1, "ended": 2, "series": 3}],
        },
        "folding": [{
            "metric": "requests_total", "label": "path", "limit": "values_per_label", "members": 90,
            "overflowSeries": 3, "since": "2026-01-02T03:04:05Z",
        }],
    });
    assert_eq!(answer.json()["data"], expected);
    let asked =
        "cardinality CardinalityQuery { limit: 1, unused_after: 604800s, churn_window: Some(10s) }";
    assert_eq!(server.admin.calls(), [asked]);
}

#[tokio::test]
async fn churn_is_counted_only_when_asked_for() {
    let server = server();
    let answer = server.get("/api/v1/status/cardinality").await;
    assert_eq!(answer.json()["data"]["churn"], json!(null));
    let asked =
        "cardinality CardinalityQuery { limit: 10, unused_after: 2592000s, churn_window: None }";
    assert_eq!(server.admin.calls(), [asked]);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    let server = server();
    for (query, expected) in [
        ("limit=0", "limit must lie between 1 and 10000"),
        ("limit=10001", "limit must lie between 1 and 10000"),
        ("limit=x", "limit must be a number"),
        ("churn=0s", "churn must lie between 1ms and 1d"),
        ("churn=25h", "churn must lie between 1ms and 1d"),
        (
            "churn=x",
            "invalid parameter \"churn\": cannot parse \"x\" to a valid duration",
        ),
        ("unused_after=-1", "invalid parameter \"unused_after\": "),
    ] {
        let answer = server
            .get(&format!("/api/v1/status/cardinality?{query}"))
            .await;
        answer.is_error(400, "bad_data", expected);
    }
    assert!(server.admin.calls().is_empty());
}
