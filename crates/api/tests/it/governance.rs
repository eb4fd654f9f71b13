//! Many queries, large queries, and the people who watch them.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use futures_util::future::join_all;
use plimsoll_api::{Parts, QueryLimits};
use plimsoll_promql::{Engine, Options};
use plimsoll_testkit::MemoryStore;
use plimsoll_types::{
    Appender, ByteCount, Durability, Exemplar, Labels, Matcher, Metadata, Queryable, Sample,
    Selection, StorageError, TimeRange, Timestamp, WriteBatch,
};
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::harness::{Answer, Server};

/// Series of `x`, a sample every second from 0 to 100 s.
fn data(series: usize) -> MemoryStore {
    let store = MemoryStore::new();
    for index in 0..series {
        let labels = Labels::from_pairs([("__name__", "x"), ("i", &index.to_string())]);
        let series = store.resolve(&labels).expect("there is no limit");
        let at = |second: i64| Timestamp::from_millis(1000 * second);
        let samples = (0..=100).map(|i| (series, Sample::float(at(i), i as f64)));
        let batch = WriteBatch {
            samples: samples.collect(),
            ..WriteBatch::default()
        };
        store
            .append(&batch, Durability::Periodic)
            .expect("memory takes all");
    }
    store
}

/// A store whose answers to selections wait until somebody opens it.
#[derive(Clone)]
struct Gated {
    store: MemoryStore,
    entered: Arc<Semaphore>,
    open: Arc<(Mutex<bool>, Condvar)>,
}

impl Gated {
    fn new(store: MemoryStore) -> Self {
        Self {
            store,
            entered: Arc::new(Semaphore::new(0)),
            open: Arc::default(),
        }
    }

    fn open(&self) {
        *self.open.0.lock().unwrap() = true;
        self.open.1.notify_all();
    }

    /// Waits until a query asks, while `queries` runs on.
    async fn is_asked_by<F: Future>(&self, queries: std::pin::Pin<&mut F>) {
        tokio::select! {
            permit = self.entered.acquire() => permit.unwrap().forget(),
            _ = queries => panic!("the store is closed"),
        }
    }
}

impl Queryable for Gated {
    fn select(&self, matchers: &[Matcher], range: TimeRange) -> Result<Selection, StorageError> {
        self.entered.add_permits(1);
        let (open, opened) = &*self.open;
        drop(
            opened
                .wait_while(open.lock().unwrap(), |open| !*open)
                .unwrap(),
        );
        self.store.select(matchers, range)
    }

