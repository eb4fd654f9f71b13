//! Runs a query: lists it, waits for its turn, evaluates it on a blocking thread, and tells what it cost.
//!
//! | from | event | to |
//! |---|---|---|
//! | waiting (light, panel) | its turn comes | running (light, panel) |
//! | running (light, panel) | more work or memory than a light query may take | waiting (heavy) |
//! | waiting (heavy) | its turn comes | running (heavy), from the beginning |
//! | waiting | its time is over, it is killed, its client goes away | ended |
//! | running | answered, failed, over a limit or its time, killed, its client goes away | ended |

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use plimsoll_promql::{Control, Engine, QueryError, QueryErrorKind, QueryMemory, QueryResult};
use plimsoll_runtime::clock::Monotonic;
use plimsoll_types::ByteCount;

use super::answer::Writer;
use super::log;
use super::stats::{View, write_plan};
use crate::admission::{Lane, Turn};
use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::{ApiError, Kind};
use crate::queries::{Active, Asked, Entry, State};
use crate::query_metrics::Ending;

/// A light query holds no more than this part of the memory of all.
const LIGHT_SHARE: u64 = 32;

/// What evaluates the query; called anew when it turned out to be heavy.
pub(super) type Evaluate =
    Arc<dyn Fn(&Engine, &App, &Control) -> Result<QueryResult, QueryError> + Send + Sync>;

/// A query and what its client wants to know.
#[derive(Clone)]
pub(super) struct Question {
    pub(super) asked: Asked,
    pub(super) engine: Engine,
    pub(super) timeout: Option<Duration>,
    /// How many series the client wants.
    pub(super) limit: usize,
    /// `stats=...`: what it cost.
    pub(super) wants_stats: bool,
    /// `stats=all`: also by step.
    pub(super) wants_samples_per_step: bool,
    /// `explain=true`.
    pub(super) wants_plan: bool,
    pub(super) evaluate: Evaluate,
}

/// Answers a question.
///
/// # Cancel safety
/// Dropping the future (the client went away) ends the query, whether it waits or runs.
pub(super) async fn run(app: &Arc<App>, question: Question) -> Result<Response, ApiError> {
    let clock = &app.parts.clock;
    let is_heavy = app.admission.has_heavy_lane() && app.queries.is_heavy(&question.asked);
    let lane = match (is_heavy, question.asked.step.is_zero()) {
        (true, _) => Lane::Heavy,
        (false, true) => Lane::Light,
        (false, false) => Lane::Panel,
    };
    let beginning = (clock.now(), clock.monotonic());
    let mut run = Run {
        entry: app.queries.enter(question.asked.clone(), lane, beginning),
        app: Arc::clone(app),
        waited: Duration::ZERO,
        is_settled: false,
        question,
    };
    let mut attempted = run.attempt(lane).await;
    if matches!(attempted, Err(Failure::Heavy)) {
        app.parts.query_metrics.count_requeued();
        app.queries.remember(&run.question.asked, true);
        attempted = run.attempt(Lane::Heavy).await;
    }
    run.settle(attempted)
}

/// Why there is no answer.
enum Failure {
    /// It has to begin anew in the heavy lane.
    Heavy,
    Api(ApiError, Ending),
    Query(QueryError),
}

struct Run {
    app: Arc<App>,
    question: Question,
    entry: Entry,
    waited: Duration,
    is_settled: bool,
}

impl Run {
    fn active(&self) -> &Arc<Active> {
        &self.entry.active
    }

    fn now(&self) -> Monotonic {
        self.app.parts.clock.monotonic()
    }

    fn timeout(&self) -> Duration {
        let longest = self.question.engine.options().timeout;
        self.question
            .timeout
            .map_or(longest, |wanted| wanted.min(longest))
    }

