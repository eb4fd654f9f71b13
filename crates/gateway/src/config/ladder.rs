//! Timeouts from the outermost to the innermost: one that is longer than what waits for it is refused.
//!
//! ```text
//! timeout of the route > try_timeout > connect_timeout of the backend
//!                      > hedge.after
//!                      > concurrency.queue.wait_max of the backend
//! ```
//!
//! Those that are not written hold nobody up: what waits for them ends first.

use std::time::Duration;

use plimsoll_runtime::config::{Span, Spanned};
use plimsoll_traffic::deadline::{Rung, check_ladder};
use plimsoll_traffic::hedge;

use super::context::Context;
use super::known::Known;
use super::raw::{RawRoute, TextOr};
use crate::model::Route;

/// Checks the ladders of a route, one for each backend.
pub(super) fn check(
    raw: &Spanned<RawRoute>,
    route: &Route,
    backends: &[Spanned<String>],
    known: &Known,
    ctx: &mut Context<'_>,
) {
    let timeout = Rung {
        name: "the route's `timeout`",
        timeout: route.timeout,
    };
    let try_timeout = route.retry.try_timeout.map(|timeout| Rung {
        name: "`try_timeout`",
        timeout,
    });
    let tries = place_of_tries(raw);
    let outer: Vec<_> = [Some(timeout), try_timeout].into_iter().flatten().collect();
    if !holds(&outer, tries, ctx) {
        // The rungs below it would be reported for the same reason.
        return;
    }
    if let (Some(hedge::Options::After(after)), Some(raw)) = (route.hedge, &raw.hedge) {
        let name = "`hedge.after`";
        below(&outer, name, after, raw.span, ctx);
    }
    for backend in backends {
        let Some(found) = known.backends.get(&backend.value) else {
            continue;
        };
        if let Some(connect) = found.connect_timeout {
            let name = format!("`connect_timeout` of the backend `{}`", backend.value);
            below(&outer, &name, connect, backend.span, ctx);
        }
        if let Some(wait) = found.wait_max {
            let name = format!("`wait_max` of the backend `{}`", backend.value);
            below(&[timeout], &name, wait, backend.span, ctx);
        }
    }
}

fn place_of_tries(raw: &RawRoute) -> Span {
    let section = raw.retry.as_ref().map(|retry| &retry.value);
    let tries = match section {
        Some(TextOr::Section(section)) => section.try_timeout.as_ref(),
        _ => None,
    };
    tries.map_or(Span::default(), |tries| tries.span)
}

fn below(outer: &[Rung<'_>], name: &str, timeout: Duration, span: Span, ctx: &mut Context<'_>) {
    let mut rungs = outer.to_vec();
    rungs.push(Rung { name, timeout });
    holds(&rungs, span, ctx);
}

fn holds(rungs: &[Rung<'_>], span: Span, ctx: &mut Context<'_>) -> bool {
    let checked = check_ladder(rungs);
    if let Err(error) = &checked {
        ctx.error(span, error.to_string());
    }
    checked.is_ok()
}
