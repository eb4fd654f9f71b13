//! `/api/v1/gateway`, over somebody who says that he takes requests in.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use plimsoll_traffic::health::active::Status;
use plimsoll_traffic::surface::{
    ActionView, Activity, Answer, BackendExplained, BackendView, CandidateView, Checked,
    EndpointView, Explanation, FaultEffect, FaultOrder, FaultView, Filter, Gateway, HeaderWanted,
    LimitsView, ListenerView, MaintenanceView, Order, Question, RateView, Refused, RefusedKind,
    RouteVerdict, RouteView, ShareView, Taken, Tap, Verdict,
};
use plimsoll_traffic::{AdminState, Criticality, LevelView, Standing, Why, breaker};
use plimsoll_types::Timestamp;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::harness::Server;

/// A gateway before one backend of two endpoints, one of them ejected.
#[derive(Default)]
pub(crate) struct Fake {
    asked: Mutex<Vec<Question>>,
    orders: Mutex<Vec<Order>>,
    filters: Mutex<Vec<Filter>>,
    /// What a tap shows.
    lines: Mutex<Option<mpsc::Receiver<Arc<str>>>>,
    /// Why orders, checks and taps are refused.
    refuses: Option<RefusedKind>,
}

impl Fake {
    fn refused(&self) -> Result<(), Refused> {
        match self.refuses {
            Some(kind) => Err(Refused::new(kind, "because")),
            None => Ok(()),
        }
    }
}

fn endpoint(name: &str, standing: Standing) -> EndpointView {
    let at = |seconds: i64| Some(Timestamp::from_millis(seconds * 1000));
    let is_ejected = standing == Standing::Ejected;
    EndpointView {
        name: name.into(),
        priority: 0,
        standing,
        reason: if is_ejected {
            "5 failures in a row"
        } else {
            ""
        }
        .into(),
        admin: AdminState::Auto,
        checks: Some(Status::Up),
        check_error: None,
        checked_at: at(98),
        next_check: at(102),
        in_flight: 3,
        connections: 4,
        latency: Duration::from_millis(12),
        breaker: Some(breaker::State::Closed),
        breaker_open_until: None,
        ejected_until: at(130).filter(|_| is_ejected),
        weight_declared: 1,
        weight: 1,
        weight_effective: 1.0,
    }
}

fn level() -> LevelView {
    LevelView {
        priority: 0,
        share: 1.0,
        is_panicking: false,
        candidates: 1,
    }
}

impl Gateway for Fake {
    fn listeners(&self) -> Vec<ListenerView> {
        vec![ListenerView {
            name: "web".into(),
            address: "127.0.0.1:8080".parse().unwrap(),
            tcp_backend: None,
            is_tls: true,
            connections: 1,
            connections_max: 20_000,
            connections_total: 7,
        }]
    }

    fn routes(&self) -> Vec<RouteView> {
        let orders = self.orders.lock().unwrap();
        let is_in_maintenance = orders
            .iter()
            .any(|order| matches!(order, Order::Maintenance { .. }));
        vec![RouteView {
            name: "cart".into(),
            hosts: vec!["shop.example".into()],
            listeners: Vec::new(),
            matches: vec!["path below /cart".into()],
            action: ActionView::Forward(vec![ShareView {
                backend: "shop".into(),
                share: 1.0,
            }]),
            timeout: Duration::from_secs(15),
            criticality: Criticality::P0,
            limits: vec!["per-client".into()],
            mirror: None,
            maintenance: is_in_maintenance.then(|| MaintenanceView {
                status: 503,
                body: "back at noon".into(),
                is_ordered: true,
            }),
            faults: vec![FaultView {
                share: 0.1,
                only: Some("header x-test is there".into()),
                effect: FaultEffect::Delay(Duration::from_millis(200)),
                until: Some(Timestamp::from_millis(160_000)),
                is_ordered: true,
            }],
        }]
    }

    fn backends(&self) -> Vec<BackendView> {
        vec![BackendView {
            name: "shop".into(),
            policy: "peak_ewma",
            check: Some("GET /up is 200-299 every 2s".into()),
            routes: vec!["cart".into()],
            levels: vec![level()],
            ejections_withheld: 0,
            door: None,
            endpoints: vec![
                endpoint("a:1", Standing::Up),
                endpoint("b:1", Standing::Ejected),
            ],
        }]
    }

