//! Stored samples of one budget are counted again for plans, in the finest slices.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_slo::Timeline;
use plimsoll_slo::engine::{OTHER, Replaying};
use plimsoll_slo::surface::{Refused, RefusedKind};
use plimsoll_slo::view::ReplayQuestion;
use plimsoll_types::{StorageError, TimeRange};

use super::surface::not_found;
use super::verify::unavailable;
use super::{Inner, asking, counting};

/// The time by which it is estimated how many samples there are.
const PROBE: Duration = Duration::from_secs(3600);

/// Counts what is asked for, as far back as can be afforded.
pub(super) async fn replay(
    inner: Arc<Inner>,
    mut question: ReplayQuestion,
) -> Result<Vec<Timeline>, Refused> {
    let Ok(_turn) = inner.verifying.try_acquire() else {
        return Err(unavailable(
            "another objective is being counted again".into(),
        ));
    };
    let group = question.address.group.iter().flat_map(|group| group.iter());
    if group.into_iter().any(|(_, value)| value == OTHER) {
        let message = format!("{OTHER} is many groups, and which ones depends on when they came");
        return Err(Refused::new(RefusedKind::Invalid, message));
    }
    let probe = begin(&inner, &question)?;
    let (probe, samples) = estimate(&inner, probe, &question).await?;
    question.from = question.from.max(probe.affordable_from(samples));
    let mut replaying = begin(&inner, &question)?;
    while let Some(range) = caught_up(&mut replaying)? {
        replaying = read(&inner, replaying, range).await?;
        answer(&inner, &mut replaying).await?;
        if inner.stop.is_triggered() {
            return Err(unavailable("the server is stopping".into()));
        }
    }
    let finish = move || replaying.finish();
    let finished = inner.tasks.run_blocking("slo replay", finish).await;
    finished.map_err(|panicked| unavailable(panicked.to_string()))
}

fn begin(inner: &Inner, question: &ReplayQuestion) -> Result<Replaying, Refused> {
    let engine = inner.engine();
    let replaying = engine.replaying(question);
    replaying.ok_or_else(|| not_found(&question.address.id))
}

fn caught_up(replaying: &mut Replaying) -> Result<Option<TimeRange>, Refused> {
    replaying
        .catch_up()
        .map_err(|error| Refused::new(RefusedKind::Invalid, error.to_string()))
}

/// Returns how many samples the last hour has.
async fn estimate(
    inner: &Arc<Inner>,
    probe: Replaying,
    question: &ReplayQuestion,
) -> Result<(Replaying, u64), Refused> {
    let shared = Arc::clone(inner);
    let range = TimeRange::new(question.to - PROBE, question.to);
    let work = move || -> Result<_, StorageError> {
        let (interest, mut samples) = (probe.interest(), 0);
        let queryable = shared.queryable.as_ref();
        counting::read_stored(queryable, &interest, range, &mut |_, columns| {
            samples += columns.iter().count() as u64;
            !shared.stop.is_triggered()
        })?;
        Ok((probe, samples))
    };
    blocking(inner, work).await
}

async fn read(
    inner: &Arc<Inner>,
    mut replaying: Replaying,
    range: TimeRange,
) -> Result<Replaying, Refused> {
    let shared = Arc::clone(inner);
    let work = move || -> Result<_, StorageError> {
        let interest = replaying.interest();
        let queryable = shared.queryable.as_ref();
        counting::read_stored(queryable, &interest, range, &mut |labels, columns| {
            let is_fine = columns
                .iter()
                .all(|sample| replaying.observe(labels, &sample));
            is_fine && !shared.stop.is_triggered()
        })?;
        Ok(replaying)
    };
    blocking(inner, work).await
}

async fn blocking<T: Send + 'static>(
    inner: &Inner,
    work: impl FnOnce() -> Result<T, StorageError> + Send + 'static,
) -> Result<T, Refused> {
    let done = inner.tasks.run_blocking("slo replay", work).await;
    let done = done.map_err(|panicked| unavailable(panicked.to_string()))?;
    done.map_err(|error| unavailable(format!("samples cannot be read: {error}")))
}

async fn answer(inner: &Inner, replaying: &mut Replaying) -> Result<(), Refused> {
    loop {
        let mut questions = replaying.questions();
        questions.truncate(asking::ROUND);
        if questions.is_empty() {
            return Ok(());
        }
        let answered = asking::ask(inner, questions).await;
        if answered.is_empty() {
            return Err(unavailable("the evaluation of its queries panicked".into()));
        }
        for (question, answers) in answered {
            let answers =
                answers.map_err(|error| unavailable(format!("a query failed: {error}")))?;
            replaying.answered(&question, &answers);
        }
        if inner.stop.is_triggered() {
            return Err(unavailable("the server is stopping".into()));
        }
    }
}
