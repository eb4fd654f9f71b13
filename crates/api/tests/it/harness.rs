//! A router, and requests to it without a socket.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt;
use plimsoll_api::{
    Alertmanagers, App, BuildInfo, InForce, NoRules, Parts, QueryLimits, QueryMetrics, ReadLimits,
    ReloadRequest, ServerStatus, Subscribers, Surface, UiParts, router,
};
use plimsoll_ingest::push::{Limits, Metrics, Receiver};
use plimsoll_ingest::scrape::Overview;
use plimsoll_promql::{Engine, Features, Options};
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_testkit::{FakeClock, MemoryStore};
use plimsoll_types::{Labels, Pattern, Queryable, ReplayStatistics, Timestamp};
use serde_json::Value;
use tokio::sync::mpsc;
use tower::ServiceExt;

use crate::contract;
use crate::store_admin::RecordingAdmin;

const LOOPBACK: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9880));

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("the answer is JSON")
    }

    /// Checks status, `errorType` and a part of `error`.
    pub(crate) fn is_error(&self, status: u16, kind: &str, part: &str) {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        let json = self.json();
        assert_eq!(json["status"], "error");
        assert_eq!(json["errorType"], kind);
        let error = json["error"].as_str().expect("an error has words");
        assert!(error.contains(part), "{error}");
    }

    /// Checks the data of a good answer.
    pub(crate) fn is_data(&self, expected: &str) {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        let expected: Value = serde_json::from_str(expected).expect("the test's JSON");
        assert_eq!(self.json()["data"], expected);
    }
}

