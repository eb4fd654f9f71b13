//! `/api/v2/silences` and `/api/v2/silence/<id>`: what somebody does not want to be told.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use plimsoll_alerting::{
    Draft, MatcherSets, Recurrence, SetError, SilenceError, SilenceFilter, SilenceId,
};
use plimsoll_types::{Annotations, ByteCount, Matcher, Timestamp, parse_duration};
use plimsoll_wire::alertmanager::{
    ListedMatcher, PostedSilence, SILENCE_BYTES_MAX, SilenceExtras, SilenceState, decode_silence,
};

use super::shown::{listed_silence, written, written_list};
use super::{Desk, Query, Refused};

const BODY_MAX: ByteCount = ByteCount(SILENCE_BYTES_MAX as u64);
/// Conditions of one silence, all of its sets together.
const MATCHERS_MAX: usize = 1000;

/// Lists silences: those in force by their end, then those to come by their start, then the others, the last one first.
pub(super) async fn list(State(desk): State<Arc<Desk>>, uri: Uri) -> Result<Response, Refused> {
    let query = uri.query().unwrap_or_default().to_owned();
    let answer = move |desk: &Desk| {
        let query = Query::read(&query)?;
        let filter = SilenceFilter {
            active: query.is_wanted("active"),
            pending: query.is_wanted("pending"),
            expired: query.is_wanted("expired"),
            matchers: query.matchers("filter")?,
        };
        let (found, now) = desk.look(|engine, now| {
            let found = engine.silences().find(&filter, now).into_iter().cloned();
            (found.collect::<Vec<_>>(), now)
        });
        Ok(written_list(found.iter().map(|it| listed_silence(it, now))))
    };
    desk.answer(answer).await
}

/// Shows a silence.
pub(super) async fn one(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let id: SilenceId = id.parse().map_err(|_| Refused::no_uuid(&id))?;
    let answer = move |desk: &Desk| {
        let (found, now) = desk.look(|engine, now| (engine.silences().get(id).cloned(), now));
        let found = found.ok_or(Refused::Bare(StatusCode::NOT_FOUND))?;
        Ok(written(&listed_silence(&found, now)))
    };
    desk.answer(answer).await
}

/// Makes a silence, or changes one.
pub(super) async fn post(State(desk): State<Arc<Desk>>, body: Body) -> Result<Response, Refused> {
    let parse = |bytes: &[u8]| {
        let posted = decode_silence(bytes).map_err(|error| Refused::body("silence", &error))?;
        let has_extras = posted.extras != SilenceExtras::default();
        Ok((draft(posted)?, has_extras))
    };
    let ((draft, has_extras), _share) = desk.parse(body, BODY_MAX, parse).await?;
    if let Some(id) = draft.id.filter(|_| !has_extras) {
        refuse_to_forget(&desk, id).await?;
    }
    let set = desk.alerting.set_silence(draft).await;
    let id = set
        .map_err(|error| Refused::Later(error.0))?
        .map_err(|error| not_set(&error))?;
    let body = written(&serde_json::json!({"silenceID": id.to_string()}));
    let kind = [(axum::http::header::CONTENT_TYPE, "application/json")];
    Ok((kind, body).into_response())
}

/// Ends a silence.
pub(super) async fn expire(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let id: SilenceId = id.parse().map_err(|_| Refused::no_uuid(&id))?;
    let ended = desk.alerting.expire_silence(id).await;
    match ended.map_err(|error| Refused::Later(error.0))? {
        Ok(_) => Ok(StatusCode::OK.into_response()),
        Err(SilenceError::Unknown(_)) => Err(Refused::Bare(StatusCode::NOT_FOUND)),
        Err(error @ SilenceError::Set(_)) => Err(not_set(&error)),
    }
}

fn not_set(error: &SilenceError) -> Refused {
    let status = match error {
        SilenceError::Set(SetError::NotFound) | SilenceError::Unknown(_) => StatusCode::NOT_FOUND,
        SilenceError::Set(_) => StatusCode::BAD_REQUEST,
    };
    Refused::text(status, error.to_string())
}

