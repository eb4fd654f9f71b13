//! Why a request would go where it goes, as JSON.

use plimsoll_traffic::Why;
use plimsoll_traffic::surface::{BackendExplained, Explanation, RouteVerdict, Taken, Verdict};
use serde_json::{Value, json};

use super::shown;

/// The routes, and what the one that is taken does.
pub(super) fn explanation(explanation: &Explanation) -> Value {
    json!({
        "listener": explanation.listener,
        "miss": explanation.miss,
        "host": explanation.host,
        "path": explanation.path,
        "forwardedPath": explanation.forwarded,
        "routes": explanation.routes.iter().map(verdict).collect::<Vec<_>>(),
        "taken": explanation.taken.as_ref().map(taken),
    })
}

fn verdict(verdict: &RouteVerdict) -> Value {
    let word = match verdict.verdict {
        Verdict::Taken => "taken",
        Verdict::Outranked => "outranked",
        Verdict::No => "no_match",
    };
    json!({"route": verdict.route, "verdict": word, "reason": verdict.reason})
}

fn taken(taken: &Taken) -> Value {
    let limits = taken.limits.iter().map(
        |limit| json!({"name": limit.name, "left": limit.credit, "isDryRun": limit.is_dry_run}),
    );
    json!({
        "route": taken.route,
        "criticality": taken.criticality.as_str(),
        "endsHere": taken.ends_here,
        "limits": limits.collect::<Vec<_>>(),
        "faults": taken.faults,
        "backends": taken.backends.iter().map(backend).collect::<Vec<_>>(),
    })
}

fn backend(explained: &BackendExplained) -> Value {
    let candidates = explained.candidates.iter().map(|candidate| {
        let mut shown = shown::endpoint(&explained.name, &candidate.endpoint);
        shown["isEligible"] = candidate.is_eligible.into();
        // Why it stands so is in why it is (not) eligible.
        shown["reason"] = candidate.reason.as_str().into();
        shown
    });
    let choice = match &explained.choice {
        Ok((endpoint, why)) => json!({"endpoint": endpoint, "why": word(*why)}),
        Err(none) => json!({"none": none}),
    };
    json!({
        "name": explained.name,
        "share": explained.share,
        "policy": explained.policy,
        "concurrency": explained.door.as_ref().map(shown::door),
        "levels": shown::levels(&explained.levels),
        "candidates": candidates.collect::<Vec<_>>(),
        "choice": choice,
    })
}

const fn word(why: Why) -> &'static str {
    match why {
        Why::Policy => "policy",
        Why::Sticky => "sticky",
        Why::Panic => "panic",
    }
}