/// A server at 1970-01-01T00:01:40Z.
pub(crate) struct Server {
    pub(crate) clock: FakeClock,
    pub(crate) store: MemoryStore,
    pub(crate) app: Arc<App>,
    pub(crate) reloads: mpsc::Receiver<ReloadRequest>,
    pub(crate) admin: RecordingAdmin,
    pub(crate) quit: Shutdown,
    /// Ends the tasks of the server.
    pub(crate) stop: Shutdown,
    pub(crate) metrics: Registry,
    router: Router,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self::surfaced(|_| {})
    }

    /// A server some of whose surface is another.
    pub(crate) fn surfaced(change: impl FnOnce(&mut Surface)) -> Self {
        let store = MemoryStore::new();
        Self::with(store.clone(), store, Limits::default(), LOOPBACK, change)
    }

    /// A server whose questions another store answers.
    pub(crate) fn over(queryable: impl Queryable + 'static) -> Self {
        Self::with(
            MemoryStore::new(),
            queryable,
            Limits::default(),
            LOOPBACK,
            |_| {},
        )
    }

    /// A server with limits of one's own.
    pub(crate) fn limited(limits: Limits) -> Self {
        let store = MemoryStore::new();
        Self::with(store.clone(), store, limits, LOOPBACK, |_| {})
    }

    /// A server that listens elsewhere.
    pub(crate) fn listening_on(listen: SocketAddr) -> Self {
        let store = MemoryStore::new();
        Self::with(store.clone(), store, Limits::default(), listen, |_| {})
    }

    /// A server over another store, some of whose parts are others.
    pub(crate) fn governed(
        queryable: impl Queryable + 'static,
        change: impl FnOnce(&mut Parts),
    ) -> Self {
        let store = MemoryStore::new();
        Self::with_parts(store, queryable, Limits::default(), LOOPBACK, change)
    }

    fn with(
        store: MemoryStore,
        queryable: impl Queryable + 'static,
        limits: Limits,
        listen: SocketAddr,
        change: impl FnOnce(&mut Surface),
    ) -> Self {
        let change = |parts: &mut Parts| change(&mut parts.surface);
        Self::with_parts(store, queryable, limits, listen, change)
    }

    fn with_parts(
        store: MemoryStore,
        queryable: impl Queryable + 'static,
        limits: Limits,
        listen: SocketAddr,
        change: impl FnOnce(&mut Parts),
    ) -> Self {
        let fake = FakeClock::new(Timestamp::from_millis(100_000));
        let clock: Arc<dyn Clock> = Arc::new(fake.clone());
        let registry = Registry::new();
        registry.register_build("1.2.3", None);
        let query_metrics = QueryMetrics::default();
        query_metrics.register(&registry);
        let stop = Shutdown::new();
        let tasks = Tasks::new(stop.clone(), clock.clone(), &registry);
        let appender = Arc::new(store.clone());
        let receiver = Receiver::new(
            appender,
            clock.clone(),
            tasks.clone(),
            limits,
            Metrics::default(),
        );
        let (reload, reloads) = mpsc::channel(1);
        let (admin, quit) = (RecordingAdmin::default(), Shutdown::new());
        let mut parts = Parts {
            queryable: Arc::new(queryable),
            receiver: Arc::new(receiver),
            engine: Engine::new(Options::default()),
            query_limits: QueryLimits::default(),
            query_metrics,
            registry: Arc::new(registry.clone()),
            clock,
            tasks,
            listen,
            reload,
            build: BuildInfo {
                version: "1.2.3",
                revision: "",
            },
            surface: surface(&admin),
        };
        change(&mut parts);
        if parts.surface.quit.is_some() {
            parts.surface.quit = Some(quit.clone());
        }
        let app = App::new(parts);
        let router = router(app.clone());
        Self {
            clock: fake,
            store,
            app,
            reloads,
            admin,
            quit,
            stop,
            metrics: registry,
            router,
        }
    }

    /// A server with samples of `up` at 90 s and 100 s.
    pub(crate) async fn with_data() -> Self {
        let server = Self::new();
        let lines = "up{job=\"a\"} 1 90000\nup{job=\"b\"} 0 90000\nup{job=\"a\"} 1 100000\nup{job=\"b\"} 1 100000\n";
        let answer = server
            .post("/api/v1/import/prometheus", "text/plain", lines)
            .await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
        server
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).expect("a request"))
            .await
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        content_type: &str,
        body: impl Into<Body>,
    ) -> Answer {
        let request = Request::builder().method(Method::POST).uri(path);
        let request = request.header(header::CONTENT_TYPE, content_type);
        self.send(request.body(body.into()).expect("a request"))
            .await
    }

    pub(crate) async fn respond(&self, request: Request<Body>) -> Response {
        let answered = self.router.clone().oneshot(request).await;
        answered.expect("a router does not fail")
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let response = self.respond(request).await;
        let (parts, body) = response.into_parts();
        let body = body
            .collect()
            .await
            .expect("a body without faults")
            .to_bytes();
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).expect("answers are text"),
        };
        contract::check(&method, &uri, &answer);
        answer
    }
}

fn surface(admin: &RecordingAdmin) -> Surface {
    let at = Timestamp::from_millis(90_000);
    let in_force = InForce {
        yaml: "global: {}\n".into(),
        since: at,
        is_last_reload_successful: true,
        external_labels: Labels::empty(),
        retention: "15d".into(),
    };
    let replay = ReplayStatistics {
        segments: 2,
        ..ReplayStatistics::default()
    };
    let flags = [("query.timeout".to_owned(), "2m".to_owned())].into();
    let status = ServerStatus::new(at, "/srv".into(), "box".into(), flags, replay, in_force);
    Surface {
        status: Arc::new(status),
        scrapes: Overview::default(),
        rules: Arc::new(NoRules),
        alerting: None,
        slos: None,
        gateway: None,
        alertmanagers: Box::new(Alertmanagers::default),
        decisions: Box::new(|_, _| Box::pin(async { Ok(Vec::new()) })),
        store: Arc::new(admin.clone()),
        folding: Box::new(|_| Vec::new()),
        is_admin_enabled: false,
        quit: None,
        cors_origin: Pattern::new("http://localhost(:[0-9]+)?").expect("an expression"),
        features: Features::ALL,
        read_limits: ReadLimits::default(),
        subscribers: Subscribers::default(),
        ui: UiParts::in_memory(at, "http://box:9880"),
    }
}
