//! Corrections that are made while the program runs: durable, and noted as decisions, before they count.

use std::future::Future;
use std::time::Duration;

use plimsoll_slo::Correction;
use plimsoll_slo::correction::Corrections;
use plimsoll_slo::surface::{Refused, RefusedKind};
use plimsoll_state::{Change, Error, ErrorKind};
use plimsoll_types::{Decision, format_duration};
use tokio::sync::SemaphorePermit;

use super::{Inner, rows};
use crate::rows::decision;

/// The longest that the store is waited for.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// How many corrections of one SLO are kept, those that were taken back among them.
const CORRECTIONS_MAX: usize = 10_000;

/// Adds a correction.
pub(super) async fn correct(
    inner: &Inner,
    id: &str,
    correction: Correction,
) -> Result<(), Refused> {
    let _turn = turn(inner).await?;
    let known = known(inner, id)?;
    if known.iter().any(|one| one.id == correction.id) {
        let message = format!("{id} has a correction {} already", correction.id);
        return Err(Refused::new(RefusedKind::Conflict, message));
    }
    if known.len() >= CORRECTIONS_MAX {
        let message = format!("{id} has {CORRECTIONS_MAX} corrections, the most that are kept");
        return Err(Refused::new(RefusedKind::Invalid, message));
    }
    Corrections::new([&correction])
        .map_err(|error| Refused::new(RefusedKind::Invalid, error.to_string()))?;
    let outcome = format!("events are corrected from {} on", correction.from);
    take(inner, id, correction, "slo.corrected", outcome).await
}

/// Takes a correction back.
pub(super) async fn revoke(
    inner: &Inner,
    id: &str,
    correction: &str,
    author: &str,
) -> Result<(), Refused> {
    let _turn = turn(inner).await?;
    let known = known(inner, id)?;
    let mut found = known.into_iter().filter(|one| *one.id == *correction);
    let Some(found) = found.next() else {
        let message = format!("{id} has no correction {correction}");
        return Err(Refused::new(RefusedKind::NotFound, message));
    };
    if is_of_file(inner, id, correction) {
        let message =
            format!("the correction {correction} stands in the file of {id}: take it out there");
        return Err(Refused::new(RefusedKind::Conflict, message));
    }
    if found.revoked.is_some() {
        let message = format!("the correction {correction} was taken back already");
        return Err(Refused::new(RefusedKind::Conflict, message));
    }
    let revoked = Correction {
        revoked: Some(inner.clock.now()),
        ..found
    };
    let outcome = format!("the correction was taken back by {author}");
    take(inner, id, revoked, "slo.correction_revoked", outcome).await
}

/// Waits for the one before: of two with the same id the second one has to find the first.
async fn turn(inner: &Inner) -> Result<SemaphorePermit<'_>, Refused> {
    let turn = inner.correcting.acquire().await;
    turn.map_err(|error| Refused::new(RefusedKind::Unavailable, error.to_string()))
}

/// Returns all corrections of an SLO, as long as all of them are known.
pub(super) fn known(inner: &Inner, id: &str) -> Result<Vec<Correction>, Refused> {
    if !inner.known.is_read() {
        let message = "corrections are not read back from the store of state yet";
        return Err(Refused::new(RefusedKind::Unavailable, message));
    }
    let engine = inner.engine();
    match engine.catalog().slos.iter().any(|slo| *slo.id == *id) {
        true => Ok(engine.corrections(id)),
        false => Err(Refused::new(
            RefusedKind::NotFound,
            format!("there is no SLO {id}"),
        )),
    }
}

fn is_of_file(inner: &Inner, id: &str, correction: &str) -> bool {
    let engine = inner.engine();
    let slos = engine.catalog().slos.iter();
    let mut of_file = slos
        .filter(|slo| *slo.id == *id)
        .flat_map(|slo| &slo.corrections);
    of_file.any(|one| *one.id == *correction)
}

/// Makes a correction durable and puts it in force.
async fn take(
    inner: &Inner,
    id: &str,
    correction: Correction,
    kind: &'static str,
    outcome: String,
) -> Result<(), Refused> {
    let note = note(inner, id, &correction, kind, outcome);
    let row = Change::put(&rows::from_correction(id, &correction));
    let committed = inner.store.commit(None, vec![row, decision(&note)]);
    within(inner, committed).await.map_err(|error| {
        let message = format!("the correction is not durable: {}", error.chain());
        Refused::new(RefusedKind::Unavailable, message)
    })?;
    inner.known.correct(&mut inner.engine_mut(), id, correction);
    Ok(())
}

async fn within(inner: &Inner, work: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    tokio::select! {
        done = work => done,
        () = inner.clock.sleep(WAIT_MAX) => {
            Err(Error::new(ErrorKind::Unavailable, format!("no answer within {WAIT_MAX:?}")))
        }
    }
}

/// Returns what the log of decisions says of it.
fn note(
    inner: &Inner,
    id: &str,
    correction: &Correction,
    kind: &'static str,
    outcome: String,
) -> Decision {
    let mut inputs = vec![
        ("correction".into(), correction.id.to_string()),
        ("author".into(), correction.author.clone()),
        ("reason".into(), correction.reason.clone()),
        ("from".into(), correction.from.to_string()),
        ("length".into(), format_duration(correction.length)),
    ];
    if let Some((rule, _)) = &correction.repeat {
        inputs.push(("repeat".into(), rule.to_string()));
    }
    Decision {
        at: inner.clock.now(),
        kind: kind.into(),
        subject: id.to_owned(),
        rule: id.into(),
        inputs,
        outcome,
        counterfactual: "without it the events count as they were measured; both figures are shown"
            .into(),
    }
}
