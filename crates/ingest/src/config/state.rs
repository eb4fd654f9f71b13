//! Where the state of alerts is kept.

use std::time::Duration;

use plimsoll_runtime::config::{DurationValue, Findings, Spanned};
use plimsoll_runtime::http::SecretSource;
use url::Url;

use super::raw::RawState;

/// Where the state of alerts is kept; needs a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// `sqlite:` and a path, or the URL of a PostgreSQL, which may hold a password; default: `None`, a file of SQLite in
    /// the data directory.
    pub url: Option<SecretSource>,
    /// How long a replica may be silent before another one takes over, 5 s to 10 min; default 15 s.
    pub lease: Duration,
}

const LEASE_DEFAULT: Duration = Duration::from_secs(15);
/// Below it a pause of the database or of the machine moves every group to the other replica.
const LEASE_MIN: Duration = Duration::from_secs(5);
const LEASE_MAX: Duration = Duration::from_mins(10);
const SCHEMES: [&str; 3] = ["postgres://", "postgresql://", "sqlite:"];

pub(super) fn check(raw: &RawState, findings: &mut Findings<'_>) -> State {
    if let (Some(_), Some(file)) = (&raw.url, &raw.url_file) {
        findings.error(file.span, "`url` and `url_file` exclude each other");
    }
    let is_file = match &raw.url {
        Some(url) => url.starts_with("sqlite:"),
        None => raw.url_file.is_none(),
    };
    if let Some(lease) = raw.lease.filter(|_| is_file) {
        findings.warning(
            lease.span,
            "`lease` has no effect: only replicas that share a PostgreSQL have leases that expire",
        );
    }
    State {
        url: url(raw, findings),
        lease: raw.lease.map_or(LEASE_DEFAULT, |lease| {
            check_lease(lease, findings);
            lease.0
        }),
    }
}

fn url(raw: &RawState, findings: &mut Findings<'_>) -> Option<SecretSource> {
    if let Some(file) = &raw.url_file {
        return Some(SecretSource::File(findings.resolve(file)));
    }
    let url = raw.url.as_ref()?;
    if !SCHEMES.iter().any(|scheme| url.starts_with(scheme)) {
        // The text itself is not repeated: it may hold a password.
        findings.error(
            url.span,
            "the URL of the state begins with `postgres://` or `sqlite:`",
        );
    }
    if url.starts_with("postgres") && !is_server(url) {
        findings.error_with_hint(
            url.span,
            "the URL of the state is not postgres://user:password@host/database",
            "in a password `/` is written as %2F, `?` as %3F, `#` as %23, `@` as %40",
        );
    }
    Some(SecretSource::inline(url.as_str()))
}

/// Says whether a URL names a database of a server. A password with a character that should have been escaped makes
/// another URL of it, in which the rest of the password is no secret.
fn is_server(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| {
        let database = url.path().strip_prefix('/').unwrap_or_default();
        !database.is_empty() && !database.contains(['/', '@']) && url.fragment().is_none()
    })
}

fn check_lease(lease: Spanned<DurationValue>, findings: &mut Findings<'_>) {
    if !(LEASE_MIN..=LEASE_MAX).contains(&lease.0) {
        findings.error(lease.span, "a lease lasts from 5s to 10m");
    }
}
