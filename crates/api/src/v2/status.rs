//! `/api/v2/status` and `/api/v2/receivers`: what this is, and whom it tells.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use plimsoll_wire::alertmanager::{
    Cluster, ClusterState, ListedReceiver, Original, Status, Version,
};

use super::filter::ReceiverFilter;
use super::shown::{written, written_list};
use super::{Desk, Query, Refused};

/// What Plimsoll's clients read where others name the version of Go.
const LANGUAGE: &str = "rust";

/// Tells version, configuration and cluster.
pub(super) async fn status(State(desk): State<Arc<Desk>>) -> Result<Response, Refused> {
    let answer = |desk: &Desk| {
        let status = desk.alerting.status();
        Ok(written(&Status {
            // Replicas share a database and nothing else: there is nobody to name.
            cluster: Cluster {
                name: Some(status.name),
                peers: Vec::new(),
                status: match status.is_ready {
                    true => ClusterState::Ready,
                    false => ClusterState::Settling,
                },
            },
            config: Original {
                original: status.config.original.as_str().into(),
            },
            uptime: status.started,
            version_info: Version {
                go_version: LANGUAGE.to_owned(),
                revision: desk.build.revision.to_owned(),
                version: desk.build.version.to_owned(),
                ..Version::default()
            },
        }))
    };
    desk.answer(answer).await
}

/// Lists receivers in the order of the file.
pub(super) async fn receivers(
    State(desk): State<Arc<Desk>>,
    uri: Uri,
) -> Result<Response, Refused> {
    let query = uri.query().unwrap_or_default().to_owned();
    let answer = move |desk: &Desk| {
        let filter = ReceiverFilter::read(&Query::read(&query)?)?;
        let config = desk.alerting.status().config;
        let names = config.receivers.iter().map(|receiver| &*receiver.name);
        let wanted = names.filter(|name| filter.takes(&config, name));
        let listed = wanted.map(|name| ListedReceiver {
            name: name.into(),
            labels: plimsoll_types::Labels::empty(),
        });
        Ok(written_list(listed))
    };
    desk.answer(answer).await
}
