//! What readers see of a group: a copy that is swapped after each slot, so that no reader waits for an evaluation.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;
use plimsoll_rules::AlertState;
use plimsoll_rules::view::GroupView;

use crate::metrics::Metrics;

/// The view of one group, and its part of the count of all alerts.
pub(crate) struct Shown {
    view: ArcSwapOption<GroupView>,
    counted: Mutex<[i64; 2]>,
    metrics: Metrics,
}

const STATES: [AlertState; 2] = [AlertState::Pending, AlertState::Firing];

impl Shown {
    pub(crate) fn new(view: GroupView, metrics: Metrics) -> Self {
        let shown = Self {
            view: ArcSwapOption::empty(),
            counted: Mutex::default(),
            metrics,
        };
        shown.set(Some(view));
        shown
    }

    /// Shows another view; `None` shows nothing.
    pub(crate) fn set(&self, view: Option<GroupView>) {
        self.count(view.as_ref());
        self.view.store(view.map(Arc::new));
    }

    pub(crate) fn get(&self) -> Option<Arc<GroupView>> {
        self.view.load_full()
    }

    fn count(&self, view: Option<&GroupView>) {
        let alerts = || {
            let rules = view.into_iter().flat_map(|view| &view.rules);
            let alerting = rules.filter_map(|rule| rule.alerting.as_ref());
            alerting.flat_map(|alerting| &alerting.alerts)
        };
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        for (state, counted) in STATES.into_iter().zip(counted.iter_mut()) {
            let now = alerts().filter(|alert| alert.state == state).count() as i64;
            let label = [("state", state.as_str())];
            self.metrics
                .alerts
                .get_or_create(&label)
                .inc_by(now - *counted);
            *counted = now;
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.count(None);
    }
}
