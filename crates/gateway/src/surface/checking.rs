//! A check that somebody asks for.

use plimsoll_traffic::surface::{Checked, Refused, RefusedKind};

use super::{Desk, not_found};
use crate::check::explained;

/// Checks an endpoint once.
///
/// # Errors
/// As for [`check`](plimsoll_traffic::surface::Gateway::check).
pub(super) async fn check(desk: &Desk, backend: &str, endpoint: &str) -> Result<Checked, Refused> {
    let snapshot = desk.gateway.snapshot();
    let known = snapshot.backends.get(backend);
    let known = known.ok_or_else(|| not_found(format!("there is no backend {backend:?}")))?;
    let (_, target) = known.target(endpoint).ok_or_else(|| {
        not_found(format!(
            "the backend {backend:?} has no endpoint {endpoint:?}"
        ))
    })?;
    if known.model.check.is_none() {
        let reason = format!("the backend {backend:?} has no check");
        return Err(Refused::new(RefusedKind::Conflict, reason));
    }
    let _place = desk.checks.try_acquire().map_err(|_| {
        let reason = "too many checks that were asked for run already";
        Refused::new(RefusedKind::Unavailable, reason)
    })?;
    let began = desk.gateway.now();
    let found = explained(known, &target).await;
    Ok(Checked {
        failure: found.err(),
        took: desk.gateway.now().since(began),
    })
}
