//! The services: what a replica does with a request, and what can be wrong with it.

mod fault;
mod replica;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use hyper::body::Incoming;
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::random::{Random, SeededRandom};
use plimsoll_runtime::tasks::{OnPanic, Tasks};
use std::sync::Mutex;
use tokio::sync::{Semaphore, oneshot};

pub use fault::{Fault, FaultId};
pub use replica::Replica;

use crate::books::{Books, Ending};
use crate::caller::{CRITICALITY, Caller};
use crate::http1::{Answer, Answering, Handler, text};
use crate::meter::{MEDIA_TYPE, Meter};
use crate::shop::{Route, Service};
use fault::{Mood, Struck};

/// Headers that are handed on to what is called for a request. The deadline is one of them, so nobody works for who has
/// gone; traces show who called whom.
const HANDED_ON: [&str; 3] = ["x-plimsoll-timeout-ms", "traceparent", "tracestate"];

/// What all replicas are made with.
#[derive(Clone)]
pub(crate) struct Needs {
    pub(crate) books: Arc<Books>,
    pub(crate) caller: Caller,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tasks: Tasks,
}

/// What answers for a replica.
pub(crate) struct Worker {
    service: Service,
    needs: Needs,
    mood: Mood,
    workers: Semaphore,
    meter: Meter,
    random: Mutex<SeededRandom>,
}

impl Worker {
    fn new(service: Service, number: usize, needs: Needs) -> Self {
        let seed = (service as u64) << 32 | number as u64;
        Self {
            service,
            needs,
            mood: Mood::default(),
            workers: Semaphore::new(service.workers()),
            meter: Meter::new("shop"),
            random: Mutex::new(SeededRandom::new(seed)),
        }
    }

    /// Does a request of a route and says whether it went well.
    async fn work(&self, route: Route, inherited: HeaderMap) -> StatusCode {
        match self.mood.strike(self.fraction()) {
            Some(Struck::Errors) => return StatusCode::INTERNAL_SERVER_ERROR,
            Some(Struck::Latency(delay)) => self.needs.clock.sleep(delay).await,
            Some(Struck::Hang) => self.mood.hang().await,
            None => {}
        }
        self.busy().await;
        match route.needs() {
            None => StatusCode::OK,
            Some(needed) => match self.ask(needed, inherited).await {
                Ending::Good => StatusCode::OK,
                _ => StatusCode::BAD_GATEWAY,
            },
        }
    }

    /// Keeps one of the workers busy, mostly for about as long as the service takes, now and then for three times as long.
    async fn busy(&self) {
        let Ok(_worker) = self.workers.acquire().await else {
            return;
        };
        let draw = self.fraction();
        let times = if draw < 0.02 { 3.0 } else { 0.6 + 0.8 * draw };
        let took = self.service.work().mul_f64(times);
        self.needs.clock.sleep(took).await;
    }

    /// Asks another service. It goes on when nobody waits any more: who asked would have gone, and the books of the two
    /// would not agree.
    async fn ask(&self, route: Route, inherited: HeaderMap) -> Ending {
        let (tell, told) = oneshot::channel();
        let caller = self.needs.caller.clone();
        let ask = |_| async move {
            let ending = caller.call(route, &inherited).await;
            // Nobody may wait any more.
            let _ = tell.send(ending);
        };
        let tasks = &self.needs.tasks;
        tasks.spawn("demo-call", OnPanic::Report, ask);
        told.await.unwrap_or(Ending::Lost)
    }

    async fn serve(&self, route: Route, inherited: HeaderMap) -> Answer {
        let began = self.needs.clock.monotonic();
        let _running = self.meter.begin();
        let status = self.work(route, inherited).await;
        let took = self.needs.clock.monotonic().since(began);
        self.meter.ended(route.name(), code(status), took);
        self.needs.books.answered(route, status.is_server_error());
        text(status, format!("{} of {}\n", status.as_str(), self.service))
    }

    fn fraction(&self) -> f64 {
        let mut random = self.random.lock().unwrap_or_else(|held| held.into_inner());
        random.fraction()
    }
}

impl Handler for Worker {
    fn handle(self: Arc<Self>, request: Request<Incoming>) -> Answering {
        Box::pin(async move {
            let path = request.uri().path();
            match (path, request.method()) {
                ("/healthz", _) => return text(StatusCode::OK, "ok\n"),
                ("/metrics", _) => return metrics(self.meter.text()),
                _ => {}
            }
            let mut own = Route::ALL
                .into_iter()
                .filter(|route| route.service() == self.service);
            let route = own.find(|route| route.path() == path);
            let Some(route) = route else {
                return text(StatusCode::NOT_FOUND, "no such page\n");
            };
            if route.is_change() != (request.method() == Method::POST) {
                return text(StatusCode::METHOD_NOT_ALLOWED, "wrong method\n");
            }
            let inherited = inherited(request.headers());
            self.serve(route, inherited).await
        })
    }
}

/// Returns what is handed on to what is called for a request.
fn inherited(headers: &HeaderMap) -> HeaderMap {
    let mut inherited = HeaderMap::new();
    let names = HANDED_ON.map(http::HeaderName::from_static);
    for name in names.into_iter().chain([CRITICALITY]) {
        let value = headers.get(&name).cloned();
        inherited.extend(value.map(|value| (name, value)));
    }
    inherited
}

/// Answers a scrape.
pub(crate) fn metrics(exposition: impl Into<Bytes>) -> Answer {
    let mut answer = text(StatusCode::OK, exposition);
    let media_type = HeaderValue::from_static(MEDIA_TYPE);
    answer
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    answer
}

/// Returns a status as a label.
fn code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::OK => "200",
        StatusCode::BAD_GATEWAY => "502",
        _ => "500",
    }
}