    fn limits(&self) -> LimitsView {
        LimitsView {
            retry_budget: 10,
            rates: vec![RateView {
                route: "cart".into(),
                name: "per-client".into(),
                key: "client".into(),
                count: 50,
                per: Duration::from_secs(1),
                burst: 100,
                is_dry_run: false,
                keys: 3,
                forgotten: 0,
            }],
            bulkheads: Vec::new(),
            doors: Vec::new(),
        }
    }

    fn activity(&self) -> Vec<Activity> {
        vec![Activity {
            route: Some("cart".into()),
            backend: None,
            endpoint: None,
            classes: vec![("2xx", 9), ("5xx", 1)],
            took_seconds: 1.5,
            buckets: vec![(0.005, 4), (f64::INFINITY, 6)],
        }]
    }

    fn explain(&self, question: &Question) -> Result<Explanation, Refused> {
        self.asked.lock().unwrap().push(question.clone());
        self.refused()?;
        let candidate = CandidateView {
            endpoint: endpoint("b:1", Standing::Ejected),
            is_eligible: false,
            reason: "ejected: 5 failures in a row".into(),
        };
        Ok(Explanation {
            listener: "web".into(),
            miss: None,
            host: "shop.example".into(),
            path: "/cart".into(),
            forwarded: "/cart".into(),
            routes: vec![RouteVerdict {
                route: "cart".into(),
                verdict: Verdict::Taken,
                reason: String::new(),
            }],
            taken: Some(Taken {
                route: "cart".into(),
                criticality: Criticality::P0,
                ends_here: None,
                limits: Vec::new(),
                faults: 1,
                backends: vec![BackendExplained {
                    name: "shop".into(),
                    share: 1.0,
                    policy: "peak_ewma",
                    door: None,
                    levels: vec![level()],
                    candidates: vec![candidate],
                    choice: Ok(("a:1".into(), Why::Policy)),
                }],
            }),
        })
    }

    fn order(&self, order: &Order) -> Result<(), Refused> {
        self.refused()?;
        self.orders.lock().unwrap().push(order.clone());
        Ok(())
    }

    fn check(&self, _: &str, endpoint: &str) -> Answer<'_, Checked> {
        let failure = (endpoint == "b:1").then(|| "GET http://b:1/up: refused".to_owned());
        Box::pin(async move {
            self.refused()?;
            Ok(Checked {
                failure,
                took: Duration::from_millis(5),
            })
        })
    }

    fn tap(&self, filter: &Filter) -> Result<Box<dyn Tap>, Refused> {
        self.refused()?;
        self.filters.lock().unwrap().push(filter.clone());
        let lines = self.lines.lock().unwrap().take().expect("one tap");
        Ok(Box::new(Lines(lines)))
    }
}

/// Shows what it is told, and misses two each time.
struct Lines(mpsc::Receiver<Arc<str>>);

impl Tap for Lines {
    fn next(&mut self) -> Pin<Box<dyn Future<Output = Option<Arc<str>>> + Send + '_>> {
        Box::pin(async { self.0.recv().await })
    }

    fn missed(&mut self) -> u64 {
        2
    }
}

fn server() -> (Server, Arc<Fake>) {
    served(Fake::default())
}

fn served(fake: Fake) -> (Server, Arc<Fake>) {
    let fake = Arc::new(fake);
    let gateway = fake.clone();
    let server = Server::surfaced(move |surface| surface.gateway = Some(gateway));
    (server, fake)
}

async fn order(server: &Server, order: &Value) -> crate::harness::Answer {
    let path = "/api/v1/gateway/orders";
    server
        .post(path, "application/json", order.to_string())
        .await
}

#[tokio::test]
async fn a_server_without_a_gateway_says_so() {
    let server = Server::new();
    for path in [
        "listeners",
        "routes",
        "backends",
        "endpoints",
        "limits",
        "activity",
        "explain",
        "orders",
        "tap",
    ] {
        let path = format!("/api/v1/gateway/{path}");
        let answer = server.get(&path).await;
        answer.is_error(404, "not_found", "this server has no gateway");
    }
    let drain = json!({"order": "drain", "backend": "a", "endpoint": "b"});
    let answer = order(&server, &drain).await;
    answer.is_error(404, "not_found", "this server has no gateway");
}