    fn series(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<Labels>, StorageError> {
        self.store.series(selectors, range, limit)
    }

    fn label_names(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<String>, StorageError> {
        self.store.label_names(selectors, range, limit)
    }

    fn label_values(
        &self,
        name: &str,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<String>, StorageError> {
        self.store.label_values(name, selectors, range, limit)
    }

    fn exemplars(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
    ) -> Result<Vec<(Labels, Vec<Exemplar>)>, StorageError> {
        self.store.exemplars(selectors, range)
    }

    fn metadata(
        &self,
        metric: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Vec<Metadata>)>, StorageError> {
        self.store.metadata(metric, limit)
    }
}

/// One query at a time, one that waits.
fn narrow(parts: &mut Parts) {
    parts.query_limits = QueryLimits {
        running_max: 1,
        waiting_max: 1,
        ..QueryLimits::default()
    };
}

async fn listed(server: &Server) -> Vec<Value> {
    let list = server.get("/api/v1/status/active_queries").await.json();
    list["data"].as_array().unwrap().clone()
}

async fn kill(server: &Server, query: &Value) -> Answer {
    let path = format!(
        "/api/v1/status/active_queries/{}",
        query["id"].as_str().unwrap()
    );
    server
        .send(Request::delete(path).body(Body::empty()).unwrap())
        .await
}

fn metric(server: &Server, line: &str) -> bool {
    let text = server.metrics.render();
    assert!(text.contains("plimsoll_query_"), "{text}");
    text.lines().any(|found| found == line)
}

#[tokio::test]
async fn a_running_query_is_seen_and_killed() {
    let store = Gated::new(data(1));
    let server = Server::governed(store.clone(), narrow);
    let mut query = pin!(server.get("/api/v1/query_range?query=sum(x)&start=0&end=100&step=10"));
    store.is_asked_by(query.as_mut()).await;
    let list = listed(&server).await;
    assert_eq!(list.len(), 1);
    for (name, expected) in [
        ("query", "sum(x)".into()),
        ("state", "running".into()),
        ("lane", "panel".into()),
        ("started", Value::from(100_000)),
        ("end", 100_000.into()),
        ("step", 10_000.into()),
        ("duration", "0.000s".into()),
    ] {
        assert_eq!(list[0][name], expected, "{name}");
    }
    assert_eq!(kill(&server, &list[0]).await.status, StatusCode::OK);
    store.open();
    query
        .await
        .is_error(503, "canceled", "killed by an operator");
    assert!(listed(&server).await.is_empty());
    kill(&server, &list[0])
        .await
        .is_error(404, "not_found", "no query");
    assert!(metric(
        &server,
        "plimsoll_query_ended_total{outcome=\"killed\"} 1"
    ));
}

#[tokio::test]
async fn who_waits_is_seen_and_killed_and_one_too_many_is_refused() {
    let store = Gated::new(data(1));
    let server = Server::governed(store.clone(), narrow);
    let mut first = pin!(server.get("/api/v1/query?query=x"));
    store.is_asked_by(first.as_mut()).await;
    let mut second = pin!(server.get("/api/v1/query?query=count(x)"));
    let overflow = async {
        let refused = server.get("/api/v1/query?query=avg(x)").await;
        refused.is_error(
            503,
            "unavailable",
            "1 queries are running (--query.max-concurrency)",
        );
        refused.is_error(503, "unavailable", "1 are waiting");
        listed(&server).await
    };
    let list = tokio::select! {
        biased;
        _ = second.as_mut() => panic!("its turn has not come"),
        list = overflow => list,
    };
    assert_eq!(list[1]["state"], "queued");
    assert!(metric(&server, "plimsoll_query_waiting{lane=\"light\"} 1"));
    kill(&server, &list[1]).await;
    second
        .await
        .is_error(503, "canceled", "killed by an operator");
    store.open();
    assert_eq!(first.await.status, StatusCode::OK);
    for line in [
        "plimsoll_query_running{lane=\"light\"} 0",
        "plimsoll_query_waiting{lane=\"light\"} 0",
        "plimsoll_query_ended_total{outcome=\"refused\"} 1",
        "plimsoll_query_ended_total{outcome=\"answered\"} 1",
    ] {
        assert!(metric(&server, line), "{line}");
    }
}

#[tokio::test]
async fn a_page_of_another_site_cannot_kill() {
    let store = Gated::new(data(1));
    let server = Server::governed(store.clone(), narrow);
    let mut query = pin!(server.get("/api/v1/query?query=x"));
    store.is_asked_by(query.as_mut()).await;
    let id = listed(&server).await[0]["id"].as_str().unwrap().to_owned();
    let request = Request::delete(format!("/api/v1/status/active_queries/{id}"))
        .header("origin", "https://evil.example");
    let refused = server.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    store.open();
    assert_eq!(query.await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_client_that_goes_away_takes_its_query_along() {
    let store = Gated::new(data(1));
    let server = Server::governed(store.clone(), narrow);
    {
        let mut running = pin!(server.get("/api/v1/query?query=x"));
        store.is_asked_by(running.as_mut()).await;
        {
            let mut waiting = pin!(server.get("/api/v1/query?query=count(x)"));
            let list = tokio::select! {
                biased;
                _ = waiting.as_mut() => panic!("its turn has not come"),
                list = listed(&server) => list,
            };
            assert_eq!(list.len(), 2);
        }
        assert_eq!(listed(&server).await.len(), 1);
    }
    assert!(listed(&server).await.is_empty());
    assert!(metric(
        &server,
        "plimsoll_query_ended_total{outcome=\"canceled\"} 2"
    ));
    // The thread sees that it was cancelled as soon as the store answers, and the next one has its turn.
    store.open();
    let next = server.get("/api/v1/query?query=count(x)").await;
    assert_eq!(next.status, StatusCode::OK, "{}", next.body);
}

#[tokio::test]
async fn the_time_in_the_queue_counts() {
    let store = Gated::new(data(1));
    let server = Server::governed(store.clone(), narrow);
    let mut first = pin!(server.get("/api/v1/query?query=x"));
    store.is_asked_by(first.as_mut()).await;
    let mut second = pin!(server.get("/api/v1/query?query=x&timeout=5s"));
    tokio::select! {
        biased;
        _ = second.as_mut() => panic!("its turn has not come"),
        () = async {} => {}
    }
    server.clock.advance(Duration::from_secs(6));
    second.await.is_error(
        503,
        "timeout",
        "query timed out in query queue: the limit is 5 s",
    );
    store.open();
    assert_eq!(first.await.status, StatusCode::OK);
}

#[tokio::test]
async fn limits_are_named_with_the_flag_that_raises_them() {
    let server = Server::governed(data(50), |parts| {
        parts.engine = Engine::new(Options {
            memory_max: ByteCount::KIB.times(256),
            ..Options::default()
        });
    });
    let path = "/api/v1/query_range?query=x&start=0&end=100&step=0.01";
    let refused = server.get(path).await;
    refused.is_error(422, "execution", "more than the limit of 256 KiB per query");
    refused.is_error(422, "execution", "(--query.memory-max)");
    // 10^9 points: as a result, and inside.
    let path = "/api/v1/query_range?query=x&start=0&end=1000000000&step=1";
    server
        .get(path)
        .await
        .is_error(400, "bad_data", "exceeded maximum resolution of 11,000");
    let path = "/api/v1/query?query=sum_over_time(sum(x)[1000000s:1ms])";
    server
        .get(path)
        .await
        .is_error(422, "execution", "--query.memory-max");
    assert_eq!(server.app.query_memory().used(), ByteCount(0));
}

#[tokio::test]
async fn a_heavy_query_begins_anew_in_its_own_lane() {
    let server = Server::governed(data(50), |parts| {
        parts.query_limits.light_work_max = 10_000;
    });
    let heavy = "/api/v1/query_range?query=sum(max_over_time(x[1m]))&start=0&end=100&step=1";
    let answer = server.get(heavy).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert!(metric(&server, "plimsoll_query_requeued_total 1"));
    // Its kind is remembered, so that nothing is done twice again; light ones are not touched.
    assert_eq!(server.get(heavy).await.body, answer.body);
    assert_eq!(
        server.get("/api/v1/query?query=sum(x)").await.status,
        StatusCode::OK
    );
    assert!(metric(&server, "plimsoll_query_requeued_total 1"));
    assert!(metric(
        &server,
        "plimsoll_query_ended_total{outcome=\"answered\"} 3"
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_heavy_queries_stay_inside_the_budget_and_light_ones_are_answered() {
    let budget = ByteCount::MIB.times(8);
    let server = Server::governed(data(200), |parts| {
        parts.query_limits = QueryLimits {
            memory_total_max: budget,
            waiting_max: 60,
            light_work_max: 50_000,
            ..QueryLimits::default()
        };
        parts.engine = Engine::new(Options {
            memory_max: ByteCount::KIB.times(512),
            ..Options::default()
        });
    });
    let heavy = (0..50).map(|index| {
        // Half of them fit into their share of the memory, half do not.
        let query = match index % 2 {
            0 => format!("sum(max_over_time(x[{}s]))", 20 + index),
            _ => format!("max_over_time(x[{}s])", 20 + index),
        };
        let path = format!("/api/v1/query_range?query={query}&start=0&end=100&step=1");
        let server = &server;
        async move { server.get(&path).await }
    });
    let light = async {
        let mut answers = Vec::new();
        for _ in 0..50 {
            answers.push(server.get("/api/v1/query?query=count(x)").await);
        }
        answers
    };
    let (heavy, light) = tokio::join!(join_all(heavy), light);
    assert!(server.app.query_memory().peak() <= budget);
    assert_eq!(server.app.query_memory().used(), ByteCount(0));
    for answer in &light {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
    let mut answered = 0;
    for answer in &heavy {
        match answer.status.as_u16() {
            200 => answered += 1,
            422 => answer.is_error(422, "execution", "(--query.memory"),
            503 => answer.is_error(503, "unavailable", "(--query.max-waiting)"),
            status => panic!("{status}: {}", answer.body),
        }
    }
    assert!(answered >= 2, "{answered}");
}

/// An export, a federating scrape and a remote read of all series, the last one uncompressed as well as compressed.
fn transfers() -> [Request<Body>; 3] {
    let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    // One query from 0 to 100 s with the matcher __name__="x".
    let query = b"\x0a\x13\x10\xa0\x8d\x06\x1a\x0d\x12\x08__name__\x1a\x01x";
    let body = plimsoll_wire::compression::snappy(query);
    [
        get("/api/v1/export?match[]=x"),
        get("/federate?match[]=x"),
        Request::post("/api/v1/read").body(body.into()).unwrap(),
    ]
}

#[tokio::test]
async fn transfers_are_charged_until_they_are_read() {
    let server = Server::governed(data(40), |_| {});
    for request in transfers() {
        let path = request.uri().to_string();
        let response = server.respond(request).await;
        assert!(response.status().is_success(), "{path}");
        if path == "/api/v1/read" {
            assert!(server.app.query_memory().used() > ByteCount(0));
        }
        let body = http_body_util::BodyExt::collect(response.into_body()).await;
        assert!(!body.unwrap().to_bytes().is_empty(), "{path}");
        assert!(server.app.query_memory().peak() > ByteCount(0), "{path}");
    }
    assert_eq!(server.app.query_memory().used(), ByteCount(0));
}

#[tokio::test]
async fn transfers_of_more_than_there_is_memory_for_are_broken_off() {
    let server = Server::governed(data(5000), |parts| {
        parts.query_limits.memory_total_max = ByteCount::KIB.times(100);
    });
    for request in transfers() {
        let path = request.uri().to_string();
        let response = server.respond(request).await;
        let is_refused = response.status() == StatusCode::SERVICE_UNAVAILABLE;
        let body = http_body_util::BodyExt::collect(response.into_body()).await;
        assert!(is_refused || body.is_err(), "{path}");
    }
    assert!(server.app.query_memory().peak() <= ByteCount::KIB.times(100));
    assert_eq!(server.app.query_memory().used(), ByteCount(0));
}

#[tokio::test]
async fn the_list_of_top_queries_is_bounded() {
    let server = Server::governed(data(1), |_| {});
    let path = "/api/v1/status/top_queries?topN=1001";
    server.get(path).await.is_error(400, "bad_data", "1000");
}

#[tokio::test]
async fn a_large_answer_is_sent_in_pieces_and_charged_until_it_is_read() {
    let server = Server::governed(data(40), |_| {});
    let path = "/api/v1/query_range?query=x&start=0&end=100&step=0.5";
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = server.respond(request).await;
    assert!(!response.headers().contains_key("content-length"));
    assert!(server.app.query_memory().used() > ByteCount(40 * 200 * 32));
    let body = http_body_util::BodyExt::collect(response.into_body())
        .await
        .unwrap();
    let json: Value = serde_json::from_slice(&body.to_bytes()).unwrap();
    let result = json["data"]["result"].as_array().unwrap();
    assert_eq!(result.len(), 40);
    assert!(
        result
            .iter()
            .all(|series| series["values"].as_array().unwrap().len() == 201)
    );
    assert_eq!(server.app.query_memory().used(), ByteCount(0));
}

#[tokio::test]
async fn statistics_and_plans_are_told_on_request() {
    let server = Server::governed(data(3), |_| {});
    let base = "/api/v1/query_range?query=sum(rate(x[10s]))&start=50&end=52&step=1";
    let stats = |json: &Value| json["data"]["stats"].clone();
    assert_eq!(stats(&server.get(base).await.json()), Value::Null);
    let some = stats(&server.get(&format!("{base}&stats=true")).await.json());
    assert_eq!(some["samples"]["totalQueryableSamples"], 3 * 3 * 10);
    assert_eq!(some["samples"]["totalQueryableSamplesPerStep"], Value::Null);
    for name in [
        "evalTotalTime",
        "resultSortTime",
        "queryPreparationTime",
        "innerEvalTime",
        "execQueueTime",
        "execTotalTime",
    ] {
        assert!(some["timings"][name].is_number(), "{name}");
    }
    let all = stats(&server.get(&format!("{base}&stats=all")).await.json());
    let per_step = serde_json::json!([[50.0, 30], [51.0, 30], [52.0, 30]]);
    assert_eq!(all["samples"]["totalQueryableSamplesPerStep"], per_step);
    let json = server.get(&format!("{base}&explain=true")).await.json();
    let plan = &json["data"]["explain"];
    assert_eq!(plan["operator"], "sum");
    assert_eq!(plan["series"], 1);
    let selector = &plan["children"][0]["children"][0];
    assert_eq!(selector["operator"], "x[10s]");
    assert_eq!(selector["seriesRead"], 3);
    assert_eq!(selector["samplesRead"], 3 * 12);
}

#[tokio::test]
async fn the_queries_that_cost_most_are_remembered() {
    let server = Server::governed(data(1), |_| {});
    for query in ["x", "sum(x)", "x"] {
        server.get(&format!("/api/v1/query?query={query}")).await;
    }
    let top = server.get("/api/v1/status/top_queries?topN=1").await.json();
    assert_eq!(top["data"]["topN"], "1");
    let first = &top["data"]["topByCount"];
    assert_eq!(first.as_array().unwrap().len(), 1);
    assert_eq!(
        (&first[0]["query"], &first[0]["count"]),
        (&"x".into(), &2.into())
    );
    assert_eq!(
        top["data"]["topBySumDuration"][0]["sumDurationSeconds"],
        0.0
    );
    server.clock.advance(Duration::from_secs(60));
    let path = "/api/v1/status/top_queries?maxLifetime=30s";
    let none = server.get(path).await.json();
    assert_eq!(none["data"]["topByCount"], serde_json::json!([]));
}

#[tokio::test]
async fn the_query_log_has_the_shape_of_prometheus() {
    let server = Server::governed(data(3), |_| {});
    let directory = std::env::temp_dir().join(format!("plimsoll-query-log-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let path = directory.join("queries.log");
    server.app.set_query_log(Some(&path)).unwrap();
    server
        .get("/api/v1/query_range?query=sum(x)&start=50&end=60&step=5")
        .await;
    server
        .get("/api/v1/query?query=x%20%2B%20on()%20x&time=70")
        .await;
    server.app.set_query_log(None).unwrap();
    server.get("/api/v1/query?query=not_logged").await;
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert_eq!(lines[0]["msg"], "promql query logged");
    let params = serde_json::json!({
        "query": "sum(x)",
        "start": "1970-01-01T00:00:50.000Z",
        "end": "1970-01-01T00:01:00.000Z",
        "step": 5,
    });
    assert_eq!(lines[0]["params"], params);
    assert_eq!(lines[0]["stats"]["samples"]["totalQueryableSamples"], 9);
    assert_eq!(lines[0]["httpRequest"]["path"], "/api/v1/query_range");
    assert_eq!(lines[0]["httpRequest"]["method"], "GET");
    let error = lines[1]["error"].as_str().unwrap();
    assert!(
        error.contains("many-to-many") && lines[1]["stats"].is_null(),
        "{error}"
    );
}

#[tokio::test]
async fn long_texts_are_parsed_elsewhere() {
    let server = Server::governed(data(1), |_| {});
    let long = vec!["x"; 2000].join(" or ");
    let form = format!("query=count({long})");
    let answer = server
        .post("/api/v1/query", "application/x-www-form-urlencoded", form)
        .await;
    assert_eq!(answer.json()["data"]["result"][0]["value"][1], "1");
    let broken = format!("query={}", vec!["x"; 2000].join(" or ") + " )");
    let answer = server
        .post("/api/v1/query", "application/x-www-form-urlencoded", broken)
        .await;
    answer.is_error(400, "bad_data", "parse error");
}
