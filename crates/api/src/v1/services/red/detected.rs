//! Which metrics jobs have, remembered for a minute: screens ask again and again, and jobs rarely learn to count
//! something new.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plimsoll_runtime::clock::Monotonic;
use plimsoll_types::{METRIC_NAME, Matcher, TimeRange};

use super::Signals;
use super::job::{Counter, Metrics};
use crate::error::ApiError;
use crate::ui::Desk;

/// How long what was found is believed.
const FRESH: Duration = Duration::from_secs(60);
/// How far back metrics are looked for.
const SEEN_MILLIS: i64 = 60 * 60 * 1000;
/// Names of one job that are looked at.
const NAMES_MAX: usize = 10_000;
/// Labels of one metric that are looked at.
const LABELS_MAX: usize = 1_000;
/// Jobs that are remembered; with more of them all are forgotten once.
const JOBS_MAX: usize = 10_000;

/// What was found.
#[derive(Default)]
pub(crate) struct Detected(Mutex<BTreeMap<String, (Monotonic, Arc<Signals>)>>);

impl Detected {
    /// Returns what is asked about a job. Blocks.
    pub(super) fn signals(&self, desk: &Desk, job: &str) -> Result<Arc<Signals>, ApiError> {
        let now = desk.clock.monotonic();
        if let Some(known) = self.known(job, now) {
            return Ok(known);
        }
        let found = Arc::new(find(desk, job)?);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= JOBS_MAX {
            all.clear();
        }
        all.insert(job.to_owned(), (now, found.clone()));
        Ok(found)
    }

    fn known(&self, job: &str, now: Monotonic) -> Option<Arc<Signals>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, signals) = all.get(job)?;
        (now.since(*at) < FRESH).then(|| signals.clone())
    }
}

fn find(desk: &Desk, job: &str) -> Result<Signals, ApiError> {
    let Some(store) = &desk.sources.store else {
        return Ok(Signals::default());
    };
    let now = desk.clock.now();
    let lately = TimeRange::new(now.saturating_add_millis(-SEEN_MILLIS), now);
    let of_job = vec![Matcher::equal("job", job)];
    let names = store.label_values(METRIC_NAME, &[of_job], lately, NAMES_MAX)?;
    let metrics = Metrics { job, names: &names };
    let Some(name) = metrics.counter() else {
        return Ok(metrics.signals(None));
    };
    let of_counter = vec![
        Matcher::equal(METRIC_NAME, name),
        Matcher::equal("job", job),
    ];
    let labels = store.label_names(&[of_counter], lately, LABELS_MAX)?;
    let bad = Metrics::bad(name, &labels);
    Ok(metrics.signals(Some(&Counter { name, bad })))
}
