//! `/api/v2/alerts`: what fires, and where it is said that something does.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use plimsoll_alerting::{Post, Refusal, RefusalReason};
use plimsoll_types::{ByteCount, Timestamp};
use plimsoll_wire::alertmanager::{InvalidAlert, Limits, PostedAlert, decode};

use super::filter::AlertFilter;
use super::shown::{listed_alert, written_list};
use super::{Desk, Query, Refused};

/// Longest body of a post: some 60,000 alerts. Prometheus sends at most 256 at a time unless it is told otherwise.
const BODY_MAX: ByteCount = ByteCount::MIB.times(32);
/// How many reasons an answer repeats.
const REASONS_MAX: usize = 100;

/// Lists alerts that are not resolved, by their fingerprints.
pub(super) async fn list(State(desk): State<Arc<Desk>>, uri: Uri) -> Result<Response, Refused> {
    let query = uri.query().unwrap_or_default().to_owned();
    let answer = move |desk: &Desk| {
        let filter = AlertFilter::read(&Query::read(&query)?)?;
        let config = desk.alerting.status().config;
        let mut alerts =
            desk.look(|engine, now| filter.ask(&config, |query| engine.alerts(query, now)));
        alerts.sort_by_key(|alert| alert.fingerprint);
        Ok(written_list(alerts.iter().map(listed_alert)))
    };
    desk.answer(answer).await
}

/// Takes alerts. Those that are good count though others are not.
pub(super) async fn post(State(desk): State<Arc<Desk>>, body: Body) -> Result<Response, Refused> {
    let clock = desk.clock.clone();
    let resolve_timeout = desk.alerting.status().config.global.resolve_timeout;
    let parse = move |bytes: &[u8]| {
        let posted = decode(bytes, &Limits::default());
        let posted = posted.map_err(|error| Refused::body("alerts", &error))?;
        Ok(judged(posted, clock.now(), resolve_timeout))
    };
    let ((posts, invalid), _share) = desk.parse(body, BODY_MAX, parse).await?;
    let refused = match posts.is_empty() {
        true => Vec::new(),
        false => {
            let taken = desk.alerting.post(posts).await;
            taken.map_err(|error| Refused::Later(error.0))?
        }
    };
    desk.alerting.count_invalid(invalid.len());
    if invalid.is_empty() && refused.is_empty() {
        return Ok(StatusCode::OK.into_response());
    }
    let reasons = invalid.iter().map(ToString::to_string);
    let reasons = reasons.chain(refused.iter().map(|refusal| refusal.reason.to_string()));
    Err(Refused::text(status(&refused), joined(reasons)))
}

/// Judges alerts one by one.
fn judged(
    posted: Vec<PostedAlert>,
    now: Timestamp,
    resolve_timeout: Duration,
) -> (Vec<Post>, Vec<InvalidAlert>) {
    let (mut posts, mut invalid) = (Vec::with_capacity(posted.len()), Vec::new());
    for alert in posted {
        match alert.accept(now, resolve_timeout) {
            Ok(accepted) => posts.push(Post {
                alert: accepted.alert,
                is_timeout: accepted.is_timeout,
            }),
            Err(error) => invalid.push(error),
        }
    }
    (posts, invalid)
}

/// Too much is answered as such: the same alerts may count later.
fn status(refused: &[Refusal]) -> StatusCode {
    let is_too_much = refused.iter().any(|refusal| match refusal.reason {
        RefusalReason::TooManyAlerts(_) | RefusalReason::TooManyBytes(_) => true,
        RefusalReason::FingerprintTaken => false,
    });
    match is_too_much {
        true => StatusCode::TOO_MANY_REQUESTS,
        false => StatusCode::BAD_REQUEST,
    }
}

/// Names the reasons as Alertmanager does, each with those that are the same counted.
fn joined(reasons: impl Iterator<Item = String>) -> String {
    let (mut named, mut more): (Vec<String>, usize) = (Vec::new(), 0);
    for reason in reasons {
        match named.len() < REASONS_MAX {
            true => named.push(reason),
            false => more += 1,
        }
    }
    if more > 0 {
        named.push(format!("{more} more"));
    }
    named.join("; ")
}
