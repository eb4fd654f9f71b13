//! `/api/v1/targets` and `/scrape_pools`: what is scraped and how it goes.

mod metadata;
mod relabel_steps;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use plimsoll_ingest::scrape::{LastScrape, PoolView, TargetView};
use plimsoll_types::{Labels, format_duration};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::ApiError;
use crate::number::{NEVER, rfc3339};
use crate::params::Params;

/// Targets and what belongs to them.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/scrape_pools", get(scrape_pools))
        .route("/targets", get(targets))
        .route("/targets/metadata", get(metadata::metadata))
        .route("/targets/relabel_steps", get(relabel_steps::relabel_steps))
}

/// Returns the names of the jobs.
async fn scrape_pools(State(app): State<Arc<App>>) -> Response {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct View {
        scrape_pools: Vec<String>,
    }
    let scrape_pools = app.parts.surface.scrapes.pools().into_keys().collect();
    envelope::success(&View { scrape_pools }, &Notes::default())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View<'a> {
    active_targets: Vec<ActiveView<'a>>,
    dropped_targets: Vec<DroppedView<'a>>,
    /// `null` when dropped targets were not asked for, as in Prometheus.
    dropped_target_counts: Option<BTreeMap<&'a str, usize>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ActiveView<'a> {
    discovered_labels: LabelsView<'a>,
    labels: LabelsView<'a>,
    scrape_pool: &'a str,
    scrape_url: String,
    global_url: String,
    last_error: String,
    last_scrape: String,
    last_scrape_duration: f64,
    health: &'static str,
    scrape_interval: String,
    scrape_timeout: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DroppedView<'a> {
    discovered_labels: LabelsView<'a>,
    scrape_pool: &'a str,
}

struct LabelsView<'a>(&'a Labels);

impl Serialize for LabelsView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.0.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// Returns the targets of all jobs or of one, with `state` those in force, those dropped, or both.
async fn targets(State(app): State<Arc<App>>, params: Params) -> Result<Response, ApiError> {
    app.ask(None, move |app, _| {
        let pools = app.parts.surface.scrapes.pools();
        let state = params.get("state").unwrap_or_default().to_ascii_lowercase();
        let is_any = matches!(state.as_str(), "" | "any");
        let (shows_active, shows_dropped) =
            (is_any || state == "active", is_any || state == "dropped");
        let wanted = params.get("scrapePool");
        let shown = pools
            .iter()
            .filter(|(job, _)| wanted.is_none_or(|wanted| wanted == *job));
        let mut view = View {
            active_targets: Vec::new(),
            dropped_targets: Vec::new(),
            dropped_target_counts: shows_dropped.then(|| dropped_counts(&pools)),
        };
        let host = &app.parts.surface.status.host_name;
        for (job, pool) in shown {
            if shows_active {
                let targets = pool.active.iter();
                view.active_targets
                    .extend(targets.map(|target| active(job, target, host)));
            }
            if shows_dropped {
                view.dropped_targets
                    .extend(pool.dropped.iter().map(|labels| DroppedView {
                        discovered_labels: LabelsView(labels),
                        scrape_pool: job,
                    }));
            }
        }
        Ok(envelope::success(&view, &Notes::default()))
    })
    .await
}

fn dropped_counts(pools: &BTreeMap<String, PoolView>) -> BTreeMap<&str, usize> {
    pools
        .iter()
        .map(|(job, pool)| (job.as_str(), pool.dropped_count))
        .collect()
}

fn active<'a>(job: &'a str, view: &'a TargetView, host: &str) -> ActiveView<'a> {
    let last = view.last_scrape();
    let health = match &last {
        None => "unknown",
        Some(LastScrape { error: None, .. }) => "up",
        Some(_) => "down",
    };
    let target = &view.target;
    ActiveView {
        discovered_labels: LabelsView(&view.discovered),
        labels: LabelsView(&target.labels),
        scrape_pool: job,
        scrape_url: target.url.to_string(),
        global_url: global_url(target.url.clone(), host),
        last_error: last
            .iter()
            .find_map(|last| last.error.clone())
            .unwrap_or_default(),
        last_scrape: last.as_ref().map_or(NEVER.into(), |last| rfc3339(last.at)),
        last_scrape_duration: last
            .as_ref()
            .map_or(0.0, |last| last.duration.as_secs_f64()),
        health,
        scrape_interval: format_duration(target.interval),
        scrape_timeout: format_duration(target.timeout),
    }
}

/// Returns the URL as another machine would have to write it: loopback is this machine's name there.
fn global_url(mut url: url::Url, host: &str) -> String {
    let is_loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if is_loopback && !host.is_empty() {
        // A name that is no host stays out of it.
        let _ = url.set_host(Some(host));
    }
    url.into()
}