    /// Waits and evaluates.
    async fn attempt(&mut self, lane: Lane) -> Result<Response, Failure> {
        let is_running = false;
        self.active().become_state(State { lane, is_running });
        let since = self.now();
        let turn = self.turn(lane).await;
        self.waited += self.now().since(since);
        let attempt = self.prepare(lane, turn?);
        let tasks = &self.app.parts.tasks;
        match tasks.run_blocking("query", move || attempt.work()).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::Api(ApiError::fault(), Ending::Failed)),
        }
    }

    async fn turn(&self, lane: Lane) -> Result<Turn, Failure> {
        let deadline = self.active().began.after(self.timeout());
        tokio::select! {
            biased;
            turn = self.app.admission.turn(lane) => {
                turn.map_err(|full| Failure::Api(full.into(), Ending::Refused))
            }
            () = self.active().killed() => Err(Failure::Api(killed(), Ending::Killed)),
            () = self.app.parts.clock.sleep_until(deadline) => {
                let limit = self.timeout().as_secs_f64();
                let message = format!("query timed out in query queue: the limit is {limit} s");
                let error = ApiError::new(Kind::Timeout, message);
                Err(Failure::Api(error, Ending::TimedOut))
            }
        }
    }

    fn prepare(&self, lane: Lane, turn: Turn) -> Attempt {
        let (app, active) = (&self.app, self.active());
        let own = self.question.engine.options().memory_max;
        let light = ByteCount(app.memory.limit().0 / LIGHT_SHARE);
        let is_trial = lane != Lane::Heavy && app.admission.has_heavy_lane();
        let memory = app
            .memory
            .query(if is_trial { own.min(light) } else { own });
        let mut control = app
            .control()
            .with_timeout(self.timeout())
            .with_beginning(active.began.since_origin())
            .with_cancel_flag(active.cancel_flag())
            .with_memory(memory.clone());
        if is_trial {
            control = control.with_work_max(app.parts.query_limits.light_work_max);
        }
        if self.question.wants_plan {
            control = control.with_plan();
        }
        if self.question.wants_samples_per_step {
            control = control.with_samples_per_step();
        }
        active.begin(control.progress_handle(), memory.clone());
        Attempt {
            app: Arc::clone(app),
            question: self.question.clone(),
            active: Arc::clone(active),
            control,
            memory,
            waited: self.waited,
            is_trial,
            _turn: turn,
        }
    }

    /// Counts and logs how it ended.
    fn settle(mut self, outcome: Result<Response, Failure>) -> Result<Response, ApiError> {
        let (answer, ending) = match outcome {
            Ok(response) => (Ok(response), Ending::Answered),
            Err(Failure::Api(error, ending)) => (Err(error), ending),
            Err(Failure::Heavy) => {
                let reason = "a heavy query was taken for a light one twice";
                (Err(ApiError::new(Kind::Internal, reason)), Ending::Failed)
            }
            Err(Failure::Query(_)) if self.active().is_killed() => (Err(killed()), Ending::Killed),
            Err(Failure::Query(error)) => {
                let ending = ending(&error);
                (Err(error.into()), ending)
            }
        };
        self.count(ending);
        answer
    }

    fn count(&mut self, ending: Ending) {
        self.is_settled = true;
        let (active, now) = (self.active(), self.now());
        let ran = now.since(active.began).saturating_sub(self.waited);
        let samples = active.attempt().progress.samples_read();
        let metrics = &self.app.parts.query_metrics;
        metrics.count(ending, self.waited, ran, samples);
        self.app.queries.finish(active, now);
        let slow = self.app.parts.query_limits.slow;
        if !slow.is_zero() && ran >= slow {
            log::warn_slow(active, ending, (self.waited, ran));
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if !self.is_settled {
            self.count(Ending::Canceled);
        }
    }
}

fn killed() -> ApiError {
    ApiError::new(Kind::Killed, "query was killed by an operator")
}

fn ending(error: &QueryError) -> Ending {
    match error.kind() {
        QueryErrorKind::Timeout => Ending::TimedOut,
        QueryErrorKind::Canceled => Ending::Canceled,
        QueryErrorKind::SampleLimit
        | QueryErrorKind::MemoryLimit
        | QueryErrorKind::TotalMemoryLimit => Ending::OverLimit,
        QueryErrorKind::BadData
        | QueryErrorKind::Execution
        | QueryErrorKind::WorkLimit
        | QueryErrorKind::Storage => Ending::Failed,
    }
}

/// What a blocking thread does for a query.
struct Attempt {
    app: Arc<App>,
    question: Question,
    active: Arc<Active>,
    control: Control,
    memory: QueryMemory,
    waited: Duration,
    is_trial: bool,
    _turn: Turn,
}

impl Attempt {
    fn work(self) -> Result<Response, Failure> {
        let evaluated = (self.question.evaluate)(&self.question.engine, &self.app, &self.control);
        let result = match evaluated {
            Ok(result) => result,
            Err(error) if self.is_trial && is_too_heavy(&error) => return Err(Failure::Heavy),
            Err(error) => {
                self.log(None, Some(&error));
                return Err(Failure::Query(error));
            }
        };
        if !self.is_trial && self.control.progress().work() < self.light_work() {
            self.app.queries.remember(&self.question.asked, false);
        }
        let view = self.view(&result);
        self.log(Some(&view), None);
        Ok(self.answer(result, &view))
    }

    fn light_work(&self) -> u64 {
        self.app.parts.query_limits.light_work_max
    }

    fn view(&self, result: &QueryResult) -> View {
        let began = self.active.began.since_origin();
        let total = self.control.now().saturating_sub(began + self.waited);
        let asked = &self.question.asked;
        View::new(
            &result.stats,
            (self.waited, total),
            (asked.start, asked.step),
        )
    }

    fn answer(self, mut result: QueryResult, view: &View) -> Response {
        let mut notes = cut(&mut result, self.question.limit);
        notes.warnings.append(&mut result.warnings);
        notes.infos.append(&mut result.infos);
        let mut members = String::new();
        if self.question.wants_stats {
            members.push_str(&format!(r#","stats":{}"#, view.to_json()));
        }
        if let Some(plan) = &result.stats.plan {
            members.push_str(r#","explain":"#);
            write_plan(&mut members, plan);
        }
        let (writer, head) = Writer::new(result, (&members, &notes), self.memory);
        writer.respond(head)
    }

    fn log(&self, view: Option<&View>, error: Option<&QueryError>) {
        if self.app.query_log.is_open() {
            let now = self.app.parts.clock.now();
            let line = log::line(now, &self.question.asked, view, error);
            self.app.query_log.add(line);
        }
    }
}

/// Says whether a query that was given little would do with more.
fn is_too_heavy(error: &QueryError) -> bool {
    matches!(
        error.kind(),
        QueryErrorKind::WorkLimit | QueryErrorKind::MemoryLimit | QueryErrorKind::TotalMemoryLimit
    )
}

fn cut(result: &mut QueryResult, limit: usize) -> Notes {
    match &mut result.value {
        plimsoll_promql::Value::Vector(samples) => envelope::cut(samples, limit),
        plimsoll_promql::Value::Matrix(series) => envelope::cut(series, limit),
        _ => Notes::default(),
    }
}
