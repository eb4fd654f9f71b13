//! One attempt: secrets, texts, the exchange, the verdict.

mod http;
mod metrics;
mod smtp;

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::http::HeaderValue;
use plimsoll_runtime::clock::{Clock, Monotonic};
use plimsoll_runtime::http::{Client, ClientConfig, ErrorKind};
use plimsoll_runtime::tasks::Tasks;

use crate::masks::Masks;
use crate::{
    Answer, HttpRequest, Integration, Notice, RenderError, Rendering, Request, Templates, Verdict,
};

pub use metrics::Metrics;

/// Says to a service that two requests are the same one: draft-ietf-httpapi-idempotency-key-header.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Brings notices to receivers. It belongs to one configuration: a reload makes a new one with the same metrics.
///
/// ```no_run
/// # use std::{sync::Arc, time::Duration};
/// # use plimsoll_notify::{Integration, Metrics, Notice, Sender, Templates, Verdict};
/// # async fn example(
/// #     tasks: plimsoll_runtime::tasks::Tasks,
/// #     clock: Arc<dyn plimsoll_runtime::clock::Clock>,
/// #     registry: &plimsoll_runtime::metrics::Registry,
/// #     integration: &Integration,
/// #     notice: Arc<Notice>,
/// # ) {
/// let of_templates = Arc::clone(&clock);
/// let templates = Templates::builtin(Arc::new(move || of_templates.now()));
/// let sender = Sender::new(templates, tasks, clock, Metrics::new(registry));
/// match sender.send(integration, notice, Duration::from_secs(10)).await {
///     Verdict::Sent { data } => println!("told; keep {data:?}"),
///     Verdict::Retry { after, reason } => println!("again in {after:?}: {reason}"),
///     Verdict::Unknown { after, reason } => println!("told or not, again in {after:?}: {reason}"),
///     Verdict::Refused { reason } => println!("never: {reason}"),
/// }
/// # }
/// ```
pub struct Sender {
    templates: Arc<Templates>,
    tasks: Tasks,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    /// One client for each way to speak HTTP, as most integrations share that of `global`.
    clients: Mutex<Vec<(Arc<ClientConfig>, Client)>>,
}

/// What an integration makes of a notice; `None` when it makes nothing of an answer.
type Written = Result<Option<Vec<Request>>, RenderError>;

/// Requests, and what of them nobody may read.
struct Requests {
    requests: Option<Vec<Request>>,
    masks: Arc<Masks>,
}

impl Sender {
    /// Makes a sender.
    pub fn new(
        templates: Templates,
        tasks: Tasks,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
    ) -> Self {
        Self {
            templates: Arc::new(templates),
            tasks,
            clock,
            metrics,
            clients: Mutex::default(),
        }
    }

    /// Tries once to bring a notice to an integration, for at most `deadline`, or for the integration's own `timeout` where
    /// that is shorter. A peer that is slow, silent or broken ends in [`Verdict::Unknown`], one that cannot be reached or says
    /// no in [`Verdict::Retry`].
    ///
    /// # Cancel safety
    /// The exchange is broken off; the receiver may have the notice.
    pub async fn send(
        &self,
        integration: &Integration,
        notice: Arc<Notice>,
        deadline: Duration,
    ) -> Verdict {
        let started = self.clock.monotonic();
        let limit = integration
            .timeout
            .map_or(deadline, |own| own.min(deadline));
        let attempt = Attempt {
            sender: self,
            integration,
            ends: started.after(limit),
            limit,
            notice,
        };
        let verdict = attempt.run().await;
        let elapsed = self.clock.monotonic().since(started);
        self.metrics.attempted(
            integration.kind,
            &attempt.notice.receiver,
            &verdict,
            elapsed,
        );
        verdict
    }

    /// Returns the client for a way to speak HTTP.
    fn client(&self, config: &Arc<ClientConfig>) -> Result<Client, Verdict> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |known: &Arc<ClientConfig>| Arc::ptr_eq(known, config) || known == config;
        if let Some((_, client)) = clients.iter().find(|(known, _)| same(known)) {
            return Ok(client.clone());
        }
        let client = Client::new((**config).clone()).map_err(|error| http::failed(&error))?;
        clients.push((Arc::clone(config), client.clone()));
        Ok(client)
    }
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

/// One call of [`Sender::send`].
struct Attempt<'a> {
    sender: &'a Sender,
    integration: &'a Integration,
    notice: Arc<Notice>,
    limit: Duration,
    ends: Monotonic,
}

