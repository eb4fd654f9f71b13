//! A request that somebody describes, and where it would go.

use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, header};
use plimsoll_traffic::surface::{
    BackendExplained, CandidateView, Explanation, LimitExplained, Question, Refused, RouteVerdict,
    Taken, Verdict,
};

use super::{Times, invalid, not_found, viewing};
use crate::explain::{self, BackendExplanation, RouteExplanation};
use crate::gateway::{Gateway, Snapshot};
use crate::model::ListenerKind;
use crate::router;

/// Explains where a request would go.
///
/// # Errors
/// As for [`explain`](plimsoll_traffic::surface::Gateway::explain).
pub(super) fn explain(
    gateway: &Gateway,
    question: &Question,
    times: Times,
) -> Result<Explanation, Refused> {
    let snapshot = gateway.snapshot();
    let place = listener(&snapshot, question.listener.as_deref())?;
    let parts = parts(question)?;
    let mut shown = Explanation {
        listener: snapshot.config.listeners[place].name.clone(),
        miss: None,
        host: question.host.clone(),
        path: parts.uri.path().to_owned(),
        forwarded: String::new(),
        routes: Vec::new(),
        taken: None,
    };
    match gateway.explain(place, &parts, question.client) {
        Err(miss) => shown.miss = Some(miss.to_string()),
        Ok(explain::Explanation { routing, route }) => {
            shown.host = routing.host;
            shown.path = routing.path;
            shown.forwarded = routing.forwarded;
            shown.routes = routing.candidates.into_iter().map(verdict).collect();
            shown.taken = route.map(|route| taken(route, &snapshot, times));
        }
    }
    Ok(shown)
}

fn listener(snapshot: &Snapshot, name: Option<&str>) -> Result<usize, Refused> {
    let listeners = &snapshot.config.listeners;
    let Some(name) = name else {
        let mut all = listeners.iter();
        let first = all.position(|one| one.kind == ListenerKind::Http);
        return first.ok_or_else(|| not_found("there is no listener for HTTP"));
    };
    let found = listeners.iter().position(|one| one.name == name);
    let found = found.ok_or_else(|| not_found(format!("there is no listener {name:?}")))?;
    match &listeners[found].kind {
        ListenerKind::Http => Ok(found),
        ListenerKind::Tcp { backend, .. } => Err(invalid(format!(
            "the listener {name:?} has no routes: its connections go to the backend {backend:?}"
        ))),
    }
}

fn parts(question: &Question) -> Result<Parts, Refused> {
    let (method, path, host) = (&*question.method, &*question.path, &*question.host);
    if !path.starts_with('/') {
        return Err(invalid(format!("{path:?} is no path: it begins with /")));
    }
    let request = Request::builder().method(method).uri(path);
    let request = request.header(header::HOST, host).body(());
    let request = request.map_err(|error| {
        invalid(format!(
            "{method:?} of {path:?} at {host:?} is no request: {error}"
        ))
    })?;
    let (mut parts, ()) = request.into_parts();
    for (name, value) in &question.headers {
        let known = HeaderName::try_from(name.as_str());
        let known = known.map_err(|_| invalid(format!("{name:?} is no name of a header")))?;
        if known == header::HOST {
            return Err(invalid("the host is told by itself and not as a header"));
        }
        let value = HeaderValue::try_from(value.as_str());
        let value = value.map_err(|_| invalid(format!("the value of {name:?} is none")))?;
        parts.headers.append(known, value);
    }
    Ok(parts)
}

fn verdict(candidate: router::Candidate) -> RouteVerdict {
    let (verdict, reason) = match candidate.verdict {
        router::Verdict::Taken => (Verdict::Taken, String::new()),
        router::Verdict::Outranked(by) => (Verdict::Outranked, by),
        router::Verdict::No(why) => (Verdict::No, why),
    };
    RouteVerdict {
        route: candidate.route,
        verdict,
        reason,
    }
}

fn taken(route: RouteExplanation, snapshot: &Snapshot, times: Times) -> Taken {
    let limits = route.limits.into_iter().map(|limit| LimitExplained {
        name: limit.name,
        credit: limit.credit,
        is_dry_run: limit.is_dry_run,
    });
    let backends = route.backends.into_iter();
    Taken {
        route: route.name,
        criticality: route.criticality,
        ends_here: route.ends_here,
        limits: limits.collect(),
        faults: route.faults,
        backends: backends
            .map(|explained| backend(explained, snapshot, times))
            .collect(),
    }
}

fn backend(explained: BackendExplanation, snapshot: &Snapshot, times: Times) -> BackendExplained {
    let upstream = explained.upstream;
    let known = snapshot.backends.get(&explained.name);
    let choice = upstream.choice.map(|(id, why)| {
        let mut all = upstream.endpoints.iter();
        let chosen = all.find(|considered| considered.endpoint.id == id);
        let name = chosen.map(|considered| considered.endpoint.name.clone());
        (name.unwrap_or_default(), why)
    });
    let candidates = upstream.endpoints.into_iter().map(|considered| {
        let id = considered.endpoint.id;
        let target = known.and_then(|backend| backend.target_of(id));
        let connections = target.map_or(0, |target| target.connections());
        CandidateView {
            endpoint: viewing::endpoint(considered.endpoint, connections, times),
            is_eligible: considered.is_eligible,
            reason: considered.reason,
        }
    });
    BackendExplained {
        name: explained.name,
        share: explained.share,
        policy: upstream.policy,
        door: explained.door,
        levels: upstream.levels,
        candidates: candidates.collect(),
        choice: choice.map_err(|none| none.to_string()),
    }
}
