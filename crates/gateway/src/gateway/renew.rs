//! Files that backends and routes name, besides the configuration: what is in them comes into force by itself when it
//! changes, so that certificates are renewed and secrets rotated without a reload.
//!
//! | the files of TLS with backends, and of cookies' secrets | effect |
//! |---|---|
//! | say what they said | none |
//! | say something else, and all hold | the configuration in force is applied again with it |
//! | say something else, and one does not hold | what is in force stays; it is logged once |

use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use plimsoll_runtime::http::{Secret, SecretSource};
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;
use xxhash_rust::xxh3::Xxh3;

use super::{Gateway, Snapshot};
use crate::config::SECRET_BYTES_MIN;
use crate::model::{Affinity, Config, Route, StickyCookie};
use crate::pool::TlsError;

/// How often files are looked at, as those of listeners are.
const EVERY: Duration = Duration::from_secs(5);

/// A file does not hold what it should.
#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    /// One of a backend's TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The secret of a route's cookies cannot be read.
    #[error("the secret of the cookies of the route {route:?} cannot be used")]
    Secret {
        /// Whose.
        route: String,
        /// Why.
        #[source]
        source: plimsoll_runtime::http::Error,
    },
    /// The secret of a route's cookies can be guessed.
    #[error(
        "the secret of the cookies of the route {route:?} has {found} bytes, wanted {SECRET_BYTES_MIN} at least"
    )]
    SecretTooShort {
        /// Whose.
        route: String,
        /// How many it has.
        found: usize,
    },
}

/// Looks at files until it is stopped.
pub(super) async fn run(gateway: &Arc<Gateway>, workers: &Tasks, stop: Shutdown) {
    loop {
        tokio::select! {
            () = gateway.clock.sleep(EVERY) => {}
            () = stop.wait() => return,
        }
        let gateway = Arc::clone(gateway);
        let renew = move || match gateway.renew() {
            Ok(false) => {}
            Ok(true) => tracing::info!("changed files of backends and routes are in force"),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(error, "changed files do not hold; those in force stay");
            }
        };
        // What fails is logged, and tried again.
        let _ = workers.run_blocking("gateway-files", renew).await;
    }
}

impl Gateway {
    /// Puts what files of backends and routes say in force if it is not what they said, and says whether it did; blocks.
    ///
    /// # Errors
    /// A file does not hold; nothing changed then. Told once: `false` while the files stay like that.
    pub fn renew(&self) -> Result<bool, RenewError> {
        // What is in force must not be replaced between the look and the change.
        let mut random = self.one_at_a_time();
        let snapshot = self.snapshot();
        let found = Found::of(&snapshot);
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if !found.is_changed {
            *refused = None;
            return Ok(false);
        }
        if refused.replace(found.digest) == Some(found.digest) {
            return Ok(false);
        }
        let config = with_secrets(&snapshot.config)?;
        self.put(config, &mut random)?;
        *refused = None;
        Ok(true)
    }
}

/// What the files say.
struct Found {
    is_changed: bool,
    digest: u128,
}

impl Found {
    fn of(snapshot: &Snapshot) -> Self {
        let mut hasher = Xxh3::new();
        let mut is_changed = false;
        // By the configuration's order, which a map has not.
        for backend in &snapshot.config.backends {
            let known = snapshot.backends.get(&backend.name);
            let Some(tls) = known.and_then(|backend| backend.tls()) else {
                continue;
            };
            let now = tls.digest_now();
            is_changed |= now != tls.digest();
            hasher.update(&now.to_le_bytes());
        }
        for (_, cookie, path) in snapshot.config.routes.iter().filter_map(sticky) {
            let now = SecretSource::File(path.to_owned()).read().ok();
            is_changed |= now != cookie.secret;
            hasher.update(
                now.as_ref()
                    .map_or(b"", |secret| secret.expose().as_bytes()),
            );
            hasher.update(&[0]);
        }
        Self {
            is_changed,
            digest: hasher.digest128(),
        }
    }
}

/// A route's cookie whose secret is in a file.
fn sticky(route: &Route) -> Option<(&str, &StickyCookie, &Path)> {
    match &route.affinity {
        Some(Affinity::Cookie(cookie)) => {
            Some((&route.name, cookie, cookie.secret_file.as_deref()?))
        }
        _ => None,
    }
}

/// Returns the configuration with the secrets that are in their files now.
fn with_secrets(config: &Config) -> Result<Config, RenewError> {
    let mut config = config.clone();
    for route in &mut config.routes {
        let Some((name, _, path)) = sticky(route) else {
            continue;
        };
        let secret = secret(name, path)?;
        if let Some(Affinity::Cookie(cookie)) = &mut route.affinity {
            cookie.secret = Some(secret);
        }
    }
    Ok(config)
}

fn secret(route: &str, path: &Path) -> Result<Secret, RenewError> {
    let secret = SecretSource::File(path.to_owned()).read();
    let secret = secret.map_err(|source| RenewError::Secret {
        route: route.to_owned(),
        source,
    })?;
    match secret.expose().len() {
        found if found < SECRET_BYTES_MIN => Err(RenewError::SecretTooShort {
            route: route.to_owned(),
            found,
        }),
        _ => Ok(secret),
    }
}
