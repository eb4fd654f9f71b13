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
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::ApiError;
use crate::number::{NEVER, rfc3339};
use crate::openapi::Described;
use crate::openapi::values::{Labels, Length, Time};
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
    let scrape_pools = app.parts.surface.scrapes.pools().into_keys().collect();
    envelope::success(&Pools { scrape_pools }, &Notes::default())
}

/// The names of the jobs.
#[derive(Serialize, ToSchema)]
#[schema(as = ScrapePools)]
#[serde(rename_all = "camelCase")]
struct Pools {
    scrape_pools: Vec<String>,
}

/// What is scraped.
#[derive(Serialize, ToSchema)]
#[schema(as = Targets)]
#[serde(rename_all = "camelCase")]
struct View<'a> {
    active_targets: Vec<ActiveView<'a>>,
    dropped_targets: Vec<DroppedView<'a>>,
    /// `null` when dropped targets were not asked for, as in Prometheus.
    dropped_target_counts: Option<BTreeMap<&'a str, usize>>,
}

/// What is scraped, and how it goes.
#[derive(Serialize, ToSchema)]
#[schema(as = Target)]
#[serde(rename_all = "camelCase")]
struct ActiveView<'a> {
    /// Before relabelling.
    discovered_labels: Labels<'a>,
    labels: Labels<'a>,
    /// The job.
    scrape_pool: &'a str,
    scrape_url: String,
    /// As another machine would have to write it.
    global_url: String,
    /// Empty when the last scrape was good.
    last_error: String,
    /// In the year 1 when there was none.
    #[schema(value_type = Time)]
    last_scrape: String,
    /// In seconds.
    last_scrape_duration: f64,
    health: TargetHealth,
    scrape_interval: Length,
    scrape_timeout: Length,
}

/// How the last scrape of a target went; `unknown` before the first one.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum TargetHealth {
    Unknown,
    Up,
    Down,
}

/// What relabelling dropped.
#[derive(Serialize, ToSchema)]
#[schema(as = DroppedTarget)]
#[serde(rename_all = "camelCase")]
struct DroppedView<'a> {
    discovered_labels: Labels<'a>,
    scrape_pool: &'a str,
}

/// Describes the paths.
pub(super) fn describe(to: &mut Described) {
    to.get("/api/v1/scrape_pools", "Lists the names of the jobs.")
        .answers::<Pools>();
    to.get("/api/v1/targets", "Lists what is scraped.")
        .takes("state", "`active`, `dropped` or `any`.")
        .takes("scrapePool", "Only those of this job.")
        .answers::<View<'static>>();
    to.get(
        "/api/v1/targets/metadata",
        "Says what the metrics of each target mean.",
    )
    .takes("match_target", "A selector of targets.")
    .takes("metric", "Only this metric.")
    .takes("limit", "About so many entries.")
    .answers_list::<metadata::View<'static>>();
    to.get(
        "/api/v1/targets/relabel_steps",
        "Says what each rule of relabelling makes of labels.",
    )
    .needs("scrapePool", "The job.")
    .needs("labels", "An object of JSON.")
    .answers::<relabel_steps::View<'static>>();
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
                        discovered_labels: Labels(labels),
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
        None => TargetHealth::Unknown,
        Some(LastScrape { error: None, .. }) => TargetHealth::Up,
        Some(_) => TargetHealth::Down,
    };
    let target = &view.target;
    ActiveView {
        discovered_labels: Labels(&view.discovered),
        labels: Labels(&target.labels),
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
        scrape_interval: Length(target.interval),
        scrape_timeout: Length(target.timeout),
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