impl Attempt<'_> {
    async fn run(&self) -> Verdict {
        let first = match self.written(None).await {
            Ok(first) => first,
            Err(verdict) => return verdict,
        };
        let requests = first.requests.unwrap_or_default();
        let (verdict, answer) = self.bring(requests, &first.masks).await;
        let Some(answer) = answer.filter(|_| !verdict.is_sent()) else {
            return verdict;
        };
        match self.written(Some(answer)).await {
            Ok(Requests {
                requests: Some(instead),
                masks,
            }) => self.bring(instead, &masks).await.0,
            Ok(_) => verdict,
            Err(verdict) => verdict,
        }
    }

    /// Has the receiver write its requests: the first ones, or those that come after an answer.
    async fn written(&self, answer: Option<Answer>) -> Result<Requests, Verdict> {
        let receiver = Arc::clone(&self.integration.receiver);
        let templates = Arc::clone(&self.sender.templates);
        let notice = Arc::clone(&self.notice);
        let http = Arc::clone(&self.integration.http);
        // Templates compute, and secrets may be in files of a network that hangs.
        let work = self.sender.tasks.run_blocking("notify.render", move || {
            let rendering = Rendering::new(&templates, &notice);
            let written: Written = match &answer {
                None => receiver.requests(&notice, &rendering).map(Some),
                Some(answer) => receiver.instead(&notice, &rendering, answer),
            };
            let (failures, secrets) = rendering.into_parts();
            let mut masks = Masks::of_client(&http);
            masks.extend(secrets);
            (written, failures, Arc::new(masks))
        });
        let (written, failures, masks) = match self.within(work).await? {
            Ok(done) => done,
            Err(panicked) => return Err(Verdict::refused(panicked.to_string())),
        };
        self.report(&failures);
        match written {
            Ok(requests) => Ok(Requests { requests, masks }),
            Err(error) if error.is_retryable() => Err(Verdict::retry(error.to_string())),
            Err(error) => Err(Verdict::refused(error.to_string())),
        }
    }

    fn report(&self, failures: &[String]) {
        let (kind, receiver) = (self.integration.kind, &self.notice.receiver);
        if let Some(error) = failures.first() {
            self.sender.metrics.template_failed(kind, receiver);
            tracing::warn!(
                receiver,
                integration = kind,
                error,
                "a template failed; the notification goes out with a text of our own"
            );
        }
    }

    /// Sends the requests one after the other. Returns the first verdict that is not sent, with its answer, or the last.
    async fn bring(&self, requests: Vec<Request>, masks: &Arc<Masks>) -> (Verdict, Option<Answer>) {
        let mut last = Verdict::sent();
        for (place, request) in requests.into_iter().enumerate() {
            let (verdict, answer) = match request {
                Request::Mail(mail) => {
                    let delivered = smtp::deliver(&mail, &self.sender.tasks);
                    let delivered = self.within(delivered).await;
                    (delivered.unwrap_or_else(Verdict::or_arrived), None)
                }
                Request::Http(request) => match self.exchange(place, request, masks).await {
                    Ok(answer) => {
                        let verdict = self.integration.receiver.judge(place, &answer);
                        match may_have_arrived(&answer) {
                            true => (verdict.or_arrived(), Some(answer)),
                            false => (verdict, Some(answer)),
                        }
                    }
                    Err(verdict) => (verdict, None),
                },
            };
            if !verdict.is_sent() {
                // Who took the first of several requests knows of the notice.
                let verdict = match place {
                    0 => verdict,
                    _ => verdict.or_arrived(),
                };
                return (verdict, answer);
            }
            last = verdict;
        }
        (last, None)
    }

    async fn exchange(
        &self,
        place: usize,
        request: HttpRequest,
        masks: &Arc<Masks>,
    ) -> Result<Answer, Verdict> {
        let client = self.sender.client(&self.integration.http)?;
        let key = match place {
            0 => self.notice.id.clone(),
            place => format!("{}-{place}", self.notice.id),
        };
        let mut headers = request.headers;
        if let Ok(key) = HeaderValue::from_str(&key) {
            headers.insert(IDEMPOTENCY_KEY, key);
        }
        let request = plimsoll_runtime::http::Request {
            method: request.method,
            url: request.url,
            headers,
            body: request.body,
            deadline: self.ends.since(self.sender.clock.monotonic()),
        };
        let sent = self.within(client.send(request)).await;
        let response = match sent.map_err(Verdict::or_arrived)? {
            Ok(response) => response,
            Err(error) if error.kind() == ErrorKind::Timeout => {
                return Err(self.out_of_time().or_arrived());
            }
            Err(error) => return Err(http::failed(&error)),
        };
        Ok(http::answer(response, self.sender.clock.now(), Arc::clone(masks)).await)
    }

    /// Waits for something no longer than the attempt may take.
    async fn within<T>(&self, future: impl Future<Output = T>) -> Result<T, Verdict> {
        tokio::select! {
            done = future => Ok(done),
            () = self.sender.clock.sleep_until(self.ends) => Err(self.out_of_time()),
        }
    }

    fn out_of_time(&self) -> Verdict {
        let limit = plimsoll_types::format_duration(self.limit);
        Verdict::retry(format!("the receiver did not answer within {limit}"))
    }
}

/// Says whether an answer leaves open what became of the notice: a gateway says it of somebody else, and a yes may break off
/// before it says to what. Any other answer is that of the receiver itself, which knows.
fn may_have_arrived(answer: &Answer) -> bool {
    let is_broken_yes = answer.status.is_success() && !answer.is_complete;
    is_broken_yes || matches!(answer.status.as_u16(), 502 | 504)
}
