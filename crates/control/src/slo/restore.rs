//! An engine as it was before the start: the snapshot, and from when on stored samples have to be counted again.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_slo::Catalog;
use plimsoll_slo::engine::Engine;
use plimsoll_types::{TimeRange, Timestamp};

use super::Inner;
use super::wishes::{self, Wanted};

/// How far back series are looked for that no label pair leads to.
const LOOK_BACK: Duration = Duration::from_hours(1);
/// How many of them.
const SERIES_MAX: usize = 1_000_000;
/// How far back samples are counted again when there is no snapshot to begin with; those of before are lost to budgets.
const RECOUNT_MAX: Duration = Duration::from_hours(15 * 24);

/// What an engine was made of: the snapshot.
pub(super) const SNAPSHOT: &str = "snapshot";

/// Puts an engine in the place of the one that is there, and asks for what it wants. Says what it was made of.
pub(super) fn engine(inner: &Inner, catalog: Arc<Catalog>) -> &'static str {
    let (engine, why) = match read(inner, &catalog) {
        Some(engine) => (engine, SNAPSHOT),
        None => anew(inner, catalog),
    };
    *inner.engine_mut() = engine;
    inner.known.put_in_force(&mut inner.engine_mut());
    want(inner);
    why
}

/// Tells the tap what the engine wants to see.
pub(super) fn want(inner: &Inner) {
    let interest = inner.engine().interest();
    let hidden = wishes::without_pair(&interest);
    inner.tap.set_wishes(Box::new(Wanted(interest)));
    if hidden.is_empty() {
        return;
    }
    let range = TimeRange::new(inner.clock.now() - LOOK_BACK, Timestamp::MAX);
    match inner.queryable.series(&hidden, range, SERIES_MAX) {
        Ok(series) => inner.tap.look_at(&series),
        Err(error) => {
            tracing::error!(%error, "series of objectives without a metric's name were not found")
        }
    }
}

fn read(inner: &Inner, catalog: &Arc<Catalog>) -> Option<Engine> {
    let place = inner.snapshot.path().display();
    let bytes = match inner.snapshot.read() {
        Ok(bytes) => bytes?,
        Err(error) => {
            tracing::error!(%place, %error, "the snapshot of objectives cannot be read and is put aside");
            put_aside(inner);
            return None;
        }
    };
    let now = inner.clock.now();
    let mut engine = Engine::new(Arc::clone(catalog), inner.options.engine(), now);
    match engine.restore(&bytes) {
        Ok(horizon) => {
            tracing::info!(%place, %horizon, "objectives go on from their snapshot");
            Some(engine)
        }
        Err(error) => {
            tracing::error!(%place, %error, "the snapshot of objectives is not restored and is put aside");
            put_aside(inner);
            None
        }
    }
}

/// Keeps a snapshot from being replaced by the next one, for who can still make something of it.
fn put_aside(inner: &Inner) {
    if let Err(error) = inner.snapshot.put_aside() {
        let place = inner.snapshot.path().display();
        tracing::error!(%place, %error, "it could not be put aside");
    }
}

/// Makes an engine that begins when the first of its objectives did, as far as the store of state tells.
fn anew(inner: &Inner, catalog: Arc<Catalog>) -> (Engine, &'static str) {
    let now = inner.clock.now();
    let begin = inner.known.begin(&catalog.slos);
    let since = begin.map_or(now, |begin| begin.max(now - RECOUNT_MAX).min(now));
    let why = match begin {
        Some(_) => "no_snapshot",
        None => "first_start",
    };
    (Engine::new(catalog, inner.options.engine(), since), why)
}
