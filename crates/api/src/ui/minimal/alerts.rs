//! What fires, what is kept back, and what may fire soon.

use minijinja::context;
use plimsoll_alerting::{AlertQuery, AlertState, AlertView};
use plimsoll_types::{ALERT_NAME, Annotations, Labels, Timestamp};
use serde::Serialize;

use super::super::Desk;
use super::{Content, given};
use crate::number::rfc3339;

/// Rows of the page.
const ROWS_MAX: usize = 500;

#[derive(Clone, Serialize)]
pub(super) struct Row {
    kind: &'static str,
    state: &'static str,
    name: String,
    severity: String,
    service: String,
    since: String,
    summary: String,
    labels: String,
    #[serde(skip)]
    order: u8,
}

impl Row {
    fn new(labels: &Labels, annotations: &Annotations, since: Timestamp, state: State) -> Self {
        let label = |name: &str| labels.get(name).unwrap_or_default().to_owned();
        let text = |wanted: &str| {
            let mut all = annotations.iter();
            all.find_map(|(name, text)| (name == wanted).then(|| text.to_owned()))
        };
        let severity = label("severity");
        let (kind, word, order) = match state {
            State::Firing if matches!(&*severity, "page" | "critical") => ("critical", "firing", 0),
            State::Firing => ("warning", "firing", 1),
            State::Pending => ("unknown", "pending", 2),
            State::Suppressed => ("muted", "suppressed", 3),
        };
        Self {
            kind,
            state: word,
            name: label(ALERT_NAME),
            service: label("service"),
            since: rfc3339(since),
            summary: text("summary")
                .or_else(|| text("description"))
                .unwrap_or_default(),
            labels: labels.to_string(),
            severity,
            order,
        }
    }

    pub(super) fn is_firing(&self) -> bool {
        self.state == "firing"
    }
}

#[derive(Clone, Copy)]
enum State {
    Firing,
    Pending,
    Suppressed,
}

pub(super) fn content(desk: &Desk) -> Content {
    let mut rows = rows(desk);
    let more = rows.len().saturating_sub(ROWS_MAX);
    rows.truncate(ROWS_MAX);
    Content {
        title: "Alerts".to_owned(),
        template: "alerts.html",
        values: context! { rows => given(&rows), more => given(&more) },
    }
}

/// Returns all of them, the loudest first. Blocks.
pub(super) fn rows(desk: &Desk) -> Vec<Row> {
    let routed = desk.look(|engine, now| engine.alerts(&AlertQuery::default(), now));
    let is_routed_here = routed.is_some();
    let mut rows: Vec<Row> = routed
        .into_iter()
        .flatten()
        .map(|alert| listed(&alert))
        .collect();
    let groups = desk.sources.rules.as_ref().map(|rules| rules.groups());
    for group in groups.into_iter().flatten() {
        let rules = group.rules.iter().filter_map(|rule| rule.alerting.as_ref());
        for alert in rules.flat_map(|alerting| &alerting.alerts) {
            let state = match alert.state {
                plimsoll_rules::AlertState::Firing if !is_routed_here => State::Firing,
                plimsoll_rules::AlertState::Pending => State::Pending,
                _ => continue,
            };
            let annotations = &alert.annotations;
            rows.push(Row::new(&alert.labels, annotations, alert.active_at, state));
        }
    }
    rows.sort_by(|a, b| (a.order, &a.since, &a.labels).cmp(&(b.order, &b.since, &b.labels)));
    rows
}

fn listed(alert: &AlertView) -> Row {
    let is_kept_back = alert.state == AlertState::Suppressed || !alert.muted_by.is_empty();
    let state = if is_kept_back {
        State::Suppressed
    } else {
        State::Firing
    };
    Row::new(&alert.labels, &alert.annotations, alert.starts_at, state)
}