/// Refuses a change by a client that knows Alertmanager's fields only, when what it does not know would be lost.
async fn refuse_to_forget(desk: &Arc<Desk>, id: SilenceId) -> Result<(), Refused> {
    let look =
        move |desk: &Desk| desk.look(|engine, now| (engine.silences().get(id).cloned(), now));
    let (Some(silence), now) = desk.ask(look).await? else {
        return Ok(());
    };
    let listed = listed_silence(&silence, now);
    match listed.extras == SilenceExtras::default() || listed.status.state == SilenceState::Expired
    {
        true => Ok(()),
        false => Err(Refused::bad(format!(
            "silence {id} has more than this request knows of ({}): say that too, or make a new one",
            names(&listed.extras)
        ))),
    }
}

fn names(extras: &SilenceExtras) -> String {
    let fields = [
        ("matcherSets", !extras.matcher_sets.is_empty()),
        (
            "receiverMatcherSets",
            !extras.receiver_matcher_sets.is_empty(),
        ),
        ("recurrence", extras.recurrence.is_some()),
        ("untilResolvedGrace", extras.until_resolved_grace.is_some()),
    ];
    let there = fields.iter().filter(|(_, is_there)| *is_there);
    there.map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// Makes a draft of what was posted.
///
/// # Errors
/// When an expression does not compile, or something else is not what it says.
pub(crate) fn draft(posted: PostedSilence) -> Result<Draft, Refused> {
    let id = posted.id.map(|id| id.parse::<SilenceId>()).transpose();
    // An id that is no UUID is one that no silence has.
    let id =
        id.map_err(|_| Refused::text(StatusCode::NOT_FOUND, SetError::NotFound.to_string()))?;
    let extras = posted.extras;
    let mut sets = vec![posted.matchers];
    sets.extend(extras.matcher_sets);
    let count: usize = sets
        .iter()
        .chain(&extras.receiver_matcher_sets)
        .map(Vec::len)
        .sum();
    if count > MATCHERS_MAX {
        return Err(invalid(format!(
            "{count} matchers, wanted at most {MATCHERS_MAX}"
        )));
    }
    let matchers = MatcherSets::for_alerts(compiled(&sets)?).map_err(invalid)?;
    let receivers = compiled(&extras.receiver_matcher_sets)?;
    let receivers = MatcherSets::for_receivers(receivers).map_err(invalid)?;
    let (mut starts_at, mut ends_at) = (posted.starts_at, posted.ends_at);
    let recurrence = match extras.recurrence {
        None => None,
        Some(rule) => {
            starts_at = rule.starts_at.or(starts_at);
            ends_at = rule.ends_at.or(ends_at);
            Some(Recurrence::parse(&rule.rrule, &rule.time_zone).map_err(invalid)?)
        }
    };
    let grace = extras.until_resolved_grace.map(|text| {
        parse_duration(&text).map_err(|error| invalid(format!("untilResolvedGrace: {error}")))
    });
    Ok(Draft {
        id,
        matchers,
        receivers,
        starts_at,
        // Go's zero is long ago.
        ends_at: ends_at.unwrap_or(Timestamp::MIN),
        created_by: posted.created_by,
        comment: posted.comment,
        annotations: Annotations::from_pairs(posted.annotations),
        recurrence,
        until_resolved: grace.transpose()?,
    })
}

fn compiled(sets: &[Vec<ListedMatcher>]) -> Result<Vec<Vec<Matcher>>, Refused> {
    let set = |set: &Vec<ListedMatcher>| {
        let matchers = set.iter().enumerate().map(|(index, matcher)| {
            let compiled = matcher.compile();
            compiled.map_err(|error| invalid(format!("invalid label matcher {index}: {error}")))
        });
        matchers.collect()
    };
    sets.iter().map(set).collect()
}

fn invalid(reason: impl std::fmt::Display) -> Refused {
    Refused::bad(format!("invalid silence: {reason}"))
}
