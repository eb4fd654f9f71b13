//! Stored samples of one SLO are counted again, beside what is counted as they arrive, and both are compared.

use std::sync::Arc;

use plimsoll_slo::engine::Recount;
use plimsoll_slo::surface::{Refused, RefusedKind};
use plimsoll_slo::view::Verification;
use plimsoll_types::{StorageError, TimeRange, Timestamp};

use super::surface::not_found;
use super::{Inner, asking, counting};

/// Verifies `[from, to)` of an SLO, as far as it is settled and was counted as it is now.
pub(super) async fn verify(
    inner: Arc<Inner>,
    id: String,
    from: Timestamp,
    to: Timestamp,
) -> Result<Verification, Refused> {
    let Ok(_turn) = inner.verifying.try_acquire() else {
        return Err(unavailable(
            "another objective is being counted again".into(),
        ));
    };
    let mut recount = begin(&inner, &id, from, to)?;
    while let Some(range) = recount.catch_up() {
        recount = read(&inner, recount, range).await?;
        answer(&inner, &mut recount).await?;
        if inner.stop.is_triggered() {
            return Err(unavailable("the server is stopping".into()));
        }
    }
    let shared = Arc::clone(&inner);
    let compare = move || recount.compare(&shared.engine());
    let compared = inner.tasks.run_blocking("slo verify", compare).await;
    compared.map_err(|panicked| unavailable(panicked.to_string()))
}

fn begin(inner: &Inner, id: &str, from: Timestamp, to: Timestamp) -> Result<Recount, Refused> {
    let engine = inner.engine();
    if !engine.catalog().slos.iter().any(|slo| *slo.id == *id) {
        return Err(not_found(id));
    }
    engine.recount(id, from, to).ok_or_else(|| {
        let settled = for_people(engine.horizon());
        let message = format!(
            "there is nothing to compare: only what {id} counted as it is defined now, and before {settled}, is settled"
        );
        Refused::new(RefusedKind::Invalid, message)
    })
}

async fn read(
    inner: &Arc<Inner>,
    mut recount: Recount,
    range: TimeRange,
) -> Result<Recount, Refused> {
    let shared = Arc::clone(inner);
    let work = move || -> Result<Recount, StorageError> {
        let interest = recount.interest();
        counting::read_stored(
            shared.queryable.as_ref(),
            &interest,
            range,
            &mut |labels, columns| {
                for sample in columns.iter() {
                    recount.observe(labels, &sample);
                }
                !shared.stop.is_triggered()
            },
        )?;
        Ok(recount)
    };
    let done = inner.tasks.run_blocking("slo verify", work).await;
    let done = done.map_err(|panicked| unavailable(panicked.to_string()))?;
    done.map_err(|error| unavailable(format!("samples cannot be read: {error}")))
}

async fn answer(inner: &Inner, recount: &mut Recount) -> Result<(), Refused> {
    loop {
        let mut questions = recount.questions();
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
            recount.answered(&question, &answers);
        }
    }
}

/// Writes a time as people read it.
fn for_people(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.millis())
        .map_or_else(|_| at.to_string(), |known| known.to_string())
}

pub(super) fn unavailable(message: String) -> Refused {
    Refused::new(RefusedKind::Unavailable, message)
}
