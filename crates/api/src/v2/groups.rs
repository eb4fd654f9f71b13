//! `/api/v2/alerts/groups`: who is told of what together.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use plimsoll_alerting::rows::GroupName;
use plimsoll_alerting::{AlertState, Config, GroupView};
use plimsoll_types::Labels;
use plimsoll_wire::alertmanager::ListedGroup;

use super::filter::AlertFilter;
use super::shown::{listed_alert, order_of_alerts, order_of_labels, written_list};
use super::{Desk, Query, Refused};

/// Lists groups that have an alert that is asked for.
pub(super) async fn list(State(desk): State<Arc<Desk>>, uri: Uri) -> Result<Response, Refused> {
    let query = uri.query().unwrap_or_default().to_owned();
    let answer = move |desk: &Desk| {
        let query = Query::read(&query)?;
        let filter = AlertFilter::read(&query)?;
        let is_muted_wanted = query.is_wanted("muted");
        let config = desk.alerting.status().config;
        let mut groups =
            desk.look(|engine, now| filter.ask(&config, |query| engine.groups(query, now)));
        if !is_muted_wanted {
            groups.retain(is_heard);
        }
        groups.sort_by(|a, b| {
            let by_labels = order_of_labels(&a.labels, &b.labels);
            by_labels
                .then_with(|| a.receiver.cmp(&b.receiver))
                .then_with(|| a.name.cmp(&b.name))
        });
        Ok(written_list(
            groups.iter().map(|group| listed(group, &config)),
        ))
    };
    desk.answer(answer).await
}

/// Says whether somebody would be told of one of its alerts.
fn is_heard(group: &GroupView) -> bool {
    let is_suppressed = |state| state == AlertState::Suppressed;
    group.muted_by.is_empty() && group.alerts.iter().any(|alert| !is_suppressed(alert.state))
}

fn listed(group: &GroupView, config: &Config) -> ListedGroup {
    let mut alerts: Vec<_> = group.alerts.iter().collect();
    alerts.sort_by(|a, b| order_of_alerts(&a.labels, &b.labels));
    ListedGroup {
        alerts: alerts.into_iter().map(listed_alert).collect(),
        labels: group.labels.clone(),
        receiver: group.receiver.clone(),
        route_labels: route_labels(&group.name, config),
    }
}

/// Returns the labels of a group's route; none after a reload that took the route away.
fn route_labels(name: &GroupName, config: &Config) -> Labels {
    let routes = config.route.iter().map(|(_, route)| route);
    let mut same = routes.filter(|route| *route.key == *name.route);
    let route = same.nth(name.ordinal as usize);
    route.map_or_else(Labels::empty, |route| route.labels.clone())
}
