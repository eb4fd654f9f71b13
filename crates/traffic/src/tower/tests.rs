//! Every layer with tokio's clock stopped: time passes when everybody waits.

mod breaker;
mod concurrency;
mod deadline;
mod hedge;
mod retry;

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use http::{Request, Response};
use tower::Service;

use super::*;
use crate::retry::{Budget, BudgetOptions};

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Tokio's clock.
fn time() -> Time {
    let origin = tokio::time::Instant::now();
    Time::new(move || origin.elapsed())
}

fn budget(time: &Time, ratio: f64, reserve_per_second: u32) -> Arc<Budget> {
    let options = BudgetOptions {
        ratio,
        reserve_per_second,
        ttl: Duration::from_secs(10),
    };
    Arc::new(Budget::new(options, time.now()))
}

/// What the service under the layers does with a call.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// Answers with this status after so many milliseconds.
    Answer(u16, u64),
    /// Breaks the connection at once.
    Break,
}

/// A service that plays a script and then answers 200 at once; clones play the same script.
#[derive(Clone, Debug, Default)]
struct Script {
    acts: Arc<Mutex<VecDeque<Act>>>,
    /// Time and headers of each call.
    calls: Arc<Mutex<Vec<Call>>>,
}

#[derive(Clone, Debug)]
struct Call {
    at: tokio::time::Instant,
    headers: http::HeaderMap,
    context: Option<Context>,
}

impl Script {
    fn new(acts: impl IntoIterator<Item = Act>) -> Self {
        let acts = Arc::new(Mutex::new(acts.into_iter().collect()));
        Self {
            acts,
            ..Self::default()
        }
    }

    fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    fn count(&self) -> usize {
        self.calls.lock().unwrap().len()
    }
}

impl Service<Request<()>> for Script {
    type Response = Response<()>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = std::io::Result<Response<()>>> + Send>>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        self.calls.lock().unwrap().push(Call {
            at: tokio::time::Instant::now(),
            headers: request.headers().clone(),
            context: Context::current(),
        });
        let act = self
            .acts
            .lock()
            .unwrap()
            .pop_front()
            .unwrap_or(Act::Answer(200, 0));
        Box::pin(async move {
            match act {
                Act::Break => Err(std::io::ErrorKind::ConnectionReset.into()),
                Act::Answer(status, after) => {
                    Time::pause(millis(after)).await;
                    Ok(Response::builder().status(status).body(()).unwrap())
                }
            }
        })
    }
}

fn request(method: &str) -> Request<()> {
    Request::builder().method(method).body(()).unwrap()
}

/// The status, or what was refused, or "broken".
fn told(result: Result<Response<()>, BoxError>) -> String {
    match result {
        Ok(response) => response.status().as_u16().to_string(),
        Err(error) => match Refused::find(&error) {
            Some(refused) => format!("{refused:?}"),
            None => "broken".to_owned(),
        },
    }
}