#[tokio::test]
async fn what_is_misspelt_is_refused() {
    let (server, _) = server();
    for (path, part) in [
        ("listeners?x=1", "takes no parameters"),
        ("routes?nam=cart", "takes name"),
        ("endpoints?backends=shop", "takes backend, state"),
        ("endpoints?state=dead", "wanted one of forced_down"),
        ("explain?headers=a", "takes listener"),
        ("explain?header=a", "wanted name: value"),
        ("explain?client=me", "client"),
        ("tap?clas=5xx", "takes route"),
        ("tap?status=many", "a status such as 503"),
        ("tap?criticality=P9", "P0, P1, P2 or P3"),
        ("tap?at_least=long", "at_least"),
    ] {
        let answer = server.get(&format!("/api/v1/gateway/{path}")).await;
        answer.is_error(400, "bad_data", part);
    }
    for path in ["routes?name=x", "backends?name=x", "endpoints?backend=x"] {
        let answer = server.get(&format!("/api/v1/gateway/{path}")).await;
        answer.is_error(404, "not_found", "there is no");
    }
}

#[tokio::test]
async fn listeners_and_routes_are_shown() {
    let (server, _) = server();
    let answer = server.get("/api/v1/gateway/listeners").await;
    answer.is_data(
        r#"{"listeners": [{"name": "web", "address": "127.0.0.1:8080", "tcpBackend": null, "isTls": true,
            "connections": 1, "connectionsMax": 20000, "connectionsTotal": 7}]}"#,
    );
    let answer = server.get("/api/v1/gateway/routes?name=cart").await;
    answer.is_data(
        r#"{"routes": [{"name": "cart", "hosts": ["shop.example"], "listeners": [], "matches": ["path below /cart"],
            "action": {"kind": "forward", "shares": [{"backend": "shop", "share": 1.0}]}, "timeoutSeconds": 15.0,
            "criticality": "P0", "limits": ["per-client"], "mirror": null, "maintenance": null,
            "faults": [{"share": 0.1, "only": "header x-test is there", "effect": {"kind": "delay", "seconds": 0.2},
                "until": "1970-01-01T00:02:40Z", "isOrdered": true}]}]}"#,
    );
}

#[tokio::test]
async fn backends_endpoints_and_limits_are_shown() {
    let (server, _) = server();
    let answer = server.get("/api/v1/gateway/backends").await;
    answer.is_data(
        r#"{"backends": [{"name": "shop", "policy": "peak_ewma", "check": "GET /up is 200-299 every 2s",
            "routes": ["cart"], "levels": [{"priority": 0, "share": 1.0, "isPanicking": false, "candidates": 1}],
            "ejectionsWithheld": 0, "concurrency": null, "endpoints": 2, "endpointsUsable": 1, "inFlight": 6}]}"#,
    );
    let path = "/api/v1/gateway/endpoints?backend=shop&state=ejected";
    server.get(path).await.is_data(
        r#"{"endpoints": [{"backend": "shop", "name": "b:1", "priority": 0, "state": "ejected", "isUsable": false,
            "reason": "5 failures in a row", "admin": "auto", "checks": "up", "checkError": null,
            "checkedAt": "1970-01-01T00:01:38Z", "nextCheck": "1970-01-01T00:01:42Z", "inFlight": 3, "connections": 4,
            "latencySeconds": 0.012, "breaker": "closed", "breakerOpenUntil": null,
            "ejectedUntil": "1970-01-01T00:02:10Z", "weightDeclared": 1, "weight": 1, "weightEffective": 1.0}]}"#,
    );
    let answer = server.get("/api/v1/gateway/limits").await;
    answer.is_data(
        r#"{"retryBudget": 10, "rates": [{"route": "cart", "name": "per-client", "key": "client", "count": 50,
            "perSeconds": 1.0, "burst": 100, "isDryRun": false, "keys": 3, "forgotten": 0}],
            "inFlight": [], "concurrency": []}"#,
    );
    let answer = server.get("/api/v1/gateway/activity").await;
    answer.is_data(
        r#"{"activity": [{"route": "cart", "backend": null, "endpoint": null, "classes": {"2xx": 9, "5xx": 1},
            "tookSeconds": 1.5, "buckets": [{"atMostSeconds": 0.005, "count": 4}, {"atMostSeconds": null, "count": 6}]}]}"#,
    );
}

