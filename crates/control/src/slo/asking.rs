//! Objectives that are PromQL: their questions are asked in the turns of rules, so that neither dashboards nor rules nor
//! they can starve the others.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use plimsoll_promql::{Expr, parse_with};
use plimsoll_rules::Element;
use plimsoll_runtime::clock::Monotonic;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_slo::engine::{Answer, Question};
use plimsoll_types::Value;

use super::Inner;
use crate::asker::Asking;

/// How many questions are asked before the engine is told.
pub(super) const ROUND: usize = 64;
/// How many threads help at most; only turns that nobody waits for.
const HELPERS: usize = 3;
/// How often it is looked for questions.
const PULSE: Duration = Duration::from_secs(1);
/// When a question that failed is asked again.
const RETRY: Duration = Duration::from_secs(5);

/// What is remembered from one round to the next.
#[derive(Default)]
pub(super) struct Asked {
    /// When the questions of an SLO may be asked again, after one of them failed.
    later: HashMap<Arc<str>, Monotonic>,
}

/// The answers to one question.
pub(super) type Answers = Result<Vec<Vec<Answer>>, String>;

impl Asked {
    /// Asks what is due, a bounded number of questions; says whether something was.
    pub(super) async fn round(&mut self, inner: &Arc<Inner>) -> bool {
        let now = inner.clock.monotonic();
        self.later.retain(|_, later| *later > now);
        let mut questions = inner.engine().questions(inner.clock.now());
        questions.retain(|question| !self.later.contains_key(&question.slo));
        questions.truncate(ROUND);
        if questions.is_empty() {
            return false;
        }
        let answered = ask(inner, questions).await;
        let mut engine = inner.engine_mut();
        for (question, answers) in answered {
            inner.metrics.queries.inc_by(question.queries.len() as u64);
            match answers {
                Ok(answers) => engine.answered(&question, &answers),
                Err(error) => {
                    inner.metrics.query_failures.inc();
                    let Question { slo, at, .. } = question;
                    tracing::warn!(%slo, %at, error, "a query of an objective failed");
                    self.later.insert(slo, now.after(RETRY));
                }
            }
        }
        true
    }
}

/// Asks what is due until `stop`. While samples are missing the loop asks itself, piece by piece of time.
pub(super) async fn keep_asking(inner: Arc<Inner>, stop: Shutdown) {
    let mut asked = Asked::default();
    while !stop.is_triggered() {
        tokio::select! {
            () = inner.clock.sleep(PULSE) => {}
            () = stop.wait() => return,
        }
        let is_open = || !stop.is_triggered() && !inner.engine().is_catching_up();
        while is_open() && asked.round(&inner).await {}
    }
}

/// Asks questions on as many threads as are to be had.
pub(super) async fn ask(inner: &Inner, questions: Vec<Question>) -> Vec<(Question, Answers)> {
    let turn = inner.lane.turn().await;
    let mut turns = inner.lane.spare(HELPERS.min(questions.len() - 1));
    turns.push(turn);
    let work = Arc::new((questions, AtomicUsize::new(0)));
    let threads = turns.into_iter().map(|turn| {
        let (work, asking) = (Arc::clone(&work), Arc::clone(&inner.asking));
        inner.lane.run(turn, "slo queries", move || {
            let (questions, next) = &*work;
            let mut answered = Vec::new();
            while let Some(question) = questions.get(next.fetch_add(1, Ordering::Relaxed)) {
                answered.push((question.clone(), answer(&asking, question)));
            }
            answered
        })
    });
    let answered = join_all(threads).await.into_iter();
    // What a thread that panicked was asked is asked again.
    answered.filter_map(Result::ok).flatten().collect()
}

fn answer(asking: &Asking, question: &Question) -> Answers {
    let ask = |text: &Arc<str>| {
        let parsed: Expr =
            parse_with(text, &asking.asker.features).map_err(|error| error.to_string())?;
        let elements = asking.evaluate(&parsed, question.at)?;
        Ok(elements.into_iter().map(to_answer).collect())
    };
    question.queries.iter().map(ask).collect()
}

/// An element that is a histogram has no number of events that could be meant.
fn to_answer(element: Element) -> Answer {
    Answer {
        labels: element.labels,
        value: match element.value {
            Value::Float(value) => value,
            Value::Histogram(_) => f64::NAN,
        },
    }
}
