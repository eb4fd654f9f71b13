//! Changes that the engines of objectives and of alerts keep.

use plimsoll_alerting::{Silence, SilenceFilter};
use plimsoll_slo::engine::Version;
use plimsoll_slo::view::{Promise, SloView};
use plimsoll_slo::{Correction, CorrectionKind};
use plimsoll_types::{MatchOp, Matcher, format_duration};
use tokio::runtime::Handle;

use crate::ui::{Change, ChangeKind, Desk};

/// The label by which alerts of objectives, and of most rules, name their service.
const SERVICE: &str = "service";

/// What SLOs count since when, and which times were corrected. Blocks.
pub(super) fn of_slos(desk: &Desk) -> Vec<Change> {
    let Some(slos) = &desk.sources.slos else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for view in slos.list().0 {
        found.extend(view.versions.iter().map(|one| version(&view, one)));
        // On a blocking thread: it may wait for the store. What cannot be read now is left out, not everything else.
        let read = Handle::current().block_on(slos.corrections(view.promise.id()));
        let corrections = read.unwrap_or_default();
        found.extend(corrections.iter().flat_map(|one| correction(&view, one)));
    }
    found
}

fn version(view: &SloView, version: &Version) -> Change {
    let what = match version.number {
        1 => "is counted from here on".to_owned(),
        number => format!("counts other events from here on (version {number})"),
    };
    Change {
        at: version.since,
        kind: ChangeKind::SloVersion,
        subject: view.promise.id().to_string(),
        service: Some(view.promise.service().to_string()),
        what,
        by: None,
        origin: origin(&view.promise),
    }
}

fn origin(promise: &Promise) -> Option<String> {
    match promise {
        Promise::Slo(slo) => Some(slo.origin.clone()),
        Promise::Composite(_) => None,
    }
}

/// A correction when it was written, and once more when it was taken back.
fn correction(view: &SloView, correction: &Correction) -> Vec<Change> {
    let counts_as = match correction.kind {
        CorrectionKind::Exclude => "left out",
        CorrectionKind::Good => "good",
        CorrectionKind::Bad => "bad",
    };
    let length = format_duration(correction.length);
    let change = |at, what| Change {
        at,
        kind: ChangeKind::Correction,
        subject: view.promise.id().to_string(),
        service: Some(view.promise.service().to_string()),
        what,
        by: Some(correction.author.clone()).filter(|author| !author.is_empty()),
        origin: None,
    };
    let reason = &correction.reason;
    let written = format!("{length} of events count as {counts_as}: {reason}");
    let revoked = correction.revoked.map(|at| {
        let what = format!("the correction {} was taken back", correction.id);
        Change {
            by: None,
            ..change(at, what)
        }
    });
    let written = change(correction.created, written);
    std::iter::once(written).chain(revoked).collect()
}

/// Silences as they were set last, and those that were ended before their time. Blocks.
pub(super) fn of_silences(desk: &Desk) -> Vec<Change> {
    let found = desk.look(|engine, now| {
        let found = engine.silences().find(&SilenceFilter::default(), now);
        found.into_iter().cloned().collect::<Vec<_>>()
    });
    let found = found.unwrap_or_default();
    found.iter().map(|one| silence(one)).collect()
}

fn silence(silence: &Silence) -> Change {
    let sets: Vec<String> = silence.matchers.iter().map(written).collect();
    let comment = &silence.comment;
    let (at, what) = match silence.ended_at {
        Some(ended) => (ended, format!("a silence was ended: {comment}")),
        None => (silence.updated_at, format!("a silence was set: {comment}")),
    };
    Change {
        at,
        kind: ChangeKind::Silence,
        subject: sets.join(" or "),
        service: service(silence),
        what,
        by: Some(silence.created_by.clone()).filter(|author| !author.is_empty()),
        origin: Some(format!("/silences?edit={}", silence.id)),
    }
}

fn written(set: &[Matcher]) -> String {
    let matchers: Vec<String> = set.iter().map(ToString::to_string).collect();
    format!("{{{}}}", matchers.join(", "))
}

/// Returns the service that all sets of a silence name.
fn service(silence: &Silence) -> Option<String> {
    let named = |set: &[Matcher]| {
        let is_service = |one: &&Matcher| one.name() == SERVICE && one.op() == MatchOp::Equal;
        set.iter()
            .find(is_service)
            .map(|one| one.value().to_owned())
    };
    let mut sets = silence.matchers.iter().map(named);
    let first = sets.next()??;
    sets.all(|other| other.as_deref() == Some(&*first))
        .then_some(first)
}
