//! `/api/v1/metadata`: what metrics mean.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use plimsoll_types::{Metadata, MetricType, Queryable};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::ApiError;
use crate::openapi::{Described, words};
use crate::params::Params;

/// What a metric means.
#[derive(Serialize, ToSchema)]
#[schema(as = MetricMetadata)]
struct View<'a> {
    #[serde(rename = "type")]
    metric_type: words::MetricType,
    unit: &'a str,
    help: &'a str,
}

impl<'a> From<&'a Metadata> for View<'a> {
    fn from(metadata: &'a Metadata) -> Self {
        Self {
            metric_type: words::MetricType(metadata.metric_type),
            unit: &metadata.unit,
            help: &metadata.help,
        }
    }
}

/// What metrics mean, by their names.
#[derive(Serialize, ToSchema)]
#[schema(as = Metadata)]
struct All<'a>(BTreeMap<&'a str, Vec<View<'a>>>);

/// Describes the path.
pub(super) fn describe(to: &mut Described) {
    to.get("/api/v1/metadata", "Says what metrics mean.")
        .takes("metric", "Only this one.")
        .takes("limit", "At most so many metrics.")
        .takes("limit_per_metric", "At most so many entries of each.")
        .answers::<All<'static>>();
}

/// Returns type, unit and help by the name of the metric family.
pub(crate) async fn metadata(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, ApiError> {
    // Of metrics 0 is none at all, of entries it is no limit; below 0 both are none.
    let limit = usize::try_from(params.number("limit", -1)?).unwrap_or(usize::MAX);
    let per_metric = params.number("limit_per_metric", -1)?;
    let per_metric = usize::try_from(per_metric).ok().filter(|limit| *limit > 0);
    let per_metric = per_metric.unwrap_or(usize::MAX);
    let metric = params.get("metric").map(String::from);
    app.ask(None, move |app, _| {
        let families = read_families(&*app.parts.queryable, metric.as_deref(), limit)?;
        let metadata = families
            .iter()
            .map(|(name, entries)| {
                let shown = entries.iter().take(per_metric);
                (name.as_str(), shown.map(View::from).collect())
            })
            .collect();
        Ok(envelope::success(&All(metadata), &Notes::default()))
    })
    .await
}

/// The endings of the series that a histogram or a summary consists of.
const ENDINGS: [&str; 5] = ["_bucket", "_count", "_sum", "_gcount", "_gsum"];

/// Metadata by the name of the family.
pub(super) type Families = BTreeMap<String, Vec<Metadata>>;

/// Reads metadata by family as Prometheus tells it; the store keeps it by the names of series.
pub(super) fn read_families(
    store: &dyn Queryable,
    metric: Option<&str>,
    limit: usize,
) -> Result<Families, ApiError> {
    let found = match metric {
        None => store.metadata(None, usize::MAX)?,
        Some(metric) => {
            let mut found = store.metadata(Some(metric), 1)?;
            for ending in ENDINGS {
                found.extend(store.metadata(Some(&format!("{metric}{ending}")), 1)?);
            }
            found
        }
    };
    let mut families = Families::new();
    for (name, entries) in found {
        for entry in entries {
            let family = family(&name, entry.metric_type);
            if metric.is_some_and(|metric| metric != family)
                || (families.len() >= limit && !families.contains_key(family))
            {
                continue;
            }
            let known = families.entry(family.to_string()).or_default();
            if !known.contains(&entry) {
                known.push(entry);
            }
        }
    }
    Ok(families)
}

/// Returns the name of the family that a series of this type belongs to.
pub(super) fn family(name: &str, metric_type: MetricType) -> &str {
    let endings: &[&str] = match metric_type {
        MetricType::Histogram => &["_bucket", "_count", "_sum"],
        MetricType::GaugeHistogram => &["_bucket", "_gcount", "_gsum"],
        MetricType::Summary => &["_count", "_sum"],
        _ => &[],
    };
    let stripped = endings.iter().find_map(|ending| name.strip_suffix(ending));
    stripped.unwrap_or(name)
}