#[tokio::test]
async fn a_described_request_is_explained() {
    let (server, fake) = server();
    let path = "/api/v1/gateway/explain?method=POST&host=shop.example&path=%2Fcart%3Fa%3Db\
        &header=x-test:%20a%3Ab&header=x-test:c&client=10.0.0.1&listener=web";
    let answer = server.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let data = &answer.json()["data"];
    assert_eq!(
        data["routes"],
        json!([{"route": "cart", "verdict": "taken", "reason": ""}])
    );
    let backend = &data["taken"]["backends"][0];
    assert_eq!(
        backend["choice"],
        json!({"endpoint": "a:1", "why": "policy"})
    );
    assert_eq!(backend["candidates"][0]["isEligible"], false);
    assert_eq!(
        backend["candidates"][0]["reason"],
        "ejected: 5 failures in a row"
    );
    let header = |value: &str| ("x-test".to_owned(), value.to_owned());
    let expected = Question {
        listener: Some("web".into()),
        method: "POST".into(),
        host: "shop.example".into(),
        path: "/cart?a=b".into(),
        headers: vec![header("a:b"), header("c")],
        client: "10.0.0.1".parse().unwrap(),
    };
    assert_eq!(*fake.asked.lock().unwrap(), [expected]);
}

#[tokio::test]
async fn orders_are_read_and_carried_out() {
    let (server, fake) = server();
    let named = |order: &str| json!({"order": order, "backend": "shop", "endpoint": "a:1"});
    for kind in [
        "drain",
        "undrain",
        "force_up",
        "force_down",
        "auto",
        "pardon",
    ] {
        let answer = order(&server, &named(kind)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(answer.json()["data"]["endpoint"]["name"], "a:1");
    }
    let states: Vec<_> = fake
        .orders
        .lock()
        .unwrap()
        .drain(..)
        .map(|order| match order {
            Order::Admin { state, .. } => Some(state),
            _ => None,
        })
        .collect();
    let expected = [
        Some(AdminState::Draining),
        Some(AdminState::Auto),
        Some(AdminState::ForcedUp),
        Some(AdminState::ForcedDown),
        Some(AdminState::Auto),
        None,
    ];
    assert_eq!(states, expected);
    let maintenance = json!({"order": "maintenance", "route": "cart", "body": "back at noon"});
    let answer = order(&server, &maintenance).await;
    assert_eq!(
        answer.json()["data"]["route"]["maintenance"],
        json!({"status": 503, "body": "back at noon", "isOrdered": true})
    );
    let fault = json!({
        "order": "fault", "route": "cart", "share": 0.1, "header": {"name": "x-test", "value": "1"},
        "abort": 503, "for": "10m",
    });
    let answer = order(&server, &fault).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let expected = Order::Fault {
        route: "cart".into(),
        fault: FaultOrder {
            share: 0.1,
            header: Some(HeaderWanted {
                name: "x-test".into(),
                value: Some("1".into()),
            }),
            effect: FaultEffect::Abort(503),
            lasts: Duration::from_secs(600),
        },
    };
    assert_eq!(fake.orders.lock().unwrap().last(), Some(&expected));
    let answer = server.get("/api/v1/gateway/orders").await.json();
    let routes = &answer["data"]["routes"];
    assert_eq!(
        (&routes[0]["route"], &routes[0]["maintenance"]["status"]),
        (&json!("cart"), &json!(503))
    );
    assert_eq!(answer["data"]["endpoints"], json!([]));
}

#[tokio::test]
async fn orders_that_make_no_sense_are_refused() {
    let (server, fake) = server();
    for (asked, part) in [
        (json!({}), "missing field `order`"),
        (json!({"order": "explode"}), "unknown variant"),
        (json!({"order": "drain", "backend": "shop"}), "endpoint"),
        (
            json!({"order": "drain", "backend": "a", "endpoint": "b", "for": "1m"}),
            "unknown field",
        ),
        (
            json!({"order": "weight", "backend": "a", "endpoint": "b", "weight": -1}),
            "-1",
        ),
        (
            json!({"order": "fault", "route": "cart", "abort": 503}),
            "for",
        ),
        (
            json!({"order": "fault", "route": "cart", "abort": 503, "delay": "1s", "for": "1m"}),
            "one of delay, abort and reset",
        ),
        (
            json!({"order": "fault", "route": "cart", "delay": "soon", "for": "1m"}),
            "`delay` is a duration",
        ),
        (
            json!({"order": "fault", "route": "cart", "abort": 503, "for": "1m", "shere": 1}),
            "unknown field",
        ),
    ] {
        order(&server, &asked).await.is_error(400, "bad_data", part);
    }
    let huge = "x".repeat(300 << 10);
    let answer = order(
        &server,
        &json!({"order": "maintenance", "route": "cart", "body": huge}),
    )
    .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(fake.orders.lock().unwrap().is_empty());
}

#[tokio::test]
async fn why_something_is_refused_is_a_status() {
    let drain = json!({"order": "drain", "backend": "shop", "endpoint": "x"});
    for (kind, status, name) in [
        (RefusedKind::NotFound, 404, "not_found"),
        (RefusedKind::Invalid, 400, "bad_data"),
        (RefusedKind::Conflict, 409, "conflict"),
        (RefusedKind::Unavailable, 503, "unavailable"),
    ] {
        let fake = Fake {
            refuses: Some(kind),
            ..Fake::default()
        };
        let (server, _) = served(fake);
        order(&server, &drain)
            .await
            .is_error(status, name, "because");
        let path = "/api/v1/gateway/checks?backend=shop&endpoint=a:1";
        let answer = server.post(path, "text/plain", "").await;
        answer.is_error(status, name, "because");
        for path in ["tap", "explain"] {
            let answer = server.get(&format!("/api/v1/gateway/{path}")).await;
            answer.is_error(status, name, "because");
        }
    }
}

#[tokio::test]
async fn a_page_of_another_site_orders_nothing() {
    let (server, fake) = server();
    for path in ["orders", "checks?backend=shop&endpoint=a:1"] {
        let request = Request::post(format!("/api/v1/gateway/{path}"));
        let request = request.header("sec-fetch-site", "cross-site");
        let drain = json!({"order": "drain", "backend": "shop", "endpoint": "a:1"});
        let request = request.body(Body::from(drain.to_string())).unwrap();
        let answer = server.send(request).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert!(fake.orders.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_endpoint_is_checked_when_it_is_asked_for() {
    let (server, _) = server();
    let checked = async |endpoint: &str| {
        let path = format!("/api/v1/gateway/checks?backend=shop&endpoint={endpoint}");
        server.post(&path, "text/plain", "").await
    };
    checked("a:1").await.is_data(
        r#"{"backend": "shop", "endpoint": "a:1", "hasPassed": true, "error": null, "tookSeconds": 0.005}"#,
    );
    let data = checked("b:1").await.json()["data"].take();
    assert_eq!(
        (&data["hasPassed"], &data["error"]),
        (&json!(false), &json!("GET http://b:1/up: refused"))
    );
    let answer = checked("").await;
    answer.is_error(400, "bad_data", "wanted its name");
}

#[tokio::test]
async fn a_tap_shows_lines_until_its_reader_leaves() {
    let (tx, lines) = mpsc::channel(8);
    let fake = Fake {
        lines: Mutex::new(Some(lines)),
        ..Fake::default()
    };
    let (server, fake) = served(fake);
    let path = "/api/v1/gateway/tap?route=cart&class=5xx&class=499&reason=shed&status=503&method=GET\
        &path_prefix=%2Fa&client=10.0.0.1&criticality=P0&at_least=1500ms&trace_id=00";
    // Who takes gzip does not wait for a block of it either.
    let request = Request::get(path).header(header::ACCEPT_ENCODING, "gzip");
    let response = server.respond(request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "application/x-jsonlines"
    );
    let expected = Filter {
        route: Some("cart".into()),
        classes: vec!["5xx".into(), "499".into()],
        reasons: vec!["shed".into()],
        status: Some(503),
        method: Some("GET".into()),
        path_prefix: Some("/a".into()),
        client: "10.0.0.1".parse().ok(),
        criticality: Some(Criticality::P0),
        at_least: Some(Duration::from_millis(1500)),
        trace_id: Some("00".into()),
        ..Filter::default()
    };
    assert_eq!(*fake.filters.lock().unwrap(), [expected]);
    let mut body = response.into_body();
    tx.send("{\"status\":503}".into()).await.unwrap();
    for expected in ["{\"status\":503}\n", "{\"missed\":2}\n"] {
        let frame = body.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), expected);
    }
    drop(body);
    tx.closed().await;
}

#[tokio::test]
async fn a_tap_ends_with_the_gateway_and_with_the_server() {
    let tapped = async || {
        let (tx, lines) = mpsc::channel(8);
        let fake = Fake {
            lines: Mutex::new(Some(lines)),
            ..Fake::default()
        };
        let (server, _) = served(fake);
        let request = Request::get("/api/v1/gateway/tap");
        let response = server.respond(request.body(Body::empty()).unwrap()).await;
        (tx, server, response.into_body())
    };
    let (tx, _server, mut body) = tapped().await;
    drop(tx);
    assert!(body.frame().await.is_none());
    let (tx, server, mut body) = tapped().await;
    server.stop.trigger();
    assert!(body.frame().await.is_none());
    assert!(tx.is_closed());
}
